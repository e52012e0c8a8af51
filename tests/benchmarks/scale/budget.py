"""How much of each part a number of sources takes, by the law of utilisation alone: rate times work. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.benchmarks.scale.prices import (
    CARRIED,
    CHANGED,
    CONNECTION_BYTES,
    FEED_BYTES,
    PAGE_BYTES,
    Price,
    Prices,
)
from tests.benchmarks.scale.world import DAY, World
from tidings.runners.jobs import BATCH, SHARES

HIGHEST = 0.7  # of a core's time may be planned for; lines grow fast above
AT_REST = (
    0.015  # of a core: what a worker takes that has next to nothing to do, by `tests.benchmarks.scale.real`
)
SPACING = 1.0  # seconds between two requests to a host
BUSIEST = 1.45  # entries in the busiest hour, by those of an average one
MONTH = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What there is to work with; by default what one well-equipped server and a line of 1 Gbit/s give."""

    cores: int = 16  # of PostgreSQL
    log: float = 200e6  # bytes a second that its disk takes in sequence
    line: float = 125e6  # bytes a second of the network
    shares: int = SHARES


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Of one world, in the busiest hour where it matters."""

    polls: float  # a second, as politeness allows
    entries: float  # a second, on average
    cpu: float  # cores of workers
    server: float  # cores of PostgreSQL
    wal: float  # bytes a second
    kept: float  # bytes of tables and indexes a month, retention aside
    wire: float  # bytes a second
    claims: float  # share of the scheduler's time
    settling: float  # share of the time of all shares
    largest: float  # polls wanted of the largest host, by those that it allows

    @property
    def workers(self) -> int:
        """Of one core each."""
        return max(1, math.ceil(self.cpu / (HIGHEST - AT_REST)))

    def parts(self, machines: Machines) -> dict[str, float]:
        """Utilisation of what cannot be had by one more worker."""
        return {
            "the largest host's politeness": self.largest,
            f"folding in {machines.shares} shares": self.settling,
            "claims of one scheduler": self.claims,
            f"PostgreSQL, {machines.cores} cores": self.server / machines.cores,
            f"its log, {machines.log / 1e6:.0f} MB/s": self.wal / machines.log,
            f"bandwidth, {machines.line / 1e6:.0f} MB/s": self.wire / machines.line,
        }


def budget(world: World, prices: Prices, machines: Machines | None = None) -> Budget:
    """What `world` takes at these prices."""
    machines = machines or Machines()
    polls = world.polite(SPACING)
    entries = world.entries
    busy = entries * BUSIEST
    bringing = sum(
        (1 - math.exp(-BUSIEST * rate * every)) / every
        for rate, every, failing in zip(world.rate, world.every, world.failing, strict=True)
        if not failing
    )
    bringing = min(bringing, polls)
    read = max(0.0, polls - bringing) * CHANGED
    unchanged = max(0.0, polls - bringing - read)
    pages = busy * (1 - CARRIED)
    carrying = (prices.put + prices.job) * (1 / BATCH) + prices.claim
    steps = (
        (unchanged, prices.unchanged + carrying),
        (read, prices.poll(0) + carrying),
        (bringing, prices.poll(busy / bringing) + carrying),
        (pages, prices.page + prices.claim_page + carrying),
        (busy, prices.article),
    )
    total = sum((price * rate for rate, price in steps), Price(0.0, 0.0))
    settle = prices.article
    each = settle.cpu + settle.server + settle.trips + prices.sync / 25
    kept = (prices.poll(2).stored - prices.poll(0).stored) / 2 * entries + prices.page.stored * entries * (
        1 - CARRIED
    )
    scheduler = prices.claim + prices.put * (1 / BATCH)
    return Budget(
        polls=polls,
        entries=entries,
        cpu=total.cpu,
        server=total.server,
        wal=total.wal,
        kept=(kept + prices.article.stored * entries) * MONTH,
        wire=(read + bringing) * FEED_BYTES + pages * PAGE_BYTES + (polls + pages) * CONNECTION_BYTES,
        claims=polls * (scheduler.cpu + scheduler.server),
        settling=busy * each / machines.shares,
        largest=max(world.wanted) * SPACING,
    )
