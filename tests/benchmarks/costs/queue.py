"""What the queue itself costs: batches of polls put there, taken and finished, whose work is nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import procrastinate

from tests.benchmarks.costs.meter import Meter
from tests.fakes import postgres
from tidings.runners.engine import open_engine
from tidings.runners.jobs import BATCH, Job, Queue

JOBS = 400
RUNS = 5
PLACES = 10
ARGS = {"sources": [f"source-{number:07}" for number in range(BATCH)], "claim": "2026-03-02T12:00:00+00:00"}


async def measure(server: str) -> Meter:
    """Measure on databases of their own; the medians are in what is returned."""
    meter = await _ours(server)
    await _bare(server, meter)
    return meter


@dataclass(slots=True)
class _Counter:
    """Performs jobs by counting them."""

    left: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def perform(self, name: str, args: Mapping[str, Any]) -> None:
        self.left -= 1
        if not self.left:
            self.done.set()


async def _ours(server: str) -> Meter:
    """Through the engine, as the scheduler and a worker use it."""
    counter, jobs = _Counter(), [Job(name="polls", queue=Queue.COLLECT, args=ARGS)] * JOBS
    with postgres.database(server) as url:
        meter = Meter(url)
        async with open_engine(url, perform=counter.perform, look=0.05) as engine:
            for turn in range(RUNS + 1):
                if not turn:
                    await engine.defer(jobs)
                else:
                    async with meter.run("job of 10 polls put on the queue", JOBS):
                        await engine.defer(jobs)
                counter.left, counter.done = JOBS, asyncio.Event()
                async with meter.run("job of 10 polls taken and finished", JOBS):
                    working = asyncio.create_task(engine.work({Queue.COLLECT: PLACES}))
                    await counter.done.wait()
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working
        meter.close()
    return meter


async def _bare(server: str, meter: Meter) -> None:
    """Procrastinate alone, with commits that are synced and a job at a time, which is how it comes."""
    with postgres.database(server) as url:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=2, max_size=PLACES + 2)
        )

        @app.task(name="nothing", queue="work")
        async def nothing() -> None:
            """Does nothing."""

        own = Meter(url)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for _ in range(RUNS):
                async with own.run("bare job put on the queue alone", JOBS):
                    for _ in range(JOBS):
                        await nothing.defer_async()
                async with own.run("bare job taken and finished", JOBS):
                    await app.run_worker_async(
                        queues=["work"],
                        wait=False,
                        concurrency=PLACES,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        listen_notify=False,
                    )
        own.close()
    meter.runs |= own.runs
