"""What the databases give for a dossier: reports of both periods, what was collected, what is filed, what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from alerts.dossier_records import Held, Material, Period
from alerts.records import Found, FoundBy, Unread
from alerts.rerun import Rerun
from crawler.records import SourceState, TextState
from tests.fakes.clock import NOON
from tests.integration.storage.making import DAY, HOUR, article, evidence, fold, match, poll, source
from tidings.storage.dossiers import Asked, Day
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

LONG_AGO = NOON - 400 * DAY
PERIOD = Period(start=datetime.combine((NOON - 29 * DAY).date(), time.min, NOON.tzinfo), end=NOON, zone="UTC")


@pytest.fixture
async def stores(sql: Database) -> Stores:
    """The stores of each kind of database, with two sources."""
    made = Stores(sql)
    await made.sources.sync([source(name="The Times"), source("post")], LONG_AGO)
    return made


async def told(stores: Stores, number: int, at: datetime, story: str, **facts: Any) -> None:
    """An article that came and matched at `at`; `under` names commitments, `by` the evidence."""
    under, by = facts.pop("under", ()), facts.pop("by", (evidence(),))
    one = article(number, **{"first_seen_at": at, **facts})
    await stores.articles.record_poll(poll(one, at=at, by=one.source_id))
    await fold(stores, one, story)
    await stores.matches.record_matches([(one, [match(one, commitments=under, evidence=by)])], at)


def asked(period: Period = PERIOD, **facts: Any) -> Asked:
    days: list[Day] = []
    for day in period.each_day():
        start = datetime.combine(day, time.min, tzinfo=ZoneInfo(period.zone))
        days.append((day, start, start + DAY))
    return Asked(initiative_id="trust", period=period, days=days, **facts)


def numbers(found: Material) -> list[int]:
    return [int(one.article.telling.article_id, 16) for one in found.reports]


async def test_reports_of_both_periods_come_by_time_with_what_is_known_of_them(stores: Stores) -> None:
    weak = evidence(term="iCET")
    await told(stores, 1, NOON - 2 * DAY, "a", by=(evidence(), weak))
    await told(stores, 2, NOON - 40 * DAY, "b")
    await told(stores, 3, NOON - 70 * DAY, "c")  # before both
    await told(stores, 4, NOON - DAY, "a", source_id="post")

    found = await stores.dossiers.material(asked())

    assert numbers(found) == [2, 1, 4]
    first = found.reports[1]
    assert (first.at, first.article.story_id, first.article.telling.source) == (
        NOON - 2 * DAY,
        "a",
        "The Times",
    )
    assert first.terms == ("TRUST initiative", "iCET")
    assert [one.term for one in first.article.match.evidence] == ["TRUST initiative"]
    assert (found.moments.watched_since, found.last_polled) == (NOON - 70 * DAY, NOON - DAY)


async def test_what_came_earlier_of_a_story_that_goes_on_is_there_too(stores: Stores) -> None:
    """Else a reprint of it would be taken for a report, and the story for a new one."""
    await told(stores, 1, NOON - 200 * DAY, "a")
    await told(stores, 2, NOON - 2 * DAY, "a")
    await told(stores, 3, NOON - 200 * DAY, "b")

    found = await stores.dossiers.material(asked())

    assert numbers(found) == [1, 2]
    assert found.report_before == NOON - 200 * DAY


async def test_what_is_held_known_or_gone_is_no_report_and_is_counted_apart(stores: Stores) -> None:
    await told(stores, 1, NOON - DAY, "a", backfilled=True)
    await told(stores, 2, NOON - DAY, "b", held_since=NOON - DAY)
    await told(stores, 3, NOON - DAY, "c")
    gone = await stores.articles.get(article(3).id)
    assert gone is not None
    await stores.matches.record_matches([(gone, [])], NOON)

    found = await stores.dossiers.material(asked())

    assert found.reports == ()
    assert (found.known, found.held) == (1, (Held(source="The Times", articles=1),))


async def test_what_an_edit_found_counts_on_the_day_on_which_it_came(stores: Stores) -> None:
    one = article(1, first_seen_at=NOON - 9 * DAY)
    await stores.articles.record_poll(poll(one, at=NOON - 9 * DAY))
    await fold(stores, one, "a")
    await stores.matches.record_matches([(one, [])], NOON - 9 * DAY)
    rerun = Rerun(
        found=Found(by=FoundBy.EDIT, at=NOON), initiatives=frozenset({"trust"}), tell_since=NOON - 3 * DAY
    )
    await stores.matches.record_rerun([(one, [match(one)])], rerun, NOON - HOUR)

    (came,) = (await stores.dossiers.material(asked())).reports

    assert came.at == NOON - 9 * DAY


async def test_a_period_that_is_over_knows_nothing_of_what_came_after(stores: Stores) -> None:
    await told(stores, 1, NOON - 12 * DAY, "a", under=("road",))
    await told(stores, 2, NOON - 2 * DAY, "a", under=("road",))
    over = Period(start=PERIOD.start, end=NOON - 10 * DAY, zone="UTC")

    found = await stores.dossiers.material(asked(over, commitments=[("trust", "road")]))

    assert numbers(found) == [1]
    assert found.moments.last_report == NOON - 12 * DAY
    assert [one for _, one in found.filed.values()] == [1]


async def test_days_on_which_anything_came_from_any_source_are_told(stores: Stores) -> None:
    """Whatever it matches; days are those of the reader's zone."""
    elsewhere = article(1, first_seen_at=datetime(2026, 11, 20, 23, 30, tzinfo=NOON.tzinfo))
    await stores.articles.record_poll(poll(elsewhere, at=NOON - 5 * DAY))

    utc = await stores.dossiers.material(asked())
    delhi = await stores.dossiers.material(asked(replace(PERIOD, zone="Asia/Kolkata")))

    assert utc.collected == {date(2026, 11, 20)}
    assert delhi.collected == {date(2026, 11, 21)}


async def test_evidence_of_commitments_comes_newest_first_with_the_stories_that_report_on_them(
    stores: Stores,
) -> None:
    """Of those asked for, and of no others."""
    for number in range(1, 8):
        await told(stores, number, NOON - number * DAY, f"s{number}", under=("road",))
    await told(stores, 9, NOON - DAY, "other", under=("bridge",))

    found = await stores.dossiers.material(asked(commitments=[("trust", "road"), ("compact", "none")]))

    tellings, number = found.filed["trust", "road"]
    assert ([int(one.article_id, 16) for one in tellings], number) == ([1, 2, 3, 4, 5], 7)
    assert found.filed["compact", "none"] == ((), 0)
    assert found.filed_of == {f"s{n}": frozenset({("trust", "road")}) for n in range(1, 8)}


async def test_an_article_without_its_page_says_why(stores: Stores) -> None:
    await told(stores, 1, NOON - DAY, "a", text_state=TextState.SKIPPED)
    await told(stores, 2, NOON - 2 * DAY, "b", text_state=TextState.REFUSED, paywalled=True)
    await told(stores, 3, NOON - 3 * DAY, "c")

    found = await stores.dossiers.material(asked())

    assert [one.unread for one in found.reports] == [None, Unread.PAYWALL, Unread.BUDGET]


async def test_coverage_is_that_of_the_sources_in_which_the_initiative_is_looked_for(stores: Stores) -> None:
    state = {"state": SourceState.BLOCKED, "since": NOON, "problem": "403 Forbidden"}
    await stores.articles.record_poll(poll(at=NOON - HOUR, by="post", state=state))
    await stores.articles.record_poll(poll(at=NOON - HOUR))

    every = await stores.dossiers.material(asked())
    one = await stores.dossiers.material(asked(sources={"times"}))

    assert ([each.source for each in every.coverage.failing], every.coverage.checked) == (["post"], 2)
    assert (one.coverage.failing, one.coverage.checked) == ((), 1)


async def test_since_when_the_rules_are_in_force_is_known(stores: Stores) -> None:
    assert (await stores.dossiers.material(asked())).rules is None
    await stores.edits.put_in_force((), {"trust": "p" * 32}, NOON - 3 * DAY)

    rules = (await stores.dossiers.material(asked())).rules

    assert rules is not None
    assert (rules.since, rules.print, rules.pending) == (NOON - 3 * DAY, "p" * 32, False)


async def test_an_empty_database_gives_an_empty_dossier(stores: Stores) -> None:
    found = await stores.dossiers.material(asked())

    assert (found.reports, found.collected, found.last_polled, found.report_before) == (
        (),
        frozenset(),
        None,
        None,
    )
    assert found.moments.watched_since is None


async def test_a_long_archive_is_read_by_its_indexes(database: Database) -> None:
    """No step of it looks through all articles, however many there are."""
    stores = Stores(database)
    await stores.sources.sync([source()], LONG_AGO)
    await told(stores, 1, NOON - DAY, "a", under=("road",))
    plans: list[str] = []

    def explained(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(str(row[3]) for row in rows)

    event.listen(database._reading, "before_cursor_execute", explained)
    await stores.dossiers.material(asked(commitments=[("trust", "road")]))

    assert plans
    assert [one for one in plans if one.startswith("SCAN articles") and "INDEX" not in one] == []
