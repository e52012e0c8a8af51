"""The contract of `DeliveryStore`: handed out once, counted before, closed for good."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from alerts.messages import DeliveryState, MessageKind
from alerts.obstacles import LONG, Ban, Hold, Parking, Suspension
from alerts.threads import MOST, subscriptions
from tests.integration.storage.making import HOUR, LEASE, MINUTE, NOON, delivery, message
from tidings.storage.engine import Database
from tidings.storage.stores import Stores


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


async def parked(stores: Any, number: int, why: Parking, to: str = "a@example.org") -> None:
    """A message of its own to `to`, claimed and parked."""
    key, name = f"morning/{number}", f"delivery-{number}"
    await stores.deliveries.add(message(key), [delivery(number, message_key=key, recipient=to)])
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.park(name, now=NOON + number * MINUTE, error=f"reason {number}", why=why)


@pytest.mark.parametrize(
    ("why", "attempts", "refused"),
    [
        (Parking.GIVEN_UP, 1, False),
        (Parking.REFUSED, 1, True),
        (Parking.NO_RECIPIENT, 1, True),
        (Parking.UNTRIED, 0, False),
    ],
)
async def test_why_a_delivery_is_parked_is_kept(
    stores: Any, why: Parking, attempts: int, refused: bool
) -> None:
    """One that was not tried has used up no attempt; that it was refused is known until it is taken."""
    await parked(stores, 1, why)
    kept = await state(stores)
    assert (kept.state, kept.attempts, kept.refused) == (DeliveryState.PARKED, attempts, refused)

    await stores.deliveries.retry("delivery-1", now=NOON)
    assert (await state(stores)).refused is refused
    await stores.deliveries.sent("delivery-1", now=NOON, answer="ok")
    assert (await state(stores)).refused is False


async def test_what_a_person_asked_for_is_known_until_it_is_settled(stores: Any) -> None:
    """Also over an attempt that fails for now."""
    await parked(stores, 1, Parking.REFUSED)
    await stores.deliveries.retry("delivery-1", now=NOON)
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.later("delivery-1", at=NOON, error="busy")
    assert (await state(stores)).asked is True

    await stores.deliveries.park("delivery-1", now=NOON, error="refused")
    assert (await state(stores)).asked is False


async def test_claims_are_of_one_channel_where_that_is_wanted(stores: Any) -> None:
    """The channels that wait are named, the longest due first."""
    of = {1: ("desk", NOON), 2: ("hook", NOON - MINUTE), 3: ("desk", NOON), 4: ("later", NOON + HOUR)}
    new = [delivery(n, channel_id=channel, next_attempt_at=at) for n, (channel, at) in of.items()]
    await stores.deliveries.add(message(), new)

    assert await stores.deliveries.waiting(NOON) == ("hook", "desk")
    claimed = await stores.deliveries.claim_due(NOON, 10, LEASE, channel="desk")
    assert sorted(one.id for one, _ in claimed) == ["delivery-1", "delivery-3"]
    assert await stores.deliveries.waiting(NOON) == ("hook",)


async def test_a_claim_can_be_given_back(stores: Any) -> None:
    await one_waits(stores)
    await stores.deliveries.claim_due(NOON, 1, LEASE)

    await stores.deliveries.release("delivery-1")

    assert len(await stores.deliveries.claim_due(NOON, 1, LEASE)) == 1


async def test_deliveries_are_found_by_what_is_asked(stores: Any) -> None:
    """State, channel, the beginning of the message's key, and age; signs of a pattern mean themselves."""
    for key in ("morning/1", "morning/2", "evening/1", "a%b"):
        await stores.deliveries.add(
            message(key), [delivery(id=f"delivery-{key}", message_key=key, channel_id=key[0])]
        )
    young = delivery(9, message_key="morning/1", channel_id="m", created_at=NOON + HOUR)
    await stores.deliveries.add(message("other"), [young])
    await stores.deliveries.sent("delivery-evening/1", now=NOON, answer="ok")

    async def ids(**asked: Any) -> set[str]:
        return {one.id for one in await stores.deliveries.list(**asked)}

    mornings = {"delivery-morning/1", "delivery-morning/2", "delivery-9"}
    assert await ids(state=DeliveryState.SENT) == {"delivery-evening/1"}
    assert await ids(channel="m") == mornings
    assert await ids(message="morning/") == mornings
    assert await ids(message="a%") == {"delivery-a%b"}
    assert await ids(since=NOON + MINUTE) == {"delivery-9"}
    assert await ids(message="morning/", since=NOON + MINUTE, channel="e") == set()


async def test_ids_are_found_by_their_beginning(stores: Any) -> None:
    await stores.deliveries.add(message(), [delivery(n) for n in (1, 10, 11, 2)])

    assert await stores.deliveries.named("delivery-1") == ("delivery-1", "delivery-10", "delivery-11")
    assert await stores.deliveries.named("delivery-2") == ("delivery-2",)
    assert await stores.deliveries.named("%") == ()


async def test_a_message_is_sent_again_to_all_its_recipients_under_the_same_ids(stores: Any) -> None:
    """Those that were sent, parked or cancelled begin anew; one that is under way is left alone."""
    await stores.deliveries.add(message(), [delivery(n) for n in range(5)])
    await stores.deliveries.add(message("other"), [delivery(9, message_key="other")])
    await stores.deliveries.claim_due(NOON, 4, LEASE)
    await stores.deliveries.sent("delivery-0", now=NOON, answer="ok")
    await stores.deliveries.park("delivery-1", now=NOON, error="no")
    await stores.deliveries.cancel("delivery-2")

    assert await stores.deliveries.again("morning/2026-11-25T13:00", NOON + HOUR - MINUTE * 55) == 4

    anew = {one.id: one for one in await stores.deliveries.list(message="morning")}
    for n in (0, 1, 2):
        one = anew[f"delivery-{n}"]
        assert (one.state, one.attempts, one.sent_at, one.answer, one.asked) == (
            "pending",
            0,
            None,
            None,
            True,
        )
        assert one.created_at == NOON
    claimed = await stores.deliveries.claim_due(NOON + 5 * MINUTE, 10, LEASE)
    assert {one.id for one, _ in claimed} == {f"delivery-{n}" for n in (0, 1, 2, 4, 9)}
    assert await stores.deliveries.again("unknown", NOON) == 0


# -- what stands in the way ------------------------------------------------------------------------


async def test_a_ban_is_of_an_address_and_keeps_its_beginning(stores: Any) -> None:
    """The same answer later changes nothing; another address that says so is gone since then."""
    await stores.deliveries.ban("desk", "first", NOON, "410")
    await stores.deliveries.ban("desk", "first", NOON + HOUR, "410 once more")
    ban = Ban(channel_id="desk", target="first", since=NOON, reason="410")
    assert await stores.deliveries.bans() == {"desk": ban}
    assert (await stores.deliveries.obstacles(NOON)).ban_on("desk", "first") == ban
    assert (await stores.deliveries.obstacles(NOON)).ban_on("desk", "second") is None

    await stores.deliveries.ban("desk", "second", NOON + HOUR, "410 there")
    assert (await stores.deliveries.bans())["desk"].since == NOON + HOUR
    await stores.deliveries.unban("desk")
    assert await stores.deliveries.bans() == {}


async def test_nothing_is_handed_out_of_a_channel_on_hold_but_what_a_person_asked_for(stores: Any) -> None:
    """The longest hold counts, and one that is over is none."""
    await stores.deliveries.add(message(), [delivery(1), delivery(2), delivery(3, channel_id="other")])
    await stores.deliveries.hold("desk", NOON, NOON + HOUR, "429")
    await stores.deliveries.hold("desk", NOON, NOON + MINUTE, "503")
    await stores.deliveries.retry("delivery-2", now=NOON)

    held = (await stores.deliveries.obstacles(NOON)).holds
    assert held == {"desk": Hold(channel_id="desk", until=NOON + HOUR, reason="429")}
    assert set(await stores.deliveries.waiting(NOON)) == {"desk", "other"}
    claimed = await stores.deliveries.claim_due(NOON, 10, LEASE)
    assert {one.id for one, _ in claimed} == {"delivery-2", "delivery-3"}
    assert (await stores.deliveries.obstacles(NOON + HOUR)).holds == {}
    assert [one.id for one, _ in await stores.deliveries.claim_due(NOON + HOUR, 1, LEASE)] == ["delivery-1"]


@pytest.mark.parametrize(("lasted", "due"), [(LONG, True), (LONG - MINUTE, False)])
async def test_after_an_outage_what_it_held_up_is_due_at_once(stores: Any, lasted: Any, due: bool) -> None:
    """After a short trouble, or for a reason of its own, each waits for its time; also what is for other channels."""
    await stores.deliveries.add(
        message(), [delivery(n) for n in (1, 2, 3)] + [delivery(4, channel_id="other")]
    )
    await stores.deliveries.claim_due(NOON, 10, LEASE)
    for n, held_up in ((2, True), (3, False), (4, True)):
        await stores.deliveries.later(f"delivery-{n}", at=NOON + 5 * HOUR, error="…", held_up=held_up)
    await stores.deliveries.hold("desk", NOON, NOON + MINUTE, "no connection")
    await stores.deliveries.hold("desk", NOON + 2 * MINUTE, NOON + 3 * MINUTE, "no connection")
    await stores.deliveries.sent("delivery-1", now=NOON + lasted, answer="ok")

    claimed = await stores.deliveries.claim_due(NOON + lasted, 10, LEASE)

    assert [one.id for one, _ in claimed] == ["delivery-2"] * due
    assert [one.held_up for one, _ in claimed] == [True] * due


async def test_three_messages_refused_in_a_row_suspend_a_recipient(stores: Any) -> None:
    """Other reasons are not counted, and other recipients neither."""
    for number, why in enumerate([Parking.NO_RECIPIENT, *Parking, Parking.NO_RECIPIENT]):
        assert (await stores.deliveries.obstacles(NOON)).suspensions == ()
        await parked(stores, number, why)
        await parked(stores, 100 + number, Parking.REFUSED, to="b@example.org")

    (one,) = (await stores.deliveries.obstacles(NOON)).suspensions
    assert one == Suspension(
        channel_id="desk", recipient="a@example.org", messages=3, since=NOON, reason="reason 5"
    )
    assert (await stores.deliveries.obstacles(NOON)).suspension_of(
        delivery(1, recipient="a@example.org")
    ) == one
    assert (await stores.deliveries.obstacles(NOON)).suspension_of(delivery(1)) is None


async def test_one_message_that_is_taken_ends_the_row(stores: Any) -> None:
    for number in range(4):
        await parked(stores, number, Parking.NO_RECIPIENT)
    await stores.deliveries.sent("delivery-0", now=NOON, answer="ok")
    assert (await stores.deliveries.obstacles(NOON)).suspensions == ()

    for number in range(4, 6):
        await parked(stores, number, Parking.NO_RECIPIENT)
    assert (await stores.deliveries.obstacles(NOON)).suspensions == ()


async def test_resume_lifts_what_is_named_and_says_how_much(stores: Any) -> None:
    for number in range(3):
        await parked(stores, number, Parking.NO_RECIPIENT)
        await parked(stores, 100 + number, Parking.NO_RECIPIENT, to="b@example.org")
    await stores.deliveries.ban("desk", "print", NOON, "410")
    await stores.deliveries.hold("desk", NOON, NOON + HOUR, "429")
    await stores.deliveries.ban("other", "print", NOON, "410")

    assert await stores.deliveries.resume("desk", "nobody@example.org") == 0
    assert await stores.deliveries.resume("desk", "a@example.org") == 1
    assert len((await stores.deliveries.obstacles(NOON)).suspensions) == 1
    assert await stores.deliveries.resume("desk") == 3
    left = await stores.deliveries.obstacles(NOON)
    assert (left.bans.keys(), left.holds, left.suspensions) == ({"other"}, {}, ())
    assert await stores.deliveries.resume("desk") == 0


# -- readers who have left -------------------------------------------------------------------------


async def test_readers_who_have_left_hold_up_nobody_behind_them(sql: Database) -> None:
    """However many stand at the head of the queue, whoever asks for one gets the first that is wanted."""
    stores = Stores(sql)
    gone = [delivery(n, recipient=f"{n}@example.org", created_at=NOON - HOUR) for n in range(5)]
    await stores.deliveries.add(message(), [*gone, delivery(9, recipient="desk@example.org")])
    for one in gone:
        await stores.unsubscribed.add("desk", one.recipient, ["digest-morning"], now=NOON)

    ((claimed, _),) = await stores.deliveries.claim_due(NOON, 2, LEASE)

    assert claimed.id == "delivery-9"
    assert await stores.deliveries.claim_due(NOON, 2, LEASE) == ()
    assert {one.id for one in await stores.deliveries.list(state=DeliveryState.CANCELLED)} == {
        one.id for one in gone
    }


async def test_who_left_by_the_link_of_a_message_gets_no_such_message(sql: Database) -> None:
    """Also of an alert that is about more initiatives than one link can leave."""
    stores = Stores(sql)
    threads = tuple(f"initiative-{n}" for n in range(MOST + 5))
    alert = replace(message("alert/1"), kind=MessageKind.ALERT, threads=threads)
    await stores.unsubscribed.add("desk", "desk@example.org", subscriptions(alert), now=NOON)

    await stores.deliveries.add(alert, [delivery(message_key="alert/1", recipient="desk@example.org")])

    assert len(subscriptions(alert)) == MOST
    assert await stores.deliveries.list() == ()
