"""Who performs the tasks: this process, or workers on a queue."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from tidings.tasks import Task


class Runner(Protocol):
    """Takes tasks and sees that each is performed at least once."""

    async def look(self) -> None:
        """See what is in hand; `room` and `slow` go by that."""

    def room(self, kind: type[Task]) -> int:
        """How many more tasks of this kind are welcome now."""

    @property
    def slow(self) -> Collection[str]:
        """Ids of sources whose last poll kept its place for long."""

    async def submit(self, *tasks: Task) -> None:
        """Have tasks performed soon; one that is waiting already is not queued again."""
