"""Several workers on one PostgreSQL server, and one of them held up at a moment that a test chooses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select, text

from crawler.failpoints import watch
from tidings.storage.engine import Database

LONGEST = 60  # seconds that anything may take on a slow machine
WORKERS = 4


def deadlocks(connection: Connection) -> int:
    """How many the server has found in this database so far."""
    found: int = connection.execute(
        text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    ).scalar_one()
    return found


async def reached(event: threading.Event) -> None:
    """Once it is set."""
    assert await asyncio.to_thread(event.wait, LONGEST)


async def until_one_waits(database: Database) -> None:
    """Until the server says that a transaction waits for another."""
    waits = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))

    async def one_waits() -> None:
        while not await database.read(lambda connection: connection.execute(waits).scalar_one()):
            pass

    await asyncio.wait_for(one_waits(), LONGEST)


@dataclass
class Point:
    """Where a thread stops: it has come there, and it may go on."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def holding(name: str) -> Iterator[Point]:
    """The first thread that comes to this moment of the work stops there until it may go on."""
    point, taken = Point(), threading.Lock()

    def watcher(here: str) -> None:
        if here == name and taken.acquire(blocking=False):
            point.reached.set()
            assert point.go.wait(LONGEST)

    watch(watcher)
    try:
        yield point
    finally:
        point.go.set()
        watch(None)
