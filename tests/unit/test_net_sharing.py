"""Gates of several processes that share the turns of one installation, with a clock that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from crawler.net.hosts import BEGINS, HostGate
from crawler.net.sharing import LATE
from crawler.ports import Turn, TurnsUnavailable
from tests.fakes.net_site import SetMonotonic
from tests.fakes.turns import MemoryTurns

HOST = "example.org"


class Time(SetMonotonic):
    """Sleepers are woken by `pass_`, each at its moment."""

    def __init__(self) -> None:
        super().__init__()
        self.sleepers: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.seconds + seconds, woken))
        await woken

    async def pass_(self, seconds: float) -> None:
        end = self.seconds + seconds
        await settled()
        while due := [at for at, woken in self.sleepers if at <= end and not woken.done()]:
            self.seconds = max(self.seconds, min(due))
            for at, woken in self.sleepers:
                if at <= self.seconds and not woken.done():
                    woken.set_result(None)
            await settled()
        self.seconds = end

    async def until(self, *tasks: asyncio.Task[None]) -> None:
        """Let time pass until these are done."""
        for _ in range(200):
            await self.pass_(1)
            if all(task.done() for task in tasks):
                break
        for task in tasks:
            assert task.done()
            task.result()


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


def gate(turns: MemoryTurns, time: SetMonotonic, spacing: float = 1.0) -> HostGate:
    return HostGate(timedelta(seconds=spacing), turns=turns, monotonic=time.now, sleep=time.sleep)


def crowd(number: int, spacing: float = 1.0) -> tuple[Time, MemoryTurns, list[HostGate]]:
    """So many processes."""
    time = Time()
    turns = MemoryTurns(time.now)
    return time, turns, [gate(turns, time, spacing) for _ in range(number)]


async def test_starts_are_spaced_over_all_processes_and_each_has_its_share() -> None:
    time, _, gates = crowd(3)
    starts: list[tuple[float, int]] = []

    async def asks(number: int) -> None:
        for _ in range(6):
            async with gates[number].turn(HOST):
                starts.append((time.seconds, number))
                await time.sleep(0.3)

    tasks = [asyncio.create_task(asks(number)) for number in range(3)]
    await time.pass_(9)
    among_the_first = {number for _, number in starts}
    await time.until(*tasks)

    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(starts)]
    assert (len(starts), among_the_first) == (18, {0, 1, 2})
    assert min(gaps) >= 1
    assert max(gaps) <= 1 + LATE + 0.001


async def test_no_more_than_two_requests_run_at_once_over_all_processes() -> None:
    time, _, gates = crowd(3, spacing=0)
    running: list[int] = []
    go = asyncio.Event()

    async def asks(number: int) -> None:
        async with gates[number].turn(HOST):
            running.append(number)
            await go.wait()

    tasks = [asyncio.create_task(asks(number % 3)) for number in range(9)]
    await time.pass_(5)
    assert len(running) == 2

    go.set()
    await time.until(*tasks)
    assert len(running) == 9


async def test_a_host_with_slow_answers_is_open_to_all_processes() -> None:
    """Two that have its places do not take each place that they give back for themselves again."""
    time, _, gates = crowd(4, spacing=0.2)
    served: list[int] = []

    async def asks(number: int) -> None:
        for _ in range(40):
            async with gates[number].turn(HOST):
                served.append(number)
                await time.sleep(3)

    tasks = [asyncio.create_task(asks(number % 4)) for number in range(12)]
    await time.pass_(100)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(door.close() for door in gates))

    assert len(served) > 50
    assert min(served.count(number) for number in range(4)) > len(served) / 10


async def test_alone_a_process_waits_no_longer_than_without_the_others() -> None:
    """What was reserved for a late start and not needed is known again when the request ends."""
    time, turns, (door,) = crowd(1)
    starts = []

    async def asks() -> None:
        for _ in range(4):
            async with door.turn(HOST):
                starts.append(time.seconds)

    task = asyncio.create_task(asks())
    await time.until(task)

    assert [later - earlier for earlier, later in pairwise(starts)] == pytest.approx([1, 1, 1])
    assert len(turns.asked) == 4


async def test_who_comes_too_late_for_a_turn_does_not_use_it() -> None:
    """A process that stood still would begin on the heels of the next one: it gives the turn back and asks anew."""
    time, turns, (slow, other) = crowd(2)
    async with other.turn(HOST):
        pass
    starts = []

    async def asks(door: HostGate) -> None:
        async with door.turn(HOST):
            starts.append(time.seconds)

    first = asyncio.create_task(asks(slow))
    await settled()
    time.seconds += 1.9  # and only then it wakes up
    await time.pass_(0)
    second = asyncio.create_task(asks(other))
    await time.until(first, second)

    assert [late for _, _, late in turns.asked[:2]] == [LATE, LATE]
    assert turns.asked[2][2] > 0.9
    assert starts[0] == 1001.9
    assert starts[1] - starts[0] >= 1
    assert turns.hosts[HOST].busy == []


async def test_a_machine_that_is_slow_for_good_gets_its_turn_all_the_same() -> None:
    time, _, (door,) = crowd(1)
    late = iter([0.2, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6])

    class Late(MemoryTurns):
        async def take(self, host: str, **more: Any) -> Turn | None:
            turn = await super().take(host, **more)
            time.seconds += next(late)
            return turn

    turns = Late(time.now)
    door = gate(turns, time)
    async with asyncio.timeout(60), door.turn(HOST):
        assert 1 < len(turns.asked) < 5


@pytest.mark.parametrize("moment", ["asked", "waited"])
async def test_a_caller_that_gives_up_gives_back_what_it_had(moment: str) -> None:
    """While the store is being asked, or while the start is waited for."""
    time, go = Time(), asyncio.Event()

    class Slow(MemoryTurns):
        async def take(self, host: str, **more: Any) -> Turn | None:
            if moment == "asked" and self.asked:
                await go.wait()
            return await super().take(host, **more)

    turns = Slow(time.now)
    door, other = gate(turns, time), gate(turns, time)
    lease = await other.lease(HOST)
    lease.release()
    await settled()
    free = turns.hosts[HOST].next_at
    waiting = asyncio.create_task(door.lease(HOST))
    await settled()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    go.set()
    await door.close()

    assert len(turns.asked) == 2
    assert turns.hosts[HOST].busy == []
    assert turns.hosts[HOST].next_at == free

    async def ask() -> None:
        (await door.lease(HOST)).release()

    await time.until(asyncio.create_task(ask()))  # nor is anything of it kept in this process


async def test_while_the_store_cannot_be_asked_this_process_keeps_its_own_distance(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is said once, and once that it is over; what was had before is not given back twice."""
    caplog.set_level(logging.INFO)
    time = SetMonotonic()
    turns = MemoryTurns(time.now)
    door = gate(turns, time)
    starts = []

    async def ask(fault: TurnsUnavailable | None) -> None:
        turns.fault = fault
        async with door.turn(HOST):
            starts.append(time.seconds)
            if len(starts) == 1:
                turns.fault = TurnsUnavailable("the database refused")
        await door.close()

    for fault in (None, TurnsUnavailable("the database refused"), TurnsUnavailable("still"), None):
        await ask(fault)

    assert min(later - earlier for earlier, later in pairwise(starts)) >= 1
    assert [(record.levelname, record.message.partition(" for now")[0]) for record in caplog.records] == [
        ("WARNING", "turns with hosts are not shared with other processes"),
        ("INFO", "turns with hosts are shared again"),
    ]


async def test_a_crawl_delay_counts_for_the_next_one_whoever_it_is() -> None:
    """Before and after a request of a process that knows of it; up to a minute, as ever."""
    time, _, (knows, other) = crowd(2)
    knows.slow(HOST, timedelta(seconds=9))
    starts = []

    async def ask(door: HostGate) -> None:
        async with door.turn(HOST):
            starts.append(time.seconds)

    for door in (other, knows, other):
        await time.until(asyncio.create_task(ask(door)))

    assert starts[1] - starts[0] >= 9
    assert starts[2] - starts[1] >= 9


async def test_nobody_has_a_turn_before_a_late_holder_begins_and_the_distance_counts_from_there() -> None:
    """A spider's process may be busy when its turn comes."""
    time, _, (door, other) = crowd(2)
    late = await door.lease(HOST)
    starts = []

    async def ask() -> None:
        async with other.turn(HOST):
            starts.append(time.seconds)

    task = asyncio.create_task(ask())
    await time.pass_(BEGINS - 3)
    assert starts == []

    late.begin()
    began = time.seconds
    await time.until(task)
    late.release()
    assert 1 <= starts[0] - began <= 2


async def test_the_installation_knows_hosts_by_the_names_of_the_gate() -> None:
    """Without letter case and final dot; each address is a host."""
    time = SetMonotonic()
    turns = MemoryTurns(time.now)
    door = gate(turns, time)
    for host in ("EXAMPLE.org.", "127.0.0.1", "127.0.0.2", "2001:db8::1"):
        async with door.turn(host):
            pass

    assert [host for host, _, _ in turns.asked] == ["example.org", "127.0.0.1", "127.0.0.2", "2001:db8::1"]
    assert time.slept == []


async def test_without_distance_nothing_is_reserved_but_a_place() -> None:
    time = SetMonotonic()
    turns = MemoryTurns(time.now)
    door = gate(turns, time, spacing=0)
    for _ in range(5):
        async with door.turn(HOST):
            pass

    assert (time.slept, {late for _, _, late in turns.asked}) == ([], {0.0})


async def test_closing_waits_until_everything_is_given_back() -> None:
    """Else the processes that stay would wait for turns of one that was stopped."""
    time, go = SetMonotonic(), asyncio.Event()
    turns = MemoryTurns(time.now)
    give_back: Callable[[Turn, float | None], object] = turns.give_back

    async def slowly(turn: Turn, began: float | None) -> None:
        await go.wait()
        await give_back(turn, began)  # type: ignore[misc]  # the fake's own

    turns.give_back = slowly  # type: ignore[method-assign]  # a slow database
    door = gate(turns, time)
    async with door.turn(HOST):
        pass
    closing = asyncio.create_task(door.close())
    await settled()
    assert (closing.done(), len(turns.hosts[HOST].busy)) == (False, 1)

    go.set()
    await closing
    assert turns.hosts[HOST].busy == []
