"""`python -m tests.soak.visitors [SECONDS [A_SECOND [SOURCES]]]`: many look at the site while the daemon polls.

A real `tidings run`, real feeds that answer, real time. First the daemon polls alone for as long as it is visited
afterwards. Visitors come at a fixed pace, whatever the answers take; each asks for one of some sixty pages, and the time
of an answer counts from when it should have been asked for. A poll is late by the time from when it was due to when its
request came; the visit may make none late that would not have been.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import aiohttp
from yarl import URL

from tests.acceptance.conftest import configure, free_port
from tests.benchmarks.polling.processes import Talker, cpu_of
from tests.soak.hostile_hosts import Kind, address, kind_of
from tests.soak.isolation import due_in, lateness_of

EVERY = 60  # seconds between two polls of a source
PAGES = 60
CONNECTIONS = 40  # that visitors keep
START = 240.0  # seconds within which the first round is over
BOUND = 0.25  # seconds within which 95 of 100 answers are there
LATE = 5.0  # seconds, a tick, by which polls may be later at the 99th percentile than without visitors
BEGIN = (
    "/",
    "/initiatives/reports",
    "/stories?days=0",
    "/stories?outlets=2",
    "/sources",
    "/deliveries",
    "/search?q=house",
)


@dataclass(slots=True)
class Part:
    """The daemon alone, or with visitors."""

    late: list[float] = field(default_factory=list)  # seconds, of each poll
    took: list[float] = field(default_factory=list)  # seconds, of each answer
    statuses: Counter[int] = field(default_factory=Counter)
    cpu: float = 0.0  # of a core


class Watch:
    """When polls were due and when they came."""

    def __init__(self, hosts: Talker, file: Path, places: Sequence[int]) -> None:
        self._hosts, self._file, self._places = hosts, file, places
        self._asked: dict[int, list[float]] = defaultdict(list)
        self._due: dict[int, set[float]] = defaultdict(set)

    def look(self) -> None:
        """Once every few seconds."""
        asked, _ = json.loads(self._hosts.ask("asked"))
        for place, at in asked:
            self._asked[place].append(at)
        for place, at, _ in due_in(self._file):
            self._due[place].add(at)

    @property
    def polled(self) -> int:
        """Sources that were asked already."""
        return len(self._asked)

    def late(self, since: float, end: float) -> list[float]:
        """Of polls that were due between two moments."""
        return sorted(
            late
            for place in self._places
            for due, late in lateness_of(sorted(self._due[place]), self._asked[place], end)
            if since <= due < end - LATE
        )


async def play(folder: Path, seconds: float, pace: float, sources: int) -> tuple[Part, Part]:
    """The daemon alone, then with visitors."""
    places = [place for place in range(sources * 4 // 3 + 4) if kind_of(place) is Kind.HEALTHY][:sources]
    hosts = Talker([sys.executable, "-m", "tests.soak.hostile_hosts"])
    port = free_port()
    try:
        answers = int(hosts.ask(""))
        lines = "".join(
            f'  - {{id: s{n}, feed: "http://{address(n)}:{answers}/feed", every: {EVERY}s, full_text: never}}\n'
            for n in places
        )
        configure(
            folder / "config",
            tidings=f"polling: {{allow_private: [127.0.0.0/8], floor: 1m}}\nweb: {{bind: '127.0.0.1:{port}'}}\n"
            "channels:\n  outbox: {type: file, dir: outbox}\n",
            sources=f"sources:\n{lines}",
            watchlists__w="watchlist: w\ntitle: W\ninitiatives:\n  - {id: reports, name: Reports, any: [house 1, house 2]}\n"
            "digests:\n  - {id: reports-now, to: [outbox], initiatives: [reports], every: 1h}\n",
        )
        environ = os.environ | {
            "TIDINGS_CONFIG": str(folder / "config"),
            "TIDINGS_STATE": str(folder / "state"),
        }
        with (folder / "log").open("w") as log:
            daemon = subprocess.Popen([sys.executable, "-m", "tidings", "run"], stderr=log, env=environ)
            try:
                watch = Watch(hosts, folder / "state" / "tidings.sqlite", places)
                await _first_round(watch, len(places))
                alone, visited = Part(), Part()
                await _measured(alone, watch, daemon.pid, seconds, None)
                await _measured(visited, watch, daemon.pid, seconds, (f"http://127.0.0.1:{port}", pace))
                return alone, visited
            finally:
                daemon.terminate()
                daemon.wait()
    finally:
        hosts.end()


async def _first_round(watch: Watch, sources: int) -> None:
    began = time.time()
    while watch.polled < sources:
        if time.time() - began > START:
            raise TimeoutError(f"{watch.polled} of {sources} sources were asked in {START:.0f} s")
        await asyncio.sleep(2)
        await asyncio.to_thread(watch.look)
    await asyncio.sleep(EVERY)  # and what it brought is folded


async def _measured(
    part: Part, watch: Watch, pid: int, seconds: float, visit: tuple[str, float] | None
) -> None:
    began, cpu = time.time(), cpu_of(pid)
    visitors = asyncio.ensure_future(_visit(part, *visit, seconds)) if visit is not None else None
    while time.time() - began < seconds:
        await asyncio.sleep(2)
        await asyncio.to_thread(watch.look)
    if visitors is not None:
        await visitors
    end = time.time()
    part.cpu = (cpu_of(pid) - cpu) / (end - began)
    part.late = watch.late(began, end)


async def _visit(part: Part, base: str, pace: float, seconds: float) -> None:
    dice = random.Random(1)
    connections = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connections) as session:
        pages = await _pages(session, base)
        loop = asyncio.get_running_loop()
        began = loop.time()
        under_way: set[asyncio.Task[None]] = set()
        for number in range(int(seconds * pace)):
            due = began + number / pace
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.ensure_future(_ask(part, session, dice.choice(pages), due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)


async def _ask(part: Part, session: aiohttp.ClientSession, url: URL, due: float) -> None:
    try:
        async with session.get(url) as answer:
            await answer.read()
            part.statuses[answer.status] += 1
    except aiohttp.ClientError:
        part.statuses[0] += 1
    part.took.append(asyncio.get_running_loop().time() - due)


async def _pages(session: aiohttp.ClientSession, base: str) -> list[URL]:
    """Some of each kind, as the pages link to each other."""
    found = dict.fromkeys(BEGIN)
    for path in BEGIN:
        async with session.get(base + path) as answer:
            links = re.findall(r'href="(/(?!style)[^"]*)"', await answer.text())
        found |= dict.fromkeys(links[: PAGES // len(BEGIN)])
    return [URL(base + path.replace("&amp;", "&"), encoded=True) for path in found]


def spread(values: Sequence[float], unit: float) -> str:
    """Percentiles."""
    if len(values) < 2:
        return "none"
    cuts = quantiles(values, n=100)
    return (
        ", ".join(f"p{p} {cuts[p - 1] * unit:,.1f}" for p in (50, 95, 99))
        + f", most {max(values) * unit:,.1f}"
    )


def main(words: list[str]) -> int:
    seconds = float(words[0]) if words else 60.0
    pace = float(words[1]) if len(words) > 1 else 200.0
    sources = int(words[2]) if len(words) > 2 else 300
    with tempfile.TemporaryDirectory(prefix="tidings-visitors-") as folder:
        alone, visited = asyncio.run(play(Path(folder), seconds, pace, sources))
    say = sys.stdout.write
    say(
        f"{sources} sources, each polled every {EVERY} s; {seconds:.0f} s alone, {seconds:.0f} s with visitors\n"
    )
    say(
        f"alone:         {len(alone.late)} polls late by s {spread(alone.late, 1)}; {alone.cpu:.0%} of a core\n"
    )
    say(
        f"with visitors: {len(visited.late)} polls late by s {spread(visited.late, 1)}; {visited.cpu:.0%} of a core\n"
    )
    say(f"{len(visited.took)} answers, {dict(visited.statuses)}, ms {spread(visited.took, 1000)}\n")
    wrong = []
    if set(visited.statuses) != {200}:
        wrong.append("not every page was there")
    if len(visited.took) < 2 or quantiles(visited.took, n=100)[94] > BOUND:
        wrong.append("answers took too long")
    if len(alone.late) < 2 or len(visited.late) < 2:
        wrong.append("too few polls to say anything")
    elif quantiles(visited.late, n=100)[98] > quantiles(alone.late, n=100)[98] + LATE:
        wrong.append("polls were late")
    say("".join(f"  {fault}\n" for fault in wrong) + f"faults {len(wrong)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
