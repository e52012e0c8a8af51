"""Versions of an article: the one in force whole, older ones as differences, all of them readable until they are purged."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, create_engine, select, update

from alerts.records import MatchedArticle
from crawler.folds import ChangeKind
from crawler.records import Edit, Post, TextState
from tests.integration.storage.making import DAY, HOUR, NOON, article, fold, match, page, plan, poll, source
from tests.integration.storage.test_storage_schema import MOMENT, OLD_ROWS, migrations
from tidings.storage.article_rows import V
from tidings.storage.engine import FILE, Database
from tidings.storage.stores import Stores
from tidings.storage.tables import article_versions
from tidings.storage.versions import WHOLE, TextVersion

WORDS = ("the", "council", "voted", "on", "fares", "after", "a", "long", "debate", "with", "unions")
PARAGRAPHS = [" ".join(random.Random(n).choices(WORDS, k=55)) for n in range(13)]
TEXTS = tuple(
    "\n\n".join(PARAGRAPHS).replace("fares", f"fares of {n}", n) for n in range(1, 5)
)  # of 4 kB each


@pytest.fixture
async def archive(sql: Database) -> Stores:
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON - DAY)
    return stores


async def read(archive: Stores, text: str, at: Any = NOON, **facts: Any) -> None:
    await archive.articles.record_page(
        article().id, state=TextState.READ, page=page(text, **facts), reason=None, now=at
    )


async def four_versions(archive: Stores) -> None:
    """One a day, the first from the feed."""
    await archive.articles.record_poll(poll(article(text=TEXTS[0], summary="Fares rise.")))
    for day, text in enumerate(TEXTS[1:], start=1):
        await read(archive, text, NOON + day * DAY)


async def versions(archive: Stores) -> tuple[TextVersion, ...]:
    life = await archive.lookup.find(article().id)
    assert life is not None
    return life.versions


async def rows(sql: Database) -> list[Any]:
    def all_of(connection: Connection) -> list[Any]:
        return list(connection.execute(select(article_versions).order_by(V.version)))

    return await sql.read(all_of)


async def test_every_version_is_read_as_it_was_written(archive: Stores) -> None:
    """Summary and text to the last letter, with its time and origin."""
    await four_versions(archive)

    kept = await versions(archive)

    assert [one.text for one in kept] == list(TEXTS)
    assert [one.made_at for one in kept] == [NOON + day * DAY for day in range(4)]
    assert [one.from_page for one in kept] == [False, True, True, True]
    assert {one.summary for one in kept} == {"Fares rise."}
    assert not any(one.purged for one in kept)


async def test_older_versions_take_a_fraction_of_their_text(archive: Stores, sql: Database) -> None:
    """Four versions of 4 kB take little more than one; the version in force is whole, for everybody reads that."""
    await four_versions(archive)

    kept = await rows(sql)

    assert [bool(row.packed) for row in kept] == [True, True, True, False]
    assert [row.text for row in kept] == ["", "", "", TEXTS[-1]]
    stored_bytes = sum(len(row.text) + len(row.summary) + len(row.packed or b"") for row in kept)
    assert stored_bytes < 1.05 * len(TEXTS[-1])
    stored = await archive.articles.get(article().id)
    assert stored is not None
    assert stored.text == TEXTS[-1]


async def test_a_feed_that_rewrites_its_words_again_and_again_keeps_all(
    archive: Stores, sql: Database
) -> None:
    """No chain of differences is longer than a bound, so that the oldest is read as fast as the newest."""
    await archive.articles.record_poll(poll(article(text=TEXTS[0])))
    for number in range(2, 3 * WHOLE):
        edit = Edit(
            article_id=article().id,
            title=f"Report number {number}",
            summary=f"Summary {number} \ud800 \x00",
            content=f"{TEXTS[0]} {number}\x00",
            updated_at=None,
            reread=False,
        )
        await archive.articles.record_poll(poll(edits=(edit,)))

    kept = await versions(archive)

    assert len(kept) == 3 * WHOLE - 1
    assert [one.text for one in kept[1:]] == [f"{TEXTS[0]} {n}\ufffd" for n in range(2, 3 * WHOLE)]
    assert kept[1].summary == "Summary 2 \ufffd \ufffd"
    assert [row.version for row in await rows(sql) if row.packed is None] == [WHOLE, 2 * WHOLE, 3 * WHOLE - 1]


async def test_purging_old_texts_leaves_the_newer_ones_readable(archive: Stores, sql: Database) -> None:
    """Whatever is left of them at each age."""
    await four_versions(archive)
    await fold(archive, article())
    await archive.matches.record_matches(
        [(await archive.articles.get(article().id), [match(article())])], NOON
    )  # type: ignore[list-item]  # it is there

    for gone in range(1, 5):
        now = NOON + (30 + gone) * DAY - HOUR
        purged = await archive.retention.purge(now, unmatched=None, text=30 * DAY, matched=None)
        kept = await versions(archive)

        assert purged.texts == 1
        assert [one.text for one in kept] == [*[""] * gone, *TEXTS[gone:]]
        assert [one.purged for one in kept] == [number < gone for number in range(4)]
        assert [one.title for one in kept] == [article().title] * 4
    assert all(row.packed is None for row in await rows(sql))


async def test_a_version_after_the_purge_starts_anew(archive: Stores) -> None:
    """What was dropped stays dropped, and is not compared with."""
    await four_versions(archive)
    await fold(archive, article())
    await archive.matches.record_matches([(await archive.articles.get(article().id), [])], NOON)  # type: ignore[list-item]  # it is there
    await archive.retention.purge(NOON + 900 * DAY, unmatched=None, text=30 * DAY, matched=None)
    await read(archive, TEXTS[2], NOON + 901 * DAY)
    await read(archive, TEXTS[3], NOON + 902 * DAY)

    assert [one.text for one in await versions(archive)] == ["", "", "", "", TEXTS[2], TEXTS[3]]


async def test_versions_of_a_clock_that_went_back_are_purged_in_their_order(archive: Stores) -> None:
    """An older one is read by way of the newer, so it goes with it."""
    await archive.articles.record_poll(poll(article(text=TEXTS[0])))
    await read(archive, TEXTS[1], NOON - 20 * DAY)
    await read(archive, TEXTS[2], NOON + DAY)
    await fold(archive, article())
    await archive.matches.record_matches([(await archive.articles.get(article().id), [])], NOON)  # type: ignore[list-item]  # it is there

    await archive.retention.purge(NOON + 15 * DAY, unmatched=None, text=30 * DAY, matched=None)

    assert [one.text for one in await versions(archive)] == ["", "", TEXTS[2]]


async def test_versions_that_an_older_program_kept_whole_stay_readable(
    archive: Stores, sql: Database
) -> None:
    """They are not converted; those after them are differences."""
    await archive.articles.record_poll(poll(article(text=TEXTS[0])))
    await read(archive, TEXTS[1])

    def as_before(connection: Connection) -> None:
        whole = {"text": TEXTS[0], "summary": "", "packed": None}
        connection.execute(update(article_versions).where(V.version == 1).values(whole))

    await sql.write(as_before)
    await read(archive, TEXTS[2])

    assert [one.text for one in await versions(archive)] == list(TEXTS[:3])
    assert [bool(row.packed) for row in await rows(sql)] == [False, True, False]


async def test_the_entries_of_a_live_blog_are_kept_with_each_version(archive: Stores) -> None:
    """Also when those of the version in force are renewed without a new text."""
    posts = tuple(Post(start=n, end=n + 5, posted_at=NOON, title=f"Post {n}") for n in range(0, 60, 6))
    await archive.articles.record_poll(poll(article(text_state=TextState.PENDING)))
    for text, entries in ((TEXTS[0], posts), (TEXTS[1], posts[:5]), (TEXTS[1], posts[1:]), (TEXTS[2], posts)):
        await read(archive, text, posts=entries)

    assert [one.posts for one in await versions(archive)] == [(), posts, posts[1:], posts]


async def test_explain_says_what_each_version_changed(archive: Stores) -> None:
    """Worked out when it is asked for, with what no digest tells."""
    await archive.articles.record_poll(poll(article(title="Fire kills 12 in Delhi")))
    for title in ("Fire kills 12 in Delhi!", "Fire kills 15 in Delhi"):
        edit = Edit(
            article_id=article().id, title=title, summary="", content="", updated_at=None, reread=False
        )
        await archive.articles.record_poll(poll(edits=(edit,), at=NOON + HOUR))

    life = await archive.lookup.find(article().id)

    assert life is not None
    (change,) = life.changes
    assert (change.before, change.after, change.at) == (2, 3, NOON + timedelta(hours=1))
    assert ChangeKind.HEADLINE in change.kinds
    assert life.told_changes == ()


def test_what_was_told_before_an_upgrade_counts_as_told_in_the_words_of_then(tmp_path: Path) -> None:
    """A database of the schema before: its versions stay whole, and a change that comes later is told."""
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        put(connection, OLD_ROWS)
        command.upgrade(config, "0007")
        put(connection, {"told_stories": {"digest_id": "morning", "story_id": "s", "first_told_at": MOMENT}})
        key = "morning/2026-11-25T12:00"
        words = dict.fromkeys(("subject", "text", "html", "data"), "words")
        put(
            connection,
            {"messages": {"key": key, "digest_id": "morning", "created_at": MOMENT, "test": False, **words}},
        )
        put(connection, {"message_stories": {"story_id": "s", "message_key": key}})
        sent = {"id": "1", "recipient": "", "state": "sent", "attempts": 1, "created_at": MOMENT}
        put(connection, {"deliveries": {**sent, "message_key": key, "channel_id": "desk"}})
        connection.exec_driver_sql("UPDATE articles SET story_id = 's', unfolded_since = NULL")
    engine.dispose()

    Database.upgrade("sqlite", state_dir=tmp_path)

    opened = Database.open("sqlite", state_dir=tmp_path)
    try:
        (found,), (first, second) = asyncio.run(changed_since(Stores(opened)))
    finally:
        opened.close()
    assert [change.said for change in found.changes] == [
        "headline: “Council votes” became “Council votes not”"
    ]
    assert (first.text, first.title, second.title) == ("Text", "Council votes", "Council votes not")


def put(connection: Connection, rows: dict[str, Any]) -> None:
    """Add rows to tables as they are now."""
    tables = MetaData()
    tables.reflect(connection)
    for name, facts in rows.items():
        connection.execute(tables.tables[name].insert(), facts if isinstance(facts, list) else [facts])


async def changed_since(stores: Stores) -> tuple[tuple[MatchedArticle, ...], tuple[TextVersion, ...]]:
    """What is to be told after the headline of the old article was changed, and the versions of that."""
    facts = {"title": "Council votes not", "summary": "", "content": "", "updated_at": None, "reread": False}
    edit = Edit(article_id="0123456789abcdef", **facts)  # type: ignore[arg-type]  # keyword table of a test
    now = MOMENT.replace(tzinfo=UTC) + HOUR
    await stores.articles.record_poll(poll(edits=(edit,), at=now))
    life = await stores.lookup.find("0123456789abcdef")
    assert life is not None
    told = plan(initiatives=("told", "gone", "waiting"))
    return await stores.digests.changed("desk", told, now - HOUR, now), life.versions
