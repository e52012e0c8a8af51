"""The gate that processes share: what a turn costs beside a poll, and how far apart requests come of several processes.

`TIDINGS_BENCH_SECONDS=60` sets for how long the processes ask.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from crawler.net.hosts import HostGate
from tests.benchmarks.polling.processes import Talker
from tests.fakes import postgres
from tests.fakes.recording_site import RecordingHost, Reply
from tidings.storage.engine import Database
from tidings.storage.turns import SqlTurns

ROOT = Path(__file__).parents[2]
TURNS = 2000
HOSTS = 200
FEEDS = 200
PAUSE = 1.1  # seconds between two polls of one host, so that politeness holds nobody up
ROUNDS = 3
PROCESSES = 4
SPACING = 1.0  # seconds
ANSWER = 0.2  # seconds that the host takes

CONFIG = """\
polling: {{allow_private: [127.0.0.0/8], host_delay: 1s}}
database: {database}
channels: {{outbox: {{type: file, dir: outbox}}}}
"""


def bench() -> None:
    """Print milliseconds and distances."""
    seconds = int(os.environ.get("TIDINGS_BENCH_SECONDS", "60"))
    with tempfile.TemporaryDirectory(prefix="tidings-turns-") as folder, postgres.server() as server:
        state = Path(folder) / "state"
        state.mkdir()
        with postgres.database(server) as url:
            Database.open(url, state_dir=state).close()
            wall, cpu = asyncio.run(_turns(url, state, shared=True))
            _, alone = asyncio.run(_turns(url, state, shared=False))
        with postgres.database(server) as url:
            polled = _polls(url, Path(folder))
        print(f"\nTurns with {HOSTS} hosts that nobody else asks, one after the other")
        print(f"  shared              {wall:6.2f} ms, {cpu:6.2f} ms of CPU in the process that asks")
        print(f"  of one process      {'':9} {alone:6.2f} ms of CPU")
        print(f"  a poll without news {'':9} {polled:6.2f} ms of CPU, its turn is {cpu / polled:.0%} of it")
        with postgres.database(server) as url:
            Database.open(url, state_dir=state).close()
            asyncio.run(_distances(url, state, seconds))


async def _turns(url: str, state: Path, *, shared: bool) -> tuple[float, float]:
    """Milliseconds of a turn, from asking to having given it back: by the clock, and of CPU."""
    database = Database.open(url, state_dir=state)
    gate = HostGate(timedelta(0), turns=SqlTurns(database) if shared else None)

    async def take(number: int) -> None:
        for turn in range(number):
            async with gate.turn(f"host{turn % HOSTS}.example"):
                pass
            await gate.close()

    await take(HOSTS)
    wall, cpu = time.perf_counter(), time.process_time()
    await take(TURNS)
    spent = (time.perf_counter() - wall) / TURNS * 1000, (time.process_time() - cpu) / TURNS * 1000
    database.close()
    return spent


def _polls(url: str, folder: Path) -> float:
    """Milliseconds of CPU that a poll takes of a feed that says it is unchanged, its turn included."""
    host = Talker([sys.executable, "-m", "tests.benchmarks.polling.hosts", "news", str(FEEDS)])
    try:
        port = host.ask("")
        config = folder / "config"
        shutil.copytree(ROOT / "config" / "watchlists", config / "watchlists")
        (config / "tidings.yaml").write_text(CONFIG.format(database=url))
        feeds = "".join(
            f"  - {{id: feed-{place}, feed: 'http://127.1.{place >> 8}.{place & 255}:{port}/feed', full_text: never}}\n"
            for place in range(FEEDS)
        )
        (config / "sources.yaml").write_text("sources:\n" + feeds)
        ours = Talker(
            [sys.executable, "-m", "tests.benchmarks.polling.with_tidings", config, folder / "polled"]
        )
        try:
            ours.ask("")
            ours.poll()
            taken = []
            for _ in range(ROUNDS):
                time.sleep(PAUSE)
                taken.append(ours.poll().cpu / FEEDS * 1000)
            return statistics.median(taken)
        finally:
            ours.end()
    finally:
        host.end()


async def _distances(url: str, state: Path, seconds: int) -> None:
    """Processes that always want one host: when their requests arrive."""
    requests = max(2, round(seconds / SPACING / PROCESSES))
    host = RecordingHost("127.88.2.1", lambda: datetime.now(UTC), lambda _ask, _before: Reply(), delay=ANSWER)
    async with host:
        processes = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.fakes.one_of_many", f"--database={url}", f"--folder={state}"),
                *(f"--address={host.address}", f"--port={host.port}", f"--name=process-{number}"),
                *(f"--spacing={SPACING}", f"--requests={requests}"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            for number in range(PROCESSES)
        ]
        for one in processes:
            assert one.stdout is not None
            await one.stdout.readline()
        began = time.monotonic()
        said = await asyncio.gather(*(one.communicate(b"\n") for one in processes))
    arrivals = [visit.began for visit in host.visits]
    begun = [float(visit.path.split("/")[3]) for visit in host.visits]
    spent = [float(out.split()[1]) for out, _ in said]
    first = {visit.path.split("/")[1]: visit.began - began for visit in reversed(host.visits)}
    waits = [
        later - earlier
        for name in first
        for earlier, later in pairwise(
            visit.began for visit in host.visits if visit.path.startswith(f"/{name}/")
        )
    ]
    print(
        f"\n{len(arrivals)} requests of {PROCESSES} processes to one host, {SPACING:g} s apart, answered in {ANSWER:g} s"
    )
    for name, moments in (("where they begin", sorted(begun)), ("where they arrive", arrivals)):
        gaps = sorted(later - earlier for earlier, later in pairwise(moments))
        p99 = gaps[min(len(gaps) - 1, int(0.99 * len(gaps)))]
        print(
            f"  {name:18} least {gaps[0]:.4f} s, median {statistics.median(gaps):.4f} s, 99 % within {p99:.4f} s"
        )
    print(f"  at once            {host.most_at_once} at most")
    print(
        f"  of one process     first after {max(first.values()):.1f} s at most, then every {statistics.median(waits):.1f} s, {max(waits):.1f} s at most"
    )
    print(f"  CPU                {sum(spent) / len(arrivals) * 1000:.1f} ms a request in the processes")
