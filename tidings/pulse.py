"""What a running daemon knows of its own beat: read by probes, the watchdog, metrics and the log. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import monotonic

SILENCE = 60.0  # seconds without a sign of life after which the daemon counts as dead


class Phase(StrEnum):
    """Where a process is in its life."""

    STARTING = "starting"  # the database is not open yet, or was opened just now
    CATCHING_UP = "catching up"  # a first round of polls, so that missed digests tell what it finds
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageTrouble:
    """Why the database cannot be written to just now."""

    reason: str
    since: datetime


class Pulse:
    """Plain facts of this process, set by those who know them and read by anybody.

    Attributes:
        phase: where the process is in its life.
        started_at: when it began.
        ticked_at: the end of the last tick that went well; None: there was none yet.
        lag: seconds by which the last tick began late.
        storage: why the database cannot be written to; None: it can.
        collecting: whether new polls and pages are begun; no while the disk is nearly full.
        reloaded_at: when the configuration in force was read.
        reload_problem: the words in which the last edit was refused; None: what is in force is what is written.
        restart_for: settings that were changed and hold from the next start on.
    """

    def __init__(self, started_at: datetime, *, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._seen = seconds()
        self.phase = Phase.STARTING
        self.started_at = started_at
        self.ticked_at: datetime | None = None
        self.lag = 0.0
        self.storage: StorageTrouble | None = None
        self.collecting = True
        self.reloaded_at = started_at
        self.reload_problem: str | None = None
        self.restart_for: tuple[str, ...] = ()

    def sign(self) -> None:
        """A sign of life: something of the work went on."""
        self._seen = self._seconds()

    def beat(self, now: datetime, lag: float) -> None:
        """A tick went well."""
        self.sign()
        self.ticked_at = now
        self.lag = lag

    @property
    def silence(self) -> float:
        """Seconds since the last sign of life, by a clock that nobody sets."""
        return self._seconds() - self._seen

    @property
    def alive(self) -> bool:
        """Whether the work goes on."""
        return self.silence <= SILENCE
