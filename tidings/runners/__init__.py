"""Who performs the tasks: this process, or workers on a queue."""

from __future__ import annotations

from typing import Protocol

from tidings.tasks import Task


class Runner(Protocol):
    """Takes tasks and sees that each is performed at least once."""

    def room(self, kind: type[Task]) -> int:
        """How many more tasks of this kind are welcome now."""

    async def submit(self, task: Task) -> None:
        """Have `task` performed soon; one that is waiting already is not queued again."""
