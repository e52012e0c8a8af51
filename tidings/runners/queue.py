"""Has the tasks performed by workers: what is due goes on a queue, as much of it as they can soon take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

import structlog

from crawler.ports import Clock
from tidings.runners.crew import Crew, living
from tidings.runners.engine import Engine
from tidings.runners.jobs import jobs_of
from tidings.storage.claims import InHand, SqlClaims
from tidings.storage.workers import SqlWorkers
from tidings.tasks import PollSource, ReadPage, Settle, Task

log = structlog.get_logger(__name__)

# In hand for each poll that workers can make at once: more stays in the database, where its order can still change.
AHEAD = 8
PAGES_AHEAD = 4
NOBODY = 50  # places that are reckoned with while no worker that polls has shown itself
LOOK = 0.5  # seconds between two looks at what is on the queue, for who waits for its end


class QueueRunner:
    """The scheduler's side of the queue.

    Args:
        host_of: the host that a source asks, by its id; "" when it is not known.
        version: of the settings in force.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        claims: SqlClaims,
        workers: SqlWorkers,
        clock: Clock,
        host_of: Callable[[str], str],
        version: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._claims = claims
        self._workers = workers
        self._clock = clock
        self._host_of = host_of
        self._version = version
        self._stopping = False
        self._in_hand = InHand(polls=0, pages=0, settles=True)
        self.crew = Crew()
        self.slow: Collection[str] = ()

    async def look(self) -> None:
        """See who works and what is in hand; `room` and `slow` go by that."""
        workers = living(await self._workers.all())
        self.slow = frozenset(source for one in workers for source in one.slow)
        self._in_hand = await self._claims.in_hand(self._clock.now())
        self.crew = Crew(workers=workers, waiting=await self._engine.waiting(), configuration=self._version())

    def room(self, kind: type[Task]) -> int:
        """How many more polls or pages the workers can soon take; none once the runner is stopping."""
        if self._stopping:
            return 0
        places = sum(one.places for one in self.crew.workers) or NOBODY
        if kind is ReadPage:
            return max(0, places * PAGES_AHEAD - self._in_hand.pages)
        return max(0, places * AHEAD - self._in_hand.polls)

    async def submit(self, *tasks: Task) -> None:
        """Put tasks on the queue; of those that touch our own database alone, one of a kind waits at a time."""
        wanted = (task for task in tasks if self._in_hand.settles or not isinstance(task, Settle))
        jobs = jobs_of(wanted, host_of=self._host)
        await self._engine.defer(tuple(jobs))

    @property
    def is_busy(self) -> bool:
        """Whether polls or pages are in hand, as far as is known."""
        return self._in_hand.polls + self._in_hand.pages > 0

    async def drain(self, seconds: float | None = None) -> None:
        """Wait until no polls and pages are in hand, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.look()
                while self.is_busy:
                    await asyncio.sleep(LOOK)
                    await self.look()

    async def recover(self) -> None:
        """Nothing is held here: workers give back what they cannot keep."""

    async def stop(self, seconds: float) -> None:
        """Put nothing more on the queue; what is there is the workers'."""
        self._stopping = True

    def _host(self, task: PollSource | ReadPage) -> str:
        return task.host if isinstance(task, ReadPage) else self._host_of(task.source_id)
