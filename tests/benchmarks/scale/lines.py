"""What work waits in line for, in closed form: first come, first served, so that no event is spent on waiting.

Who takes something comes *now*: to take what is needed later would keep all away who come before that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapreplace


@dataclass(slots=True)
class Line:
    """One server, such as the core of a process."""

    free: float = 0.0  # seconds; the moment from which it has nothing to do
    busy: float = 0.0  # seconds of work given to it

    def take(self, now: float, work: float) -> float:
        """The moment at which `work` seconds are done for who comes `now`; who comes later has to ask later."""
        self.free = (now if now > self.free else self.free) + work
        self.busy += work
        return self.free

    def beside(self, now: float, work: float) -> float:
        """As `take`, for a thread beside the line: while both have work, each has every other slice."""
        slowed = min(work, max(0.0, self.free - now))
        self.free = max(self.free, now) + slowed
        self.busy += work
        return now + work + slowed


@dataclass(slots=True)
class Cores:
    """Several servers with one line before them, such as the cores of a machine."""

    number: int
    busy: float = 0.0
    _free: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = [0.0] * self.number

    def take(self, now: float, work: float) -> float:
        """As `Line.take`."""
        done = max(now, self._free[0]) + work
        heapreplace(self._free, done)
        self.busy += work
        return done


@dataclass(slots=True)
class Pool:
    """Things that are held for as long as something else takes, such as the connections of a process."""

    number: int
    busy: float = 0.0
    _held: int = 0
    _waiting: deque[Callable[[], None]] = field(default_factory=deque)

    def take(self, begin: Callable[[], None]) -> None:
        """Call `begin` as soon as one is free, which may be now."""
        if self._held < self.number:
            self._held += 1
            begin()
        else:
            self._waiting.append(begin)

    def give_back(self, seconds: float) -> None:
        """One was held for so long; the next who waits has it."""
        self.busy += seconds
        if self._waiting:
            self._waiting.popleft()()
        else:
            self._held -= 1


@dataclass(slots=True)
class Log:
    """A log whose writes are forced to the disk: all commits that wait while one write is under way share the next."""

    sync: float  # seconds of one forced write
    busy: float = 0.0
    writes: int = 0
    _begins: float = -1.0  # the last write that was planned
    _ends: float = -1.0

    def commit(self, now: float) -> float:
        """The moment at which what is committed `now` is on the disk."""
        if now > self._begins:
            self._begins = max(now, self._ends)
            self._ends = self._begins + self.sync
            self.busy += self.sync
            self.writes += 1
        return self._ends


@dataclass(slots=True)
class Gate:
    """The turns of one host: so far apart, two at once."""

    spacing: float
    _next: float = -1e9
    _ends: tuple[float, float] = (-1e9, -1e9)  # of the last two requests, the earlier first

    def start(self, now: float, lasts: float) -> float:
        """When a request may begin that is wanted `now` and lasts so long."""
        begins = max(now, self._next, self._ends[0])
        self._next = begins + self.spacing
        first, second = self._ends[1], begins + lasts
        self._ends = (first, second) if first <= second else (second, first)
        return begins
