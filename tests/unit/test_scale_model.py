"""The model behind docs/scale.md: its lines keep the laws of queueing theory, and its world is like real ones."""

from __future__ import annotations

import itertools
import random
from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.benchmarks.costs.file import Cost, Measured, read
from tests.benchmarks.scale.budget import AT_REST, HIGHEST, Machines, budget
from tests.benchmarks.scale.formulas import most_feeds, round_of, utilisation, wait_md1, wait_mm
from tests.benchmarks.scale.lines import Cores, Gate, Line, Log, Pool
from tests.benchmarks.scale.prices import Prices
from tests.benchmarks.scale.simulation import ALONE, BEYOND, CORES, SETTLERS, Figures, Setting, Simulation
from tests.benchmarks.scale.world import World, hosts_of_many, made, rhythm

QUARTER = timedelta(minutes=15)
NUMBER = 60_000  # of arrivals by chance


def arrivals(rate: float) -> list[float]:
    dice = random.Random(3)
    return list(itertools.accumulate(dice.expovariate(rate) for _ in range(NUMBER)))


def cost(**more: float) -> Cost:
    values = {"cpu_ms": 10.0, "wall_ms": 12.0, "server_ms": 2.0, "wal_bytes": 1000.0, "stored_bytes": 500.0}
    return Cost(**{**values, **more})  # type: ignore[arg-type]  # numbers all


@pytest.fixture(scope="module")
def prices() -> Prices:
    """Of one size, whatever a machine measured."""
    names = (
        *("poll, 304", "poll, 200, nothing new", "claiming sources", "claiming pages", "claims begun by a worker"),
        *("job of 10 polls put on the queue", "job of 10 polls taken and finished", "page", "fold", "index of words"),
        *("match, 200 initiatives", "digest composed", "delivery by mail", "retention"),
    )  # fmt: skip
    costs = {name: cost() for name in names}
    costs |= {"poll, 200, 2 new": cost(cpu_ms=20.0), "poll, 200, 20 new": cost(cpu_ms=200.0)}
    costs |= {name: cost(cpu_ms=0.1, server_ms=0.1) for name in names if "claim" in name or "job" in name}
    return Prices(Measured(day="2026-01-01", machine="a", sync_ms=1.0, meeting=0.02, costs=costs))


# -- lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [0.3, 0.7, 0.85])
def test_waiting_before_one_server_is_as_the_formula_says(load: float) -> None:
    """Arrivals by chance, works of one length: M/D/1; and it is busy as much of the time as its load."""
    line, came = Line(), arrivals(load)

    waits = [line.take(moment, 1.0) - 1.0 - moment for moment in came]

    assert sum(waits) / NUMBER == pytest.approx(wait_md1(load, 1.0), rel=0.1)
    assert line.busy / came[-1] == pytest.approx(utilisation(load, 1.0), rel=0.02)


@pytest.mark.parametrize("servers", [1, 4])
def test_waiting_before_several_servers_is_as_the_formula_says(servers: int) -> None:
    """Works by chance, too: M/M/c."""
    dice, cores, rate = random.Random(5), Cores(servers), 0.8 * servers

    waits = []
    for moment in arrivals(rate):
        work = dice.expovariate(1.0)
        waits.append(cores.take(moment, work) - work - moment)

    assert sum(waits) / NUMBER == pytest.approx(wait_mm(rate, 1.0, servers), rel=0.1)


@pytest.mark.parametrize("formula", [lambda: wait_md1(1.0, 1.0), lambda: wait_mm(2.0, 1.0, 2)])
def test_an_overloaded_server_has_no_mean_wait(formula: Callable[[], float]) -> None:
    """The line grows for ever."""
    with pytest.raises(ValueError, match="no mean wait"):
        formula()


def test_a_thread_and_the_line_beside_it_have_every_other_slice() -> None:
    """What is short is done in twice its time; what is long, when the line is empty and its own work is done."""
    line = Line()
    line.take(0.0, 4.0)
    assert line.beside(1.0, 1.0) == 3.0
    assert line.free == 5.0  # three seconds of its own were left, and one is the thread's
    assert line.beside(4.0, 5.0) == 10.0
    assert (line.free, line.busy) == (6.0, 10.0)
    assert line.beside(8.0, 0.5) == 8.5


def test_a_connection_is_held_until_its_commit() -> None:
    """Of two, the third and fourth transaction get them in their order, as others end."""
    pool, begun = Pool(2), []
    for name in "abcd":
        pool.take(lambda name=name: begun.append(name))  # type: ignore[misc]  # a default binds it
    assert begun == ["a", "b"]
    pool.give_back(3.0)
    assert begun == ["a", "b", "c"]
    pool.give_back(5.0)
    pool.give_back(1.0)
    pool.take(lambda: begun.append("e"))

    assert begun == ["a", "b", "c", "d", "e"]
    assert pool.busy == 9.0


def test_commits_that_wait_share_one_write() -> None:
    """The first is alone; those that come while it is written go with the next; a late one begins anew."""
    log = Log(sync=1.0)

    assert [log.commit(now) for now in (0.0, 0.2, 0.9, 5.0)] == [1.0, 2.0, 2.0, 6.0]
    assert (log.writes, log.busy) == (3, 3.0)


def test_a_flood_of_commits_writes_no_more_than_the_disk_takes() -> None:
    """However many there are; nobody waits for more than two writes."""
    log = Log(sync=0.01)
    waits = [log.commit(n / 10_000) - n / 10_000 for n in range(20_000)]

    assert log.writes <= 201
    assert max(waits) <= 0.02 + 1e-9


def test_requests_to_a_host_keep_their_distance_and_two_at_most_are_under_way() -> None:
    """Quick answers are a second apart; slow ones wait for one of two to end."""
    quick, slow = Gate(1.0), Gate(1.0)

    assert [quick.start(0.0, 0.2) for _ in range(4)] == [0.0, 1.0, 2.0, 3.0]
    assert [slow.start(0.0, 10.0) for _ in range(5)] == [0.0, 1.0, 10.0, 11.0, 20.0]


# -- world and budget ------------------------------------------------------------------------------


def test_hosts_are_shared_as_in_public_lists_of_feeds() -> None:
    """Of 799 feeds in them 252 share one with others, at most 69; that is 47 hosts, more small ones than here."""
    sizes = list(hosts_of_many(799))

    assert sum(sizes) == pytest.approx(252, rel=0.05)
    assert sizes[0] == pytest.approx(69, rel=0.15)
    assert 25 < len(sizes) < 47


@pytest.mark.parametrize("number", [1_000, 30_000])
def test_a_world_has_as_many_sources_as_it_is_asked_for(number: int) -> None:
    """All of them on hosts, polled as often as is wanted less those that fail."""
    world = made(number, every=QUARTER)

    assert len(world.host) == sum(world.feeds) == number
    assert world.polls == pytest.approx(0.95 * number / 900, rel=0.02)
    assert world.polite(1.0) <= world.polls


def test_sources_that_learn_are_polled_less_often() -> None:
    """By what `crawler.schedule` makes of their rates: never more often than its floor."""
    world = made(3_000, every=None)

    assert min(world.every) == QUARTER.total_seconds()
    assert world.polls < made(3_000, every=QUARTER).polls / 3


def test_a_day_has_its_average() -> None:
    """More in the morning, less at night."""
    hours = [rhythm(hour) for hour in range(24)]

    assert sum(hours) / 24 == pytest.approx(1)
    assert hours.index(max(hours)) == 9


def test_a_host_allows_as_many_feeds_as_fit_between_two_polls() -> None:
    """900 at a second's distance; a host with 5,000 takes 83 minutes for a round."""
    assert most_feeds(1.0, 900) == 900
    assert round_of(5_000, 1.0, 900) / 60 == pytest.approx(83.3, abs=0.1)
    assert round_of(10, 1.0, 900) == 900


def test_the_price_of_a_poll_goes_by_what_is_new(prices: Prices) -> None:
    """In proportion between what was measured, and beyond it."""
    took = [prices.poll(new).cpu * 1e3 for new in (0, 1, 2, 11, 20, 38)]

    assert took == pytest.approx([10, 15, 20, 110, 200, 380])


def test_the_budget_grows_with_the_sources(prices: Prices) -> None:
    """Ten times the sources take ten times the work; politeness takes more, as the largest host is larger."""
    small, large = (budget(made(number, every=QUARTER), prices) for number in (3_000, 30_000))

    assert large.cpu == pytest.approx(10 * small.cpu, rel=0.15)
    assert large.workers >= large.cpu / HIGHEST
    assert large.largest > 5 * small.largest
    assert small.largest < 1 < large.largest


def test_more_shares_settle_more(prices: Prices) -> None:
    """Half the load on each of twice as many."""
    world = made(3_000, every=QUARTER)
    four, eight = (budget(world, prices, Machines(shares=shares)).settling for shares in (4, 8))

    assert four == pytest.approx(2 * eight)


# -- the whole -------------------------------------------------------------------------------------


def simulated(world: World, prices: Prices, **more: float) -> Figures:
    setting = Setting(workers=1, places=400, cores=4, span=1200.0, digests=2, telling=6.6 * 3600)
    return Simulation(world, prices, replace(setting, **more)).run()  # type: ignore[arg-type]  # numbers all


def test_the_simulation_keeps_the_law_of_utilisation(prices: Prices) -> None:
    """It polls as often as is wanted and as its world allows, with as much CPU as rate times work says."""
    world = made(4_000, every=QUARTER)
    figures, need = simulated(world, prices), budget(world, prices)

    assert figures.polls / 1200 == pytest.approx(need.polls, rel=0.08)  # the budget knows of no jitter
    assert figures.used["workers' cores"] == pytest.approx(need.cpu + AT_REST, rel=0.25)
    assert figures.used["PostgreSQL's cores"] == pytest.approx(need.server / 4, rel=0.25)
    late = sorted(figures.late[ALONE])
    assert 1 < late[len(late) // 2] < 5  # a tick is five seconds
    assert late[0] > -0.01
    assert len(figures.sent) == 6


def test_a_host_that_is_asked_for_too_much_gets_a_poll_a_second_and_delays_no_other(prices: Prices) -> None:
    """Its sources wait their turn; those of other hosts are polled in time."""
    feeds = [2_000, *([1] * 500)]
    host = array("l", itertools.chain.from_iterable([n] * size for n, size in enumerate(feeds)))
    number = len(host)
    world = World(
        every=array("d", [900.0] * number),
        rate=array("d", [1e-5] * number),
        host=host,
        feeds=array("l", feeds),
        delay=array("d", [0.2] * len(feeds)),
        failing=bytearray(number),
    )
    figures = simulated(world, prices)

    assert len(figures.late[BEYOND]) / 1200 == pytest.approx(1.0, rel=0.05)
    late = sorted(figures.late[BEYOND])
    assert late[len(late) // 2] == pytest.approx(2_000 - 945, rel=0.1)
    assert sorted(figures.late[ALONE])[-10] < 40


def test_where_work_exceeds_what_there_is_it_waits(prices: Prices) -> None:
    """One share that settles cannot keep up with what four can."""
    world = made(6_000, every=QUARTER)
    world.rate = array("d", (60 * rate for rate in world.rate))

    def grown(shares: int) -> int:
        waiting = simulated(world, prices, workers=8, shares=shares, span=300.0).waiting["to settle"]
        return waiting[-1] - waiting[0]

    assert grown(1) > 2_000
    assert grown(8) < 1_000


def test_who_only_settles_waits_for_no_core_that_polls_keep(prices: Prices) -> None:
    """A worker whose core is full of polls folds nothing in time; two that settle beside it take all that comes."""
    world = made(6_000, every=QUARTER)
    world.rate = array("d", (30 * rate for rate in world.rate))
    alone, helped = (simulated(world, prices, settlers=number, span=300.0) for number in (0, 2))

    assert alone.waiting["to settle"][-1] > 5_000
    assert helped.waiting["to settle"][-1] < 500
    assert alone.used[CORES] > 0.9
    assert SETTLERS not in alone.used
    assert 0.2 < helped.used[SETTLERS] < 0.6


# -- what was measured -----------------------------------------------------------------------------


def test_what_was_measured_is_kept_whole(tmp_path: Path) -> None:
    """Written and read again; thousandths of a millisecond are enough."""
    measured = Measured(day="2026-01-02", machine="a b", sync_ms=1.25, meeting=0.5, costs={"x": cost(runs=3)})
    measured.write(tmp_path / "m.json")

    assert read(tmp_path / "m.json") == measured


def test_the_measurement_in_the_repository_prices_everything() -> None:
    """No step of the model is without a cost; carrying a poll takes less than the poll."""
    kept = Prices(read())

    assert all(kept.poll(new).cpu > 0 for new in (0, 1, 5, 30))
    assert kept.article.server > 0
    assert 0 < kept.of_queue < 1
