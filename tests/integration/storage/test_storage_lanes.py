"""Writes to a SQLite file: many waiting steps share a commit, and each is whole or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, insert, select

from tests.integration.storage.making import NOON
from tidings.storage.engine import Database, StorageError
from tidings.storage.tables import digests


def begin(name: str, *, then: Exception | None = None) -> Callable[[Connection], str]:
    """A step that writes a row, and may break after it."""

    def step(connection: Connection) -> str:
        connection.execute(insert(digests).values(id=name, started_at=NOON))
        if then is not None:
            raise then
        return name

    return step


async def stored(database: Database) -> list[str]:
    return await database.read(
        lambda connection: list(connection.execute(select(digests.c.id).order_by(digests.c.id)).scalars())
    )


async def held_up(database: Database, *steps: Callable[[Connection], str]) -> list[str | BaseException]:
    """Results of steps that all wait for the same one."""
    entered, go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        entered.set()
        go.wait(10)

    first = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(entered.wait, 10)
    waiting = [asyncio.create_task(database.write(step)) for step in steps]
    await asyncio.sleep(0)
    go.set()
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_one_commit_serves_all_steps_that_wait(database: Database) -> None:
    """What a step gives back is stored by then."""
    names = [f"d{number:02}" for number in range(20)]

    assert await held_up(database, *map(begin, names)) == names
    assert await stored(database) == names


async def test_a_step_that_breaks_takes_nobody_with_it(database: Database) -> None:
    """Its own rows are undone, its neighbours before and after it are kept."""
    broken = begin("b", then=LookupError("no such thing"))

    first, second, third = await held_up(database, begin("a"), broken, begin("c"))

    assert (first, third) == ("a", "c")
    assert isinstance(second, LookupError)
    assert await stored(database) == ["a", "c"]


async def test_a_step_that_the_database_refuses_takes_nobody_with_it(database: Database) -> None:
    """A key that is there already."""
    first, second, third = await held_up(database, begin("a"), begin("a"), begin("c"))

    assert (first, third) == ("a", "c")
    assert isinstance(second, StorageError)
    assert await stored(database) == ["a", "c"]


async def test_a_reader_sees_what_was_written_before_it_asks(database: Database) -> None:
    """Its connection is kept, its view is not."""
    assert await stored(database) == []
    await database.write(begin("a"))
    assert await stored(database) == ["a"]


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError, match="readonly"):
        await database.read(begin("a"))


async def test_a_closed_database_takes_no_step(database: Database) -> None:
    """What was submitted before is finished."""
    await database.write(begin("a"))
    database.close()

    with pytest.raises(StorageError, match="the database is closed"):
        await database.write(begin("b"))
