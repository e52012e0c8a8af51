"""Surges and silences are told once each, at their time, with their numbers and their cause."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from alerts.alert_desk import AlertDesk
from alerts.alert_records import Entry, ToldStory
from alerts.bringers import Bringer, cause
from alerts.messages import MessageKind
from alerts.moments import Moments
from alerts.pages import Pages
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.records import Initiative
from alerts.rhythm import Silence, Surge
from alerts.rhythm_alerts import EVERY, RhythmAlerts
from alerts.rhythm_words import silence_alert, surge_alert
from crawler.records import SourceState
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.deliveries import MemoryDeliveries
from tests.fakes.receiver import Receiver

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)  # a Tuesday
TODAY = NOW.date()
COMPACT = Initiative(id="compact", name="COMPACT", watchlist_id="w")
TRUST = Initiative(id="trust", name="TRUST", watchlist_id="w")
SURGE = AlertPlan(on=AlertKind.SURGE, to=("desk",), initiatives=("trust",))
SILENCE = AlertPlan(on=AlertKind.SILENCE, to=("desk",), initiatives=("trust",))
MORNING = DigestPlan(id="morning", to=("desk",), initiatives=("trust",), at=(time(7, 30),))
POST = Bringer(source="The Post", reports=6, state=SourceState.OK, last_new_at=NOW)


@dataclass
class Archive:
    """A `RhythmStore` of one initiative that had `counts` stories on the days up to today."""

    counts: Sequence[int] = ()
    stories: tuple[ToldStory, ...] = ()
    sources: tuple[Bringer, ...] = (POST,)
    standstill: bool = False
    unread: frozenset[str] = frozenset()
    asked: int = 0

    async def moments(self, initiative_id: str, since: datetime) -> Moments:
        self.asked += 1
        first = NOW - (len(self.counts) - 1) * DAY
        stories = [first + place * DAY for place, number in enumerate(self.counts) for _ in range(number)]
        return Moments(
            watched_since=first - DAY if self.counts else None,
            stories=tuple(one for one in stories if one >= since),
            last_report=max(stories, default=None),
        )

    async def bringers(self, initiative_id: str, since: datetime, until: datetime) -> tuple[Bringer, ...]:
        return self.sources

    async def unready(self, now: datetime, behind: timedelta) -> tuple[bool, frozenset[str]]:
        return self.standstill, self.unread

    async def began(self, initiative_id: str, since: datetime, until: datetime) -> tuple[ToldStory, ...]:
        return tuple(one for one in self.stories if since <= one.came < until)

    async def reported(self, initiative_id: str, after: datetime) -> tuple[ToldStory, ...]:
        return tuple(one for one in self.stories if one.came > after)


@dataclass
class Clock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class House:
    """Alerts over a store in memory; `restarted` are those of a new process on the same store."""

    counts: Sequence[int]
    plans: tuple[AlertPlan, ...] = (SURGE, SILENCE)
    digests: tuple[DigestPlan, ...] = ()
    initiative: Initiative = TRUST
    clock: Clock = field(default_factory=Clock)
    deliveries: MemoryDeliveries = field(default_factory=MemoryDeliveries)

    def __post_init__(self) -> None:
        self.archive = Archive(self.counts)
        self.memory = MemoryAlerts(self.deliveries)
        self.alerts = self.restarted()

    def restarted(self) -> RhythmAlerts:
        return RhythmAlerts(
            store=self.archive,
            desk=AlertDesk(
                store=self.memory,
                channels={"desk": Receiver(("a@example.org", "b@example.org"))},
                pages=Pages(),
            ),
            plans=self.plans,
            digests=self.digests,
            initiatives=[self.initiative],
            clock=self.clock,
        )

    @property
    def due(self) -> set[datetime | None]:
        return {one.next_attempt_at for one in self.deliveries.kept.values()}


STEADY = [2] * 56


async def test_a_surge_is_frozen_with_one_delivery_for_each_recipient() -> None:
    house = House([*STEADY, 9])

    (message,) = await house.alerts.tell_due()

    assert message.key == "surge/desk/trust/2026-11-24"
    assert message.subject == "Surge: TRUST: 9 stories today, usually 0 to 4"
    assert "the last 8 Tuesdays had 2, 2, 2, 2, 2, 2, 2 and 2" in message.text.replace("\n", " ")
    assert {one.recipient for one in house.deliveries.kept.values()} == {"a@example.org", "b@example.org"}
    assert house.due == {NOW}


async def test_a_surge_is_told_once_whatever_happens_after() -> None:
    """Not when it grows, not on its second day, not by a process that begins anew."""
    house = House([*STEADY, 9])
    await house.alerts.tell_due()

    for counts in ([*STEADY, 30], [*STEADY, 30, 40]):
        house.archive.counts = counts
        house.clock.time = NOW + (len(counts) - len(STEADY) - 1) * DAY + HOUR
        assert await house.restarted().tell_due() == ()

    assert len(house.deliveries.messages) == 1


async def test_a_surge_of_the_last_minutes_of_a_day_is_told_the_day_after() -> None:
    house = House([*STEADY, 9, 2])

    (message,) = await house.alerts.tell_due()

    assert message.subject == "Surge: TRUST: 9 stories on Mon 23 Nov, usually 0 to 4"


@pytest.mark.parametrize(
    ("plan", "digests", "due"),
    [
        ({}, (), NOW),
        ({}, (MORNING,), datetime(2026, 11, 25, 7, 30, tzinfo=UTC)),
        ({}, (replace(MORNING, paused=True),), NOW),
        ({}, (replace(MORNING, to=("other",)),), NOW),
        ({}, (replace(MORNING, at=(), immediately=True),), NOW),
        ({}, (MORNING, replace(MORNING, at=(), every=HOUR)), NOW.replace(hour=15, minute=0)),
        ({"at": (time(18),), "zone": "Asia/Kolkata"}, (MORNING,), datetime(2026, 11, 25, 12, 30, tzinfo=UTC)),
    ],
)
async def test_a_surge_is_told_at_the_next_time(
    plan: dict[str, Any], digests: tuple[DigestPlan, ...], due: datetime
) -> None:
    """Of the alert itself, else of the next digest to the channel; a channel without one gets it at once."""
    house = House([*STEADY, 9], plans=(replace(SURGE, **plan),), digests=digests)

    if due > NOW:
        assert await house.alerts.tell_due() == ()
        house.clock.time = due - timedelta(seconds=1)
        assert await house.restarted().tell_due() == ()
    house.clock.time = due
    assert len(await house.alerts.tell_due()) == 1
    assert house.due == {due}


async def test_a_surge_is_told_with_the_numbers_of_its_fullest_day_until_then() -> None:
    """What was noticed with nine stories had fourteen when its day was over; on the next the slot comes."""
    house = House([*STEADY, 9], digests=(MORNING,))
    assert await house.alerts.tell_due() == ()

    house.archive.counts = [*STEADY, 14]
    house.clock.time = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
    (message,) = await house.restarted().tell_due()

    assert message.subject == "Surge: TRUST: 14 stories on Tue 24 Nov, usually 0 to 4"
    assert message.key == "surge/desk/trust/2026-11-24"


async def test_a_surge_whose_stories_turn_out_to_be_one_is_not_told() -> None:
    house = House([*STEADY, 9], digests=(MORNING,))
    assert await house.alerts.tell_due() == ()

    house.archive.counts = [*STEADY, 1]
    house.clock.time = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)

    assert await house.alerts.tell_due() == ()
    assert house.memory.kept == {}


def story(came: datetime, title: str = "Chips for all", outlets: int = 1) -> ToldStory:
    return ToldStory(
        id=title,
        title=title,
        url="https://post.example/1",
        source="The Post",
        published=None,
        came=came,
        outlets=outlets,
    )


async def test_a_surge_names_the_stories_of_its_day_and_gives_its_figures() -> None:
    house = House([*STEADY, 9])
    house.archive.stories = (story(NOW - DAY, "Of yesterday"), story(NOW - HOUR, outlets=3))

    (message,) = await house.alerts.tell_due()

    assert "Chips for all\n    The Post and 2 more outlets, Tue 24 Nov, 13:10" in message.text
    assert "Of yesterday" not in message.text
    assert "and 8 more" in message.text
    data = json.loads(message.data)["data"]
    assert (data["alert"], data["initiatives"]) == ("surge", [{"id": "trust", "name": "TRUST"}])
    assert (data["surge"]["stories"], data["surge"]["usual"]) == (9, [0, 4])
    assert data["surge"]["top"][0]["title"] == "Chips for all"
    assert (message.kind, message.threads) == (MessageKind.ALERT, ("initiative-trust",))


async def test_an_installation_of_before_is_not_told_a_surge_again() -> None:
    """It has the message under its key, and no memory yet."""
    house = House([*STEADY, 9])
    (message,) = await house.alerts.tell_due()
    house.memory.kept.clear()

    assert await house.restarted().tell_due() == ()
    assert list(house.deliveries.messages) == [message.key]
    assert house.memory.kept["desk", "surge", "trust"].told_at == NOW


# -- silence ---------------------------------------------------------------------------------------


async def test_a_silence_is_told_when_it_starts_and_at_growing_intervals() -> None:
    """After three days, six and twelve; a report ends it, and the next silence is another one."""
    house = House([*STEADY, 0, 0, 0])

    subjects = {}
    for days in range(12):
        house.archive.counts = [*STEADY, *[0] * 3]
        house.clock.time = NOW + days * DAY
        for message in await house.restarted().tell_due():
            subjects[days] = message.subject

    quiet = "its source answers, the topic is quiet"
    assert subjects == {
        0: f"Silence: TRUST: no report for 3 days; {quiet}",
        3: f"Silence: TRUST: no report for 6 days; {quiet}",
        9: f"Silence: TRUST: no report for 12 days; {quiet}",
    }


async def test_a_silence_waits_for_its_time_because_a_report_may_end_it() -> None:
    """Judged when the slot of a digest to the channel has passed, also one that passed just before a start."""
    house = House([*STEADY, 0, 0, 0], digests=(replace(MORNING, at=(time(15),), days=frozenset({1})),))

    assert await house.alerts.tell_due() == ()
    house.clock.time = datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert len(await house.alerts.tell_due()) == 1
    assert house.due == {house.clock.time}


async def test_a_slot_that_passed_while_nothing_ran_is_made_up_for() -> None:
    """A weekly slot: noticed on Tuesday, and a process that begins on Friday tells at once."""
    house = House([*STEADY, 0, 0, 0], digests=(replace(MORNING, at=(time(15),), days=frozenset({1})),))
    assert await house.alerts.tell_due() == ()

    house.clock.time = NOW + 3 * DAY
    assert len(await house.restarted().tell_due()) == 1


async def test_the_end_of_a_silence_is_told_once_to_those_who_were_told_of_it() -> None:
    house = House([*STEADY, 0, 0, 0])
    await house.alerts.tell_due()

    house.archive.counts = [*STEADY, 0, 0, 0, 1]
    house.archive.stories = (story(NOW + DAY - HOUR), story(NOW + DAY, "And more"))
    house.clock.time = NOW + DAY
    (message,) = await house.restarted().tell_due()

    assert message.subject == "Silence over: TRUST: first report after 3 days: Chips for all"
    assert "First report on TRUST after 3 days: it came on Wednesday, 25 Nov 2026, at 13:10." in " ".join(
        message.text.split()
    )
    data = json.loads(message.data)["data"]
    assert data["alert"] == "silence-over"
    assert (data["silence_over"]["days"], data["silence_over"]["last_report"]) == (3, "2026-11-21")
    assert message.refers_to == ("silence/desk/trust/2026-11-21/0",)
    house.clock.time += EVERY
    assert await house.restarted().tell_due() == ()
    assert house.memory.kept == {}


async def test_the_end_of_a_silence_of_which_nobody_was_told_is_no_news() -> None:
    """It was noticed, and a report came before its slot."""
    house = House([*STEADY, 0, 0, 0], digests=(MORNING,))
    await house.alerts.tell_due()
    assert house.memory.kept["desk", "silence", "trust"].told_at is None

    house.archive.counts = [*STEADY, 0, 0, 0, 1]
    house.archive.stories = (story(NOW + DAY),)
    house.clock.time = NOW + DAY + HOUR

    assert await house.alerts.tell_due() == ()
    assert house.memory.kept == {}


async def test_nothing_is_judged_after_a_standstill_or_before_the_archive_is_judged() -> None:
    """A program that did not run heard nothing; a rule that is new has no past yet."""
    house = House([*STEADY, 0, 0, 0])
    house.archive.standstill = True
    assert await house.alerts.tell_due() == ()

    house.archive.standstill, house.archive.unread = False, frozenset({"trust"})
    assert await house.restarted().tell_due() == ()

    house.archive.unread = frozenset()
    assert len(await house.restarted().tell_due()) == 1


async def test_it_is_judged_every_quarter_of_an_hour() -> None:
    """A tick in between costs no question."""
    house = House(STEADY, plans=(SURGE,))
    for seconds in range(0, 900, 20):
        house.clock.time = NOW + timedelta(seconds=seconds)
        await house.alerts.tell_due()
    assert house.archive.asked == 1

    house.clock.time = NOW + EVERY
    await house.alerts.tell_due()
    assert house.archive.asked == 2


@pytest.mark.parametrize("counts", [[], [0] * 60, [2] * 10])
async def test_an_initiative_without_a_past_is_left_alone(counts: list[int]) -> None:
    assert await House(counts).alerts.tell_due() == ()


async def test_a_paused_initiative_is_not_told() -> None:
    assert await House([*STEADY, 9], initiative=replace(TRUST, paused=True)).alerts.tell_due() == ()


async def test_what_nobody_wants_to_be_told_any_more_is_forgotten() -> None:
    """An alert that is removed, or whose initiative is paused, begins anew when it comes back."""
    house = House([*STEADY, 9])
    await house.alerts.tell_due()
    assert len(house.memory.kept) == 1

    house.initiative = replace(TRUST, paused=True)
    await house.restarted().tell_due()
    assert house.memory.kept == {}

    house.initiative = TRUST
    await house.restarted().tell_due()
    house.plans = ()
    await house.restarted().tell_due()
    assert house.memory.kept == {}


@pytest.mark.parametrize(
    ("zone", "words"), [("UTC", "stories on Tue 24 Nov."), ("Europe/Berlin", "stories today, by 19:40.")]
)
async def test_days_are_those_of_the_digest_with_which_an_alert_goes(zone: str, words: str) -> None:
    """Its own zone counts where it has one."""
    at_once = DigestPlan(
        id="now", to=("desk",), initiatives=("trust",), immediately=True, zone="Asia/Kolkata"
    )
    house = House([*STEADY, 9], plans=(replace(SURGE, zone=zone),), digests=(at_once,))
    house.clock.time = datetime(2026, 11, 24, 18, 40, tzinfo=UTC)  # ten minutes past midnight in Kolkata

    (message,) = await house.alerts.tell_due()

    assert words in message.text


async def test_two_alerts_on_the_same_tell_a_channel_once() -> None:
    house = House([*STEADY, 9], plans=(SURGE, replace(SURGE, to=("desk", "unknown"))))

    told = await house.alerts.tell_due()

    assert [one.key for one in told] == ["surge/desk/trust/2026-11-24", "surge/unknown/trust/2026-11-24"]


# -- words -----------------------------------------------------------------------------------------

BLOCKED = replace(
    POST, source="Gazette", reports=9, state=SourceState.BLOCKED, since=NOW - 20 * DAY, problem="403"
)
PAUSED = replace(POST, source="Herald", reports=4, paused=True)
STILL = replace(POST, source="Mirror", reports=1, last_new_at=NOW - 30 * DAY)
GONE = replace(POST, source="Sun", reports=2, configured=False)


@pytest.mark.parametrize(
    ("sources", "short", "sentence"),
    [
        ((POST, STILL), "its sources answer, the topic is quiet", "brought its 7 reports answer, and list other news"),
        ((STILL,), "its source answers, with nothing new at all", "have listed nothing new since"),
        ((BLOCKED,), "its only source fails", "brought 9 of the 9 reports"),
        ((BLOCKED, POST), "1 of its 2 sources fails", "proves nothing about the topic"),
        ((BLOCKED, PAUSED, POST), "2 of its 3 sources are out", "brought 13 of the 19 reports"),
        ((PAUSED, GONE), "both its sources are out", "brought 6 of the 6 reports"),
        ((PAUSED, BLOCKED, replace(POST, reports=90)), "quiet topic, though 2 of its 3 sources are out", "only 13 of"),
        ((), "its sources are not known any more", "not known any more"),
    ],
)  # fmt: skip
def test_a_silence_names_its_cause(sources: tuple[Bringer, ...], short: str, sentence: str) -> None:
    """Sources that are out count by what they used to bring."""
    silence = Silence(last_report=(NOW - 19 * DAY).date(), days=19, usual=4, begins=7, number=1)

    words = silence_alert(COMPACT, silence, cause(sources, silence.last_report, "UTC"))

    assert words.subject == f"Silence: COMPACT: no report for 19 days; {short}"
    assert any(sentence in paragraph for paragraph in words.paragraphs)
    assert words.paragraphs[0].startswith(
        "Still no report on COMPACT for 19 days: the last one came on Thursday, 5 Nov 2026."
    )
    assert "told again after 28 days" in words.closing[-1]


def test_each_source_stands_under_what_it_does() -> None:
    found = cause((POST, BLOCKED, PAUSED, STILL, GONE), (NOW - 19 * DAY).date(), "UTC")
    silence = Silence(last_report=(NOW - 19 * DAY).date(), days=19, usual=4, begins=7, number=0)

    lists = silence_alert(COMPACT, silence, found).lists

    assert {one.heading: one.entries for one in lists} == {
        "Fails": (
            Entry(title="Gazette", note="9 reports, failing since 4 Nov 2026", lines=("403",), bad=True),
        ),
        "Is paused": (Entry(title="Herald", note="4 reports"),),
        "Was removed": (Entry(title="Sun", note="2 reports"),),
        "Answers, with nothing new": (Entry(title="Mirror", note="1 report"),),
        "Answers, with other news": (Entry(title="The Post", note="6 reports"),),
    }


def test_a_surge_of_days_says_since_when() -> None:
    surge = Surge(
        start=(NOW - 2 * DAY).date(), day=TODAY, stories=9, expected=0.4, low=0, high=0,
        weekdays=(0, 7), lately=(9, 5, *[0] * 12),
    )  # fmt: skip

    words = surge_alert(TRUST, surge, read_on=TODAY)

    assert words.subject == "Surge: TRUST: 9 stories today, usually none"
    assert "It began on Sunday, 22 Nov 2026." in words.paragraphs
    assert (
        "the last 2 Tuesdays had 0 and 7; the 14 days before had 14 in all, at most 9 a day."
        in words.paragraphs[1]
    )


async def test_a_long_name_does_not_push_the_numbers_out_of_the_subject() -> None:
    house = House([*STEADY, 9], initiative=replace(TRUST, name="Transforming the Relationship " * 10))

    (message,) = await house.alerts.tell_due()

    assert message.subject.endswith("9 stories today, usually 0 to 4")
    assert len(message.subject) < 150


async def test_hostile_words_of_a_source_stay_words() -> None:
    """A name and a problem come from outside: no tag and no line of its own in any part."""
    hostile = replace(
        BLOCKED, source="<script>x</script>\r\nBcc: a@b.example", problem="<img src=x onerror=y>"
    )
    house = House([*STEADY, 0, 0, 0])
    house.archive.sources = (hostile,)

    (message,) = await house.alerts.tell_due()

    assert "<script" not in message.html
    assert "<img" not in message.html
    assert "<script>x</script> Bcc: a@b.example" in " ".join(message.text.split())
    assert "\r" not in message.text


async def test_days_of_silence_are_days_of_24_hours() -> None:
    """An evening is not a day at midnight."""
    house = House([*STEADY, 0, 0, 0])

    house.clock.time = NOW - timedelta(minutes=1)
    assert await house.alerts.tell_due() == ()
    house.clock.time = NOW + EVERY
    assert len(await house.alerts.tell_due()) == 1


async def test_a_surge_says_until_when_it_was_counted() -> None:
    """By the clock of the alert's zone."""
    house = House([*STEADY, 9], plans=(replace(SURGE, zone="America/New_York"),))

    (message,) = await house.alerts.tell_due()

    assert "TRUST has 9 stories today, by 09:10." in " ".join(message.text.split())
