"""The running daemon as another process of the same user sees it: its lock, its last sign of life, its own answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler.wording import counted, moment
from tidings import __version__
from tidings.asking import Beat, beat
from tidings.lock import Holder, holder, lock_file

ON_TIME = 5.0  # seconds by which a tick may begin late before that is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A daemon that lives."""

    holder: Holder
    beat: Beat | None = None  # what it says of itself; None: it has not begun to say anything
    seen_at: datetime | None = None  # its last sign of life in the database

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what is not as it should be with it."""
        return () if self.beat is None else self.beat.notes


def running(database: str, state_dir: Path, seen_at: datetime | None = None) -> Running | None:
    """The daemon that works on a database; None: there is none.

    Args:
        database: as the settings name it.
        seen_at: of the last holder of the lease.
    """
    found = holder(lock_file(database, state_dir))
    return None if found is None else Running(holder=found, beat=beat(state_dir), seen_at=seen_at)


def heading(found: Running | None, now: datetime, version: str = __version__) -> Iterator[str]:
    """The first lines of `tidings status`."""
    if found is None:
        yield f"tidings {version}, not running; start it with `tidings run`"
        return
    sign = f"; it wrote its last sign of life {_ago(found.seen_at, now)}" if found.seen_at is not None else ""
    yield f"tidings {version}, running as {found.holder}{sign}"
    if found.beat is not None and found.beat.phase is not None:
        yield f"daemon      {'; '.join(_facts(found.beat, now))}"


def _facts(said: Beat, now: datetime) -> Iterator[str]:
    tick = ""
    if said.ticked_at is not None:
        late = f", {said.lag:.0f} s late" if said.lag >= ON_TIME else ", on time"
        tick = f", last tick {_ago(said.ticked_at, now)}{late}"
    yield f"{said.phase}{tick}"
    if said.reloaded_at is not None:
        yield f"configuration read {moment(said.reloaded_at)}"
    if said.address is not None:
        yield f"answers at {said.address}"


def _ago(when: datetime, now: datetime) -> str:
    return f"{counted(max(0, int((now - when).total_seconds())), 'second')} ago"
