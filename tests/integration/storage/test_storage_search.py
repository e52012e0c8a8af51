"""Searching by the index of words: nothing is missed, whatever is in it and whatever waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy

from alerts.match import Matcher
from crawler.records import Edit
from tests.integration.storage.making import DAY, HOUR, MINUTE, NOON, article, poll, source
from tidings.searching import compile_query
from tidings.storage import word_index
from tidings.storage.engine import Database
from tidings.storage.search import Filters, SqlSearch
from tidings.storage.stores import Stores
from tidings.storage.tables import articles

TEXTS = (
    "India's COMPACT with the U.S. on 3.5 GW of solar",
    "A compact car; the trust of its buyers",
    "TRUST initiative: semiconductors from Gujarat",
    "半导体 roadmap for İstanbul, naïve façade",
    "interest in these rates, and interest rates",
    "INDUS‑X and INDUS X; indus-x",
    "organisation and organization, Straße",
    "",
    "a_b and COVID-19 at example.org/path",
)
QUERIES = (
    "compact",
    "COMPACT",
    "India COMPACT",
    "U.S.",
    "3.5 GW",
    "trust AND NOT initiative",
    "TRUST OR roadmap",
    "semiconduct*",
    "organi?ation",
    '"interest rates"~3',
    "interest rates",
    "INDUS-X",
    "半导体",
    "体",
    "naïve",
    "façade",
    "İstanbul",
    "Strasse",
    "title:compact",
    "text:compact",
    "interest NEAR/2 these",
    "/indus.x/",
    "source:times AND trust",
    "a_b",
    "COVID-19",
    "example.org",
    "nothing of it",
)


async def stored(sql: Database) -> Stores:
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    some = []
    for number, text in enumerate(TEXTS):
        at = NOON + timedelta(minutes=number // 2)  # two of them at once
        some.append(article(2 * number, title=text, text="Nothing else.", first_seen_at=at))
        some.append(article(2 * number + 1, title="Another day", text=f"It says: {text}.", first_seen_at=at))
    await stores.articles.record_poll(poll(*some))
    return stores


async def found(archive: AsyncIterator[Any], matcher: Matcher) -> list[str]:
    return [one.id async for some in archive for one in some if matcher.judge(one).matches]


def narrowed(stores: Stores, query: str, filters: Filters | None = None, batch: int = 3) -> Any:
    matcher = compile_query(query, {})
    search: SqlSearch = stores.search
    return found(search.walk(matcher.needed(), filters or Filters(), batch=batch), matcher)


async def test_the_index_finds_what_a_walk_through_all_finds(sql: Database) -> None:
    """In the same order; with nothing in it, with a part of the articles, and with all."""
    stores = await stored(sql)
    expected = {
        query: await found(stores.archive.walk(), compile_query(query, {"times": ()})) for query in QUERIES
    }
    assert sum(map(bool, expected.values())) > 20
    for step in (0, 5, 100):
        await stores.search.index_some(step)
        for query in QUERIES:
            assert await narrowed(stores, query) == expected[query], (query, step)


async def test_the_index_narrows(sql: Database) -> None:
    """Few articles are read for a rare word, and the newest first."""
    stores = await stored(sql)
    await stores.search.index_some(100)

    need = compile_query("semiconduct* AND Gujarat", {}).needed()
    assert need is not None
    read = [one.id async for some in stores.search.walk(need, Filters()) for one in some]

    assert read == [article(5).id, article(4).id]


async def test_an_edit_a_purge_and_a_text_that_is_dropped_leave_nothing_behind(sql: Database) -> None:
    """What an article said before finds it no more; what is gone is not in the index either."""
    stores = await stored(sql)
    await stores.search.index_some(100)
    change = Edit(
        article_id=article(4).id,
        title="Quantum lab opens",
        summary="",
        content=None,
        updated_at=None,
        reread=False,
    )
    await stores.articles.record_poll(poll(edits=(change,)))
    for _ in range(2):
        assert await narrowed(stores, "Gujarat") == [article(5).id]
        assert await narrowed(stores, "quantum") == [article(4).id]
        await stores.search.index_some(100)

    def settled(connection: sqlalchemy.Connection) -> None:
        connection.execute(sqlalchemy.update(articles).values(unfolded_since=None, unmatched_since=None))

    def left(connection: sqlalchemy.Connection) -> list[int]:
        need = compile_query("day OR quantum OR solar", {}).needed()
        assert need is not None
        return word_index.newest(connection, need, low=0, high=1 << 62, limit=100)

    await sql.write(settled)
    assert len(await sql.read(left)) == 11
    await stores.retention.purge(NOON + 9 * DAY, unmatched=None, text=DAY, matched=None)
    await stores.search.index_some(100)
    assert await narrowed(stores, "solar") == [article(0).id]  # in its title
    await stores.retention.purge(NOON + 9 * DAY, unmatched=DAY, text=None, matched=None)
    assert await sql.read(left) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), [1, 0]),
        (Filters(since=NOON + HOUR), []),
        (Filters(until=NOON - HOUR), []),
        (Filters(since=NOON, until=NOON), [1, 0]),
        (Filters(story_id="s1"), [0]),
    ],
)
async def test_filters_narrow_it_further(sql: Database, filters: Filters, expected: list[int]) -> None:
    """Days and stories, whether an article is in the index or waits for it."""
    stores = await stored(sql)

    def of_story(connection: sqlalchemy.Connection) -> None:
        connection.execute(
            sqlalchemy.update(articles).where(articles.c.id == article(0).id).values(story_id="s1")
        )

    await sql.write(of_story)
    for step in (0, 100):
        await stores.search.index_some(step)
        assert await narrowed(stores, "solar", filters) == [article(one).id for one in expected]


async def test_the_most_telling_come_first(sql: Database) -> None:
    """A title before a text, a short text and one with many of the words before others; of equals the newest."""
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    filler = "Rain falls on the plain while markets wait for the harvest of this year. "
    texts = (
        ("Solar roofs", filler * 9),
        ("Rain", f"A word on solar power. {filler * 9}"),
        ("Rain", f"Solar here, solar there, a solar park. {filler * 9}"),
        ("Rain", f"A word on solar power. {filler}"),
        ("Rain", filler),
        ("Rain", f"A word on solar power. {filler * 9}"),
    )
    some = [
        article(number, title=title, text=text, first_seen_at=NOON + timedelta(minutes=number))
        for number, (title, text) in enumerate(texts)
    ]
    await stores.articles.record_poll(poll(*some))
    await stores.search.index_some(100)

    need = compile_query("solar", {}).needed()
    assert need is not None
    order = [int(one.id, 16) for one in await stores.search.best(need, Filters(), most=9)]

    assert order == [0, 3, 2, 5, 1]
    assert [one.id for one in await stores.search.best(need, Filters(since=NOON + MINUTE), most=1)] == [
        article(3).id
    ]


async def test_articles_of_one_millisecond_have_places_of_their_own(sql: Database) -> None:
    """Also where their ids begin alike."""
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    alike = [replace(article(number), first_seen_at=NOON) for number in range(30)]
    await stores.articles.record_poll(poll(*alike))

    assert len({word_index.number_of(one) for one in alike}) == 1
    assert await stores.search.index_some(100) == 30
    assert len(await narrowed(stores, "report")) == 30
