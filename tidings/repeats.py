"""Which outcomes are worth a line in the log: the first of a trouble at once, its repeats once a day, and its end. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERY = timedelta(days=1)
MOST = 10_000  # things that are remembered; beyond, the oldest trouble is forgotten, and told as new


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line to be written."""

    repeats: int = 0  # of the same trouble since the line before, this one not counted
    since: datetime | None = None  # when the trouble began; None: it began just now
    over: bool = False  # the trouble is over


@dataclass(slots=True)
class _Trouble:
    words: str
    since: datetime
    told_at: datetime
    repeats: int = 0


class Repeats:
    """Remembers the trouble of each thing that can be in trouble: a source, a channel, a task.

    Args:
        every: how often a trouble that lasts has a line.
    """

    def __init__(self, every: timedelta = EVERY) -> None:
        self._every = every
        self._known: dict[Hashable, _Trouble] = {}

    def trouble(self, thing: Hashable, words: str, now: datetime) -> Line | None:
        """It is in trouble, in these words; None: that was told."""
        known = self._known.get(thing)
        if known is None or known.words != words:
            since = now if known is None else known.since
            self._known.pop(thing, None)
            self._known[thing] = _Trouble(words, since, now)
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
            return Line(since=None if known is None else since)
        if not known.told_at <= now < known.told_at + self._every:  # or the clock was set back
            line = Line(repeats=known.repeats, since=known.since)
            known.told_at, known.repeats = now, 0
            return line
        known.repeats += 1
        return None

    def well(self, thing: Hashable) -> Line | None:
        """It went well; None: it was in no trouble."""
        known = self._known.pop(thing, None)
        return None if known is None else Line(repeats=known.repeats, since=known.since, over=True)
