"""How much memory a daemon holds that watches 1,000 sources and has nothing to do, against importing the five libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.data import NoCorpus
from tests.benchmarks.polling.processes import Talker
from tests.benchmarks.starting import FIVE

SOURCES = 1_000
REST = 20.0  # seconds after the last poll
HOUR = 3600.0  # seconds within which all sources must have been polled

CONFIG = """\
polling: {allow_private: [127.0.0.0/8], host_delay: 1s, every: 6h, floor: 6h}
channels: {outbox: {type: file, dir: outbox}}
web: {bind: "127.0.0.1:18787"}
"""
WATCHLIST = """\
watchlist: w
initiatives: [{id: chips, any: [semiconductor fabrication]}]
digests: [{id: daily, to: [outbox], at: "07:30"}]
"""


def bench() -> None:
    """Print both, and the ratio."""
    if sys.platform != "linux":
        raise NoCorpus("it needs Linux: 1,000 loopback addresses and /proc")
    five = _five()
    with tempfile.TemporaryDirectory() as folder:
        hosts = Talker([sys.executable, "-m", "tests.benchmarks.polling.hosts", "news", str(SOURCES)])
        try:
            held = _daemon(Path(folder), int(hosts.ask("")))
        finally:
            hosts.end()
    print(
        f"\nResident memory of a daemon with {SOURCES:,} sources, {REST:.0f} s after the first round of polls"
    )
    for name, size in {"import of the five libraries": five, "the daemon": held}.items():
        print(f"  {name:32} {size:8.0f} MiB  {size / five:5.2f}x")


def _five() -> float:
    """MiB of a process that has imported them and waits."""
    process = Talker(
        [sys.executable, "-c", f"{FIVE}\nprint('READY', flush=True)\nimport sys; sys.stdin.read()"]
    )
    try:
        process.ask("")
        return resident_of(process.pid)
    finally:
        process.end()


def _daemon(folder: Path, port: int) -> float:
    """MiB of `tidings run` at rest, its children apart: they end by themselves after some minutes."""
    config = folder / "config"
    (config / "watchlists").mkdir(parents=True)
    (config / "tidings.yaml").write_text(CONFIG, encoding="utf-8")
    (config / "watchlists" / "w.yaml").write_text(WATCHLIST, encoding="utf-8")
    sources = "".join(
        f'  - {{id: s{n}, feed: "http://127.1.{n >> 8}.{n & 255}:{port}/feed", full_text: never}}\n'
        for n in range(SOURCES)
    )
    (config / "sources.yaml").write_text(f"sources:\n{sources}", encoding="utf-8")
    environ = {**os.environ, "TIDINGS_CONFIG": str(config), "TIDINGS_STATE": str(folder / "state")}
    daemon = subprocess.Popen(
        [sys.executable, "-m", "tidings", "run"], stderr=subprocess.PIPE, text=True, env=environ
    )
    assert daemon.stderr is not None
    try:
        polled: set[str] = set()
        limit = time.monotonic() + HOUR
        while len(polled) < SOURCES and time.monotonic() < limit:
            line = json.loads(daemon.stderr.readline())
            if line["event"] == "PollSource":
                polled.add(line["source"])
        time.sleep(REST)
        return resident_of(daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()
        daemon.stderr.close()


def resident_of(pid: int) -> float:
    """MiB that a process holds now, without its children."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
