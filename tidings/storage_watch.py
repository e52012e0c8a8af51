"""Watches over the database of a running daemon: what cannot be written, what ends the process, and how much room is left."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from crawler.ports import Clock
from crawler.wording import moment
from tidings.pulse import Pulse, StorageTrouble
from tidings.storage.errors import RESTORE, Gone, Locked, Ruined, StorageError, Unwritable
from tidings.storage.room import FLOOR, Room, room
from tidings.storage.stores import Stores
from tidings.troubles import DISK, LOW, STORAGE

log = structlog.get_logger(__name__)

WORTH_TELLING = timedelta(minutes=15)  # for which nothing could be written
TOLD_FOR = timedelta(
    minutes=2
)  # a trouble that is over is noticed for so long, so that it is told with its end


class StorageWatch:
    """Hears how each write ended, and looks at file and disk at each tick.

    Attributes:
        ruined: set when the process must end: the file is damaged or gone, or another daemon has taken over.
        ruin: why.
        look: gives the room in a folder.
    """

    def __init__(
        self,
        stores: Stores,
        pulse: Pulse,
        clock: Clock,
        folder: Path,
        *,
        look: Callable[[Path], Room | None] = room,
    ) -> None:
        self._stores = stores
        self._database = stores.database
        self._pulse = pulse
        self._clock = clock
        self._folder = folder
        self.look = look
        self._file = _print_of(stores.database.file)
        self._low = False
        self._low_noticed: bool | None = None  # in the database; None: an earlier process may have
        self._over: tuple[StorageTrouble, datetime] | None = (
            None  # one to be told, and until when it is noticed
        )
        self._noticed = False
        self.ruined = asyncio.Event()
        self.ruin: StorageError | None = None
        stores.database.heed(self.hear)

    def hear(self, fault: StorageError | None) -> None:
        """How a write ended; None: well."""
        if isinstance(fault, Ruined):
            self._end(fault)
        elif isinstance(fault, Unwritable | Locked):
            if self._pulse.storage is None:
                self._pulse.storage = StorageTrouble(reason=str(fault), since=self._clock.now())
                log.error("nothing can be written; no polls are begun until it can", problem=str(fault))
        elif fault is None and self._pulse.storage is not None:
            trouble, self._pulse.storage = self._pulse.storage, None
            now = self._clock.now()
            log.info(
                "the database can be written to again", since=trouble.since.isoformat(timespec="seconds")
            )
            if now - trouble.since >= WORTH_TELLING:
                self._over = (trouble, now + TOLD_FOR)

    async def tick(self) -> bool:
        """Look at file and disk; whether the database can be written to now.

        While it could not, one small write is tried. What an operator should know is noticed for them.
        """
        if self._database.file is not None and _print_of(self._database.file) != self._file:
            self._end(
                Gone(
                    f"the database file {self._database.file} was removed or replaced while it was in use; {RESTORE}"
                )
            )
        if self.ruin is not None:
            return False
        if self._pulse.storage is not None and not await self._probe():
            return False
        await self._watch_room()
        await self._tell()
        return self._pulse.storage is None

    async def _probe(self) -> bool:
        try:
            await self._stores.installation.probe(self._clock.now())
        except StorageError:
            return False
        return True

    async def _watch_room(self) -> None:
        """Also what an earlier process noticed ends here; what cannot be written down now is at the next tick."""
        found = await asyncio.to_thread(self.look, self._folder)
        low = found is not None and found.is_low
        words = ""
        if found is not None and low:
            words = (
                f"{found.free // 2**20} MiB are free in {self._folder}, less than {FLOOR // 2**20}: "
                "nothing new is collected, what was found is still told"
            )
        if low != self._low:
            self._low = low
            self._pulse.collecting = not low
            if low:
                log.error("the disk is nearly full", problem=words)
            else:
                log.info("there is room again, polls go on")
        if low and self._low_noticed is not True:
            await self._stores.troubles.notice(STORAGE, LOW, words, self._clock.now())
            self._low_noticed = True
        elif not low and self._low_noticed is not False:
            await self._stores.troubles.clear(STORAGE, LOW)
            self._low_noticed = False

    async def _tell(self) -> None:
        """Notice a trouble that could not be noticed while it lasted, until it was told."""
        now = self._clock.now()
        if self._over is not None and not self._noticed:
            trouble, _ = self._over
            words = f"{trouble.reason} (from {moment(trouble.since)} to {moment(now)})"
            await self._stores.troubles.notice(STORAGE, DISK, words, trouble.since)
            self._noticed = True
        elif self._over is not None and now >= self._over[1]:
            await self._stores.troubles.clear(STORAGE, DISK)
            self._over, self._noticed = None, False

    def _end(self, fault: StorageError) -> None:
        if self.ruin is None:
            self.ruin = fault
            self.ruined.set()
            log.critical("the daemon ends", problem=str(fault))

            def nobody(_: object) -> None:
                raise fault

            self._database.guard(nobody)


def _print_of(file: Path | None) -> tuple[int, int] | None:
    """Which file it is, whatever its name; None: none is there."""
    try:
        facts = None if file is None else os.stat(file)
    except OSError:
        return None
    return None if facts is None else (facts.st_dev, facts.st_ino)
