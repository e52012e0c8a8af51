"""Whether the daemon is ready: each part fails for its own reason, and is named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from crawler.records import SourceState
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.net_site import SetMonotonic
from tidings.health import Health
from tidings.pulse import SILENCE, Phase, Pulse, StorageTrouble
from tidings.storage.errors import StorageError
from tidings.storage.figures import SqlFigures, Waiting, percentile
from tidings.storage.room import FLOOR, Room

HOUR = timedelta(hours=1)
WELL = Waiting(
    sources=dict.fromkeys(SourceState, 0),
    lateness=(0.0, 0.0, 3.0, 20.0),
    ages=(60.0, 600.0),
    never=2,
    pages=0,
    unfolded=0,
    unmatched=0,
    unmatched_since=None,
    deliveries=0,
    oldest_delivery=None,
)
ROOM = Room(free=10 * FLOOR, writable=True)


class Figures:
    """What the database says, or does not say."""

    def __init__(self) -> None:
        self.waits = WELL
        self.fault: StorageError | None = None
        self.hangs = False
        self.asked = 0

    async def waiting(self, now: datetime) -> Waiting:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return self.waits


class World:
    """A daemon an hour old and well, until the test breaks something."""

    def __init__(self) -> None:
        self.time = SetMonotonic()
        self.figures = Figures()
        self.room: Room | None = ROOM
        self.pulse = Pulse(NOON - HOUR, seconds=self.time.now)
        self.pulse.phase = Phase.RUNNING
        self.pulse.beat(NOON, 0.0)
        self.health = Health(
            self.pulse,
            cast("SqlFigures", self.figures),
            FixedClock(NOON),
            Path("unused"),
            lambda: HOUR,
            look=lambda _: self.room,
            seconds=self.time.now,
            patience=0.05,
        )

    async def failing(self) -> Mapping[str, str | None]:
        return {part.name: part.problem for part in (await self.health.readiness()).failing}


@pytest.fixture
def world() -> World:
    return World()


async def test_a_daemon_that_does_its_work_is_ready(world: World) -> None:
    assert await world.failing() == {}
    assert (await world.health.readiness()).words() == "ready"


async def test_without_a_sign_of_life_for_a_minute_it_is_dead(world: World) -> None:
    """By a clock that nobody sets; until then it lives."""
    world.time.seconds += SILENCE
    assert world.health.alive
    world.time.seconds += 1

    assert not world.health.alive
    assert await world.failing() == {"ticks": "no sign of life for 61 s, more than 60"}
    assert world.figures.asked == 1  # /livez asked nothing


@pytest.mark.parametrize(
    ("phase", "ready"), [(Phase.STARTING, False), (Phase.CATCHING_UP, True), (Phase.STOPPING, False)]
)
async def test_it_is_ready_from_catching_up_until_it_stops(world: World, phase: Phase, ready: bool) -> None:
    world.pulse.phase = phase

    assert (await world.health.readiness()).ready is ready


async def test_a_database_that_hangs_is_named_in_time(world: World) -> None:
    """The other parts are told all the same, and no second question is put to it."""
    world.figures.hangs = True

    first = await world.failing()
    second = await world.failing()

    assert first == second == {"database": "no answer within 0.05 s"}
    assert world.figures.asked == 1
    await world.health.close()


async def test_a_database_that_refuses_or_takes_no_writes_is_named(world: World) -> None:
    world.figures.fault = StorageError("the database is locked")
    assert await world.failing() == {"database": "the database is locked"}

    world.pulse.storage = StorageTrouble(reason="the disk is full", since=NOON)
    assert await world.failing() == {"database": "the disk is full (since 25 Nov 2026 12:00 UTC)"}


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (None, "cannot be looked at"),
        (replace(ROOM, writable=False), "cannot be written to"),
        (replace(ROOM, free=3 * 2**20), "3 MiB are free, less than 64"),
    ],
)
async def test_a_disk_that_will_not_do_is_named(world: World, room: Room | None, words: str) -> None:
    world.room = room

    assert words in str((await world.failing())["disk"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lateness": (0.0, 901.0, 902.0)}, "2 of 3 sources are more than 15 minutes late"),
        ({"lateness": (0.0, 0.0, 902.0)}, None),
        ({"unmatched_since": NOON - 2 * HOUR}, "articles wait to be matched since"),
        ({"unmatched_since": NOON - HOUR}, None),
    ],
)
async def test_work_that_falls_behind_is_named(
    world: World, change: dict[str, Any], words: str | None
) -> None:
    """Most sources late, or articles nobody matches; a few that are late are no failure of the daemon."""
    world.figures.waits = replace(WELL, **change)

    found = (await world.failing()).get("queue")

    assert (words in found) if words is not None and found is not None else found is words


async def test_after_a_long_pause_it_may_catch_up_first(world: World) -> None:
    """A machine that slept finds everything late; a restart is no reason to restart again."""
    world.pulse.started_at = NOON - timedelta(minutes=5)
    world.figures.waits = replace(WELL, lateness=(9e5, 9e5), unmatched_since=NOON - 9 * HOUR)

    assert await world.failing() == {}


@pytest.mark.parametrize(("share", "value"), [(50, 5.0), (90, 9.0), (99, 10.0), (100, 10.0)])
def test_percentiles_are_values_that_occur(share: int, value: float) -> None:
    """The nearest-rank rule; of nothing it is 0."""
    assert percentile(tuple(float(n) for n in range(1, 11)), share) == value
    assert percentile((), share) == 0.0
