"""Where steps run: threads with connections, so that the loop never waits for the database.

On PostgreSQL each step has a connection of a pool and a transaction of its own; one that the server ends because it
and others wait for each other is run again. A SQLite file has one thread that
writes, and one commit serves all steps that wait for it: a commit costs more than most steps. Its readers keep their
connections. Steps wait for minutes where another process, a backup for one, has locked the file.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeAlias, TypeVar
from weakref import WeakSet

from sqlalchemy import Connection, Engine
from sqlalchemy import exc as faults

from crawler.failpoints import reach
from tidings.storage.errors import StorageError, said

T = TypeVar("T")
Job: TypeAlias = tuple[Callable[[Connection], Any], Future[Any]]
Guard: TypeAlias = Callable[
    [Connection], None
]  # run first in each transaction that writes; raises to forbid it

TOGETHER = 64  # steps in one commit at most
OWN_TRANSACTIONS = "tidings_own_transactions"  # option of a connection on which the library begins none
BUSY = 1.0  # seconds of one try of a step; see `Waits` for all of them
TRIES = 5  # of a step that the server ended for the sake of others
PAUSE = 0.01  # seconds between two tries at a locked file


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a SQLite file that another process has locked is waited for, in seconds."""

    busy: float = 30  # in one try to open it, or to copy a piece
    patience: float = 300  # in all, try after try; a closing database ends it


_STOOD_BACK = ("40P01", "40001")  # PostgreSQL: a deadlock, or what a transaction saw has changed


class Lane(Protocol):
    """Runs steps, each whole or not at all."""

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """The step's result, once it is committed; a step that raises leaves nothing behind.

        Raises:
            StorageError: the lane is closed.
        """

    @property
    def waits(self) -> bool:
        """Whether a step waits for another process that has the file locked."""

    def hurry(self) -> None:
        """From now on a file that others have locked is tried once for each step."""

    def close(self) -> None:
        """Finish what was submitted; a file that others have locked is tried once more and then given up."""


class Pooled:
    """Some threads, each step in a transaction of its own on a connection of the pool."""

    def __init__(self, engine: Engine, threads: int, name: str, guard: Guard | None = None) -> None:
        self._engine = engine
        self._guard = guard
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """See `Lane`."""
        return submit_to(self._threads, partial(self._transaction, step))

    @property
    def waits(self) -> bool:
        """No file is locked."""
        return False

    def hurry(self) -> None:
        """See `Lane`; a server has its own limits."""

    def _transaction(self, step: Callable[[Connection], T]) -> T:
        """Nothing is left of a transaction that the server ended, so its step can run again: see `FileWriter`."""
        with ours():
            for _ in range(TRIES - 1):
                try:
                    return self._try(step)
                except faults.DBAPIError as fault:
                    if getattr(fault.orig, "sqlstate", None) not in _STOOD_BACK:
                        raise
            return self._try(step)

    def _try(self, step: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            if self._guard is not None:
                self._guard(connection)
            return step(connection)

    def close(self) -> None:
        """See `Lane`."""
        self._threads.shutdown(wait=True)


class FileReaders:
    """Some threads that look at a SQLite file, each with a connection that it keeps."""

    def __init__(self, engine: Engine, threads: int, waits: Waits) -> None:
        self._keep = _Kept(engine, waits.busy)
        self._patience = _Patience(waits.patience)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="storage-read")

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """See `Lane`."""
        return submit_to(self._threads, partial(self._look, step))

    @property
    def waits(self) -> bool:
        """See `Lane`."""
        return self._patience.tried

    def hurry(self) -> None:
        """See `Lane`."""
        self._patience.end()

    def close(self) -> None:
        """See `Lane`."""
        self._patience.end()
        self._threads.shutdown(wait=True)
        self._keep.close()

    def _look(self, step: Callable[[Connection], T]) -> T:
        """A step that meets a locked file is run again: it only looks."""
        with ours():
            return self._patience.insist(partial(self._look_once, step), self._patience.limit())

    def _look_once(self, step: Callable[[Connection], T]) -> T:
        connection, driver = self._keep.connection()
        driver.execute("BEGIN")
        try:
            return step(connection)
        finally:
            driver.end_statements()
            if driver.in_transaction:
                driver.execute("ROLLBACK")


class FileWriter:
    """The one thread that writes to a SQLite file."""

    def __init__(self, engine: Engine, waits: Waits, guard: Guard | None = None) -> None:
        self._keep = _Kept(engine, waits.busy)
        self._guard = guard
        self._patience = _Patience(waits.patience)
        self._waiting: deque[Job] = deque()
        self._lock = threading.Lock()  # a job waits if, and only if, a turn is to come that takes it
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage-write")

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """See `Lane`."""
        future: Future[T] = Future()
        with self._lock:
            submit_to(self._thread, self._write_waiting)
            self._waiting.append((step, future))
        return future

    @property
    def waits(self) -> bool:
        """See `Lane`."""
        return self._patience.tried

    def hurry(self) -> None:
        """See `Lane`."""
        self._patience.end()

    def close(self) -> None:
        """See `Lane`."""
        self._patience.end()
        self._thread.shutdown(wait=True)
        self._keep.close()

    def _write_waiting(self) -> None:
        jobs: list[Job] = []
        with self._lock:
            while self._waiting and len(jobs) < TOGETHER:
                jobs.append(self._waiting.popleft())
        jobs = [job for job in jobs if job[1].set_running_or_notify_cancel()]
        if jobs:  # or an earlier turn took them along
            self._write(jobs, self._patience.limit())

    def _write(self, jobs: list[Job], limit: float) -> None:
        """Run `jobs` in one transaction and answer them; when it is lost, each in a transaction of its own.

        One step may be to blame for the loss, for instance by being too large for the disk. Nothing of the lost
        transaction is kept and nobody was told anything, so the steps can run again. A file that stayed locked
        is no step's fault.
        """
        try:
            with ours():
                outcomes = self._in_one_transaction([step for step, _ in jobs], limit)
        except BaseException as fault:
            if len(jobs) > 1 and not _is_busy(fault.__cause__):
                for job in jobs:
                    self._write([job], limit)
                return
            for _, future in jobs:
                future.set_exception(fault)
            return
        for (_, future), (value, trouble) in zip(jobs, outcomes, strict=True):
            if trouble is None:
                future.set_result(value)
            else:
                future.set_exception(trouble)

    def _in_one_transaction(
        self, steps: list[Callable[[Connection], Any]], limit: float
    ) -> list[tuple[Any, BaseException | None]]:
        """What became of each step, once all is committed: one that raises is undone, the others are kept."""
        connection, driver = self._patience.insist(self._keep.connection, limit)
        outcomes: list[tuple[Any, BaseException | None]] = []
        self._patience.insist(partial(driver.execute, "BEGIN IMMEDIATE"), limit)
        try:
            reach("tx_begin")
            if self._guard is not None:
                self._guard(connection)
            for step in steps:
                driver.execute("SAVEPOINT step")
                try:
                    with ours():
                        outcomes.append((step(connection), None))
                except BaseException as fault:
                    driver.end_statements()
                    if not driver.in_transaction:  # lost with everything in it
                        raise
                    driver.execute("ROLLBACK TO step")
                    outcomes.append((None, fault))
                driver.end_statements()
                driver.execute("RELEASE step")
            reach("tx_commit")
            self._patience.insist(
                partial(driver.execute, "COMMIT"), limit
            )  # the transaction stands until then
            reach("tx_committed")
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
        return outcomes


class Driver(sqlite3.Connection):
    """The driver's connection, able to end the statements that a step left in their middle.

    Such a statement keeps the file locked after ROLLBACK, and even after its connection is closed, for as long as
    anything holds its cursor: the traceback of the exception that broke a loop over rows, for instance.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """As the driver's."""
        made = super().cursor(*arguments, **options)
        self._cursors.add(made)
        return made

    def end_statements(self) -> None:
        """Close all cursors: rows that were not fetched cannot be any more."""
        for cursor in tuple(self._cursors):
            cursor.close()
        self._cursors.clear()


class _Patience:
    """Tries again at a file that other processes have locked, until a limit or its own end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ended = threading.Event()
        self.tried = False  # in vain: the file is locked just now

    def limit(self) -> float:
        """The moment, on the monotonic clock, at which patience that begins now is over."""
        return monotonic() + self._seconds

    def insist(self, work: Callable[[], T], limit: float) -> T:
        """What `work` gives, once it does not find the file locked any more; it is tried once at least."""
        try:
            while True:
                try:
                    return work()
                except (sqlite3.OperationalError, faults.OperationalError) as fault:
                    self.tried = _is_busy(fault)
                    if not self.tried or monotonic() >= limit or self._ended.wait(PAUSE):
                        raise
        finally:
            self.tried = False

    def end(self) -> None:
        """From now on, one try is all."""
        self._ended.set()


class _Kept:
    """A connection for each thread, on which transactions are begun and ended by hand."""

    def __init__(self, engine: Engine, busy: float) -> None:
        self._engine = engine
        self._busy = busy
        self._own = threading.local()
        self._open: list[Connection] = []

    def connection(self) -> tuple[Connection, Driver]:
        """This thread's connection, and the driver's below it."""
        found: tuple[Connection, Driver] | None = getattr(self._own, "connection", None)
        if found is None:
            connection = self._engine.connect().execution_options(**{OWN_TRANSACTIONS: True})
            driver = connection.connection.driver_connection
            assert isinstance(driver, Driver)
            found = self._own.connection = (connection, driver)
            self._open.append(connection)
            # One try is short, and there are many: so an end that is wanted need not wait for a long one.
            driver.execute(f"PRAGMA busy_timeout={min(BUSY, self._busy) * 1000:.0f}")
        return found

    def close(self) -> None:
        """All of them, once no thread works any more."""
        while self._open:
            self._open.pop().close()


def _is_busy(fault: BaseException | None) -> bool:
    """Whether SQLite says, to the library or to us, that another connection has locked the file."""
    said = fault.orig if isinstance(fault, faults.DBAPIError) else fault
    return getattr(said, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def submit_to(threads: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
    """What `work` will give, from one of the threads.

    Raises:
        StorageError: the threads have been stopped.
    """
    try:
        return threads.submit(work)
    except RuntimeError as fault:
        raise StorageError("the database is closed") from fault


@contextmanager
def ours() -> Iterator[None]:
    """Turn the library's errors into ours: what the database said, never the statement or its values."""
    try:
        yield
    except faults.StatementError as fault:
        if fault.orig is not None and not isinstance(fault, faults.DBAPIError):
            raise fault.orig from None  # a value of ours that a column type refused
        raise said(fault.orig or fault) from fault
    except (faults.TimeoutError, sqlite3.Error) as fault:
        raise said(fault) from fault
