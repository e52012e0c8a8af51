"""Three years of slots in a dozen zones: each once, whatever clocks, suspends and restarts do, and nothing lost between them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts import digest as digests
from alerts.composer import Composer
from alerts.messages import Message
from alerts.plans import DigestPlan
from alerts.records import Digest, Initiative
from alerts.slots import passed
from tests.fakes.stores import MemoryStores
from tests.integration.storage.making import article, source, told_and_matched
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))

# Zone → the year in which its three years begin.
ZONES = {
    "UTC": 2025,
    "America/New_York": 2025,
    "Europe/London": 2025,
    "Asia/Kolkata": 2025,
    "Australia/Lord_Howe": 2025,  # moves by half an hour
    "Pacific/Chatham": 2025,  # 12:45 and 13:45
    "Africa/Casablanca": 2025,  # winter time in Ramadan
    "America/Santiago": 2025,  # changes at midnight, in the southern autumn and spring
    "Africa/Cairo": 2025,  # changes at midnight on Fridays
    "Antarctica/Troll": 2025,  # moves by two hours
    "Pacific/Apia": 2010,  # had no 30 December 2011
    "Pacific/Kwajalein": 1992,  # had no 21 August 1993
    "America/Caracas": 2006,  # went back by half an hour for good
}
WEEKDAYS = frozenset(range(5))
NIGHT = (time(22), time(7))


def plan(name: str, zone: str, **when: Any) -> DigestPlan:
    values: dict[str, Any] = {"id": name, "to": ("desk",), "initiatives": ("trust",), "zone": zone}
    return DigestPlan(**values | when)


def ticks(zone: str, mean: timedelta) -> Iterator[datetime]:
    """Moments of three years at which somebody looks, with suspends of weeks among them."""
    chance = random.Random(zone)
    now, end = (datetime(ZONES[zone] + years, 1, 1, 12, tzinfo=UTC) for years in (0, 3))
    while now < end:
        yield now
        now += chance.choice(
            (mean * 2 * chance.random(), SECOND, 20 * mean if chance.random() < 0.05 else mean)
        )
    yield end


def days_between(first: date, last: date) -> Iterator[date]:
    """All dates of the calendar, those that a zone has skipped too."""
    while first <= last:
        yield first
        first += DAY


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "when",
    [
        {"at": (time(0), time(1, 30), time(2, 10), time(7, 30))},
        {"at": (time(2, 30),), "days": WEEKDAYS, "quiet": NIGHT},
        {"every": 6 * HOUR, "days": frozenset({0, 2, 6})},
    ],
    ids=["four times a day", "weekdays, quiet nights", "every six hours"],
)
def test_each_slot_of_three_years_is_passed_once(zone: str, when: dict[str, Any]) -> None:
    """One for each date of the calendar and time of the plan; due when the clock on the wall is there first, or has
    leapt over it, and not in quiet hours."""
    mine, local = plan("daily", zone, **when), ZoneInfo(zone)
    moments = list(ticks(zone, 30 * HOUR))

    slots = [one for since, now in pairwise(moments) for one in passed(mine, since, now)]

    times = mine.at or tuple(time(hour) for hour in range(0, 24, 6))
    start, end = (one.astimezone(local).date() + DAY for one in (moments[0], moments[-1] - 4 * DAY))
    expected = {
        f"{datetime.combine(day, at):%Y-%m-%dT%H:%M}"
        for day in days_between(start, end)
        if day.weekday() in mine.days
        for at in times
    }
    keys = [one.key for one in slots]
    assert len(set(keys)) == len(keys)
    assert expected <= set(keys)
    assert {key for key in keys if start.isoformat() <= key[:10] <= end.isoformat()} == expected
    for one in slots:
        wall = datetime.fromisoformat(one.key)
        shown, before = (moment.astimezone(local) for moment in (one.due, one.due - SECOND))
        if mine.quiet is not None:
            assert NIGHT[1] <= shown.time() < NIGHT[0]
            assert one.due - wall.replace(tzinfo=local) < DAY
        else:
            assert before.replace(tzinfo=None) < wall <= shown.replace(tzinfo=None)
            assert shown.fold == 0 or wall < shown.replace(tzinfo=None)


# -- with the composer and its stores --------------------------------------------------------------


class Plain:
    """A renderer that keeps what it is given."""

    def __init__(self) -> None:
        self.digests: dict[str, Digest] = {}

    def render(self, digest: Digest, created_at: datetime, *, key: str, **_how: Any) -> Message:
        self.digests[key] = digest
        words = {"subject": key, "text": key, "html": key, "data": "{}"}
        return Message(key=key, created_at=created_at, digest_id=digest.digest_id, **words)


class One:
    """A channel with one receiver."""

    def recipients(self) -> tuple[str, ...]:
        return ("",)


class Hand:
    """A clock that is set by hand, and not always right."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time


class Years:
    """Digests of one zone over three years of ticks, articles, restarts and a clock that jumps."""

    def __init__(self, stores: Any, zone: str, seed: int) -> None:
        self.stores = stores
        self.chance = random.Random(f"{zone} {seed}")
        self.clock = Hand(datetime(ZONES[zone], 1, 1, 12, tzinfo=UTC))
        self.plans = (
            plan("now", zone, immediately=True, quiet=NIGHT),
            plan("daily", zone, at=(time(2, 30), time(7, 30)), to=("desk", "hook")),
            plan("often", zone, every=7 * HOUR, to=("hook", "chat")),
            plan("week", zone, at=(time(0, 30),), days=frozenset({0}), to=("chat", "mail")),
        )
        self.articles = 0
        self.slots: list[tuple[str, str]] = []
        self.told: dict[str, Counter[str]] = {name: Counter() for name in ("desk", "hook", "chat", "mail")}
        self.restart()

    def restart(self) -> None:
        self.composer = Composer(
            digests=self.stores.digests,
            channels=dict.fromkeys(self.told, One()),  # type: ignore[arg-type]  # nothing is sent
            renderer=Plain(),  # type: ignore[arg-type]  # as much of one as is needed
            clock=self.clock,
            plans=self.plans,
            initiatives={"trust": Initiative(id="trust", name="TRUST", watchlist_id="w", any=())},
            window=asyncio.Lock(),
        )

    async def tick(self) -> None:
        composed = await self.composer.compose_due()
        self.slots += {(one.slot.digest_id, one.slot.key) for one in composed}
        for one in composed:
            if one.message is not None:
                for channel in one.channels:
                    self.told[channel].update(digests.told(one.digest))

    async def publish(self) -> None:
        self.articles += 1
        now = self.clock.time
        await told_and_matched(self.stores, article(self.articles, first_seen_at=now), at=now)

    async def live(self, steps: int) -> None:
        """Steps of some hours, now and then of weeks, in which the clock jumps and the program starts anew."""
        await self.stores.sources.sync([source()], self.clock.time)
        await self.tick()
        for _ in range(steps):
            what = self.chance.random()
            if what < 0.35:
                await self.publish()
            elif what < 0.4:
                self.restart()
            elif what < 0.45:
                self.clock.time += 30 * DAY * self.chance.random()  # suspended
            elif what < 0.48:
                self.clock.time -= DAY * self.chance.random()
            elif what < 0.51:
                await self.ahead()
            else:
                self.clock.time += 12 * HOUR * self.chance.random()
                await self.tick()
        self.restart()
        for _ in range(16 * 4):  # two weekly ones: the first may have been composed while the clock was ahead
            self.clock.time += 6 * HOUR
            await self.tick()

    async def ahead(self) -> None:
        """The clock is wrong by up to a year; work goes on, until somebody sets it right."""
        wrong = 365 * DAY * self.chance.random()
        self.clock.time += wrong
        for _ in range(self.chance.randrange(3)):
            if self.chance.random() < 0.5:
                await self.publish()
            await self.tick()
        self.clock.time -= wrong - MINUTE

    def assert_once(self) -> None:
        assert len(set(self.slots)) == len(self.slots)
        stories = {f"story-{article(number).id}" for number in range(1, self.articles + 1)}
        for channel, told in self.told.items():
            assert told == dict.fromkeys(stories, 1), (
                f"{channel}: {stories - told.keys()}, {told - Counter(stories)}"
            )


@pytest.mark.parametrize("zone", ZONES)
async def test_with_a_clock_that_jumps_all_is_told_once(zone: str) -> None:
    """To each channel, by one of its digests, and no slot is composed twice: back by up to a day, ahead by up to a
    year and right again, suspended for weeks, started anew."""
    years = Years(MemoryStores(), zone, 1)

    await years.live(300)

    years.assert_once()
    assert years.articles > 60


@pytest.mark.parametrize(("zone", "seed"), [("Australia/Lord_Howe", 2), ("Africa/Casablanca", 3)])
async def test_the_same_on_the_database(zone: str, seed: int, tmp_path: Path) -> None:
    opened = Database.open("sqlite", state_dir=tmp_path)
    try:
        years = Years(Stores(opened), zone, seed)
        await years.live(70)
    finally:
        opened.close()

    years.assert_once()
    assert years.articles > 15
