"""Handing on: how long a reader of a feed waits, with and without news, and how exports grow with the archive.

`TIDINGS_BENCH_ARTICLES=1000000` sets how large the larger archive is; the smaller one has a quarter of it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table

from alerts.records import Initiative, SavedSearch, Term
from crawler.records import Article, Source, SourceKind, TextState
from tidings.clock import SystemClock
from tidings.exports import Wanted
from tidings.feeds_out.making import Feeds
from tidings.feeds_out.records import FeedKind, FeedName, Form
from tidings.settings import Settings, load
from tidings.storage.article_rows import new_row, version_row
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.tables import article_versions, articles, matches, stories

START = datetime(2024, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=20)  # between two articles
IN_A_STORY, OF_THE_INITIATIVE = 3, 10  # articles of a story; of so many articles, one matches
ROUNDS = 7
BATCH = 5_000
TRUST = Initiative(id="trust", name="TRUST", watchlist_id="w", any=(Term(text="TRUST"),))
SEARCHES = (
    SavedSearch(id="often", name="often", query="fab AND NOT mine"),
    SavedSearch(id="never", name="never", query="fab AND NOT report"),
)


def bench() -> None:
    """Print times and what memory they took."""
    most = int(os.environ.get("TIDINGS_BENCH_ARTICLES", "40000"))
    print(f"\nHanding on; milliseconds, medians of {ROUNDS}, and MiB at most")
    for number in (most // 4, most):
        with tempfile.TemporaryDirectory(prefix="tidings-handing-on-") as folder:
            asyncio.run(_measured(Path(folder), number))


async def _measured(folder: Path, number: int) -> None:
    database = Database.open("sqlite", state_dir=folder)
    stores = Stores(database)
    try:
        await stores.sources.sync(
            [Source(id="news", kind=SourceKind.FEED, url="https://news.example/feed")], START
        )
        for start in range(0, number, BATCH):
            await database.write(_insert(range(start, min(start + BATCH, number))))
        while await stores.search.index_some(1000):
            pass
        print(f"  {number:,} articles, {number // OF_THE_INITIATIVE:,} matches")
        await _feeds(_settings(folder), stores)
        for what in ("articles", "matches", "stories"):
            await _export(what, stores)
        await _peak(stores)
    finally:
        database.close()


def _settings(folder: Path) -> Settings:
    (folder / "config").mkdir()
    (folder / "config" / "tidings.yaml").write_text("")
    nothing = load(folder / "config", state_dir=folder, environ={})
    return replace(nothing, initiatives={TRUST.id: TRUST}, searches={one.id: one for one in SEARCHES})


async def _feeds(settings: Settings, stores: Stores) -> None:
    def all_of_them() -> Feeds:
        return Feeds(settings, stores.feeds, stores.articles, SystemClock())

    names = (FeedName(FeedKind.INITIATIVE, "trust"), *(FeedName(FeedKind.SEARCH, one.id) for one in SEARCHES))
    for name in names:
        feeds = all_of_them()
        await feeds.standing(name)
        unchanged = await _timed(lambda name=name, feeds=feeds: feeds.standing(name))  # type: ignore[misc]  # bound at once
        anew = await _timed(lambda name=name: all_of_them().written(name, Form.ATOM, None))  # type: ignore[misc]  # bound at once
        print(f"    feed {name.id:6} made anew {anew:7.1f}; to say that nothing is new {unchanged:6.1f}")


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


async def _export(what: str, stores: Stores) -> None:
    wanted = Wanted(until=datetime.now(UTC))
    began, rows = time.process_time(), 0
    async for page in getattr(stores.exports, what)(wanted):
        rows += len(page)
    seconds = time.process_time() - began
    print(f"    export of {rows:9,} {what:9} {rows / seconds:8,.0f} a second of CPU")


async def _peak(stores: Stores) -> None:
    """Seen from within, which takes its time."""
    tracemalloc.start()
    async for _ in stores.exports.articles(Wanted(until=datetime.now(UTC))):
        pass
    print(f"    of articles, memory at most {tracemalloc.get_traced_memory()[1] / 2**20:5.1f} MiB")
    tracemalloc.stop()


def _made(places: range) -> Iterator[Article]:
    for place in places:
        named = "TRUST initiative" if place % OF_THE_INITIATIVE == 0 else "Another thing"
        yield Article(
            id=f"{place:016x}",
            source_id="news",
            url=f"https://n{place % 97}.example/{place}",
            canonical_url=f"https://n{place % 97}.example/{place}",
            title=f"{named}, report {place}",
            text=f"A fab of {place} workers opened. " * 20,
            first_seen_at=START + STEP * place,
            text_state=TextState.FEED,
        )


def _insert(places: range) -> Callable[[Connection], None]:
    rows: dict[Table, list[dict[str, Any]]] = {articles: [], article_versions: [], stories: [], matches: []}
    for place, one in zip(places, _made(places), strict=True):
        story = f"s{place // IN_A_STORY:016x}"
        at = one.first_seen_at
        rows[articles].append(
            new_row(one) | {"story_id": story, "unfolded_since": None, "unmatched_since": None}
        )
        rows[article_versions].append(version_row(one, made_at=at, origin="feed"))
        if place % IN_A_STORY == 0:
            rows[stories].append({"id": story, "opened_at": at, "last_at": at + (IN_A_STORY - 1) * STEP})
        if place % OF_THE_INITIATIVE == 0:
            evidence = {
                "term": "TRUST",
                "field": "title",
                "start": 0,
                "end": 5,
                "snippet": one.title,
                "strength": "strong",
            }
            rows[matches].append(
                {
                    "article_id": one.id,
                    "initiative_id": TRUST.id,
                    "commitments": [],
                    "evidence": [evidence],
                    "watchlist_version": "0" * 12,
                    "text_version": 1,
                    "matched_at": at,
                    "filed": False,
                }
            )

    def step(connection: Connection) -> None:
        for table, some in rows.items():
            if some:
                connection.execute(table.insert(), some)

    return step
