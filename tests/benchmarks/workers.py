"""Polls by one, two and four workers, against a network that is slow and one that is not, and what the queue costs.

Real processes on a real PostgreSQL without syncing, all on the same cores. `TIDINGS_BENCH_SOURCES=600` sets the sources.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg

from tests.fakes import postgres
from tests.soak.crew import Process, Stage, stage

SOURCES = 600
SLOW = 2.0  # seconds until an answer
WORKERS = (1, 2, 4)
PATIENCE = 300.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way of polling all sources once."""

    rate: float  # polls a second, from the first that ended to the last
    cpu: float  # milliseconds of our processes for a poll, reading, folding and matching included
    server: float  # of the server's


def bench() -> None:
    number = int(os.environ.get("TIDINGS_BENCH_SOURCES", SOURCES))
    print(f"\nworkers: {number:,} sources on as many hosts; {os.cpu_count()} cores for everybody")
    with postgres.server() as server:
        for words, delay, entries in (
            ("one new entry each, from a network that answers after 2 s", SLOW, 1),
            ("five new entries each, from one that answers at once", 0.0, 5),
        ):
            print(f"  {words}")
            first: Run | None = None
            for workers in WORKERS:
                with postgres.database(server) as database:
                    run = asyncio.run(_run(database, number, workers, delay, entries))
                first = first or run
                print(
                    f"    {workers} worker{'s' if workers > 1 else ' '}  {run.rate:7.1f} polls/s  {run.rate / first.rate:5.2f}x"
                    f"  {run.cpu:6.1f} ms of ours and {run.server:5.1f} of the server a poll"
                )
        with postgres.database(server) as database:
            alone = asyncio.run(_run(database, number, 0, 0.0, 5))
        assert first is not None
    print(
        f"    no queue   {alone.rate:7.1f} polls/s         {alone.cpu:6.1f} ms of ours and {alone.server:5.1f} of the server a poll"
    )


async def _run(database: str, number: int, workers: int, delay: float, entries: int) -> Run:
    """Zero workers: `tidings run` alone, without a queue."""
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        async with stage(Path(folder), hosts=number, database=database) as played:
            when = datetime.now(UTC) - timedelta(minutes=5)
            for feed in range(number):
                for entry in range(entries):
                    played.press.add(
                        f"feed{feed}", f"n{feed}x{entry}", when, title=f"Wheat report {feed} {entry}"
                    )
            played.press.delay = delay
            _ask_once_a_day(played, queue=workers > 0)
            for _ in range(workers):
                await (await played.worker()).until("working", PATIENCE)
            before = _seconds(played.workers), _server(database)
            await (await played.scheduler()).until("running", PATIENCE)
            await _until_done(database, number)
            after = _seconds([*played.workers, *played.schedulers]), _server(database)
            rate = await _rate(database, number)
            return Run(
                rate=rate,
                cpu=(after[0] - before[0]) / number * 1000,
                server=(after[1] - before[1]) / number * 1000,
            )


def _ask_once_a_day(played: Stage, *, queue: bool) -> None:
    played.configure()
    place = played.folder / "config"
    sources = (place / "sources.yaml").read_text().replace("every: 2s", "every: 1d, full_text: never")
    (place / "sources.yaml").write_text(sources)
    if not queue:
        path = place / "tidings.yaml"
        path.write_text(path.read_text().replace("queue: procrastinate\n", ""))


async def _until_done(database: str, number: int) -> None:
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
        asyncio.timeout(PATIENCE),
    ):
        while True:
            polled = await (
                await connection.execute("SELECT count(*) FROM sources WHERE last_polled_at IS NOT NULL")
            ).fetchone()
            waits = await (
                await connection.execute(
                    "SELECT count(*) FROM articles WHERE unfolded_since IS NOT NULL OR unmatched_since IS NOT NULL"
                )
            ).fetchone()
            assert polled is not None
            assert waits is not None
            if polled[0] == number and not waits[0]:
                return
            await asyncio.sleep(0.5)


async def _rate(database: str, number: int) -> float:
    """The first tenth is the start, and the last the end, of a round."""
    async with await psycopg.AsyncConnection.connect(database) as connection:
        asked = await connection.execute(
            "SELECT extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY last_success_at)"
            " - percentile_disc(0.05) WITHIN GROUP (ORDER BY last_success_at)) FROM sources"
        )
        row = await asked.fetchone()
    assert row is not None
    return 0.9 * number / float(row[0])


def _seconds(processes: list[Process]) -> float:
    """Of the processor, by these and their children."""
    used = 0.0
    for one in processes:
        for process in (found := psutil.Process(one.process.pid), *found.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used += times.user + times.system
    return used


def _server(database: str) -> float:
    """Of the processor, by the server that we started and its children, those that have ended too."""
    folder = database.rpartition("host=")[2]
    pid = int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0])
    used = 0.0
    for process in (found := psutil.Process(pid), *found.children()):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
            used += (times.children_user + times.children_system) if process is found else 0.0
    return used
