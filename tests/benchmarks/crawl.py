"""A big crawl through the whole program: lists, sitemaps and articles of many sites, with a kill and a poisoned page.

The sites are a process of their own on loopback. Pages a second, memory, distances, the closed part of each site,
and what a host that never answers costs the others.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import select

from crawler.extract.read import read_page
from crawler.records import ArticleRules, Page
from tests.acceptance.conftest import configure
from tests.acceptance.world import HOUR, Wound, settings
from tests.benchmarks.polling.processes import family
from tests.fakes.many_sites import MAPS, POISON, Asked, ManySites, Plan
from tidings.app import App, open_app
from tidings.storage.tables import articles

HOSTS = int(os.environ.get("TIDINGS_BENCH_HOSTS", "50"))
PAGES = int(os.environ.get("TIDINGS_BENCH_PAGES", "100"))
DELAY = timedelta(milliseconds=int(os.environ.get("TIDINGS_BENCH_DELAY", "50")))
TIMEOUT = "10s"
PATIENCE = 600.0  # seconds after which a crawl is given up
TICK = 0.25  # seconds between two looks for what is due


def poisoned(
    body: bytes, url: str, content_type: str | None, rules: ArticleRules | None, zone: str | None
) -> Page:
    """The reader, with a fault that takes the interpreter down."""
    if POISON in body:
        os.abort()
    return read_page(body, url, content_type, rules, zone)


@dataclass(slots=True)
class Crawl:
    """What one crawl came to."""

    wall: float = 0.0  # seconds
    asked: Sequence[Asked] = ()
    states: Counter[str] = field(default_factory=Counter)  # of articles outside the closed part
    stored: int = 0  # rows of them
    different: int = 0  # addresses of them
    killed: bool = False
    memory: list[tuple[float, float]] = field(default_factory=list)  # MiB: the daemon; its children


def bench() -> None:
    with patch(
        "crawler.extract.extractor.read_page", poisoned
    ):  # the pool's children find it by its own name
        with tempfile.TemporaryDirectory() as folder:
            plan = Plan(hosts=HOSTS, pages=PAGES, poisoned=True)
            _show(plan, asyncio.run(_crawl(Path(folder), plan, kill=True)))
        _compare()


async def _crawl(folder: Path, plan: Plan, *, kill: bool, rounds: int | None = None) -> Crawl:
    """All of `plan`; every sitemap site is visited until it has given as many pages as a list, or `rounds` times."""
    visits = max(1, -(-plan.pages // (MAPS + 1))) if rounds is None else rounds
    crawl = Crawl()
    with ManySites(plan) as sites:
        _configure(folder, sites)
        clock, use = Wound(), settings(folder)
        use = replace(use, polling=replace(use.polling, host_delay=DELAY))
        begun = time.monotonic()
        async with open_app(use, clock=clock) as app:
            with _Memory(crawl.memory):
                for turn in range(max(visits, 4 if plan.poisoned else 1)):
                    await _live(app, sites, crawl, plan, kill=kill and turn == 0)
                    clock.time += 2 * HOUR  # past the next visit, wherever chance has put it
            crawl.wall = time.monotonic() - begun
            await _count(app, crawl)
        crawl.asked = sites.asked()
    return crawl


async def _live(app: App, sites: ManySites, crawl: Crawl, plan: Plan, *, kill: bool) -> None:
    """Work off what is due, as the daemon does: new claims while others are under way, until the healthy hosts are done."""
    bad = set(plan.silent) | set(plan.stuck)
    wanted = plan.pages * (plan.hosts - len(bad))
    begun = time.monotonic()
    while True:
        await app.ticker.tick()
        if kill and not crawl.killed:
            crawl.killed = _kill_in_the_middle(app, sites, plan)
        await asyncio.sleep(TICK)
        if bad:
            await _count(app, crawl)
            if crawl.states["read"] >= wanted:
                return
        elif not app.runner._in_hand and not await app.ticker.collect():
            return
        if time.monotonic() - begun > PATIENCE:
            print(f"  given up after {PATIENCE:g} s")
            return


def _kill_in_the_middle(app: App, sites: ManySites, plan: Plan) -> bool:
    """Kill the spider process once a quarter of the list pages has been asked for; whether that was done."""
    lists = sum(one.path.startswith("/list/") for one in sites.asked())
    pid = app.services.poller._asker._lister.pid  # type: ignore[attr-defined]  # the port does not show it
    if pid is None or lists < plan.hosts * plan.pages / 8:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


async def _count(app: App, crawl: Crawl) -> None:
    rows = await app.stores.sources._database.read(
        lambda connection: list(connection.execute(select(articles.c.url, articles.c.text_state)))
    )
    open_ones = [(url, state) for url, state in rows if "/private/" not in url]
    crawl.states = Counter(state for _, state in open_ones)
    crawl.stored, crawl.different = len(open_ones), len({url for url, _ in open_ones})


def _configure(folder: Path, sites: ManySites) -> None:
    configure(
        folder / "config",
        sources=sites.sources(lists="every: 30d"),
        tidings=f"polling: {{timeout: {TIMEOUT}, floor: 1m, pages_per_host: unlimited, ceiling: 30d, "
        "allow_private: [127.0.0.0/8]}\nchannels:\n  outbox: {type: file, dir: outbox}\n",
    )


class _Memory:
    """Samples resident memory of this process and of its children twice a second."""

    def __init__(self, into: list[tuple[float, float]]) -> None:
        self._into = into
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        own = os.getpid()
        while not self._ended.wait(0.5):
            others = [one for one in family(own) if one != own and not _is_server(one)]
            self._into.append((_resident(own), sum(map(_resident, others))))


def _resident(pid: int) -> float:
    """MiB; 0 for a process that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0) / 1024


def _is_server(pid: int) -> bool:
    try:
        return b"tests.fakes.many_sites" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def _show(plan: Plan, crawl: Crawl) -> None:
    asked = Counter(_way(one) for one in crawl.asked)
    spiders, pages = asked["spider"], asked["article"]
    print(
        f"\nA crawl of {plan.hosts} sites: {spiders:,} pages by spiders, {pages:,} articles, {crawl.wall:.0f} s"
    )
    print(f"  {'pages a second':44} {(spiders + pages) / crawl.wall:8.1f}")
    print(f"  {'spider process killed in the middle':44} {'yes' if crawl.killed else 'NO':>8}")
    print(f"  {'articles stored, of ' + format(plan.hosts * plan.pages, ','):44} {crawl.stored:8,}")
    print(f"  {'of these stored twice':44} {crawl.stored - crawl.different:8,}")
    for state, number in sorted(crawl.states.items()):
        print(f"  {'of these ' + state:44} {number:8,}")
    twice = Counter((one.host, one.path) for one in crawl.asked if _way(one) == "article")
    again = sum(number > 1 for number in twice.values())
    print(f"  {'articles asked for more than once':44} {again:8,}")
    print(
        f"  {'pages asked for that robots.txt forbids':44} {sum('/private/' in one.path for one in crawl.asked):8,}"
    )
    print(
        f"  distance of two requests to a host where they arrive, {DELAY.total_seconds() * 1000:g} ms configured"
    )
    for ways, between in sorted(_gaps(crawl.asked).items()):
        between.sort()
        cuts = [1000 * between[len(between) * share // 1000] for share in (0, 1, 10, 100, 500)]
        shown = ", ".join(f"{cut:.1f}" for cut in cuts)
        print(f"    {ways:20} {len(between):6,}: smallest, 0.1 %, 1 %, 10 %, median {shown} ms")
    for share in (20, 40, 60, 80, 100):
        daemon, children = crawl.memory[max(0, len(crawl.memory) * share // 100 - 1)]
        print(f"  memory after {share:3} %: daemon {daemon:6.0f} MiB, children {children:6.0f} MiB")


def _compare() -> None:
    """The healthy hosts of a smaller crawl, with and without one that takes requests and never answers them."""
    hosts, pages = min(HOSTS, 50), max(2, PAGES // 5)
    quiet: dict[str, Callable[[], Plan]] = {
        "all hosts well": lambda: Plan(hosts=hosts, pages=pages),
        "one host never answers": lambda: Plan(hosts=hosts, pages=pages, silent=(0,)),
        "one host lists, its articles never come": lambda: Plan(hosts=hosts, pages=pages, stuck=(0,)),
    }
    print(
        f"\nThe other {hosts - 1} hosts, {pages} articles each: when an article was asked for after the start"
    )
    for name, plan in quiet.items():
        with tempfile.TemporaryDirectory() as folder:
            crawl = asyncio.run(_crawl(Path(folder), plan(), kill=False, rounds=1))
        start = min(one.at for one in crawl.asked)
        healthy = sorted(one.at - start for one in crawl.asked if one.host and _way(one) == "article")
        cuts = statistics.quantiles(healthy, n=100)
        print(
            f"  {name:44} median {cuts[49]:6.1f} s, p99 {cuts[98]:6.1f} s, last {healthy[-1]:6.1f} s "
            f"({len(healthy):,} asked for)"
        )


def _way(one: Asked) -> str:
    if one.path.startswith("/a/"):
        return "article"
    return "robots" if one.path == "/robots.txt" else "spider"


def _gaps(asked: Iterable[Asked]) -> dict[str, list[float]]:
    """Seconds between two requests to one host, by the ways on which the two came."""
    last: dict[int, Asked] = {}
    found: dict[str, list[float]] = defaultdict(list)
    for one in asked:
        if (before := last.get(one.host)) is not None:
            found[f"{_way(before)}, {_way(one)}"].append(one.at - before.at)
        last[one.host] = one
    return found
