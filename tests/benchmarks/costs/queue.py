"""What the queue itself costs: jobs of Procrastinate put there and taken, whose work is nothing."""

from __future__ import annotations

from contextlib import suppress

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued

from tests.benchmarks.costs.meter import Meter
from tests.fakes import postgres

JOBS = 400
RUNS = 5
PLACES = 10
IDS = [f"source-{number:07}" for number in range(20)]


async def measure(server: str) -> Meter:
    """Measure on a database of its own; the medians are in what is returned."""
    with postgres.database(server) as url:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=2, max_size=PLACES + 2)
        )

        @app.task(name="nothing", queue="work")
        async def nothing(ids: list[str] | None = None) -> None:
            """Takes its names and does nothing with them."""

        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            meter = Meter(url)
            for turn in range(RUNS + 1):
                for what, ids in (("no-op", None), ("20 ids", IDS)):
                    if turn == 0:
                        await nothing.defer_async(ids=ids)
                        await _work(app)
                        continue
                    async with meter.run(f"job deferred alone, {what}", JOBS):
                        for _ in range(JOBS):
                            await nothing.defer_async(ids=ids)
                    async with meter.run(f"job performed, {what}", JOBS):
                        await _work(app)
                    async with meter.run(f"job deferred in bulk, {what}", JOBS):
                        await nothing.batch_defer_async(*({"ids": ids} for _ in range(JOBS)))
                    await _work(app)
            meter.close()
    return meter


async def _work(app: procrastinate.App) -> None:
    """Until nothing is left."""
    with suppress(AlreadyEnqueued):
        await app.run_worker_async(
            queues=["work"],
            wait=False,
            concurrency=PLACES,
            delete_jobs="always",
            install_signal_handlers=False,
            listen_notify=False,
        )
