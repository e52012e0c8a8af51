"""The newsroom: nine outlets served on loopback, each at its own address, by a clock it is handed."""

from __future__ import annotations

import errno
import gzip
import hashlib
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from crawler.ports import Clock
from tidings.demo.clock import Timeline
from tidings.demo.edition import Edition, edition, path_of, status_of
from tidings.demo.feeds import document
from tidings.demo.outlets import OUTLETS, Form, Outlet
from tidings.demo.pages import article_page, front_page, listing_page
from tidings.demo.papers import days_page, papers_page
from tidings.demo.script import Piece, pieces

ROBOTS = "User-agent: *\nDisallow: /members/\nDisallow: /account/\n"
_FRESH = 600  # seconds of the script for which a feed may be kept
_TRIES = 20  # ports tried until one is free on all addresses


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is there at a path: a body with the moment of its last change."""

    body: bytes
    content_type: str
    changed: datetime | None = None
    fresh: int | None = None  # seconds


class Newsroom:
    """Serves the script as far as the clock has come.

    Every outlet listens on its own address of 127.0.0.0/8 and all on one port. Where the system routes
    127.0.0.1 alone, all share it and each has a port of its own.
    """

    def __init__(
        self,
        clock: Clock,
        timeline: Timeline | None = None,
        *,
        outlets: Sequence[Outlet] = OUTLETS,
        script: Sequence[Piece] | None = None,
    ) -> None:
        self.clock = clock
        self.timeline = timeline if timeline is not None else Timeline()
        self.outlets = tuple(outlets)
        self.script = tuple(script) if script is not None else pieces()
        self.answers: Counter[tuple[str, int]] = Counter()  # (outlet id, HTTP status) → how many
        self._bases: dict[str, str] = {}
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: no port could be had.
        """
        sockets = _sockets([outlet.host for outlet in self.outlets])
        for outlet, sock in zip(self.outlets, sockets, strict=True):
            host, port = sock.getsockname()
            self._bases[outlet.id] = f"http://{host}:{port}"
            app = web.Application()
            app.router.add_get("/{path:.*}", self._handler(outlet))
            runner = web.AppRunner(app, access_log=None)
            self._runners.append(runner)
            await runner.setup()
            await web.SockSite(runner, sock).start()

    async def stop(self) -> None:
        """Close all connections and listen no more."""
        while self._runners:
            await self._runners.pop().cleanup()
        self._bases.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def base(self, outlet_id: str) -> str:
        """The outlet's address without a path, while the newsroom is open."""
        return self._bases[outlet_id]

    def listing(self, outlet: Outlet) -> str:
        """Address of the outlet's feed, sitemap or list."""
        return self.base(outlet.id) + outlet.listing

    def url(self, slug: str) -> str:
        """Address of an article, published or not.

        Raises:
            KeyError: the script has no such article.
        """
        piece = next((one for one in self.script if one.slug == slug), None)
        outlet = next((one for one in self.outlets if piece and one.id == piece.outlet), None)
        if piece is None or outlet is None:
            raise KeyError(slug)
        return self.base(outlet.id) + path_of(outlet, piece)

    def edition(self, outlet: Outlet) -> Edition:
        """What the outlet shows now."""
        return edition(
            outlet, self.script, base=self.base(outlet.id), timeline=self.timeline, now=self.clock.now()
        )

    # -- answering ---------------------------------------------------------------------------------

    def _handler(self, outlet: Outlet) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            response = self._respond(outlet, request)
            response.headers["Date"] = _http_date(self.clock.now())
            self.answers[outlet.id, response.status] += 1
            return response

        return handle

    def _respond(self, outlet: Outlet, request: web.Request) -> web.Response:
        status = status_of(outlet, self.timeline, self.clock.now())
        if status != 200:
            return web.Response(status=status, text=f"{outlet.name} is out of order\n")
        answer = self._find(outlet, request.path)
        if answer is None:
            return web.Response(status=404, text="There is no such page.\n")
        return _conditional(answer, request, weak=outlet.weak_etag)

    def _find(self, outlet: Outlet, path: str) -> _Answer | None:
        if path == "/robots.txt":
            return _Answer(ROBOTS.encode(), "text/plain; charset=utf-8")
        shown = self.edition(outlet)
        html = f"text/html; charset={outlet.encoding}"
        if path == outlet.listing:
            fresh = self.timeline.seconds(_FRESH)
            if outlet.form is Form.LISTING:
                return _Answer(listing_page(shown).encode(outlet.encoding), html, shown.changed)
            if outlet.form is Form.SPIDER:
                return _Answer(days_page(shown).encode(outlet.encoding), html, shown.changed)
            body, content_type = document(shown, self.clock.now())
            return _Answer(body, content_type, shown.changed, fresh)
        if path == "/":
            return _Answer(front_page(shown).encode(outlet.encoding), html)
        if outlet.form is Form.SPIDER and (papers := papers_page(shown, path)) is not None:
            return _Answer(papers.encode(outlet.encoding), html, shown.changed)
        article = next((one for one in shown.articles if one.url.removeprefix(shown.base) == path), None)
        if article is None:
            return None
        page = article_page(shown, article).encode(outlet.encoding, "xmlcharrefreplace")
        return _Answer(page, html, article.updated)


def _conditional(answer: _Answer, request: web.Request, *, weak: bool) -> web.Response:
    """200 with validators, or 304 when the reader has this already; If-None-Match goes before the date."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:20]}"'
    headers = {"ETag": f"W/{tag}" if weak else tag, "Vary": "Accept-Encoding"}
    if answer.changed is not None:
        headers["Last-Modified"] = _http_date(answer.changed)
    headers["Cache-Control"] = f"max-age={answer.fresh}" if answer.fresh else "no-cache"
    asked = request.headers.get("If-None-Match")
    if asked is not None:
        unchanged = tag in (part.strip().removeprefix("W/") for part in asked.split(","))
    else:
        unchanged = _not_modified_since(answer.changed, request.headers.get("If-Modified-Since"))
    if unchanged:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = answer.content_type
    body = answer.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    return web.Response(body=body, headers=headers)


def _not_modified_since(changed: datetime | None, asked: str | None) -> bool:
    if changed is None or asked is None:
        return False
    with suppress(ValueError):
        return changed <= parsedate_to_datetime(asked)
    return False


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _sockets(hosts: Sequence[str]) -> list[socket.socket]:
    """One bound socket a host, all on one port; on 127.0.0.1 with ports of their own where others are not routed."""
    for attempt in range(_TRIES):
        opened: list[socket.socket] = []
        try:
            for host in hosts:
                port = opened[0].getsockname()[1] if opened else 0
                opened.append(_bound(host, port))
        except OSError as error:
            for sock in opened:
                sock.close()
            if error.errno == errno.EADDRNOTAVAIL:
                return [_bound("127.0.0.1", 0) for _ in hosts]
            if error.errno != errno.EADDRINUSE or attempt == _TRIES - 1:
                raise
        else:
            return opened
    raise AssertionError("unreachable: the last attempt returns or raises")


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
