"""Performs tasks in this process: as many at once of each kind as is polite and useful."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from tidings.tasks import Compose, Deliver, PollSource, ReadPage, Report, Services, Settle, Task, perform

log = structlog.get_logger(__name__)

# Polls and pages wait for other hosts, so many may be under way; the rest touch only our own database or
# outbox and run one at a time, so that a digest is never composed twice at once.
AT_ONCE: dict[type[Task], int] = {PollSource: 50, ReadPage: 16, Settle: 1, Compose: 1, Deliver: 1}
WAITING = 4  # tasks in hand for each one under way; more stay in the database, where they are safe


class InlineRunner:
    """The embedded runner. `on_report` hears of every task that ended."""

    def __init__(
        self, services: Callable[[], Services], *, on_report: Callable[[Report], None] | None = None
    ) -> None:
        self._services = services  # asked for each task, so that a reload holds from the next one on
        self._on_report = on_report
        self._gates = {kind: asyncio.Semaphore(number) for kind, number in AT_ONCE.items()}
        self._waiting: set[Task] = set()
        self._running: dict[asyncio.Task[None], Task] = {}
        self._stopping = False

    def room(self, kind: type[Task]) -> int:
        """How many more tasks of this kind are welcome now; none once the runner is stopping."""
        if self._stopping:
            return 0
        in_hand = sum(1 for task in self._running.values() if type(task) is kind)
        return max(0, AT_ONCE[kind] * WAITING - in_hand)

    async def submit(self, task: Task) -> None:
        """Start `task` as soon as its kind has a free place; one that waits already is not queued again."""
        if self._stopping or task in self._waiting:
            return
        self._waiting.add(task)
        running = asyncio.create_task(self._perform(task), name=repr(task))
        self._running[running] = task
        running.add_done_callback(self._running.pop)

    async def drain(self) -> None:
        """Wait until nothing is in hand."""
        while self._running:
            await asyncio.wait(self._running)

    async def stop(self, seconds: float) -> None:
        """Take nothing more, let what is under way finish for `seconds`, then cut it off.

        What is cut off is not lost: its claim runs out and the next start takes it up.
        """
        self._stopping = True
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _perform(self, task: Task) -> None:
        async with self._gates[type(task)]:
            self._waiting.discard(task)
            if self._stopping:
                return
            try:
                report = await perform(task, self._services())
            except Exception as fault:
                log.exception("task failed", task=repr(task))
                report = Report(task=task, counts={"faults": 1}, problem=f"{type(fault).__name__}: {fault}")
        if self._on_report is not None:
            self._on_report(report)
