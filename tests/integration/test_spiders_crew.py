"""Sites without feeds, end to end: a real spider process against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from crawler.errors import (
    BlockedError,
    Cause,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    NotAFeedError,
    TemporaryFetchError,
    TooLarge,
    Unchanged,
)
from crawler.net.hosts import LOOK_AGAIN, HostGate
from crawler.net.limits import Limits
from crawler.records import ListingRules, Selector, Source, SourceKind
from crawler.secret import Secret
from crawler.spiders.crew import SpiderCrew
from tests.fakes.hosts import MemoryHosts
from tests.fakes.net_site import Script, Seen, SetMonotonic, Site, reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT = "tidings/1.0 (+https://example.org/monitoring)"
SMALL = Limits(body=200_000, total=timedelta(seconds=1))

PRESS = b"""<html lang="en"><head><title> Press
 room </title></head><body><nav><a href="/about">About</a></nav>
<article><a href="/n/1#top"><img alt="Chips"></a><h2><a href="/n/1">Chips &amp; AI:
 a roadmap</a></h2></article>
<article><h2><a href="http://other.example/n/2" title="Second">  </a></h2></article>
<article><h2><a href="javascript:alert(1)">No</a> <a href="mailto:a@b">No</a> <a href="#x">No</a></h2></article>
<a class="next" href="?page=2">older</a></body></html>"""
OLDER = b'<article><h2><a href="/n/3">Third</a></h2></article><a class="next" href="?page=3">older</a>'

HTML = "text/html; charset=utf-8"


@asynccontextmanager
async def crewed(*, allow: tuple[str, ...] = ("127.0.0.0/8",), **more: object) -> AsyncIterator[SpiderCrew]:
    crew = SpiderCrew(
        gate=more.pop("gate", None) or HostGate(timedelta(0)),  # type: ignore[arg-type]  # test shorthand
        user_agent=AGENT,
        allow_private=allow,
        limits=more.pop("limits", SMALL),  # type: ignore[arg-type]  # test shorthand
        **more,  # type: ignore[arg-type]  # test shorthand
    )
    try:
        yield crew
    finally:
        await crew.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew() -> AsyncIterator[SpiderCrew]:
    """One process for the tests that do nothing to it."""
    async with crewed(allow=("127.0.0.0/9",)) as shared:
        yield shared


async def until(reached: Callable[[], bool]) -> None:
    """Wait for something that happens in another process."""
    async with asyncio.timeout(20):
        while not reached():  # nothing in this process could set an event
            await asyncio.sleep(0.01)


def listing(url: str, links: str = "article a", *, pages: int = 1, **more: object) -> Source:
    rules = ListingRules(links=Selector(css=links), follow=Selector(css="a.next"), pages=pages)
    return Source(id="press", kind=SourceKind.SITE, url=url, listing=rules, **more)  # type: ignore[arg-type]  # test shorthand


def sitemap(url: str, **more: object) -> Source:
    return Source(id="map", kind=SourceKind.SITEMAP, url=url, **more)  # type: ignore[arg-type]  # test shorthand


# -- listings --------------------------------------------------------------------------------------


async def test_a_listing_gives_its_links_with_their_texts_over_several_pages(crew: SpiderCrew) -> None:
    """Absolute links, each once, in page order; no navigation, no script, no mail address."""
    async with Site() as site:
        site.routes.update(
            {
                "/press": reply(body=PRESS, content_type=HTML),
                "/press?page=2": reply(body=OLDER, content_type=HTML),
            }
        )
        feed = (await crew.list(listing(site.url("/press"), pages=2))).feed

    assert (feed.format, feed.title, feed.language) == ("listing", "Press room", "en")
    assert [(entry.link, entry.title) for entry in feed.entries] == [
        (site.url("/n/1"), "Chips & AI: a roadmap"),
        ("http://other.example/n/2", "Second"),
        (site.url("/n/3"), "Third"),
    ]
    assert feed.problems == ()
    assert site.paths == ["/robots.txt", "/press", "/press?page=2"]
    for seen in site.seen:
        assert seen.header("User-Agent") == AGENT
        assert seen.header("Cookie") is None
        assert seen.header("Referer") is None


@pytest.mark.parametrize(
    "selector",
    [
        Selector(xpath="//article//h2"),
        Selector(xpath="//article//a/@href"),
        Selector(css="article a::attr(href)"),
        Selector(css="article img, article h2 a"),
    ],
)
async def test_a_selector_may_find_the_link_its_address_or_what_is_around_it(
    selector: Selector, crew: SpiderCrew
) -> None:
    async with Site({"/": reply(body=PRESS, content_type=HTML)}) as site:
        source = Source(id="p", kind=SourceKind.SITE, url=site.url(), listing=ListingRules(links=selector))
        feed = (await crew.list(source)).feed

    assert [entry.title for entry in feed.entries] == ["Chips & AI: a roadmap", "Second"]


async def test_a_selector_that_finds_nothing_or_cannot_be_read_is_named(crew: SpiderCrew) -> None:
    async with Site({"/press?key=s3": reply(body=PRESS, content_type=HTML)}) as site:
        with pytest.raises(NotAFeedError, match=r"^css '\.gone a' finds no link on 127.*/press$"):
            await crew.list(listing(site.url("/press?key=s3"), ".gone a"))
        with pytest.raises(NotAFeedError, match=r"selector css 'a\[\[' cannot be read"):
            await crew.list(listing(site.url("/press?key=s3"), "a[["))
        site.routes["/press?key=s3"] = reply(body=b"\x89PNG\r\n\x1a\n", content_type="image/png")
        with pytest.raises(NotAFeedError, match="is no HTML page but image/png"):
            await crew.list(listing(site.url("/press?key=s3")))


async def test_a_later_page_that_is_refused_does_not_lose_the_first(crew: SpiderCrew) -> None:
    """What was found is returned, with the reason and the server's wish as the time to stay away."""
    async with Site() as site:
        site.routes.update(
            {"/": reply(body=PRESS, content_type=HTML), "/?page=2": reply(429, retry_after="7200")}
        )
        feed = (await crew.list(listing(site.url(), pages=2))).feed

    assert len(feed.entries) == 2
    assert feed.problems == (f"{site.address} answers 429 (too many requests)",)
    assert feed.ttl is not None
    assert timedelta(hours=1, minutes=59) < feed.ttl <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, BlockedError),
        (403, BlockedError),
        (404, TemporaryFetchError),
        (410, GoneError),
        (429, TemporaryFetchError),
        (500, TemporaryFetchError),
        (503, TemporaryFetchError),
    ],
)
async def test_statuses_cross_the_pipe_with_their_type(
    status: int, kind: type[CrawlError], crew: SpiderCrew
) -> None:
    async with Site({"/?key=s3": reply(status, PRESS, retry_after="3600", content_type=HTML)}) as site:
        before = datetime.now(UTC)
        with pytest.raises(CrawlError) as raised:
            await crew.list(listing(site.url("/?key=s3")))

    assert type(raised.value) is kind
    assert raised.value.status == status
    assert "s3" not in str(raised.value)
    assert site.paths.count("/?key=s3") == 1
    if isinstance(raised.value, TemporaryFetchError):
        assert raised.value.retry_at is not None
        assert timedelta(minutes=59) < raised.value.retry_at - before < timedelta(minutes=61)


async def test_credentials_stay_with_their_host(crew: SpiderCrew) -> None:
    async with (
        Site({"/list": reply(body=PRESS, content_type=HTML)}) as other,
        Site() as site,
    ):
        site.routes["/"] = reply(302, location=other.url("/list"))
        source = listing(site.url(), headers=(("X-Key", "k"),), auth=Secret("Bearer t"))
        assert len((await crew.list(source)).feed.entries) == 2

    assert [(one.header("X-Key"), one.header("Authorization")) for one in site.seen[1:]] == [
        ("k", "Bearer t")
    ]
    assert [(one.header("X-Key"), one.header("Authorization")) for one in other.seen] == [(None, None)] * 2


async def test_limits_robots_and_guard_bind_spiders_as_they_bind_feeds(crew: SpiderCrew) -> None:
    async def drip(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def no_answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.close()

    bomb = reply(body=gzip.compress(bytes(30_000_000)), content_encoding="gzip", content_type=HTML)
    packed = reply(body=gzip.compress(PRESS), content_encoding="gzip", content_type=HTML)
    big = reply(body=bytes(300_000), content_type=HTML)
    rules = reply(body=b"User-agent: *\nDisallow: /closed")
    async with Site() as secret, Site() as site:
        inside = f"http://127.200.0.1:{secret.port}/"
        site.routes.update(
            {
                "/robots.txt": rules,
                "/drip": drip,
                "/no-answer": no_answer,
                "/bomb": bomb,
                "/big": big,
                "/packed": packed,
                "/closed": packed,
                "/inside": reply(302, location=inside),
                "/local": reply(302, location="file:///etc/passwd"),
                "/circle": reply(302, location="/circle"),
                "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<a href=/x>x</a>",
            }
        )
        table: list[tuple[str, type[CrawlError], str, Cause]] = [
            (site.url("/drip"), TemporaryFetchError, "does not finish its answer within 1 s", Cause.SLOW),
            (
                site.url("/no-answer"),
                TemporaryFetchError,
                "closed the connection without an answer",
                Cause.NETWORK,
            ),
            (site.url("/bomb"), TooLarge, "sends more than 200 kB", Cause.LARGE),
            (site.url("/big"), TooLarge, "sends more than 200 kB", Cause.LARGE),
            (site.url("/closed"), BlockedError, r"robots\.txt", Cause.ROBOTS),
            (site.url("/inside"), ForbiddenAddress, "redirects to what may not be asked", Cause.ADDRESS),
            (site.url("/local"), TemporaryFetchError, "answers 302", Cause.STATUS),
            (site.url("/circle"), TemporaryFetchError, "redirects more than 5 times", Cause.HOPS),
            (site.url("/cut"), TemporaryFetchError, "broke off", Cause.NETWORK),
            (inside, ForbiddenAddress, "not a public address", Cause.ADDRESS),
            (
                f"http://localhost:{site.port + 1}/",
                CrawlError,
                "refused the connection|public address|no connection",
                Cause.NETWORK,
            ),
            ("file:///etc/passwd", ForbiddenAddress, "http", Cause.ADDRESS),
        ]
        assert len((await crew.list(listing(site.url("/packed")))).feed.entries) == 2
        for url, kind, says, cause in table:
            with pytest.raises(kind, match=says) as ended:
                await crew.list(listing(url))
            assert ended.value.cause is cause

    assert secret.connections == 0
    assert site.paths.count("/robots.txt") == site.paths.count("/no-answer") == 1
    assert "/closed" not in site.paths


async def test_no_page_is_listed_while_robots_txt_is_unreachable(crew: SpiderCrew) -> None:
    async with Site({"/robots.txt": reply(503), "/": reply(body=PRESS, content_type=HTML)}) as site:
        with pytest.raises(TemporaryFetchError, match=r"robots\.txt"):
            await crew.list(listing(site.url()))

    assert site.paths == ["/robots.txt"]


async def test_every_request_of_a_spider_asks_the_daemons_gate() -> None:
    """A spider waits its turn, tells Crawl-delay, and does not ask a host that wants no request."""
    memory = MemoryHosts()
    time = SetMonotonic()
    gate = HostGate(timedelta(0), concurrency=1, store=memory, monotonic=time.now, sleep=time.sleep)
    rules = reply(body=b"User-agent: *\nCrawl-delay: 0.05")
    async with Site({"/robots.txt": rules, "/": reply(body=PRESS, content_type=HTML)}) as site:
        async with crewed(gate=gate) as crew:
            lease = await gate.lease(site.address)
            visit = asyncio.create_task(crew.list(listing(site.url())))
            await until(lambda: site.address in gate._hosts and gate._hosts[site.address].users > 1)
            assert site.seen == []
            lease.release()
            assert len((await visit).feed.entries) == 2
            assert gate._hosts[site.address].delay == 0.05
            assert gate._hosts[site.address].users == 0

            site.seen.clear()
            memory.until[site.address] = datetime.now(UTC) + timedelta(hours=1)
            time.seconds += LOOK_AGAIN
            with pytest.raises(TemporaryFetchError, match="wants no request") as held:
                await crew.list(listing(site.url()))
            assert held.value.retry_at is not None
            assert site.seen == []


async def test_a_robots_txt_is_kept_by_the_daemon_when_the_process_goes() -> None:
    """Spiders come and go every few minutes; their hosts are asked for robots.txt once a day all the same."""
    memory = MemoryHosts()
    rules = reply(body=b"User-agent: *\nDisallow: /closed")
    async with Site({"/robots.txt": rules, "/": reply(body=PRESS, content_type=HTML)}) as site:
        for _ in range(2):
            async with crewed(memory=memory) as crew:
                assert len((await crew.list(listing(site.url()))).feed.entries) == 2
                with pytest.raises(BlockedError, match=r"robots\.txt"):
                    await crew.list(listing(site.url("/closed")))

    assert site.paths == ["/robots.txt", "/", "/"]
    assert memory.writes == 1
    assert memory.files[f"http://{site.address}:{site.port}"].text == "User-agent: *\nDisallow: /closed"


async def test_a_visit_leaves_a_host_alone_that_told_it_to_wait() -> None:
    """The gate does not hold a bridge (every loopback address is one), but whoever was told goes by it."""
    maps = "".join(f"<sitemap><loc>/{number}.xml</loc></sitemap>" for number in range(6))
    busy = reply(429, retry_after="600")
    async with Site({f"/{number}.xml": busy for number in range(6)}) as site:
        maps = maps.replace("<loc>", f"<loc>{site.url('')}")
        site.routes["/map.xml"] = reply(body=f"<sitemapindex>{maps}</sitemapindex>".encode())
        async with crewed(gate=HostGate(timedelta(0), concurrency=1)) as crew:
            with pytest.raises(TemporaryFetchError, match="429") as told:
                await crew.list(sitemap(site.url("/map.xml")))
            assert told.value.retry_at is not None
            asked = list(site.paths)
            with pytest.raises(TemporaryFetchError, match="429"):
                await crew.list(sitemap(site.url("/map.xml")))

    assert len(asked) == 3
    assert asked[:2] == ["/robots.txt", "/map.xml"]
    assert len(site.paths) == 5


async def test_limits_that_are_set_are_those_of_spiders_too() -> None:
    """Redirects, header bytes, time to connect and ports, in the process that knows no settings."""
    long = {f"x_{n}": "y" * 1000 for n in range(10)}
    limits = Limits(hops=1, headers=8 * 1024, connect=timedelta(seconds=2), ports=frozenset({443}))
    async with Site({"/long": reply(body=PRESS, content_type=HTML, **long)}) as site:
        site.routes.update({"/a": reply(302, location="/b"), "/b": reply(302, location="/c")})
        with socket.create_server((site.address, 0)) as nobody_accepts:
            table = [
                (site.url("/long"), "sends headers of more than 8 KiB"),
                (site.url("/a"), "redirects more than 1 times"),
                ("http://8.8.8.8/", r"port 80 of 8\.8\.8\.8 may not be asked"),
                (
                    f"https://{site.address}:{nobody_accepts.getsockname()[1]}/",
                    r"robots\.txt cannot be: .* accepts no connection within 2 s",
                ),
            ]
            async with crewed(limits=limits, allow=(f"{site.address}/32",)) as crew:
                for url, says in table:
                    with pytest.raises(CrawlError, match=says):
                        await crew.list(listing(url))


# -- sitemaps --------------------------------------------------------------------------------------

NEWS = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://example.org/old</loc><news:news><news:publication><news:name>Example Times</news:name>
<news:language>EN</news:language></news:publication><news:publication_date>2026-11-24</news:publication_date>
<news:title>Old &amp; known</news:title></news:news></url>
<url><loc> https://example.org/new </loc><lastmod>2026-11-25T11:00:00Z</lastmod><news:news><news:publication>
<news:name>Example Times</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-11-25T10:00:00+05:30</news:publication_date><news:title>New</news:title></news:news></url>
</urlset>"""


async def test_a_news_sitemap_gives_titles_times_and_languages_newest_first(crew: SpiderCrew) -> None:
    async with Site({"/news.xml": reply(body=NEWS, content_type="text/xml")}) as site:
        feed = (await crew.list(sitemap(site.url("/news.xml")))).feed

    assert (feed.format, feed.title) == ("sitemap", "Example Times")
    new, old = feed.entries
    assert (new.link, new.title, new.language) == ("https://example.org/new", "New", "en")
    assert new.published_at == datetime(2026, 11, 25, 4, 30, tzinfo=UTC)
    assert new.updated_at == datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
    assert (old.title, old.published_at) == ("Old & known", datetime(2026, 11, 24, tzinfo=UTC))


async def test_an_index_is_followed_to_its_newest_sitemaps_packed_or_not(crew: SpiderCrew) -> None:
    """Twelve sitemaps are listed, the ten newest are read, and the feed says so."""
    index = "".join(
        f"<sitemap><loc>{{base}}/{day}.xml.gz</loc><lastmod>2026-11-{day:02}</lastmod></sitemap>"
        for day in range(1, 13)
    )
    async with Site() as site:
        text = f"<sitemapindex>{index.format(base=site.url(''))}</sitemapindex>"
        site.routes["/index.xml"] = reply(body=text.encode(), content_type="application/xml")
        for day in range(1, 13):
            one = f"<urlset><url><loc>https://example.org/{day}</loc><lastmod>2026-11-{day:02}</lastmod></url></urlset>"
            site.routes[f"/{day}.xml.gz"] = reply(
                body=gzip.compress(one.encode()), content_type="application/x-gzip"
            )
        feed = (await crew.list(sitemap(site.url("/index.xml")))).feed

    assert [entry.link for entry in feed.entries] == [
        f"https://example.org/{day}" for day in range(12, 2, -1)
    ]
    assert feed.entries[0].published_at is None
    assert feed.entries[0].updated_at == datetime(2026, 11, 12, tzinfo=UTC)
    assert [problem.partition(" ")[2] for problem in feed.problems] == [
        "lists 12 sitemaps; the newest 10 are read"
    ]
    assert len(site.seen) == 12


async def test_a_visit_is_conditional_on_the_validators_of_the_last(crew: SpiderCrew) -> None:
    """Byte for byte, through a redirect too; "not modified" brings renewed ones, and how long it is fresh."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        tag = (seen.header("If-None-Match") or "").encode("latin-1").decode()
        known = tag == 'W/"é-1"' and seen.header("If-Modified-Since") == "some day"
        facts = {"etag": 'W/"2"' if known else 'W/"é-1"', "cache_control": "max-age=3600"}
        body = b"" if known else NEWS
        writer.write(reply(304 if known else 200, body, content_type="text/xml", **facts))

    async with Site({"/news.xml": answer, "/old.xml": reply(301, location="/news.xml")}) as site:
        first = await crew.list(sitemap(site.url("/old.xml")))
        with pytest.raises(Unchanged) as unchanged:
            await crew.list(sitemap(site.url("/old.xml")), etag=first.etag, last_modified="some day")

    hour = timedelta(hours=1)
    assert (first.etag, first.last_modified, first.fresh_for) == ('W/"é-1"', None, hour)
    assert (unchanged.value.etag, unchanged.value.fresh_for) == ('W/"2"', hour)


async def test_headers_that_are_no_text_do_no_harm(crew: SpiderCrew) -> None:
    """A validator among them could only be sent back changed, so it is none."""
    head = b'HTTP/1.1 200 OK\r\nServer: caf\xe9\r\nETag: "\xe9"\r\nLast-Modified: some day\r\n'
    raw = (
        head + b"Content-Type: text/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(NEWS) + NEWS
    )
    async with Site({"/news.xml": raw}) as site:
        listed = await crew.list(sitemap(site.url("/news.xml")))

    assert (len(listed.feed.entries), listed.etag, listed.last_modified) == (2, None, "some day")


async def test_an_index_is_conditional_on_each_of_its_sitemaps(crew: SpiderCrew) -> None:
    """The index is read each time, since it may stay as it is above changed sitemaps; of these only what changed."""

    def sheet(tag: str, *names: str) -> Script:
        urls = "".join(f"<url><loc>https://example.org/{name}</loc></url>" for name in names)
        body = f"<urlset>{urls}</urlset>".encode()

        async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
            known = seen.header("If-None-Match") == f'"{tag}"'
            body_now = b"" if known else body
            writer.write(reply(304 if known else 200, body_now, content_type="text/xml", etag=f'"{tag}"'))

        return answer

    async with Site() as site:
        maps = "".join(f"<sitemap><loc>{site.url(f'/{n}.xml')}</loc></sitemap>" for n in ("a", "b", "gone"))
        index = f"<sitemapindex>{maps}</sitemapindex>".encode()
        site.routes["/index.xml"] = reply(body=index, content_type="text/xml", etag='"index"')
        site.routes.update({"/a.xml": sheet("a1", "a"), "/b.xml": sheet("b1", "b")})

        first = await crew.list(sitemap(site.url("/index.xml")))
        with pytest.raises(Unchanged) as unchanged:
            await crew.list(sitemap(site.url("/index.xml")), etag=first.etag)
        site.routes["/b.xml"] = sheet("b2", "new", "b")
        changed = await crew.list(sitemap(site.url("/index.xml")), etag=unchanged.value.etag)
        with pytest.raises(Unchanged):
            await crew.list(sitemap(site.url("/index.xml")), etag=changed.etag)

    assert [entry.link for entry in first.feed.entries] == ["https://example.org/a", "https://example.org/b"]
    assert first.partly is False
    assert [entry.link for entry in changed.feed.entries] == [
        "https://example.org/new",
        "https://example.org/b",
    ]
    assert changed.partly is True
    assert [(one.rule, one.place.rpartition("/")[2], one.found, one.note) for one in changed.feed.looked] == [
        ("index", "index.xml", 3, "0 with a time"),
        ("sitemap", "a.xml", 0, "not modified"),
        ("sitemap", "b.xml", 2, "0 with a time"),
    ]
    assert [one.header("If-None-Match") for one in site.seen if one.path == "/index.xml"] == [None] * 4


async def test_a_visit_of_an_index_that_was_cut_is_conditional_on_nothing() -> None:
    """What was not handed over must come again."""
    urls = "".join(f"<url><loc>https://example.org/{n}</loc></url>" for n in range(2500))
    async with Site() as site, crewed(limits=Limits()) as crew:
        maps = "".join(f"<sitemap><loc>{site.url(f'/{n}.xml')}</loc></sitemap>" for n in "ab")
        site.routes["/index.xml"] = reply(body=f"<sitemapindex>{maps}</sitemapindex>".encode())
        site.routes["/a.xml"] = reply(body=f"<urlset>{urls}</urlset>".encode(), etag='"a"')
        site.routes["/b.xml"] = reply(body=NEWS, etag='"b"')
        listed = await crew.list(sitemap(site.url("/index.xml")))

    assert len(listed.feed.entries) == 2000
    assert listed.etag is None


async def test_a_large_sitemap_of_which_the_newest_are_kept_is_conditional_all_the_same() -> None:
    urls = "".join(f"<url><loc>https://example.org/{n}</loc></url>" for n in range(2500))
    body = f"<urlset>{urls}</urlset>".encode()
    async with Site({"/map.xml": reply(body=body, etag='"a"')}) as site, crewed(limits=Limits()) as crew:
        listed = await crew.list(sitemap(site.url("/map.xml")))

    assert (len(listed.feed.entries), listed.etag) == (2000, '"a"')


async def test_a_plain_list_of_addresses_is_a_sitemap(crew: SpiderCrew) -> None:
    text = "\ufeffhttps://example.org/a\r\n\r\nhttps://example.org/b  \nno address\nhttps://example.org/a\n"
    async with Site({"/map.txt": reply(body=text.encode(), content_type="text/plain")}) as site:
        feed = (await crew.list(sitemap(site.url("/map.txt")))).feed

    assert [entry.link for entry in feed.entries] == ["https://example.org/a", "https://example.org/b"]


@pytest.mark.parametrize(
    ("body", "says", "cause"),
    [
        (b"<rss><channel/></rss>", "is a feed .* write `feed:`", Cause.FEED),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "is a feed .* write `feed:`", Cause.FEED),
        (b"<html><title>Just a moment...</title></html>", "challenge page", Cause.CHALLENGE),
        (b"<!doctype html><title>Page not found</title>", "not found", Cause.DOCUMENT),
    ],
)
async def test_what_came_instead_of_a_sitemap_is_named(
    body: bytes, says: str, cause: Cause, crew: SpiderCrew
) -> None:
    async with Site({"/map.xml": reply(body=body, content_type="text/html")}) as site:
        with pytest.raises(NotAFeedError, match=says) as told:
            await crew.list(sitemap(site.url("/map.xml")))

    assert told.value.cause is cause


async def test_what_is_no_sitemap_is_said_to_be_none(crew: SpiderCrew) -> None:
    async with Site() as site:
        site.routes.update(
            {
                "/page": reply(body=b"<html><body>not found</body></html>", content_type=HTML),
                "/none": reply(body=b"", content_type="text/xml"),
                "/empty": reply(body=b"<urlset></urlset>", content_type="text/xml"),
            }
        )
        for path, says in (("/page", "<html>"), ("/none", "no XML")):
            with pytest.raises(NotAFeedError, match=f"is no sitemap: .*{says}"):
                await crew.list(sitemap(site.url(path)))
        assert (await crew.list(sitemap(site.url("/empty")))).feed.entries == ()


# -- users' own spiders ----------------------------------------------------------------------------

OWN = """
import time
from crawler.spiders.base import TidingsSpider
from scrapy import Request


class CouncilSpider(TidingsSpider):
    start_urls = ["{url}"]
    custom_settings = {{"ROBOTSTXT_OBEY": False, "USER_AGENT": "evil", "RETRY_ENABLED": True, "COOKIES_ENABLED": True}}

    def parse(self, response):
        print("a print must not disturb the pipe")
        for link in response.css("article h2 a[title], article h2 a[href^='/']"):
            yield self.entry(response.urljoin(link.attrib["href"]), link.css("::text").get(), authors=("Council",))
        yield Request(response.urljoin("/closed"), meta={{"dont_obey_robotstxt": True}})


class Broken(CouncilSpider):
    def parse(self, response):
        raise KeyError("no such row")


class Sleeper(CouncilSpider):
    def parse(self, response):
        time.sleep(60)


class Endless(CouncilSpider):
    def parse(self, response, n=0):
        yield self.entry(response.urljoin(f"/{{n}}"), "x")
        yield Request(self.start_urls[0], dont_filter=True, cb_kwargs={{"n": n + 1}})


class Slow(Endless):
    def parse(self, response, n=0):
        for one in super().parse(response, n):
            yield one.replace(url=response.urljoin("/slow")) if isinstance(one, Request) else one


class Wrong(CouncilSpider):
    def parse(self, response):
        yield {{"title": "a dict"}}


class Nothing(CouncilSpider):
    def parse(self, response):
        return []


NOT_A_SPIDER = 1
"""


async def _slow(seen: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.05)
    writer.write(reply(body=PRESS, content_type=HTML))
    await writer.drain()


@asynccontextmanager
async def council(folder: Path, **more: object) -> AsyncIterator[tuple[Site, SpiderCrew]]:
    rules = reply(body=b"User-agent: *\nDisallow: /closed")
    async with Site({"/": reply(body=PRESS, content_type=HTML), "/robots.txt": rules}) as site:
        site.routes["/slow"] = _slow
        package = folder / "my_spiders"
        package.mkdir()
        (package / "council.py").write_text(OWN.format(url=site.url()))
        async with crewed(modules=(str(folder),), **more) as crew:
            yield site, crew


def own(name: str) -> Source:
    return Source(id="own", kind=SourceKind.SPIDER, url=f"my_spiders.council.{name}")


async def test_a_users_spider_runs_under_our_limits_whatever_its_settings_say(tmp_path: Path) -> None:
    async with council(tmp_path) as (site, crew):
        feed = (await crew.list(own("CouncilSpider"))).feed

    assert feed.format == "spider"
    assert [entry.title for entry in feed.entries] == ["Chips & AI: a roadmap", ""]
    assert feed.entries[0].authors == ("Council",)
    assert feed.problems == (f"robots.txt of {site.address} does not allow this page",)
    assert site.paths == ["/robots.txt", "/"]
    assert {one.header("User-Agent") for one in site.seen} == {AGENT}


async def test_a_users_spider_that_goes_wrong_says_why(tmp_path: Path) -> None:
    async with council(tmp_path) as (_, crew):
        for name, kind, says in [
            (
                "Broken",
                CrawlError,
                r"the spider of own failed: KeyError: 'no such row' \(council\.py, line \d+\)",
            ),
            ("Wrong", CrawlError, r"yields dict; yield crawler"),
            ("Missing", NotAFeedError, "cannot be loaded: AttributeError"),
            ("NOT_A_SPIDER", NotAFeedError, "is no spider class"),
        ]:
            with pytest.raises(kind, match=says):
                await crew.list(own(name))
        with pytest.raises(NotAFeedError, match="No module named 'nowhere'"):
            await crew.list(Source(id="own", kind=SourceKind.SPIDER, url="nowhere.Spider"))
        assert (await crew.list(own("Nothing"))).feed.entries == ()
        endless = await crew.list(own("Endless"))
        assert endless.feed.problems == ("the visit stopped after 200 pages; there may be more",)


async def test_a_spider_that_sleeps_stops_nobody_else_and_one_without_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first blocks its process, which is killed and replaced; the second keeps what it found."""
    async with council(tmp_path, visit=timedelta(seconds=2)) as (site, crew):
        with monkeypatch.context() as patch:
            patch.setattr("crawler.spiders.worker._GRACE", 0.1)
            with pytest.raises(TemporaryFetchError, match=r"stopped after 2 s"):
                await crew.list(own("Sleeper"))
            first = crew.pid
            await until(lambda: crew.pid is None)

        listed = await crew.list(own("Slow"))
        assert crew.pid != first
        assert listed.feed.entries
        assert str(listed.unfinished) == "the visit of own was stopped after 2 s"
        assert (listed.etag, listed.last_modified) == (None, None)
        assert len((await crew.list(listing(site.url()))).feed.entries) == 2


# -- the process -----------------------------------------------------------------------------------


async def _stall(seen: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def test_a_killed_process_loses_its_visits_and_nothing_else() -> None:
    gate = HostGate(timedelta(0), concurrency=1)
    async with Site({"/": _stall}) as site, crewed(gate=gate) as crew:
        visits = [asyncio.create_task(crew.list(listing(site.url()))) for _ in range(2)]
        await until(lambda: "/" in site.paths)
        assert crew.pid is not None
        os.kill(crew.pid, signal.SIGKILL)
        for visit in visits:
            with pytest.raises(TemporaryFetchError, match="killed by SIGKILL"):
                await visit

        site.routes["/"] = reply(body=PRESS, content_type=HTML)
        assert len((await crew.list(listing(site.url()))).feed.entries) == 2
        assert gate._hosts[site.address].users == 0


class _Halting(MemoryHosts):
    """Holds that are not found out until somebody lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.halted = asyncio.Event()

    async def holds(self, now: datetime) -> Mapping[str, datetime]:
        if not self.open.is_set():
            self.halted.set()
        await self.open.wait()
        return await super().holds(now)


async def test_a_process_that_ends_as_its_turn_comes_gives_the_turn_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its host would be asked for nothing more."""
    monkeypatch.setattr("crawler.spiders.worker._GRACE", 0.1)
    memory, time = _Halting(), SetMonotonic()
    gate = HostGate(timedelta(0), concurrency=1, store=memory, monotonic=time.now, sleep=time.sleep)
    async with Site({"/": reply(body=PRESS, content_type=HTML)}) as site:
        async with crewed(gate=gate) as crew:
            first = await gate.lease(site.address)
            visit = asyncio.create_task(crew.list(listing(site.url())))
            await until(lambda: site.address in gate._hosts and gate._hosts[site.address].users > 1)
            memory.open.clear()
            time.seconds += LOOK_AGAIN
            first.release()
            await memory.halted.wait()
        with pytest.raises(CrawlError):
            await visit
        assert gate._hosts[site.address].users == 0
        assert not gate._hosts[site.address].starting.locked()


async def test_the_process_ends_when_idle_and_after_its_share_of_pages() -> None:
    async with Site({"/": reply(body=PRESS, content_type=HTML)}) as site:
        async with crewed(idle=timedelta(milliseconds=50)) as crew:
            await crew.list(listing(site.url()))
            assert crew.pid is not None
            await until(lambda: crew.pid is None)
        async with crewed(pages=1) as crew:
            await crew.list(listing(site.url()))
            assert crew.pid is None


async def test_a_caller_that_gives_up_leaves_a_crew_that_works(crew: SpiderCrew) -> None:
    async with Site({"/slow": _stall, "/": reply(body=PRESS, content_type=HTML)}) as site:
        visit = asyncio.create_task(crew.list(listing(site.url("/slow"))))
        await until(lambda: "/slow" in site.paths)
        visit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visit
        assert len((await crew.list(listing(site.url()))).feed.entries) == 2


async def test_nothing_is_started_after_closing() -> None:
    async with crewed() as crew:
        pass
    with pytest.raises(TemporaryFetchError, match="stopping"):
        await crew.list(listing("http://127.0.0.1/"))
