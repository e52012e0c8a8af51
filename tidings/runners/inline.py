"""Performs tasks in this process: as many at once of each kind as is polite and useful."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

import structlog

from tidings.runners.crew import Crew
from tidings.runners.places import Places
from tidings.storage.errors import StorageError
from tidings.tasks import (
    Compose,
    Deliver,
    PollSource,
    ReadPage,
    Rematch,
    Report,
    Services,
    Settle,
    Task,
    give_back,
    perform,
)

log = structlog.get_logger(__name__)

# Polls and pages wait for other hosts, so many may be under way; the rest touch only our own database or
# outbox and run one at a time, so that a digest is never composed twice at once.
AT_ONCE: dict[type[Task], int] = {
    PollSource: 50,
    ReadPage: 64,
    Settle: 1,
    Rematch: 1,
    Compose: 1,
    Deliver: 1,
}
PATIENCE = 3.0  # seconds
# That wait long for their hosts, besides: as many as step aside in the 30 s that a request may take.
ASIDE: dict[type[Task], int] = {PollSource: 500, ReadPage: 64}
WAITING = 4  # tasks in hand for each one under way; more stay in the database, where they are safe


class InlineRunner:
    """The embedded runner.

    Args:
        on_report: hears of every task that ended.
        patience: seconds after which a poll or page that waits for its host gives its place to the next.
        polls: made at once; pages and what steps aside go by that too.
    """

    def __init__(
        self,
        services: Callable[[], Services],
        *,
        on_report: Callable[[Report], None] | None = None,
        patience: float = PATIENCE,
        polls: int = AT_ONCE[PollSource],
    ) -> None:
        self._services = services  # asked for each task, so that a reload holds from the next one on
        self._on_report = on_report
        share = polls / AT_ONCE[PollSource]
        self._at_once = AT_ONCE | {kind: max(1, round(AT_ONCE[kind] * share)) for kind in ASIDE}
        self._places = {
            kind: Places(number, aside=round(ASIDE.get(kind, 0) * share), patience=patience)
            for kind, number in self._at_once.items()
        }
        # A round of matching that began before an edit ends before the archive is judged by the new rules.
        self._places[Rematch] = self._places[Settle]
        self._waiting: dict[Task, asyncio.Task[None]] = {}  # not begun
        self._in_hand: dict[asyncio.Task[None], Task] = {}  # waiting or under way
        self._begun: dict[asyncio.Task[None], asyncio.Event] = {}  # of the same
        self.slow: set[str] = set()  # sources whose last poll outlasted the patience
        self._patience = patience
        self._stranded: list[Task] = []  # failed because nothing could be written, their claims held
        self.crew: Crew | None = None  # nobody else
        self._stopping = False

    def room(self, kind: type[Task]) -> int:
        """How many more tasks of this kind are welcome now; none once the runner is stopping."""
        if self._stopping:
            return 0
        in_hand = sum(1 for task in self._in_hand.values() if type(task) is kind)
        return max(0, self._at_once[kind] * WAITING + self._places[kind].aside - in_hand)

    async def look(self) -> None:
        """See `Runner`; all that is in hand is known."""

    async def submit(self, *tasks: Task) -> None:
        """Start tasks as soon as their kind has a free place; one that waits already is not queued again.

        Once the runner is stopping, what they hold is given back instead.
        """
        if self._stopping:
            await self._give_back(tasks)
            return
        for task in tasks:
            if task not in self._waiting:
                self._begin(task)

    async def complete(self, *tasks: Task) -> None:
        """Perform tasks and wait for their end, or until the runner has stopped and given back what they hold."""
        if self._stopping:
            await self._give_back(tasks)
            return
        jobs = [self._waiting.get(task) or self._begin(task) for task in tasks]
        if jobs:
            await asyncio.wait(jobs)

    async def begin(self, *tasks: Task) -> None:
        """Start tasks and wait until each has had a place, or for the end of the runner as `complete` does."""
        if self._stopping:
            await self._give_back(tasks)
            return
        begun = [self._begun[self._waiting.get(task) or self._begin(task)] for task in tasks]
        if begun:
            await asyncio.wait([asyncio.ensure_future(one.wait()) for one in begun])

    def _begin(self, task: Task) -> asyncio.Task[None]:
        begun = asyncio.Event()
        job = asyncio.create_task(self._perform(task, begun), name=repr(task))
        self._waiting[task] = job
        self._in_hand[job] = task
        self._begun[job] = begun

        def ended(job: asyncio.Task[None]) -> None:
            self._in_hand.pop(job)
            self._begun.pop(job).set()

        job.add_done_callback(ended)
        return job

    @property
    def in_hand(self) -> int:
        """Tasks that wait for a place or are under way."""
        return len(self._in_hand)

    @property
    def is_busy(self) -> bool:
        """Whether anything is in hand."""
        return bool(self._in_hand)

    async def drain(self, seconds: float | None = None) -> None:
        """Wait until nothing is in hand, or for so long."""
        deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while self._in_hand:
                    await asyncio.wait(self._in_hand)

    async def recover(self) -> None:
        """Give back what tasks hold that failed because the database could not be written to; as a rule there are none.

        Raises:
            StorageError: it cannot yet.
        """
        stranded, self._stranded = self._stranded, []
        if not stranded:
            return
        try:
            await give_back(stranded, self._services())
        except StorageError:
            self._stranded += stranded
            raise

    async def stop(self, seconds: float) -> None:
        """Begin nothing more, let what is under way finish for `seconds`, then cut it off.

        What was not begun or is cut off gives back what it holds, so the next start takes it up at once.
        """
        self._stopping = True
        await self._cut_off({job: task for task, job in self._waiting.items()})
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=seconds)
        await self._cut_off(dict(self._in_hand))

    async def _cut_off(self, jobs: Mapping[asyncio.Task[None], Task]) -> None:
        if not jobs:
            return
        for job in jobs:
            job.cancel()
        await asyncio.wait(jobs)
        await self._give_back([task for job, task in jobs.items() if job.cancelled()])

    async def _give_back(self, tasks: Collection[Task]) -> None:
        try:
            await give_back(tasks, self._services())
        except Exception:  # nothing is lost: the claims run out
            log.exception("claims could not be given back", tasks=len(tasks))

    async def _perform(self, task: Task, begun: asyncio.Event) -> None:
        async with self._places[type(task)].place():
            self._waiting.pop(task, None)
            begun.set()
            began = asyncio.get_running_loop().time()
            try:
                report = await perform(task, self._services())
            except (
                StorageError
            ) as fault:  # not the task's fault: what it holds is given back when that is over
                self._stranded.append(task)
                report = Report(task=task, counts={"faults": 1}, problem=str(fault), storage=True)
            except Exception as fault:
                log.exception("task failed", task=repr(task))
                report = Report(task=task, counts={"faults": 1}, problem=f"{type(fault).__name__}: {fault}")
        if isinstance(task, PollSource):
            took = asyncio.get_running_loop().time() - began
            (self.slow.add if took > self._patience else self.slow.discard)(task.source_id)
        if self._on_report is not None:
            self._on_report(report)
