"""The database itself: opening, schema, journal, threads, crashes and copies."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, func, select, text

from crawler.records import Edit
from tests.integration.storage.making import (
    HOUR,
    LEASE,
    NOON,
    article,
    delivery,
    fold,
    keys_of,
    message,
    plan,
    poll,
    slot,
    source,
    told_and_matched,
)
from tidings.storage import schema
from tidings.storage.engine import FILE, Database, StorageError
from tidings.storage.sqlite import InUse, has_safe_wal, journal_for
from tidings.storage.stores import Stores
from tidings.storage.tables import articles, metadata, sources


def row_counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


# -- schema ----------------------------------------------------------------------------------------


async def test_the_migrations_make_the_tables_of_this_program(sql: Database) -> None:
    """No table, column or index is missing from the migrations, and none is too much."""

    def differences(connection: Connection) -> list[Any]:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert await sql.read(differences) == []


def test_the_program_knows_its_migrations() -> None:
    """`REVISIONS` names the files of migrations/versions in their order."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    walked = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(walked)) == schema.REVISIONS


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path, database: Database) -> None:
    """It is neither opened nor upgraded, and the message says what to do."""
    set_revision(tmp_path, "9999")

    for attempt in (Database.open, Database.upgrade):
        with pytest.raises(StorageError, match="schema 9999, which is newer than this program"):
            attempt("sqlite", state_dir=tmp_path)


def test_an_old_database_is_upgraded_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """`run` refuses it with the way out."""
    monkeypatch.setattr(schema, "REVISIONS", ("0001", "0002"))

    with pytest.raises(StorageError, match="tidings db upgrade"):
        Database.open("sqlite", state_dir=tmp_path)


def test_upgrading_makes_the_tables_and_says_so(tmp_path: Path) -> None:
    """A second time there is nothing to do."""
    assert Database.upgrade("sqlite", state_dir=tmp_path) == "the database went from schema nothing to 0001"
    assert Database.upgrade("sqlite", state_dir=tmp_path) == "the database is at schema 0001 already"


def test_a_command_that_only_looks_makes_no_database(tmp_path: Path) -> None:
    """`status` before the first `run` says so and leaves no file."""
    with pytest.raises(StorageError, match="there is no database"):
        Database.open("sqlite", state_dir=tmp_path, create=False)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["mysql://root:hunter2@db/x", "hunter2", "sqlite://", "sqlite:///:memory:", "postgresql+oops://h"]
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    """The message names what can be written instead, or what is missing."""
    with pytest.raises(StorageError) as refusal:
        Database.open(url, state_dir=tmp_path)

    assert "hunter2" not in str(refusal.value)


def test_a_server_that_cannot_be_reached_is_told_without_the_password(tmp_path: Path) -> None:
    """Wrong host or port: one clear error."""
    with pytest.raises(StorageError) as refusal:
        Database.open("postgresql://tidings:hunter2@127.0.0.1:1/tidings", state_dir=tmp_path)

    assert "hunter2" not in str(refusal.value)


def set_revision(folder: Path, revision: str) -> None:
    with sqlite3.connect(folder / FILE) as file:
        file.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{revision}'")
    file.close()


# -- SQLite ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_write_ahead_log_is_used_only_where_it_loses_nothing(
    version: tuple[int, ...], safe: bool
) -> None:
    """Builds with the WAL-reset race keep the rollback journal, and `status` says why."""
    mode, note = journal_for(version)

    assert has_safe_wal(version) is safe
    assert mode == ("wal" if safe else "delete")
    assert ".".join(map(str, version)) in note


async def test_every_connection_is_careful(database: Database) -> None:
    """Foreign keys hold, every commit reaches the disk, and another process's lock is waited for."""

    def pragmas(connection: Connection) -> list[Any]:
        names = ("foreign_keys", "synchronous", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await database.write(pragmas) == [1, 2, 30_000]
    assert await database.read(pragmas) == [1, 2, 30_000]


async def test_readers_cannot_write(database: Database) -> None:
    """What is asked of `read` cannot change anything by mistake."""
    with pytest.raises(StorageError, match="readonly"):
        await database.read(lambda connection: connection.execute(text("DELETE FROM sources")).rowcount)


def test_a_crash_is_noticed_by_the_next_one(tmp_path: Path) -> None:
    """While others work, and after a clean stop, nobody looks for damage."""
    path = tmp_path / FILE
    first = InUse(path)
    beside = InUse(path)
    assert (first.unclean, beside.unclean) == (False, False)
    first.close()
    beside.close()
    after_a_clean_stop = InUse(path)
    assert not after_a_clean_stop.unclean
    after_a_clean_stop.close(clean=False)

    assert InUse(path).unclean


def test_a_damaged_file_is_refused_after_a_crash_and_left_alone(tmp_path: Path, database: Database) -> None:
    """It says so, and says so again: the file is for its owner to look at."""
    database.close()
    path = tmp_path / FILE
    body = bytearray(path.read_bytes())
    body[8192:12288] = b"\xff" * 4096
    path.write_bytes(body)
    InUse(path).close(clean=False)

    for _ in range(2):
        with pytest.raises(StorageError, match="damaged"):
            Database.open("sqlite", state_dir=tmp_path)
    assert path.read_bytes() == bytes(body)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """With what SQLite says of it."""
    (tmp_path / FILE).write_text("Dear diary, " * 100)

    with pytest.raises(StorageError, match="not a database"):
        Database.open("sqlite", state_dir=tmp_path)


async def test_a_copy_can_be_made_while_work_goes_on(tmp_path: Path, database: Database) -> None:
    """It is whole, and never written over a file that is there."""
    stores = Stores(database)
    await stores.articles.record_poll(poll(article()))
    await database.backup(tmp_path / "copy.sqlite")

    (tmp_path / "other").mkdir()
    (tmp_path / "copy.sqlite").rename(tmp_path / "other" / FILE)
    copy = Database.open("sqlite", state_dir=tmp_path / "other", create=False)
    assert await Stores(copy).articles.get(article().id) == article()
    assert await copy.check() == ()
    copy.close()
    with pytest.raises(StorageError, match="exists already"):
        await database.backup(tmp_path / "other" / FILE)


async def test_what_waits_for_work_is_found_by_its_own_index(database: Database) -> None:
    """No tick reads through the archive: each question of it goes through a small index."""
    stores = Stores(database)
    await stores.articles.record_poll(poll(article()))
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, values))

    with listening("before_cursor_execute", note):
        await stores.sources.claim_due(NOON, 10, LEASE)
        await stores.articles.claim_pending(NOON, 10, LEASE)
        await stores.articles.unfolded(NOON, HOUR, 10)
        await stores.articles.known(keys_of(article()))
        await fold(stores, article())
        await stores.matches.unmatched(10)
        await stores.deliveries.claim_due(NOON, 10, LEASE)
        await stores.digests.matched(plan(), NOON, NOON + HOUR)
        await stores.digests.last_until("morning")

    def plans(connection: Connection) -> list[str]:
        return [
            row[3]
            for statement, values in asked
            if statement.startswith(("SELECT", "UPDATE", "WITH"))
            for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
        ]

    scans = [line for line in await database.write(plans) if line.startswith("SCAN")]
    small = ("sources", "chosen", "anon")
    assert [line for line in scans if not line.startswith(tuple(f"SCAN {name}" for name in small))] == []


# -- transactions and threads ----------------------------------------------------------------------


async def test_a_step_that_raises_leaves_nothing(sql: Database) -> None:
    """All of a step or none of it."""
    stores = Stores(sql)

    def step(connection: Connection) -> None:
        connection.execute(articles.insert().values(**{}))

    with pytest.raises(StorageError):
        await sql.write(step)
    await stores.articles.record_poll(poll(article()))
    assert (await sql.read(row_counts))["articles"] == 1


async def test_a_cancelled_caller_does_not_stop_its_step(sql: Database) -> None:
    """A step that has begun is finished and committed, whoever still waits for it."""
    begun, go_on = threading.Event(), threading.Event()

    def step(connection: Connection) -> None:
        begun.set()
        go_on.wait(10)
        connection.execute(
            sources.insert().values(
                id="s",
                kind="feed",
                url="",
                configured=True,
                paused=False,
                operator_paused=False,
                added_at=NOON,
                state="new",
                failures=0,
            )
        )

    caller = asyncio.create_task(sql.write(step))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()

    await sql.write(lambda connection: lock_all(connection))
    assert (await sql.read(row_counts))["sources"] == 1


def lock_all(connection: Connection) -> None:
    """Wait for every write that is under way."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE sources IN ACCESS EXCLUSIVE MODE"))


async def test_a_closed_database_says_so(database: Database) -> None:
    """A late task gets a clear error."""
    database.close()

    with pytest.raises(StorageError, match="closed"):
        await database.read(row_counts)


async def test_a_naive_time_is_refused(sql: Database) -> None:
    """A time without a zone is a mistake of ours, not a value."""
    with pytest.raises(ValueError, match="without a zone"):
        await Stores(sql).sources.claim_due(NOON.replace(tzinfo=None), 1, LEASE)


async def test_text_that_no_database_can_hold_is_stored_readable(sql: Database) -> None:
    """NUL and lone surrogates neither stop a poll nor stay."""
    stores = Stores(sql)
    await stores.articles.record_poll(poll(article(title="a\x00b", text="c\ud800d")))

    stored = await stores.articles.get(article().id)
    assert stored is not None
    assert (stored.title, stored.text) == ("a\ufffdb", "c\ufffdd")


@pytest.mark.parametrize("nth", range(1, 13))
async def test_a_poll_that_fails_anywhere_leaves_nothing(database: Database, nth: int) -> None:
    """Articles, keys, sightings, edits and validators: a fault at any statement undoes all, and the lease stays."""
    stores = Stores(database)
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(1), state={"etag": "old"}))
    before = await database.read(row_counts)
    left = nth

    def fail(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError("disk full")

    edit = Edit(article_id=article(1).id, title="New", summary="", content="", updated_at=None, reread=False)
    new = poll(article(2), article(3), edits=(edit,), state={"etag": "new"})
    with listening("before_cursor_execute", fail), pytest.raises(OSError, match="disk full"):
        await stores.articles.record_poll(new)

    assert await database.read(row_counts) == before
    assert (await stores.sources.state("times")).etag == "old"
    assert (await stores.articles.get(article(1).id)) == article(1)
    assert await stores.articles.record_poll(new) == (article(2).id, article(3).id)


@pytest.mark.parametrize("nth", range(2, 7))
async def test_a_digest_that_fails_anywhere_is_not_composed(database: Database, nth: int) -> None:
    """Slot, message, deliveries and told stories stand or fall together."""
    stores = Stores(database)
    await told_and_matched(stores, article())
    before = await database.read(row_counts)
    left = nth

    def fail(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError("disk full")

    async def freeze() -> bool:
        return await stores.digests.freeze(
            slot(),
            until=NOON,
            message=message(),
            deliveries=[delivery()],
            story_ids=[f"story-{article().id}"],
            now=NOON,
        )

    with listening("before_cursor_execute", fail), pytest.raises(OSError, match="disk full"):
        await freeze()

    assert await database.read(row_counts) == before
    assert await freeze() is True


class listening:
    """`with listening(EVENT, CALL):` on all engines."""

    def __init__(self, name: str, call: Any) -> None:
        self._listener = (Engine, name, call)

    def __enter__(self) -> None:
        event.listen(*self._listener)

    def __exit__(self, *_: object) -> None:
        event.remove(*self._listener)
