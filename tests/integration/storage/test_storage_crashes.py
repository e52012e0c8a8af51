"""Pages that crash their reader: the reason and the page are kept, the third crash is the last, and an operator may retry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from crawler.records import Fetched, TextState
from tests.integration.storage.making import LEASE, MINUTE, NOON, article, page, poll, source
from tidings.storage import crashes
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

PENDING = {"text_state": TextState.PENDING, "text": "From the feed."}
DIED = "the child process died (signal 6)"
CRASHING = Fetched(
    url="https://desk.example/a?x=1",
    status=200,
    headers=(("Content-Type", "text/html"),),
    body=b"<html>\x00 poison \xff" * 100,
    content_type="text/html",
)


async def crash(stores: Any, now: datetime, number: int = 1, reason: str = DIED) -> None:
    claimed = await stores.articles.claim_pending(now, 1, LEASE)
    assert [one.id for one in claimed] == [article(number).id]
    await stores.articles.record_crash(article(number).id, reason=reason, fetched=CRASHING, now=now)


async def test_the_third_crash_leaves_the_article_alone_at_once(stores: Any) -> None:
    """Until then the claim stands and runs out, and the article says how its reader died."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(**PENDING)))

    await crash(stores, NOON)
    assert await stores.articles.claim_pending(NOON + MINUTE, 1, LEASE) == ()
    waiting = await stores.articles.get(article().id)
    await crash(stores, NOON + LEASE)
    await crash(stores, NOON + 2 * LEASE, reason="the work took longer than 20 s")
    stored = await stores.articles.get(article().id)

    assert (waiting.text_state, waiting.text_reason) == (TextState.PENDING, f"crashed: {DIED}")
    assert stored.text_state is TextState.QUARANTINED
    assert (
        stored.text_reason
        == f"reading its page crashed three times: {DIED}, then the work took longer than 20 s"
    )
    assert await stores.articles.claim_pending(NOON + 9 * LEASE, 1, LEASE) == ()


async def test_a_crash_and_then_an_end_without_an_answer_keeps_the_reason(stores: Any) -> None:
    """The whole program died with the page the second and third time."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(**PENDING)))
    await crash(stores, NOON)
    for attempt in (1, 2):
        assert len(await stores.articles.claim_pending(NOON + attempt * LEASE, 1, LEASE)) == 1

    assert await stores.articles.claim_pending(NOON + 3 * LEASE, 1, LEASE) == ()
    assert (await stores.articles.get(article().id)).text_reason == (
        f"reading its page crashed three times: {DIED}"
    )


@pytest.fixture
async def kept(sql: Database) -> Stores:
    """One article in quarantine, and one that crashed once."""
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(1, **PENDING)))
    for attempt in range(3):
        await crash(stores, NOON + attempt * LEASE)
    await stores.articles.record_poll(poll(article(2, **PENDING)))
    await crash(stores, NOON + 3 * LEASE, number=2)
    return stores


async def test_the_page_is_kept_byte_by_byte(kept: Stores) -> None:
    """With the address it came from, the label it had, and why its reader died."""
    found = await kept.crashes.get(article(1).id)

    assert found is not None
    one, body = found
    assert body == CRASHING.body
    assert (one.url, one.content_type, one.size) == (CRASHING.url, "text/html", len(body))
    assert one.reason == f"reading its page crashed three times: {DIED}"
    assert [(one.article_id, one.quarantined) for one in await kept.crashes.all()] == [
        (article(2).id, False),
        (article(1).id, True),
    ]
    assert await kept.crashes.get("no such article") is None


async def test_a_page_that_is_read_after_all_is_kept_no_more(kept: Stores) -> None:
    """Its crash was an accident of the machine."""
    await kept.articles.claim_pending(NOON + 4 * LEASE, 1, LEASE)
    await kept.articles.record_page(
        article(2).id, state=TextState.READ, page=page(), reason=None, now=NOON + 4 * LEASE
    )

    assert [one.article_id for one in await kept.crashes.all()] == [article(1).id]


async def test_an_operator_has_it_tried_again(kept: Stores) -> None:
    """With three new attempts; what is not in quarantine is not touched."""
    later = NOON + 9 * LEASE

    assert await kept.crashes.retry([article(1).id, article(2).id], later) == (article(1).id,)

    await kept.articles.claim_pending(later, 9, LEASE)
    assert (await kept.articles.get(article(1).id)).text_state is TextState.PENDING  # type: ignore[union-attr]  # None fails here


async def test_an_article_without_its_page_is_listed_all_the_same(sql: Database) -> None:
    """The whole program died three times, so nobody could keep it."""
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(1, **PENDING)))
    for attempt in range(3):
        await stores.articles.claim_pending(NOON + attempt * LEASE, 1, LEASE)
    await stores.articles.claim_pending(NOON + 3 * LEASE, 1, LEASE)

    (one,) = await stores.crashes.all()
    assert (one.article_id, one.size, one.url) == (article(1).id, None, article(1).url)
    assert one.reason == "reading its page ended three times without an answer"
    assert await stores.crashes.get(article(1).id) is None


async def test_a_crash_that_is_told_of_too_late_changes_nothing(stores: Any) -> None:
    """Its claim had run out, and a second try read the page."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article(**PENDING)))
    for attempt in range(3):
        await stores.articles.claim_pending(NOON + attempt * LEASE, 1, LEASE)
    await stores.articles.record_page(
        article().id, state=TextState.READ, page=page(), reason=None, now=NOON + 2 * LEASE
    )

    await stores.articles.record_crash(article().id, reason=DIED, fetched=CRASHING, now=NOON + 3 * LEASE)

    stored = await stores.articles.get(article().id)
    assert (stored.text_state, stored.text_reason) == (TextState.READ, None)


async def test_no_more_pages_are_kept_than_a_disk_bears(
    sql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the oldest crashes are dropped."""
    monkeypatch.setattr(crashes, "MOST", 3)
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(*(article(number, **PENDING) for number in range(1, 6))))
    for number in range(1, 6):
        await crash(stores, NOON + number * MINUTE, number=number)

    assert [one.article_id for one in await stores.crashes.all()] == [article(n).id for n in (5, 4, 3)]
