"""Whole polls side by side: Tidings, reader and newsboat with their own storage, and bare aiohttp as the ceiling."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.polling.processes import Poll, Talker, cpu_of, run

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
READER = ("reader==3.26", "sgmllib3k")  # the last for Python 3.11, and what its own feedparser wants
THREADS = 20  # of reader and newsboat
ROUNDS = 3
PAUSE = 1.1  # seconds between two polls of one host, so that politeness holds nobody up
CEILING, OURS, LAST = "bare aiohttp", "tidings", "newsboat"

CONFIG = """\
polling: {{allow_private: [127.0.0.0/8], host_delay: 1s}}
channels: {{outbox: {{type: file, dir: outbox}}}}
"""
NEWSBOAT_FEEDS = (
    500  # to start on the articles of 2,000 takes newsboat a minute, and each of its polls is a start
)
NEWSBOAT = f"auto-reload no\nreload-threads {THREADS}\n"


@dataclass(slots=True)
class Contestant:
    """A program, how to start it for a first poll and for the timed ones, and how it did."""

    name: str
    feeds: int  # how many of them it polls, from the first on
    start: Callable[[], Talker | Newsboat]
    talker: Talker | Newsboat | None = None
    changed: list[Poll] = field(default_factory=list)
    unchanged: list[Poll] = field(default_factory=list)
    first: Poll | None = None
    busy: list[float] = field(default_factory=list)  # share of the time that the server worked

    @property
    def running(self) -> Talker | Newsboat:
        self.talker = self.talker or self.start()
        return self.talker

    def rest(self) -> None:
        """End the process; the next poll starts another, on the same storage."""
        if self.talker is not None:
            self.talker.end()
            self.talker = None


class Newsboat:
    """newsboat polls once a process, so each poll is less what it takes to start on the same articles."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache = folder / "cache.db"

    def poll(self) -> Poll:
        before = self._articles()
        start = self._run("print-unread") if before else None
        poll = self._run("reload")
        return Poll(
            wall=max(poll.wall - (start.wall if start else 0), 0.001),
            cpu=max(poll.cpu - (start.cpu if start else 0), 0.001),
            new=self._articles() - before,
            peak=poll.peak,
        )

    def end(self) -> None:
        """Nothing runs between two polls."""

    def _run(self, command: str) -> Poll:
        files = [f"--{kind}-file={self._folder / name}" for kind, name in (("url", "urls"), ("cache", "cache.db"), ("config", "config"))]  # fmt: skip
        return run(["newsboat", *files, "-x", command], {"HOME": str(self._folder), "TERM": "dumb"})

    def _articles(self) -> int:
        import sqlite3

        if not self._cache.exists():
            return 0
        with contextlib.closing(sqlite3.connect(self._cache)) as cache:
            return int(cache.execute("SELECT count(*) FROM rss_item").fetchone()[0])


def race(kind: str, number: int) -> None:
    """Serve `number` feeds of a kind and let all contestants poll them in turns."""
    host = Talker([sys.executable, "-m", "tests.benchmarks.polling.hosts", kind, str(number)])
    try:
        with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
            port = host.ask("")
            urls = [f"http://127.1.{place >> 8}.{place & 255}:{port}/feed" for place in range(number)]
            with _contestants(Path(folder), urls) as contestants:
                _run(host, contestants)
                _show(kind, number, contestants)
    finally:
        host.end()


def _run(host: Talker, contestants: list[Contestant]) -> None:
    for one in contestants:
        one.first = one.running.poll()
        if one.name != CEILING:  # which keeps its validators in memory only
            one.rest()
            one.running.poll()  # a process that has run for a while
    for edition in range(1, ROUNDS + 1):
        added = [int(number) for number in host.ask(str(edition)).split()]
        time.sleep(PAUSE)
        for one in contestants:
            server, poll = cpu_of(host.pid), one.running.poll()
            one.busy.append((cpu_of(host.pid) - server) / poll.wall)
            one.changed.append(poll)
            if one.name != CEILING and poll.new != (right := sum(added[: one.feeds])):
                print(f"  {one.name} took {poll.new} entries for new, {right} were added")
        time.sleep(PAUSE)
        for one in contestants:
            if one.name != LAST:  # its poll of unchanged feeds is shorter than its start varies
                one.unchanged.append(one.running.poll())


@contextlib.contextmanager
def _contestants(folder: Path, urls: list[str]) -> Iterator[list[Contestant]]:
    addresses = folder / "urls"
    addresses.write_text("\n".join(urls) + "\n")
    found = [
        Contestant(OURS, len(urls), _tidings(folder / "tidings", urls)),
        Contestant(
            CEILING,
            len(urls),
            lambda: _started([sys.executable, "-m", "tests.benchmarks.polling.with_aiohttp", addresses]),
        ),
    ]
    if (python := _reader()) is not None:
        command = (python, HERE / "with_reader.py", addresses, folder / "reader.sqlite", str(THREADS))
        found.append(Contestant("reader", len(urls), lambda: _started(command)))
    if shutil.which("newsboat"):
        place = folder / "newsboat"
        place.mkdir()
        some = urls[:NEWSBOAT_FEEDS]
        (place / "urls").write_text("\n".join(some) + "\n")
        (place / "config").write_text(NEWSBOAT)
        found.append(Contestant(LAST, len(some), lambda: Newsboat(place)))
    else:
        print("newsboat is left out: the command is not installed (apt-get install newsboat)")
    try:
        yield found
    finally:
        for one in found:
            one.rest()


def _started(command: Sequence[str | Path]) -> Talker:
    talker = Talker(command)
    talker.ask("")
    return talker


def _tidings(folder: Path, urls: list[str]) -> Callable[[], Talker]:
    config = folder / "config"
    shutil.copytree(ROOT / "config" / "watchlists", config / "watchlists")
    (config / "tidings.yaml").write_text(CONFIG.format())
    lines = "".join(
        f"  - {{id: feed-{place}, feed: '{url}', full_text: never}}\n" for place, url in enumerate(urls)
    )
    (config / "sources.yaml").write_text("sources:\n" + lines)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "tests.benchmarks.polling.with_tidings",
        config,
        folder / "state",
    ]
    return lambda: _started(command)


def _reader() -> Path | None:
    """The interpreter of an environment with reader: named by TIDINGS_BENCH_READER, or made under build/."""
    if named := os.environ.get("TIDINGS_BENCH_READER"):
        return Path(named)
    home = ROOT / "build" / "bench-reader"
    python = home / "bin" / "python"
    if not python.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *READER], check=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(home, ignore_errors=True)
            print(f"reader is left out: {READER[0]} cannot be installed here")
            return None
    return python


# -- telling ---------------------------------------------------------------------------------------


def _show(kind: str, number: int, contestants: list[Contestant]) -> None:
    print(
        f"\nPolling {number:,} {kind} feeds, {os.cpu_count()} cores, Python {platform.python_version()}; medians of {ROUNDS} rounds"
    )
    for what in ("changed", "unchanged"):
        print(f"  {'half of them changed' if what == 'changed' else 'nothing changed, all 304'}")
        polls: dict[str, list[Poll]] = {one.name: getattr(one, what) for one in contestants}
        there = [one for one in contestants if polls[one.name]]
        wall = {one.name: _middle(polls[one.name], "wall") / one.feeds for one in there}
        for one in there:
            times = [poll.wall / one.feeds for poll in polls[one.name]]
            print(
                f"    {one.name:14} {1 / wall[one.name]:8,.0f} feeds/s"
                f"  {_middle(polls[one.name], 'cpu') * 1e3 / one.feeds:7.2f} ms CPU a feed"
                f"  spread {(max(times) - min(times)) / wall[one.name]:4.0%}"
                f"  tidings is {wall[one.name] / wall[OURS]:6.2f}x as fast"
            )
    peaks = {one.name: max(poll.peak for poll in one.changed) for one in contestants}
    print("  peak memory: " + ", ".join(
        f"{name} {peak:.0f} MiB (tidings {peaks[OURS] / peak:.2f}x)" for name, peak in peaks.items()))  # fmt: skip
    print(
        "  first poll: " + ", ".join(f"{one.name} {one.first.wall:.1f} s" for one in contestants if one.first)
    )
    print("  server at work: " + ", ".join(f"{one.name} {statistics.median(one.busy):.0%} of the time" for one in contestants), flush=True)  # fmt: skip


def _middle(polls: list[Poll], what: str) -> float:
    return statistics.median(float(getattr(poll, what)) for poll in polls)
