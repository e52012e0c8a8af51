"""The outside world of the soak: what is published when, and the servers that give it out and take what is told."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.acceptance.world import MoodyMailbox, page

SYLLABLES = (
    "ba", "cor", "del", "fen", "gra", "hol", "jun", "kel", "lom", "mar", "nes", "oro", "pel", "quin", "ros", "tav",
)  # fmt: skip
SHOWN = 30  # entries that a feed lists, the newest of it
SUBJECTS = {"chips": "semiconductor", "heat": "heat pump"}  # initiative → the word that it is told by
LINK = re.compile(r"http://127\.\d+\.\d+\.\d+:\d+/a/(\w+)")
SLOWEST = 0.012  # seconds that an answer takes at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article. `subject`: an initiative that it belongs to, or "" for noise."""

    slug: str
    feed: int
    subject: str
    published: datetime
    has_text: bool = True  # in the feed; otherwise its page is to be read
    edited: bool = False

    @property
    def word(self) -> str:
        """The word by which it is matched."""
        return SUBJECTS.get(self.subject, self.subject or "garden")


def schedule(
    chance: random.Random, articles: int, feeds: int, start: datetime, hours: float
) -> tuple[Item, ...]:
    """All that will be published, in the order of time: a tenth belongs to each initiative."""
    moments = sorted(chance.uniform(0, hours) for _ in range(articles))
    subjects = [*SUBJECTS, *[""] * (10 - len(SUBJECTS))]
    return tuple(
        Item(
            slug=f"n{number:05}",
            feed=chance.randrange(feeds),
            subject=chance.choice(subjects),
            published=start + timedelta(hours=moment),
        )
        for number, moment in enumerate(moments)
    )


def words(slug: str, number: int) -> list[str]:
    """So many words, up to 150, that stand in the article `slug` and in no other."""
    seed = b"".join(hashlib.sha512(f"{slug}/{part}".encode()).digest() for part in range(5))
    return [
        SYLLABLES[seed[place] % 16]
        + SYLLABLES[seed[place + 1] % 16]
        + SYLLABLES[seed[place] // 16]
        + slug[1:]
        + SYLLABLES[seed[place + 1] // 16]
        for place in range(0, 2 * number, 2)
    ]


def title(item: Item) -> str:
    """Its headline, unlike any other."""
    one, two, three = words(item.slug, 3)
    return f"{item.word.capitalize()} {one} {two} {three}"


def text(item: Item) -> str:
    """Some 2,500 characters of its own, and a figure that an edit replaces."""
    people = 450 if item.edited else 300
    return f"The {item.word} report. It employs {people} people. " + " ".join(words(item.slug, 150))


@dataclass
class Trap:
    """Kills when the other side has received something for the `left`-th time; nothing while `moment` is ""."""

    moment: str = ""
    left: int = 0
    kill: Callable[[], None] = lambda: None

    def spring(self, moment: str) -> None:
        """This came about at our end of the wire."""
        if moment == self.moment:
            self.left -= 1
            if self.left == 0:
                self.kill()


@dataclass
class Arrivals:
    """What came by one way of telling: under which id, with which bytes, how often, after how many deaths."""

    first: dict[tuple[str, str], bytes] = field(default_factory=dict)  # (channel or recipient, id) → bytes
    repeats: list[tuple[str, str]] = field(default_factory=list)
    different: list[tuple[str, str]] = field(default_factory=list)  # repeats with other bytes
    after: Counter[int] = field(default_factory=Counter)  # number of the life → repeats in it

    def take(self, where: str, name: str, content: bytes, life: int) -> None:
        """Count one."""
        key = (where, name)
        if key not in self.first:
            self.first[key] = content
            return
        self.repeats.append(key)
        self.after[life] += 1
        if self.first[key] != content:
            self.different.append(key)


class Mailroom(MoodyMailbox):
    """A mail server that counts what comes and may kill the sender while it waits for an answer."""

    def __init__(self, trap: Trap, life: Callable[[], int]) -> None:
        super().__init__()
        self._trap = trap
        self._life = life
        self.came = Arrivals()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = await super().handle_RCPT(server, session, envelope, address, options)
        self._trap.spring("smtp_rcpt")
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        mail = self.mails.pop()
        name = str(mail.message["Message-ID"])
        self.came.take(",".join(mail.recipients), name, mail.raw, self._life())
        self._trap.spring("smtp_data_sent")
        return answer


class Newsstand:
    """Feeds, pages and hooks on many loopback hosts; a feed lists what is published by the time of `now`."""

    def __init__(
        self,
        plan: Iterable[Item],
        now: Callable[[], datetime],
        trap: Trap,
        life: Callable[[], int],
        seed: int,
    ) -> None:
        self._chance = random.Random(seed)
        self._now = now
        self._trap = trap
        self._life = life
        self._feeds: dict[int, list[Item]] = {}
        self._entries: dict[str, str] = {}
        self.came = Arrivals()
        self.items: dict[str, Item] = {}
        self.told: dict[str, set[str]] = defaultdict(set)  # slug → hooks that were told of it
        self._runner: web.AppRunner | None = None
        self.port = 0
        for item in plan:
            self.publish(item)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "0.0.0.0", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def publish(self, item: Item) -> None:
        """Put it into its feed, from its time on."""
        self.items[item.slug] = item
        listed = self._feeds.setdefault(item.feed, [])
        listed.append(item)
        listed.sort(key=lambda one: one.published)

    def edit(self, chance: random.Random, hooks: int) -> None:
        """Replace a figure in an article that all hooks were told of, if there is one that its feed still lists."""
        now = self._now()
        told = [
            (place, item)
            for listed in self._feeds.values()
            for place, item in [one for one in enumerate(listed) if one[1].published <= now][-SHOWN // 2 :]
            if item.has_text and not item.edited and len(self.told[item.slug]) == hooks
        ]
        if told:
            place, item = chance.choice(told)
            self.items[item.slug] = self._feeds[item.feed][place] = replace(item, edited=True)
            self._entries.pop(item.slug, None)

    def host(self, feed: int) -> str:
        """Each feed has a host of its own."""
        return f"http://127.0.{1 + feed // 200}.{1 + feed % 200}:{self.port}"

    def feed(self, number: int) -> str:
        return f"{self.host(number)}/feed/{number}"

    def hook(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/hook/{name}"

    async def _answer(self, request: web.Request) -> web.Response:
        with suppress(ConnectionResetError):  # who asked has died meanwhile
            return await self._given(request)
        return web.Response(status=500)

    async def _given(self, request: web.Request) -> web.Response:
        path = request.path
        await asyncio.sleep(self._chance.uniform(0, SLOWEST))
        if path.startswith("/hook/"):
            body = await request.read()
            name = path.removeprefix("/hook/")
            self.came.take(name, request.headers["webhook-id"], body, self._life())
            for slug in LINK.findall(body.decode()):
                self.told[slug].add(name)
            self._trap.spring("hook_sent")
            return web.Response(status=200)
        if path.startswith("/feed/"):
            body, kind = self._feed(int(path.removeprefix("/feed/"))), "application/rss+xml"
        elif (item := self.items.get(path[3:])) is not None:
            own = words(item.slug, 150)
            body = page(title(item), *(" ".join(own[at : at + 30]) + "." for at in range(0, 150, 30)))
            kind = "text/html"
        else:
            return web.Response(status=404, text="no such page")
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(text=body, content_type=kind, charset="utf-8", headers={"ETag": tag})

    def _feed(self, number: int) -> str:
        now = self._now()
        listed = [item for item in self._feeds.get(number, ()) if item.published <= now][-SHOWN:]
        entries = "".join(self._entry(item) for item in reversed(listed))
        return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Feed {number}</title>{entries}</channel></rss>"

    def _entry(self, item: Item) -> str:
        if item.slug not in self._entries:
            said = text(item) if item.has_text else f"A {item.word} report."
            self._entries[item.slug] = (
                f"<item><title>{title(item)}</title><link>{self.host(item.feed)}/a/{item.slug}</link>"
                f"<guid isPermaLink='false'>{item.slug}</guid>"
                f"<pubDate>{format_datetime(item.published)}</pubDate><description>{said}</description></item>"
            )
        return self._entries[item.slug]
