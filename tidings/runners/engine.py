"""The door to Procrastinate: jobs are put on a queue in PostgreSQL, and performed.

The queue holds nothing that the database does not know: its tables lie in a schema of their own, named by the version
of Procrastinate that made it, and what is on it may be lost at any time. So an upgrade of Procrastinate migrates
nothing: workers of before end on the old queue, those of after begin on a new one, and the last to leave is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate import exceptions
from procrastinate.jobs import DeleteJobCondition
from procrastinate.manager import JobManager
from psycopg import AsyncConnection, sql
from psycopg_pool import PoolTimeout

from tidings.queues import Queue
from tidings.runners.crew import SILENT, Waiting
from tidings.runners.jobs import NAMES, Job
from tidings.storage.errors import StorageError

log = structlog.get_logger(__name__)

LOOK = 1.0  # seconds between two looks for jobs, where none were found
BEAT = 5.0  # seconds between two signs of life of those who perform jobs
GRACE = 2.0  # seconds for jobs whose tasks have ended already
PAUSE = 3.0  # seconds after which one that broke, as its server went away, begins anew
CONNECTIONS = 4  # of a process to the queue, at most
_RESCUE = f"* * * * * */{BEAT:.0f}"  # cron with seconds, which come last
RESCUE = "rescue"  # a queue beside ours: whoever works takes from it

Perform = Callable[[str, Mapping[str, Any]], Awaitable[None]]


class QueueUnavailable(StorageError):
    """The queue cannot be had; the message says why."""


@contextmanager
def _ours() -> Iterator[None]:
    """Turn the library's errors into ours: what the server said."""
    try:
        yield
    except (exceptions.ConnectorException, psycopg.Error, PoolTimeout, OSError) as fault:
        raise QueueUnavailable(f"the queue cannot be asked: {_said(fault)}") from fault


class Engine:
    """An open queue; made by `open_engine`."""

    def __init__(self, app: procrastinate.App, look: float) -> None:
        self._app = app
        self._look = look

    async def defer(self, jobs: Sequence[Job]) -> None:
        """Put jobs on the queue; one that waits already (see `Job.once`) is not put there again."""
        if not jobs:
            return
        with _ours():
            await self._defer(jobs)

    async def _defer(self, jobs: Sequence[Job]) -> None:
        waiting = frozenset[str]()
        if any(job.once for job in jobs):
            waiting = await self._once()
        batches: dict[str, list[Job]] = {}
        for job in jobs:
            if job.once is None:
                batches.setdefault(f"{job.name} {job.queue}", []).append(job)
            elif job.once not in waiting:
                try:
                    await self._configured(job).defer_async(**job.args)
                except exceptions.AlreadyEnqueued:  # another process was quicker
                    continue
        for batch in batches.values():
            await self._configured(batch[0]).batch_defer_async(*(dict(job.args) for job in batch))

    async def waiting(self) -> Waiting:
        """What is on the queue now."""
        rows = await self._ask(
            "SELECT queue_name, status, count(*) AS number FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') GROUP BY queue_name, status"
        )
        oldest = await self._ask(
            "SELECT coalesce(now() - min(event.at), interval '0') AS age FROM procrastinate_jobs AS job"
            " JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type = 'deferred'"
            " WHERE job.status = 'todo'"
        )

        def of(status: str) -> dict[Queue, int]:
            return {
                Queue(row["queue_name"]): row["number"]
                for row in rows
                if row["status"] == status and row["queue_name"] in set(Queue)
            }

        return Waiting(todo=of("todo"), doing=of("doing"), oldest=oldest[0]["age"])

    async def rescue(self) -> int:
        """Give what dead workers had in hand to others; how many jobs.

        Nothing is performed again of itself after a crash. A mere nudge is dropped: the next tick makes a new one.
        """
        with _ours():
            stalled = tuple(
                await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT.total_seconds())
            )
        for job in stalled:
            try:
                if job.queueing_lock is None:
                    await self._app.job_manager.retry_job(job)
                else:
                    await self._app.job_manager.finish_job(
                        job, status=procrastinate.jobs.Status.FAILED, delete_job=True
                    )
            except exceptions.ConnectorException:  # another process was quicker, or it was not dead
                continue
        return len(stalled)

    async def work(self, places: Mapping[Queue, int]) -> None:
        """Perform jobs until cancelled: of each queue so many at once. A server that goes away is waited for.

        Rescuing has a place of its own, so that it waits for no other job.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(RESCUE, 1), name=f"queue {RESCUE}")
            for queue, number in places.items():
                group.create_task(self._work(str(queue), number), name=f"queue {queue}")

    async def _work(self, queue: str, number: int) -> None:
        own = asyncio.current_task()
        assert own is not None
        while not own.cancelling():  # of which the library says nothing when its last words cannot be written
            try:
                await self._app.run_worker_async(
                    queues=[queue],
                    concurrency=number,
                    fetch_job_polling_interval=self._look,
                    listen_notify=False,  # that would keep a connection for each queue
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=GRACE,
                    update_heartbeat_interval=BEAT,
                    stalled_worker_timeout=SILENT.total_seconds(),
                )
            except Exception as fault:
                if own.cancelling():
                    return
                log.warning("the queue cannot be asked; trying again", queue=queue, problem=_said(fault))
            await asyncio.sleep(PAUSE)

    def _configured(self, job: Job) -> Any:
        return self._app.configure_task(
            name=job.name, queue=str(job.queue), lock=job.lock, queueing_lock=job.once
        )

    async def _once(self) -> frozenset[str]:
        rows = await self._ask(
            "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock IS NOT NULL"
        )
        return frozenset(row["queueing_lock"] for row in rows)

    async def _ask(self, query: str) -> list[dict[str, Any]]:
        with _ours():
            return await self._app.connector.execute_query_all_async(query)


@asynccontextmanager
async def open_engine(
    address: str,
    *,
    perform: Perform | None = None,
    rescue: Callable[[], Awaitable[None]] | None = None,
    look: float = LOOK,
) -> AsyncIterator[Engine]:
    """The queue of an installation; its tables are made where they are missing.

    Args:
        address: of the database, as libpq reads it.
        perform: performs a job by its name and arguments; never raises.
        rescue: is called every few seconds by one of all workers.
        look: seconds between two looks for jobs, where none were found.

    Raises:
        QueueUnavailable: the server cannot be had, or refuses the tables.
    """
    logging.getLogger("procrastinate").setLevel(logging.WARNING)  # we have a line an outcome ourselves
    schema = f"tidings_queue_{version('procrastinate').replace('.', '_')}"

    async def configure(connection: AsyncConnection[Any]) -> None:
        await connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        await connection.execute("SET synchronous_commit = off")  # what is lost of it is put there again
        await connection.commit()

    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=address,
            configure=configure,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=PAUSE,
            name="tidings-queue",
        )
    )
    app.job_manager = _Manager(app.connector)
    for name in NAMES:
        _register(app, name, perform)
    if rescue is not None:
        _register_rescue(app, rescue)
    try:
        await _make(address, schema)
        await app.open_async()
    except Exception as fault:
        raise QueueUnavailable(f"the queue cannot be had: {_said(fault)}") from fault
    try:
        yield Engine(app, look)
    finally:
        await app.close_async()


class _Manager(JobManager):
    """As the library's, but the end of a job is written down in any case, or nobody would ever get its lock."""

    async def finish_job(self, job: Any, status: Any, delete_job: bool) -> None:
        """Try until it is written; a job that was given to others, as we were thought to be dead, is not ours to end."""
        while True:
            try:
                await super().finish_job(job=job, status=status, delete_job=delete_job)
            except exceptions.ConnectorException as fault:
                if isinstance(fault.__cause__, psycopg.errors.RaiseException):
                    log.info("a job was ended that others have", job=job.task_name)
                    return
                log.warning("the end of a job cannot be written; trying again", problem=_said(fault))
            else:
                return
            await asyncio.sleep(PAUSE)


def _register(app: procrastinate.App, name: str, perform: Perform | None) -> None:
    async def job(**args: Any) -> None:
        assert perform is not None, "this process performs nothing"
        await perform(name, args)

    app.task(name=name)(job)


def _register_rescue(app: procrastinate.App, rescue: Callable[[], Awaitable[None]]) -> None:
    async def job(timestamp: int) -> None:
        await rescue()

    app.periodic(cron=_RESCUE)(app.task(name="rescue", queue=RESCUE, queueing_lock=f"one {RESCUE}")(job))


async def _make(address: str, schema: str) -> None:
    """Tables of this version of Procrastinate, and none of versions before that nobody works with any more."""
    async with await AsyncConnection.connect(address) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tidings queue'))")
        found = await connection.execute(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'tidings_queue_')"
        )
        there = {row[0] for row in await found.fetchall()}
        for other in sorted(there - {schema}):
            beats = sql.SQL(
                "SELECT 1 FROM {}.procrastinate_workers WHERE last_heartbeat > now() - interval '10 minutes'"
            ).format(sql.Identifier(other))
            if await (await connection.execute(beats)).fetchone() is None:
                await connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(other)))
        if schema not in there:
            await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            await connection.execute(
                sql.SQL("SET LOCAL search_path = {}, pg_catalog").format(sql.Identifier(schema))
            )
            await connection.execute(procrastinate.schema.SchemaManager.get_schema())


def _said(fault: BaseException) -> str:
    """What the server said, in one line; never an address."""
    cause: BaseException = fault
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
