"""Ten thousand to a million sources per 15 minutes, from the measured unit costs: what they take, how late polls are, what gives first.

`python -m tests.benchmarks scale [--sources N …] [--adaptive] [--workers N] [--settlers N] [--places N] [--shares N] [--minutes N]`
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from datetime import timedelta

from tests.benchmarks.costs.file import read
from tests.benchmarks.scale.budget import SPACING, Budget, Machines, budget
from tests.benchmarks.scale.formulas import most_feeds, round_of
from tests.benchmarks.scale.prices import Prices
from tests.benchmarks.scale.simulation import BEYOND, Figures, Setting, Simulation
from tests.benchmarks.scale.world import World, made
from tidings.runners.jobs import SHARES
from tidings.worker import PLACES

SIZES = (10_000, 100_000, 1_000_000)
EVERY = timedelta(minutes=15)
DIGESTS = {0: 10, 10_000: 20, 100_000: 100, 1_000_000: 500}  # from so many sources on


def bench(options: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks scale")
    parser.add_argument("--sources", type=int, nargs="+", default=list(SIZES), help="how many are polled")
    parser.add_argument(
        "--adaptive", action="store_true", help="each by what its past teaches, not every 15 minutes"
    )
    parser.add_argument("--workers", type=int, help="as many processes as the budget says, unless given")
    parser.add_argument("--settlers", type=int, default=0, help="workers that only settle, beside them")
    parser.add_argument("--places", type=int, default=4 * PLACES, help="polls that each makes at once")
    parser.add_argument("--shares", type=int, default=SHARES, help="in which articles are settled")
    parser.add_argument("--cores", type=int, default=Machines().cores, help="of PostgreSQL")
    parser.add_argument("--minutes", type=float, default=60, help="of simulated time that count")
    chosen = parser.parse_args(options)
    measured = read()
    prices = Prices(measured)
    print(f"\nScale, computed with what was measured on {measured.day} ({measured.machine})")
    print(f"  carrying a poll by the queue takes {prices.of_queue:.0%} of what the poll takes")
    machines = Machines(cores=chosen.cores, shares=chosen.shares)
    for number in chosen.sources:
        world = made(number, every=None if chosen.adaptive else EVERY)
        need = budget(world, prices, machines)
        _show_budget(number, world, need, machines)
        setting = Setting(
            workers=chosen.workers or need.workers,
            settlers=chosen.settlers,
            places=chosen.places,
            shares=chosen.shares,
            cores=chosen.cores,
            digests=max(some for least, some in DIGESTS.items() if least <= number),
            span=chosen.minutes * 60,
        )
        began = time.perf_counter()
        figures = Simulation(world, prices, setting).run()
        _show_figures(figures, setting, time.perf_counter() - began)


def _show_budget(number: int, world: World, need: Budget, machines: Machines) -> None:
    largest, every = max(world.feeds), EVERY.total_seconds()
    print(f"\n{number:,} sources on {len(world.feeds):,} hosts, the largest with {largest:,} feeds")
    print(
        f"  politeness: {most_feeds(SPACING, every):,.0f} feeds of a host are polled each 15 minutes; the largest takes {round_of(largest, SPACING, every) / 60:,.0f} minutes for a round"
    )
    print(
        f"  wanted {world.polls:,.1f} polls a second, allowed {need.polls:,.1f}; {need.entries:,.1f} new articles a second on average, {need.entries * 86_400:,.0f} a day"
    )
    print(
        f"  in the busiest hour: {need.cpu:.2f} cores of workers, so {need.workers} workers; {need.server:.2f} cores of PostgreSQL; {need.wal / 1e6:.1f} MB of log and {need.wire / 1e6:.1f} MB of network a second"
    )
    print(f"  tables and indexes grow by {need.kept / 1e9:,.0f} GB a month where nothing is thrown away")
    parts = need.parts(machines)
    for name, share in sorted(parts.items(), key=lambda one: -one[1]):
        print(f"    {name:36} {share:7.1%}, full at {number / share:13,.0f} sources")


def _show_figures(figures: Figures, setting: Setting, took: float) -> None:
    print(
        f"  simulated with {setting.workers} workers of {setting.places} places, {setting.settlers} that only settle: {setting.span / 60:.0f} minutes, {figures.polls:,} polls, {figures.articles:,} articles, in {took:.0f} s"
    )
    for kind, late in figures.late.items():
        if late:
            print(
                f"    late, {kind:28} {_cuts(late)}  ({len(late):,} polls{', in step with what the host allows' if kind == BEYOND else ''})"
            )
    for name, values in (
        ("from the feed to the match", figures.matched),
        ("from the slot to the mail", figures.sent),
    ):
        if len(values) > 1:
            print(f"    {name:34} {_cuts(values)}, last {max(values):,.0f} s")
    print("    used: " + ", ".join(f"{name} {share:.0%}" for name, share in figures.used.items()))
    print(
        "    waiting, median and most: "
        + ", ".join(
            f"{name} {statistics.median(some):,.0f}, {max(some):,}"
            for name, some in figures.waiting.items()
            if some
        ),
        flush=True,
    )


def _cuts(values: Sequence[float]) -> str:
    ordered = sorted(values)
    return ", ".join(
        f"p{share} {ordered[min(len(ordered) - 1, len(ordered) * share // 100)]:,.1f} s"
        for share in (50, 95, 99)
    )
