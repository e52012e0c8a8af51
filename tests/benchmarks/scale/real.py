"""`python -m tests.benchmarks.scale.real`: a small installation for real, beside what the simulation says of it.

One scheduler and one worker on PostgreSQL poll sources that bring nothing, each once a minute, on hosts of their own.
Compared are how late polls are and what a poll takes of the worker's core.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from tests.acceptance.conftest import configure
from tests.benchmarks.costs.file import read
from tests.benchmarks.costs.meter import cpu_of
from tests.benchmarks.polling.hosts import address
from tests.benchmarks.polling.processes import Talker
from tests.benchmarks.scale.prices import Prices
from tests.benchmarks.scale.simulation import ALONE, Setting, Simulation
from tests.benchmarks.scale.world import World
from tests.fakes import postgres

SOURCES = int(os.environ.get("TIDINGS_BENCH_SOURCES", "600"))
EVERY = 60.0  # seconds
SPAN = 120.0
PATIENCE = 600.0
_WAITING = text(
    "SELECT count(*) FROM articles WHERE unfolded_since IS NOT NULL OR unmatched_since IS NOT NULL"
    " OR unindexed_since IS NOT NULL"
)
_STATES = text("SELECT id, extract(epoch FROM last_polled_at), extract(epoch FROM next_poll_at) FROM sources")


def main() -> None:
    late, cpu, polls = _real()
    print(f"{SOURCES} sources a minute, one worker")
    print(
        f"  real:      {polls / SPAN:5.1f} polls a second, late {_cuts(late)}, {1e3 * cpu / polls:.2f} ms CPU a poll, {cpu / SPAN:.0%} of a core"
    )
    measured = read()
    world = World(
        every=array("d", [EVERY] * SOURCES),
        rate=array("d", [0.0] * SOURCES),
        host=array("l", range(SOURCES)),
        feeds=array("l", [1] * SOURCES),
        delay=array("d", [0.001] * SOURCES),
        failing=bytearray(SOURCES),
    )
    setting = Setting(workers=1, cores=2, changed=0.0, hanging=0.0, digests=0, warm=2 * EVERY, span=SPAN)
    figures = Simulation(world, Prices(measured), replace(setting, telling=23 * 3600.0)).run()
    used = figures.used["workers' cores"]
    print(
        f"  simulated: {figures.polls / SPAN:5.1f} polls a second, late {_cuts(list(figures.late[ALONE]))}, {1e3 * used * SPAN / figures.polls:.2f} ms CPU a poll, {used:.0%} of a core"
    )


def _real() -> tuple[list[float], float, int]:
    """Seconds of lateness, CPU seconds of the worker, and polls, all in the span that counts."""
    with installation(SOURCES) as (engine, worker):
        return _watched(engine, worker)


@contextmanager
def installation(sources: int, *options: str) -> Iterator[tuple[Engine, int]]:
    """A scheduler and a worker at so many sources, each polled once a minute; their database, and the worker's process.

    Args:
        options: of the worker.
    """
    newsroom = Talker([sys.executable, "-m", "tests.benchmarks.polling.hosts", "news", str(sources)])
    with (
        postgres.server(durable=True) as server,
        postgres.database(server) as url,
        tempfile.TemporaryDirectory() as place,
    ):
        folder = Path(place)
        port = newsroom.ask("")
        lines = "".join(
            f"  - {{id: f{n}, feed: 'http://{address(n)}:{port}/feed', full_text: never, every: 1m}}\n"
            for n in range(sources)
        )
        configure(
            folder / "config",
            sources="sources:\n" + lines,
            tidings="polling: {floor: 1m, allow_private: [127.0.0.0/8]}\nqueue: procrastinate\n"
            f'channels: {{outbox: {{type: file, dir: outbox}}}}\ndatabase: "{url}"\n',
        )
        parts = [_started(folder, "run"), _started(folder, "worker", *options)]
        engine = create_engine(
            url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        try:
            _await_tables(engine)
            yield engine, parts[1].pid
        finally:
            engine.dispose()
            for part in parts:
                part.send_signal(signal.SIGTERM)
            for part in parts:
                part.wait(60)
            newsroom.end()


def _await_tables(engine: Engine) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.execute(text("SELECT to_regclass('sources')")).scalar_one() is not None:
                return
        time.sleep(0.2)
    raise RuntimeError("neither part made the tables of a new database within five minutes")


def _watched(engine: Engine, worker: int) -> tuple[list[float], float, int]:
    """Look every five seconds: a poll that came since the last look was due when that look said.

    It counts from the moment at which every source was polled once, and what the first round brought is settled.
    """
    late: list[float] = []
    known: dict[str, tuple[float | None, float | None]] = {}
    began, cpu, counts_from = time.monotonic(), 0.0, 0.0
    while not counts_from or time.monotonic() < counts_from + SPAN:
        if not counts_from and time.monotonic() > began + PATIENCE:
            raise RuntimeError("the first round took too long")
        with engine.connect() as connection:
            rows, waiting = connection.execute(_STATES).all(), connection.execute(_WAITING).scalar_one()
        for name, polled, due in rows:
            before = known.get(name)
            if counts_from and before and before[1] is not None and polled != before[0]:
                late.append(float(polled) - before[1])
            known[name] = (polled, None if due is None else float(due))
        if (
            not counts_from
            and not waiting
            and len(rows) >= SOURCES
            and all(polled for polled, _ in known.values())
        ):
            counts_from, cpu = time.monotonic() + 1e-6, cpu_of(worker)
        time.sleep(5)
    return late, cpu_of(worker) - cpu, len(late)


def _started(folder: Path, command: str, *options: str) -> subprocess.Popen[bytes]:
    words = [
        sys.executable,
        "-m",
        "tidings",
        command,
        *options,
        "--config",
        folder / "config",
        "--state",
        folder / command,
    ]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=(folder / f"{command}.log").open("wb"))


def _cuts(values: list[float]) -> str:
    ordered = sorted(values)
    return ", ".join(f"p{share} {ordered[len(ordered) * share // 100]:.1f} s" for share in (50, 95, 99))


if __name__ == "__main__":
    main()
