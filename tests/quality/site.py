"""`python -m tests.quality.site look CONFIG STATE`: the whole site of an archive, in a real browser.

`fill OUT` makes an archive of the sixty thousand headlines of the corpus to be looked at; `tidings demo` leaves one too.
`look` serves the archive on loopback as if it were an hour after its newest article, visits pages by their links in light and
dark at two widths, and prints what the browser, axe and the clock say.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

import aiohttp
from sqlalchemy import func, select

from tests.acceptance.conftest import free_port
from tests.browsing import browser, look
from tests.fakes.clock import FixedClock
from tests.fakes.vitals import FakeVitals
from tests.quality.headlines import fill
from tidings.opening import open_stores
from tidings.settings import load
from tidings.storage.tables import articles
from tidings.web.server import WebServer

BEGIN = (
    "/",
    "/initiatives",
    "/stories?days=0&outlets=2",
    "/sources",
    "/deliveries",
    "/search?q=India&order=newest",
)


async def walk(config: Path, state: Path, pages: int, pictures: Path | None, more: list[str]) -> int:
    settings = load(config, state_dir=state, environ={})
    settings = replace(
        settings, web=replace(settings.web, host="127.0.0.1", port=free_port(), public=None, token=None)
    )
    async with open_stores(settings) as stores:
        newest, number = await stores.database.read(
            lambda connection: connection.execute(
                select(func.max(articles.c.first_seen_at, type_=articles.c.first_seen_at.type), func.count())
            ).one()
        )
        clock = FixedClock(newest + timedelta(hours=1))
        await stores.sources.sync(settings.sources, clock.now())
        server = WebServer(stores, clock, FakeVitals())
        await server.follow(settings)
        base = f"http://127.0.0.1:{server.port}"
        try:
            async with browser() as chromium:
                seen = await look(
                    chromium, [base + path for path in (*BEGIN, *more)], follow=pages, pictures=pictures
                )
            took = await _timed(seen.pages)
        finally:
            await server.close()
    print(f"{number:,} articles, {len(seen.pages)} pages in light and dark at 1100 and 380 pixels")
    print(f"a page made anew: {median(took) * 1000:.0f} ms median, {max(took) * 1000:.0f} ms at most")
    for one, address in sorted(zip(took, seen.pages, strict=True), reverse=True)[:3]:
        print(f"  {one * 1000:6.0f} ms  {address.removeprefix(base)}")
    for fault in seen.findings[:40]:
        print(f"  {fault.replace(base, '')}")
    print(f"faults {len(seen.findings)}")
    return 1 if seen.findings else 0


async def _timed(addresses: list[str]) -> list[float]:
    """Seconds of each page, not kept from before: a word in its address that no page knows."""
    took = []
    async with aiohttp.ClientSession() as session:
        for address in addresses:
            began = time.perf_counter()
            async with session.get(f"{address}{'&' if '?' in address else '?'}words=&before=x") as answer:
                await answer.read()
            took.append(time.perf_counter() - began)
    return took


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.site", description=__doc__)
    ways = parser.add_subparsers(dest="way", required=True)
    filling = ways.add_parser("fill")
    filling.add_argument("out", type=Path, help="an empty folder")
    filling.add_argument("--headlines", default="headlines-topics-sv-en", help="the file of the corpus")
    looking = ways.add_parser("look")
    looking.add_argument("config", type=Path)
    looking.add_argument("state", type=Path)
    looking.add_argument("--pages", type=int, default=60)
    looking.add_argument("--pictures", type=Path)
    looking.add_argument("--also", action="append", default=[], help="a further page to begin with")
    asked = parser.parse_args()
    if asked.way == "fill":
        print(asyncio.run(fill(asked.out, asked.headlines)))
        return 0
    return asyncio.run(walk(asked.config, asked.state, asked.pages, asked.pictures, asked.also))


if __name__ == "__main__":
    raise SystemExit(main())
