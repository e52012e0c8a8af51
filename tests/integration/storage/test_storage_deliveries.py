"""The contract of `DeliveryStore`: handed out once, counted before, closed for good."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from alerts.messages import DeliveryState, MessageKind
from tests.integration.storage.making import HOUR, LEASE, MINUTE, NOON, delivery, message


async def one_waits(stores: Any, **facts: Any) -> None:
    await stores.deliveries.add(message(), [delivery(**facts)])


async def state(stores: Any) -> Any:
    return (await stores.deliveries.get("delivery-1"))[0]


async def test_a_message_is_added_once(stores: Any) -> None:
    """A second one under its key is refused whole."""
    assert await stores.deliveries.add(message(kind=MessageKind.TEST), [delivery(1)]) is True
    assert await stores.deliveries.add(message(subject="other"), [delivery(2)]) is False

    assert await stores.deliveries.get("delivery-1") == (delivery(1), message(kind=MessageKind.TEST))
    assert await stores.deliveries.get("delivery-2") is None


async def test_due_deliveries_are_handed_out_once_with_the_attempt_counted(stores: Any) -> None:
    """A crash during the attempt has counted it; after the lease it is due again."""
    await one_waits(stores)

    ((claimed, carried),) = await stores.deliveries.claim_due(NOON, 10, LEASE)

    assert (claimed.attempts, carried) == (1, message())
    assert await stores.deliveries.claim_due(NOON + LEASE - MINUTE, 10, LEASE) == ()
    ((claimed, _),) = await stores.deliveries.claim_due(NOON + LEASE, 10, LEASE)
    assert claimed.attempts == 2


async def test_two_claimers_never_get_the_same_delivery(stores: Any) -> None:
    """No reader gets two mails because two daemons run."""
    await stores.deliveries.add(message(), [delivery(number) for number in range(40)])

    shares = await asyncio.gather(*(stores.deliveries.claim_due(NOON, 10, LEASE) for _ in range(6)))

    claimed = [one.id for share in shares for one, _ in share]
    assert len(claimed) == len(set(claimed)) == 40


async def test_the_longest_due_is_handed_out_first(stores: Any) -> None:
    """Those whose time has not come wait."""
    times = {1: NOON + MINUTE, 2: NOON, 3: NOON + HOUR}
    await stores.deliveries.add(message(), [delivery(n, next_attempt_at=at) for n, at in times.items()])

    claimed = await stores.deliveries.claim_due(NOON + MINUTE, 10, LEASE)

    assert [one.id for one, _ in claimed] == ["delivery-2", "delivery-1"]


async def test_a_sent_delivery_is_closed_with_its_time_and_answer(stores: Any) -> None:
    """It is never handed out again."""
    await one_waits(stores)
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.later("delivery-1", at=NOON, error="busy")
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.sent("delivery-1", now=NOON + MINUTE, answer="250 OK")

    sent = await state(stores)
    assert (sent.state, sent.sent_at, sent.answer) == (DeliveryState.SENT, NOON + MINUTE, "250 OK")
    assert (sent.last_error, sent.next_attempt_at, sent.attempts) == (None, None, 2)
    assert await stores.deliveries.claim_due(NOON + 9 * HOUR, 1, LEASE) == ()


async def test_a_delivery_put_off_is_due_at_its_new_time(stores: Any) -> None:
    """Not before, and without waiting for the lease."""
    await one_waits(stores)
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.later("delivery-1", at=NOON + MINUTE, error="451 greylisted")

    waiting = await state(stores)
    assert (waiting.state, waiting.last_error) == (DeliveryState.PENDING, "451 greylisted")
    assert waiting.next_attempt_at == NOON + MINUTE
    assert await stores.deliveries.claim_due(NOON, 1, LEASE) == ()
    assert len(await stores.deliveries.claim_due(NOON + MINUTE, 1, LEASE)) == 1


async def test_a_parked_delivery_waits_for_the_operator(stores: Any) -> None:
    """With its reason; `retry` makes it due at once."""
    await one_waits(stores)
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.park("delivery-1", now=NOON, error="550 no such mailbox")

    parked = await state(stores)
    assert (parked.state, parked.last_error) == (DeliveryState.PARKED, "550 no such mailbox")
    assert await stores.deliveries.claim_due(NOON + 9 * HOUR, 1, LEASE) == ()
    assert await stores.deliveries.retry("delivery-1", now=NOON + HOUR) is True
    ((claimed, _),) = await stores.deliveries.claim_due(NOON + HOUR, 1, LEASE)
    assert claimed.attempts == 2


async def test_a_retry_does_not_double_what_is_under_way(stores: Any) -> None:
    """The claim of a delivery being sent just now holds."""
    await one_waits(stores)
    await stores.deliveries.claim_due(NOON, 1, LEASE)

    assert await stores.deliveries.retry("delivery-1", now=NOON) is True
    assert await stores.deliveries.claim_due(NOON, 1, LEASE) == ()


async def test_a_cancelled_delivery_stays_so(stores: Any) -> None:
    """An attempt that fails afterwards does not bring it back."""
    await one_waits(stores)
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    assert await stores.deliveries.cancel("delivery-1") is True
    await stores.deliveries.later("delivery-1", at=NOON, error="busy")
    await stores.deliveries.park("delivery-1", now=NOON, error="refused")

    assert (await state(stores)).state is DeliveryState.CANCELLED
    assert await stores.deliveries.claim_due(NOON + HOUR, 1, LEASE) == ()


@pytest.mark.parametrize("verb", ["retry", "cancel"])
async def test_what_is_sent_cancelled_or_unknown_can_be_neither_retried_nor_cancelled(
    stores: Any, verb: str
) -> None:
    """The operator is told so."""
    await stores.deliveries.add(message(), [delivery(1), delivery(2)])
    await stores.deliveries.sent("delivery-1", now=NOON, answer="ok")
    await stores.deliveries.cancel("delivery-2")

    for name in ("delivery-1", "delivery-2", "nobody"):
        call = getattr(stores.deliveries, verb)
        assert await (call(name, now=NOON) if verb == "retry" else call(name)) is False


async def test_deliveries_are_listed_newest_first(stores: Any) -> None:
    """As many as asked for."""
    times = {1: NOON, 2: NOON + HOUR, 3: NOON + MINUTE}
    await stores.deliveries.add(message(), [delivery(n, created_at=at) for n, at in times.items()])

    assert [one.id for one in await stores.deliveries.list()] == ["delivery-2", "delivery-3", "delivery-1"]
    assert [one.id for one in await stores.deliveries.list(limit=1)] == ["delivery-2"]
