"""No text from outside makes us connect to an address that the operator did not allow: counted at the socket."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from crawler.errors import CrawlError
from crawler.feeds.opml import read_opml
from crawler.net.guard import AddressGuard
from crawler.net.hosts import HostGate
from crawler.net.limits import Limits
from crawler.net.post import post
from crawler.records import (
    ListingRules,
    Purpose,
    Request,
    Selector,
    Source,
    SourceKind,
    SourceState,
)
from crawler.spiders.crew import SpiderCrew
from tests.acceptance.conftest import configure
from tests.acceptance.world import NOON, Wound, settings
from tests.fakes.address_tricks import TRICKS
from tests.fakes.recording_site import Ask, RecordingHost, Reply
from tidings.app import open_app, open_crawler
from tidings.finding import MOST_CANDIDATES, find_feeds
from tidings.settings.append import ImportRow, write_import

ALLOWED = ip_network("127.66.0.0/16")  # where the hosts of these tests live; the rest of loopback is outside
IN_XML = [trick for trick in TRICKS if trick.isprintable()]

Connected = list[Any]  # what `socket.connect` was called with
_watching: list[Connected] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        for connected in _watching:
            connected.append(args[1])


@pytest.fixture(scope="module", autouse=True)
def hook() -> None:
    """An audit hook stays for the life of the process; outside of `watched` this one does nothing."""
    sys.addaudithook(_hear)


@contextmanager
def watched() -> Iterator[Connected]:
    """Every address that this process connects to meanwhile."""
    connected: Connected = []
    _watching.append(connected)
    try:
        yield connected
    finally:
        _watching.remove(connected)


def outside(connected: Connected) -> list[Any]:
    """Those that nobody allowed."""
    return [
        one
        for one in connected
        if not (isinstance(one, tuple) and ip_address(str(one[0]).partition("%")[0]) in ALLOWED)
    ]


@asynccontextmanager
async def host(answer: Callable[[Ask], Reply], address: str = "127.66.0.1") -> AsyncIterator[RecordingHost]:
    async with RecordingHost(address, Wound(NOON).now, lambda ask, _before: answer(ask)) as one:
        yield one


def to(trick: str) -> Reply:
    """A redirect; the header's bytes are those of the text in UTF-8."""
    return Reply(status=302, headers=(("Location", trick.encode().decode("latin-1")),))


def number(ask: Ask) -> int:
    """The number at the end of the path; that of a harmless trick where one led back to this very host."""
    last = ask.path.rpartition("/")[2]
    return int(last) if last.isdecimal() else TRICKS.index("file:///etc/passwd")


async def settled(folder: Path, sources: str | None = None) -> None:
    """Let the application do all that is due on `sources` (None: those that are there already)."""
    files = {} if sources is None else {"sources": sources}
    configure(
        folder / "config",
        tidings=f"polling: {{host_delay: 0s, allow_private: ['{ALLOWED}']}}\n"
        "channels:\n  outbox: {type: file, dir: outbox}\n",
        **files,
    )
    async with open_app(settings(folder), clock=Wound(NOON)) as app:
        await app.settle()


async def ends(folder: Path) -> list[SourceState]:
    """The states of all sources, as the next start of the application finds them."""
    async with open_app(settings(folder), clock=Wound(NOON)) as app:
        return [one.state for one in await app.stores.sources.states()]


def test_there_are_two_hundred_tricks() -> None:
    assert len(TRICKS) > 200


async def test_feeds_and_discovery(tmp_path: Path) -> None:
    """A feed's address, what `sources add` is given, and the feeds that a page there names."""

    def page(ask: Ask) -> Reply:
        some = IN_XML[number(ask) : number(ask) + MOST_CANDIDATES]
        links = "".join(
            f"<link rel=alternate type=application/rss+xml href={quoteattr(one)}>" for one in some
        )
        return Reply(
            body=f"<html><head>{links}</head></html>".encode(), headers=(("Content-Type", "text/html"),)
        )

    configure(tmp_path / "config", tidings=f"polling: {{host_delay: 0s, allow_private: ['{ALLOWED}']}}\n")
    async with host(page) as site, open_crawler(settings(tmp_path).polling) as crawler:
        with watched() as connected:
            for trick in TRICKS:
                with pytest.raises(CrawlError):
                    await crawler.fetcher.get(Request(url=trick, purpose=Purpose.FEED))
                with pytest.raises(CrawlError):
                    await find_feeds(trick, crawler.fetcher)
            for start in range(0, len(IN_XML), MOST_CANDIDATES):
                assert (await find_feeds(site.url(f"/{start}"), crawler.fetcher)).found == ()

    assert outside(connected) == []
    assert len(connected) == len(site.visits) > 40


async def test_imported_lists(tmp_path: Path) -> None:
    """What an OPML file names is left out at once, or refused when it is polled."""
    outlines = "".join(f'<outline type="rss" text="x" xmlUrl={quoteattr(one)}/>' for one in IN_XML)
    rows = read_opml(f"<opml version='2.0'><body>{outlines}</body></opml>".encode())
    target = tmp_path / "config" / "sources" / "list.yaml"
    target.parent.mkdir(parents=True)
    done = write_import(
        target,
        [ImportRow(one.title, one.url, one.site_url, one.folders) for one in rows],
        taken=(),
        known={},
    )
    with watched() as connected:
        await settled(tmp_path)

    assert connected == []
    assert await ends(tmp_path) == [SourceState.FAILING] * len(done.sources)
    assert len(done.sources) > 100


async def test_redirects_of_feeds(tmp_path: Path) -> None:
    """Every hop is judged."""
    async with host(lambda ask: to(TRICKS[number(ask)])) as site:
        lines = "".join(f'  - {{id: f{n}, feed: "{site.url(f"/{n}")}"}}\n' for n in range(len(TRICKS)))
        with watched() as connected:
            await settled(tmp_path, f"sources:\n{lines}")

    assert outside(connected) == []
    assert len(site.visits) >= len(TRICKS)  # some lead back to this very host
    assert set(await ends(tmp_path)) == {SourceState.FAILING}


async def test_pages_and_their_robots_txt(tmp_path: Path) -> None:
    """Links of entries, redirects of pages, and redirects of the robots.txt that is asked before."""

    def feed(ask: Ask) -> Reply:
        if ask.path.startswith("/page/"):
            return to(TRICKS[number(ask)])
        if ask.path == "/robots.txt":
            return Reply(status=404)
        own = [f"http://{ask.header('Host')}/page/{n}" for n in range(len(TRICKS))]
        links = enumerate((*IN_XML, *own, *(one.url("/page") for one in others)))
        items = "".join(
            f"<item><title>Entry {n}</title><guid isPermaLink='false'>{n}</guid><link>{escape(link)}</link></item>"
            for n, link in links
        )
        return Reply(body=f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode())

    def leading_to(trick: str) -> Callable[[Ask], Reply]:
        return lambda ask: to(trick) if ask.path == "/robots.txt" else Reply(body=b"<p>page</p>")

    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(
                host(leading_to(trick), f"127.66.{1 + place // 250}.{1 + place % 250}")
            )
            for place, trick in enumerate(TRICKS)
        ]
        site = await stack.enter_async_context(host(feed))
        with watched() as connected:
            await settled(tmp_path, f'sources:\n  - {{id: press, feed: "{site.url()}", full_text: always}}\n')

    assert outside(connected) == []
    assert {one.path for one in site.visits} >= {f"/page/{n}" for n in range(len(TRICKS))}
    assert all(one.visits[0].path == "/robots.txt" for one in others)


async def test_webhooks() -> None:
    """Neither by its own address nor by where a receiver redirects to."""
    allowed = AddressGuard([str(ALLOWED)])
    async with host(lambda ask: to(TRICKS[number(ask)])) as site:
        with watched() as connected:
            for place, trick in enumerate(TRICKS):
                with pytest.raises(CrawlError):
                    await post(trick, b"{}", {}, guard=AddressGuard())
                assert (await post(site.url(f"/{place}"), b"{}", {}, guard=allowed)).status == 302

    assert outside(connected) == []
    assert len(connected) == len(TRICKS)


async def test_spiders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sitemaps and listings, their redirects, and what they name; counted within their own process."""
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib, sys\n"
        "out = open(pathlib.Path(__file__).with_name('connected'), 'a', buffering=1)\n"
        "sys.addaudithook(lambda event, args: out.write(repr(args[1]) + '\\n') if event == 'socket.connect' else None)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def answer(ask: Ask) -> Reply:
        if ask.path == "/robots.txt":
            return Reply(status=404)
        if ask.path.startswith(("/index/", "/moved/")):
            some = IN_XML[number(ask) : number(ask) + 10]
            if ask.path.startswith("/moved/"):
                some = [f"http://{ask.header('Host')}/to/{number(ask) + place}" for place in range(10)]
            maps = "".join(f"<sitemap><loc>{escape(one)}</loc></sitemap>" for one in some)
            return Reply(body=f"<sitemapindex>{maps}</sitemapindex>".encode())
        if ask.path.startswith("/list/"):
            following = f"<a class=next href={quoteattr(IN_XML[number(ask)])}>older</a>"
            body = f"<article><a href=/n/1>One</a></article>{following}"
            return Reply(body=body.encode(), headers=(("Content-Type", "text/html"),))
        return to(TRICKS[number(ask) % len(TRICKS)])

    def listing(url: str, pages: int = 1) -> Source:
        rules = ListingRules(links=Selector(css="article a"), follow=Selector(css="a.next"), pages=pages)
        return Source(id="s", kind=SourceKind.SITE, url=url, listing=rules)

    def sitemap(url: str) -> Source:
        return Source(id="s", kind=SourceKind.SITEMAP, url=url)

    crew = SpiderCrew(
        gate=HostGate(timedelta(0), 8),
        user_agent="tidings/1.0 (+https://example.org/monitoring)",
        allow_private=[str(ALLOWED)],
        limits=Limits(total=timedelta(seconds=2)),
    )

    async def visit(source: Source) -> None:
        with suppress(CrawlError):
            await crew.list(source)

    try:
        async with host(answer) as site:
            tens = range(0, len(TRICKS), 10)
            direct = [kind(trick) for trick in TRICKS[::12] for kind in (listing, sitemap)]
            named = [sitemap(site.url(f"/{index}/{place}")) for index in ("index", "moved") for place in tens]
            followed = [listing(site.url(f"/list/{place}"), pages=2) for place in range(0, len(IN_XML), 8)]
            with watched() as here:
                await asyncio.gather(*map(visit, (*direct, *named, *followed)))
    finally:
        await crew.close()

    connected = [ast.literal_eval(line) for line in (tmp_path / "connected").read_text().splitlines()]
    assert outside(connected) == []
    assert here == []
    assert len([one for one in connected if one[1] == site.port]) == len(site.visits) > len(TRICKS)
    assert {f"/to/{place}" for place in range(len(TRICKS))} <= {one.path for one in site.visits}
