"""Spacing and concurrency at one host, with a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from crawler.net.hosts import LOOK_AGAIN, HostGate
from tests.fakes.hosts import MemoryHosts
from tests.fakes.net_site import SetClock, SetMonotonic

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def gate(time: SetMonotonic, *, spacing: float = 1.0, concurrency: int = 2) -> HostGate:
    return HostGate(timedelta(seconds=spacing), concurrency, monotonic=time.now, sleep=time.sleep)


async def test_starts_at_one_host_are_spaced() -> None:
    time = SetMonotonic()
    door = gate(time)
    starts = []
    for _ in range(4):
        async with door.turn("example.org"):
            starts.append(time.seconds)

    assert [b - a for a, b in pairwise(starts)] == [1.0, 1.0, 1.0]


async def test_waiting_callers_are_spaced_and_served_in_order() -> None:
    time = SetMonotonic()
    door = gate(time, concurrency=1)
    served: list[tuple[int, float]] = []

    async def one(number: int) -> None:
        async with door.turn("example.org"):
            served.append((number, time.seconds))

    await asyncio.gather(*(one(number) for number in range(4)))

    assert served == [(0, 1000.0), (1, 1001.0), (2, 1002.0), (3, 1003.0)]


async def test_hosts_do_not_wait_for_each_other_and_names_are_compared_as_hosts() -> None:
    """Two loopback addresses are two hosts; letter case and the final dot make none."""
    time = SetMonotonic()
    door = gate(time)
    for host in ("127.0.0.1", "127.0.0.2", "example.org"):
        async with door.turn(host):
            pass
    assert time.slept == []

    async with door.turn("EXAMPLE.org."):
        pass
    assert time.slept == [1.0]


async def test_no_more_than_so_many_requests_run_at_once() -> None:
    door = gate(SetMonotonic(), spacing=0)
    running = peak = 0
    go = asyncio.Event()

    async def one() -> None:
        nonlocal running, peak
        async with door.turn("example.org"):
            running += 1
            peak = max(peak, running)
            await go.wait()
            running -= 1

    tasks = [asyncio.create_task(one()) for _ in range(5)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert running == 2
    go.set()
    await asyncio.gather(*tasks)
    assert peak == 2


async def test_a_lease_counts_until_it_is_released_and_only_once() -> None:
    """A spider in another process holds its turn by a lease; a second release changes nothing."""
    door = gate(SetMonotonic(), spacing=0, concurrency=1)
    lease = await door.lease("example.org")
    waiting = asyncio.create_task(door.lease("example.org"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()

    lease.release()
    lease.release()
    second = await waiting
    third = asyncio.create_task(door.lease("example.org"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not third.done()
    second.release()
    (await third).release()


async def test_a_caller_that_gives_up_leaves_its_place() -> None:
    door = gate(SetMonotonic(), spacing=0, concurrency=1)
    lease = await door.lease("example.org")
    waiting = asyncio.create_task(door.lease("example.org"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    lease.release()

    (await door.lease("example.org")).release()


@pytest.mark.parametrize(("asked", "kept"), [(5, 5.0), (10**9, 60.0), (0.1, 1.0)])
async def test_a_crawl_delay_widens_the_spacing_up_to_a_minute(asked: float, kept: float) -> None:
    time = SetMonotonic()
    door = gate(time)
    door.slow("example.org", timedelta(seconds=asked))
    for _ in range(2):
        async with door.turn("example.org"):
            pass

    assert time.slept == [kept]


async def test_a_hold_ends_by_itself_and_the_longer_one_stays() -> None:
    clock = SetClock(NOW)
    door = HostGate(now=clock.now)
    await door.hold("example.org", 10 * MINUTE)
    await door.hold("example.org", MINUTE)

    assert await door.held("Example.org.") == 10 * MINUTE
    assert await door.held("example.com") == timedelta(0)
    clock.pass_(10 * MINUTE)
    assert await door.held("example.org") == timedelta(0)


async def test_a_hold_outlives_the_process() -> None:
    """What a host said before a restart counts after it, for as long as it said."""
    clock, memory = SetClock(NOW), MemoryHosts()
    await HostGate(store=memory, now=clock.now).hold("example.org", timedelta(hours=1))

    clock.pass_(20 * MINUTE)
    door = HostGate(store=memory, now=clock.now)

    assert await door.held("example.org") == 40 * MINUTE
    assert await door.held("example.com") == timedelta(0)


async def test_a_hold_that_another_process_was_told_is_learned_within_seconds() -> None:
    """The store is looked into every ten seconds of asking, not at each request."""
    time, memory = SetMonotonic(), MemoryHosts()
    door = HostGate(store=memory, now=lambda: NOW, monotonic=time.now, sleep=time.sleep)
    other = HostGate(store=memory, now=lambda: NOW)
    await asyncio.gather(*(door.held("example.org") for _ in range(20)))
    assert memory.looks == 1

    await other.hold("example.org", MINUTE)
    assert await door.held("example.org") == timedelta(0)
    time.seconds += LOOK_AGAIN
    assert await door.held("example.org") == MINUTE
    assert memory.looks == 2


async def test_only_news_is_written() -> None:
    """Requests write nothing, and neither does a wish that ends no later than the one known."""
    clock, memory = SetClock(NOW), MemoryHosts()
    door = HostGate(timedelta(0), store=memory, now=clock.now)
    for _ in range(3):
        async with door.turn("example.org"):
            await door.held("example.org")
    await door.hold("example.org", 10 * MINUTE)
    await door.hold("example.org", 10 * MINUTE)
    await door.hold("example.org", MINUTE)
    await door.hold("example.com", timedelta(0))

    assert memory.writes == 1
    assert memory.until == {"example.org": NOW + 10 * MINUTE}


@pytest.mark.parametrize(
    "host", ["rsshub.example.org", "RSSHub.example.org.", "10.0.0.5", "localhost", "box.lan"]
)
async def test_a_bridge_is_not_held(host: str) -> None:
    """It speaks for many sites: the wish of one of them must not silence the others. One's own network is one."""
    memory = MemoryHosts()
    door = HostGate(bridges=["rsshub.example.org"], store=memory, now=lambda: NOW)
    await door.hold(host, MINUTE)
    memory.until["rsshub.example.org"] = NOW + MINUTE  # from before it was named a bridge

    assert await door.held(host) == timedelta(0)
    assert memory.writes == 0


async def test_no_hold_is_longer_than_a_week_whatever_the_clock_did() -> None:
    clock, memory = SetClock(NOW), MemoryHosts()
    door = HostGate(store=memory, now=clock.now)
    await door.hold("example.org", timedelta(days=400))
    assert await door.held("example.org") == timedelta(days=7)
    clock.pass_(-timedelta(hours=2))
    assert await door.held("example.org") == timedelta(days=7, hours=2)

    clock.pass_(-timedelta(days=300))  # the clock went wrong before the hold: it has no end that is known
    for one in (door, HostGate(store=memory, now=clock.now)):
        assert await one.held("example.org") == timedelta(0)
    await door.hold("example.org", MINUTE)
    assert await door.held("example.org") == MINUTE


async def test_hosts_that_are_done_with_are_forgotten() -> None:
    """The gate of a daemon that reads pages for years does not grow with every host it ever met."""
    door = gate(SetMonotonic(), spacing=0)
    for number in range(2500):
        async with door.turn(f"host{number}.example"):
            pass
        door._seconds.__self__.seconds += 1  # type: ignore[attr-defined]  # the set clock behind the gate

    assert len(door._hosts) < 1100


async def test_a_crawl_delay_is_forgotten_after_a_day_without_requests() -> None:
    time = SetMonotonic()
    door = gate(time, spacing=0)
    for seconds, kept in ((80_000, True), (90_000, False)):
        door.slow("slow.example", timedelta(seconds=9))
        time.seconds += seconds
        for number in range(1000):
            async with door.turn(f"host{number}.example"):
                pass
        assert ("slow.example" in door._hosts) is kept


def test_a_gate_that_lets_nobody_through_is_refused() -> None:
    with pytest.raises(ValueError):
        HostGate(concurrency=0)


async def test_the_distance_counts_from_the_moment_a_late_holder_begins() -> None:
    """Its process was busy when the turn came; until it begins nobody else has one."""
    time = SetMonotonic()
    door = gate(time)
    late = await door.lease("example.org")
    waiting = asyncio.create_task(door.lease("example.org"))
    await asyncio.sleep(0)
    time.seconds += 5
    await asyncio.sleep(0)
    assert not waiting.done()

    late.begin()
    late.begin()
    late.release()
    (await waiting).release()

    assert time.slept == [1.0]


async def test_a_holder_that_never_begins_lets_the_next_one_through_when_it_goes() -> None:
    """Its process died."""
    time = SetMonotonic()
    door = gate(time)
    lost = await door.lease("example.org")
    lost.release()

    (await door.lease("example.org")).release()

    assert time.slept == [1.0]
