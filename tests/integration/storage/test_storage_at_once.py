"""What several workers on one PostgreSQL server do at once besides folding: matching, freezing, indexing, counting words."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import Connection, func, select, update

from alerts.records import Match
from crawler.records import Article
from tests.integration.storage.at_once import LONGEST, deadlocks, holding, reached, until_one_waits
from tests.integration.storage.making import (
    HOUR,
    NOON,
    article,
    fold,
    freeze,
    match,
    message,
    plan,
    poll,
    slot,
    source,
    window_of,
)
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.tables import articles, vocabularies

A = articles.c


@pytest.fixture
def database(postgresql_database: Database, workers: tuple[Stores, ...]) -> Database:
    return postgresql_database


@pytest.fixture(autouse=True)
async def _digest(workers: tuple[Stores, ...]) -> None:
    await workers[0].sources.sync([source()], NOON - HOUR)
    await workers[0].digests.begin([plan()], NOON - HOUR)


async def folded(stores: Stores, number: int) -> list[Article]:
    """So many articles that wait for matching."""
    every = [article(place) for place in range(1, number + 1)]
    await stores.articles.record_poll(poll(*every))
    for one in every:
        await fold(stores, one)
    return list(await stores.matches.unmatched(number))


async def stored_match(stores: Stores, one: Article) -> Match:
    (found,) = await stores.matches.matches_of(one.id)
    return found


# -- matching and freezing -------------------------------------------------------------------------


async def test_matches_are_added_by_all_at_once(workers: tuple[Stores, ...]) -> None:
    """A worker whose matches are not committed yet keeps no other from adding its own."""
    one, two = await folded(workers[0], 2)
    with holding("match_insert") as point:
        first = asyncio.create_task(workers[0].matches.record_matches([(one, [match(one)])], NOON))
        await reached(point.reached)
        await asyncio.wait_for(workers[1].matches.record_matches([(two, [match(two)])], NOON), LONGEST)
        assert not first.done()
        point.go.set()
        await first

    assert (await stored_match(workers[2], two)).matched_at == NOON


async def test_a_window_waits_for_matches_that_are_dated_into_it(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """It is not frozen without them: the digest is composed anew, and tells them."""
    (one,) = await folded(workers[0], 1)
    window = await window_of(workers[1], plan(), NOON - HOUR, NOON)
    with holding("match_insert") as point:
        matching = asyncio.create_task(workers[0].matches.record_matches([(one, [match(one)])], NOON))
        await reached(point.reached)
        freezing = asyncio.create_task(freeze(workers[1], slot(), until=NOON, now=NOON, window=window))
        await until_one_waits(database)
        point.go.set()
        await matching

    assert await freezing is False
    assert (await window_of(workers[1], plan(), NOON - HOUR, NOON)).standings[0].matches == 1


async def test_matches_that_wait_for_a_window_are_dated_after_it(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """However many come meanwhile, none is passed by: the next window holds them all."""
    one, two = await folded(workers[0], 2)
    window = await window_of(workers[1], plan(), NOON - HOUR, NOON)
    with holding("outbox_insert") as point:
        freezing = asyncio.create_task(
            freeze(workers[1], slot(), until=NOON, now=NOON, window=window, message=message())
        )
        await reached(point.reached)
        matching = [
            asyncio.create_task(workers[place].matches.record_matches([(some, [match(some)])], NOON))
            for place, some in ((0, one), (2, two))
        ]
        await until_one_waits(database)
        assert not any(one.done() for one in matching)
        point.go.set()
        assert await freezing is True
        await asyncio.gather(*matching)

    assert [
        found.match.article_id
        for found in await workers[3].digests.matched("desk", plan(), NOON, NOON + HOUR)
    ] == [one.id, two.id]


# -- the index and the sample of words -------------------------------------------------------------


async def test_articles_come_into_the_index_once_whoever_puts_them_in(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """Each under a number of its own, though all were first seen at one moment."""
    await workers[0].articles.record_poll(poll(*(article(place) for place in range(40))))

    async def work(stores: Stores) -> int:
        done = 0
        while some := await stores.search.index_some(3):
            done += some
        return done

    assert sum(await asyncio.gather(*map(work, workers))) == 40
    numbers = select(func.count(A.number.distinct()), func.count()).where(A.unindexed_since.is_(None))
    assert tuple(await database.read(lambda c: c.execute(numbers).one())) == (40, 40)


async def test_the_index_waits_with_nothing_in_hand(workers: tuple[Stores, ...], database: Database) -> None:
    """Articles are held in the order in which all others hold them: nobody waits for it who keeps it waiting."""
    every = [article(place, first_seen_at=NOON - place * HOUR) for place in range(1, 5)]
    await workers[0].articles.record_poll(poll(*every))
    held, go = threading.Event(), threading.Event()

    def change(connection: Connection) -> None:
        """As who matches: the first by its id, then the last, which is the first to be numbered."""
        for one, then in ((every[0], lambda: (held.set(), go.wait(LONGEST))), (every[-1], tuple)):
            connection.execute(update(articles).where(A.id == one.id).values(judged_at=NOON))
            then()

    changing = asyncio.create_task(database.write(change))
    await reached(held)
    indexing = asyncio.create_task(workers[1].search.index_some(10))
    await until_one_waits(database)
    before = await database.read(deadlocks)
    go.set()
    await changing

    assert await indexing == 4
    assert await database.read(deadlocks) == before


async def test_a_sample_of_words_made_by_all_at_once_is_one(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """The last one to be kept, which all take that come later."""
    await workers[0].articles.record_poll(poll(*(article(place, title="Ferry") for place in range(9))))
    made = await asyncio.gather(
        *(one.articles.word_counts(NOON + place * HOUR) for place in range(3) for one in workers)
    )

    assert {one.articles for one in made} == {9}
    assert (
        await database.read(
            lambda connection: connection.execute(select(func.count()).select_from(vocabularies)).scalar_one()
        )
        == 1
    )
