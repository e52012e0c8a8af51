"""Spacing and concurrency at one host, with a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from crawler.net.hosts import HostGate
from tests.fakes.net_site import SetMonotonic


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


def test_a_hold_ends_by_itself_and_the_longer_one_stays() -> None:
    time = SetMonotonic()
    door = gate(time)
    door.hold("example.org", timedelta(minutes=10))
    door.hold("example.org", timedelta(minutes=1))

    assert door.held("example.org") == timedelta(minutes=10)
    assert door.held("example.com") == timedelta(0)
    time.seconds += 600
    assert door.held("example.org") == timedelta(0)


async def test_hosts_that_are_done_with_are_forgotten() -> None:
    """The gate of a daemon that reads pages for years does not grow with every host it ever met."""
    door = gate(SetMonotonic(), spacing=0)
    for number in range(2500):
        async with door.turn(f"host{number}.example"):
            pass
        door._now.__self__.seconds += 1  # type: ignore[attr-defined]  # the set clock behind the gate

    assert len(door._hosts) < 1100


def test_a_gate_that_lets_nobody_through_is_refused() -> None:
    with pytest.raises(ValueError):
        HostGate(concurrency=0)
