"""Where steps run: threads with connections, so that the loop never waits for the database.

On PostgreSQL each step has a connection of a pool and a transaction of its own. A SQLite file has one thread that
writes, and one commit serves all steps that wait for it: a commit costs more than most steps. Its readers keep their
connections.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy import exc as faults

from tidings.storage.errors import StorageError

T = TypeVar("T")

TOGETHER = 64  # steps in one commit at most
OWN_TRANSACTIONS = "tidings_own_transactions"  # option of a connection on which the library begins none


class Lane(Protocol):
    """Runs steps, each whole or not at all."""

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """The step's result, once it is committed; a step that raises leaves nothing behind.

        Raises:
            StorageError: the lane is closed.
        """

    def close(self) -> None:
        """Finish what was submitted."""


class Pooled:
    """Some threads, each step in a transaction of its own on a connection of the pool."""

    def __init__(self, engine: Engine, threads: int, name: str) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """See `Lane`."""
        return _submit(self._threads, partial(_transaction, self._engine, step))

    def close(self) -> None:
        """See `Lane`."""
        self._threads.shutdown(wait=True)


class FileReaders:
    """Some threads that look at a SQLite file, each with a connection that it keeps."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self._keep = _Kept(engine)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="storage-read")

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """See `Lane`."""
        return _submit(self._threads, partial(self._look, step))

    def close(self) -> None:
        """See `Lane`."""
        self._threads.shutdown(wait=True)
        self._keep.close()

    def _look(self, step: Callable[[Connection], T]) -> T:
        with ours():
            connection, driver = self._keep.connection()
            driver.execute("BEGIN")
            try:
                return step(connection)
            finally:
                driver.execute("ROLLBACK")


class FileWriter:
    """The one thread that writes to a SQLite file."""

    def __init__(self, engine: Engine) -> None:
        self._keep = _Kept(engine)
        self._waiting: deque[tuple[Callable[[Connection], Any], Future[Any]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage-write")

    def submit(self, step: Callable[[Connection], T]) -> Future[T]:
        """See `Lane`."""
        future: Future[T] = Future()
        self._waiting.append((step, future))
        _submit(self._thread, self._write_waiting)
        return future

    def close(self) -> None:
        """See `Lane`."""
        self._thread.shutdown(wait=True)
        self._keep.close()

    def _write_waiting(self) -> None:
        """Run the steps that wait in one transaction: one that raises is undone, the others are kept."""
        jobs: list[tuple[Callable[[Connection], Any], Future[Any]]] = []
        while self._waiting and len(jobs) < TOGETHER:
            jobs.append(self._waiting.popleft())
        if not jobs:
            return  # an earlier turn took them along
        try:
            with ours():
                outcomes = self._in_one_transaction([step for step, _ in jobs])
        except BaseException as fault:  # of all of them: no room on the disk, the file is gone
            for _, future in jobs:
                future.set_exception(fault)
            return
        for (_, future), (value, trouble) in zip(jobs, outcomes, strict=True):
            if trouble is None:
                future.set_result(value)
            else:
                future.set_exception(trouble)

    def _in_one_transaction(
        self, steps: list[Callable[[Connection], Any]]
    ) -> list[tuple[Any, BaseException | None]]:
        connection, driver = self._keep.connection()
        outcomes: list[tuple[Any, BaseException | None]] = []
        driver.execute("BEGIN IMMEDIATE")
        try:
            for step in steps:
                driver.execute("SAVEPOINT step")
                try:
                    with ours():
                        outcomes.append((step(connection), None))
                except BaseException as fault:
                    if not driver.in_transaction:  # lost with everything in it
                        raise
                    driver.execute("ROLLBACK TO step")
                    outcomes.append((None, fault))
                driver.execute("RELEASE step")
            driver.execute("COMMIT")
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
        return outcomes


class _Kept:
    """A connection for each thread, on which transactions are begun and ended by hand."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._open: list[Connection] = []

    def connection(self) -> tuple[Connection, sqlite3.Connection]:
        """This thread's connection, and the driver's below it."""
        found: tuple[Connection, sqlite3.Connection] | None = getattr(self._own, "connection", None)
        if found is None:
            connection = self._engine.connect().execution_options(**{OWN_TRANSACTIONS: True})
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            found = self._own.connection = (connection, driver)
            self._open.append(connection)
        return found

    def close(self) -> None:
        """All of them, once no thread works any more."""
        while self._open:
            self._open.pop().close()


def _submit(threads: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
    try:
        return threads.submit(work)
    except RuntimeError as fault:
        raise StorageError("the database is closed") from fault


def _transaction(engine: Engine, step: Callable[[Connection], T]) -> T:
    with ours(), engine.begin() as connection:
        return step(connection)


@contextmanager
def ours() -> Iterator[None]:
    """Turn the library's errors into ours: what the database said, never the statement or its values."""
    try:
        yield
    except faults.StatementError as fault:
        if fault.orig is not None and not isinstance(fault, faults.DBAPIError):
            raise fault.orig from None  # a value of ours that a column type refused
        raise StorageError(f"the database refused: {fault.orig}") from fault
    except (faults.TimeoutError, sqlite3.Error) as fault:
        raise StorageError(f"the database cannot be used: {fault}") from fault
