"""A small archive with a bit of everything, some of it hostile, and the web server that shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
from sqlalchemy import Connection, update
from yarl import URL

from tests.acceptance.conftest import configure, free_port
from tests.acceptance.world import HOUR, MINUTE, NOON, MoodyMailbox, Press, World, desk, settings
from tests.fakes.vitals import FakeVitals
from tidings.app import App
from tidings.settings import Settings
from tidings.storage.tables import articles
from tidings.web.server import WebServer

HOSTILE = "<img src=x onerror=alert(1)>\u202e</a>"
WATCHLIST = """\
watchlist: chips
title: Chips
initiatives:
  - id: chips
    name: "Chips <b>and</b> India"
    any: [semiconductor]
    commitments:
      - {id: fab, text: A fab by the end of 2025, due: 2025-12-31, any: ['plant NEAR/10 opens']}
      - {id: design, text: A design centre, due: 2027-12-31, any: [design centre]}
  - {id: quiet, name: Nothing comes of this, any: [unobtainium]}
searches:
  - {id: rain, name: Rain & storms, query: monsoon OR rain}
digests:
  - {id: now, to: [desk], immediately: true, gather: 5m}
"""


@dataclass
class Shown:
    """The server, and who asks it."""

    app: App
    world: World
    server: WebServer
    session: aiohttp.ClientSession
    visitors: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        """Status, text and headers of an answer; `Host` and others as given, with `_` for `-`."""
        return await self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, str, Any]:
        """As a proxy of this house passes it on."""
        more["headers"] = {"X-Forwarded-For": f"198.51.100.{self.visitors}"} | (headers or {})
        url = URL(self.base + path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **more) as answer:
            return answer.status, await answer.text(), answer.headers

    async def serve(self, **web: Any) -> Self:
        """Serve as these settings of `web` say, to a visitor who was not seen before."""
        self.visitors += 1
        self.session.cookie_jar.clear()
        changed = replace(self.app.settings.web, port=free_port(), **web)
        await self.server.follow(replace(self.app.settings, web=changed))
        return self


def _made_hostile(connection: Connection) -> None:
    """What no feed brings past the parser, as if one had."""
    worse = {"title": f"Semiconductor {HOSTILE} talks", "url": "javascript:alert(1)"}
    connection.execute(update(articles).where(articles.c.title == "Semiconductor talks").values(worse))


def _settings(folder: Path) -> Settings:
    found = settings(folder)
    return replace(found, web=replace(found.web, port=free_port()))


@asynccontextmanager
async def shown(folder: Path) -> AsyncIterator[Shown]:
    """Two outlets that told a story and were told of, one that fails, and some hundred articles beside."""
    async with Press() as press, MoodyMailbox() as mailbox, aiohttp.ClientSession() as session:
        same = "The semiconductor plant in Dholera opens its first line of wafers this week. " * 30
        press.add("times", "plant", NOON - HOUR, title="Semiconductor plant opens in Dholera", text=same)
        press.add("post", "copy", NOON - HOUR / 2, title="Dholera plant opens", text=same)
        press.add("times", "hostile", NOON - 2 * HOUR, title="Semiconductor talks")
        for number in range(50):
            when = NOON - number * MINUTE
            press.add("post", f"more{number}", when, title=f"Semiconductor report number {number} is out")
        press.add("times", "other", NOON - HOUR, title="A late monsoon", text="Rain. " * 300)
        press.feeds["broken"] = []
        press.status["/feed/broken"] = 500
        world = World(folder, press, mailbox)
        files = desk(mailbox.port) | {"watchlists__chips": WATCHLIST}
        configure(folder / "config", sources=press.sources(), **files)
        use = _settings(folder)
        async with world.running(use) as app:
            await world.live(app, NOON + 2 * HOUR, step=timedelta(minutes=30))
            await app.stores.database.write(_made_hostile)
            server = WebServer(app.stores, world.clock, FakeVitals())
            try:
                await server.follow(use)
                yield Shown(app, world, server, session)
            finally:
                await server.close()
