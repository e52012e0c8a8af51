"""`python -m tests.benchmarks.scale.beside`: how many articles a worker settles beside how many polls.

One scheduler and one worker on PostgreSQL have thousands of sources, each polled once a minute, and what the first
round brought waits to be settled all the while. Polls come in waves, so each look is another load.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise

from sqlalchemy import text

from tests.benchmarks.costs.meter import cpu_of
from tests.benchmarks.scale.real import PATIENCE, installation

SOURCES = 3_000
EVERY = 10.0  # seconds between two looks
SPAN = 300.0
STEPS = (0, 15, 30, 60, 90, 1_000)  # polls a second, by which looks are put together
_POLLED = text("SELECT id, last_polled_at FROM sources")
_ARTICLES = text(
    "SELECT count(*) FILTER (WHERE unfolded_since IS NULL),"
    " count(*) FILTER (WHERE unfolded_since IS NOT NULL) FROM articles"
)


def main() -> None:
    looks: list[tuple[float, float, float]] = []  # polls, articles, cores: each a second
    with installation(SOURCES, "--concurrency", "200") as (engine, worker):
        began, settles_from = time.monotonic(), 0.0
        then, polled, settled, cpu = began, {}, 0, cpu_of(worker)
        while not settles_from or time.monotonic() < settles_from + SPAN:
            time.sleep(EVERY)
            with engine.connect() as connection:
                rows = {row.id: row.last_polled_at for row in connection.execute(_POLLED)}
                done, waiting = connection.execute(_ARTICLES).one()
            now, used = time.monotonic(), cpu_of(worker)
            polls = sum(polled.get(name) != when for name, when in rows.items())
            if settles_from:
                if not waiting:
                    break
                span = now - then
                looks.append((polls / span, (done - settled) / span, (used - cpu) / span))
            elif done > settled:
                settles_from = now
            elif now > began + PATIENCE:
                raise RuntimeError("nothing was settled")
            then, polled, settled, cpu = now, rows, done, used
    print(f"{SOURCES:,} sources a minute, one worker, articles waiting all the time")
    for low, high in pairwise(STEPS):
        if some := [one for one in looks if low <= one[0] < high]:
            polls, articles, cores = (statistics.median(values) for values in zip(*some, strict=True))
            print(
                f"  beside {polls:5.1f} polls a second {articles:5.1f} articles a second, {cores:.0%} of a core"
                f"  ({len(some)} looks)"
            )


if __name__ == "__main__":
    main()
