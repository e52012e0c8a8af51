"""The archive in pages of rows, on both databases: complete, in one order, each row once."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy

from alerts.judgements import Verdict, Way
from tests.fakes.json_schema import faults
from tests.integration.storage import making
from tests.integration.storage.making import (
    DAY,
    HOUR,
    LEASE,
    NOON,
    article,
    delivery,
    fold,
    match,
    message,
    poll,
    slot,
    source,
    told_and_matched,
)
from tests.published import SCHEMAS
from tidings.exports import VERSION, Wanted
from tidings.storage import exports
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

ALL = Wanted(until=NOON + 9 * DAY)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of rows are several pages."""
    monkeypatch.setattr(exports, "PAGE", 3)
    monkeypatch.setattr(exports, "TEXTS", 2)


@pytest.fixture
async def stores(sql: Database) -> Stores:
    made = Stores(sql)
    await made.sources.sync([source(name="The Times"), source("post")], NOON - DAY)
    return made


async def rows(what: str, pages: AsyncIterator[list[Any]]) -> list[Any]:
    """All of them, each of which meets its published schema."""
    found = [row async for page in pages for row in page]
    schema = SCHEMAS[f"urn:tidings:export:{what}:{VERSION}"]
    assert [fault for row in found for fault in faults(json.loads(json.dumps(row)), schema, schema)] == []
    return found


async def test_articles_come_by_time_each_once(stores: Stores) -> None:
    """Also where many were first seen at one moment, whatever their ids; within the bounds, both included."""
    every = [
        article(n, first_seen_at=NOON + (n % 3) * HOUR, text="The text.", summary="Short.")
        for n in range(1, 12)
    ]
    await stores.articles.record_poll(poll(*every))

    found = await rows("articles", stores.exports.articles(ALL))

    assert [row["id"] for row in found] == [
        one.id for one in sorted(every, key=lambda one: (one.first_seen_at, one.id))
    ]
    assert all("text" not in row and "summary" not in row for row in found)
    later = Wanted(since=NOON + HOUR, until=NOON + 2 * HOUR - timedelta(microseconds=1))
    assert {row["first_seen"] for row in await rows("articles", stores.exports.articles(later))} == {
        "2026-11-25T13:00:00Z"
    }
    whole = await rows("articles", stores.exports.articles(Wanted(until=ALL.until, text=True)))
    assert [row["id"] for row in whole] == [row["id"] for row in found]
    assert {(row["summary"], row["text"]) for row in whole} == {("Short.", "The text.")}


async def test_an_article_says_what_is_known_of_it(stores: Stores) -> None:
    """And whether it is told; an address that is not safe to open is none."""
    facts = {"authors": ("A", "B"), "published_at": NOON - HOUR, "language": "en-IN", "paywalled": True}
    await stores.articles.record_poll(
        poll(
            article(1, **facts),
            article(2, backfilled=True, url="javascript:alert(1)"),
            article(3, held_since=NOON),
        )
    )
    await fold(stores, article(1), "s", duplicate_of="0" * 16)

    first, second, third = await rows("articles", stores.exports.articles(ALL))

    assert (first["outlet"], first["source"], first["authors"]) == ("The Times", "times", ["A", "B"])
    assert (first["published"], first["language"], first["paywalled"]) == (
        "2026-11-25T11:00:00Z",
        "en-IN",
        True,
    )
    assert (first["story"], first["copy_of"], first["version"]) == ("s", "0" * 16, 1)
    assert (second["url"], second["known_before"], second["held"]) == (None, True, False)
    assert (third["story"], third["known_before"], third["held"]) == (None, False, True)


async def test_matches_come_with_their_words_and_those_of_an_initiative_alone(stores: Stores) -> None:
    """Also those that are gone; articles of an initiative are those that match it now."""
    for number in range(1, 6):
        await told_and_matched(stores, article(number, text="The text."), at=NOON + number // 2 * HOUR)
    stored = await stores.articles.get(article(2).id)
    assert stored is not None
    await stores.matches.record_matches(
        [(stored, [match(stored, "compact", commitments=("c",))])], NOON + 5 * HOUR
    )

    found = await rows("matches", stores.exports.matches(ALL))

    assert [(row["article"], row["initiative"]) for row in found] == [
        (article(n).id, name)
        for n, name in ((1, "trust"), (2, "trust"), (3, "trust"), (4, "trust"), (5, "trust"), (2, "compact"))
    ]
    assert [row["gone"] is not None for row in found] == [False, True, False, False, False, False]
    assert (found[5]["commitments"], found[5]["snippet"]) == (["c"], "TRUST initiative ‘starts’")
    assert found[5]["words"] == ["TRUST initiative"]
    trust = Wanted(until=ALL.until, initiative="trust", text=True)
    assert [row["article"] for row in await rows("matches", stores.exports.matches(trust))] == [
        article(n).id for n in range(1, 6)
    ]
    assert [row["id"] for row in await rows("articles", stores.exports.articles(trust))] == [
        article(n).id for n in (1, 3, 4, 5)
    ]


async def test_a_match_says_whether_somebody_took_it_for_none(stores: Stores) -> None:
    """It is exported all the same: what was judged is what a rule is measured by."""
    await told_and_matched(stores, article(1), article(2))
    assert await stores.judgements.judge(
        article(1).id, initiative_id="trust", verdict=Verdict.NOT_ABOUT, way=Way.SITE, now=NOON + HOUR
    )

    found = await rows("matches", stores.exports.matches(ALL))

    assert [row["not_about"] for row in found] == [True, False]


async def test_a_page_is_read_when_it_is_asked_for(stores: Stores) -> None:
    """No more than one is in memory, and who has enough has nothing read for nothing."""
    await stores.articles.record_poll(poll(*(article(n) for n in range(1, 12))))
    reads = 0
    read = stores.database.read

    async def counted(step: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(step)

    stores.database.read = counted  # type: ignore[method-assign]  # counts what goes through
    try:
        pages = stores.exports.articles(ALL)
        assert [row["id"] for row in await anext(pages)] == [article(n).id for n in (1, 2, 3)]
        assert reads == 1
        assert [len(page) async for page in pages] == [3, 3, 2]
        assert reads == 4
    finally:
        del stores.database.read


@pytest.mark.parametrize(
    ("what", "initiative"),
    [
        ("articles", None),
        ("articles", "trust"),
        ("matches", None),
        ("matches", "trust"),
        ("deliveries", None),
    ],
)
def test_a_page_begins_where_the_one_before_ended(
    what: str, initiative: str | None, sqlite_database: Database
) -> None:
    """By an index, in its order: neither a table nor what was exported already is gone through for each page."""
    wanted = Wanted(until=NOON + DAY, initiative=initiative)
    names = ("a", "trust") if what == "matches" else ("a",)
    plans: list[str] = []

    def explained(connection: sqlalchemy.Connection) -> None:
        def explain(asked: sqlalchemy.Connection, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            if "EXPLAIN" not in statement:
                rows = asked.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
                plans.extend(row[3] for row in rows)

        sqlalchemy.event.listen(connection, "before_cursor_execute", explain)
        getattr(exports, f"_{what}")(connection, wanted=wanted, after=(NOON, *names))

    asyncio.run(sqlite_database.read(explained))

    first = plans[0]
    assert re.search(r"USING INDEX ix_\w+_(first_seen_at|matched_at|created_at) \(", first), plans
    assert not [line for line in plans if re.match("SCAN (articles|matches|deliveries)", line)], plans
    assert "USE TEMP B-TREE FOR ORDER BY" not in plans


async def test_a_row_that_moves_while_it_is_read_comes_once(stores: Stores) -> None:
    """What is released as news counts as found then, which is after the export began."""
    await told_and_matched(stores, *(article(n, held_since=NOON) for n in range(1, 8)))
    seen = []

    async for page in stores.exports.matches(Wanted(until=NOON)):
        seen += [row["article"] for row in page]
        await stores.articles.release_held("times", as_new=True, now=NOON + HOUR)

    assert len(seen) == len(set(seen)) == 3


async def test_stories_come_by_id_with_what_was_told(stores: Stores) -> None:
    """Bounded by the time of their last article."""
    await told_and_matched(
        stores, *(article(n, first_seen_at=NOON + n * HOUR) for n in range(1, 6)), at=NOON + HOUR
    )
    told = await making.freeze(
        stores, slot(), until=NOON + DAY, message=message(), now=NOON + DAY, story_ids=(f"story-{article(2).id}",),
        deliveries=(delivery(1),),
    )  # fmt: skip
    assert told

    found = await rows("stories", stores.exports.stories(ALL))

    assert [row["id"] for row in found] == [f"story-{article(n).id}" for n in range(1, 6)]
    assert (found[1]["title"], found[1]["articles"], found[1]["outlets"]) == (
        article(2).title,
        1,
        ["The Times"],
    )
    assert found[1]["told"] == [{"digest": "morning", "channel": "desk", "at": "2026-11-25T12:00:00Z"}]
    assert (found[0]["told"], found[0]["initiatives"]) == ([], ["trust"])
    some = Wanted(since=NOON + 2 * HOUR, until=NOON + 3 * HOUR, initiative="trust")
    assert [row["id"] for row in await rows("stories", stores.exports.stories(some))] == [
        f"story-{article(n).id}" for n in (2, 3)
    ]
    other = Wanted(until=ALL.until, initiative="compact")
    assert await rows("stories", stores.exports.stories(other)) == []


async def test_nobody_learns_an_address_from_deliveries_unless_asked(stores: Stores) -> None:
    """Neither as the recipient, nor in what a server said of it."""
    many = [delivery(n, recipient=f"Desk <Desk{n}@example.org>") for n in range(1, 6)]
    await stores.deliveries.add(message(), many)
    await stores.deliveries.claim_due(NOON + DAY, 1, LEASE)
    said = "451 <Desk1@example.org>: try again, says admin@example.org"
    await stores.deliveries.later(many[0].id, at=NOON + 2 * DAY, error=said)

    found = await rows("deliveries", stores.exports.deliveries(ALL))

    assert [row["id"] for row in found] == [one.id for one in many]
    assert {row["recipient"] for row in found} == {"d…@example.org"}
    assert found[0]["last_error"] == "451 <D…@example.org>: try again, says a…@example.org"
    whole = await rows("deliveries", stores.exports.deliveries(Wanted(until=ALL.until, recipients=True)))
    assert [row["recipient"] for row in whole] == [one.recipient for one in many]
    assert whole[0]["last_error"] == said
    assert {(row["state"], row["channel"], row["subject"]) for row in whole} == {
        ("pending", "desk", "1 story")
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 5.1.1 <Desk@example.org>: no such mailbox", "550 5.1.1 <D…@example.org>: no such mailbox"),
        (
            "a@b.example, 'c.d+e@f.example'; try x@[192.0.2.1]",
            "a…@b.example, 'c…@f.example'; try x@[192.0.2.1]",
        ),
        ("127.0.0.1: 200 OK", "127.0.0.1: 200 OK"),
        (None, None),
    ],
)
def test_addresses_in_what_a_server_said_are_masked(said: str | None, shown: str | None) -> None:
    """Wherever they stand in it."""
    assert exports.without_mail(said) == shown
