"""Finding reprints: from a text to the articles that it is a copy of, kept for the next; against datasketch.

First 8,000 wire stories, of which one in six is an edited copy of another, told one after the other. Then what
stored keys cost: time of a lookup and bytes an article at 10,000, 100,000 and a million articles of a month.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import sqlite3
import statistics
import tempfile
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from crawler.duplicates import band_keys, shingles_of, tokens
from crawler.records import Article
from crawler.ties import Tie, profile, relation
from tests.benchmarks import data
from tests.benchmarks.race import race, show
from tidings.storage import bands
from tidings.storage.engine import FILE, Database

DOCUMENTS = 8_000
ONE_IN = 6  # is an edited copy
SIZES = (10_000, 100_000, 1_000_000)
LOOKUPS = 500
NEAREST = 64
KEYS = 18
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TODAY = bands.day_of(NOW)
PEER = "datasketch, in batches"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told, and of which one it is a copy."""

    article: Article
    copy_of: str | None


def bench() -> None:
    told = planted()
    engines: dict[str, Callable[[], Found]] = {
        "tidings, keys in SQLite": lambda: _stored(told),
        "tidings, keys in memory": lambda: _in_memory(told),
    }
    if importlib.util.find_spec("datasketch") is not None:
        engines[PEER] = lambda: _datasketch(told, in_batches=True)
        engines["datasketch, word by word"] = lambda: _datasketch(told, in_batches=False)
    found: dict[str, Found] = {}

    def keep(name: str, run: Callable[[], Found]) -> Callable[[], None]:
        return lambda: found.__setitem__(name, run())

    results = race({name: keep(name, run) for name, run in engines.items()}, rounds=3)
    base = PEER if PEER in engines else "tidings, keys in memory"
    show(f"Finding copies among {len(told):,} texts", results, base=base, unit="texts", amount=len(told))
    copies = sum(one.copy_of is not None for one in told)
    for name, (pairs, candidates) in found.items():
        hit = sum(one.copy_of is not None and (one.article.id, one.copy_of) in pairs for one in told)
        print(f"  {name:42} {hit / copies:.1%} of {copies} copies, {candidates:,} candidates")
    if PEER not in engines:
        print("  datasketch: left out, it is not installed")
    _grow()


# -- a set with planted copies ---------------------------------------------------------------------


def planted(number: int = DOCUMENTS) -> list[Told]:
    """Wire stories of 60 words or more, every sixth an edited copy of one of the last thousand; always the same."""
    source = random.Random(11)
    stories = [(title, body) for title, body in data.texts(15_000) if len(body.split()) >= 60]
    told: list[Told] = []
    originals: list[int] = []
    for title, body in stories:
        if len(told) >= number:
            break
        told.append(_told(len(told), title, body, None))
        originals.append(len(told) - 1)
        if len(told) % ONE_IN == ONE_IN - 1:
            of = told[source.choice(originals[-1_000:])].article
            told.append(_told(len(told), of.title, edited(of.text, body, source), of.id))
    return told[:number]


def edited(text: str, more: str, source: random.Random) -> str:
    """A copy as other desks print it: with a dateline, one word in eighty another one, and sometimes cut or lengthened."""
    words = [
        word if source.random() > 1 / 80 else source.choice(("said", "today", "new", "two", "late"))
        for word in text.split()
    ]
    kind = source.randrange(4)
    if kind == 0:
        words = words[: max(50, len(words) * 9 // 10)]
    if kind == 1:
        words += more.split()[: len(words) // 10]
    place = source.choice(("LONDON", "NEW DELHI", "PARIS", "OSLO"))
    return f"{place} (Reuters) - {' '.join(words)}"


def _told(number: int, title: str, text: str, copy_of: str | None) -> Told:
    url = f"https://h{number}.example/{number}"
    article = Article(
        id=f"{number:016x}",
        source_id=f"h{number}",
        url=url,
        canonical_url=url,
        title=title,
        text=text,
        first_seen_at=NOW,
    )
    return Told(article, copy_of)


# -- engines: those found to be copies, and how many candidates were looked at ------------------------

Found = tuple[set[tuple[str, str]], int]


def _stored(told: Sequence[Told]) -> Found:
    """As the daemon does, in transactions of 50 articles; texts of candidates are at hand."""
    shelf: dict[str, Article] = {}
    pairs: set[tuple[str, str]] = set()
    looked = 0

    def some(connection: Connection, batch: Sequence[Told]) -> None:
        nonlocal looked
        for one in batch:
            keys = band_keys(one.article)
            near = bands.near(connection, keys, TODAY - bands.DAYS, NEAREST, few=8)
            looked += len(near)
            pairs.update(_copies(one.article, map(shelf.__getitem__, near)))
            bands.add(connection, one.article.id, keys, TODAY)
            shelf[one.article.id] = one.article

    async def all_of_them(database: Database) -> None:
        for start in range(0, len(told), 50):
            await database.write(lambda c, start=start: some(c, told[start : start + 50]))

    profile.cache_clear()
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        database = Database.open("sqlite", state_dir=Path(folder))
        try:
            asyncio.run(all_of_them(database))
        finally:
            database.close()
    return pairs, looked


def _in_memory(told: Sequence[Told]) -> Found:
    index: dict[int, list[Article]] = defaultdict(list)
    pairs: set[tuple[str, str]] = set()
    looked = 0
    profile.cache_clear()
    for one in told:
        keys = band_keys(one.article)
        near = {other.id: other for key in keys for other in index[key]}
        looked += len(near)
        pairs.update(_copies(one.article, near.values()))
        for key in keys:
            index[key].append(one.article)
    return pairs, looked


def _copies(article: Article, candidates: Any) -> Iterator[tuple[str, str]]:
    for other in candidates:
        found = relation(article, other)
        if found is not None and found.tie >= Tie.VERSION:
            yield article.id, other.id


def _datasketch(told: Sequence[Told], *, in_batches: bool) -> Found:
    """Signatures of 128 values over the same shingles, threshold 0.7, candidates confirmed by their signatures."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.7, num_perm=128)
    kept: dict[str, Any] = {}
    pairs: set[tuple[str, str]] = set()
    looked = 0
    for one in told:
        parts = [part.encode() for part in shingles_of(tokens(one.article.text))]
        sketch = MinHash(num_perm=128)
        if in_batches:
            sketch.update_batch(parts)
        else:
            for part in parts:
                sketch.update(part)
        near = index.query(sketch)
        looked += len(near)
        pairs.update((one.article.id, other) for other in near if sketch.jaccard(kept[other]) >= 0.6)
        index.insert(one.article.id, sketch)
        kept[one.article.id] = sketch
    return pairs, looked


# -- what stored keys cost -------------------------------------------------------------------------


def _grow() -> None:
    largest = int(os.environ.get("TIDINGS_BENCH_ARTICLES", SIZES[-1]))
    sizes = [size for size in SIZES if size <= largest]
    print(
        f"\nStored keys of a month, {KEYS} an article; medians of {LOOKUPS} lookups that find nothing, and one article"
    )
    taken: dict[int, tuple[float, float]] = {}
    size_of = 0.0
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        for size in sizes:
            home = Path(folder) / str(size)
            home.mkdir()
            database = Database.open("sqlite", state_dir=home)
            try:
                size_of = fill(home / FILE, size)
                taken[size] = asyncio.run(database.read(_timed))
            finally:
                database.close()
            miss, hit = taken[size]
            print(
                f"  {size:9,} articles: {miss * 1e6:6.0f} and {hit * 1e6:6.0f} µs, {size_of:.0f} bytes an article",
                flush=True,
            )
    growth = [taken[sizes[-1]][kind] / taken[sizes[0]][kind] for kind in (0, 1)]
    print(f"  {sizes[-1]:,} against {sizes[0]:,}: {growth[0]:.2f}x and {growth[1]:.2f}x the time")
    if importlib.util.find_spec("datasketch") is not None:
        index, whole = _datasketch_bytes()
        print(
            f"  datasketch: {index:.0f} bytes an article in memory, {whole:.0f} with its signature; "
            f"tidings has {size_of / index:.2f}x and {size_of / whole:.2f}x of it, on disk"
        )


def fill(path: Path, number: int) -> float:
    """Keep `number` articles of the last 30 days under random keys, in the order of time; bytes an article.

    The rows are what `bands.add` makes; SQL makes them faster.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("cache_size=-500000", "synchronous=OFF", "temp_store=MEMORY"):
            database.execute(f"PRAGMA {pragma}")

        def pages() -> int:
            return int(database.execute("PRAGMA page_count").fetchone()[0])

        before = pages()
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"
        first = TODAY - bands.DAYS + 1
        database.execute("BEGIN")
        database.execute(
            f"{numbers} INSERT INTO article_marks (number, article, day) "
            f"SELECT i, randomblob(8), {first} + (i - 1) * {bands.DAYS} / {number} FROM n"
        )
        database.execute(
            f"WITH RECURSIVE k(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM k WHERE j < {KEYS}) "
            "INSERT INTO article_bands (band, number) "
            f"SELECT ((day / {bands.ERA} % {bands.ERAS}) << {bands.BITS}) | (random() & {(1 << bands.BITS) - 1}), number "
            "FROM (SELECT number, day FROM article_marks ORDER BY number) CROSS JOIN k"
        )
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = int(database.execute("PRAGMA page_size").fetchone()[0])
        return (pages() - before) * size / number


def _timed(connection: Connection) -> tuple[float, float]:
    """Seconds of a lookup that finds nothing and of one that finds a copy of one article."""
    source = random.Random(3)
    mask = (1 << bands.BITS) - 1
    salt = bands.salt("text")
    numbers = connection.exec_driver_sql("SELECT max(number) FROM article_marks").scalar_one()
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(LOOKUPS + 20):
        missing = [source.getrandbits(64) for _ in range(KEYS)]
        some = source.randrange(numbers)
        row = connection.exec_driver_sql(
            "SELECT band FROM article_bands WHERE band >= (SELECT band FROM article_bands WHERE band >= ?"
            " ORDER BY band LIMIT 1) LIMIT 1",
            ((TODAY // bands.ERA % bands.ERAS) << bands.BITS | some * 2_654_435_761 & mask,),
        ).scalar()
        held = [*missing[1:], ((row or 0) ^ salt) & mask]
        for kind, keys in ((0, missing), (1, held)):
            begun = time.perf_counter()
            bands.near(connection, keys, TODAY - bands.DAYS + 1, NEAREST)
            if turn >= 20:
                taken[kind].append(time.perf_counter() - begun)
    return statistics.median(taken[0]), statistics.median(taken[1])


def _datasketch_bytes(number: int = 5_000) -> tuple[float, float]:
    """Bytes of memory an article takes in its index, and with the signature kept beside it."""
    from datasketch import MinHash, MinHashLSH

    source = random.Random(5)
    sketches = []
    tracemalloc.start()
    for _ in range(number):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([source.randbytes(8) for _ in range(27)])
        sketches.append(sketch)
    signatures = tracemalloc.get_traced_memory()[0]
    index = MinHashLSH(threshold=0.7, num_perm=128)
    for place, sketch in enumerate(sketches):
        index.insert(f"{place:016x}", sketch)
    both = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (both - signatures) / number, both / number
