"""A clock that was ahead and is set right: what it dated later counts as of now, and nothing waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.courier import LEASE as COURIERS_LEASE
from alerts.retry import LONGEST_WAIT
from tests.integration.storage import making
from tests.integration.storage.making import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOON,
    article,
    delivery,
    message,
    plan,
    slot,
    source,
    told_and_matched,
)


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source(name="The Times"), source("post")], NOON - DAY)


async def freeze(stores: Any, **facts: Any) -> bool:
    """A digest of one message."""
    return await making.freeze(stores, slot(), **{"message": message(), "now": NOON, **facts})


async def test_when_the_clock_is_set_back_windows_and_matches_come_with_it(stores: Any) -> None:
    """What was told in the time that has not come stays told; what was matched in it is told next."""
    ahead = NOON + 365 * DAY
    await told_and_matched(stores, article(1), at=ahead)
    told = {"versions": ((article(1).id, 1),), "story_ids": (f"story-{article(1).id}",)}
    assert await freeze(stores, until=ahead, now=ahead, deliveries=(delivery(created_at=ahead),), **told)
    await told_and_matched(stores, article(2), at=ahead)

    assert await stores.digests.set_back(NOON)

    assert await stores.digests.last_until("morning") == NOON
    (left,) = await stores.digests.matched("desk", plan(), NOON, NOON + HOUR)
    assert left.telling.article_id == article(2).id
    assert len(await stores.digests.matched("hook", plan(), NOON, NOON + HOUR)) == 2
    assert [one.id for one, _ in await stores.deliveries.claim_due(NOON, 10, LEASE)] == ["delivery-1"]
    assert not await stores.digests.set_back(NOON)


async def test_nothing_waits_for_the_clock_of_then(stores: Any) -> None:
    """A delivery that failed and a channel that asked for patience while the clock was a year ahead are taken up now."""
    ahead = NOON + 365 * DAY
    await freeze(stores, until=NOON, now=NOON, deliveries=(delivery(created_at=NOON),))
    await stores.deliveries.claim_due(NOON, 10, LEASE)
    await stores.deliveries.later("delivery-1", at=ahead + HOUR, error="451 later", held_up=True)
    await stores.deliveries.hold("desk", ahead, ahead + HOUR, "451 later")

    assert await stores.digests.set_back(NOON + MINUTE)

    assert not (await stores.deliveries.obstacles(NOON + MINUTE)).holds
    claimed = await stores.deliveries.claim_due(NOON + MINUTE, 10, LEASE)
    assert [one.id for one, _ in claimed] == ["delivery-1"]
    assert not await stores.digests.set_back(NOON + MINUTE)


async def test_a_clock_that_was_hours_ahead_holds_up_nothing_either(stores: Any) -> None:
    """Alone what was made, claimed or held by it says so; an attempt that may be under way is not doubled."""
    ahead = NOON + 5 * HOUR
    await freeze(stores, until=NOON, now=NOON, deliveries=(delivery(1, created_at=NOON),))
    await stores.deliveries.claim_due(ahead, 10, COURIERS_LEASE)
    assert await stores.digests.set_back(NOON)
    assert await stores.deliveries.claim_due(NOON + COURIERS_LEASE - MINUTE, 10, LEASE) == ()
    assert len(await stores.deliveries.claim_due(NOON + COURIERS_LEASE, 10, LEASE)) == 1

    await stores.deliveries.add(message("an alert"), [delivery(2, message_key="an alert", created_at=ahead)])
    assert await stores.digests.set_back(NOON)
    ((alert, _),) = await stores.deliveries.claim_due(NOON, 10, LEASE)
    assert (alert.id, alert.created_at) == ("delivery-2", NOON)

    await stores.deliveries.hold("desk", ahead, ahead + MINUTE, "451 later")
    assert await stores.digests.set_back(NOON)
    assert not (await stores.deliveries.obstacles(NOON)).holds
    assert not await stores.digests.set_back(NOON)


async def test_a_claim_of_now_is_no_sign_of_another_clock(stores: Any) -> None:
    await freeze(stores, until=NOON, now=NOON, deliveries=(delivery(1, created_at=NOON),))
    await stores.deliveries.claim_due(NOON, 10, COURIERS_LEASE)

    assert not await stores.digests.set_back(NOON)


async def test_the_longest_wait_that_may_be_moves_nothing(stores: Any) -> None:
    await freeze(stores, until=NOON, now=NOON, deliveries=(delivery(created_at=NOON),))
    await stores.deliveries.claim_due(NOON, 10, LEASE)
    await stores.deliveries.later("delivery-1", at=NOON + LONGEST_WAIT, error="503", held_up=False)
    await stores.deliveries.hold("desk", NOON, NOON + DAY, "503")

    assert not await stores.digests.set_back(NOON)


async def test_a_clock_that_is_set_right_by_seconds_moves_nothing(stores: Any) -> None:
    """The clocks of two machines differ by as much."""
    await freeze(stores, until=NOON + MINUTE)

    assert not await stores.digests.set_back(NOON)
    assert await stores.digests.last_until("morning") == NOON + MINUTE
