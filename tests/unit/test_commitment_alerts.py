"""A commitment is told before, on and after its day, each stage once, and once more when the user ends it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.alert_desk import AlertDesk
from alerts.commitment_teller import CommitmentAlerts, upcoming
from alerts.messages import Message
from alerts.pages import Pages
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.records import Commitment, CommitmentState, Initiative, Telling
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.receiver import Receiver

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = date(2026, 12, 31)
ROADMAP = Commitment(id="roadmap", text="Roadmap for AI infrastructure", due=DUE)
BEFORE = (30 * DAY, 7 * DAY, 0 * DAY)
PLAN = AlertPlan(
    on=AlertKind.COMMITMENT, to=("desk",), before=BEFORE, at=(time(7, 30),), initiatives=("trust",)
)
START = datetime(2026, 11, 1, tzinfo=UTC)
REPORT = Telling(
    article_id="a",
    title="Roadmap is late",
    url="https://post.example/1",
    source="The Post",
    source_id="post",
    published=datetime(2026, 12, 2, tzinfo=UTC),
    found=datetime(2026, 12, 2, tzinfo=UTC),
)


class Filed:
    def __init__(self) -> None:
        self.reports: tuple[Telling, ...] = ()

    async def filed(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[tuple[Telling, ...], int]:
        return self.reports[:limit], len(self.reports)

    async def watched_since(self) -> datetime | None:
        return START


@dataclass
class House:
    """Alerts over a store in memory; each `at` is a process of its own."""

    commitments: tuple[Commitment, ...] = (ROADMAP,)
    plans: tuple[AlertPlan, ...] = (PLAN,)
    digests: tuple[DigestPlan, ...] = ()
    paused: bool = False
    memory: MemoryAlerts = field(default_factory=MemoryAlerts)
    evidence: Filed = field(default_factory=Filed)

    def process(self, time: datetime) -> CommitmentAlerts:
        class Clock:
            def now(self) -> datetime:
                return time

        initiative = Initiative(
            id="trust", name="TRUST", watchlist_id="w", commitments=self.commitments, paused=self.paused
        )
        return CommitmentAlerts(
            evidence=self.evidence,
            desk=AlertDesk(store=self.memory, channels={"desk": Receiver(("a@example.org",))}, pages=Pages()),
            plans=self.plans,
            digests=self.digests,
            initiatives={"trust": initiative},
            clock=Clock(),
        )

    async def at(self, time: datetime) -> list[Message]:
        return list(await self.process(time).tell_due())

    async def through(self, first: datetime, last: datetime, step: timedelta = 6 * HOUR) -> dict[str, str]:
        """Subjects by the time at which they were told."""
        told = {}
        now = first
        while now <= last:
            for message in await self.at(now):
                told[f"{now:%Y-%m-%d %H:%M}"] = message.subject
            now += step
        return told


TEXT = "Roadmap for AI infrastructure"


async def test_each_stage_is_told_once_across_restarts() -> None:
    """Before, on and after its day, at growing intervals; a process of its own every six hours."""
    told = await House().through(START + 8 * HOUR, datetime(2028, 1, 2, tzinfo=UTC))

    assert told == {
        "2026-12-01 08:00": f"Commitment due in 30 days: {TEXT}, no report found",
        "2026-12-24 08:00": f"Commitment due in 7 days: {TEXT}, no report found",
        "2026-12-31 08:00": f"Commitment due today: {TEXT}, no report found",
        "2027-01-01 08:00": f"Commitment overdue by 1 day: {TEXT}, no report found",
        "2027-01-07 08:00": f"Commitment overdue by 7 days: {TEXT}, no report found",
        "2027-01-30 08:00": f"Commitment overdue by 30 days: {TEXT}, no report found",
        "2027-03-31 08:00": f"Commitment overdue by 90 days: {TEXT}, no report found",
        "2027-06-29 08:00": f"Commitment overdue by 180 days: {TEXT}, no report found",
        "2027-12-31 08:00": f"Commitment overdue by 365 days: {TEXT}, no report found",
    }


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (BEFORE, "open commitment 30 and 7 days before its day, on its day, the day after it, after 7, 30"),
        ((1 * DAY,), "open commitment 1 day before its day, the day after it, after 7, 30"),
        ((0 * DAY,), "open commitment on its day, the day after it, after 7, 30"),
    ],
)
async def test_it_says_when_it_comes_again_as_its_alert_has_it(
    before: tuple[timedelta, ...], words: str
) -> None:
    house = House(plans=(replace(PLAN, before=before),))

    assert await house.at(START) == []

    (message,) = await house.at(datetime(2027, 1, 1, 8, tzinfo=UTC))

    assert words in " ".join(message.text.split())


async def test_it_waits_for_its_slot_and_is_told_at_it() -> None:
    """One process that is asked often: nothing a minute before, told at the minute."""
    house = House()
    process = house.process(START)
    await process.tell_due()

    assert await house.at(datetime(2026, 12, 1, 7, 29, tzinfo=UTC)) == []
    assert len(await house.at(datetime(2026, 12, 1, 7, 30, tzinfo=UTC))) == 1
    assert await house.at(datetime(2026, 12, 1, 7, 31, tzinfo=UTC)) == []


async def test_the_day_is_that_of_the_zone() -> None:
    """Without a time and without a digest it is told as the day begins there."""
    house = House(plans=(replace(PLAN, at=(), zone="America/New_York", before=(0 * DAY,)),))

    told = await house.through(START, datetime(2026, 12, 31, 12, tzinfo=UTC), HOUR)

    assert told == {"2026-12-31 05:00": f"Commitment due today: {TEXT}, no report found"}


async def test_without_a_time_of_its_own_it_goes_with_the_next_digest_to_the_channel() -> None:
    weekly = DigestPlan(id="d", to=("desk",), initiatives=(), at=(time(16),), days=frozenset({4}))
    house = House(plans=(replace(PLAN, at=()),), digests=(weekly,))

    told = await house.through(START, datetime(2026, 12, 31, tzinfo=UTC), HOUR)

    assert list(told) == ["2026-12-04 16:00", "2026-12-25 16:00"]  # Fridays


async def test_its_day_is_that_of_the_digest_with_which_it_goes() -> None:
    """Half past seven in Auckland is the evening before in UTC."""
    morning = DigestPlan(id="d", to=("desk",), initiatives=(), at=(time(7, 30),), zone="Pacific/Auckland")
    house = House(plans=(replace(PLAN, at=(), before=(0 * DAY,)),), digests=(morning,))

    told = await house.through(START, datetime(2026, 12, 31, 12, tzinfo=UTC), HOUR / 2)

    assert told == {"2026-12-30 18:30": f"Commitment due today: {TEXT}, no report found"}


async def test_missed_stages_are_told_late_once_as_one() -> None:
    """The daemon was down from November to the middle of January."""
    house = House()
    assert await house.at(START) == []

    (message,) = await house.at(datetime(2027, 1, 15, 12, tzinfo=UTC))

    text = " ".join(message.text.split())
    assert message.subject == f"Commitment overdue by 15 days: {TEXT}, no report found"
    assert "Told late: this was to be told on 7 Jan 2027." in text
    assert "4 reminders before it were missed; this stands for all." in text
    assert await house.at(datetime(2027, 1, 16, 12, tzinfo=UTC)) == []


async def test_a_new_watchlist_with_an_overdue_commitment_tells_of_it_once() -> None:
    """Three hundred days overdue: at the next slot, not four times, and as nothing that was missed."""
    house = House()
    first = datetime(2027, 10, 27, 8, tzinfo=UTC)

    told = await house.through(first, first + 30 * DAY)

    assert told == {"2027-10-28 08:00": f"Commitment overdue by 301 days: {TEXT}, no report found"}
    (message,) = house.memory.deliveries.messages.values()
    assert "late" not in message.text
    assert "missed;" not in message.text


async def test_the_reports_filed_under_it_stand_in_it() -> None:
    house = House()
    house.evidence.reports = (REPORT,) * 7
    await house.at(START)

    (message,) = await house.at(datetime(2026, 12, 31, 8, tzinfo=UTC))

    assert message.subject == f"Commitment due today: {TEXT}, 7 reports"
    assert "7 reports filed under it; the newest 5 are:" in message.text
    assert message.text.count("> Roadmap is late (The Post, 2 Dec 2026)") == 5
    (told,) = json.loads(message.data)["data"]["commitments"]
    assert (told["id"], told["days"], told["reports"], len(told["evidence"])) == ("roadmap", 0, 7, 5)


async def test_no_report_is_said_with_the_day_since_which_we_look() -> None:
    house = House()
    await house.at(START)

    (message,) = await house.at(datetime(2026, 12, 31, 8, tzinfo=UTC))

    assert "No report found since 1 Nov 2026, when we began to look." in message.text


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (
            replace(
                ROADMAP,
                state=CommitmentState.MET,
                met=date(2026, 12, 3),
                by="https://gov.example/roadmap",
            ),
            "met on 3 Dec 2026",
        ),
        (replace(ROADMAP, state=CommitmentState.MISSED), "missed"),
        (replace(ROADMAP, state=CommitmentState.DROPPED, due=None), "dropped"),
    ],
)
async def test_its_end_is_told_once_to_whom_it_was_told(ended: Commitment, words: str) -> None:
    house = House()
    await house.through(START, datetime(2026, 12, 2, tzinfo=UTC))
    house.commitments = (ended,)

    told = await house.through(datetime(2026, 12, 3, 12, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))

    assert told == {"2026-12-04 12:00": f"Commitment {words}: {TEXT}"}
    assert house.memory.kept == {}
    if ended.by:
        (*_, message) = house.memory.deliveries.messages.values()
        assert "> Met by\n      https://gov.example/roadmap" in message.text


async def test_the_end_of_one_that_was_never_told_is_no_news() -> None:
    house = House()
    await house.at(START)
    house.commitments = (replace(ROADMAP, state=CommitmentState.MET),)

    assert await house.through(START + DAY, START + 90 * DAY) == {}
    assert house.memory.kept == {}


async def test_another_day_begins_anew() -> None:
    """The user moves the day: its stages are told again as they come."""
    house = House()
    await house.through(START, datetime(2026, 12, 26, tzinfo=UTC))
    house.commitments = (replace(ROADMAP, due=date(2027, 3, 31)),)

    told = await house.through(datetime(2026, 12, 27, 8, tzinfo=UTC), datetime(2027, 3, 2, tzinfo=UTC))

    assert list(told) == ["2027-03-01 08:00"]


async def test_those_of_one_day_are_one_message() -> None:
    other = replace(ROADMAP, id="chips", text="Chips act")
    overdue = replace(ROADMAP, id="old", text="Old promise", due=date(2026, 12, 30))
    house = House(commitments=(ROADMAP, other, overdue))
    await house.through(START, datetime(2026, 12, 31, tzinfo=UTC))

    (message,) = await house.at(datetime(2026, 12, 31, 8, tzinfo=UTC))

    assert message.subject == "Commitments: 1 overdue, 2 due today (TRUST)"
    ids = [one["id"] for one in json.loads(message.data)["data"]["commitments"]]
    assert ids == ["old", "chips", "roadmap"]


@pytest.mark.parametrize(
    "house",
    [
        House(commitments=(replace(ROADMAP, due=None),)),
        House(paused=True),
        House(plans=()),
        House(plans=(replace(PLAN, on=AlertKind.SURGE),)),
        House(plans=(replace(PLAN, initiatives=("compact",)),)),
    ],
)
async def test_what_nobody_asked_for_is_not_told(house: House) -> None:
    """Without a day, of a paused initiative, without an alert on commitments, of another initiative."""
    assert await house.through(START, datetime(2027, 2, 1, tzinfo=UTC)) == {}


async def test_two_alerts_to_one_channel_tell_it_once() -> None:
    """Before its day as either wants it."""
    house = House(plans=(replace(PLAN, before=(30 * DAY,)), replace(PLAN, before=(7 * DAY,))))

    told = await house.through(START + 8 * HOUR, datetime(2026, 12, 31, tzinfo=UTC))

    assert list(told) == ["2026-12-01 08:00", "2026-12-24 08:00"]


async def test_a_commitment_that_is_no_more_there_is_forgotten() -> None:
    house = House()
    await house.through(START, datetime(2026, 12, 2, tzinfo=UTC))
    house.commitments = ()

    assert await house.at(datetime(2026, 12, 3, 8, tzinfo=UTC)) == []
    assert house.memory.kept == {}


async def test_it_is_known_when_each_is_told_next() -> None:
    initiative = Initiative(id="trust", name="TRUST", watchlist_id="w", commitments=(ROADMAP,))

    (found,) = upcoming((PLAN,), (), {"trust": initiative}, (), START)

    assert (found.channel_id, found.initiative_id, found.commitment_id) == ("desk", "trust", "roadmap")
    assert found.at == datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
