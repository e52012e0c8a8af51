"""Trouble is told when it begins, while it lasts and when it is over: batched, once each, never as a storm."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

import pytest

from alerts.alert_desk import AlertDesk
from alerts.messages import Message, MessageKind
from alerts.pages import Pages
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.trouble_teller import OPERATOR, TroubleAlerts, routes
from alerts.troubles import Look, Trouble, TroubleKind
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.receiver import Receiver

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLAN = AlertPlan(on=AlertKind.SOURCE_TROUBLE, to=("hook",))


def source(name: str, state: str = "failing", **more: object) -> Trouble:
    return replace(
        Trouble(
            kind=TroubleKind.SOURCE,
            subject=name.lower(),
            name=name,
            state=state,
            since=NOON - HOUR,
            reason="answered 500",
            evidence=("3 polls in a row failed",),
            remedy="look at its site",
        ),
        **more,  # type: ignore[arg-type]  # fields of a test's own choice
    )


POST, HERALD = source("Post"), source("Herald", "blocked")
GONE = Trouble(
    kind=TroubleKind.CHANNEL,
    subject="hook",
    name="channel hook",
    state="gone",
    since=NOON,
    reason="answered 410",
)
PARKED = Trouble(
    kind=TroubleKind.DELIVERY,
    subject="desk a@b.example",
    name="desk a@b.example",
    state="1 message given up",
    since=NOON,
    reason="550 no such mailbox",
)


@dataclass
class House:
    """A watch that sees what the test says, and memories that outlive each process."""

    plans: tuple[AlertPlan, ...] = (PLAN,)
    operator: str | None = None
    digests: tuple[DigestPlan, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    unsure: frozenset[tuple[str, str]] = frozenset()
    broken: frozenset[str] = frozenset()
    watched: dict[TroubleKind, frozenset[str]] = field(default_factory=dict)
    memory: MemoryAlerts = field(default_factory=MemoryAlerts)
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    async def look(self, now: datetime) -> Look:
        return Look(troubles=self.troubles, unsure=self.unsure, watched=self.watched)

    async def gone(self) -> frozenset[str]:
        return frozenset(one.subject for one in self.troubles if one.kind is TroubleKind.CHANNEL)

    async def works(self, channel_id: str) -> bool:
        return channel_id not in self.broken

    def process(self) -> TroubleAlerts:
        channels = ("desk", "hook", "ops")
        found = routes(plans=self.plans, digests=self.digests, operator=self.operator, channels=channels)
        desk = AlertDesk(store=self.memory, channels={one: Receiver() for one in channels}, pages=Pages())
        return TroubleAlerts(watch=self, desk=desk, routes=found, clock=self)

    async def at(self, moment: datetime, *troubles: Trouble) -> list[Message]:
        """A process of its own at a moment at which there is this trouble."""
        self.time, self.troubles = moment, troubles
        return list(await self.process().tell_due())

    async def through(
        self, last: datetime, *troubles: Trouble, step: timedelta = 5 * MINUTE
    ) -> dict[str, str]:
        """Subjects by the time at which they were told, with the same trouble all the while."""
        told: dict[str, str] = {}
        while self.time < last:
            self.time += step
            for message in await self.at(self.time, *troubles):
                told[f"{self.time - NOON}"] = message.subject
        return told

    @property
    def sent_to(self) -> list[str]:
        return [one.channel_id for one in self.memory.deliveries.kept.values()]


async def test_the_first_waits_for_the_others_and_one_message_tells_all() -> None:
    house = House()
    assert await house.at(NOON, POST) == []
    assert await house.at(NOON + 10 * MINUTE, POST, HERALD) == []

    (message,) = await house.at(NOON + 15 * MINUTE, POST, HERALD)

    assert message.subject == "Sources: Herald (blocked) and Post (failing)"
    text = " ".join(message.text.split())
    assert "! Post: failing source, since Tue 24 Nov 2026, 11:00 UTC Answered 500" in text
    assert "3 polls in a row failed What to do: look at its site" in text
    assert (message.kind, message.threads) == (MessageKind.NOTICE, ("sources",))
    data = json.loads(message.data)["data"]
    assert data["alert"] == "source-trouble"
    assert [(one["subject"], one["phase"], one["state"]) for one in data["troubles"]] == [
        ("herald", "begun", "blocked"),
        ("post", "begun", "failing"),
    ]
    assert await house.at(NOON + 20 * MINUTE, POST, HERALD) == []


async def test_what_passes_before_it_is_told_is_not_told() -> None:
    house = House()
    await house.at(NOON, POST)

    assert await house.through(NOON + DAY) == {}
    assert house.memory.kept == {}


async def test_while_it_lasts_it_is_told_daily_for_three_days_then_weekly() -> None:
    house = House()

    told = await house.through(NOON + 20 * DAY, POST)

    still = "Sources: still Post (failing)"
    assert told == {
        "0:20:00": "Sources: Post (failing)",
        "1 day, 0:20:00": still,
        "2 days, 0:20:00": still,
        "3 days, 0:20:00": still,
        "10 days, 0:20:00": still,
        "17 days, 0:20:00": still,
    }


async def test_its_end_is_told_once() -> None:
    house = House()
    await house.through(NOON + 2 * HOUR, POST, HERALD)

    told = await house.through(NOON + 6 * HOUR, HERALD)

    assert told == {"2:20:00": "Sources: well again: Post · 1 more as before"}
    (*_, message) = house.memory.deliveries.messages.values()
    over = json.loads(message.data)["data"]["troubles"][-1]
    assert (over["subject"], over["phase"], over["until"]) == ("post", "over", "2026-11-24T14:05:00Z")
    assert "over after 3 hours" in message.text


async def test_one_that_comes_back_at_once_makes_no_storm() -> None:
    """Two hours ill, one hour well, for a day: told of seldom, and never twice in six hours as begun."""
    house = House()
    told: dict[str, str] = {}
    for hour in range(0, 24, 3):
        told |= await house.through(NOON + (hour + 2) * HOUR, POST)
        told |= await house.through(NOON + (hour + 3) * HOUR)

    assert [subject for subject in told.values() if subject.startswith("Sources: Post")] != []
    assert len(told) <= 7


async def test_an_end_in_doubt_is_not_told() -> None:
    """While the network of this machine is out nobody knows whether the source is well."""
    house = House()
    await house.through(NOON + HOUR, POST)
    network = replace(
        POST, kind=TroubleKind.NETWORK, subject="", name="the network of this machine", state="out"
    )
    house.unsure = frozenset({POST.id})

    told = await house.through(NOON + 3 * HOUR, network)
    house.unsure = frozenset()
    told |= await house.through(NOON + 5 * HOUR, POST)

    assert told == {
        "1:20:00": "Sources: the network of this machine (out)",
        "3:20:00": "Sources: well again: the network of this machine · 1 more as before",
    }


async def test_it_goes_with_the_slots_of_the_channel() -> None:
    """With a digest to the same channel at its next time, else at once; a time of its own comes first."""
    morning = DigestPlan(id="d", to=("hook",), initiatives=(), at=(time(7, 30),))

    assert list(await House(digests=(morning,)).through(NOON + DAY, POST)) == ["19:30:00"]
    own = House(plans=(replace(PLAN, at=(time(16),)),), digests=(morning,))
    assert list(await own.through(NOON + DAY, POST)) == ["4:00:00"]


async def test_what_is_taken_away_or_paused_ends_without_a_word() -> None:
    """It is not well again."""
    house = House()
    await house.through(NOON + HOUR, POST)
    house.watched = {TroubleKind.SOURCE: frozenset({"herald"})}

    assert await house.through(NOON + 2 * HOUR) == {}
    assert house.memory.kept == {}


async def test_a_look_that_shows_nothing_new_writes_nothing() -> None:
    """In whatever order the sources come."""
    house = House()
    await house.through(NOON + HOUR, POST, HERALD)
    kept = house.memory.kept

    await house.at(NOON + 2 * HOUR, HERALD, POST)

    assert house.memory.kept is kept


# -- the operator ----------------------------------------------------------------------------------


async def test_a_channel_that_is_gone_is_told_at_once_by_another() -> None:
    house = House(plans=(), operator="ops")

    (message,) = await house.at(NOON, GONE)

    assert message.subject == "Trouble: channel hook (gone)"
    assert message.threads == ("operator",)
    assert house.sent_to == ["ops"]


async def test_a_running_process_sees_it_before_its_next_look() -> None:
    house = House(plans=(), operator="ops")
    process = house.process()
    await process.tell_due()

    house.time, house.troubles = NOON + MINUTE, (GONE,)

    assert len(await process.tell_due()) == 1


async def test_when_the_channel_of_the_operator_is_gone_another_one_is_taken_and_says_so() -> None:
    house = House(plans=(), operator="hook", broken=frozenset({"hook", "desk"}))

    (message,) = await house.at(NOON, GONE)

    assert house.sent_to == ["ops"]
    text = " ".join(message.text.split())
    assert "This comes by ops, because nothing gets through to hook, the operator's channel." in text


async def test_without_any_channel_that_works_it_is_told_as_soon_as_one_does() -> None:
    house = House(plans=(), operator="hook", broken=frozenset({"hook", "desk", "ops"}))
    assert await house.at(NOON, GONE) == []

    house.broken = frozenset({"hook"})
    assert len(await house.at(NOON + HOUR, GONE)) == 1


async def test_the_operator_hears_of_sources_only_where_no_alert_tells_of_them() -> None:
    alone = House(plans=(), operator="ops")
    assert list((await alone.through(NOON + HOUR, POST)).values()) == ["Trouble: Post (failing)"]

    both = House(operator="ops")
    assert list((await both.through(NOON + HOUR, POST)).values()) == ["Sources: Post (failing)"]


async def test_between_two_messages_is_a_quarter_of_an_hour_but_for_a_channel_that_is_gone() -> None:
    house = House(plans=(), operator="ops")
    await house.at(NOON, GONE)

    assert await house.at(NOON + 5 * MINUTE, GONE, PARKED) == []
    (message,) = await house.at(
        NOON + 10 * MINUTE, GONE, PARKED, replace(GONE, subject="x", name="channel x")
    )

    assert message.subject.startswith("Trouble: channel x (gone) and desk a@b.example (1 message given up)")


async def test_what_waits_for_a_hand_is_told_again_when_there_is_more_of_it() -> None:
    """Weekly while nothing changes, the next day when another message was given up."""
    house = House(plans=(), operator="ops")
    assert list(await house.through(NOON + 6 * DAY, PARKED)) == ["0:20:00"]

    more = replace(PARKED, state="2 messages given up", count=2)
    told = await house.through(NOON + 8 * DAY, more)

    assert list(told.values()) == ["Trouble: still desk a@b.example (2 messages given up)"]


async def test_nobody_is_told_where_nobody_is_named() -> None:
    house = House(plans=())

    assert await house.through(NOON + HOUR, POST, GONE) == {}
    assert house.memory.kept == {}


@pytest.mark.parametrize("troubles", [(), (POST,), (GONE, PARKED, POST)])
async def test_two_processes_tell_once(troubles: Iterable[Trouble]) -> None:
    """The second sees what the first froze; one that read before it was frozen changes nothing."""
    house = House(plans=(), operator="ops")
    await house.at(NOON, *troubles)
    house.time = NOON + HOUR
    first, second = house.process(), house.process()

    told = [*await first.tell_due(), *await second.tell_due()]

    assert len(told) <= 1
    assert {one.channel_id for one in house.memory.kept.values()} <= {OPERATOR}
