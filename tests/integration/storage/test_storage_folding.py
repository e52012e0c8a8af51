"""The contract of folding: who waits, who is a candidate, and that decisions are made one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from crawler.folds import Fold
from crawler.identity import article_id
from crawler.records import Article, TextState
from crawler.shares import holds
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    By,
    article,
    fold,
    freeze,
    into,
    match,
    message,
    no_keys,
    plan,
    poll,
    slot,
    source,
)


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source()], NOON)


def bands(*numbers: int) -> Any:
    return lambda _article: numbers


async def candidates(stores: Any, one: Article, keys: Any = no_keys, since: Any = NOON - DAY) -> list[str]:
    seen: list[str] = []

    def decide(_article: Article, others: Sequence[Article]) -> Fold:
        seen.extend(other.id for other in others)
        return Fold(story_id=f"story-{one.id}")

    await stores.articles.fold([one.id], By(keys, decide), since=since)
    return seen


async def test_settled_articles_wait_for_folding_oldest_first(stores: Any) -> None:
    """Pending ones come after the patience for their page is over."""
    pending = article(1, text_state=TextState.PENDING)
    await stores.articles.record_poll(poll(pending, article(3, first_seen_at=NOON + MINUTE), article(2)))

    assert await stores.articles.unfolded(NOON + MINUTE, HOUR, 10) == (article(2).id, article(3).id)
    assert await stores.articles.unfolded(NOON + HOUR, HOUR, 2) == (article(1).id, article(2).id)


async def test_a_decision_is_kept(stores: Any) -> None:
    """Story, reprint and similarity are facts of the article from then on."""
    await stores.articles.record_poll(poll(article(1), article(2)))
    await fold(stores, article(1), "s")
    decision = into("s", duplicate_of=article(1).id, similarity=0.9, why="same text")
    done = await stores.articles.fold([article(2).id], By(no_keys, decision), since=NOON - DAY)

    stored = await stores.articles.get(article(2).id)
    assert [(article_id, made.why) for article_id, made in done.folds] == [(article(2).id, "same text")]
    assert (stored.story_id, stored.duplicate_of, stored.similarity) == ("s", article(1).id, 0.9)
    assert await stores.articles.unfolded(NOON + DAY, HOUR, 10) == ()


async def test_candidates_share_a_band_an_address_or_a_title(stores: Any) -> None:
    """Others are never looked at; bands may be any 64-bit number."""
    top = 2**64 - 1
    await stores.articles.record_poll(
        poll(
            article(1),
            article(2, canonical_url="https://same.example/"),
            article(3, title="Same  TITLE"),
            article(4),
            article(5, canonical_url="https://same.example/", title="same title"),
            keys=(),
        )
    )
    await stores.articles.fold([article(1).id], By(bands(7, top), into("s1")), since=NOON - DAY)
    for number in (2, 3):
        await fold(stores, article(number))
    await stores.articles.fold([article(4).id], By(bands(8, 9), into("s4")), since=NOON - DAY)

    found = await candidates(stores, article(5), bands(1, top))

    assert found == [article(number).id for number in (1, 2, 3)]


async def test_articles_without_a_title_are_not_alike_by_it(stores: Any) -> None:
    """Nothing equals nothing in nothing."""
    await stores.articles.record_poll(poll(article(1, title=""), article(2, title="")))
    await fold(stores, article(1))

    assert await candidates(stores, article(2)) == []


async def test_candidates_are_folded_and_of_the_window(stores: Any) -> None:
    """What waits itself has no story to join; what is too old gets no more articles."""
    same = {"title": "The same"}
    old = article(1, **same, first_seen_at=NOON - DAY)
    await stores.articles.record_poll(poll(old, article(2, **same), article(3, **same), article(4, **same)))
    await fold(stores, article(1))
    await fold(stores, article(2))

    assert await candidates(stores, article(3), since=NOON - DAY) == [article(2).id]


async def test_a_new_text_replaces_the_bands_of_the_old_one(stores: Any) -> None:
    """Nobody is compared with words that no longer stand."""
    await stores.articles.record_poll(poll(article(1), article(2)))
    await stores.articles.fold([article(1).id], By(bands(1, 2), into("s")), since=NOON - DAY)
    await stores.articles.fold([article(1).id], By(bands(3), into("s")), since=NOON - DAY)

    assert await candidates(stores, article(2), bands(1, 2)) == []


async def test_folds_are_decided_one_at_a_time(stores: Any) -> None:
    """Two equal articles folded at once end in one story, never in two."""
    every = [article(number, title="The same") for number in range(8)]
    await stores.articles.record_poll(poll(*every))

    together = [[one.id for one in every[start : start + 2]] for start in range(0, 8, 2)]
    done = await asyncio.gather(
        *(stores.articles.fold(some, By(no_keys, first_or_own), since=NOON - DAY) for some in together)
    )

    assert len({made.story_id for one in done for _, made in one.folds}) == 1


def first_or_own(one: Article, others: Sequence[Article]) -> Fold:
    return Fold(story_id=str(others[0].story_id) if others else f"story-{one.id}")


async def test_of_articles_folded_together_each_sees_those_before_it(stores: Any) -> None:
    """By its bands, its address or its title, as if each had been folded alone; in the order given."""
    await stores.articles.record_poll(
        poll(
            article(1),
            article(2),
            article(3, canonical_url=article(1).canonical_url),
            article(4, title=article(2).title),
            keys=(),
        )
    )
    seen: dict[str, list[str]] = {}

    def decide(one: Article, others: Sequence[Article]) -> Fold:
        seen[one.id] = [other.id for other in others]
        return first_or_own(one, others)

    order = [article(number).id for number in (2, 1, 4, 3)]
    shared = {article(1).id: (7,), article(4).id: (7, 8)}
    done = await stores.articles.fold(order, By(lambda one: shared.get(one.id, ()), decide), since=NOON - DAY)

    assert [article_id for article_id, _ in done.folds] == order
    assert seen == {
        article(2).id: [],
        article(1).id: [],
        article(4).id: [article(1).id, article(2).id],
        article(3).id: [article(1).id],
    }


@pytest.mark.parametrize("broken", ["keys", "decide"])
async def test_an_article_that_cannot_be_decided_is_named_and_left_as_it_was(
    stores: Any, broken: str
) -> None:
    """Those folded together with it are folded; it waits for the next time."""
    await stores.articles.record_poll(poll(*(article(number) for number in (1, 2, 3))))

    def breaks_on_2(one: Article) -> None:
        if one.id == article(2).id:
            raise ValueError("a hostile text")

    def keys(one: Article) -> tuple[int, ...]:
        if broken == "keys":
            breaks_on_2(one)
        return (1,)

    def decide(one: Article, others: Sequence[Article]) -> Fold:
        if broken == "decide":
            breaks_on_2(one)
        return first_or_own(one, others)

    every = [article(number).id for number in (1, 2, 3)]
    done = await stores.articles.fold(every, By(keys, decide), since=NOON - DAY)

    assert done.failed == ((article(2).id, "ValueError: a hostile text"),)
    assert [article_id for article_id, _ in done.folds] == [every[0], every[2]]
    assert [one.id for one in await stores.matches.unmatched(10)] == [every[0], every[2]]
    assert await stores.articles.unfolded(NOON, HOUR, 10) == (every[1],)
    assert await candidates(stores, article(2), bands(1)) == [every[0], every[2]]


async def test_articles_that_are_gone_are_not_folded(stores: Any) -> None:
    """Purged while they waited: no error, and the others are folded; so is one named twice, once."""
    await stores.articles.record_poll(poll(article(1)))
    asked = [article(2).id, article(1).id, article(1).id]

    done = await stores.articles.fold(asked, By(no_keys, into("s")), since=NOON - DAY)

    assert [article_id for article_id, _ in done.folds] == [article(1).id]
    assert (await stores.articles.fold([], By(no_keys, into("s")), since=NOON - DAY)).folds == ()


async def test_those_that_could_not_be_folded_can_be_passed_over(stores: Any) -> None:
    """So that as many broken articles as are asked for at once do not hide the others."""
    await stores.articles.record_poll(poll(*(article(number) for number in (1, 2, 3))))

    waiting = await stores.articles.unfolded(NOON, HOUR, 1, skip={article(1).id, article(2).id})

    assert waiting == (article(3).id,)


async def test_folding_alone_asks_for_no_second_match(stores: Any) -> None:
    """Only another version does."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    (waiting,) = await stores.matches.unmatched(10)
    await stores.matches.record_matches([(waiting, [match(waiting)])], NOON)
    await fold(stores, article(), "another story")

    assert await stores.matches.unmatched(10) == ()


async def test_what_was_told_of_a_story_that_ends_was_told_of_the_one_it_joins(stores: Any) -> None:
    """A story whose only article moves to another story takes its readers along."""
    await stores.articles.record_poll(poll(article(1), article(2)))
    for number in (1, 2):
        await fold(stores, article(number))
        stored = await stores.articles.get(article(number).id)
        await stores.matches.record_matches([(stored, [match(stored)])], NOON)
    await freeze(
        stores,
        slot(),
        until=NOON,
        message=message(),
        story_ids=(f"story-{article(1).id}",),
        now=NOON,
    )

    await fold(stores, article(1), f"story-{article(2).id}")

    found = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)
    assert [one.told_at for one in found] == [NOON, NOON]


# Ids as they are, and such as a test or a later identity may make.
NAMED = (
    *(article_id([f"url:{number}"]) for number in range(60)),
    "",
    "0",
    "Z" * 16,
    "zebra",
    "ärende",
    "京都",
)


@pytest.mark.parametrize("number", [1, 2, 3, 7])
async def test_shares_hold_each_waiting_article_once(stores: Any, number: int) -> None:
    """So many workers settle side by side and never take the same; every store knows the shares alike."""
    every = [replace(article(place), id=name) for place, name in enumerate(NAMED)]
    await stores.articles.record_poll(poll(*every))

    async def of(share: Any) -> tuple[list[str], list[str]]:
        waiting = await stores.articles.unfolded(NOON, HOUR, 100, share=share)
        await stores.articles.fold(waiting, By(no_keys, into("s")), since=NOON - DAY)
        return list(waiting), [one.id for one in await stores.matches.unmatched(100, share=share)]

    for place in range(number):
        mine = sorted(one for one in NAMED if holds((place, number), one))
        folded, matched = await of((place, number))
        assert (sorted(folded), sorted(matched)) == (mine, mine)
        assert len(mine) >= 60 / number / 2
    assert await stores.articles.unfolded(NOON, HOUR, 100) == ()


@pytest.mark.parametrize("share", [(2, 2), (-1, 2), (0, 0)])
async def test_there_is_no_share_beyond_the_last(stores: Any, share: tuple[int, int]) -> None:
    """Nobody works on nothing without noticing."""
    await stores.articles.record_poll(poll(article()))
    with pytest.raises(ValueError, match="there is no share"):
        await stores.articles.unfolded(NOON, HOUR, 10, share=share)
