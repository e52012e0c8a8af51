"""Who performs what is on the queue, and how much waits there: what the scheduler, probes, metrics and `status` know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tidings.queues import Queue
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
    configuration: str | None = None  # version of the settings that the scheduler goes by

    @property
    def problem(self) -> str | None:
        """Why nothing is performed, or nothing of some kind; None: somebody is at work on each."""
        if not self.workers:
            return (
                f"no worker gives a sign of life, and {self.waiting.jobs} jobs wait; start `tidings worker`"
            )
        if not self.missing:
            return None
        waiting = sum(self.waiting.todo.get(queue, 0) for queue in self.missing)
        return f"{untaken(self.missing)}, and {waiting} jobs wait"

    @property
    def missing(self) -> tuple[Queue, ...]:
        """Kinds of work that no worker takes."""
        return tuple(queue for queue in Queue if not self.taking(queue))

    @property
    def astray(self) -> tuple[Worker, ...]:
        """Those that go by other files than the scheduler."""
        return tuple(one for one in self.workers if astray(one, self.configuration))

    def taking(self, queue: Queue) -> int:
        """How many workers take this kind of work."""
        return sum(takes(one, queue) for one in self.workers)


def takes(worker: Worker, queue: Queue) -> bool:
    """Whether a worker takes this kind of work."""
    return worker.takes is None or queue in worker.takes


def astray(worker: Worker, version: str | None) -> bool:
    """Whether a worker goes by other configuration files than those of this version."""
    return version is not None and worker.configuration not in (None, version)


def untaken(missing: Sequence[Queue]) -> str:
    """A sentence for kinds of work that no worker takes, with what to do."""
    kinds = ", ".join(missing)
    only = " ".join(f"--only {queue}" for queue in missing)
    return f"no worker takes {kinds}; start `tidings worker {only}`, or one for all kinds"


def living(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    """Those that gave a sign of life lately."""
    return tuple(one for one in workers if one.silence < SILENT)
