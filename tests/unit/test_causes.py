"""Every failure says its cause where it is made, and the cause is remembered until an answer is good."""

from __future__ import annotations

import ast
import errno
import gzip
import pickle
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from crawler import poll_state
from crawler.errors import (
    BlockedError,
    Cause,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    HostHeld,
    NotAFeedError,
    TemporaryFetchError,
    TooLarge,
)
from crawler.feeds.parse import parse
from crawler.net import answers
from crawler.net.failures import explain
from crawler.net.guard import AddressGuard, RefusedAddress
from crawler.net.limits import Limits, gunzip, read_body
from crawler.net.robots import TooManyRedirects
from crawler.records import PollState, SourceState

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NET = Path(answers.__file__).parent


def certificate() -> Exception:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "certificate has expired"
    return error


def connector(
    error: OSError, kind: type[aiohttp.ClientConnectorError] = aiohttp.ClientConnectorError
) -> aiohttp.ClientConnectorError:
    key: Any = SimpleNamespace(host="a.example", port=443, ssl=True, is_ssl=True)
    return kind(key, error)


def unread(message: str) -> aiohttp.ClientResponseError:
    about: Any = SimpleNamespace(real_url="https://a.example/")
    return aiohttp.ClientResponseError(about, (), status=400, message=message)


FAULTS = [
    (connector(OSError("x"), aiohttp.ClientConnectorDNSError), Cause.NAME),
    (certificate(), Cause.CERTIFICATE),
    (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), Cause.TLS),
    (connector(ConnectionRefusedError(errno.ECONNREFUSED, "x")), Cause.NETWORK),
    (connector(OSError(errno.ENETUNREACH, "x")), Cause.NETWORK),
    (connector(OSError("several")), Cause.NETWORK),
    (connector(OSError(errno.EPIPE, "x")), Cause.NETWORK),
    (connector(RefusedAddress()), Cause.ADDRESS),
    (connector(RefusedAddress(Cause.PORT)), Cause.PORT),
    (aiohttp.ConnectionTimeoutError(), Cause.NETWORK),
    (TimeoutError(), Cause.SLOW),
    (aiohttp.ServerDisconnectedError(), Cause.NETWORK),
    (aiohttp.ClientPayloadError(), Cause.NETWORK),
    (unread("Got more than 8190 bytes when reading a header"), Cause.HEADERS),
    (unread("Bad status line"), Cause.BROKEN),
    (ConnectionResetError(errno.ECONNRESET, "x"), Cause.NETWORK),
    (aiohttp.ClientError(), Cause.BROKEN),
    (UnicodeError(), Cause.ADDRESS),
]


@pytest.mark.parametrize(("fault", "cause"), FAULTS)
def test_a_failed_connection_has_a_cause(fault: Exception, cause: Cause) -> None:
    """Whichever library it failed in."""
    told = explain(fault, host="a.example", connect=timedelta(seconds=10), total=timedelta(seconds=30))

    assert told.cause is cause


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, Cause.STATUS),
        (401, Cause.LOGIN),
        (403, Cause.STATUS),
        (404, Cause.MISSING),
        (410, Cause.GONE),
        (429, Cause.BUSY),
        (451, Cause.LEGAL),
        (500, Cause.BROKEN),
        (503, Cause.BROKEN),
        (599, Cause.BROKEN),
        (999, Cause.STATUS),
    ],
)
def test_a_status_has_a_cause(status: int, cause: Cause) -> None:
    """And it is that of a challenge where the host says that this is one."""
    told = answers.trouble(status, (), host="a.example", now=NOON)
    challenge = answers.trouble(status, [("cf-mitigated", "challenge")], host="a.example", now=NOON)

    assert told is not None
    assert told.cause is cause
    assert challenge is not None
    assert challenge.cause is (Cause.GONE if status == 410 else Cause.CHALLENGE)


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("http://10.0.0.1/", Cause.ADDRESS),
        ("http://127.1/", Cause.ADDRESS),
        ("http://a.example:22/", Cause.PORT),
        ("http://93.184.216.34:22/", Cause.PORT),
        ("ftp://a.example/", Cause.ADDRESS),
        ("http://u:p@a.example/", Cause.ADDRESS),
        ("http://a b/", Cause.ADDRESS),
        ("http://a.example/" + 2048 * "x", Cause.ADDRESS),
        ("http://a\x00.example/", Cause.ADDRESS),
    ],
)
def test_what_the_guard_refuses_is_a_matter_of_the_address_or_its_port(address: str, cause: Cause) -> None:
    """Only its owner can correct it, or allow it."""
    with pytest.raises(CrawlError) as refused:
        AddressGuard(()).target(address)

    assert refused.value.cause is cause


@pytest.mark.parametrize(
    ("address", "port", "cause"), [("10.0.0.1", 80, Cause.ADDRESS), ("93.184.216.34", 22, Cause.PORT)]
)
def test_a_socket_is_refused_for_its_address_or_its_port(address: str, port: int, cause: Cause) -> None:
    """A name that leads to several such addresses still fails in one way: their words are the same."""
    with pytest.raises(RefusedAddress) as refused:
        AddressGuard(()).open_socket((2, 1, 6, "", (address, port)))

    assert refused.value.cause is cause
    assert str(refused.value) == str(RefusedAddress())


LINK = "<link rel=alternate type='application/rss+xml' href='/rss'>"


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ("<html><head><title>Just a moment...</title></head></html>", Cause.CHALLENGE),
        ("<html><head><title>Before you continue</title></head></html>", Cause.CONSENT),
        (f"<html><head><title>News</title>{LINK}</head></html>", Cause.LINKED),
        ("<urlset></urlset>", Cause.SITEMAP),
        ("<sitemapindex></sitemapindex>", Cause.SITEMAP),
        ("<opml></opml>", Cause.OPML),
        ("<html><head><title>a.example answers 404; use `sitemap:`</title></head></html>", Cause.DOCUMENT),
        ("use `sources import`", Cause.DOCUMENT),
        ("{}", Cause.DOCUMENT),
        ("", Cause.DOCUMENT),
    ],
)
def test_a_document_that_is_no_feed_has_a_cause(document: str, cause: Cause) -> None:
    """Whatever words of our own it holds."""
    with pytest.raises(NotAFeedError) as refused:
        parse(document.encode(), url="https://a.example/", content_type=None)

    assert refused.value.cause is cause


async def chunks(*some: bytes) -> AsyncIterator[bytes]:
    for one in some:
        yield one


@pytest.mark.parametrize(
    ("body", "encodings", "limits", "cause"),
    [
        (b"x" * 11, [], Limits(body=10), Cause.LARGE),
        (b"x", ["lzma"], Limits(), Cause.BROKEN),
        (b"x", ["gzip, gzip, gzip"], Limits(), Cause.BROKEN),
        (b"no gzip", ["gzip"], Limits(), Cause.BROKEN),
        (b"\x1f\x8b\x08\x00", ["gzip"], Limits(), Cause.NETWORK),
    ],
)
async def test_a_body_that_is_not_taken_has_a_cause(
    body: bytes, encodings: list[str], limits: Limits, cause: Cause
) -> None:
    """Too large, or broken on its way."""
    with pytest.raises(CrawlError) as refused:
        await read_body(chunks(body), encodings=encodings, limits=limits, host="a.example")

    assert refused.value.cause is cause


def test_each_limit_of_an_answer_has_a_cause_of_its_own() -> None:
    """Since each has its own setting."""
    bomb = gzip.compress(bytes(4 << 20))
    with pytest.raises(TooLarge) as unpacked:
        gunzip(bomb, limits=Limits(ratio=10), host="a.example")
    with pytest.raises(TooLarge) as large:
        gunzip(bomb, limits=Limits(body=1 << 20, ratio=10**6), host="a.example")
    with pytest.raises(TooLarge) as headers:
        Limits(headers=10).check_headers([(b"x", b"y" * 10)], host="a.example")

    assert [one.value.cause for one in (unpacked, large, headers)] == [
        Cause.RATIO,
        Cause.LARGE,
        Cause.HEADERS,
    ]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (GoneError("x"), Cause.GONE),
        (NotAFeedError("x"), Cause.DOCUMENT),
        (NotAFeedError("x", cause=Cause.SITEMAP), Cause.SITEMAP),
        (TooLarge("x"), Cause.LARGE),
        (ForbiddenAddress("x"), Cause.ADDRESS),
        (HostHeld.by("a.example", now=NOON, wait=HOUR), Cause.HELD),
        (TooManyRedirects("x", status=301), Cause.REDIRECTS),
        (TooManyRedirects("x", cause=Cause.HOPS), Cause.HOPS),
        (BlockedError("x", cause=Cause.ROBOTS, status=403), Cause.ROBOTS),
        (TemporaryFetchError("x"), Cause.OTHER),
        (CrawlError("x"), Cause.OTHER),
    ],
)
def test_a_cause_is_that_of_the_class_unless_the_error_has_its_own(error: CrawlError, cause: Cause) -> None:
    """Also when the error comes out of a child process."""
    assert error.cause is cause
    assert pickle.loads(pickle.dumps(error)).cause is cause


def test_nothing_between_a_request_and_its_answer_fails_without_a_cause() -> None:
    """An error of a class that has several names one in the place where it is made."""
    several = {"TemporaryFetchError", "BlockedError", "CrawlError"}
    made = [
        (path.name, node.lineno, [word.arg for word in node.keywords])
        for path in sorted(NET.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in several
    ]

    assert len(made) > 10
    assert [(name, line) for name, line, words in made if "cause" not in words] == []


def test_a_cause_is_remembered_until_an_answer_is_good() -> None:
    """Of a source that is well there is none; a failure shows, also while a flood of the source is held."""
    well = PollState(source_id="times", state=SourceState.OK, since=NOON, last_success_at=NOON)

    ill = poll_state.failure(well, TemporaryFetchError("busy", cause=Cause.BUSY), NOON + HOUR)
    worse = poll_state.failure(ill, NotAFeedError("a page"), NOON + 2 * HOUR)
    again = poll_state.labelled(poll_state.good(worse, NOON + 3 * HOUR), NOON + 3 * HOUR)
    flood = poll_state.labelled(again, NOON + 4 * HOUR, flood=60)
    held = poll_state.failure(flood, TemporaryFetchError("busy", cause=Cause.BUSY), NOON + 5 * HOUR)

    assert [one.cause for one in (well, ill, worse, again)] == [None, Cause.BUSY, Cause.DOCUMENT, None]
    assert (held.state, held.failures, held.cause) == (SourceState.FAILING, 1, Cause.BUSY)


def test_a_challenge_page_blocks_like_a_refusal() -> None:
    """With status 200, too; a page that asks for consent is no feed."""
    well = PollState(source_id="times", state=SourceState.OK, since=NOON, last_success_at=NOON)
    pages = {
        "Just a moment...": SourceState.BLOCKED,
        "Attention Required! | Cloudflare": SourceState.BLOCKED,
        "Before you continue": SourceState.NOT_A_FEED,
        "Latest news": SourceState.NOT_A_FEED,
    }

    for title, label in pages.items():
        page = f"<html><head><title>{title}</title></head><body></body></html>"
        with pytest.raises(NotAFeedError) as refusal:
            parse(page.encode(), url="https://times.example/rss", content_type="text/html")
        assert poll_state.failure(well, refusal.value, NOON).state is label, title
