"""This process's part in the turns of an installation: each is had from the store, begun in time and given back."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from crawler.ports import Turn, TurnStore, TurnsUnavailable

log = logging.getLogger(__name__)

LATE = 0.05  # seconds after which a turn is not begun any more, at first; more where the machine is slow
MOST_LATE = 60.0
_CALMER = 0.95  # what is left of it after each turn that began in time
_SOON = (0.1, 1.0)  # seconds, at least and at most, after which a turn is asked for again; on average


class SharedTurn:
    """A turn of the installation, in the hands of one request."""

    def __init__(self, sharing: Sharing, turn: Turn) -> None:
        self._sharing = sharing
        self._turn = turn
        self._began: float | None = None

    def begin(self, at: float, *, tell: bool) -> None:
        """The request begins `at`, monotonic seconds.

        Args:
            tell: whether others profit from knowing it now; else they learn it when the turn is given back.
        """
        self._began = at
        if tell and self._turn.late:
            self._sharing.later(self._sharing.store.begin(self._turn, at))

    def give_back(self, then: Callable[[], None]) -> None:
        """Let others have it in a moment, and call `then` once they can."""

        async def giving() -> None:
            try:
                await self._sharing.store.give_back(self._turn, self._began)
            finally:
                then()

        self._sharing.later(giving())


class Sharing:
    """Asks the store for turns.

    A turn is a moment of the store's clock at which the request may begin, up to so many seconds later. Others
    are kept away for those seconds too, so starts are never closer than the spacing however slowly this process
    wakes up: a turn that it comes too late for is given back unused, and the next one leaves more time.

    Where the store cannot be asked, requests have the turns of this process alone. To ask nobody would make each
    source fail for a fault of ours, and what cannot be written is not asked for much: polls need the same database.

    Args:
        lasts: seconds from the beginning of a request after which it is over, whatever became of its holder.
        monotonic, sleep: as for the gate.
        chance: from 0 to 1, so that those who ask again do not do so together.
    """

    def __init__(
        self,
        store: TurnStore,
        *,
        lasts: timedelta,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.store = store
        self._lasts = lasts
        self._seconds = monotonic
        self._sleep = sleep
        self._chance = chance
        self._late = LATE
        self._works = True
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, host: str, spacing: float, *, within: float) -> SharedTurn | None:
        """Wait for the host's turn; None: the store cannot be asked.

        Args:
            spacing: seconds between two starts; 0: none, and then it does not matter when a turn is begun.
            within: seconds that may pass until the request begins; 0: it begins as soon as this returns.
        """
        while True:
            late = within + self._late if spacing else 0.0
            try:
                turn = await self._ask(host, timedelta(seconds=spacing), timedelta(seconds=late))
            except TurnsUnavailable as fault:
                self._failed(fault)
                return None
            self._is_back()
            if turn is None:
                least, most = _SOON
                await self._sleep(min(max(least, spacing / 2), most) * (0.5 + self._chance()))
                continue
            taken = SharedTurn(self, turn)
            try:
                while (wait := turn.starts_at - self._seconds()) > 0:
                    await self._sleep(wait)
            except BaseException:
                taken.give_back(_nothing)
                raise
            too_late = self._seconds() - (turn.begin_by - within)
            if not spacing or too_late <= 0:
                self._late = max(LATE, self._late * _CALMER)
                return taken
            self._late = min(2 * (self._late + too_late), MOST_LATE)
            taken.give_back(_nothing)

    async def _ask(self, host: str, spacing: timedelta, late: timedelta) -> Turn | None:
        asking = asyncio.ensure_future(self.store.take(host, spacing=spacing, late=late, lasts=self._lasts))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            self.later(self._leave(asking))  # it may be given out to us all the same
            raise

    async def _leave(self, asking: asyncio.Future[Turn | None]) -> None:
        turn = await asking
        if turn is not None:
            await self.store.give_back(turn, None)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what nobody waits for; `close` does."""
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TurnsUnavailable as fault:  # the turn ends by itself
            self._failed(fault)

    async def close(self) -> None:
        """Wait until all turns that were given back are."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _failed(self, fault: TurnsUnavailable) -> None:
        if self._works:
            self._works = False
            log.warning(
                "turns with hosts are not shared with other processes for now; this one keeps its own distance",
                extra={"problem": str(fault)},
            )

    def _is_back(self) -> None:
        if not self._works:
            self._works = True
            log.info("turns with hosts are shared again")


def _nothing() -> None:
    """Nobody here waits for it."""
