"""What grows with the number of sources: a start, a claim after an outage, a scrape. On SQLite and on PostgreSQL.

Five sources on three hosts, some of which have thousands: 100,000 are on about 60,000. `TIDINGS_BENCH_SOURCES=10000` sets how
many there are at most.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, update

from crawler.ports import Shares
from crawler.records import Source, SourceKind
from tests.fakes.postgres import database as database_on
from tests.fakes.postgres import server
from tidings.health import overdue
from tidings.storage.engine import Database
from tidings.storage.figures import SqlFigures
from tidings.storage.stores import Stores
from tidings.storage.tables import sources
from tidings.ticker import LEASE, POLLS_OF_ONE_HOST, TROUBLED

NUMBERS = (1_000, 10_000, 100_000)
ROUNDS = 5
CLAIMED = 500
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SHARES = Shares(per_host=POLLS_OF_ONE_HOST, troubled=TROUBLED)

Times = dict[str, float]  # what was done → seconds


def bench() -> None:
    """Print times, and what ten times as many sources cost."""
    most = int(os.environ.get("TIDINGS_BENCH_SOURCES", str(NUMBERS[-1])))
    numbers = [number for number in NUMBERS if number <= most]
    with ExitStack() as held:
        address = held.enter_context(server())
        for kind in ("SQLite", "PostgreSQL"):
            columns: list[Times] = []
            for number in numbers:
                with tempfile.TemporaryDirectory(prefix="tidings-sources-") as folder, ExitStack() as one:
                    url = "sqlite" if kind == "SQLite" else one.enter_context(database_on(address))
                    columns.append(asyncio.run(_measure(url, Path(folder), number)))
            _print(kind, numbers, columns)


def _print(kind: str, numbers: Sequence[int], columns: Sequence[Times]) -> None:
    print(
        f"\n{kind}, wall time in milliseconds" + "".join(f"{number:>12,}" for number in numbers) + "    last"
    )
    for name in columns[0]:
        times = [column[name] * 1e3 for column in columns]
        grown = f"{times[-1] / times[-2]:6.1f}x" if len(times) > 1 else ""
        print(f"  {name:36}" + "".join(f"{taken:12.1f}" for taken in times) + f" {grown}")


def made(number: int) -> tuple[Source, ...]:
    """So many sources, the same every time."""
    return tuple(_made(number))


def _made(number: int) -> Iterator[Source]:
    dice = random.Random(number)
    hosts = number * 3 // 5
    for place in range(number):
        host = place if place < hosts else int(dice.paretovariate(0.2)) % hosts
        url = f"https://news{host}.example/feed/{place}.xml"
        yield Source(id=f"source-{place:06}", kind=SourceKind.FEED, url=url, name=f"Paper {place}")


async def _measure(url: str, folder: Path, number: int) -> Times:
    database = Database.open(url, state_dir=folder)
    stores, figures = Stores(database), SqlFigures(database)
    configured = made(number)
    times: Times = {}

    async def take(name: str, work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> None:
        taken = []
        for _ in range(rounds):
            start = time.perf_counter()
            await work()
            taken.append(time.perf_counter() - start)
        times[name] = statistics.median(taken)

    try:
        await take("first start", lambda: stores.sources.sync(configured, NOON), 1)
        await take("start, nothing changed", lambda: stores.sources.sync(configured, NOON), 3)
        turns = iter(range(ROUNDS))
        await take("start, 100 changed", lambda: stores.sources.sync(_changed(configured, next(turns)), NOON))
        await _outage(database, number)
        free = {"claimed_until": None}
        await _claim(stores)  # statements are compiled
        await database.write(lambda connection: connection.execute(update(sources).values(**free)))
        await take(f"claim of {CLAIMED}, all due", lambda: _claim(stores), 1)
        await take(f"claim of {CLAIMED} beside those", lambda: _claim(stores), 1)
        await database.write(lambda connection: connection.execute(update(sources).values(**free)))
        await _backlog(database)
        await take(f"claim of {CLAIMED}, crowds first", lambda: _claim(stores), 1)
        await take("claim, crowds in hand", lambda: _claim(stores))
        await database.write(
            lambda connection: connection.execute(update(sources).values(next_poll_at=NOON + LEASE, **free))
        )
        await take("claim, nothing due", lambda: _claim(stores))
        await take("figures of a scrape", lambda: _scrape(figures))
        await take("whether sources are behind", lambda: stores.rhythms.unready(NOON, LEASE))
        await take("coverage of a digest", lambda: stores.digests.coverage(NOON - LEASE, NOON), 1)
        await take("counts of status", stores.counts.take)
        await take("states of all", stores.sources.states, 1)
    finally:
        database.close()
    return times


def _changed(configured: Sequence[Source], turn: int) -> tuple[Source, ...]:
    """A hundred go by another name each turn."""
    step = max(1, len(configured) // 100)
    return tuple(
        replace(one, name=f"{one.name}, {turn}") if place % step == 0 else one
        for place, one in enumerate(configured)
    )


async def _outage(database: Database, number: int) -> None:
    """All are due, each since another moment; one in 20 is in trouble."""
    await _plan(database, lambda place: NOON - timedelta(seconds=1 + place * 7919 % number), number)


async def _backlog(database: Database) -> None:
    """The hosts with the most sources are longest due, as they are whenever they have more than they may be asked."""
    crowds = [f"https://news{host}.example/%" for host in range(1, 9)]
    for place, crowd in enumerate(crowds):
        await database.write(
            lambda connection, place=place, crowd=crowd: connection.execute(
                update(sources)
                .where(sources.c.url.like(crowd))
                .values(next_poll_at=NOON - timedelta(days=1, seconds=place))
            )
        )


async def _plan(database: Database, at: Callable[[int], datetime], number: int) -> None:
    rows = [
        {"own": f"source-{place:06}", "at": at(place), "failed": int(place % 20 == 0)}
        for place in range(number)
    ]
    statement = (
        update(sources)
        .where(sources.c.id == bindparam("own"))
        .values(next_poll_at=bindparam("at", type_=sources.c.next_poll_at.type), failures=bindparam("failed"))
    )
    await database.write(lambda connection: connection.execute(statement, rows))
    if not database.is_sqlite:
        await database.write(lambda connection: connection.exec_driver_sql("ANALYZE sources"))


async def _claim(stores: Stores) -> int:
    return len(await stores.sources.claim_due(NOON, CLAIMED, LEASE, shares=SHARES))


async def _scrape(figures: SqlFigures) -> int:
    return overdue(await figures.waiting(NOON))
