"""The polite, guarded GET: conditional requests, our own policy on moves, typed outcomes."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self
from urllib.parse import urljoin

from aiohttp import ClientResponse, ClientSession
from aiohttp.abc import AbstractResolver

from crawler.errors import Cause, CrawlError, ForbiddenAddress, HostHeld, TemporaryFetchError, Unchanged
from crawler.net import answers
from crawler.net.failures import EXPECTED, explain
from crawler.net.guard import AddressGuard, Target
from crawler.net.hosts import Gate
from crawler.net.limits import ACCEPT_ENCODING, Limits, gunzip, read_body
from crawler.net.robots import MAX_BODY, MAX_HOPS, Robots, TooManyRedirects
from crawler.net.session import open_session
from crawler.records import Fetched, Purpose, Request

if TYPE_CHECKING:
    from crawler.ports import Clock, RobotsStore

ACCEPT = {
    Purpose.FEED: (
        "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
        "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
    ),
    Purpose.PAGE: "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
    Purpose.ROBOTS: "text/plain, */*;q=0.1",
}
# Ours to set: they steer the connection, the decoding and the conditional request.
_RESERVED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "if-modified-since",
        "if-none-match",
        "proxy-authorization",
        "range",
        "referer",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One hop's answer: the body is read for a 2xx only."""

    status: int
    headers: tuple[tuple[str, str], ...]
    etag: str | None
    last_modified: str | None
    body: bytes


class HttpFetcher:
    """Implements `crawler.ports.Fetcher` over one guarded session; an async context manager.

    Args:
        user_agent: sent with every request: name, version and how to reach the operator.
        robots: whether pages (never feeds) obey robots.txt.
        memory: where robots.txt files are kept over a restart; None: nowhere.
        tls: how certificates are verified; None: by the system's authorities.
        resolver: names to addresses; None: the system's.
    """

    def __init__(
        self,
        *,
        guard: AddressGuard,
        gate: Gate,
        user_agent: str,
        clock: Clock,
        limits: Limits | None = None,
        robots: bool = True,
        memory: RobotsStore | None = None,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._guard = guard
        self._gate = gate
        self._limits = limits or Limits()
        # A robots.txt that is too large or too far away allows everything: small limits must not bring that about.
        self._robots_limits = replace(
            self._limits, body=max(self._limits.body, 2 * MAX_BODY), hops=max(self._limits.hops, MAX_HOPS)
        )
        self._user_agent = user_agent
        self._clock = clock
        self._tls = tls
        self._resolver = resolver
        self._session: ClientSession | None = None
        token = re.split(r"[/\s]", user_agent, maxsplit=1)[0]
        self._robots = Robots(self._load_robots, agent=token, clock=clock, store=memory) if robots else None

    async def __aenter__(self) -> Self:
        self._session = open_session(self._guard, self._limits, tls=self._tls, resolver=self._resolver)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, request: Request) -> Fetched:
        """See `crawler.ports.Fetcher.get`. Waiting for the host's turn does not count against the time limit."""
        start = target = self._guard.target(request.url)
        limits = self._robots_limits if request.purpose is Purpose.ROBOTS else self._limits
        budget = _Budget(limits.total)
        seen = {str(start.url)}
        move = _Move()
        while True:
            await self._check_hold(target.host)
            if request.purpose is Purpose.PAGE and self._robots is not None:
                await self._robots.check(target, self._gate.slow)
            answer = await self._ask(request, target, start, budget, limits)
            if answer.status not in answers.MOVES:
                break
            after = self._follow(answer, target)
            move.step(answer.status, target, after)
            if str(after.url) in seen:
                raise TooManyRedirects(f"{start.host} redirects in a circle", status=answer.status)
            if len(seen) > limits.hops:
                raise TooManyRedirects(
                    f"{start.host} redirects more than {limits.hops} times",
                    cause=Cause.HOPS,
                    status=answer.status,
                )
            seen.add(str(after.url))
            target = after

        if answer.status == 304:
            self._unchanged(request, answer, target, move.adopted)
        await self._raise_trouble(answer, target)
        return Fetched(
            url=str(target.url) if len(seen) > 1 else request.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            moved_to=move.adopted,
            move_refused=move.refused,
            etag=answer.etag,
            last_modified=answer.last_modified,
            content_type=answers.header(answer.headers, "content-type"),
            fresh_for=answers.fresh_for(answer.headers, self._clock.now()),
        )

    async def _load_robots(self, url: str) -> bytes:
        return (await self.get(Request(url=url, purpose=Purpose.ROBOTS))).body

    async def _check_hold(self, host: str) -> None:
        held = await self._gate.held(host)
        if held > timedelta(0):
            raise HostHeld.by(host, now=self._clock.now(), wait=held)

    async def _ask(
        self, request: Request, target: Target, start: Target, budget: _Budget, limits: Limits
    ) -> _Answer:
        """One GET at the host's turn, without following anything."""
        if self._session is None:
            raise RuntimeError("HttpFetcher is used outside of `async with`")
        headers = self._headers(request, trusted=_same_site(start, target))
        async with self._gate.turn(target.host):
            await self._check_hold(target.host)  # one that had its turn before may have been told to wait
            try:
                async with (
                    budget.running(),
                    self._session.get(target.url, headers=headers, allow_redirects=False) as response,
                ):
                    return await self._read(response, request, target, limits)
            except EXPECTED as error:
                raise explain(error, host=target.host, connect=limits.connect, total=limits.total) from error

    async def _read(
        self, response: ClientResponse, request: Request, target: Target, limits: Limits
    ) -> _Answer:
        raw = response.raw_headers
        limits.check_headers(raw, host=target.host)
        headers = tuple((_text(name).lower(), _text(value)) for name, value in raw)
        body = b""
        if 200 <= response.status < 300:
            body = await read_body(
                response.content.iter_any(),
                encodings=answers.every(headers, "content-encoding"),
                limits=limits,
                host=target.host,
                cut=MAX_BODY if request.purpose is Purpose.ROBOTS else None,
            )
            if request.purpose is Purpose.FEED:  # feeds are sometimes stored packed and served as they are
                body = gunzip(body, limits=limits, host=target.host)
        return _Answer(
            status=response.status,
            headers=headers,
            etag=answers.validator(raw, "etag"),
            last_modified=answers.validator(raw, "last-modified"),
            body=body,
        )

    def _headers(self, request: Request, *, trusted: bool) -> dict[str, str]:
        """Header lines of a hop; the source's own ones and its credentials only for its own host."""
        headers = {
            "User-Agent": self._user_agent,
            "Accept": ACCEPT[request.purpose],
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if trusted:
            by_name = {name.lower(): name for name in headers}
            for name, value in request.headers:
                if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                    raise ForbiddenAddress(f"the header {name[:40]!r} of the source cannot be sent")
                if name.lower() not in _RESERVED:
                    headers[by_name.get(name.lower(), name)] = value
            if request.auth is not None:
                headers["Authorization"] = request.auth.reveal().strip()
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        return headers

    def _follow(self, answer: _Answer, target: Target) -> Target:
        location = (answers.header(answer.headers, "location") or "").strip()
        if not location:
            raise TemporaryFetchError(
                f"{target.host} redirects ({answer.status}) without saying where to",
                cause=Cause.REDIRECTS,
                status=answer.status,
            )
        try:
            return self._guard.target(urljoin(str(target.url), location))
        except (ForbiddenAddress, ValueError) as error:
            refused = error if isinstance(error, ForbiddenAddress) else ForbiddenAddress("it is no address")
            told = f"{target.host} redirects to what may not be asked: {refused}"
            raise ForbiddenAddress(told, cause=refused.cause) from error

    def _unchanged(self, request: Request, answer: _Answer, target: Target, moved_to: str | None) -> NoReturn:
        if not (request.etag or request.last_modified):
            raise TemporaryFetchError(
                f"{target.host} answers 304 (not modified) to an unconditional request",
                cause=Cause.STATUS,
                status=304,
            )
        raise Unchanged(
            etag=answer.etag,
            last_modified=answer.last_modified,
            fresh_for=answers.fresh_for(answer.headers, self._clock.now()),
            moved_to=moved_to,
        )

    async def _raise_trouble(self, answer: _Answer, target: Target) -> None:
        now = self._clock.now()
        problem: CrawlError | None = answers.trouble(answer.status, answer.headers, host=target.host, now=now)
        if problem is None and not (200 <= answer.status < 300 and answer.status != 206):
            problem = TemporaryFetchError(
                f"{target.host} answers {answer.status}, which was not asked for",
                cause=Cause.STATUS,
                status=answer.status,
            )
        if problem is None:
            return
        wait = answers.host_wait(answer.status, answer.headers, now)
        if wait is not None:
            await self._gate.hold(target.host, wait)
        raise problem


class _Move:
    """Which address a chain of redirects gives for good: the target of its first hops, as long as they are permanent.

    What a temporary hop leads to is another day's business, and no move is adopted that gives up https.
    """

    def __init__(self) -> None:
        self._ended = False
        self.adopted: str | None = None
        self.refused: str | None = None

    def step(self, status: int, before: Target, after: Target) -> None:
        """One more hop."""
        self._ended = self._ended or status not in answers.PERMANENT
        if self._ended:
            return
        if self.refused is not None or (before.scheme == "https" and after.scheme == "http"):
            self.adopted, self.refused = None, str(after.url)
        else:
            self.adopted = str(after.url)


class _Budget:
    """The time that all hops together may spend on the network."""

    def __init__(self, total: timedelta) -> None:
        self._left = total.total_seconds()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Stops its block with `TimeoutError` when the budget is used up."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, self._left)):
                yield
        finally:
            self._left -= time.monotonic() - began


def _same_site(start: Target, target: Target) -> bool:
    """Same host and port, or the same host that went from plain http to https on the usual ports."""
    if start.origin == target.origin:
        return True
    upgraded = (start.scheme, start.port, target.scheme, target.port) == ("http", 80, "https", 443)
    return upgraded and start.host == target.host


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
