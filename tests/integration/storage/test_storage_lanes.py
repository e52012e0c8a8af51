"""Steps on a database: many that write to a SQLite file share a commit, each is whole or not at all, locks are waited for."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from tests.integration.storage.making import NOON
from tidings.storage.engine import FILE, Database, StorageError, Waits
from tidings.storage.errors import Locked
from tidings.storage.outbox_tables import digests, message_stories

BUSY = 0.02  # seconds of one try at a locked file


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


# -- a transaction that is lost --------------------------------------------------------------------


async def fill_the_disk(database: Database) -> None:
    """Leave room for some pages only."""

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 8}")

    await database.write(limit)


def dangle(connection: Connection) -> str:
    """A step whose fault is found by COMMIT only: a row that points to a missing one."""
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    connection.execute(insert(message_stories).values(message_key="none", story_id="none"))
    return "dangling"


async def test_a_step_too_large_for_the_disk_takes_nobody_with_it(database: Database) -> None:
    """SQLite gives the whole transaction up when the disk is full; the other steps run again without it."""
    await fill_the_disk(database)
    names = [f"d{number:02}" for number in range(9)]
    steps = [*map(begin, names[:5]), begin("x" * 1_000_000), *map(begin, names[5:])]

    *results, last = await held_up(database, *steps, begin("last"))

    assert isinstance(results.pop(5), StorageError)
    assert [*results, last] == [*names, "last"]
    assert await stored(database) == [*names, "last"]


async def test_a_step_that_makes_commit_fail_takes_nobody_with_it(database: Database) -> None:
    first, second, third = await held_up(database, begin("a"), dangle, begin("c"))

    assert (first, third) == ("a", "c")
    assert isinstance(second, StorageError)
    assert await stored(database) == ["a", "c"]


@pytest.mark.parametrize("fault", [None, dangle])
def test_a_step_is_answered_after_its_commit(
    database: Database, tmp_path: Path, fault: Callable[[Connection], str] | None
) -> None:
    """In a shared transaction, and in one of its own after the shared one was lost."""
    go = threading.Event()
    unseen: list[str] = []

    def look(answered: Future[str]) -> None:
        with closing(sqlite3.connect(tmp_path / FILE)) as beside:
            if (
                answered.exception() is None
                and not beside.execute("SELECT 1 FROM digests WHERE id = ?", (answered.result(),)).fetchone()
            ):
                unseen.append(answered.result())

    writer = database._writers
    held = writer.submit(lambda _: go.wait(10))
    answers = [writer.submit(step) for step in (begin("a"), fault or begin("b"), begin("c"))]
    for answer in answers:
        answer.add_done_callback(look)
    go.set()
    writer.close()

    assert held.result()
    assert (answers[0].result(), answers[2].result()) == ("a", "c")
    assert unseen == []


# -- a file that others have locked ----------------------------------------------------------------


@pytest.fixture
def patient(tmp_path: Path, database: Database) -> Iterator[Database]:
    """A database whose single tries are short and many."""
    database.close()
    opened = Database.open("sqlite", state_dir=tmp_path, waits=Waits(busy=BUSY, patience=60))
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path, database: Database) -> Iterator[sqlite3.Connection]:
    """What another process has open; it waits for nobody."""
    with closing(sqlite3.connect(tmp_path / FILE, timeout=0, isolation_level=None)) as connection:
        yield connection


READ_LOCK = ("BEGIN", "SELECT count(*) FROM digests")
WRITE_LOCK = ("BEGIN IMMEDIATE",)
FULL_LOCK = ("BEGIN EXCLUSIVE",)


@pytest.mark.parametrize("lock", [READ_LOCK, WRITE_LOCK, FULL_LOCK])
async def test_a_locked_file_is_waited_for(
    patient: Database, other: sqlite3.Connection, lock: tuple[str, ...]
) -> None:
    """For much longer than one try: when a transaction begins, and when it commits."""
    for statement in lock:
        other.execute(statement).fetchall()
    writes = [asyncio.create_task(patient.write(begin(name))) for name in "abc"]
    read = asyncio.create_task(stored(patient))
    await asyncio.wait(writes, timeout=10 * BUSY)
    other.execute("ROLLBACK")

    assert await asyncio.gather(*writes) == ["a", "b", "c"]
    seen = await read
    assert seen == ["a", "b", "c"][: len(seen)]
    assert await stored(patient) == ["a", "b", "c"]


@pytest.mark.parametrize("lock", [READ_LOCK, WRITE_LOCK, FULL_LOCK])
async def test_patience_ends(
    tmp_path: Path, database: Database, other: sqlite3.Connection, lock: tuple[str, ...]
) -> None:
    """Steps fail together, nothing of them is kept, and the next one finds the file free."""
    database.close()
    short = Database.open("sqlite", state_dir=tmp_path, waits=Waits(busy=BUSY, patience=2 * BUSY))
    for statement in lock:
        other.execute(statement).fetchall()

    results = await asyncio.gather(*(short.write(begin(name)) for name in "abc"), return_exceptions=True)
    other.execute("ROLLBACK")

    assert [type(result) for result in results] == [Locked] * 3
    assert await short.write(begin("d")) == "d"
    assert await stored(short) == ["d"]
    short.close()


async def test_closing_waits_for_no_lock(patient: Database, other: sqlite3.Connection) -> None:
    """A stop takes one try, not all of the patience."""
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(patient.write(begin("a")))
    await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.to_thread(patient.close), 20)

    with pytest.raises(StorageError, match="locked"):
        await write


def broken_loop(connection: Connection) -> None:
    """A step that raises with rows left to fetch."""
    rows = connection.execute(select(digests.c.id))
    for row in rows:
        raise LookupError(row.id)


@pytest.mark.parametrize("lane", ["read", "write"])
async def test_a_loop_that_broke_keeps_no_lock(
    patient: Database, other: sqlite3.Connection, lane: str
) -> None:
    """Even while its exception, and so its cursor, is still held by someone."""
    await held_up(patient, *map(begin, "abc"))

    with pytest.raises(LookupError) as kept:
        await getattr(patient, lane)(broken_loop)

    other.execute("INSERT INTO digests (id, started_at) SELECT 'd', started_at FROM digests LIMIT 1")
    assert await stored(patient) == ["a", "b", "c", "d"]
    assert kept.value.args == ("a",)


# -- closing ---------------------------------------------------------------------------------------


async def test_a_step_that_was_refused_is_not_run(tmp_path: Path, database: Database) -> None:
    """While others that were taken before the close are still at work."""
    entered, go = threading.Event(), threading.Event()

    def slow(_: Connection) -> None:
        entered.set()
        go.wait(10)

    writer = database._writers
    writer.submit(slow)
    entered.wait(10)
    accepted = ["a"]
    writer.submit(begin("a"))
    close = threading.Thread(target=database.close)
    close.start()
    while True:
        name = f"b{len(accepted):03}"
        try:
            writer.submit(begin(name))
        except StorageError:
            break
        accepted.append(name)
        close.join(0.01)
    go.set()
    close.join()

    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert [row[0] for row in file.execute("SELECT id FROM digests ORDER BY id")] == accepted


async def test_a_step_that_the_server_ends_for_the_sake_of_another_is_run_again(
    postgresql_database: Database,
) -> None:
    """Two that wait for each other are both done; nobody is told of a fault."""
    met = threading.Barrier(2)
    runs: list[str] = []

    def cross(first: int, second: int) -> Callable[[Connection], None]:
        def step(connection: Connection) -> None:
            runs.append("run")
            connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": first})
            if len(runs) <= 2:  # the third one comes when the second is through
                met.wait(30)
            connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": second})

        return step

    heard: list[StorageError | None] = []
    postgresql_database.heed(heard.append)
    try:
        await asyncio.gather(postgresql_database.write(cross(1, 2)), postgresql_database.write(cross(2, 1)))
    finally:
        postgresql_database.heed(lambda _: None)

    assert len(runs) == 3
    assert heard == [None, None]
