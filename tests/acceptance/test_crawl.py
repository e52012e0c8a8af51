"""Spiders and the page reader on many sites at once: distances, stalled hosts, a killed child, a poisoned page."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler.extract import read_page
from crawler.records import ArticleRules, Page
from tests.acceptance.conftest import configure
from tests.acceptance.world import HOUR, MINUTE, Wound, settings, until
from tests.fakes.many_sites import POISON, Asked, ManySites, Plan
from tidings.app import App, open_app
from tidings.storage.tables import articles

DELAY = timedelta(milliseconds=150)
SLACK = timedelta(
    milliseconds=100
)  # that a request may be longer on its way out of a busy process than the next


def poisoned(
    body: bytes, url: str, content_type: str | None, rules: ArticleRules | None, zone: str | None
) -> Page:
    """The reader, with a fault that takes the interpreter down."""
    if POISON in body:
        os.abort()
    return read_page(body, url, content_type, rules, zone)


@asynccontextmanager
async def reading(
    folder: Path, sites: ManySites, *more: str, delay: timedelta = timedelta(0), timeout: str = "10s"
) -> AsyncIterator[tuple[App, Wound]]:
    """The application on all sites, with no budget of pages."""
    configure(
        folder / "config",
        sources=sites.sources() + "".join(more),
        tidings=f"polling: {{timeout: {timeout}, floor: 1m, pages_per_host: unlimited, "
        "allow_private: [127.0.0.0/8]}\nchannels:\n  outbox: {type: file, dir: outbox}\n",
    )
    clock, use = Wound(), settings(folder)
    use = replace(use, polling=replace(use.polling, host_delay=delay))
    async with open_app(use, clock=clock) as app:
        yield app, clock


async def kept(app: App) -> list[tuple[str, str]]:
    """Path and state of the text of every article that is stored, but those in the closed part of a site."""
    rows = await app.stores.sources._database.read(
        lambda connection: list(connection.execute(select(articles.c.url, articles.c.text_state)))
    )
    found = [(url.partition("://")[2].partition("/"), state) for url, state in rows]
    return sorted((f"{host}/{path}", state) for (host, _, path), state in found if path[:2] == "a/")


async def read_of_others(app: App) -> int:
    """Articles with a text, of hosts other than the first."""
    return sum(state == "read" and not where.startswith("127.1.0.1:") for where, state in await kept(app))


def gaps(asked: list[Asked], host: int) -> list[float]:
    return [later.at - earlier.at for earlier, later in pairwise(one for one in asked if one.host == host)]


async def test_spiders_and_the_page_reader_keep_one_distance_to_a_host(tmp_path: Path) -> None:
    """As the server sees it, while a list, sitemaps and articles of one host are read; the closed part is left alone."""
    with ManySites(Plan(hosts=1, pages=8)) as sites:
        maps = f'  - {{id: maps, sitemap: "{sites.url(0, "/index.xml")}"}}\n'
        async with reading(tmp_path, sites, maps, delay=DELAY) as (app, _):
            await app.ticker.collect()
            while sum(one.path[:3] == "/a/" for one in sites.asked()) < 8:
                await asyncio.sleep(0.05)
                await app.ticker.collect()
            await app.settle()
        asked = sites.asked()

    ways = [one.path.split("/")[1] for one in asked if one.path != "/robots.txt"]
    assert Counter(ways) == {"index.xml": 1, "map": 10, "list": 8, "a": 8}
    assert "list" in ways[ways.index("a") :], "the two ways were one after the other"
    assert min(gaps(asked, 0)) >= (DELAY - SLACK).total_seconds()


@pytest.mark.parametrize("what", ["silent", "stuck"])
async def test_a_host_that_never_answers_delays_no_other(tmp_path: Path, what: str) -> None:
    """Whether its list never comes or its articles: those of the others are there before it has timed out once."""
    plan = Plan(
        hosts=4, pages=40, silent=(0,) if what == "silent" else (), stuck=(0,) if what == "stuck" else ()
    )
    with ManySites(plan) as sites:
        async with reading(tmp_path, sites, timeout="30s") as (app, _):
            begun = time.monotonic()
            while (found := await read_of_others(app)) < 120 and time.monotonic() - begun < 25:
                await app.ticker.collect()
                await asyncio.sleep(0.1)
            await app.runner.stop(0)
        asked = sites.asked()

    assert found == 120
    assert any(one.host == 0 for one in asked)


async def test_a_spider_process_that_is_killed_loses_nothing_and_tells_nothing_twice(tmp_path: Path) -> None:
    """What it had handed over is stored and read at once, and the rest a floor later; each article once."""
    with ManySites(Plan(hosts=3, pages=10, slow_after=6)) as sites:
        async with reading(tmp_path, sites) as (app, clock):
            crew = app.services.poller._asker._lister
            collecting = asyncio.create_task(app.settle())
            await until(lambda: sum(one.path == "/list/6" for one in sites.asked()) == 2)
            os.kill(crew.pid, signal.SIGKILL)  # type: ignore[attr-defined]  # the port does not show it
            await collecting
            first = await kept(app)
            sites.free()
            clock.time += 20 * MINUTE
            await app.settle()
            last = await kept(app)
        asked = sites.asked()

    assert len(first) == 20  # five of each list, ten of the sitemaps
    assert {state for _, state in last} == {"read"}
    assert len(last) == len(set(last)) == 30
    pages = [(one.host, one.path) for one in asked if one.path.startswith("/a/")]
    assert len(pages) == len(set(pages)) == 30


async def test_one_page_in_sixty_that_aborts_its_interpreter_costs_nothing_but_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It crashes three times and is then quarantined; the other 59 are read."""
    monkeypatch.setattr("crawler.extract.extractor.read_page", poisoned)
    with ManySites(Plan(hosts=6, pages=10, poisoned=True)) as sites:
        async with reading(tmp_path, sites) as (app, clock):
            for _ in range(4):
                await app.settle()
                clock.time += HOUR
            states = [state for _, state in await kept(app)]
            (crashed,) = await app.stores.crashes.all()
        asked = sites.asked()

    assert sorted(states) == ["quarantined"] + ["read"] * 59
    assert crashed.url.endswith("/a/7")
    assert "signal 6" in crashed.reason
    # On a busy machine a child may be lost before it has said whose work it did: that try does not count.
    assert sum((one.host, one.path) == (0, "/a/7") for one in asked) in (3, 4)
