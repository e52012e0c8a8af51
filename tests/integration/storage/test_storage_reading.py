"""The contract of reading pages: handed out once, counted before the work, kept as versions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from crawler.records import Edit, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOON,
    article,
    fold,
    match,
    page,
    poll,
    source,
)

PENDING = {"text_state": TextState.PENDING, "text": "From the feed."}


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source()], NOON)


async def read(stores: Any, state: TextState = TextState.READ, **facts: Any) -> None:
    plain = {"state": state, "page": None, "reason": None, "now": NOON + MINUTE}
    await stores.articles.record_page(article().id, **{**plain, **facts})


async def test_pending_articles_are_handed_out_once_oldest_first(stores: Any) -> None:
    """Those whose text is settled are not among them."""
    late = article(1, **PENDING, first_seen_at=NOON + MINUTE)
    await stores.articles.record_poll(poll(late, article(2, **PENDING), article(3)))

    claimed = await stores.articles.claim_pending(NOON + MINUTE, 10, LEASE)

    assert [one.id for one in claimed] == [article(2).id, article(1).id]
    assert await stores.articles.claim_pending(NOON + MINUTE, 10, LEASE) == ()


async def test_two_claimers_share_the_pages_without_overlap(stores: Any) -> None:
    """However many ask at once, each page goes to one."""
    await stores.articles.record_poll(poll(*(article(number, **PENDING) for number in range(40))))

    shares = await asyncio.gather(*(stores.articles.claim_pending(NOON, 10, LEASE) for _ in range(6)))

    claimed = [one.id for share in shares for one in share]
    assert len(claimed) == len(set(claimed)) == 40


async def test_three_attempts_that_never_came_back_are_the_last(stores: Any) -> None:
    """A page that kills its reader is left alone, and the article says so."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    for attempt in range(3):
        assert len(await stores.articles.claim_pending(NOON + attempt * LEASE, 1, LEASE)) == 1

    assert await stores.articles.claim_pending(NOON + 3 * LEASE, 1, LEASE) == ()
    stored = await stores.articles.get(article().id)
    assert stored.text_state is TextState.QUARANTINED
    assert stored.text_reason
    assert await stores.articles.unfolded(NOON + 3 * LEASE, DAY, 10) == (article().id,)


async def test_a_released_page_is_due_again_and_its_attempt_does_not_count(stores: Any) -> None:
    """However often the daemon is restarted, a healthy page is read in the end."""
    every = [article(number, **PENDING) for number in (1, 2)]
    await stores.articles.record_poll(poll(*every))
    for _ in range(5):
        claimed = await stores.articles.claim_pending(NOON, 10, LEASE)
        assert [one.id for one in claimed] == [one.id for one in every]
        await stores.articles.release(*(one.id for one in claimed))
    await stores.articles.release()

    assert (await stores.articles.get(every[0].id)).text_state is TextState.PENDING


async def test_a_release_takes_back_no_attempt_but_its_own(stores: Any) -> None:
    """Two that never came back still count, and a page without a claim is left alone."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    for attempt in range(3):
        assert len(await stores.articles.claim_pending(NOON + attempt * LEASE, 1, LEASE)) == 1
    now = NOON + 3 * LEASE
    for _ in range(3):
        await stores.articles.release(article().id, article(9).id)

    assert len(await stores.articles.claim_pending(now, 1, LEASE)) == 1
    assert await stores.articles.claim_pending(now + LEASE, 1, LEASE) == ()
    assert (await stores.articles.get(article().id)).text_state is TextState.QUARANTINED


async def test_a_release_after_the_page_was_kept_changes_nothing(stores: Any) -> None:
    """The stop came between the record and its report."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await stores.articles.claim_pending(NOON, 1, LEASE)
    await read(stores, TextState.PENDING, reason="busy", retry_at=NOON + HOUR)
    await stores.articles.release(article().id)

    assert await stores.articles.claim_pending(NOON + HOUR - MINUTE, 1, LEASE) == ()


async def test_an_attempt_that_came_back_does_not_count(stores: Any) -> None:
    """A host that is busy ten times has crashed nothing."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    for attempt in range(10):
        now = NOON + attempt * HOUR
        assert len(await stores.articles.claim_pending(now, 1, LEASE)) == 1
        await read(stores, TextState.PENDING, reason="busy", now=now, retry_at=now + HOUR)

    assert (await stores.articles.get(article().id)).text_state is TextState.PENDING


async def test_a_page_to_be_tried_again_waits_for_its_time(stores: Any) -> None:
    """`retry_at` is when it is handed out next."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await stores.articles.claim_pending(NOON, 1, LEASE)
    await read(stores, TextState.PENDING, reason="busy", retry_at=NOON + HOUR)

    assert await stores.articles.claim_pending(NOON + HOUR - MINUTE, 1, LEASE) == ()
    assert len(await stores.articles.claim_pending(NOON + HOUR, 1, LEASE)) == 1


async def test_the_text_of_the_page_is_the_next_version(stores: Any) -> None:
    """It replaces the feed's text; what the feed said of title and time stays."""
    await stores.articles.record_poll(poll(article(**PENDING, published_at=NOON)))
    facts = {"published_at": NOON - DAY, "authors": ("A. Writer",), "language": "en", "paywalled": True}
    await read(stores, page=page("Whole text.", **facts))

    stored = await stores.articles.get(article().id)
    assert (stored.version, stored.text, stored.text_state) == (2, "Whole text.", TextState.READ)
    assert (stored.title, stored.published_at) == (article().title, NOON)
    assert (stored.authors, stored.language, stored.paywalled) == (("A. Writer",), "en", True)


async def test_the_same_text_again_is_no_version(stores: Any) -> None:
    """A page that says what the feed said changes the state only."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await read(stores, page=page("From the feed."))

    stored = await stores.articles.get(article().id)
    assert (stored.version, stored.text_state) == (1, TextState.READ)


@pytest.mark.parametrize("state", [TextState.REFUSED, TextState.FAILED, TextState.QUARANTINED])
async def test_without_its_page_an_article_keeps_the_feeds_words_and_the_reason(
    stores: Any, state: TextState
) -> None:
    """Nothing is lost, and why there is no more is known."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await read(stores, state, reason="too short")

    stored = await stores.articles.get(article().id)
    assert (stored.text_state, stored.text_reason) == (state, "too short")
    assert (stored.text, stored.version) == ("From the feed.", 1)
    assert await stores.articles.claim_pending(NOON + DAY, 1, LEASE) == ()


async def test_a_title_from_the_page_stands_in_for_a_missing_one(stores: Any) -> None:
    """It is a new version even when no text could be read."""
    await stores.articles.record_poll(poll(article(**PENDING, title="")))
    await read(stores, TextState.REFUSED, page=page("", title="Found"), reason="too short")

    stored = await stores.articles.get(article().id)
    assert (stored.title, stored.version) == ("Found", 2)


async def test_a_canonical_address_of_the_page_makes_no_identity(stores: Any) -> None:
    """A page may claim any address: it is folded by it, and keeps nobody else's entry out."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await read(stores, page=page(canonical_url="https://victim.example/a?utm_source=x"))

    assert (await stores.articles.get(article().id)).canonical_url == "https://victim.example/a"
    assert await stores.articles.known(["url:https://victim.example/a"]) == {}


async def test_a_page_of_an_article_that_is_gone_is_dropped(stores: Any) -> None:
    """Purged while it was read: no error."""
    await read(stores, page=page())

    assert await stores.articles.get(article().id) is None


async def test_text_that_comes_after_folding_and_matching_is_folded_and_matched_again(stores: Any) -> None:
    """Rule 7: at first on title and summary, then on the text."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    assert await stores.articles.unfolded(NOON + HOUR, HOUR, 10) == (article().id,)
    await fold(stores, article())
    (waiting,) = await stores.matches.unmatched(10)
    await stores.matches.record_matches([(waiting, [])], NOON + HOUR)
    assert await stores.matches.unmatched(10) == ()

    await read(stores, page=page("Whole text."), now=NOON + 2 * HOUR)
    assert await stores.matches.unmatched(10) == ()
    assert await stores.articles.unfolded(NOON + 2 * HOUR, HOUR, 10) == (article().id,)
    await fold(stores, article())
    assert [one.version for one in await stores.matches.unmatched(10)] == [2]


async def test_a_text_that_comes_while_its_predecessor_is_matched_is_not_passed_over(stores: Any) -> None:
    """Matches of version 1 do not count for version 2."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await fold(stores, article())
    (old,) = await stores.matches.unmatched(10)
    await read(stores, page=page("Whole text."))
    await stores.matches.record_matches([(old, [match(old)])], NOON)
    await fold(stores, article())

    assert [one.version for one in await stores.matches.unmatched(10)] == [2]


async def test_a_page_that_was_passed_over_is_as_unread_as_before(stores: Any) -> None:
    """An edit sends for it at once, and does not count as a second reading."""
    await stores.articles.record_poll(poll(article(**PENDING)))
    await stores.articles.claim_pending(NOON, 1, LEASE)
    await read(stores, TextState.SKIPPED, page=None, reason="not read: enough", now=NOON)
    stored = await stores.articles.get(article().id)
    assert (stored.text_state, stored.text_reason, stored.text) == (
        TextState.SKIPPED,
        "not read: enough",
        "From the feed.",
    )
    assert await stores.articles.unfolded(NOON, HOUR, 10) == (article().id,)  # it waits for nothing more

    edit = Edit(article_id=article().id, title="New", summary="", content="", updated_at=None, reread=True)
    await stores.articles.record_poll(poll(at=NOON + HOUR, edits=(edit,)))

    (due,) = await stores.articles.claim_pending(NOON + HOUR, 1, LEASE)
    assert (due.title, due.text_state, due.text_reason) == ("New", TextState.PENDING, None)


async def test_pages_that_were_passed_over_lately_can_be_read_after_all(stores: Any) -> None:
    """What has another state by then stays as it is."""
    lately = [article(number, **PENDING) for number in range(1, 5)]
    old = article(9, **{**PENDING, "first_seen_at": NOON - 2 * HOUR})
    released = replace(
        article(8, **PENDING), first_seen_at=NOON - 9 * HOUR, held_since=NOON - 9 * HOUR, held_ended=NOON
    )
    await stores.articles.record_poll(poll(*lately, old, released))
    for one in (*lately[:3], old, released):
        await stores.articles.record_page(
            one.id, state=TextState.SKIPPED, page=None, reason="enough", now=NOON
        )

    found = await stores.articles.skipped(NOON - HOUR)
    assert sorted(found) == [one.id for one in (*lately[:3], released)]

    await read(stores)  # article 1
    await stores.articles.read_after_all([lately[0].id, lately[1].id], NOON + HOUR)
    due = await stores.articles.claim_pending(NOON + HOUR, 9, LEASE)
    assert sorted(one.id for one in due) == [lately[1].id, lately[3].id]


async def test_pages_of_what_is_never_told_wait_for_the_others(stores: Any) -> None:
    """The old entries of a first list do not use up what its news may have."""
    old = article(1, **PENDING, backfilled=True)
    await stores.articles.record_poll(poll(old, article(2, **PENDING)))

    claimed = [(await stores.articles.claim_pending(NOON + MINUTE, 1, LEASE))[0].id for _ in range(2)]

    assert claimed == [article(2).id, article(1).id]


async def test_one_host_with_many_pages_keeps_no_other_waiting(stores: Any) -> None:
    """Of each host a few at a time, those under way included, whoever came first."""
    many = [article(number, **PENDING, url=f"https://big.example/{number}") for number in range(1, 9)]
    few = [
        article(number, **PENDING, url=f"https://small.example/{number}", first_seen_at=NOON + MINUTE)
        for number in (11, 12)
    ]
    await stores.articles.record_poll(poll(*many, *few))

    async def claim(now: datetime) -> list[str]:
        some = await stores.articles.claim_pending(now, 9, LEASE, per_host=3)
        return [one.id for one in some]

    assert await claim(NOON + MINUTE) == [one.id for one in (*many[:3], *few)]
    assert await claim(NOON + MINUTE) == []
    await read(stores)  # the first of the many
    assert await claim(NOON + 2 * MINUTE) == [many[3].id]
    assert await claim(NOON + MINUTE + LEASE) == [one.id for one in (*many[1:3], few[0], few[1])]
