"""The web server of the daemon: who may ask, how much and how often; it listens only where `web.public` is set."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from functools import partial
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from crawler.ports import Clock
from tidings.settings import Settings
from tidings.settings.records import Web
from tidings.storage.engine import StorageError
from tidings.web import pages
from tidings.web.key import signing_key
from tidings.web.links import Links
from tidings.web.rates import Buckets, visitor
from tidings.web.unsubscribe import Readers, Unsubscribing

log = structlog.get_logger(__name__)

BODY = 4096  # bytes
LINE = 2048  # of the request line, and of one header
KEPT = 15.0  # seconds that an idle connection is kept
GOODBYE = 1.0  # seconds for answers that are under way when the server stops

_SAID = {
    400: ("That was no request", "Open the link of the mail again, and press the button."),
    404: ("There is nothing here", "This link leads nowhere, or not any more. A newer mail has its own."),
    405: ("That was no request", "Open the link of the mail again, and press the button."),
    408: ("That took too long", "Please try again."),
    413: ("That is too much", "This page takes one small form."),
    421: ("There is nothing here", "This server does not answer for that name."),
    429: ("Too many requests", "Please try again in a minute."),
    500: ("Something went wrong", "Please try again later."),
    503: ("Not now", "Please try again in a minute."),
}
_silent = logging.Logger("tidings.web.silent")  # aiohttp's own words hold addresses, and so tokens
_silent.addHandler(logging.NullHandler())


class CannotListen(Exception):
    """The address of `web.bind` cannot be had; the message says why."""


class Site:
    """Serves while `web.public` is set; `follow` starts, moves and stops it."""

    def __init__(self, readers: Readers, clock: Clock) -> None:
        self._readers = readers
        self._clock = clock
        self._buckets = Buckets()
        self._links: Links | None = None
        self._served: Web | None = None
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int | None:
        """Where it listens; None: it does not."""
        if self._runner is None or not self._runner.addresses:
            return None
        found: int = self._runner.addresses[0][1]
        return found

    async def follow(self, settings: Settings) -> None:
        """Serve as these settings say, from now on.

        Raises:
            CannotListen: the address is taken or not ours; nothing is served.
        """
        self._links = Links(settings, partial(signing_key, settings.state_dir))
        if settings.web != self._served:
            await self.close()
            if settings.web.public is not None:
                await self._open(settings.web, settings.web.public)
            self._served = settings.web

    async def close(self) -> None:
        """Stop listening, once answers that are under way are out."""
        runner, self._runner, self._served = self._runner, None, None
        if runner is not None:
            await runner.cleanup()

    async def _open(self, where: Web, public: str) -> None:
        known = hosts(where, public)

        @web.middleware
        async def addressed(request: web.Request, handler: Handler) -> web.StreamResponse:
            named = request.headers.getall("Host", [])
            if len(named) != 1 or named[0].lower() not in known:
                raise web.HTTPMisdirectedRequest
            return await handler(request)

        app = web.Application(client_max_size=BODY, middlewares=[_dressed, addressed, self._rated])
        unsubscribing = Unsubscribing(self._readers, self._clock, self._in_force, self._missed)
        unsubscribing.add_to(app, urlsplit(public).path)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_silent,
            handle_signals=False,
            shutdown_timeout=GOODBYE,
            max_line_size=LINE,
            max_field_size=LINE,
            auto_decompress=False,
            keepalive_timeout=KEPT,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, where.host, where.port).start()
        except OSError as error:
            await runner.cleanup()
            raise CannotListen(
                f"web.bind: nothing can listen on {where.host}:{where.port} ({error.strerror or error}); "
                "end what holds it, or bind to another port"
            ) from error
        self._runner = runner
        log.info("serving readers", public=public, host=where.host, port=self.port)

    def _in_force(self) -> Links:
        assert self._links is not None  # `follow` comes before any request
        return self._links

    def _missed(self, request: web.Request, cost: float) -> None:
        self._buckets.charge(_who(request), cost, asyncio.get_running_loop().time())

    @web.middleware
    async def _rated(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._buckets.allow(_who(request), asyncio.get_running_loop().time()):
            raise web.HTTPTooManyRequests(headers={"Retry-After": "60"})
        return await handler(request)


def hosts(where: Web, public: str) -> frozenset[str]:
    """What may stand in `Host`: the public name, and the address that a proxy in this house speaks to."""
    parts = urlsplit(public)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    known = {f"{name}:{parts.port or 443}"}
    if parts.port is None:
        known.add(f"{name}")
    near = [f"[{where.host}]" if ":" in where.host else where.host]
    try:
        if where.host == "localhost" or ipaddress.ip_address(where.host).is_loopback:
            near += ["localhost", "127.0.0.1", "[::1]"]
    except ValueError:
        pass
    return frozenset(one.lower() for one in (*known, *(f"{one}:{where.port}" for one in near)))


def _who(request: web.Request) -> str:
    return visitor(request.remote or "", request.headers.get("X-Forwarded-For"))


@web.middleware
async def _dressed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer is a page of ours with the headers of ours; no address is logged, because it holds a token."""
    retry = None
    try:
        response = await handler(request)
    except web.HTTPException as said:
        response, retry = _said(said.status), said.headers.get("Retry-After")
    except StorageError as fault:
        log.warning("a reader could not be taken off", problem=str(fault))
        response, retry = _said(503), "60"
    except Exception as fault:
        log.error("a page failed", problem=type(fault).__name__)
        response = _said(500)
    response.headers.update(pages.HEADERS)
    if retry is not None:
        response.headers["Retry-After"] = retry
    return response


def _said(status: int) -> web.Response:
    title, words = _SAID.get(status, _SAID[400])
    return web.Response(
        status=status, text=pages.told(title, words), content_type="text/html", charset="utf-8"
    )
