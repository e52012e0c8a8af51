"""Whether the daemon lives and can do its work, part by part: what probes, metrics and the heartbeat ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from crawler.ports import Clock
from crawler.wording import moment
from tidings.limited import Answer, Limited
from tidings.pulse import SILENCE, Phase, Pulse
from tidings.runners.crew import Crew
from tidings.storage.figures import SqlFigures, Waiting
from tidings.storage.room import FLOOR, Room, room

PATIENCE = 2.0  # seconds that the database and the disk may take each
FRESH = 2.0  # seconds for which an answer is given again
LATE = timedelta(minutes=15)  # what has waited so long past its time waits for somebody
FIRST_SIGN = timedelta(minutes=1)  # that workers may take to show themselves after a start
TICKS, DATABASE, DISK, QUEUE = PARTS = ("ticks", "database", "disk", "queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that the work needs."""

    name: str  # one of `PARTS`
    problem: str | None = None  # None: it is well


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """All parts at one moment."""

    parts: tuple[Part, ...]

    @property
    def ready(self) -> bool:
        """Whether all are well."""
        return not self.failing

    @property
    def failing(self) -> tuple[Part, ...]:
        """Those that are not."""
        return tuple(part for part in self.parts if part.problem is not None)

    def words(self) -> str:
        """In one line."""
        return "; ".join(f"{part.name}: {part.problem}" for part in self.failing) or "ready"


class Health:
    """Asks the parts, each within a time limit, so that a probe is answered whatever hangs.

    Args:
        folder: the state folder.
        wait_for_text: how long an article may wait for its page before it is matched.
        crew: who performs what this process puts on the queue; None: it performs all itself.
        look: how much room a folder has.
        seconds: a clock that only goes forward.
    """

    def __init__(
        self,
        pulse: Pulse,
        figures: SqlFigures,
        clock: Clock,
        folder: Path,
        wait_for_text: Callable[[], timedelta],
        *,
        crew: Callable[[], Crew | None] = lambda: None,
        look: Callable[[Path], Room | None] = room,
        seconds: Callable[[], float] = monotonic,
        patience: float = PATIENCE,
        fresh: float = FRESH,
    ) -> None:
        self.pulse = pulse
        self._clock = clock
        self._wait_for_text = wait_for_text
        self._crew = crew
        self.waiting = Limited(
            lambda: figures.waiting(clock.now()), patience=patience, fresh=fresh, seconds=seconds
        )
        self.room = Limited(
            lambda: asyncio.to_thread(look, folder), patience=patience, fresh=fresh, seconds=seconds
        )

    @property
    def alive(self) -> bool:
        """Whether the work goes on; asks nothing and nobody."""
        return self.pulse.alive

    async def readiness(self) -> Readiness:
        """Ask all parts at once; at worst it takes the time limit."""
        waiting, space = await asyncio.gather(self.waiting.ask(), self.room.ask())
        return Readiness(
            parts=(
                Part(name=TICKS, problem=_ticks(self.pulse)),
                Part(name=DATABASE, problem=_database(self.pulse, waiting)),
                Part(name=DISK, problem=_disk(space)),
                Part(name=QUEUE, problem=self._queue(waiting)),
            )
        )

    async def close(self) -> None:
        """Wait for no answer any more."""
        await self.waiting.close()
        await self.room.close()

    def _queue(self, answer: Answer[Waiting]) -> str | None:
        if answer.value is None:
            return None  # it is the database that fails, and is said to
        limit, now = LATE + self._wait_for_text(), self._clock.now()
        crew = self._crew()
        idle = crew.problem if crew is not None and now - self.pulse.started_at > FIRST_SIGN else None
        return "; ".join([*([idle] if idle else []), *_behind(answer.value, self.pulse, now, limit)]) or None


def _ticks(pulse: Pulse) -> str | None:
    if not pulse.alive:
        return f"no sign of life for {pulse.silence:.0f} s, more than {SILENCE:.0f}"
    if pulse.phase in (Phase.STARTING, Phase.STOPPING):
        return f"the daemon is {pulse.phase}"
    return None


def _database(pulse: Pulse, answer: Answer[Waiting]) -> str | None:
    if pulse.storage is not None:
        return f"{pulse.storage.reason} (since {moment(pulse.storage.since)})"
    return answer.problem


def _disk(answer: Answer[Room | None]) -> str | None:
    if answer.problem is not None:
        return answer.problem
    if answer.value is None:
        return "the state folder cannot be looked at"
    if not answer.value.writable:
        return "the state folder cannot be written to"
    if answer.value.is_low:
        return (
            f"{answer.value.free // 2**20} MiB are free, less than {FLOOR // 2**20}; nothing new is collected"
        )
    return None


def _behind(waiting: Waiting, pulse: Pulse, now: datetime, limit: timedelta) -> Iterator[str]:
    """What has fallen behind; a round of polls after a long pause is caught up with first."""
    late = overdue(waiting)
    if 2 * late > len(waiting.lateness) and pulse.phase is Phase.RUNNING and _long_up(pulse, now):
        active = len(waiting.lateness)
        yield f"{late} of {active} sources are more than {LATE.seconds // 60} minutes late"
    since = waiting.unmatched_since
    if since is not None and now - since > limit and _long_up(pulse, now):
        yield f"articles wait to be matched since {moment(since)}"


def _long_up(pulse: Pulse, now: datetime) -> bool:
    return now - pulse.started_at > LATE


def overdue(waiting: Waiting) -> int:
    """Active sources that are late by more than `LATE`."""
    return sum(seconds > LATE.total_seconds() for seconds in waiting.lateness)
