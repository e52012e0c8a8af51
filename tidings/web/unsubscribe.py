"""The page on which a reader unsubscribes: asked by GET, done by POST, by hand or by one click of a mail program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from aiohttp import web

from crawler.ports import Clock
from tidings.web import pages
from tidings.web.forms import sent
from tidings.web.links import PATH, TOKEN, Links, Subscription
from tidings.web.rates import MISS

log = structlog.get_logger(__name__)


class Readers(Protocol):
    """Where it is kept that a reader has left."""

    async def add(
        self, channel_id: str, recipient: str, threads: Sequence[str], *, now: datetime
    ) -> tuple[str, ...]: ...


class Unsubscribing:
    """The two handlers.

    Args:
        links: those in force when a request comes.
        missed: told of each token that is none of ours, with what that costs the visitor.
    """

    def __init__(
        self,
        readers: Readers,
        clock: Clock,
        links: Callable[[], Links],
        missed: Callable[[web.Request, float], None],
    ) -> None:
        self._readers = readers
        self._clock = clock
        self._links = links
        self._missed = missed

    def add_to(self, app: web.Application, prefix: str) -> None:
        """Serve under the path of the public address, and without it for proxies that cut it off."""
        for start in dict.fromkeys(("", prefix)):
            path = f"{start}{PATH}{{token:{TOKEN}}}"
            app.router.add_get(path, self.ask)
            app.router.add_post(path, self.leave)

    async def ask(self, request: web.Request) -> web.Response:
        """The question. Programs that follow every link of a mail change nothing by it."""
        return _html(pages.asked(await self._subscription(request)))

    async def leave(self, request: web.Request) -> web.Response:
        """Take the reader off, again and again with the same answer."""
        one = await self._subscription(request)
        form = await sent(request)
        if form.get("List-Unsubscribe") != "One-Click" and form.get("confirm") != "yes":
            raise web.HTTPBadRequest
        left = await self._readers.add(one.channel_id, one.reader, one.threads, now=self._clock.now())
        if left:
            log.info("unsubscribed", channel=one.channel_id, reader=one.masked, threads=left)
        return _html(pages.done(one))

    async def _subscription(self, request: web.Request) -> Subscription:
        links = self._links()
        found = await asyncio.to_thread(links.find, request.match_info["token"])
        if found is None:
            self._missed(request, MISS)
            raise web.HTTPNotFound
        return found


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8")
