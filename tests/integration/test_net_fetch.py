"""The guarded GET against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from crawler.errors import (
    BlockedError,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    TemporaryFetchError,
    TooLarge,
    Unchanged,
)
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard
from crawler.net.hosts import HostGate
from crawler.net.limits import Limits
from crawler.net.session import IDLE
from crawler.records import Purpose, Request
from crawler.secret import Secret
from tests.fakes.hosts import MemoryHosts
from tests.fakes.net_site import Seen, SetClock, SetMonotonic, Site, reply

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
AGENT = "tidings/1.0 (+https://example.org/monitoring)"
SMALL = Limits(body=100_000, connect=timedelta(seconds=2), total=timedelta(seconds=20), headers=8 * 1024)
HASTY = replace(SMALL, total=timedelta(milliseconds=400))  # for what is slow on purpose


class Names(AbstractResolver):
    """Resolves names to what the test says; a list is used up, one answer a question."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError(None, "no such name")
        answers = self.names[host]
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        return None


@asynccontextmanager
async def fetching(
    *,
    allow: tuple[str, ...] = ("127.0.0.0/8",),
    limits: Limits = SMALL,
    clock: SetClock | None = None,
    tls: ssl.SSLContext | None = None,
    names: Names | None = None,
    gate: HostGate | None = None,
    memory: MemoryHosts | None = None,
    bridges: tuple[str, ...] = (),
) -> AsyncIterator[HttpFetcher]:
    time, clock = SetMonotonic(), clock or SetClock(NOW)
    spacing = timedelta(seconds=1)
    async with HttpFetcher(
        guard=AddressGuard(allow, ports=limits.ports),
        gate=gate
        or HostGate(
            spacing, bridges=bridges, store=memory, now=clock.now, monotonic=time.now, sleep=time.sleep
        ),
        limits=limits,
        user_agent=AGENT,
        clock=clock,
        memory=memory,
        tls=tls,
        resolver=names,
    ) as fetcher:
        yield fetcher


def feed(url: str, **more: object) -> Request:
    return Request(url=url, purpose=Purpose.FEED, **more)  # type: ignore[arg-type]  # test shorthand


# -- what is sent ----------------------------------------------------------------------------------


async def test_a_request_carries_our_name_and_nothing_that_was_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """User-Agent, Accept, Accept-Encoding, Host: no cookie, no referrer, no proxy of the environment."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with Site({"/rss?a=%7E&b+c": reply(body=b"x", set_cookie="a=b")}) as site, fetching() as fetcher:
        await fetcher.get(feed(site.url("/rss?a=%7E&b+c")))
        await fetcher.get(feed(site.url("/rss?a=%7E&b+c")))

    assert site.paths == ["/rss?a=%7E&b+c"] * 2
    for seen in site.seen:
        assert seen.method == "GET"
        assert [name for name, _ in seen.lines] == ["Host", "User-Agent", "Accept", "Accept-Encoding"]
        assert seen.header("User-Agent") == AGENT
        assert seen.header("Accept-Encoding") == "gzip, deflate, br, zstd"
        assert "application/atom+xml" in (seen.header("Accept") or "")


@pytest.mark.parametrize(
    ("etag", "modified"),
    [
        ('"abc"', None),
        ('W/"abc-gzip"', "Wed, 25 Nov 2026 10:00:00 GMT"),
        (None, "Wednesday, 25-Nov-26 10:00:00 GMT"),
        ("unquoted", "yesterday"),
        ('"é"', None),
    ],
)
async def test_validators_come_back_and_go_out_byte_for_byte(etag: str | None, modified: str | None) -> None:
    given = {}
    if etag is not None:
        given["etag"] = etag
    if modified is not None:
        given["last_modified"] = modified
    async with Site({"/": reply(body=b"x", **given)}) as site, fetching() as fetcher:
        first = await fetcher.get(feed(site.url()))
        await fetcher.get(feed(site.url(), etag=first.etag, last_modified=first.last_modified))

    assert (first.etag, first.last_modified) == (etag, modified)
    assert site.seen[0].header("If-None-Match") is None
    assert site.seen[0].header("If-Modified-Since") is None
    sent = site.seen[1].header("If-None-Match")
    assert (None if sent is None else sent.encode("latin-1").decode()) == etag
    assert site.seen[1].header("If-Modified-Since") == modified


async def test_304_carries_the_renewed_validators_and_freshness() -> None:
    answer = reply(304, etag='"new"', last_modified="today", cache_control="max-age=60")
    async with Site({"/": answer}) as site, fetching() as fetcher:
        with pytest.raises(Unchanged) as unchanged:
            await fetcher.get(feed(site.url(), etag='"old"'))
        with pytest.raises(TemporaryFetchError, match="unconditional"):
            await fetcher.get(feed(site.url()))

    assert unchanged.value.etag == '"new"'
    assert unchanged.value.last_modified == "today"
    assert unchanged.value.fresh_for == timedelta(minutes=1)
    assert unchanged.value.moved_to is None


async def test_a_source_can_add_headers_but_not_steer_the_connection() -> None:
    headers = (("X-Key", "k"), ("accept", "text/xml"), ("Host", "evil.example"), ("Accept-Encoding", "xz"))
    async with Site({"/": reply(body=b"x")}) as site, fetching() as fetcher:
        await fetcher.get(feed(site.url(), headers=headers, auth=Secret("Basic eA==")))
        with pytest.raises(ForbiddenAddress):
            await fetcher.get(feed(site.url(), headers=(("X-Key", "a\r\nHost: b"),)))

    seen = site.seen[0]
    assert seen.header("X-Key") == "k"
    assert seen.header("Accept") == "text/xml"
    assert seen.header("Authorization") == "Basic eA=="
    assert seen.header("Host") == f"{site.address}:{site.port}"
    assert seen.header("Accept-Encoding") == "gzip, deflate, br, zstd"


# -- statuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (206, TemporaryFetchError),
        (300, TemporaryFetchError),
        (401, BlockedError),
        (403, BlockedError),
        (404, TemporaryFetchError),
        (410, GoneError),
        (429, TemporaryFetchError),
        (451, BlockedError),
        (500, TemporaryFetchError),
        (503, TemporaryFetchError),
    ],
)
async def test_each_status_ends_in_its_type_with_the_servers_wish(
    status: int, kind: type[CrawlError]
) -> None:
    async with Site({"/secret?token=abc": reply(status, b"body", retry_after="3600")}) as site:
        async with fetching() as fetcher:
            with pytest.raises(kind) as raised:
                await fetcher.get(feed(site.url("/secret?token=abc")))

    assert raised.value.status == status
    assert "token" not in str(raised.value)
    assert "secret" not in str(raised.value)
    if isinstance(raised.value, TemporaryFetchError) and status >= 400:
        assert raised.value.retry_at == NOW + timedelta(hours=1)


async def test_200_brings_body_headers_and_freshness() -> None:
    answer = reply(200, b"<rss/>", content_type="text/xml; charset=utf-8", cache_control="max-age=600")
    async with Site({"/": answer}) as site, fetching() as fetcher:
        fetched = await fetcher.get(feed(site.url()))

    assert (fetched.status, fetched.body, fetched.url) == (200, b"<rss/>", site.url())
    assert fetched.content_type == fetched.header("Content-Type") == "text/xml; charset=utf-8"
    assert fetched.fresh_for == timedelta(minutes=10)
    assert fetched.moved_to is None


async def test_a_wish_of_a_public_host_binds_its_other_feeds_too() -> None:
    """Retry-After holds the host, not the feed; on bridges, which carry feeds of many origins, it does not."""
    async with Site({"/": reply(429, retry_after="600")}) as site:
        hosts = ("busy.example.org", "bridge.lan", "rsshub.example.org")
        names = Names(**{host: [site.address] for host in hosts})
        async with fetching(names=names, bridges=("rsshub.example.org",)) as fetcher:
            for path in ("/", "/other"):
                with pytest.raises(TemporaryFetchError) as held:
                    await fetcher.get(feed(site.url(path, host="busy.example.org")))
                assert held.value.retry_at == NOW + timedelta(minutes=10)
            assert site.paths == ["/"]

            for bridge in hosts[1:]:
                site.seen.clear()
                with pytest.raises(TemporaryFetchError, match="429"):
                    await fetcher.get(feed(site.url(host=bridge)))
                with pytest.raises(TemporaryFetchError, match="404"):
                    await fetcher.get(feed(site.url("/other", host=bridge)))
                assert site.paths == ["/", "/other"]


@pytest.mark.parametrize("status", [403, 429, 503])
async def test_those_that_wait_for_their_turn_hear_of_the_wish_too(status: int) -> None:
    """Ten feeds of a host are due at once: when the first is told to wait, the others do not go on."""
    async with Site({f"/{n}": reply(status, retry_after="600") for n in range(10)}) as site:
        names = Names(busy_example_org=[site.address])
        time = SetMonotonic()
        gate = HostGate(timedelta(seconds=1), 1, now=lambda: NOW, monotonic=time.now, sleep=time.sleep)
        async with fetching(names=names, gate=gate) as fetcher:
            urls = [site.url(f"/{n}", host="busy.example.org") for n in range(10)]
            ends = await asyncio.gather(*(fetcher.get(feed(url)) for url in urls), return_exceptions=True)

    first, *others = ends
    assert isinstance(first, CrawlError)
    assert first.status == status
    assert {one.retry_at for one in others if isinstance(one, TemporaryFetchError)} == {
        NOW + timedelta(minutes=10)
    }
    assert len(others) == 9
    assert site.paths == ["/0"]


async def test_a_restart_forgets_neither_a_wish_nor_a_robots_txt() -> None:
    """A second fetcher on the same memory asks a held host not at all, and no robots.txt again."""
    clock, memory = SetClock(NOW), MemoryHosts()
    async with Site({"/busy": reply(429, retry_after="600"), "/page": reply(body=b"x")}) as site:
        names = Names(news_example_org=[site.address])
        wanted = page(site.url("/page", host="news.example.org"))
        busy = feed(site.url("/busy", host="news.example.org"))
        async with fetching(names=names, clock=clock, memory=memory) as fetcher:
            await fetcher.get(wanted)
            with pytest.raises(TemporaryFetchError, match="429"):
                await fetcher.get(busy)
        site.seen.clear()
        async with fetching(names=names, clock=clock, memory=memory) as fetcher:
            for request in (wanted, busy):
                with pytest.raises(TemporaryFetchError, match="wants no request") as held:
                    await fetcher.get(request)
                assert held.value.retry_at == NOW + timedelta(minutes=10)
            assert site.paths == []
            clock.pass_(timedelta(minutes=10))
            await fetcher.get(wanted)

    assert site.paths == ["/page"]
    assert memory.writes == 2


# -- redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hops", "adopted"),
    [
        ([301], 1),
        ([308], 1),
        ([301, 308, 301], 3),
        ([302], None),
        ([303], None),
        ([307], None),
        ([301, 302], 1),
        ([301, 308, 307, 301], 2),
        ([302, 301], None),
    ],
)
async def test_a_move_goes_as_far_as_the_chain_is_permanent(hops: list[int], adopted: int | None) -> None:
    """What was moved for good and is lent to another address from there is asked at its new address."""
    async with Site() as site, fetching() as fetcher:
        for number, status in enumerate(hops):
            site.routes[f"/{number}"] = reply(status, b"ignored", location=f"{number + 1}#part")
        site.routes[f"/{len(hops)}"] = reply(200, b"here")
        fetched = await fetcher.get(feed(site.url("/0"), etag='"e"'))

    assert fetched.body == b"here"
    assert fetched.url == site.url(f"/{len(hops)}")
    assert fetched.moved_to == (None if adopted is None else site.url(f"/{adopted}"))
    assert [seen.header("If-None-Match") for seen in site.seen] == ['"e"'] * (len(hops) + 1)


async def test_a_move_is_told_with_304_too() -> None:
    async with Site() as site, fetching() as fetcher:
        site.routes.update({"/": reply(301, location="/new"), "/new": reply(304)})
        with pytest.raises(Unchanged) as unchanged:
            await fetcher.get(feed(site.url(), etag='"e"'))

    assert unchanged.value.moved_to == site.url("/new")


@pytest.mark.parametrize(
    "location",
    ["", " ", "/", "http://[::1", "file:///etc/passwd", "http://10.0.0.1/", "http://u:p@x.example/"],
)
async def test_a_redirect_to_nowhere_is_an_error(location: str) -> None:
    async with Site({"/": reply(301, location=location)}) as site, fetching() as fetcher:
        with pytest.raises((TemporaryFetchError, ForbiddenAddress)) as raised:
            await fetcher.get(feed(site.url()))

    assert str(raised.value).startswith(f"{site.address} redirects")
    assert len(site.seen) == 1


async def test_circles_and_long_chains_end_after_five_hops() -> None:
    async with Site() as site, fetching() as fetcher:
        site.routes.update({"/a": reply(302, location="/b"), "/b": reply(302, location="/a")})
        with pytest.raises(TemporaryFetchError, match="in a circle"):
            await fetcher.get(feed(site.url("/a")))
        assert site.paths == ["/a", "/b"]

        site.seen.clear()
        site.routes.update({f"/{n}": reply(302, location=f"/{n + 1}") for n in range(20)})
        with pytest.raises(TemporaryFetchError, match="more than 5 times"):
            await fetcher.get(feed(site.url("/0")))
        assert len(site.seen) == 6


async def test_credentials_and_own_headers_stay_with_their_host() -> None:
    async with Site() as other, Site() as site, fetching() as fetcher:
        site.routes.update({"/": reply(302, location="/in"), "/in": reply(302, location=other.url("/out"))})
        other.routes["/out"] = reply(200, b"x")
        await fetcher.get(feed(site.url(), auth=Secret("Bearer t"), headers=(("X-Key", "k"),)))

    assert [seen.header("Authorization") for seen in site.seen] == ["Bearer t", "Bearer t"]
    assert other.seen[0].header("Authorization") is None
    assert other.seen[0].header("X-Key") is None


# -- TLS -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, *names: str, **more: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **more).configure_cert(context)  # type: ignore[arg-type]  # test shorthand
    return context


def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_certificates_are_verified(authority: trustme.CA) -> None:
    tls = server_side(authority, "news.example.org")
    expired = server_side(authority, "news.example.org", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    async with Site({"/": reply(body=b"x")}, tls=tls) as site, Site(tls=expired) as old:
        names = Names(news_example_org=[site.address], other_example_org=[site.address])
        async with fetching(names=names) as fetcher:
            with pytest.raises(
                TemporaryFetchError, match=r"certificate of news\.example\.org is not accepted: .*issuer"
            ):
                await fetcher.get(feed(site.url(host="news.example.org")))
        async with fetching(names=names, tls=client_side(authority)) as fetcher:
            assert (await fetcher.get(feed(site.url(host="news.example.org")))).body == b"x"
            with pytest.raises(TemporaryFetchError, match=r"not valid for 'other\.example\.org'"):
                await fetcher.get(feed(site.url(host="other.example.org")))
        async with fetching(
            names=Names(news_example_org=[old.address]), tls=client_side(authority)
        ) as fetcher:
            with pytest.raises(TemporaryFetchError, match="expired"):
                await fetcher.get(feed(old.url(host="news.example.org")))
    assert len(site.seen) == 1


async def test_a_move_that_drops_https_is_followed_once_and_not_adopted(authority: trustme.CA) -> None:
    async with Site({"/": reply(body=b"plain")}) as plain:
        moved = {"/": reply(301, location=plain.url())}
        async with Site(moved, tls=server_side(authority, "safe.example.org")) as safe:
            names = Names(safe_example_org=[safe.address])
            async with fetching(names=names, tls=client_side(authority)) as fetcher:
                fetched = await fetcher.get(feed(safe.url(host="safe.example.org")))

    assert fetched.body == b"plain"
    assert fetched.moved_to is None
    assert fetched.move_refused == plain.url()


async def test_plain_http_behind_a_tls_port_is_a_clear_error() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.5.1", 0)
    async with server, fetching() as fetcher:
        with pytest.raises(TemporaryFetchError, match=r"no TLS with 127\.0\.5\.1"):
            await fetcher.get(feed(f"https://127.0.5.1:{server.sockets[0].getsockname()[1]}/"))


# -- addresses -------------------------------------------------------------------------------------


async def test_a_name_that_leads_inside_is_never_connected_to() -> None:
    async with Site() as site:
        async with fetching(
            allow=("192.168.0.0/16",), names=Names(inside_example_org=[site.address])
        ) as fetcher:
            with pytest.raises(
                ForbiddenAddress, match=r"inside\.example\.org does not lead to a public address"
            ):
                await fetcher.get(feed(site.url(host="inside.example.org")))
        async with fetching(allow=("192.168.0.0/16",)) as fetcher:
            for host in ("localhost", "0x7f.1", "127.1", site.address):
                with pytest.raises(ForbiddenAddress):
                    await fetcher.get(feed(site.url(host=host)))

    assert site.connections == 0


async def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    """The address that is connected to is the address that was judged: a second answer is judged again."""
    async with Site({"/": reply(302, location="/again")}) as good, Site() as secret:
        names = Names(rebind_example_org=[good.address, secret.address])
        async with fetching(allow=(f"{good.address}/32",), names=names) as fetcher:
            fetcher._session.connector._use_dns_cache = False  # type: ignore[union-attr]  # ask again
            with pytest.raises((ForbiddenAddress, TemporaryFetchError)):
                await fetcher.get(feed(good.url(host="rebind.example.org")))

    assert len(names.asked) == 2
    assert secret.connections == 0


async def test_a_redirect_to_a_private_name_or_address_is_refused() -> None:
    async with Site() as secret, Site() as site:
        names = Names(inside_example_org=[secret.address])
        async with fetching(allow=(f"{site.address}/32",), names=names) as fetcher:
            for location in (secret.url(), secret.url(host="inside.example.org")):
                site.routes["/"] = reply(301, location=location)
                with pytest.raises(ForbiddenAddress):
                    await fetcher.get(feed(site.url()))

    assert secret.connections == 0


# -- limits and broken servers ---------------------------------------------------------------------


async def test_a_packed_bomb_and_an_endless_body_are_dropped() -> None:
    async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(bytes(10_000))
            await writer.drain()

    bomb = reply(body=gzip.compress(bytes(50_000_000)), content_encoding="gzip")
    async with Site({"/bomb": bomb, "/endless": endless}) as site, fetching() as fetcher:
        for path in ("/bomb", "/endless"):
            with pytest.raises(TooLarge, match="more than"):
                await fetcher.get(feed(site.url(path)))


async def test_packed_feeds_are_unpacked_whether_the_header_says_so_or_not() -> None:
    packed = gzip.compress(b"<rss/>")
    async with Site() as site, fetching() as fetcher:
        site.routes.update(
            {"/said": reply(body=packed, content_encoding="gzip"), "/file.gz": reply(body=packed)}
        )
        for path in site.routes:
            assert (await fetcher.get(feed(site.url(path)))).body == b"<rss/>"


async def test_dripping_stalling_and_silent_servers_end_at_the_time_limit() -> None:
    """400 ms here for the whole answer, however alive each read looks, and for all hops together."""

    async def drip(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def stall(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def hop(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.25)
        writer.write(reply(302, location=seen.path + "x"))
        await writer.drain()

    routes = {"/drip": drip, "/stall": stall, "/hop": hop, "/hopx": hop, "/hopxx": hop}
    async with Site(dict(routes)) as site, fetching(limits=HASTY) as fetcher:
        for path in ("/drip", "/stall", "/hop"):
            with pytest.raises(TemporaryFetchError, match=r"does not finish its answer within 0\.4 s"):
                await fetcher.get(feed(site.url(path)))


@pytest.mark.parametrize(
    ("raw", "kind", "says"),
    [
        (b"", TemporaryFetchError, "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", TemporaryFetchError, "broke off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", TemporaryFetchError, "no valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", TooLarge, "headers"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: aaaaaaaaaa\r\n" * 900 + b"\r\n", TooLarge, "headers"),
        (b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"a" * 1000 + b"\r\n") * 10 + b"\r\n", TooLarge, "headers"),
    ],
)
async def test_broken_answers_are_told_in_words(raw: bytes, kind: type[CrawlError], says: str) -> None:
    async with Site({"/": raw}) as site, fetching() as fetcher:
        with pytest.raises(kind, match=says) as raised:
            await fetcher.get(feed(site.url()))

    assert str(raised.value).startswith(site.address)


async def test_no_server_and_no_name_are_told_apart() -> None:
    async with Site() as site:
        gone = site.url()
    async with fetching(names=Names()) as fetcher:
        with pytest.raises(TemporaryFetchError, match="refused the connection"):
            await fetcher.get(feed(gone))
        with pytest.raises(TemporaryFetchError, match=r"the name nowhere\.example\.org does not resolve"):
            await fetcher.get(feed("http://nowhere.example.org/?token=abc"))


async def test_each_limit_is_the_one_that_is_set() -> None:
    """Size, ratio, redirects and header bytes are the operator's to choose."""
    body = bytes(2_000_000)
    long = {f"x_{n}": "y" * 1000 for n in range(12)}
    async with Site({"/big": reply(body=body), "/head": reply(body=b"x", **long)}) as site:
        site.routes["/packed"] = reply(body=gzip.compress(body), content_encoding="gzip")
        site.routes.update({f"/{n}": reply(302, location=f"/{n + 1}") for n in range(8)})
        site.routes["/8"] = reply(body=b"x")
        requests = [feed(site.url(path)) for path in ("/big", "/packed", "/0", "/head")]
        wide = Limits(body=3_000_000, ratio=10_000, hops=8, headers=16 * 1024)
        async with fetching(limits=wide) as fetcher:
            sizes = [len((await fetcher.get(one)).body) for one in requests]
        assert sizes == [2_000_000, 2_000_000, 1, 1]
        narrow = Limits(body=1_500_000, ratio=10, hops=7, headers=8 * 1024)
        told = []
        async with fetching(limits=narrow) as fetcher:
            for one in requests:
                with pytest.raises(CrawlError) as refused:
                    await fetcher.get(one)
                told.append(str(refused.value).removeprefix(f"{site.address} "))
    assert told == [
        "sends more than 1500 kB",
        "sends a body that unpacks to more than 10 times its size",
        "redirects more than 7 times",
        "sends headers of more than 8 KiB",
    ]


async def test_the_time_to_connect_covers_the_name_and_the_handshake() -> None:
    """A name server that is silent, and a host that never answers the handshake, are given up alike."""

    class Silent(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            await asyncio.sleep(60)
            return []

    limits = Limits(connect=timedelta(seconds=0.2))
    with socket.create_server(("127.0.0.1", 0)) as nobody_accepts:
        async with fetching(limits=limits) as fetcher:
            with pytest.raises(TemporaryFetchError, match=r"accepts no connection within 0\.2 s"):
                await fetcher.get(feed(f"https://127.0.0.1:{nobody_accepts.getsockname()[1]}/"))
    async with fetching(limits=limits, names=Silent()) as fetcher:
        with pytest.raises(TemporaryFetchError, match=r"accepts no connection within 0\.2 s"):
            await fetcher.get(feed("http://slow.example.org/"))


async def test_ports_of_public_addresses_are_those_that_are_set() -> None:
    """The port is judged before anybody is asked; on allowed networks any will do."""
    async with fetching(allow=(), limits=Limits(ports=frozenset({443}))) as fetcher:
        for url in ("http://example.org/", "https://example.org:8443/", "http://8.8.8.8/"):
            with pytest.raises(ForbiddenAddress, match="may not be asked"):
                await fetcher.get(feed(url))


async def test_a_fetcher_outside_its_context_is_a_bug() -> None:
    fetcher = HttpFetcher(
        guard=AddressGuard(["127.0.0.0/8"]), gate=HostGate(), user_agent=AGENT, clock=SetClock(NOW)
    )
    with pytest.raises(RuntimeError):
        await fetcher.get(feed("http://127.0.0.1/"))


# -- robots and turns ------------------------------------------------------------------------------


def page(url: str) -> Request:
    return Request(url=url, purpose=Purpose.PAGE)


async def test_pages_obey_robots_txt_and_feeds_do_not_ask() -> None:
    rules = b"User-agent: *\nDisallow: /private\nCrawl-delay: 9"
    time = SetMonotonic()
    gate = HostGate(timedelta(seconds=1), monotonic=time.now, sleep=time.sleep)
    async with Site({"/robots.txt": reply(body=rules), "/a": reply(body=b"a")}) as site:
        async with fetching(gate=gate) as fetcher:
            await fetcher.get(feed(site.url("/a")))
            assert site.paths == ["/a"]
            await fetcher.get(page(site.url("/a")))
            with pytest.raises(BlockedError, match=r"robots\.txt"):
                await fetcher.get(page(site.url("/private/1")))
            site.routes["/a"] = reply(302, location="/private/2")
            with pytest.raises(BlockedError, match=r"robots\.txt"):
                await fetcher.get(page(site.url("/a")))

    assert site.paths == ["/a", "/robots.txt", "/a", "/a"]
    assert time.slept == [1.0, 1.0, 9.0]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_no_page_is_read_while_robots_txt_is_unreachable(status: int) -> None:
    async with Site({"/robots.txt": reply(status), "/a": reply(body=b"a")}) as site, fetching() as fetcher:
        for _ in range(2):
            with pytest.raises(TemporaryFetchError, match=r"robots\.txt"):
                await fetcher.get(page(site.url("/a")))

    assert site.paths == ["/robots.txt"]


async def test_a_huge_robots_txt_is_read_up_to_its_limit() -> None:
    rules = b"User-agent: *\nDisallow: /private\n" + b"# filler\n" * 100_000 + b"Disallow: /late\n"
    limits = Limits(total=timedelta(seconds=5))
    async with Site({"/robots.txt": reply(body=rules), "/late": reply(body=b"a")}) as site:
        async with fetching(limits=limits) as fetcher:
            assert (await fetcher.get(page(site.url("/late")))).body == b"a"
            with pytest.raises(BlockedError):
                await fetcher.get(page(site.url("/private")))


@pytest.mark.parametrize("reset", [False, True])
async def test_a_server_that_breaks_off_without_an_answer_is_not_asked_again_at_once(reset: bool) -> None:
    """By the library's habit it would be: twice within a moment, at each poll."""

    async def no_answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async with Site({"/": no_answer}) as site, fetching() as fetcher:
        with pytest.raises(TemporaryFetchError, match=r"closed the connection|broke: .*reset"):
            await fetcher.get(feed(site.url()))

    assert len(site.seen) == 1


async def test_an_idle_connection_that_the_server_gave_up_costs_no_poll() -> None:
    """The second request over it is sent again over one of its own."""
    asked = 0

    async def once_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            asked += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(once_each, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with fetching() as fetcher:
        for _ in range(2):
            assert (await fetcher.get(feed(url))).body == b"x"
    server.close()
    await server.wait_closed()

    assert asked == 2


async def test_a_round_of_many_hosts_holds_few_idle_connections() -> None:
    """Those to the hosts that were asked last are kept and used again, the others are closed."""
    made: list[str] = []
    open_now: set[asyncio.StreamWriter] = set()

    async def keep_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(writer.get_extra_info("sockname")[0])
        open_now.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        open_now.remove(writer)
        writer.close()

    async with await asyncio.start_server(keep_open, "0.0.0.0", 0) as server, fetching() as fetcher:
        port = server.sockets[0].getsockname()[1]
        hosts = [f"127.2.0.{number}" for number in range(1, IDLE + 31)]
        for host in (*hosts, hosts[-1], hosts[31], hosts[0]):
            assert (await fetcher.get(feed(f"http://{host}:{port}/"))).body == b"x"
        held = len(open_now)

    assert held <= IDLE + 1  # one may not have been told yet that it is closed
    assert made == [*hosts, hosts[0]]


async def test_small_limits_open_no_door_past_robots_txt() -> None:
    """A robots.txt over the size limit, or behind more redirects than are followed elsewhere, is read all the same."""
    rules = b"User-agent: *\nDisallow: /private\n" + b"# filler\n" * 20_000
    limits = Limits(body=100_000, hops=0)
    async with Site({f"/{n}": reply(301, location=f"/{n + 1}") for n in range(1, 5)}) as site:
        site.routes.update({"/robots.txt": reply(301, location="/1"), "/5": reply(body=rules)})
        async with fetching(limits=limits) as fetcher:
            with pytest.raises(BlockedError):
                await fetcher.get(page(site.url("/private")))


async def test_waiting_for_the_turn_does_not_count_as_slowness() -> None:
    """Forty pages of one host are spaced over forty seconds; none of them times out by that."""
    time = SetMonotonic()
    gate = HostGate(timedelta(seconds=5), monotonic=time.now, sleep=time.sleep)
    async with Site({"/": reply(body=b"x")}) as site, fetching(gate=gate) as fetcher:
        await asyncio.gather(*(fetcher.get(feed(site.url())) for _ in range(5)))

    assert time.slept == [5.0] * 4


async def test_a_304_with_a_body_is_unchanged_and_spoils_no_later_answer() -> None:
    """Some servers send a page with their 304 over a connection that stays open."""

    async def careless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            status = b"304 Not Modified" if b"If-None-Match" in head else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\n\r\nbody")
            await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await careless(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.6.1", 0)
    url = f"http://127.0.6.1:{server.sockets[0].getsockname()[1]}/"
    async with server, fetching() as fetcher:
        for _ in range(3):
            with pytest.raises(Unchanged):
                await fetcher.get(feed(url, etag='W/"5f1c-gzip"'))
            assert (await fetcher.get(feed(url))).body == b"body"
