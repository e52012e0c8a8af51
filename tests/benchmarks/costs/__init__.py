"""Unit costs on PostgreSQL with commits that reach the disk: what one poll, page, article, digest, delivery and job take.

`costs.bench` keeps them in `measured.json` beside this file; the simulation and docs/scale.md compute with them.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.benchmarks.costs import collecting, queue, telling
from tests.benchmarks.costs.file import FILE, Cost, Measured
from tests.fakes import postgres

WRITES = 200


def bench() -> None:
    costs: dict[str, Cost] = {}
    with (
        postgres.server(durable=True) as server,
        tempfile.TemporaryDirectory(prefix="tidings-costs-") as folder,
    ):
        machine = (
            f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {_version(server)}"
        )
        sync = _sync(Path(folder))
        for meter in (
            asyncio.run(collecting.measure(Path(folder) / "collecting", server)),
            asyncio.run(telling.measure(Path(folder) / "telling", server)),
            asyncio.run(queue.measure(server)),
        ):
            costs |= meter.costs()
    measured = Measured(
        day=datetime.now(UTC).date().isoformat(),
        machine=machine,
        sync_ms=sync * 1e3,
        meeting=telling.meeting(),
        costs=costs,
    )  # where it was measured
    measured.write()
    _show(measured)


def _show(measured: Measured) -> None:
    print(f"\nUnit costs, {measured.machine}; a forced write takes {measured.sync_ms:.2f} ms; medians")
    print(f"  of pairs of articles {measured.meeting:.2%} share a lock when they are folded")
    print(
        f"  {'':30} {'CPU':>8} {'server':>8} {'clock':>8}  ms {'asks':>5} {'log':>9} {'kept':>9} {'wire':>9}  bytes, spread"
    )
    for name, one in measured.costs.items():
        print(
            f"  {name:30} {one.cpu_ms:8.2f} {one.server_ms:8.2f} {one.wall_ms:8.2f}     {one.statements:5.1f} {one.wal_bytes:9,.0f}"
            f" {one.stored_bytes:9,.0f} {one.wire_bytes:9,.0f}  {one.spread:5.0%} of {one.runs}"
        )
    print(f"  kept in {FILE.name}")


def _sync(folder: Path) -> float:
    """Seconds of one write of a block that is forced to the disk; median."""
    taken = []
    with (folder / "block").open("wb", buffering=0) as file:
        for _ in range(WRITES):
            began = time.perf_counter()
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _version(server: str) -> str:
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        words = str(connection.execute(text("SHOW server_version")).scalar_one())
    engine.dispose()
    return f"PostgreSQL {words.split()[0]}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )
