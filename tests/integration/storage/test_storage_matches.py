"""The contract of `MatchStore`: what waits for matching, and what was found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.records import Field, Strength
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    evidence,
    fold,
    match,
    plan,
    poll,
    slot,
    source,
)


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source()], NOON)


async def test_folded_articles_wait_for_matching_oldest_first(stores: Any) -> None:
    """Backfilled ones too: they are filed, though never told. Each is whole, with its text and story."""
    late = article(1, first_seen_at=NOON + MINUTE)
    await stores.articles.record_poll(
        poll(late, article(2, backfilled=True, text="Text"), article(3), article(4))
    )
    for number in (1, 2, 3):
        await fold(stores, article(number))

    waiting = await stores.matches.unmatched(2)

    assert [one.id for one in waiting] == [article(2).id, article(3).id]
    assert (waiting[0].text, waiting[0].story_id) == ("Text", f"story-{article(2).id}")


async def test_a_match_comes_back_with_all_its_evidence(stores: Any) -> None:
    """Words, places, snippet and strength; the store sets the time."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    weak = evidence(field=Field.TEXT, start=5, end=9, snippet="京都 “TRUST” \x00", strength=Strength.WEAK)
    found = match(article(), commitments=("roadmap", "summit"), evidence=(evidence(), weak), text_version=1)
    await stores.matches.record_matches([(article(), [found, match(article(), "compact")])], NOON + HOUR)

    stored = await stores.matches.matches_of(article().id)

    assert [one.initiative_id for one in stored] == ["compact", "trust"]
    assert stored[1].evidence == found.evidence
    assert stored[1].commitments == ("roadmap", "summit")
    assert stored[1].watchlist_version == "0123456789ab"
    assert stored[1].matched_at == NOON + HOUR
    assert await stores.matches.unmatched(10) == ()


async def test_an_article_that_matches_nothing_is_matched_once(stores: Any) -> None:
    """Nothing found is a result."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    await stores.matches.record_matches([(article(), [])], NOON)

    assert await stores.matches.unmatched(10) == ()
    assert await stores.matches.matches_of(article().id) == ()


async def test_a_match_that_is_found_again_keeps_its_time(stores: Any) -> None:
    """A later version renews the evidence, not the news; an initiative newly met is news."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    await stores.matches.record_matches([(article(), [match(article())])], NOON)
    again = match(article(), text_version=2)
    await stores.matches.record_matches([(article(), [again, match(article(), "compact")])], NOON + HOUR)

    trust, compact = await stores.matches.matches_of(article().id)
    assert (trust.matched_at, trust.text_version) == (NOON, 2)
    assert compact.matched_at == NOON + HOUR


async def test_a_match_that_no_longer_holds_stays_in_the_record_and_is_not_told(stores: Any) -> None:
    """When it holds again it is a new one, or it would fall between two digests."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    await stores.matches.record_matches([(article(), [match(article())])], NOON)
    await stores.matches.record_matches([(article(), [])], NOON + HOUR)
    assert len(await stores.matches.matches_of(article().id)) == 1
    assert await stores.digests.matched("desk", plan(), NOON - DAY, NOON + DAY) == ()

    await stores.matches.record_matches([(article(), [match(article())])], NOON + 2 * HOUR)
    (found,) = await stores.digests.matched("desk", plan(), NOON + HOUR, NOON + DAY)
    assert found.match.matched_at == NOON + 2 * HOUR


async def test_matches_of_an_article_that_is_gone_are_dropped(stores: Any) -> None:
    """Purged while it was matched: no error, no orphan."""
    await stores.matches.record_matches([(article(), [match(article())])], NOON)

    assert await stores.matches.matches_of(article().id) == ()


async def test_articles_judged_together_are_kept_each_with_its_own(stores: Any) -> None:
    """What is found, what no longer holds, what was purged and what matches nothing, in one go."""
    every = [article(number) for number in (1, 2, 3)]
    await stores.articles.record_poll(poll(*every))
    for one in every:
        await fold(stores, one)
    await stores.matches.record_matches([(every[1], [match(every[1], commitments=("roadmap",))])], NOON)

    judged = [
        (every[0], [match(every[0]), match(every[0], "compact", commitments=("summit", "summit"))]),
        (every[1], []),
        (article(4), [match(article(4))]),
        (every[2], []),
    ]
    await stores.matches.record_matches(judged, NOON + HOUR)
    await stores.matches.record_matches([], NOON + HOUR)

    assert await stores.matches.unmatched(10) == ()
    assert [one.initiative_id for one in await stores.matches.matches_of(every[0].id)] == ["compact", "trust"]
    assert await stores.matches.matches_of(article(4).id) == ()
    told = await stores.digests.matched(
        "desk", plan(initiatives=("trust", "compact")), NOON - DAY, NOON + DAY
    )
    assert {one.match.article_id for one in told} == {every[0].id}
    assert await stores.digests.commitment_evidence("trust", "roadmap", 5) == ()
    assert len(await stores.digests.commitment_evidence("compact", "summit", 5)) == 1


async def test_those_that_could_not_be_judged_can_be_passed_over(stores: Any) -> None:
    """So that as many broken articles as are asked for at once do not hide the others."""
    every = [article(number) for number in (1, 2, 3, 4)]
    await stores.articles.record_poll(poll(*every))
    for one in every:
        await fold(stores, one)

    waiting = await stores.matches.unmatched(1, skip=(every[0].id, every[1].id))

    assert [one.id for one in waiting] == [every[2].id]


async def freeze(stores: Any, digest_id: str, until: datetime) -> None:
    assert await stores.digests.freeze(slot(digest_id=digest_id), until=until, tellings=(), now=until)


async def test_a_match_never_falls_into_a_window_that_is_frozen(stores: Any) -> None:
    """Another process composed while it was judged: it is told by the next digest, not by none."""
    await stores.articles.record_poll(poll(article(1), article(2)))
    await fold(stores, article(1))
    await fold(stores, article(2))
    await freeze(stores, "evening", NOON + HOUR)
    await freeze(stores, "morning", NOON + MINUTE)

    await stores.matches.record_matches([(article(1), [match(article(1))])], NOON)
    (found,) = await stores.digests.matched("desk", plan(), NOON + HOUR, NOON + DAY)
    assert found.match.matched_at == NOON + HOUR + timedelta(microseconds=1)

    later = NOON + 2 * HOUR
    await stores.matches.record_matches([(article(2), [match(article(2))])], later)
    (match_of_2,) = await stores.matches.matches_of(article(2).id)
    assert match_of_2.matched_at == later


async def test_a_match_that_was_told_stays_in_the_window_it_was_told_in(stores: Any) -> None:
    """Judged again after the window is frozen, it is no news."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    await stores.matches.record_matches([(article(), [match(article())])], NOON)
    await freeze(stores, "morning", NOON + MINUTE)

    await stores.matches.record_matches([(article(), [match(article(), text_version=2)])], NOON)

    assert await stores.digests.matched("desk", plan(), NOON + MINUTE, NOON + DAY) == ()
