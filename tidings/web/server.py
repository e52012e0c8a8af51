"""The web server of the daemon: who may ask, by which name, how much and how often."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from crawler.ports import Clock
from tidings import probe_file
from tidings.feeds_out.addresses import FeedAddresses
from tidings.feeds_out.making import Feeds
from tidings.probe_file import Probe
from tidings.settings import Settings
from tidings.settings.records import Web, is_loopback
from tidings.storage.engine import StorageError
from tidings.storage.stores import Stores
from tidings.web import pages
from tidings.web.door import MOST, Door
from tidings.web.feeds import ServedFeeds
from tidings.web.judging import Judging
from tidings.web.judging_links import JudgingLinks
from tidings.web.key import signing_key
from tidings.web.links import Links
from tidings.web.probes import PATHS, Probes, Vitals
from tidings.web.rates import Buckets, visitor
from tidings.web.signing import Signer
from tidings.web.site.gate import Gate
from tidings.web.site.site import Site
from tidings.web.unsubscribe import Unsubscribing

log = structlog.get_logger(__name__)

BODY = 4096  # bytes
LINE = 8190  # of the request line, and of one header: a browser sends the cookies of all that runs on `localhost`
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
_TO_PROGRAMS = {
    401: "the token is missing or wrong: Authorization: Bearer TOKEN, see web.token",
    404: "nothing here",
    405: "GET or HEAD only",
    421: "not a name of this server, see web.hosts",
    429: "too many requests",
    500: "this broke, see the log",
}
_silent = logging.Logger("tidings.web.silent")  # aiohttp's own words hold addresses, and so tokens
_silent.addHandler(logging.NullHandler())


class CannotListen(Exception):
    """The address of `web.bind` cannot be had; the message says why."""


class WebServer:
    """Serves probes, metrics, feeds and the site, and readers where `web.public` is set; `follow` starts, moves and stops it.

    Attributes:
        problem: why nothing is served, where that is no error; None: it is.
    """

    def __init__(self, stores: Stores, clock: Clock, vitals: Vitals) -> None:
        self._stores = stores
        self._clock = clock
        self._vitals = vitals
        self._buckets = Buckets()
        self._links: Links | None = None
        self._feeds: tuple[Feeds, FeedAddresses] | None = None
        self._signer: Signer | None = None
        self._settings: Settings | None = None
        self._gate = Gate(lambda: self._served, self._open_to_all, self._signs, clock, self._missed)
        self._site = Site(stores, clock, self._now_in_force, lambda: self._feeds_in_force()[1], self._gate)
        self._served: Web | None = None
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self._state_dir: Path | None = None
        self._key = secrets.token_urlsafe(24)  # for `tidings health`, which reads it in the state folder
        self.problem: str | None = None

    @property
    def port(self) -> int | None:
        """Where it listens; None: it does not."""
        if self._listening is None or not self._listening.sockets:
            return None
        found: int = self._listening.sockets[0].getsockname()[1]
        return found

    async def follow(self, settings: Settings) -> None:
        """Serve as these settings say, from now on.

        Where `web` is not written and its address is taken, nothing is served, and `problem` says so.

        Raises:
            CannotListen: the address is taken or not ours; nothing is served.
        """
        self._settings = settings
        self._signer = Signer(partial(signing_key, settings.state_dir))
        self._links = Links(settings, self._signer)
        self._feeds = (
            Feeds(settings, self._stores.feeds, self._stores.articles, self._clock),
            FeedAddresses(settings, self._signer),
        )
        self._site.forget()
        if settings.web == self._served and self.problem is None:
            return
        await self.close()
        self._state_dir = settings.state_dir
        try:
            await self._open(settings.web)
        except CannotListen as fault:
            self._tell_probes(settings.web, str(fault))
            if settings.web.written:
                raise
            if self.problem is None:
                log.warning("probes and metrics are not served", problem=str(fault))
            self.problem = str(fault)
        else:
            self.problem = None
            self._tell_probes(settings.web, None)
        self._served = settings.web

    async def close(self) -> None:
        """Stop listening, once answers that are under way are out."""
        runner, self._runner, self._served = self._runner, None, None
        listening, self._listening = self._listening, None
        if self._state_dir is not None:
            probe_file.remove(self._state_dir, self._key)
        if listening is not None:
            listening.close()
        if runner is not None:
            await runner.cleanup()

    async def _open(self, where: Web) -> None:
        door = Door()
        checks = [door.heard, _dressed, addressed(where), self._rated]
        app = web.Application(client_max_size=BODY, middlewares=checks)
        Probes(self._vitals, self._keys, self._open_to_all, self._missed).add_to(app)
        prefix = "" if where.public is None else urlsplit(where.public).path
        has_site = where.token is not None or _is_private(where)
        feeds = ServedFeeds(self._feeds_in_force, where.public, has_site, self._missed, self._clock.now)
        feeds.add_to(app, prefix)
        if where.public is not None:
            unsubscribing = Unsubscribing(
                self._stores.unsubscribed, self._clock, self._in_force, self._missed
            )
            judging = Judging(self._stores.judgements, self._clock, self._judging, self._missed)
            for part in (unsubscribing, judging):
                part.add_to(app, prefix)
        if has_site:
            self._site.add_to(app, prefix)
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
        door.server = runner.server
        try:
            self._listening = await asyncio.get_running_loop().create_server(
                door, where.host, where.port, backlog=MOST
            )
        except OSError as error:
            await runner.cleanup()
            raise CannotListen(
                f"web.bind: nothing can listen on {where.host}:{where.port} ({error.strerror or error}); "
                "end what holds it, or bind to another port"
            ) from error
        self._runner = runner
        log.info("serving", host=where.host, port=self.port, readers=where.public)

    def _tell_probes(self, where: Web, problem: str | None) -> None:
        """Leave word for `tidings health`; without it the daemon runs as well."""
        assert self._state_dir is not None
        near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(where.host, where.host)  # noqa: S104  # what is bound to
        probe = Probe(
            process=os.getpid(),
            host=None if problem else near,
            port=self.port,
            key=self._key,
            problem=problem,
        )
        try:
            probe_file.write(self._state_dir, probe)
        except OSError as fault:
            log.warning("`tidings health` will not find the daemon", problem=str(fault))

    def _keys(self) -> tuple[str, ...]:
        token = self._served.token if self._served is not None else None
        return (self._key,) if token is None else (self._key, token.reveal())

    def _open_to_all(self) -> bool:
        """Only this machine reaches the address, and nothing in front of it passes on what others ask."""
        return self._served is not None and self._served.token is None and _is_private(self._served)

    def _in_force(self) -> Links:
        assert self._links is not None  # `follow` comes before any request
        return self._links

    def _judging(self) -> JudgingLinks:
        return JudgingLinks(self._now_in_force(), self._signs())

    def _feeds_in_force(self) -> tuple[Feeds, FeedAddresses]:
        assert self._feeds is not None
        return self._feeds

    def _now_in_force(self) -> Settings:
        assert self._settings is not None
        return self._settings

    def _signs(self) -> Signer:
        assert self._signer is not None
        return self._signer

    def _missed(self, request: web.Request, cost: float) -> None:
        self._buckets.charge(_who(request), cost, asyncio.get_running_loop().time())

    @web.middleware
    async def _rated(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Who has shown the token may look as often as he likes."""
        if request.path in PATHS or not self._gate.knows(request):
            self._rate(request)
        return await handler(request)

    def _rate(self, request: web.Request) -> None:
        if not self._buckets.allow(_who(request), asyncio.get_running_loop().time()):
            raise web.HTTPTooManyRequests(headers={"Retry-After": "60"})


def _is_private(where: Web) -> bool:
    return where.public is None and is_loopback(where.host)


def addressed(where: Web) -> Middleware:
    """Answers by the names it has: readers under the public one, programs under those of this machine.

    A page that a browser loads from elsewhere cannot ask by a name of its own that leads here (DNS rebinding).
    """
    for_readers = hosts(where, where.public) if where.public is not None else frozenset()
    public = _name(urlsplit(where.public).netloc) if where.public is not None else None

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        named = [one.lower() for one in request.headers.getall("Host", [])]
        if len(named) != 1:
            raise web.HTTPMisdirectedRequest
        name = _name(named[0])
        if request.path in PATHS:
            if name == public and named[0] in for_readers:
                raise web.HTTPNotFound
            known = name != public and _is_ours(name, where, request)
        else:
            people = where.public is None or where.token is not None  # who may see the site
            known = named[0] in for_readers or (people and _is_ours(name, where, request))
        if not known:
            raise web.HTTPMisdirectedRequest
        return await handler(request)

    return check


def hosts(where: Web, public: str) -> frozenset[str]:
    """What may stand in `Host` for readers: the public name, and the address that a proxy in this house speaks to."""
    parts = urlsplit(public)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    known = {f"{name}:{parts.port or 443}"}
    if parts.port is None:
        known.add(f"{name}")
    near = [f"[{where.host}]" if ":" in where.host else where.host]
    if is_loopback(where.host):
        near += _NEAR
    return frozenset(one.lower() for one in (*known, *(f"{one}:{where.port}" for one in near)))


_NEAR = ("localhost", "127.0.0.1", "[::1]")


def _is_ours(name: str, where: Web, request: web.Request) -> bool:
    """Whether a name, or an address without its port, is one of this machine: also the one that was connected to."""
    if name in _NEAR or name == where.host.lower() or name.strip("[]") == where.host.lower():
        return True
    if name in (one.lower() for one in where.hosts):
        return True
    transport = request.transport
    here = transport.get_extra_info("sockname") if transport is not None else None
    return here is not None and name.strip("[]") == str(here[0]).lower()


def _name(host: str) -> str:
    """The part of `Host` before its port, in small letters."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _who(request: web.Request) -> str:
    """Readers come through a proxy; who asks as a program is counted apart, by the address that it really has."""
    if request.path in PATHS:
        return f"program {visitor(request.remote or '', None)}"
    return visitor(request.remote or "", request.headers.get("X-Forwarded-For"))


_PASSED_ON = ("Retry-After", "Allow", "WWW-Authenticate", "Location")  # headers of a refusal


@web.middleware
async def _dressed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer has the headers of ours; no address is logged, because it may hold a token."""
    more: dict[str, str] = {}
    try:
        response = await handler(request)
    except web.HTTPException as said:
        response = _said(said.status, request)
        more = {name: said.headers[name] for name in _PASSED_ON if name in said.headers}
    except StorageError as fault:
        log.warning("a page could not be served", problem=str(fault))
        response, more = _said(503, request), {"Retry-After": "60"}
    except Exception as fault:
        log.error("a page failed", problem=type(fault).__name__)
        response = _said(500, request)
    for name, value in (pages.HEADERS | more).items():
        response.headers.setdefault(name, value)  # a page that needs other ones has them
    return response


def _said(status: int, request: web.Request) -> web.Response:
    """A page for people, a line for programs."""
    if request.path in PATHS:
        return web.Response(status=status, text=f"{_TO_PROGRAMS.get(status, 'refused')}\n")
    title, words = _SAID.get(status, _SAID[400])
    return web.Response(
        status=status, text=pages.told(title, words), content_type="text/html", charset="utf-8"
    )
