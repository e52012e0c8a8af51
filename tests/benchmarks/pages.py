"""Reading article pages: against other readers in this process, and in pools of one child and of two."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Callable

import trafilatura
from readability import Document

from crawler.extract.read import read_page
from crawler.isolation import ChildPool
from tests.benchmarks import data
from tests.benchmarks.race import race, show

URL = "http://pages.example/article"
POOL_ROUNDS = 3
AT_ONCE = 8  # pages handed to a pool at a time


def bench() -> None:
    bodies = data.pages()
    logging.getLogger("readability").setLevel(logging.ERROR)  # it tells of every page that it finds too short
    default = "trafilatura, text and metadata"
    readers: dict[str, Callable[[bytes], object]] = {
        "tidings, text and metadata": lambda body: read_page(body, URL, "text/html", None),
        default: lambda body: trafilatura.bare_extraction(body, with_metadata=True),
        "trafilatura, text": lambda body: trafilatura.bare_extraction(body, with_metadata=False),
        "trafilatura fast, text and metadata": lambda body: trafilatura.bare_extraction(
            body, fast=True, with_metadata=True
        ),
        "trafilatura fast, text": lambda body: trafilatura.bare_extraction(
            body, fast=True, with_metadata=False
        ),
        "readability-lxml, text": lambda body: Document(body.decode("utf-8", "replace")).summary(),
    }
    if (newspaper := _newspaper()) is not None:
        readers["newspaper4k, text and metadata"] = newspaper
    results = race({name: _over(bodies, read) for name, read in readers.items()}, rounds=3)
    show(f"Reading {len(bodies)} pages", results, base=default, unit="pages", amount=len(bodies))
    if newspaper is None:
        print("  newspaper4k: left out, it is not installed")
    asyncio.run(_pools(bodies))


def _over(bodies: list[bytes], read: Callable[[bytes], object]) -> Callable[[], None]:
    def run() -> None:
        for body in bodies:
            read(body)

    return run


def _newspaper() -> Callable[[bytes], object] | None:
    if importlib.util.find_spec("newspaper") is None:
        return None
    import newspaper

    def read(body: bytes) -> object:
        article = newspaper.Article(URL, fetch_images=False)
        article.download(input_html=body.decode("utf-8", "replace"))
        try:
            article.parse()
        except ImportError:  # some languages need another library
            return None
        return article.text

    return read


async def _pools(bodies: list[bytes]) -> None:
    """Wall time, for children work beside each other; their start is not counted."""
    pools = {f"a pool of {size}": ChildPool(size) for size in (1, 2)}
    taken: dict[str, list[float]] = {name: [] for name in pools}
    try:
        for turn in range(POOL_ROUNDS + 1):
            for name, pool in pools.items():
                start = time.perf_counter()
                await _read_all(pool, bodies)
                if turn:
                    taken[name].append(time.perf_counter() - start)
    finally:
        for pool in pools.values():
            await pool.close()
    print(f"\nReading {len(bodies)} pages in child processes, wall time")
    one = min(taken["a pool of 1"])
    for name, times in taken.items():
        best = min(times)
        print(f"  {name:42} {len(bodies) / best:12,.0f} pages/s  {one / best:7.2f}x a pool of 1")


async def _read_all(pool: ChildPool, bodies: list[bytes]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(body: bytes) -> None:
        async with gate:
            await pool.run(read_page, body, URL, "text/html", None)

    await asyncio.gather(*map(one, bodies))
