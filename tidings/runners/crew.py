"""Who performs what is on the queue, and how much waits there: what the scheduler, probes, metrics and `status` know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tidings.runners.jobs import Queue
from tidings.storage.workers import Worker

SILENT = timedelta(seconds=20)  # without a sign of life, after which a worker counts as dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is on the queue."""

    todo: Mapping[Queue, int] = field(default_factory=dict)
    doing: Mapping[Queue, int] = field(default_factory=dict)
    oldest: timedelta = timedelta(0)  # the longest that one waits; zero when none does

    @property
    def jobs(self) -> int:
        """All of them."""
        return sum(self.todo.values()) + sum(self.doing.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """All workers that live, at one moment, and what is on the queue."""

    workers: tuple[Worker, ...] = ()
    waiting: Waiting = field(default_factory=Waiting)

    @property
    def problem(self) -> str | None:
        """Why nothing is performed; None: somebody is at work."""
        if self.workers:
            return None
        return f"no worker gives a sign of life, and {self.waiting.jobs} jobs wait; start `tidings worker`"


def living(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    """Those that gave a sign of life lately."""
    return tuple(one for one in workers if one.silence < SILENT)
