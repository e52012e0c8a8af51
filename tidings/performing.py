"""One worker at its jobs: it makes claims its own, performs the tasks, signs life, and frees what the dead held."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog

from tidings import __version__
from tidings.app import App
from tidings.processes import memory
from tidings.queues import Queue
from tidings.runners.crew import SILENT
from tidings.runners.engine import Engine
from tidings.runners.inline import InlineRunner
from tidings.runners.jobs import COLLECTING, DELIVER, Job, settle, tasks_of
from tidings.storage.errors import StorageError
from tidings.storage.workers import Worker
from tidings.tasks import LEASE, Compose, PollSource, Report, Settle, Task

log = structlog.get_logger(__name__)

# Jobs at once of each kind. Of polls and pages these are jobs that wait for places; digests, alerts and deliveries keep
# to limits of their own besides.
AT_ONCE: Mapping[Queue, int] = {Queue.COLLECT: 2, Queue.SETTLE: 1, Queue.TELL: 4}
MOST_SLOW = 500  # ids of slow sources that are named


class Performer:
    """Performs jobs in this process with all that a daemon alone has: its places, patience and orderly end.

    Args:
        places: polls made at once.
        takes: kinds of jobs that are performed.
    """

    def __init__(
        self, app: App, runner: InlineRunner, *, places: int, takes: Collection[Queue] = tuple(Queue)
    ) -> None:
        self._app = app
        self._runner = runner
        self._engine: Engine | None = None
        self._counts: Counter[str] = Counter()
        self._next: dict[str | None, Job] = {}  # that follow from those performed, and wait for no tick
        self._done = 0
        self._delivers = False
        self.facts = Worker(
            id=uuid4().hex,
            host=socket.gethostname(),
            process=os.getpid(),
            version=__version__,
            since=app.clock.now(),
            places=places if Queue.COLLECT in takes else 0,
            takes=tuple(queue for queue in Queue if queue in takes),
            configuration=app.settings.version,
        )
        self._at_once = {queue: number for queue, number in AT_ONCE.items() if queue in takes}
        app.stores.database.holder = self.facts.id

    def heard(self, report: Report) -> None:
        """Count what one task did."""
        self._done += 1
        self._counts.update({name: number for name, number in report.counts.items() if number})
        if isinstance(report.task, Settle) and report.task.share is not None and report.more:
            job = settle(report.task.share)
            self._next[job.once] = job
        elif isinstance(report.task, Compose) and report.worth_a_line:
            self._next[DELIVER.once] = DELIVER

    async def take_jobs(self, engine: Engine) -> None:
        """For ever.

        A job of polls or pages ends when all of them have a place here: what is under way is held by claims in our
        name. So a worker takes what it has places for, and a slow host keeps no job.
        """
        self._engine = engine
        await engine.work(self._at_once)

    async def perform(self, name: str, args: Mapping[str, Any]) -> None:
        """Perform one job. Never raises: what it could not do is still due in the database."""
        if name == DELIVER.name and self._delivers:
            return  # who is at it goes on until nothing is due; a second one would keep a place and wait
        self._delivers = self._delivers or name == DELIVER.name
        try:
            tasks = await self._ours(name, args)
            await (self._runner.begin if name in COLLECTING else self._runner.complete)(*tasks)
            following, self._next = self._next, {}
            if self._engine is not None:
                await self._engine.defer(tuple(following.values()))
        except (KeyError, TypeError, ValueError) as fault:
            log.warning("a job that cannot be read is dropped; its claims run out", job=name, why=repr(fault))
        except StorageError as fault:
            log.warning("a job was not done; it is due again later", job=name, problem=str(fault))
        except Exception:
            log.exception("a job broke; what it was for is due again later", job=name)
        finally:
            if name == DELIVER.name:
                self._delivers = False

    async def sign(self) -> None:
        """A sign of life, with what was done since the start. Then what could not be given back is.

        Raises:
            StorageError: the database cannot be written to.
        """
        used = memory()
        self.facts = replace(
            self.facts,
            doing=self._runner.in_hand,
            done=self._done,
            memory=None if used is None else used.daemon + used.children,
            counts=dict(self._counts),
            slow=tuple(sorted(self._runner.slow)[:MOST_SLOW]),
            configuration=self._app.settings.version,
        )
        await self._app.stores.workers.sign(self.facts)
        await self._runner.recover()

    async def rescue(self) -> None:
        """Give what dead workers held to others. Called every few seconds by one of all workers; never raises."""
        try:
            for one in await self._app.stores.workers.bury(SILENT):
                log.warning(
                    "a worker gave no sign of life; what it held is free",
                    worker=str(one.worker),
                    last_seen=None
                    if one.worker.seen is None
                    else one.worker.seen.isoformat(timespec="seconds"),
                    claims=one.freed,
                )
            if self._engine is not None and (jobs := await self._engine.rescue()):
                log.warning("jobs of dead workers go to others", jobs=jobs)
        except StorageError as fault:
            log.warning("nobody could look for dead workers", problem=str(fault))
        except Exception:
            log.exception("nobody could look for dead workers")

    async def leave(self) -> None:
        """An orderly end, once the runner has stopped.

        Raises:
            StorageError: others free what is held when they miss its signs of life.
        """
        await self._app.stores.workers.leave(self.facts.id)

    async def _ours(self, name: str, args: Mapping[str, Any]) -> tuple[Task, ...]:
        """The tasks of a job, polls only as far as their claim is still that of the job."""
        tasks = tasks_of(name, args)
        polls = {task.source_id: task for task in tasks if isinstance(task, PollSource)}
        if not polls:
            return tasks
        claim = datetime.fromisoformat(args["claim"])
        until = self._app.clock.now() + LEASE
        begun = await self._app.stores.claims.begin_polls(tuple(polls), claim, until)
        return tuple(polls[one] for one in begun)
