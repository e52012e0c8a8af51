"""Searching an archive by its index of words, against LIKE and against plain FTS5 kept up by a trigger.

`TIDINGS_BENCH_ARTICLES=1000000` sets how large the archive is; real news of 1987 and 2004 is repeated with other words in
it. Bodies are cut at 700 characters.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from crawler.records import Article, Source, SourceKind, TextState
from tests.benchmarks import data
from tidings.searching import compile_query
from tidings.storage import word_index
from tidings.storage.article_rows import new_row, version_row
from tidings.storage.engine import FILE, Database
from tidings.storage.indexing import index_some
from tidings.storage.search import Filters
from tidings.storage.stores import Stores
from tidings.storage.tables import article_versions, articles

CUT = 700  # characters of a body
START = datetime(2026, 1, 1, tzinfo=UTC)
QUERIES = ("OPEC", "oil", '"interest rates"', "bank AND stock", "petro*", "oil AND NOT OPEC")
ROUNDS = 15
WRITTEN = 10_000  # articles of the race of writers
BATCH = 50  # articles in a transaction, as in a round of polls


def bench() -> None:
    """Print times and ratios."""
    most = int(os.environ.get("TIDINGS_BENCH_ARTICLES", "100000"))
    texts = data.texts(20_000) + data.other_news()
    _writers(texts)
    print("\nThe newest 50 of a query, and the best 50 of a month: milliseconds, median (p95)")
    before: dict[str, float] = {}
    for number in sorted({min(100_000, most), most}):
        with tempfile.TemporaryDirectory(prefix="tidings-search-") as folder:
            now = asyncio.run(_archive(Path(folder), number, texts))
        for query in QUERIES:
            grown = f", {now[query] / before[query]:.1f}x" if query in before else ""
            if grown:
                print(f"  {query:18} the index alone at {number:,} against {min(100_000, most):,}{grown}")
        before = before or now


def _made(number: int, texts: list[tuple[str, str]]) -> Iterator[Article]:
    """News one minute apart."""
    dice = random.Random(number)
    for place in range(number):
        title, body = texts[dice.randrange(len(texts))]
        url = f"https://n{place % 997}.example/{place}"
        yield Article(
            id=f"{place:016x}"[::-1],
            source_id="news",
            url=url,
            canonical_url=url,
            title=f"{title} {place}",
            text=body[:CUT],
            first_seen_at=START + timedelta(seconds=20 * place),
            text_state=TextState.FEED,
        )


async def _archive(folder: Path, number: int, texts: list[tuple[str, str]]) -> dict[str, float]:
    database = Database.open("sqlite", state_dir=folder)
    stores = Stores(database)
    try:
        await stores.sources.sync(
            [Source(id="news", kind=SourceKind.FEED, url="https://news.example/feed")], START
        )
        some: list[Article] = []
        for one in _made(number, texts):
            some.append(one)
            if len(some) == 5000:
                await database.write(_insert(some))
                some = []
        await database.write(_insert(some))
        without = (folder / FILE).stat().st_size
        began, cpu = time.perf_counter(), time.process_time()
        while await stores.search.index_some(1000):
            pass
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        size = (folder / FILE).stat().st_size
        print(
            f"  {number:,} articles: indexed in {wall:.0f} s ({number / wall:,.0f} a second, CPU {cpu:.0f} s); "
            f"{without / 2**20:,.0f} MiB without the index, {(size - without) / 2**20:,.0f} MiB of it"
        )
        return await _asked(stores, folder / FILE, START + timedelta(seconds=20 * number))
    finally:
        database.close()


def _insert(some: list[Article]) -> Callable[[Connection], None]:
    def step(connection: Connection) -> None:
        if some:
            connection.execute(articles.insert(), [new_row(one) for one in some])
            rows = [version_row(one, made_at=one.first_seen_at, origin="feed") for one in some]
            connection.execute(article_versions.insert(), rows)

    return step


async def _asked(stores: Stores, file: Path, end: datetime) -> dict[str, float]:
    medians = {}
    month = Filters(since=end - timedelta(days=30))
    for query in QUERIES:
        matcher = compile_query(query, {})
        need = matcher.needed()
        assert need is not None
        newest, best = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            found = 0
            async for some in stores.search.walk(need, Filters()):
                found += sum(bool(matcher.judge(one).matches) for one in some)
                if found >= 50:
                    break
            newest.append(1000 * (time.perf_counter() - began))
            began = time.perf_counter()
            for one in await stores.search.best(need, month, most=50):
                matcher.judge(one)
            best.append(1000 * (time.perf_counter() - began))
        raw = statistics.median(await stores.database.read(_raw(query)))
        like = _like(file, query)
        medians[query] = raw
        print(
            f"  {query:18} newest {_span(newest)}, of which the index {raw:.2f}; best {_span(best)}; "
            f"LIKE {like:,.0f}: {like / raw:,.0f}x the index, {like / statistics.median(newest):,.0f}x the whole"
        )
    return medians


def _raw(query: str) -> Callable[[Connection], list[float]]:
    """The index alone, in milliseconds."""
    need = compile_query(query, {}).needed()
    assert need is not None

    def step(connection: Connection) -> list[float]:
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            word_index.newest(connection, need, low=0, high=1 << 62, limit=50)
            times.append(1000 * (time.perf_counter() - began))
        return times

    return step


def _like(file: Path, query: str) -> float:
    """Milliseconds of a scan that counts what holds the first word; it cannot stop early for rare words."""
    word = query.strip('"').split()[0].rstrip("*")
    with closing(sqlite3.connect(file)) as database:
        began = time.perf_counter()
        database.execute(
            "SELECT count(*) FROM article_versions WHERE text LIKE ? OR title LIKE ?",
            (f"%{word}%", f"%{word}%"),
        ).fetchone()
        return 1000 * (time.perf_counter() - began)


def _span(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{statistics.median(ordered):6.1f} ({ordered[int(len(ordered) * 0.95)]:.1f})"


# -- the race of writers ---------------------------------------------------------------------------


def _writers(texts: list[tuple[str, str]]) -> None:
    some = list(_made(WRITTEN, texts))
    trigger = statistics.median(_with_trigger(some) for _ in range(3))
    ours = statistics.median(_with_ours(some) for _ in range(3))
    print(
        f"\nPutting {WRITTEN:,} articles into an index, beside storing them in batches of {BATCH}: seconds of CPU"
    )
    print(f"  sqlite3, FTS5 and a trigger        {trigger:6.2f}")
    print(f"  the index of Tidings               {ours:6.2f}  {trigger / ours:.2f}x as fast")


def _with_trigger(some: list[Article]) -> float:
    """What FTS5 with a trigger costs, over the same table without."""

    def run(*, trigger: bool) -> float:
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(sqlite3.connect(Path(folder) / "a")) as database,
        ):
            database.execute("CREATE TABLE news (id INTEGER PRIMARY KEY, title TEXT, body TEXT)")
            if trigger:
                database.execute(
                    "CREATE VIRTUAL TABLE found USING fts5(title, body, content='news', content_rowid='id')"
                )
                database.execute(
                    "CREATE TRIGGER news_ai AFTER INSERT ON news BEGIN "
                    "INSERT INTO found (rowid, title, body) VALUES (new.id, new.title, new.body); END"
                )
            began = time.process_time()
            for at in range(0, len(some), BATCH):
                with database:
                    database.executemany(
                        "INSERT INTO news (title, body) VALUES (?, ?)",
                        [(one.title, one.text) for one in some[at : at + BATCH]],
                    )
            return time.process_time() - began

    return run(trigger=True) - run(trigger=False)


def _with_ours(some: list[Article]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open("sqlite", state_dir=Path(folder))
        try:
            return asyncio.run(_index_all(database, some))
        finally:
            database.close()


async def _index_all(database: Database, some: list[Article]) -> float:
    stores = Stores(database)
    await stores.sources.sync(
        [Source(id="news", kind=SourceKind.FEED, url="https://news.example/feed")], START
    )
    await database.write(_insert(some))
    began = time.process_time()
    while await database.write(lambda connection: index_some(connection, 100)):
        pass
    return time.process_time() - began
