"""Moving an archive to PostgreSQL by `tidings db copy`: copying, comparing, and what it takes on both sides.

`TIDINGS_BENCH_ARTICLES=1000000` sets how large the archive is; the server is the machine's own, without syncing.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.benchmarks.growth import open_shelf
from tests.fakes import postgres
from tidings.storage.copying import size_of
from tidings.storage.engine import FILE
from tidings.storage.moving import Step, moving

SLOWEST = 6  # tables that are told apart


def bench() -> None:
    """Print seconds, rows a second and sizes."""
    number = int(os.environ.get("TIDINGS_BENCH_ARTICLES", "100000"))
    with tempfile.TemporaryDirectory(prefix="tidings-copy-") as folder, postgres.server() as url:
        state = asyncio.run(_archive(Path(folder), number))
        _move(state, url, number)


async def _archive(folder: Path, number: int) -> Path:
    async with open_shelf(folder, number):
        return folder / "state"


def _move(state: Path, url: str, number: int) -> None:
    moments: list[tuple[float, Step]] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    with moving(
        "sqlite", url, state_dir=state, hear=lambda step: moments.append((time.perf_counter(), step))
    ) as move:
        compared = move.copy(lambda: datetime.now(UTC))
    ended = time.perf_counter()
    if not all(one.is_same for one in compared):
        raise AssertionError([str(one) for one in compared if not one.is_same])
    rows = sum(one.source.rows for one in compared)
    compares = next(moment for moment, step in moments if step.verifies)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    engine.dispose()
    print(f"\nMoving {number:,} articles, {rows:,} rows in {len(compared)} tables, to PostgreSQL")
    print(f"  copying    {compares - began:8.1f} s {rows / (compares - began):12,.0f} rows a second")
    print(
        f"  comparing  {ended - compares:8.1f} s {2 * rows / (ended - compares):12,.0f} rows a second, of both sides"
    )
    print(
        f"  sizes      {size_of(state / FILE) / 1e6:8,.0f} MB in SQLite, {size / 1e6:,.0f} MB in PostgreSQL, without its index of words"
    )
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"  memory     {grown / 1024:8,.0f} MiB more at most")
    spent: dict[str, float] = {}
    last = began
    for moment, step in moments:
        name = f"{'comparing' if step.verifies else 'copying'} {step.table}"
        spent[name] = spent.get(name, 0) + moment - last
        last = moment
    for name, seconds in sorted(spent.items(), key=lambda one: -one[1])[:SLOWEST]:
        print(f"  {name:28} {seconds:8.1f} s")
