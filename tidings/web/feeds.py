"""Feeds for readers elsewhere, by an address that holds its own permission; what has not changed is not sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256

from aiohttp import web

from tidings.feeds_out.addresses import PATTERN, Addresses, FeedAddresses
from tidings.feeds_out.making import Feeds, Standing
from tidings.feeds_out.records import FeedKind, FeedName, Form
from tidings.web.rates import MISS


class ServedFeeds:
    """The handler.

    Args:
        feeds: those in force when a request comes, and their addresses.
        public: the address that readers know, without a slash at its end; None: the one that they ask by.
        has_site: whether the site is served beside them.
        missed: told of each signature that is none of ours, with what that costs the visitor.
    """

    def __init__(
        self,
        feeds: Callable[[], tuple[Feeds, FeedAddresses]],
        public: str | None,
        has_site: bool,
        missed: Callable[[web.Request, float], None],
        now: Callable[[], datetime],
    ) -> None:
        self._feeds = feeds
        self._public = public
        self._has_site = has_site
        self._missed = missed
        self._now = now

    def add_to(self, app: web.Application, prefix: str) -> None:
        """GET and HEAD, under the path of the public address, and without it for proxies that cut it off."""
        for start in dict.fromkeys(("", prefix)):
            app.router.add_get(f"{start}{PATTERN}", self.feed)

    async def feed(self, request: web.Request) -> web.Response:
        """The feed; 304 where the reader has it; 404 where the address is none of ours, or not any more."""
        feeds, addresses = self._feeds()
        asked = request.match_info
        name = FeedName(FeedKind(asked["kind"]), asked["id"])
        form = Form(asked["form"])
        if not addresses.is_ours(asked["signature"], name):
            self._missed(request, MISS)
            raise web.HTTPNotFound
        if name not in feeds:
            raise web.HTTPNotFound
        base = self._public if self._public is not None else f"http://{request.host}"
        own = addresses.at(base, name)
        if self._has_site:
            own = replace(own, page=f"{base}{feeds.page(name)}")
        standing = await feeds.standing(name)
        if self._has_it(request, standing, own, form):
            return web.Response(status=304, headers=self._headers(standing, own, form))
        standing, body = await feeds.written(name, form, own)
        headers = {**self._headers(standing, own, form), "Content-Type": f"{form.media_type}; charset=utf-8"}
        return web.Response(body=body, headers=headers)

    def _has_it(self, request: web.Request, standing: Standing, own: Addresses, form: Form) -> bool:
        """What the reader has, by its tag; only where it sends none by its time (RFC 9110, section 13.2.2)."""
        tags = request.if_none_match
        if "If-None-Match" in request.headers:
            wanted = _tag(standing, own, form)
            return any(one.value in (wanted, "*") for one in tags or ())
        since = request.if_modified_since
        return since is not None and standing.since <= since <= self._now()

    def _headers(self, standing: Standing, own: Addresses, form: Form) -> dict[str, str]:
        headers = {"ETag": f'"{_tag(standing, own, form)}"', "Cache-Control": "private, no-cache"}
        if standing.since <= self._now():  # two changes within a second: the second one has no time yet
            headers["Last-Modified"] = format_datetime(standing.since.astimezone(UTC), usegmt=True)
        return headers


def _tag(standing: Standing, own: Addresses, form: Form) -> str:
    return sha256(repr((standing.print, own, form.value)).encode()).hexdigest()[:32]
