"""What a poll, folding, matching and a digest cost as the archive grows from ten thousand to a million articles."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from alerts.records import DigestSlot
from crawler.folder import StoryFolder
from crawler.poll import Poller, PollPolicy
from crawler.records import Fetched, Request
from crawler.vocabulary import vocabulary_of
from tests.benchmarks import archive
from tests.benchmarks.polling.bodies import Feed, news_feed
from tidings.app import App, open_app
from tidings.settings import load
from tidings.storage.engine import FILE
from tidings.tasks import BANDS_FOR, Settle

SIZES = (10_000, 100_000, 1_000_000)
ENTRIES, NEW = 30, 2  # of the feed that is polled
TURNS = 30
ROOT = Path(__file__).parents[2]
CONFIG = "channels: {outbox: {type: file, dir: outbox}}\n"
SOURCES = """\
sources:
  - {id: wire, feed: "https://wire.example/feed", full_text: never}
  - {id: polled, feed: "https://polled.example/feed", full_text: never}
"""


@dataclass(slots=True)
class Site:
    """A `Fetcher` that answers from memory: the wire's one article, or the polled feed with the entries added so far."""

    feed: Feed
    added: list[bytes] = field(default_factory=list)

    async def get(self, request: Request) -> Fetched:
        wire = "//wire." in request.url
        body = archive.TEMPLATE.encode() if wire else self.feed.body(self.added)
        return Fetched(url=request.url, status=200, headers=(), body=body, content_type="application/rss+xml")

    def publish(self, turn: int) -> None:
        """Two new entries."""
        now = datetime.now(UTC)
        self.added += [self.feed.news(f"t{turn}.{n}", now - timedelta(minutes=NEW - n)) for n in range(NEW)]


@dataclass(slots=True)
class Shelf:
    """One archive, opened as the daemon does, and what each step cost on it."""

    app: App
    poller: Poller
    site: Site
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    async def timed(self, step: str, work: Callable[[], Awaitable[object]]) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        await work()
        self.taken[step].append((time.process_time() - cpu, time.perf_counter() - wall))

    async def turn(self, number: int) -> None:
        """One poll and all that follows from it."""
        self.site.publish(number)
        await self.timed(f"poll of {ENTRIES} entries, {NEW} new", lambda: self.poller.poll("polled"))
        await self.timed("folding them", self._fold)
        await self.timed("matching them", lambda: self.app.services.notifier.match_new(50))
        plan = self.app.settings.digests[0]
        await self.timed("composing a day's digest", lambda: self.app.services.notifier.preview(plan))

    async def _fold(self) -> None:
        store, now = self.app.stores.articles, self.app.clock.now()
        ids = await store.unfolded(now, timedelta(), 50)
        folder = StoryFolder(vocabulary_of(await store.word_counts(now)))
        await store.fold(ids, folder, since=now - BANDS_FOR)


def bench() -> None:
    largest = int(os.environ.get("TIDINGS_BENCH_ARTICLES", SIZES[-1]))
    sizes = [size for size in SIZES if size <= largest]
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        asyncio.run(_race(Path(folder), sizes))


async def _race(folder: Path, sizes: list[int]) -> None:
    shelves = {}
    async with AsyncExitStack() as stack:
        for size in sizes:
            start = time.perf_counter()
            shelves[size] = await stack.enter_async_context(open_shelf(folder / str(size), size))
            megabytes = (folder / str(size) / "state" / FILE).stat().st_size / 1e6
            print(
                f"  {size:,} articles: {megabytes:,.0f} MB in {time.perf_counter() - start:.0f} s", flush=True
            )
        for turn in range(TURNS + 1):
            for shelf in shelves.values():
                await shelf.turn(turn)
        _show(shelves)


@asynccontextmanager
async def open_shelf(folder: Path, size: int) -> AsyncIterator[Shelf]:
    """A new archive of `size` articles in `folder`."""
    config, state = folder / "config", folder / "state"
    shutil.copytree(ROOT / "config" / "watchlists", config / "watchlists")
    (config / "tidings.yaml").write_text(CONFIG)
    (config / "sources.yaml").write_text(SOURCES)
    settings = load(config, state_dir=state, environ={})
    site = Site(news_feed(0, ENTRIES))
    async with open_app(settings) as app:
        await _poller(app, site).poll("wire")
        await app.runner.submit(Settle())
        await app.runner.drain()
        life = await app.stores.lookup.find(archive.ADDRESS)
    assert life is not None
    assert life.matches
    archive.fill(state / FILE, life.article.id, size)
    async with open_app(settings) as app:
        await _tell_a_day(app)
        yield Shelf(app, _poller(app, site), site)


async def _tell_a_day(app: App) -> None:
    """Freeze the digest's last window a day ago, so that the next one holds what a day brings."""
    plan = app.settings.digests[0]
    now = app.clock.now()
    yesterday = now - timedelta(days=1)
    slot = DigestSlot(digest_id=plan.id, key="yesterday", due=yesterday)
    await app.stores.digests.freeze(slot, until=yesterday, tellings=(), now=yesterday)


def _poller(app: App, site: Site) -> Poller:
    polling = app.settings.polling
    return Poller(
        sources={source.id: source for source in app.settings.sources},
        states=app.stores.sources,
        articles=app.stores.articles,
        fetcher=site,
        lister=cast(Any, None),  # both sources are feeds
        isolation=None,
        clock=app.clock,
        policy=PollPolicy(every=polling.every, floor=polling.floor, ceiling=polling.ceiling),
    )


def _show(shelves: dict[int, Shelf]) -> None:
    smallest, largest = min(shelves), max(shelves)
    print(
        f"\nCost as the archive grows, medians of {TURNS} turns: ms CPU (ms of the clock) at each number of articles"
    )
    for step in shelves[smallest].taken:
        middle = {
            size: tuple(statistics.median(taken) * 1e3 for taken in zip(*shelf.taken[step][1:], strict=True))
            for size, shelf in shelves.items()
        }
        shown = "  ".join(f"{size:,}: {cpu:6.2f} ({wall:6.2f})" for size, (cpu, wall) in middle.items())
        ratios = [middle[largest][kind] / middle[smallest][kind] for kind in (0, 1)]
        print(f"  {step:28} {shown}   {ratios[0]:.2f}x ({ratios[1]:.2f}x)")
