"""Hosts that keep a poll waiting keep no other source waiting, however many of them are due at one moment."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest

from crawler.errors import Cause, TemporaryFetchError, Unchanged
from crawler.poll import Poller, PollPolicy
from crawler.records import Request, Source, SourceKind
from tests.fakes.clock import NOON
from tests.fakes.leaping import LeapingLoop, LoopClock
from tests.fakes.no_index import NoIndex
from tests.fakes.no_queue import NoQueue
from tests.fakes.stores import MemoryStores
from tidings.pulse import Pulse
from tidings.runners.inline import AT_ONCE, InlineRunner
from tidings.tasks import PollSource, Services
from tidings.ticker import Ticker

EVERY = timedelta(minutes=2)
QUICK, SLOW, LIMIT = 0.1, 25.0, 30.0  # seconds of an answer, of one that comes just in time, and of none
TICK = 5.0  # seconds


class Hosts:
    """What answers: of the sources named "h…" one half in time, but late, the other never."""

    def __init__(self) -> None:
        self.under_way = self.most = 0

    async def get(self, request: Request) -> NoReturn:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            name = request.url.removeprefix("http://")
            if name.startswith("s"):
                await asyncio.sleep(QUICK)
            elif int(name[1:]) % 2:
                await asyncio.sleep(SLOW)
            else:
                await asyncio.sleep(LIMIT)
                raise TemporaryFetchError("it takes longer than 30 s", cause=Cause.SLOW)
        finally:
            self.under_way -= 1
        raise Unchanged(etag='"1"')


class House:
    """Runner and ticker over sources in memory, all of which are due at once."""

    def __init__(self, healthy: int, hostile: int) -> None:
        self.hosts, self.clock, self.stores = Hosts(), LoopClock(), MemoryStores()
        self.late: dict[str, list[float]] = defaultdict(list)  # seconds of each poll, by the first letter
        names = [f"h{n}" for n in range(hostile)] + [f"s{n}" for n in range(healthy)]
        self.sources = {
            name: Source(id=name, kind=SourceKind.FEED, url=f"http://{name}", every=EVERY) for name in names
        }
        none: Any = None
        self._poller = Poller(
            sources=self.sources, states=self.stores.sources, articles=self.stores.articles, fetcher=self.hosts,
            lister=none, isolation=None, clock=self.clock, policy=PollPolicy(),
        )  # fmt: skip
        services = Services(
            clock=self.clock, sources=self.stores.sources, articles=self.stores.articles, poller=self,  # type: ignore[arg-type]  # it only listens
            reader=none, notifier=none, rematcher=none, alerts=none, index=NoIndex(), claims=NoQueue(), wait_for_text=timedelta(),
        )  # fmt: skip
        self.runner = InlineRunner(lambda: services)

    async def poll(self, source_id: str, *, asked: bool = False) -> Any:
        """Note by how much it is late; what was due while nothing ticked was due when the ticks began."""
        due = (await self.stores.sources.state(source_id)).next_poll_at
        since = max(due or self.began, self.began)
        self.late[source_id[0]].append((self.clock.now() - since).total_seconds())
        return await self._poller.poll(source_id, asked=asked)

    async def live(self, minutes: float) -> None:
        """The heart-beat for so long."""
        self.began: datetime = self.clock.now()
        await self.stores.sources.sync(tuple(self.sources.values()), self.began)
        ticker = Ticker(self.stores.sources, self.stores.articles, self.runner, self.clock, Pulse(self.began))
        while self.clock.now() < self.began + timedelta(minutes=minutes):
            await ticker.collect()
            await asyncio.sleep(TICK)


def play(life: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """An hour of it takes a second."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(life())


@pytest.mark.parametrize(("healthy", "hostile"), [(750, 250), (400, 600)])
def test_a_healthy_source_does_not_wait_for_hostile_ones(healthy: int, hostile: int) -> None:
    """All are due at once, and those that hang come first: no poll of the others is a minute late, at the start or later."""

    async def life() -> None:
        house = House(healthy, hostile)
        await house.live(minutes=4.5)

        assert len(house.late["s"]) >= 2 * healthy
        assert max(house.late["s"]) < 60.0
        assert house.hosts.most > AT_ONCE[PollSource], "they were not in flight together"
        await house.runner.stop(0)
        assert house.hosts.under_way == 0

    play(life)


def test_hosts_that_were_slow_share_some_of_the_places() -> None:
    """All are due at once again, after a night off: they hardly keep the others waiting, and are asked beside them."""

    async def life() -> None:
        house = House(healthy=300, hostile=700)
        await house.live(minutes=4)
        await house.runner.drain()
        await asyncio.sleep(8 * 3600)
        for name, one in house.stores.sources.kept.items():
            if name.startswith("h"):  # the longest due
                one.state = replace(one.state, next_poll_at=NOON)
        house.late.clear()
        await house.live(minutes=2)
        await house.runner.stop(0)

        assert len(house.late["s"]) >= 300
        assert max(house.late["s"]) <= 20.0
        assert len(house.late["h"]) >= 300

    play(life)
