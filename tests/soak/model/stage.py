"""The stage of the model: the real program among real servers on loopback, a clock that is set, and sudden death."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from crawler import failpoints
from tests.acceptance.conftest import configure
from tests.acceptance.world import MINUTE, NOON, Item, MoodyMailbox, Press, Wound, long_text, plain, settings
from tests.soak.model.belief import Entry, Pair
from tidings.app import App, open_app
from tidings.daemon import Ticks
from tidings.demo.mailbox import Mail
from tidings.reloading import take_edit

SUBJECTS = {"zinc": "Zinc", "quartz": "Quartz", "cobalt": "Cobalt"}  # id of an initiative → its word
_LINK = re.compile(r"^\s*(?:- )?http://127\.0\.0\.1:\d+/(\S+)$", re.MULTILINE)
_NO_NEWS = re.compile(r"^Told before, .*\Z|^  \* UPDATED: .*?^$", re.MULTILINE | re.DOTALL)
_DATABASE = "tidings.sqlite"


class Newsroom(Press):
    """Feeds that remember to whom they were served; dead to everybody while the program is."""

    def __init__(self) -> None:
        super().__init__()
        self.dead = False
        self.served: set[str] = set()  # feeds, since the last look

    async def _answer(self, request: web.Request) -> web.Response:
        if self.dead:
            assert request.transport is not None
            request.transport.abort()
        elif request.path.startswith("/feed/"):
            self.served.add(request.path.removeprefix("/feed/"))
        return await super()._answer(request) if not self.dead else web.Response(status=500)


class Office(MoodyMailbox):
    """A mail server that works, takes nothing, or takes mails and hangs up before it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.mood = "well"
        self.dead = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.dead:
            server.transport.abort()
            return "421 nobody hears this"
        if self.mood == "down":
            return "451 4.3.1 our disk is full"
        answer = await super().handle_DATA(server, session, envelope)
        if self.mood == "silent":
            server.transport.abort()
        return answer


class Death:
    """Of the program at the n-th time that it comes to one of its moments: what is on the disk then is all that is left.

    The files are copied at that moment, and the world answers nobody from then on; the dying program may do what it
    likes with the originals.
    """

    def __init__(
        self, number: int, state: Path, grave: Path, die: Callable[[], None], *, at: str | None = None
    ) -> None:
        self._left = number
        self._at = at  # the name of the moment; None: any
        self._state, self._grave = state, grave
        self._die = die
        self._lock = threading.Lock()
        self.moment: str | None = None

    def __call__(self, name: str) -> None:
        if self._at not in (None, name):
            return
        with self._lock:
            self._left -= 1
            if self._left or self.moment is not None:
                return
            self.moment = name
            self._die()
            self._grave.mkdir(exist_ok=True)
            for file in self._state.glob(f"{_DATABASE}*"):
                if not file.name.endswith(".lock"):
                    shutil.copy2(file, self._grave / file.name)


class Stage:
    """One installation and its world, for as long as an example of the model lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Wound(NOON)
        self.press, self.office = Newsroom(), Office()
        self._servers = AsyncExitStack()
        self._program = AsyncExitStack()
        self._app: App | None = None
        self._ticks: Ticks | None = None
        self.initiatives: set[str] = set()
        self.feeds: set[str] = set()
        self.reworded: set[str] = set()  # initiatives with a further term that stands nowhere

    @property
    def app(self) -> App:
        """The program that runs."""
        assert self._app is not None
        return self._app

    async def open(self) -> None:
        """The servers, and the program among them."""
        await self._servers.enter_async_context(self.press)
        await self._servers.enter_async_context(self.office)
        self.write()
        await self.start()

    async def close(self) -> None:
        """All of it."""
        failpoints.watch(None)
        await self.end()
        await self._servers.aclose()

    async def start(self) -> None:
        """The program; what it reads is what is written now."""
        self._app = await self._program.enter_async_context(
            open_app(settings(self.folder), clock=self.clock, alone=True)
        )
        self._ticks = Ticks(self._app)

    async def end(self) -> None:
        """The program, in order."""
        await self._program.aclose()

    def write(self) -> None:
        """The configuration as it is to be."""
        port = self.press.port
        plans = "".join(
            f"  - {{id: now-{name}, initiatives: [{name}], to: [desk-{name}, hook-{name}], immediately: true, gather: 5m}}\n"
            for name in sorted(self.initiatives)
        )
        rules = "".join(
            f"  - {{id: {name}, name: {SUBJECTS[name]}, any: [{SUBJECTS[name]}"
            f"{', unobtainium' if name in self.reworded else ''}]}}\n"
            for name in sorted(self.initiatives)
        )
        channels = "".join(  # each initiative has its own: digests to one desk share what they tell
            f'  desk-{name}: {{type: email, from: "Tidings <t@news.example>", to: [{name}@policy.example], '
            f"smtp: {{host: 127.0.0.1, port: {self.office.port}, tls: off}}}}\n"
            f'  hook-{name}: {{type: webhook, url: "http://127.0.0.1:{port}/hook/{name}", allow_private: [127.0.0.0/8]}}\n'
            for name in sorted(SUBJECTS)
        )
        sources = "".join(
            f'  - {{id: {name}, feed: "http://127.0.0.1:{port}/feed/{name}", every: 10m, full_text: never}}\n'
            for name in sorted(self.feeds)
        )
        configure(
            self.folder / "config",
            tidings="polling: {host_delay: 0s, floor: 1m, timeout: 10s, backfill: 60d, allow_private: [127.0.0.0/8]}\n"
            f"channels:\n{channels}",
            sources=f"sources:\n{sources}" if sources else "sources: []\n",
            watchlists__chips=f"watchlist: chips\ntitle: Chips\ninitiatives:\n{rules}digests:\n{plans}",
        )

    async def reload(self) -> None:
        """Take in what is written, as the daemon does."""
        await take_edit(self.app, lambda: settings(self.folder))
        assert self.app.pulse.reload_problem is None, self.app.pulse.reload_problem

    async def tick(self, by: timedelta) -> None:
        """The clock goes on, and the daemon does what is due."""
        self.clock.time += by
        assert self._ticks is not None
        await self._ticks.tick()
        await self.app.runner.drain()

    async def tick_to_death(self, by: timedelta, number: int, at: str | None = None) -> str | None:
        """As `tick`, and the program dies at the `number`-th moment of it, or of the moments `at`; where, or None when it
        did not come to that."""

        def die() -> None:
            self.press.dead = self.office.dead = True

        state, grave = self.folder / "state", self.folder / "grave"
        death = Death(number, state, grave, die, at=at)
        failpoints.watch(death)
        try:
            await self.tick(by)
        finally:
            failpoints.watch(None)
        if death.moment is None:
            return None
        await self.end()
        for file in state.glob(f"{_DATABASE}*"):
            file.unlink()
        for file in grave.iterdir():
            shutil.move(file, state / file.name)
        self.press.dead = self.office.dead = False
        await self.start()
        return death.moment

    def show(self, name: str, entries: list[Entry], texts: dict[str, str], guids: dict[str, str]) -> None:
        """Let a feed list these entries."""
        self.press.feeds[name] = [
            Item(
                slug=guids.get(one.slug, one.slug),
                path=f"/{one.slug}",
                title=title_of(one),
                published=one.published,
                text=f"{texts.get(one.slug, '')}{long_text(one.words)}".replace("semiconductor", "large"),
            )
            for one in entries
        ]

    def told(self) -> dict[str, list[frozenset[Pair]]]:
        """By way, what each message tells as news; a repeat with the same id and bytes is one message."""
        mails: dict[str, Mail] = {}
        for mail in self.office.mails:
            first = mails.setdefault(str(mail.message["Message-ID"]), mail)
            assert first.raw == mail.raw, f"two mails {mail.message['Message-ID']} differ"
        hooks: dict[str, bytes] = {}
        for name, body in self.press.hooks:
            assert hooks.setdefault(name, body) == body, f"two hooks {name} differ"
        documents = (
            one for one in map(json.loads, hooks.values()) if one["type"].startswith("tidings.digest")
        )
        return {"mail": list(map(_by_mail, mails.values())), "hook": list(map(_by_hook, documents))}

    async def waiting(self) -> int:
        """Deliveries that are not sent yet."""
        counts = await self.app.stores.counts.take()
        return sum(number for state, number in counts.deliveries.items() if str(state) != "sent")

    def articles(self) -> Counter[str]:
        """How many articles the database has of each slug."""
        with closing(sqlite3.connect(self.folder / "state" / _DATABASE)) as database:
            urls = database.execute("SELECT url FROM articles").fetchall()
        return Counter(url.rpartition("/")[2] for (url,) in urls)

    def damage(self) -> str:
        """What SQLite says of the file; "ok" when all is well."""
        with closing(sqlite3.connect(self.folder / "state" / _DATABASE)) as database:
            return str(database.execute("PRAGMA integrity_check").fetchone()[0])


def _by_mail(mail: Mail) -> frozenset[Pair]:
    initiative = str(mail.message["List-Id"]).partition(".")[0].removeprefix("<digest-now-")
    return frozenset((slug, initiative) for slug in _LINK.findall(_NO_NEWS.sub("", plain(mail))))


def _by_hook(document: Any) -> frozenset[Pair]:
    return frozenset(
        (one["url"].rpartition("/")[2], part["id"])
        for part in document["data"]["initiatives"]
        for one in part["stories"]
        if one["first_told"] is None
    )


def title_of(entry: Entry) -> str:
    """A headline that holds the words of its subjects, and others for each article."""
    words = [SUBJECTS[one] for one in sorted(entry.subjects)] or ["Gravel"]
    return (
        f"{' and '.join(words)} plant {entry.words} opens \u2013 \u201ena\u00efve\u201c \u015a\u0142\u0105sk"
    )


def entry(slug: str, subjects: frozenset[str], now: datetime, *, words: str = "") -> Entry:
    """One that is published at `now`; `words`: of which article it is a reprint."""
    return Entry(slug=slug, subjects=subjects, words=words or slug, published=now - MINUTE)


def renamed(one: Entry, subjects: frozenset[str]) -> Entry:
    """The same with another headline."""
    return replace(one, subjects=subjects)


async def until_told(stage: Stage, done: Callable[[], bool]) -> None:
    """Let hours pass until nothing waits any more, three days at most."""
    for _ in range(8):  # what is there is polled, folded, gathered and told
        await stage.tick(10 * MINUTE)
    for _ in range(72):
        if done() and not await stage.waiting():
            return
        await stage.tick(timedelta(hours=1))
        await asyncio.sleep(0)
