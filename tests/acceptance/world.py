"""A small world on loopback that a test rules: feeds and pages, a mail server with moods, a hook, a clock."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.acceptance.conftest import configure
from tidings.app import App, open_app
from tidings.demo.mailbox import Mail, Mailbox
from tidings.settings import Settings, load
from tidings.tasks import Report

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday
# Enough of a text for the feed to be content, different for each article, so that none is taken for a reprint.
_WORDS = [
    "amber",
    "basin",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "haven",
    "inlet",
    "jetty",
    "knoll",
    "ledge",
    "marsh",
    "north",
    "oasis",
    "plain",
]


def long_text(slug: str) -> str:
    """Some 3,000 characters about `slug` and about nothing else."""
    numbers = hashlib.sha512(slug.encode()).digest() * 6
    return f"The semiconductor site called {slug}. " + " ".join(
        f"{_WORDS[number % 16]}{slug}{place}" for place, number in enumerate(numbers[:200])
    )


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry of a feed."""

    slug: str
    title: str
    published: datetime
    text: str = ""  # the feed's description; "": a long one of its own
    path: str = ""  # of its page; "": /SLUG


class Press:
    """A web server with feeds at /feed/NAME and pages; what it answers is set by the test."""

    def __init__(self) -> None:
        self.feeds: dict[str, list[Item]] = defaultdict(list)
        self.pages: dict[str, str] = {}  # path → HTML
        self.status: dict[str, int] = {}  # path → what it answers instead, for as long as it stands here
        self.asked: Counter[str] = Counter()
        self.conditional: Counter[str] = Counter()  # of those, with the tag of an answer before
        self.hooks: list[tuple[str, bytes]] = []  # (webhook-id, body) of what came to /hook/NAME
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def hook(self) -> str:
        """An address that takes hooks."""
        return f"http://127.0.0.1:{self.port}/hook/desk"

    def add(self, feed: str, slug: str, published: datetime, *, title: str = "", **more: Any) -> Item:
        """Put a new entry at the top of a feed."""
        item = Item(
            slug=slug, title=title or f"Semiconductor plant {slug} opens", published=published, **more
        )
        self.feeds[feed].insert(0, item)
        return item

    def sources(self, *more: str) -> str:
        """The text of `sources.yaml`: all feeds so far, each asked every ten minutes."""
        lines = [
            f'  - {{id: {name}, feed: "http://127.0.0.1:{self.port}/feed/{name}", every: 10m}}\n'
            for name in sorted(self.feeds)
        ]
        return "sources:\n" + "".join((*lines, *more))

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        self.asked[path] += 1
        self.conditional[path] += "If-None-Match" in request.headers
        if path in self.status:
            return web.Response(status=self.status[path], text="out of order")
        if path.startswith("/feed/"):
            body, kind = self._feed(path.removeprefix("/feed/")), "application/rss+xml"
        elif path.startswith("/hook/"):
            self.hooks.append((request.headers["webhook-id"], await request.read()))
            return web.Response(status=200)
        elif path in self.pages:
            body, kind = self.pages[path], "text/html"
        else:
            return web.Response(status=404, text="no such page")
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(text=body, content_type=kind, charset="utf-8", headers={"ETag": tag})

    def _feed(self, name: str) -> str:
        items = "".join(
            f"<item><title>{escape(item.title)}</title>"
            f"<link>http://127.0.0.1:{self.port}{item.path or '/' + item.slug}</link>"
            f"<guid isPermaLink='false'>{item.slug}</guid><pubDate>{format_datetime(item.published)}</pubDate>"
            f"<description>{escape(item.text or long_text(item.slug))}</description></item>"
            for item in self.feeds[name]
        )
        return (
            f"<?xml version='1.0'?><rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>"
        )


def page(title: str, *paragraphs: str, paywalled: bool = False) -> str:
    """A page that the extractor can read."""
    lock = (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",'
        '"isAccessibleForFree":false}</script>'
        if paywalled
        else ""
    )
    body = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    return f"<!doctype html><html lang=en><head><title>{escape(title)}</title>{lock}</head><body><article><h1>{escape(title)}</h1>{body}</article></body></html>"


class MoodyMailbox(Mailbox):
    """A mailbox whose answers the test can script.

    `moods` are the answers to the next DATA commands, "drop" for hanging up without one; "" takes the mail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moods: list[str] = []
        self.refuses: dict[str, str] = {}  # recipient → answer to RCPT
        self.on_mail: Callable[[], None] = lambda: None  # after a mail was kept, before it is answered

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mood = self.moods.pop(0) if self.moods else ""
        if mood == "drop":
            server.transport.abort()
            return "421 never heard"
        if mood:
            return mood
        answer = await super().handle_DATA(server, session, envelope)
        self.on_mail()
        return answer


class Wound:
    """A clock that stands where the test puts it."""

    def __init__(self, start: datetime = NOON) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time


def settings(folder: Path) -> Settings:
    """Read the configuration in `folder/config`; the state is beside it."""
    return load(folder / "config", state_dir=folder / "state", environ={})


@dataclass
class World:
    """Press, mailbox and clock of one test; `running` is an application among them."""

    folder: Path
    press: Press
    mailbox: MoodyMailbox
    clock: Wound = field(default_factory=Wound)
    reports: list[Report] = field(default_factory=list)

    @asynccontextmanager
    async def running(self, use: Settings | None = None) -> AsyncIterator[App]:
        in_force = use if use is not None else settings(self.folder)
        async with open_app(in_force, clock=self.clock, on_report=self.reports.append) as app:
            yield app

    async def live(self, app: App, until: datetime, *, step: timedelta = 10 * MINUTE) -> None:
        """Let the application work off each step of the clock to `until`."""
        await app.settle()
        while self.clock.time < until:
            self.clock.time = min(self.clock.time + step, until)
            await app.settle()


@dataclass(frozen=True)
class Told:
    """What a set of mails of one digest tells: links told as news, as "also now in", and as updated."""

    news: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)


_LINK = re.compile(r"^\s*(?:- )?http://127\.0\.0\.1:\d+/(\S+)$", re.MULTILINE)
_AGAIN = re.compile(r"^Told before, ", re.MULTILINE)
_UPDATED = re.compile(r"^  \* UPDATED: .*?^$", re.MULTILINE | re.DOTALL)


def told(mails: Iterable[Mail]) -> Told:
    """Slugs in `mails`, those with one Message-ID counted once: a repeat is allowed to be one, byte for byte."""
    result = Told()
    for mail in distinct(mails):
        text = plain(mail)
        for updated in _UPDATED.findall(text):
            result.updated.update(_LINK.findall(updated))
        news, *again = _AGAIN.split(_UPDATED.sub("", text))
        result.news.update(_LINK.findall(news))
        for part in again:
            result.again.update(_LINK.findall(part))
    return result


def plain(mail: Mail) -> str:
    """The text part."""
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def distinct(mails: Iterable[Mail]) -> list[Mail]:
    """One mail for each Message-ID and recipient; repeats must be equal byte for byte."""
    first: dict[str, Mail] = {}
    for mail in mails:
        before = first.setdefault(str(mail.message["Message-ID"]), mail)
        assert before.raw == mail.raw, "a repeat differs from the first"
        assert before.recipients == mail.recipients
    return list(first.values())


def told_by_hook(press: Press, digest: str) -> Counter[str]:
    """Slugs told as news by the hooks of a digest, those with one webhook-id counted once; repeats are equal."""
    first: dict[str, bytes] = {}
    for name, body in press.hooks:
        assert first.setdefault(name, body) == body, "a repeat differs from the first"
    result: Counter[str] = Counter()
    for document in map(json.loads, first.values()):
        if document["data"]["digest"] == digest:
            stories = [one for part in document["data"]["initiatives"] for one in part["stories"]]
            result.update(one["url"].rpartition("/")[2] for one in stories if one["first_told"] is None)
    return result


def of_digest(mails: Iterable[Mail], digest: str) -> list[Mail]:
    """The mails of one digest."""
    return [mail for mail in mails if str(mail.message["List-Id"]).startswith(f"<digest-{digest}.")]


def desk(port: int, *to: str, hook: str = "", **digests: str) -> dict[str, str]:
    """`tidings.yaml` and a watchlist on semiconductors, told to mail channel `desk` by `digests` (id → its keys).

    `hook`: an address to which they are posted too.
    """
    people = json.dumps(list(to) or ["desk@policy.example"])
    channels = "desk, hook" if hook else "desk"
    plans = "".join(f"  - {{id: {name}, to: [{channels}], {keys}}}\n" for name, keys in digests.items())
    also = f'  hook: {{type: webhook, url: "{hook}", allow_private: [127.0.0.0/8]}}\n' if hook else ""
    return {
        "tidings": "polling: {host_delay: 0s, floor: 1m, timeout: 10s, allow_private: [127.0.0.0/8]}\nchannels:\n"
        f'  desk: {{type: email, from: "Tidings <t@news.example>", to: {people}, '
        f"smtp: {{host: 127.0.0.1, port: {port}, tls: off}}}}\n{also}",
        "watchlists__chips": "watchlist: chips\ntitle: Chips\ninitiatives:\n"
        "  - {id: chips, name: Chips, any: [semiconductor]}\n"
        f"digests:\n{plans}",
    }


def configured(folder: Path, press: Press, mailbox: Mailbox, **digests: str) -> Settings:
    """Write the configuration of `desk` and all feeds of `press`, and read it."""
    configure(folder / "config", sources=press.sources(), **desk(mailbox.port, **digests))
    return settings(folder)


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)
