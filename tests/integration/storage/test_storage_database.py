"""The database itself: journal, damage, copies, threads and transactions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select, text

from alerts.outgoing import Standing, Window
from alerts.records import DigestSlot
from crawler.folds import Fold
from crawler.records import Article, Edit, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    LEASE,
    NOON,
    By,
    article,
    delivery,
    freeze,
    into,
    keys_of,
    message,
    no_keys,
    page,
    plan,
    poll,
    slot,
    source,
    told_and_matched,
)
from tidings.storage.engine import FILE, Database, StorageError
from tidings.storage.every_table import metadata
from tidings.storage.sqlite import InUse, has_safe_wal, journal_for
from tidings.storage.stores import Stores
from tidings.storage.tables import sources

SOURCE = {
    "id": "s",
    "kind": "feed",
    "url": "",
    "configured": True,
    "paused": False,
    "operator_paused": False,
    "added_at": NOON,
    "state": "new",
    "failures": 0,
    "skip_hours": [],
    "skip_days": [],
    "scrolled": 0,
}


def row_counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


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
    """Foreign keys hold, every commit reaches the disk, and a lock is waited for a second at a time: see `Waits`."""

    def pragmas(connection: Connection) -> list[Any]:
        names = ("foreign_keys", "synchronous", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await database.write(pragmas) == [1, 3, 1_000]  # EXTRA
    assert await database.read(pragmas) == [1, 3, 1_000]


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
        await stores.articles.fold([article().id], By(lambda _: (1, 2), into("s")), since=NOON - DAY)
        await stores.matches.unmatched(10)
        await stores.matches.record_matches([(article(), [])], NOON)
        await stores.deliveries.claim_due(NOON, 10, LEASE)
        await stores.digests.matched("desk", plan(), NOON, NOON + HOUR)
        await stores.digests.changed("desk", plan(), NOON, NOON + HOUR)
        await stores.digests.last_until("morning")
        window = Window(
            initiatives=plan().initiatives,
            since=NOON,
            standings=(Standing(channel_id="desk"),),
            live=plan().initiatives,
        )
        slot = DigestSlot(digest_id="morning", key="1", due=NOON)
        assert await stores.digests.freeze(slot, until=NOON + HOUR, tellings=(), now=NOON, window=window)
        assert not await stores.digests.set_back(NOON + HOUR)

    def plans(connection: Connection) -> list[str]:
        return [
            row[3]
            for statement, values in asked
            if statement.startswith(("SELECT", "UPDATE", "WITH"))
            for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
        ]

    roads = await database.write(plans)
    assert any("ix_article_changes_channel_id_untold_since" in line for line in roads)
    assert any("matches USING INDEX ix_matches_initiative_id_matched_at" in line for line in roads)
    scans = [line for line in roads if line.startswith("SCAN")]
    small = (
        "sources",
        "chosen",
        "anon",
        "(subquery",
        "asked",
        "newest",
        "story_constraints",
        "channel_holds",
        "told_alerts",
        "judgements",  # as many as people have given
        "CONSTANT ROW",
    )
    assert [line for line in scans if not line.startswith(tuple(f"SCAN {name}" for name in small))] == []


# -- transactions and threads ----------------------------------------------------------------------


async def test_a_step_that_raises_leaves_nothing(sql: Database) -> None:
    """All of a step or none of it."""

    def step(connection: Connection) -> None:
        connection.execute(sources.insert().values(SOURCE))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await sql.write(step)
    assert (await sql.read(row_counts))["sources"] == 0


async def test_what_the_database_refuses_is_told_without_the_values(sql: Database) -> None:
    """A broken rule of the schema is an error of ours, and no text of an article enters a log by it."""

    def step(connection: Connection) -> None:
        connection.execute(sources.insert().values(SOURCE | {"url": "https://hunter2.example"}))
        connection.execute(sources.insert().values(SOURCE | {"url": "https://hunter2.example"}))

    with pytest.raises(StorageError, match=r"refused: .*(?i:unique)") as refusal:
        await sql.write(step)
    assert "hunter2" not in str(refusal.value)


async def test_a_cancelled_caller_does_not_stop_its_step(sql: Database) -> None:
    """A step that has begun is finished and committed, whoever still waits for it."""
    begun, go_on = threading.Event(), threading.Event()

    def step(connection: Connection) -> None:
        begun.set()
        go_on.wait(10)
        connection.execute(sources.insert().values(SOURCE))

    caller = asyncio.create_task(sql.write(step))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()

    await sql.write(lock_all)
    assert (await sql.read(row_counts))["sources"] == 1


def lock_all(connection: Connection) -> None:
    """Wait for every write that is under way."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE sources IN ACCESS EXCLUSIVE MODE"))


async def test_a_text_that_comes_during_folding_is_folded_too(sql: Database) -> None:
    """The page waits until the decision on the old words is written, then asks for another one."""
    stores = Stores(sql)
    await stores.articles.record_poll(poll(article(text_state=TextState.PENDING)))
    begun, written = threading.Event(), threading.Event()

    def decide(_one: Article, _others: Sequence[Article]) -> Fold:
        begun.set()
        assert not written.wait(0.3)  # the page cannot be written while its article is being folded
        return Fold(story_id="s")

    folding = asyncio.create_task(stores.articles.fold([article().id], By(no_keys, decide), since=NOON))
    await asyncio.to_thread(begun.wait, 10)
    await stores.articles.record_page(
        article().id, state=TextState.READ, page=page("Whole"), reason=None, now=NOON + HOUR
    )
    written.set()
    await folding

    assert await stores.articles.unfolded(NOON + HOUR, HOUR, 10) == (article().id,)


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


async def test_a_poll_that_fails_anywhere_leaves_nothing(database: Database) -> None:
    """Articles, keys, sightings, edits and validators: a fault at any statement undoes all of it."""
    stores = Stores(database)
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(1), state={"etag": "old"}))
    before = await database.read(row_counts)
    edit = Edit(article_id=article(1).id, title="New", summary="", content="", updated_at=None, reread=False)
    new = poll(article(2), article(3), edits=(edit,), state={"etag": "new"})

    faults = 0
    async for failed in failing_at_each_statement(lambda: stores.articles.record_poll(new)):
        faults += failed
        if failed:
            assert await database.read(row_counts) == before
            assert (await stores.sources.state("times")).etag == "old"
            assert await stores.articles.get(article(1).id) == article(1)

    assert faults > 10
    assert (await database.read(row_counts))["articles"] == 3


async def test_a_digest_that_fails_anywhere_is_not_composed(database: Database) -> None:
    """Slot, message, deliveries and told stories stand or fall together."""
    stores = Stores(database)
    await told_and_matched(stores, article())
    before = await database.read(row_counts)

    def frozen() -> Awaitable[bool]:
        return freeze(
            stores,
            slot(),
            until=NOON,
            message=message(),
            deliveries=[delivery()],
            story_ids=[f"story-{article().id}"],
            now=NOON,
        )

    faults = 0
    async for failed in failing_at_each_statement(frozen):
        faults += failed
        if failed:
            assert await database.read(row_counts) == before

    assert faults >= 5
    assert (await database.read(row_counts))["deliveries"] == 1


async def failing_at_each_statement(step: Callable[[], Awaitable[object]]) -> AsyncIterator[bool]:
    """Run `step` with a full disk at its first statement, its second … until it passes; yields after each run."""
    for nth in count(1):
        left = nth

        def fail(*_: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise OSError("disk full")

        failed = False
        with listening("before_cursor_execute", fail):
            try:
                await step()
            except OSError:
                failed = True
        yield failed
        if not failed:
            return


class listening:
    """`with listening(EVENT, CALL):` on all engines."""

    def __init__(self, name: str, call: Any) -> None:
        self._listener = (Engine, name, call)

    def __enter__(self) -> None:
        event.listen(*self._listener)

    def __exit__(self, *_: object) -> None:
        event.remove(*self._listener)


async def test_what_a_dead_process_had_claimed_is_due_at_the_next_start(tmp_path: Path) -> None:
    """A poll or delivery cut off by a crash does not wait for its lease, unless others still work on the file."""
    first = Database.open("sqlite", state_dir=tmp_path)
    stores = Stores(first)
    await stores.sources.sync([source()], NOON)
    await stores.deliveries.add(message(), [delivery()])
    assert len(await stores.sources.claim_due(NOON, 9, DAY)) == 1
    assert len(await stores.deliveries.claim_due(NOON, 9, DAY)) == 1

    beside = Database.open("sqlite", state_dir=tmp_path)
    assert await Stores(beside).sources.claim_due(NOON, 9, DAY) == ()
    first.close()
    beside.close()

    after = Database.open("sqlite", state_dir=tmp_path)
    assert len(await Stores(after).sources.claim_due(NOON, 9, DAY)) == 1
    ((again, _),) = await Stores(after).deliveries.claim_due(NOON, 9, DAY)
    after.close()
    assert again.attempts == 2
