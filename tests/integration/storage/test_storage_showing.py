"""What the site shows, page by page: each thing once, the newest first, on both databases."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import update

from alerts.messages import DeliveryState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    delivery,
    fold,
    match,
    message,
    poll,
    source,
)
from tidings.storage import showing
from tidings.storage.engine import Database
from tidings.storage.showing import Place
from tidings.storage.stores import Stores
from tidings.storage.tables import matches


@pytest.fixture
async def stores(sql: Database) -> Stores:
    made = Stores(sql)
    await made.sources.sync([source(name="The Times"), source("post")], NOON - DAY)
    return made


async def told(
    stores: Stores, number: int, at: datetime, story: str, *initiatives: str, **facts: Any
) -> None:
    """An article that came at `at` and matched."""
    one = article(number, **{"first_seen_at": at, **facts})
    await stores.articles.record_poll(poll(one, at=at, by=one.source_id))
    await fold(stores, one, story)
    await stores.matches.record_matches(
        [(one, [match(one, initiative) for initiative in initiatives or ("trust",)])], at
    )


async def pages(stores: Stores, initiative: str | None, limit: int) -> list[list[str]]:
    found: list[list[str]] = []
    before: Place | None = None
    while True:
        page, before = await stores.showing.stories(initiative, before=before, limit=limit)
        found.append([articles[0].story_id for articles in page])
        if before is None:
            return found


async def test_a_story_stands_at_its_newest_match_and_on_one_page(stores: Stores) -> None:
    """Whatever else of it is older, and however many articles it has."""
    await told(stores, 1, NOON, "old")
    await told(stores, 2, NOON + HOUR, "b")
    await told(stores, 3, NOON + 2 * HOUR, "c")
    await told(stores, 4, NOON + 3 * HOUR, "old")
    await told(stores, 5, NOON + 4 * HOUR, "other", "compact")

    assert await pages(stores, "trust", 2) == [["old", "c"], ["b"]]
    assert await pages(stores, None, 3) == [["other", "old", "c"], ["b"]]
    (first, *_), _ = await stores.showing.stories("trust", before=None, limit=1)
    assert [one.telling.article_id for one in first] == [article(1).id, article(4).id]
    assert first[0].telling.source == "The Times"


async def test_pages_of_any_size_hold_every_story_once_in_order(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where many match at the same moment, and where the walk goes on in the middle of a story."""
    monkeypatch.setattr(showing, "STEP", 4)
    dice = random.Random(7)
    newest: dict[str, tuple[datetime, str]] = {}
    for number in range(60):
        story, at = f"s{dice.randrange(17)}", NOON + dice.randrange(6) * MINUTE
        await told(stores, number, at, story)
        newest[story] = max(newest.get(story, (NOON, "")), (at, article(number).id))

    expected = sorted(newest, key=lambda one: newest[one], reverse=True)
    for limit in (1, 3, 16, 17, 40):
        assert list(chain.from_iterable(await pages(stores, "trust", limit))) == expected


async def test_what_is_held_or_holds_no_more_is_not_shown(stores: Stores) -> None:
    """What came before the first poll is: the archive knows it."""
    await told(stores, 1, NOON, "held", held_since=NOON)
    await told(stores, 2, NOON, "known", backfilled=True)
    await told(stores, 3, NOON, "gone")
    gone = update(matches).where(matches.c.article_id == article(3).id).values(gone_at=NOON)
    await stores.database.write(lambda connection: connection.execute(gone))

    assert await pages(stores, "trust", 10) == [["known"]]


async def test_deliveries_come_page_by_page_with_their_subjects(stores: Stores) -> None:
    await stores.deliveries.add(
        message(subject="Two stories"), [delivery(n, created_at=NOON + n // 2 * MINUTE) for n in range(5)]
    )
    await stores.deliveries.cancel("delivery-3")

    first, more = await stores.showing.deliveries(limit=3)
    second, none = await stores.showing.deliveries(limit=3, before=more)

    assert [one.delivery.id for one in (*first, *second)] == [f"delivery-{n}" for n in (4, 3, 2, 1, 0)]
    assert (first[0].subject, none) == ("Two stories", None)
    (only,), _ = await stores.showing.deliveries(limit=3, state=DeliveryState.CANCELLED)
    assert only.delivery.id == "delivery-3"
    assert await stores.showing.deliveries(limit=3, channel="hook") == ((), None)


async def test_what_came_of_a_source_since_a_day_is_counted_and_the_newest_named(stores: Stores) -> None:
    for number in range(4):
        await told(stores, number, NOON - timedelta(days=number), f"s{number}")
    await told(stores, 9, NOON, "s9", source_id="post")

    times, newest = await stores.showing.of_source("times", NOON - 2 * DAY, 2)

    assert times == (NOON - 2 * DAY, NOON - DAY, NOON)
    assert [one.article_id for one in newest] == [article(0).id, article(1).id]
