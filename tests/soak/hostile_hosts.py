"""A thousand feeds on loopback, each a host of its own, of which some do harm: they drip, stall, never end or lead in a circle.

`python -m tests.soak.hostile_hosts` prints its port; each line of its standard input is answered, as JSON, by what was
asked since the last one, pairs of a place and a moment of the wall clock, and by what ended since then, pairs of a place
and the seconds for which it kept whoever asked. Feed n is at http://127.1.(n >> 8).(n & 255):PORT/feed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from contextlib import suppress
from enum import StrEnum

from aiohttp import web

SLOW = 25.0  # seconds that a whole answer of a slow feed takes; shorter than the time limit of a poll
DRIP = 1.0  # seconds between two bytes
HOUR = 3600.0


class Kind(StrEnum):
    """How a host answers."""

    HEALTHY = "healthy"
    SLOW = "slow"  # all of it, drop by drop, just in time: so it is never asked more rarely
    DRIP = "drip"  # a byte now and then, for ever
    STALL = "stall"  # takes the request and says nothing
    ENDLESS = "endless"  # as many bytes as are taken
    LOOP = "loop"  # redirects in a circle


# Of each twenty hosts: one in four does harm, and slow and drip together are a tenth of all.
_OF_TWENTY = (
    Kind.SLOW,
    Kind.DRIP,
    Kind.STALL,
    Kind.ENDLESS,
    Kind.LOOP,
)


def kind_of(place: int) -> Kind:
    """The kinds are spread evenly."""
    return _OF_TWENTY[place // 4 % 5] if place % 4 == 0 else Kind.HEALTHY


def address(place: int) -> str:
    """Of one host."""
    return f"127.1.{place >> 8}.{place & 255}"


class Hosts:
    """All of them; what they were asked is written down."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []
        self.kept: list[tuple[int, float]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        _, _, high, low = request.transport.get_extra_info("sockname")[0].split(".")
        place, began = (int(high) << 8) + int(low), time.monotonic()
        if request.path == "/feed":
            self.asked.append((place, time.time()))
        try:
            return await self._answer(request, place)
        finally:  # answered, or whoever asked has gone
            self.kept.append((place, time.monotonic() - began))

    async def _answer(self, request: web.Request, place: int) -> web.StreamResponse:
        kind = kind_of(place)
        if kind is Kind.LOOP:
            return web.HTTPFound(f"/{'round' if request.path == '/feed' else 'feed'}")
        if kind is Kind.STALL:
            await asyncio.sleep(HOUR)
        body = _feed(place).encode()
        tag = f'"{place}"'
        if kind is Kind.HEALTHY:
            if request.headers.get("If-None-Match") == tag:
                return web.Response(status=304, headers={"ETag": tag})
            return web.Response(body=body, headers={"ETag": tag}, content_type="application/rss+xml")
        stream = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
        with suppress(ConnectionError):  # whoever asked has had enough
            await self._drop(stream, request, kind, body)
        return stream

    async def _drop(self, stream: web.StreamResponse, request: web.Request, kind: Kind, body: bytes) -> None:
        """A slow answer to its end, or one that has none."""
        await stream.prepare(request)
        if kind is Kind.SLOW:
            pieces = int(SLOW / DRIP)
            for n in range(pieces):
                await stream.write(body[len(body) * n // pieces : len(body) * (n + 1) // pieces])
                await asyncio.sleep(DRIP)
            return
        beginning = body[: body.index(b"<item>")]
        await stream.write(beginning)
        while True:
            if kind is Kind.ENDLESS:
                await stream.write(b"<item><title>again and again</title></item>\n" * 1000)
            else:
                await stream.write(b" ")
                await asyncio.sleep(DRIP)


def _feed(place: int) -> str:
    items = "".join(
        f"<item><title>Report {n} of house {place}</title><link>http://{address(place)}/a/{n}</link>"
        f"<guid>{place}/{n}</guid></item>"
        for n in range(20)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{place}</title>{items}</channel></rss>"


async def serve() -> None:
    """Until the standard input ends."""
    hosts, loop, ended = Hosts(), asyncio.get_running_loop(), asyncio.Event()
    app = web.Application()
    app.router.add_get("/{path:.*}", hosts.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0, backlog=4096).start()  # all of 127.0.0.0/8
    _say(runner.addresses[0][1])

    def listen() -> None:
        for _ in sys.stdin:
            asked, hosts.asked, kept, hosts.kept = hosts.asked, [], hosts.kept, []
            _say((asked, kept))
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=listen, daemon=True).start()
    await ended.wait()
    await runner.cleanup()


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve())
