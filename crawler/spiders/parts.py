"""What a page may ask for while a browser plays it, and its answers from our own fetcher."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import Enum, auto

from crawler.errors import CrawlError
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard, Target, is_shared_name, parse
from crawler.net.hosts import Gate
from crawler.net.limits import Limits
from crawler.records import Purpose, Request, Source
from crawler.spiders.showing import Asked, Given

MAX_PARTS = 100  # requests of one page
MAX_BYTES = 32 * 1024 * 1024  # decoded, of all of them

_TOLD = 3  # failures of one page that are told
_KEPT_BYTES = 16 * 1024 * 1024  # of scripts kept for the next page of a site
_KEPT_FOR = 600.0  # seconds at most, whatever longer time the server allows

# Header lines of a page's request that are not sent on: ours to set, or about a browser that we are not.
_UNSENT = frozenset(
    {
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-type",
        "cookie",
        "dnt",
        "host",
        "origin",
        "pragma",
        "priority",
        "purpose",
        "referer",
        "upgrade-insecure-requests",
        "user-agent",
    }
)
# Header lines of an answer that the browser does not get: about a body that is unpacked by now, or a wish to
# keep something or to ask for more.
_UNGIVEN = frozenset(
    {
        "alt-svc",
        "clear-site-data",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-length",
        "keep-alive",
        "link",
        "nel",
        "refresh",
        "report-to",
        "reporting-endpoints",
        "set-cookie",
        "speculation-rules",
        "strict-transport-security",
        "transfer-encoding",
        "x-frame-options",
    }
)


class Verdict(Enum):
    """What becomes of a page's request."""

    ASK = auto()
    EMPTY = auto()  # answered with nothing, so that a script that waits for it goes on
    REFUSE = auto()


def verdict(asked: Asked) -> Verdict:
    """Scripts and data are read; what is only to be looked at, other documents and everything that sends is not."""
    if asked.method != "GET":
        return Verdict.REFUSE
    if asked.kind in ("script", "xhr", "fetch"):
        return Verdict.ASK
    return Verdict.EMPTY if asked.kind == "stylesheet" else Verdict.REFUSE


def reach(document: Target, guard: AddressGuard, limits: Limits) -> AddressGuard:
    """Whom the page at `document` may ask: one of a public name never asks our own network, though the operator
    lets sources ask there."""
    return AddressGuard((), ports=limits.ports) if is_shared_name(document.host) else guard


class Turnstile:
    """A gate that counts who waits at it."""

    def __init__(self, gate: Gate) -> None:
        self.waiting = 0
        self._gate = gate

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """See `Gate.turn`."""
        self.waiting += 1
        let_in = False
        try:
            async with self._gate.turn(host):
                self.waiting -= 1
                let_in = True
                yield
        finally:
            if not let_in:
                self.waiting -= 1

    def slow(self, host: str, delay: timedelta) -> None:
        """See `Gate.slow`."""
        self._gate.slow(host, delay)

    async def hold(self, host: str, wait: timedelta) -> None:
        """See `Gate.hold`."""
        await self._gate.hold(host, wait)

    async def held(self, host: str) -> timedelta:
        """See `Gate.held`."""
        return await self._gate.held(host)


class ScriptShelf:
    """Scripts that their servers let us keep: the pages of one site share most of theirs."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Given]] = {}  # oldest first
        self._size = 0

    def get(self, url: str) -> Given | None:
        """The script, while it is fresh."""
        until, given = self._kept.get(url, (0.0, None))
        return given if until > time.monotonic() else None

    def put(self, url: str, given: Given, fresh_for: timedelta | None) -> None:
        """Keep it as long as its server says."""
        if not fresh_for or len(given.body) > _KEPT_BYTES:
            return
        self._drop(url)
        seconds = min(fresh_for.total_seconds(), _KEPT_FOR)
        self._kept[url] = (time.monotonic() + seconds, given)
        self._size += len(given.body)
        while self._size > _KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, url: str) -> None:
        _, given = self._kept.pop(url, (0.0, None))
        self._size -= len(given.body) if given is not None else 0


class Parts:
    """Answers the requests of one page, each at its host's turn, past guard, robots.txt and limits.

    Implements `crawler.spiders.browser.Answers`. The source's own headers go to the page's origin only, and
    only where that is the source's.

    Args:
        turnstile: the gate that `fetcher` waits at.
        hurried: whether nobody has time for the page any more.
    """

    def __init__(
        self,
        fetcher: HttpFetcher,
        *,
        document: Target,
        source: Source,
        turnstile: Turnstile,
        shelf: ScriptShelf,
        hurried: Callable[[], bool],
    ) -> None:
        self.asked = 0  # requests made
        self.missing: list[str] = []  # what the page did not get, and why
        self._fetcher = fetcher
        self._document = document
        self._source = source
        self._turnstile = turnstile
        self._shelf = shelf
        self._hurried = hurried
        self._bytes = 0

    @property
    def waiting(self) -> int:
        """See `Answers.waiting`."""
        return self._turnstile.waiting

    @property
    def hurried(self) -> bool:
        """See `Answers.hurried`."""
        return self._hurried()

    async def answer(self, asked: Asked) -> Given | None:
        """See `Answers.answer`."""
        decided = verdict(asked)
        if decided is Verdict.EMPTY:
            return Given(headers=(("content-type", "text/css"), ("access-control-allow-origin", "*")))
        if decided is Verdict.REFUSE or self.asked >= MAX_PARTS or self._bytes >= MAX_BYTES:
            return None
        if asked.kind == "script" and (kept := self._shelf.get(asked.url)) is not None:
            return kept
        self.asked += 1
        try:
            target = parse(asked.url)
            fetched = await self._fetcher.get(self._request(asked, target))
        except CrawlError as error:
            self._tell(str(error))
            return None if error.status is None else Given(status=error.status)
        self._bytes += len(fetched.body)
        given = Given(status=fetched.status, headers=given_of_lines(fetched.headers), body=fetched.body)
        if asked.kind == "script":
            self._shelf.put(asked.url, given, fetched.fresh_for)
        return given

    def _request(self, asked: Asked, target: Target) -> Request:
        lines = dict(sendable(asked.headers))
        lines.setdefault("accept", "*/*")
        auth = None
        if target.origin == self._document.origin == _origin(self._source):
            lines.update((name.lower(), value) for name, value in self._source.headers)
            auth = self._source.auth
        return Request(url=asked.url, purpose=Purpose.PAGE, headers=tuple(lines.items()), auth=auth)

    def _tell(self, told: str) -> None:
        if told not in self.missing and len(self.missing) < _TOLD:
            self.missing.append(told)


def sendable(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Header lines of a page's request that are sent on."""
    return tuple(
        (name, value)
        for name, value in headers
        if name not in _UNSENT and not name.startswith(("sec-", "proxy-", "if-"))
    )


def given_of_lines(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Header lines of a server's answer that the browser gets."""
    return tuple((name, value) for name, value in headers if name not in _UNGIVEN)


def _origin(source: Source) -> tuple[str, str, int] | None:
    try:
        return parse(source.url).origin
    except CrawlError:
        return None
