"""Delivering over ports: who is tried, who waits, who is parked untried, and what lifts that."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from alerts.addressing import deliveries_for
from alerts.courier import AT_ONCE, Courier, Outcome, Result
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, DeliveryState, Message
from alerts.notice import notice
from alerts.retry import LONGEST_HOLD
from tests.fakes.clock import NOON
from tests.fakes.deliveries import MemoryDeliveries

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Clock:
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@dataclass
class Way:
    """A channel that keeps what it was asked for, and does what `answers` says of it."""

    to: tuple[str, ...] = ("",)
    address: str = "first address"
    answers: Callable[[Message, Delivery], Exception | None] = lambda message, delivery: None
    stalls: asyncio.Event | None = None  # until it is set
    asked: list[tuple[str, str]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0  # under way together

    def recipients(self) -> tuple[str, ...]:
        return self.to

    def target(self) -> str:
        return self.address

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        return b""

    async def send(self, message: Message, delivery: Delivery) -> str:
        self.asked.append((message.key, delivery.recipient))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await (self.stalls.wait() if self.stalls is not None else asyncio.sleep(0))
        finally:
            self.under_way -= 1
        trouble = self.answers(message, delivery)
        if trouble is not None:
            raise trouble
        return "ok"


class House:
    def __init__(self, **ways: Way) -> None:
        self.clock = Clock()
        self.store = MemoryDeliveries()
        self.ways = ways
        self.restart()

    def restart(self) -> None:
        """Another courier over the same store, as after a restart or an edit of the settings."""
        self.courier = Courier(
            deliveries=self.store,
            channels=self.ways,
            clock=self.clock,
            fraction=lambda: 0.5,
            look_again=0.01,
        )

    async def send(self, name: str, *to: str) -> tuple[str, ...]:
        """Ids of the deliveries of one message to these channels."""
        one = notice(key=name, subject=name, paragraphs=["…"], created_at=self.clock.now())
        new = [d for way in to for d in deliveries_for(one, way, self.ways[way], self.clock.now())]
        await self.store.add(one, new)
        return tuple(d.id for d in new)

    async def deliver(self) -> tuple[Outcome, ...]:
        return await self.courier.deliver_due(1000)

    def states(self) -> dict[str, str]:
        """By message and recipient."""
        return {f"{d.message_key} {d.recipient}".strip(): str(d.state) for d in self.store.kept.values()}


def results(outcomes: Sequence[Outcome]) -> list[str]:
    return sorted(str(one.result) for one in outcomes)


# -- fairness --------------------------------------------------------------------------------------


async def test_a_stalled_server_with_forty_mails_holds_up_no_hook() -> None:
    """Not those that are due with them, and not those that become due while it stalls."""
    stalls = asyncio.Event()
    house = House(mail=Way(to=tuple(f"{n}@example.org" for n in range(40)), stalls=stalls), hook=Way())
    await house.send("first", "mail", "hook")

    delivering = asyncio.create_task(house.deliver())
    while not house.ways["hook"].asked:
        await asyncio.sleep(0)
    await house.send("second", "hook")
    while len(house.ways["hook"].asked) < 2:
        await asyncio.sleep(0.001)

    assert house.ways["mail"].under_way == AT_ONCE
    stalls.set()
    assert results(await delivering) == ["sent"] * 42
    assert house.ways["mail"].most == AT_ONCE


async def test_of_marks_that_fail_together_each_is_heard() -> None:
    """One is raised; the others are not told by the loop as faults that nobody took."""

    class Full(MemoryDeliveries):
        async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
            raise OSError("the disk is full")

    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, facts: unheard.append(facts))
    house = House(mail=Way(to=("a@example.org", "b@example.org")))
    house.store = Full()
    house.restart()
    await house.send("news", "mail")

    with pytest.raises(OSError, match="full"):
        await house.deliver()
    gc.collect()

    assert unheard == []


async def test_a_claim_that_fails_leaves_no_delivery_waiting_for_its_lease() -> None:
    """What was claimed for other channels before it goes out in the same round."""

    class Full(MemoryDeliveries):
        async def claim_due(
            self, now: datetime, limit: int, lease: timedelta, *, channel: str | None = None
        ) -> tuple[tuple[Delivery, Message], ...]:
            if self.leases:
                raise OSError("the disk is full")
            return await super().claim_due(now, limit, lease, channel=channel)

    house = House(first=Way(), second=Way())
    house.store = Full()
    house.restart()
    await house.send("news", "first", "second")

    with pytest.raises(OSError, match="full"):
        await house.deliver()

    assert sorted(one.state for one in house.store.kept.values()) == [
        DeliveryState.PENDING,
        DeliveryState.SENT,
    ]


async def test_a_mark_that_fails_cuts_off_no_other_delivery_in_mid_send() -> None:
    """One whose message is out and cannot be marked ends the round; the others are finished and marked first."""

    class Full(MemoryDeliveries):
        async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
            if self[delivery_id].channel_id == "quick":
                raise OSError("the disk is full")
            await super().sent(delivery_id, now=now, answer=answer)

    stalls = asyncio.Event()
    house = House(quick=Way(), slow=Way(stalls=stalls))
    house.store = Full()
    house.restart()
    await house.send("news", "slow", "quick")

    delivering = asyncio.create_task(house.deliver())
    while not house.ways["quick"].asked:
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not delivering.done()
    stalls.set()
    with pytest.raises(OSError, match="full"):
        await delivering
    (slow,) = (one for one in house.store.kept.values() if one.channel_id == "slow")
    assert slow.state is DeliveryState.SENT
    assert house.ways["slow"].asked == [("news", "")]


async def test_what_is_cut_off_is_due_at_once_after_the_restart() -> None:
    """Its claim is given back, so nobody waits for the end of a lease."""
    house = House(hook=Way(stalls=asyncio.Event()))
    await house.send("first", "hook")
    delivering = asyncio.create_task(house.deliver())
    while not house.ways["hook"].asked:
        await asyncio.sleep(0)

    delivering.cancel()
    await asyncio.gather(delivering, return_exceptions=True)

    house.ways["hook"].stalls = None
    assert results(await house.deliver()) == ["sent"]


# -- patience --------------------------------------------------------------------------------------


async def test_one_wish_for_patience_holds_for_all_that_waits_for_the_channel() -> None:
    """A burst of forty costs a busy receiver as many requests as are under way together; a restart changes nothing."""
    house = House(hook=Way(answers=lambda *_: TryLater("429", retry_after=3 * HOUR)))
    for number in range(40):
        await house.send(f"n{number}", "hook")

    assert results(await house.deliver()) == ["later"] * AT_ONCE
    house.clock.time += 3 * HOUR - MINUTE
    house.restart()
    assert await house.deliver() == ()
    assert len(house.ways["hook"].asked) == AT_ONCE

    house.clock.time += MINUTE
    house.ways["hook"].answers = lambda *_: None
    assert results(await house.deliver()) == ["sent"] * 40


async def test_an_absurd_wish_holds_for_a_day() -> None:
    house = House(hook=Way(answers=lambda *_: TryLater("429", retry_after=timedelta(days=366))))
    await house.send("first", "hook")
    await house.deliver()

    assert house.store.held["hook"].until == NOON + timedelta(hours=24)


async def test_a_server_that_is_away_is_asked_by_few_and_the_others_are_out_at_its_return() -> None:
    """Thirty mails wait six hours; then one success lets all of them go, whenever their own time was."""
    house = House(
        mail=Way(
            to=tuple(f"{n}@example.org" for n in range(30)),
            answers=lambda *_: TryLater("no connection", for_all=True),
        )
    )
    way = house.ways["mail"]
    await house.send("first", "mail")
    while house.clock.time < NOON + 6 * HOUR:
        await house.deliver()
        house.clock.time += MINUTE
    asked = len(way.asked)
    assert asked <= 2 * 30 + AT_ONCE * 6 * 12  # a first minute for each, then a few in five minutes

    way.answers = lambda *_: None
    house.clock.time += LONGEST_HOLD
    assert results(await house.deliver()) == ["sent"] * 30


async def test_a_failure_of_one_message_holds_up_no_other() -> None:
    house = House(hook=Way(answers=lambda message, _: TryLater("500") if message.key == "bad" else None))
    await house.send("bad", "hook")
    await house.deliver()
    await house.send("good", "hook")

    assert results(await house.deliver()) == ["sent"]


async def test_what_a_person_wants_tried_is_tried_though_the_channel_is_on_hold() -> None:
    house = House(hook=Way(answers=lambda *_: TryLater("429", retry_after=3 * HOUR)))
    (first,) = await house.send("first", "hook")
    await house.deliver()
    house.ways["hook"].answers = lambda *_: None

    await house.store.retry(first, now=house.clock.now())

    assert results(await house.deliver()) == ["sent"]


# -- gone ------------------------------------------------------------------------------------------


async def banned() -> House:
    """A house whose hook answered 410 to a first message; a second waits."""
    house = House(hook=Way(answers=lambda *_: Refused("410 Gone", disable=True)))
    await house.send("first", "hook")
    (outcome,) = await house.deliver()
    assert (outcome.result, outcome.channel_gone) == (Result.PARKED, True)
    await house.send("second", "hook")
    return house


async def test_a_channel_that_answered_410_gets_nothing_more_also_after_a_restart() -> None:
    """What waits is parked with the reason, no attempt used up; also what had been tried before."""
    house = await banned()
    house.restart()

    (outcome,) = await house.deliver()

    parked = (await house.store.list(message="second"))[0]
    assert (outcome.result, outcome.channel_gone) == (Result.PARKED, True)
    assert (parked.state, parked.attempts, parked.refused) == (DeliveryState.PARKED, 0, False)
    assert "its receiver answered 410" in (parked.last_error or "")
    assert "`tidings deliveries retry` asks once more" in (parked.last_error or "")
    assert len(house.ways["hook"].asked) == 1


async def test_one_that_was_tried_before_the_channel_was_gone_is_not_tried_again() -> None:
    """Its turn comes later, when the channel is known to be gone."""
    answers: dict[str, Exception] = {"old": TryLater("500"), "new": Refused("410 Gone", disable=True)}
    house = House(hook=Way(answers=lambda message, _: answers[message.key]))
    await house.send("old", "hook")
    await house.deliver()
    await house.send("new", "hook")
    await house.deliver()
    house.clock.time += HOUR

    assert results(await house.deliver()) == ["parked"]
    assert [key for key, _ in house.ways["hook"].asked] == ["old", "new"]


async def test_a_corrected_address_is_not_gone() -> None:
    """From the next round on, and nobody needs to lift anything."""
    house = await banned()
    house.ways["hook"] = Way(address="second address")
    house.restart()

    assert results(await house.deliver()) == ["sent"]
    assert await house.store.bans() == {}


async def test_a_retry_that_succeeds_lifts_it() -> None:
    house = await banned()
    await house.deliver()
    house.ways["hook"].answers = lambda *_: None
    for one in await house.store.list(state=DeliveryState.PARKED):
        await house.store.retry(one.id, now=house.clock.now())

    assert results(await house.deliver()) == ["sent", "sent"]
    assert await house.store.bans() == {}
    await house.send("third", "hook")
    assert results(await house.deliver()) == ["sent"]


async def test_a_retry_that_is_answered_410_again_leaves_it() -> None:
    """It is gone since the first time."""
    house = await banned()
    await house.deliver()
    house.clock.time += HOUR
    for one in await house.store.list(state=DeliveryState.PARKED):
        await house.store.retry(one.id, now=house.clock.now())

    assert results(await house.deliver()) == ["parked", "parked"]
    assert (await house.store.bans())["hook"].since == NOON


# -- suspended -------------------------------------------------------------------------------------

LEFT, DESK = "left@example.org", "desk@example.org"


def refuse_left(message: Message, delivery: Delivery) -> Exception | None:
    return Refused("550 no such mailbox", of_recipient=True) if delivery.recipient == LEFT else None


async def suspended() -> House:
    """Three messages to two recipients; one of these was refused each time."""
    house = House(mail=Way(to=(DESK, LEFT), answers=refuse_left))
    for number in range(3):
        await house.send(f"n{number}", "mail")
        assert results(await house.deliver()) == ["parked", "sent"]
    return house


async def test_after_three_refused_messages_a_recipient_is_suspended_and_the_other_is_not() -> None:
    house = await suspended()
    await house.send("fourth", "mail")

    await house.deliver()

    assert house.states()["fourth desk@example.org"] == "sent"
    (parked,) = await house.store.list(message="fourth", state=DeliveryState.PARKED)
    assert (parked.recipient, parked.attempts, parked.refused) == (LEFT, 0, False)
    assert parked.last_error == (
        "not tried: left@example.org is suspended, as 3 messages in a row were refused; correct or remove the "
        "address, or `tidings channels resume mail left@example.org`, then `tidings deliveries retry`"
    )
    assert [who for _, who in house.ways["mail"].asked].count(LEFT) == 3


async def test_what_a_person_asked_for_survives_a_server_that_wants_it_later() -> None:
    """A suspended recipient that was put right is often greylisted first; the wish holds until the matter is settled."""
    house = await suspended()
    house.ways["mail"].answers = lambda *_: TryLater("451 greylisted")
    (one,) = (d for d in house.store.kept.values() if d.message_key == "n0" and d.recipient == LEFT)
    await house.store.retry(one.id, now=house.clock.now())
    assert results(await house.deliver()) == ["later"]

    house.ways["mail"].answers = lambda *_: None
    house.clock.time += HOUR

    assert results(await house.deliver()) == ["sent"]
    assert house.store[one.id].asked is False


async def test_one_message_refused_three_times_suspends_nobody() -> None:
    """A person who tries again and again is no reason; three messages are."""
    house = House(mail=Way(to=(LEFT,), answers=refuse_left))
    (one,) = await house.send("first", "mail")
    for _ in range(4):
        await house.deliver()
        await house.store.retry(one, now=house.clock.now())

    await house.send("second", "mail")
    await house.deliver()

    assert ("second", LEFT) in house.ways["mail"].asked


@pytest.mark.parametrize(
    "between", [Refused("554 spam"), Refused("554 5.7.1 relay access denied"), TryLater("451 greylisted")]
)
async def test_what_is_not_about_the_recipient_is_not_counted(between: Exception) -> None:
    house = House(mail=Way(to=(LEFT,), answers=lambda *_: between))
    for number in range(5):
        await house.send(f"n{number}", "mail")
        await house.deliver()

    assert len(house.ways["mail"].asked) == 5


async def test_a_message_that_is_taken_ends_the_row() -> None:
    house = House(mail=Way(to=(LEFT,), answers=refuse_left))
    for number in range(6):
        house.ways["mail"].answers = refuse_left if number % 3 < 2 else lambda *_: None
        await house.send(f"n{number}", "mail")
        await house.deliver()

    assert len(house.ways["mail"].asked) == 6


async def test_a_retry_that_succeeds_lifts_a_suspension() -> None:
    house = await suspended()
    house.ways["mail"].answers = lambda *_: None
    (first,) = await house.store.list(message="n0", state=DeliveryState.PARKED)
    await house.store.retry(first.id, now=house.clock.now())
    assert results(await house.deliver()) == ["sent"]

    await house.send("fourth", "mail")

    assert results(await house.deliver()) == ["sent", "sent"]


@pytest.mark.parametrize("recipient", [LEFT, None])
async def test_resume_lifts_a_suspension_and_three_more_suspend_again(recipient: str | None) -> None:
    house = await suspended()
    assert await house.store.resume("mail", recipient) == 1
    for number in range(4):
        await house.send(f"later{number}", "mail")
        await house.deliver()

    assert [who for _, who in house.ways["mail"].asked].count(LEFT) == 6


async def test_a_recipient_that_is_taken_off_the_channel_is_suspended_no_more() -> None:
    """Nobody is asked to do something about them."""
    house = await suspended()
    house.ways["mail"].to = (DESK,)

    await house.deliver()

    assert (await house.store.obstacles(NOON)).suspensions == ()


# -- once more -------------------------------------------------------------------------------------


async def test_a_lost_mail_is_sent_again_under_its_id_to_the_same_people() -> None:
    """As if it had never been tried; what is under way just then is not doubled."""
    house = House(mail=Way(to=(DESK, "second@example.org")))
    ids = await house.send("first", "mail")
    await house.deliver()

    assert await house.store.again("first", house.clock.now()) == 2
    outcomes = await house.deliver()

    assert sorted(one.delivery.id for one in outcomes) == sorted(ids)
    assert {one.delivery.attempts for one in outcomes} == {1}
    assert len(house.ways["mail"].asked) == 4
