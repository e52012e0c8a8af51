"""`python -m tests.soak.isolation [MINUTES [SOURCES]]`: of 1,000 feeds a quarter does harm; are the others asked in time?

A real `tidings run`, a real server, real time. A poll is late by the time from when it was due, which stands in the
database, to when its request came, which the server knows; one that never came is late by the time until the end. At the
start all are due at once, those that do harm before the others. Each kind of harm is at work all the time: slow feeds
answer in full after 25 s, so that they are never asked more rarely. A healthy source may not fail a single time.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import linear_regression, median, quantiles

from tests.acceptance.conftest import configure, free_port
from tests.benchmarks.idle import resident_of
from tests.benchmarks.polling.processes import Talker, cpu_of
from tests.soak.hostile_hosts import Kind, address, kind_of

EVERY = 120  # seconds between two polls of a source
LOOK = 5.0  # seconds between two looks
BOUND = 60.0  # seconds of lateness that 99 of 100 healthy polls must not have
WARM = 150.0  # seconds after which handles and threads should grow no more
FIRST = 60.0  # seconds within which all are due for the first time
SPREAD = (
    10  # more at the least in the second half of the time than in the first: what is leaked never comes back
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The daemon at one moment."""

    at: float  # seconds after the start
    handles: int
    threads: int
    resident: float  # MiB
    cpu: float  # seconds, of it and its children, so far


@dataclass(slots=True)
class Found:
    """What came of it."""

    sources: int
    seconds: float = 0.0
    asked: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))  # place → moments
    kept: dict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds of each answer
    due: dict[int, set[float]] = field(default_factory=lambda: defaultdict(set))  # place → moments
    failed: set[tuple[int, str]] = field(default_factory=set)  # healthy places, and why
    looks: list[Look] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def lateness(self, end: float, *, after: float = 0.0) -> list[float]:
        """Seconds, of each poll of a healthy source that was due, but not before so many seconds after the start."""
        since = end - self.seconds + after
        return sorted(
            late
            for place in range(self.sources)
            if kind_of(place) is Kind.HEALTHY
            for due, late in lateness_of(sorted(self.due[place]), self.asked[place], end)
            if due >= since
        )

    @property
    def warm(self) -> list[Look]:
        """Looks from when handles and threads should grow no more."""
        return [one for one in self.looks if one.at >= WARM]


def lateness_of(due: Sequence[float], asked: Sequence[float], end: float) -> Iterator[tuple[float, float]]:
    """When it was due, and by how much it was late."""
    for place, moment in enumerate(due):
        if moment > end:
            continue
        until = due[place + 1] if place + 1 < len(due) else end
        came = next((one for one in asked if moment - 1 <= one <= until), None)
        yield moment, max(0.0, (end if came is None else came) - moment)


def play(folder: Path, minutes: float, sources: int) -> tuple[Found, float]:
    """Run it; the moment of its end with what came of it."""
    found = Found(sources)
    hosts = Talker([sys.executable, "-m", "tests.soak.hostile_hosts"])
    try:
        port = int(hosts.ask(""))
        lines = "".join(
            f'  - {{id: {_name(n)}, feed: "http://{address(n)}:{port}/feed", every: {EVERY}s, full_text: never}}\n'
            for n in range(sources)
        )
        configure(
            folder / "config",
            tidings=f"polling: {{allow_private: [127.0.0.0/8], floor: 1m}}\nweb: {{bind: '127.0.0.1:{free_port()}'}}\n"
            "channels:\n  outbox: {type: file, dir: outbox}\n",
            sources=f"sources:\n{lines}",
        )
        environ = {
            **os.environ,
            "TIDINGS_CONFIG": str(folder / "config"),
            "TIDINGS_STATE": str(folder / "state"),
        }
        log = (folder / "log").open("w")
        daemon = subprocess.Popen([sys.executable, "-m", "tidings", "run"], stderr=log, env=environ)
        try:
            end = _watch(daemon, hosts, folder / "state" / "tidings.sqlite", minutes * 60, found)
        finally:
            daemon.terminate()
            daemon.wait()
            log.close()
    finally:
        hosts.end()
    found.troubles += _troubles(folder / "log")
    return found, end


def _watch(daemon: subprocess.Popen[bytes], hosts: Talker, file: Path, seconds: float, found: Found) -> float:
    began = time.time()
    while (now := time.time()) - began < seconds:
        if daemon.poll() is not None:
            found.troubles.append(f"the daemon ended with {daemon.returncode}")
            break
        _hear(hosts, found)
        for place, at, problem in due_in(file):
            found.due[place].add(at)
            if problem and kind_of(place) is Kind.HEALTHY:
                found.failed.add((place, problem))
        found.looks.append(_look(daemon.pid, now - began))
        time.sleep(max(0.0, LOOK - (time.time() - now)))
    found.seconds = time.time() - began
    _hear(hosts, found)
    return time.time()


def _hear(hosts: Talker, found: Found) -> None:
    asked, kept = json.loads(hosts.ask("asked"))
    for place, at in asked:
        found.asked[place].append(at)
    for place, seconds in kept:
        found.kept[kind_of(place)].append(seconds)


def _name(place: int) -> str:
    """New sources are asked in the order of their names."""
    return f"{'s' if kind_of(place) is Kind.HEALTHY else 'h'}{place}"


def due_in(file: Path) -> Iterator[tuple[int, float, str | None]]:
    """When each source is to be asked next, and its trouble; one that is new, when it came into the database."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            rows = database.execute(
                "SELECT id, coalesce(next_poll_at, added_at), problem FROM sources"
            ).fetchall()
    except sqlite3.OperationalError:
        return  # its tables are being made
    for name, moment, problem in rows:
        yield int(name[1:]), datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp(), problem


def _look(pid: int, at: float) -> Look:
    process = Path(f"/proc/{pid}")
    return Look(
        at=at,
        handles=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        resident=resident_of(pid),
        cpu=cpu_of(pid),
    )


def _troubles(log: Path) -> Iterator[str]:
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            yield f"in the log: {line[:200]}"
            continue
        if "exception" in entry or entry.get("level") == "critical":
            yield f"in the log: {entry['event']}: {str(entry.get('exception', ''))[-300:]}"


def faults(found: Found, end: float) -> list[str]:
    """What must not be."""
    late, wrong = found.lateness(end), list(found.troubles)
    if not late or (p99 := quantiles(late, n=100)[98]) >= BOUND:
        wrong.append(f"the 99th percentile of lateness is {p99 if late else float('nan'):.1f} s")
    if found.failed:
        place, problem = min(found.failed)
        wrong.append(f"{len(found.failed)} failures of healthy sources, such as {_name(place)}: {problem}")
    warm = found.warm
    for name in ("handles", "threads"):
        least = min((getattr(one, name) for one in warm[: len(warm) // 2]), default=0)
        after = min((getattr(one, name) for one in warm[len(warm) // 2 :]), default=0)
        if after > least + SPREAD:
            wrong.append(f"{name} grew from {least} to {after}, at the least")
    return wrong


def lines(found: Found, end: float) -> Iterator[str]:
    """For a person."""
    late = found.lateness(end)
    yield f"{found.sources} sources for {found.seconds / 60:.1f} minutes, each due every {EVERY} s"
    for kind in Kind:
        places = [place for place in range(found.sources) if kind_of(place) is kind]
        number = sum(len(found.asked[place]) for place in places)
        yield f"  {kind:8} {len(places):5} hosts, asked {number:6} times, {_kept(found.kept[kind])}"
    for what, some in (("healthy polls", late), ("without the first", found.lateness(end, after=FIRST))):
        if len(some) > 1:
            cuts = quantiles(some, n=1000)
            p50, p95, p99, p999 = (cuts[place - 1] for place in (500, 950, 990, 999))
            yield (
                f"{what} {len(some)}: late by p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, p99.9 {p999:.1f}, "
                f"at most {some[-1]:.1f} s"
            )
    yield f"at most {max((one.handles for one in found.looks), default=0)} handles; from {WARM:.0f} s on:"
    for one in _some(found.warm, 5):
        yield (
            f"  after {one.at:4.0f} s: {one.handles:4} handles, {one.threads:3} threads, {one.resident:5.0f} MiB, "
            f"{100 * one.cpu / max(one.at, 1):3.0f} % of a core so far"
        )
    if len(warm := found.warm) > 1:
        yield "  from then on, a minute: " + ", ".join(
            f"{60 * linear_regression([one.at for one in warm], [getattr(one, name) for one in warm]).slope:+.2f} {unit}"
            for name, unit in (("handles", "handles"), ("threads", "threads"), ("resident", "MiB"))
        )
    wrong = faults(found, end)
    yield from (f"  {fault}" for fault in wrong[:20])
    yield f"faults {len(wrong)}"


def _kept(seconds: Sequence[float]) -> str:
    if not seconds:
        return "never answered"
    return f"a poll kept for {median(seconds):.2f} s (median), {max(seconds):.1f} s at most"


def _some(looks: Sequence[Look], number: int) -> Sequence[Look]:
    return [looks[place * (len(looks) - 1) // (number - 1)] for place in range(number)] if looks else ()


def main(words: list[str]) -> int:
    minutes = float(words[0]) if words else 12.0
    sources = int(words[1]) if len(words) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="tidings-isolation-") as folder:
        found, end = play(Path(folder), minutes, sources)
    sys.stdout.write("\n".join(lines(found, end)) + "\n")
    return 1 if faults(found, end) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
