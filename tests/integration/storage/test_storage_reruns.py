"""The contract of `MatchStore.record_rerun`: what a second look at the archive tells, files, ends and leaves alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from alerts.records import Found, FoundBy, Match
from alerts.rerun import Refound, Rerun
from crawler.records import Article
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    evidence,
    fold,
    freeze,
    match,
    message,
    plan,
    poll,
    slot,
    source,
    versions_of,
    window_of,
)

EDIT = Found(by=FoundBy.EDIT, at=NOON + DAY)
RECENT, OLD = NOON, NOON - 30 * DAY


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source()], OLD)


def rerun(*initiatives: str, **facts: Any) -> Rerun:
    """After an edit: what is younger than a week is told."""
    plain = {"found": EDIT, "initiatives": frozenset(initiatives or ("trust",)), "tell_since": NOON - 7 * DAY}
    return Rerun(**{**plain, **facts})


async def judged(stores: Any, *articles: Article, found: Any = (), at: datetime = NOON) -> None:
    """Store, fold and match articles as they come; `found`: initiatives of which each is a match."""
    await stores.articles.record_poll(poll(*articles, at=at))
    for one in articles:
        await fold(stores, one)
        await stores.matches.record_matches([(one, [match(one, name) for name in found])], at)


async def again(stores: Any, one: Article, *found: Match, **facts: Any) -> Refound:
    how = facts.pop("rerun", None) or rerun()
    refound: Refound = await stores.matches.record_rerun([(one, found)], how, facts.pop("now", NOON + DAY))
    return refound


async def tell(stores: Any, until: datetime, *initiatives: str, key: str = "2026-11-25T13:00") -> None:
    """Freeze a digest that tells all that waits for it."""
    told = initiatives or ("trust",)
    since = await stores.digests.last_until("morning") or OLD
    found = await stores.digests.matched("desk", plan(initiatives=told), since, until)
    assert await freeze(
        stores,
        slot(key),
        until=until,
        message=message(key),
        story_ids=tuple({one.story_id for one in found}),
        versions=versions_of(found),
        now=until,
        window=await window_of(stores, plan(initiatives=told), since, until),
    )


async def waiting(stores: Any, since: datetime = OLD) -> list[str]:
    """Articles that the next digest tells."""
    found = await stores.digests.matched("desk", plan(), since, NOON + 90 * DAY)
    return [one.match.article_id for one in found]


async def only(stores: Any, one: Article) -> Match:
    (found,) = await stores.matches.matches_of(one.id)
    assert isinstance(found, Match)
    return found


async def test_a_recent_find_is_told_and_says_how_it_was_found(stores: Any) -> None:
    """It is later than any window that is frozen, so that no digest passes it by."""
    await judged(stores, article())
    await tell(stores, NOON + 2 * DAY)

    assert await again(stores, article(), match(article())) == Refound(told=1)

    found = await only(stores, article())
    assert (found.found, found.filed, found.evidence) == (EDIT, False, (evidence(),))
    assert found.matched_at is not None
    assert found.matched_at > NOON + 2 * DAY
    assert await waiting(stores, NOON + 2 * DAY) == [article().id]


async def test_an_old_find_is_filed_and_not_told(stores: Any) -> None:
    """It stays evidence of its commitments."""
    old = article(first_seen_at=OLD)
    await judged(stores, old, at=OLD)

    assert await again(stores, old, match(old, commitments=("roadmap",))) == Refound(filed=1)

    assert (await only(stores, old)).filed
    assert await waiting(stores) == []
    (report,) = await stores.digests.commitment_evidence("trust", "roadmap", 5)
    assert report.article_id == old.id


async def test_a_second_run_changes_nothing(stores: Any) -> None:
    """Neither what is told nor what is filed, nor their times."""
    every = [article(1), article(2, first_seen_at=OLD)]
    await judged(stores, *every)
    for one in every:
        await again(stores, one, match(one))
    before = [await only(stores, one) for one in every]

    for one in every:
        assert (
            await again(stores, one, match(one, watchlist_version="another"), now=NOON + 9 * DAY) == Refound()
        )

    assert [await only(stores, one) for one in every] == before


async def test_a_match_that_holds_keeps_what_found_it(stores: Any) -> None:
    """Time, evidence, version, and that it was found as it came: the run finds no news in it."""
    await judged(stores, article(), found=["trust"])
    before = await only(stores, article())
    other = match(article(), watchlist_version="another", evidence=(evidence(term="iCET"),))

    assert await again(stores, article(), other) == Refound()

    assert await only(stores, article()) == before


async def test_only_the_initiatives_of_the_run_are_touched(stores: Any) -> None:
    """Others are not judged by it, so that they lose nothing."""
    await judged(stores, article(), found=["compact"])

    await again(stores, article(), match(article()))

    assert {one.initiative_id: one.gone_at for one in await stores.matches.matches_of(article().id)} == {
        "compact": None,
        "trust": None,
    }


async def test_a_match_that_was_never_told_and_no_longer_holds_is_marked(stores: Any) -> None:
    """Waiting or filed, it is told no more and is evidence of nothing."""
    recent, old = article(1), article(2, first_seen_at=OLD)
    await judged(stores, recent, old)
    for one in (recent, old):
        await again(stores, one, match(one, commitments=("roadmap",)))

    lost = [await again(stores, one) for one in (recent, old)]

    assert lost == [Refound(gone=1)] * 2
    assert [(await only(stores, one)).gone_at for one in (recent, old)] == [NOON + DAY] * 2
    assert await waiting(stores) == []
    assert await stores.digests.commitment_evidence("trust", "roadmap", 5) == ()
    assert await again(stores, recent) == Refound()


async def test_what_was_told_is_not_withdrawn(stores: Any) -> None:
    """It stays as it is, and is evidence of no commitment any more."""
    await judged(stores, article())
    await again(stores, article(), match(article(), commitments=("roadmap",)))
    await tell(stores, NOON + 2 * DAY)

    assert await again(stores, article(), now=NOON + 3 * DAY) == Refound()

    found = await only(stores, article())
    assert (found.told_at, found.gone_at, found.commitments) == (NOON + 2 * DAY, None, ())
    assert await stores.digests.commitment_evidence("trust", "roadmap", 5) == ()


async def test_what_was_told_before_it_ended_is_not_told_again(stores: Any) -> None:
    """By a run, or as its text changes: it holds again with its old time."""
    one, other = article(1), article(2)
    await judged(stores, one, other, found=["trust"])
    await tell(stores, NOON + MINUTE)
    await stores.matches.record_matches([(one, []), (other, [])], NOON + HOUR)

    assert await again(stores, one, match(one)) == Refound()
    await stores.matches.record_matches([(other, [match(other)])], NOON + DAY)

    for each in (one, other):
        found = await only(stores, each)
        assert (found.matched_at, found.gone_at, found.told_at) == (NOON, None, NOON + MINUTE)
    assert await waiting(stores, NOON + MINUTE) == []


async def test_what_ended_untold_and_is_found_again_is_news(stores: Any) -> None:
    """Nobody has heard of it."""
    await judged(stores, article(), found=["trust"])
    await stores.matches.record_matches([(article(), [])], NOON + HOUR)

    assert await again(stores, article(), match(article())) == Refound(told=1)
    assert await waiting(stores, NOON + HOUR) == [article().id]


async def test_what_waits_for_matching_is_left_to_it(stores: Any) -> None:
    """A new article, and one with a new text, are judged by the rules in force as they come; that is no late find."""
    await stores.articles.record_poll(poll(article(1)))
    await fold(stores, article(1))
    await stores.articles.record_poll(poll(article(2)))

    for one in (article(1), article(2)):
        assert await again(stores, one, match(one)) == Refound()
        assert await stores.matches.matches_of(one.id) == ()

    await stores.matches.record_matches([(article(1), [match(article(1))])], NOON + 2 * DAY)
    assert await again(stores, article(1), match(article(1)), rerun=rerun(tell_since=None)) == Refound()
    found = await only(stores, article(1))
    assert (found.found, found.filed) == (None, False)


async def test_backfilled_articles_are_filed_however_young(stores: Any) -> None:
    """Known at the first poll, never told, also when it is asked for."""
    one = article(backfilled=True)
    await judged(stores, one)

    assert await again(stores, one, match(one)) == Refound(filed=1)
    assert await again(stores, one, match(one), rerun=rerun(tell_filed=True)) == Refound()
    assert await waiting(stores) == []


async def test_held_articles_are_told_when_they_are_released(stores: Any) -> None:
    """The review decides, not the edit."""
    one = article(held_since=NOON)
    await judged(stores, one)

    assert await again(stores, one, match(one)) == Refound(filed=1)
    assert await waiting(stores) == []

    await stores.articles.release_held("times", as_new=True, now=NOON + 2 * DAY)
    assert await waiting(stores, NOON + DAY) == [one.id]
    assert (await only(stores, one)).found == EDIT


async def test_what_is_filed_is_told_when_that_is_wanted(stores: Any) -> None:
    """Once; what is older than the command's bound stays filed."""
    recent, old = article(1), article(2, first_seen_at=OLD)
    await judged(stores, recent, old)
    file = rerun(tell_since=None)
    for one in (recent, old):
        assert await again(stores, one, match(one), rerun=file) == Refound(filed=1)
    await tell(stores, NOON + 2 * DAY)
    asked = Found(by=FoundBy.REMATCH, at=NOON + 3 * DAY)
    wanted = rerun(found=asked, tell_filed=True)

    told = [await again(stores, one, match(one), rerun=wanted) for one in (recent, old, recent)]

    assert told == [Refound(told=1), Refound(), Refound()]
    assert await waiting(stores, NOON + 2 * DAY) == [recent.id]
    assert ((await only(stores, recent)).found, (await only(stores, old)).found) == (asked, EDIT)


async def test_news_that_every_digest_passed_by_is_told_after_an_edit(stores: Any) -> None:
    """Its initiative was paused or taken out: it is told as the news it was, once, and not what is old."""
    recent, old = article(1), article(2, first_seen_at=OLD)
    await judged(stores, recent, old, found=["trust"])
    window = await window_of(stores, plan(initiatives=()), OLD, NOON + HOUR)
    assert await freeze(
        stores, slot("1"), until=NOON + HOUR, message=message("1"), now=NOON + HOUR, window=window
    )
    assert await waiting(stores, NOON + HOUR) == []

    done = [await again(stores, one, match(one)) for one in (recent, old, recent)]

    assert done == [Refound(told=1), Refound(), Refound()]
    assert await waiting(stores, NOON + HOUR) == [recent.id]
    found = await only(stores, recent)
    assert (found.found, found.filed, found.matched_at) == (None, False, NOON + DAY)


async def test_commitments_follow_the_rules_of_now(stores: Any) -> None:
    """A match that holds is filed under what it meets now, and under nothing else."""
    await judged(stores, article(), found=["trust"])

    await again(stores, article(), match(article(), commitments=("roadmap", "summit")))
    assert len(await stores.digests.commitment_evidence("trust", "roadmap", 5)) == 1
    assert (await only(stores, article())).commitments == ("roadmap", "summit")

    await again(stores, article(), match(article(), commitments=("summit",)))
    assert await stores.digests.commitment_evidence("trust", "roadmap", 5) == ()
    assert len(await stores.digests.commitment_evidence("trust", "summit", 5)) == 1


async def test_only_what_a_message_tells_counts_as_told(stores: Any) -> None:
    """Not what a digest passes over: another initiative, a paused one, or an empty digest that is not sent."""
    await judged(stores, article(), found=["trust", "compact"])
    empty = await window_of(stores, plan(), OLD, NOON)
    assert await freeze(stores, slot("1"), until=NOON, now=NOON, window=empty)
    assert {one.told_at for one in await stores.matches.matches_of(article().id)} == {None}

    both = plan(initiatives=("trust", "compact"))
    assert await freeze(
        stores,
        slot("2", digest_id="evening"),
        until=NOON,
        message=message("2"),
        versions=((article().id, 1),),
        now=NOON,
        window=await window_of(stores, both, OLD, NOON, live=("compact",)),
    )

    told = {one.initiative_id: one.told_at for one in await stores.matches.matches_of(article().id)}
    assert told == {"compact": NOON, "trust": None}


async def test_articles_that_are_gone_or_found_nothing_cost_nothing(stores: Any) -> None:
    """Purged while they were judged, or none given."""
    assert await again(stores, article(), match(article())) == Refound()
    assert await stores.matches.record_rerun([], rerun(), NOON) == Refound()
    assert await stores.matches.matches_of(article().id) == ()
