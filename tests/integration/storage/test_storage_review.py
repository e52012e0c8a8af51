"""Floods held for review, and times that a source may have missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alerts.records import Gap
from crawler.records import GapCause, PollState, Source, SourceGap, SourceKind, SourceState, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    fold,
    match,
    plan,
    poll,
    told_and_matched,
)
from tidings.storage.engine import Database
from tidings.storage.stores import Stores


async def flood(stores: Any, *numbers: int, source_id: str = "times", at: Any = NOON) -> None:
    held = [article(number, held_since=at, source_id=source_id, first_seen_at=at) for number in numbers]
    await told_and_matched(stores, *held, at=at, by=source_id)


async def test_what_is_held_is_matched_and_not_told(stores: Any) -> None:
    """It stands in a block of its own with its matches, newest first, and in no story."""
    await flood(stores, 1, 2)
    await told_and_matched(stores, article(3))

    found = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)
    (block,) = await stores.digests.floods(plan(), NOON - DAY, NOON)

    assert [one.telling.article_id for one in found] == [article(3).id]
    assert {one.article_id for one in block.matching} == {article(1).id, article(2).id}
    assert (block.source, block.source_id, block.articles) == ("times", "times", 2)
    assert (block.since, block.until) == (NOON, NOON + 7 * DAY)
    assert (await stores.digests.coverage(NOON - DAY, NOON)).held == 2


async def test_a_flood_is_shown_by_the_digest_whose_initiatives_it_matches_once(stores: Any) -> None:
    """In the window in which it was matched, and to nobody else."""
    await flood(stores, 1, at=NOON)

    assert await stores.digests.floods(plan(initiatives=("compact",)), NOON - DAY, NOON) == ()
    assert await stores.digests.floods(plan(), NOON, NOON + DAY) == ()
    assert len(await stores.digests.floods(plan(), NOON - DAY, NOON)) == 1


async def test_a_flood_makes_one_block_however_long_it_takes_to_match(stores: Any) -> None:
    """What of it is matched after the digest that showed it stands in no second one; the count tells of it."""
    await flood(stores, 1)
    late = article(2, held_since=NOON)
    await stores.articles.record_poll(poll(late))
    await fold(stores, late)
    await stores.matches.record_matches([(await stores.articles.get(late.id), [match(late)])], NOON + HOUR)

    (block,) = await stores.digests.floods(plan(), NOON - DAY, NOON + MINUTE)
    assert [one.article_id for one in block.matching] == [article(1).id]
    assert await stores.digests.floods(plan(), NOON + MINUTE, NOON + DAY) == ()
    (whole,) = await stores.digests.floods(plan(), NOON - DAY, NOON + DAY)
    assert len(whole.matching) == 2


async def test_what_is_held_is_no_evidence_for_a_commitment(stores: Any) -> None:
    """It would be told by it."""
    one = article(1, held_since=NOON)
    await stores.articles.record_poll(poll(one))
    await fold(stores, one)
    filed = match(one, commitments=("roadmap",))
    await stores.matches.record_matches([(await stores.articles.get(one.id), [filed])], NOON)
    assert await stores.digests.commitment_evidence("trust", "roadmap", 9) == ()

    await stores.articles.release_held("times", as_new=False, now=NOON + DAY)
    assert len(await stores.digests.commitment_evidence("trust", "roadmap", 9)) == 1


async def test_the_size_of_a_flood_is_all_that_is_held(stores: Any) -> None:
    """With what matches nothing; each flood of a source by itself."""
    await flood(stores, 1)
    await stores.articles.record_poll(poll(*(article(n, held_since=NOON) for n in (2, 3))))
    await flood(stores, 4, at=NOON + HOUR)

    first, second = await stores.articles.held()

    assert (first.since, first.articles) == (NOON, 3)
    assert (second.since, second.articles) == (NOON + HOUR, 1)
    blocks = await stores.digests.floods(plan(), NOON - DAY, NOON + DAY)
    assert [one.articles for one in blocks] == [3, 1]


async def test_what_is_released_as_new_is_told_in_the_next_window(stores: Any) -> None:
    """Though it was matched in one that is over."""
    await flood(stores, 1)
    await flood(stores, 2, source_id="post")
    await stores.articles.record_poll(poll(state={"state": SourceState.FLOODING, "since": NOON}))

    number = await stores.articles.release_held("times", as_new=True, now=NOON + DAY)

    found = await stores.digests.matched("desk", plan(), NOON + HOUR, NOON + 2 * DAY)
    stored = await stores.articles.get(article(1).id)
    assert number == 1
    assert [one.telling.article_id for one in found] == [article(1).id]
    assert (stored.held_since, stored.held_ended, stored.backfilled) == (NOON, NOON + DAY, False)
    assert (await stores.sources.state("times")).state is SourceState.OK
    assert [one.source_id for one in await stores.articles.held()] == ["post"]
    assert await stores.articles.release_held("times", as_new=True, now=NOON + DAY) == 0


async def test_what_is_released_as_known_is_never_told(stores: Any) -> None:
    """It stays in the archive with its matches."""
    await flood(stores, 1)
    await stores.articles.release_held("times", as_new=False, now=NOON + DAY)

    assert await stores.digests.matched("desk", plan(), NOON - DAY, NOON + 9 * DAY) == ()
    assert await stores.digests.floods(plan(), NOON - DAY, NOON + 9 * DAY) == ()
    assert (await stores.articles.get(article(1).id)).backfilled
    assert len(await stores.matches.matches_of(article(1).id)) == 1


async def test_what_is_released_before_it_was_matched_is_told_when_it_is(stores: Any) -> None:
    """The release does not wait for the matcher."""
    one = article(1, held_since=NOON)
    await stores.articles.record_poll(poll(one))
    await stores.articles.release_held("times", as_new=True, now=NOON + HOUR)
    await fold(stores, one)
    await stores.matches.record_matches([(await stores.articles.get(one.id), [match(one)])], NOON + 2 * HOUR)

    found = await stores.digests.matched("desk", plan(), NOON + HOUR, NOON + DAY)
    assert [each.telling.article_id for each in found] == [one.id]


async def test_pages_of_a_flood_are_read_once_it_is_released_as_new(stores: Any) -> None:
    """A renewal of thousands of entries makes no thousand requests; what is known keeps the words of its feed."""
    pending = {"text_state": TextState.PENDING, "held_since": NOON}
    await stores.articles.record_poll(poll(article(1, **pending)))
    await stores.articles.record_poll(poll(article(2, source_id="post", **pending), by="post"))
    later = NOON + DAY

    assert await stores.articles.claim_pending(later, 9, HOUR) == ()
    assert await stores.articles.unfolded(NOON, HOUR, 9) == (article(1).id, article(2).id)
    await stores.articles.release_held("times", as_new=True, now=later)
    await stores.articles.release_held("post", as_new=False, now=later)

    (due,) = await stores.articles.claim_pending(later, 9, HOUR)
    assert due.id == article(1).id
    assert (await stores.articles.get(article(2).id)).text_state is TextState.FEED


async def test_a_flood_that_nobody_released_counts_as_known_after_a_week(sql: Database) -> None:
    """By the daily tidying; what is younger stays held."""
    stores = Stores(sql)
    await flood(stores, 1)
    await flood(stores, 2, at=NOON + HOUR)
    keep = timedelta(days=400)

    await stores.retention.purge(NOON + 7 * DAY, unmatched=keep, text=keep, matched=None)

    known, held = await stores.articles.by_ids([article(1).id, article(2).id])
    assert (known.backfilled, known.held_ended) == (True, NOON + 7 * DAY)
    assert (held.backfilled, held.held_ended) == (False, None)


async def test_titles_that_a_source_listed_before_are_known_by_their_words(stores: Any) -> None:
    """Case and spaces do not matter; another source's titles, and empty ones, do not count."""
    await stores.articles.record_poll(poll(article(1, title="Council  votes"), article(2, title="")))
    await stores.articles.record_poll(poll(article(3, title="Other", source_id="post"), by="post"))

    asked = ["COUNCIL VOTES", "Other", "", "Unheard of"]

    assert await stores.articles.titles("times", asked) == {"COUNCIL VOTES"}
    assert await stores.articles.titles("times", []) == frozenset()


def missed(**facts: Any) -> SourceGap:
    plain = {
        "source_id": "times",
        "start": NOON - 6 * HOUR,
        "end": NOON - HOUR,
        "cause": GapCause.SCROLLED,
        "noticed_at": NOON,
    }
    return SourceGap(**(plain | facts))


async def configured(stores: Any) -> None:
    names = {"times": SourceKind.FEED, "map": SourceKind.SITEMAP}
    await stores.sources.sync(
        [Source(id=name, kind=kind, url=f"https://{name}.example/") for name, kind in names.items()],
        NOON - DAY,
    )


async def test_a_time_that_was_missed_stands_in_the_coverage_of_its_window(stores: Any) -> None:
    """From the poll before to the oldest entry that was seen again; noticed once."""
    await configured(stores)
    await stores.articles.record_poll(poll(gap=missed()))
    await stores.articles.record_poll(poll(gap=missed(noticed_at=NOON + HOUR)))

    inside = await stores.digests.coverage(NOON - MINUTE, NOON)
    after = await stores.digests.coverage(NOON, NOON + MINUTE)

    gap = Gap(source="times", start=NOON - 6 * HOUR, end=NOON - HOUR)
    assert gap in inside.gaps
    assert gap not in after.gaps
    assert await stores.sources.gaps(NOON - DAY) == (missed(),)
    assert await stores.sources.gaps(NOON) == ()


async def test_a_gap_that_another_list_reaches_over_is_caught_up(stores: Any) -> None:
    """It is filled once, at the first time."""
    await configured(stores)
    await stores.articles.record_poll(poll(gap=missed()))
    for hours in (1, 2):
        by_map = poll(by="map", at=NOON + hours * HOUR, filled=(missed(),))
        await stores.articles.record_poll(by_map)

    assert [one.filled_at for one in await stores.sources.gaps(NOON - DAY)] == [NOON + HOUR]
    gap = Gap(source="times", start=NOON - 6 * HOUR, end=NOON - HOUR, caught_up=True)
    assert gap in (await stores.digests.coverage(NOON - MINUTE, NOON)).gaps


async def test_a_hastened_source_is_due_at_once_but_not_twice_in_a_quarter_of_an_hour(stores: Any) -> None:
    """And never later than it was."""
    await configured(stores)
    later = {"next_poll_at": NOON + DAY, "last_polled_at": NOON - 5 * MINUTE}
    await stores.articles.record_poll(poll(by="map", at=NOON - 5 * MINUTE, state=later))

    await stores.articles.record_poll(poll(gap=missed(), hasten=("map", "unknown")))
    assert (await stores.sources.state("map")).next_poll_at == NOON + 10 * MINUTE

    await stores.articles.record_poll(poll(at=NOON + HOUR, hasten=("map",)))
    assert (await stores.sources.state("map")).next_poll_at == NOON + 10 * MINUTE


async def test_what_was_seen_of_a_list_is_kept_until_there_is_more_to_remember(stores: Any) -> None:
    """As bytes, one for each source."""
    await configured(stores)
    assert await stores.articles.seen("times") == b""
    await stores.articles.record_poll(poll(seen=b"\x00first"))
    await stores.articles.record_poll(poll(by="map", seen=b"other"))
    await stores.articles.record_poll(poll())
    assert await stores.articles.seen("times") == b"\x00first"
    await stores.articles.record_poll(poll(seen=b"second"))
    assert await stores.articles.seen("times") == b"second"


async def test_the_days_and_the_length_of_a_list_are_remembered(stores: Any) -> None:
    """A new address has its own."""
    await configured(stores)
    state = {"skip_days": frozenset({5, 6}), "listed": 20}
    await stores.articles.record_poll(poll(state=state))
    kept: PollState = await stores.sources.state("times")
    assert (kept.skip_days, kept.listed) == (frozenset({5, 6}), 20)

    moved = Source(id="times", kind=SourceKind.FEED, url="https://times.example/new")
    await stores.sources.sync([moved], NOON)
    kept = await stores.sources.state("times")
    assert (kept.skip_days, kept.listed) == (frozenset(), None)
