"""What the databases say of an initiative's rhythm: when its stories came, from whom, and what was told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.bringers import Bringer
from alerts.records import Found, FoundBy
from alerts.rerun import Rerun
from crawler.records import SourceState
from tests.fakes.clock import NOON
from tests.integration.storage.making import (
    DAY,
    HOUR,
    article,
    fold,
    match,
    poll,
    source,
)
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

LONG_AGO = NOON - 400 * DAY


@pytest.fixture
async def stores(sql: Database) -> Stores:
    """The stores of each kind of database, with two sources."""
    made = Stores(sql)
    await made.sources.sync([source(name="The Times"), source("post")], LONG_AGO)
    return made


async def told(stores: Stores, number: int, at: datetime, story: str, **facts: Any) -> None:
    """An article that came and matched at `at`."""
    one = article(number, **{"first_seen_at": at, **facts})
    await stores.articles.record_poll(poll(one, at=at, by=one.source_id))
    await fold(stores, one, story)
    await stores.matches.record_matches([(one, [match(one)])], at)


async def test_a_story_counts_once_on_the_day_of_its_first_report(stores: Stores) -> None:
    """However many outlets follow; each of them is a report. Other initiatives do not count."""
    await told(stores, 1, NOON - 3 * DAY, "a")
    await told(stores, 2, NOON - 2 * DAY, "a")
    await told(stores, 3, NOON - 2 * DAY, "b")

    found = await stores.rhythms.moments("trust", LONG_AGO)

    assert sorted(found.stories) == [NOON - 3 * DAY, NOON - 2 * DAY]
    assert (found.watched_since, found.last_report) == (NOON - 3 * DAY, NOON - 2 * DAY)
    assert (await stores.rhythms.moments("trust", NOON - 2 * DAY)).stories == (NOON - 2 * DAY,)
    other = await stores.rhythms.moments("compact", LONG_AGO)
    assert (other.stories, other.last_report, other.watched_since) == ((), None, NOON - 3 * DAY)


async def test_an_empty_archive_has_no_past(stores: Stores) -> None:
    found = await stores.rhythms.moments("trust", LONG_AGO)

    assert (found.watched_since, found.stories, found.last_report) == (None, (), None)


async def test_what_an_edit_found_counts_on_the_day_on_which_it_came(stores: Stores) -> None:
    """A widened rule makes no surge: it has the past that it would have had."""
    one = article(1, first_seen_at=NOON - 9 * DAY)
    await stores.articles.record_poll(poll(one, at=NOON - 9 * DAY))
    await fold(stores, one, "a")
    await stores.matches.record_matches([(one, [])], NOON - 9 * DAY)
    rerun = Rerun(
        found=Found(by=FoundBy.EDIT, at=NOON), initiatives=frozenset({"trust"}), tell_since=NOON - 3 * DAY
    )
    await stores.matches.record_rerun([(one, [match(one)])], rerun, NOON)

    found = await stores.rhythms.moments("trust", LONG_AGO)

    assert (found.stories, found.last_report) == ((NOON - 9 * DAY,), NOON - 9 * DAY)


async def test_what_is_known_or_held_or_gone_does_not_count(stores: Stores) -> None:
    """A first poll and a renewed feed say nothing of a rhythm, nor what no longer matches."""
    await told(stores, 1, NOON, "a", backfilled=True)
    await told(stores, 2, NOON, "b", held_since=NOON)
    await told(stores, 3, NOON - DAY, "c")
    gone = article(3)
    stored = await stores.articles.get(gone.id)
    assert stored is not None
    await stores.matches.record_matches([(stored, [])], NOON)

    found = await stores.rhythms.moments("trust", LONG_AGO)

    assert (found.stories, found.last_report) == ((), None)


async def test_a_flood_released_as_new_is_a_report_and_no_surge(stores: Stores) -> None:
    await told(stores, 1, NOON - DAY, "a", held_since=NOON - DAY)
    await stores.articles.release_held("times", as_new=True, now=NOON)

    found = await stores.rhythms.moments("trust", LONG_AGO)

    assert found.stories == ()
    assert found.last_report is not None


async def test_sources_come_with_what_they_brought_and_how_they_are(stores: Stores) -> None:
    """In the time asked for, by the outlet's name; one that left the configuration too."""
    await told(stores, 1, NOON - 3 * DAY, "a")
    await told(stores, 2, NOON - 2 * DAY, "b")
    await told(stores, 3, NOON - 2 * DAY, "b", source_id="post")
    await told(stores, 4, NOON, "c", source_id="post")
    state = {"state": SourceState.BLOCKED, "since": NOON, "problem": "403 Forbidden", "last_new_at": NOON}
    await stores.articles.record_poll(poll(at=NOON, state=state))
    await stores.sources.sync([source(name="The Times")], NOON)

    first, second = await stores.rhythms.bringers("trust", NOON - 3 * DAY, NOON)

    assert (first.source, first.reports, first.configured) == ("post", 1, False)
    assert second == Bringer(
        source="The Times",
        reports=2,
        state=SourceState.BLOCKED,
        problem="403 Forbidden",
        since=NOON,
        last_new_at=NOON,
    )


@pytest.mark.parametrize(("late", "standstill"), [((), False), (("times",), True), (("times", "post"), True)])
async def test_sources_that_wait_for_their_poll_are_a_standstill(
    stores: Stores, late: tuple[str, ...], standstill: bool
) -> None:
    """When it is half of them or more, and for longer than an hour."""
    for name in ("times", "post"):
        due = NOON - timedelta(minutes=61 if name in late else 59)
        await stores.articles.record_poll(poll(by=name, at=NOON - DAY, state={"next_poll_at": due}))

    assert await stores.rhythms.unready(NOON, HOUR) == (standstill, frozenset())


async def test_stories_that_began_on_a_day_are_named_by_their_first_report(stores: Stores) -> None:
    """Those in most outlets first; a story of before is not among them, though it was reported on again."""
    await told(stores, 1, NOON - 3 * DAY, "old")
    await told(stores, 2, NOON - HOUR, "old")
    await told(stores, 3, NOON - 2 * HOUR, "small", title="Small")
    await told(stores, 4, NOON - HOUR, "large", title="Large", source_id="post")
    await told(stores, 5, NOON, "large", title="Large, again")

    large, small = await stores.rhythms.began("trust", NOON - 5 * HOUR, NOON + HOUR)

    assert (large.title, large.outlets, large.source, large.came) == ("Large", 2, "post", NOON - HOUR)
    assert (small.title, small.outlets, small.source) == ("Small", 1, "The Times")
    assert await stores.rhythms.began("trust", NOON - HOUR, NOON - HOUR) == ()
    assert await stores.rhythms.began("compact", NOON - 5 * HOUR, NOON + HOUR) == ()


async def test_what_was_reported_after_a_moment_is_named_by_the_first_report_since(stores: Stores) -> None:
    """Also of a story of before; what came at that very moment is not after it."""
    await told(stores, 1, NOON - 3 * DAY, "old", title="Old")
    await told(stores, 2, NOON - HOUR, "old", title="Old, again")
    await told(stores, 3, NOON - 2 * HOUR, "new", title="New")

    found = await stores.rhythms.reported("trust", NOON - 3 * DAY)

    assert [(one.title, one.came) for one in found] == [
        ("New", NOON - 2 * HOUR),
        ("Old, again", NOON - HOUR),
    ]


async def test_reports_filed_under_a_commitment_are_the_newest_and_counted(stores: Stores) -> None:
    for number in range(1, 5):
        one = article(number, first_seen_at=NOON - number * HOUR, published_at=NOON - number * HOUR)
        await stores.articles.record_poll(poll(one, at=one.first_seen_at, by=one.source_id))
        await fold(stores, one, f"story{number}")
        await stores.matches.record_matches([(one, [match(one, commitments=("roadmap",))])], NOON)

    newest, number = await stores.rhythms.filed("trust", "roadmap", 2)

    assert ([one.published for one in newest], number) == ([NOON - HOUR, NOON - 2 * HOUR], 4)
    assert await stores.rhythms.filed("trust", "other", 2) == ((), 0)
    assert await stores.rhythms.watched_since() == NOON - 4 * HOUR
