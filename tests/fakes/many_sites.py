"""Many sites in a process of their own, each at its own loopback address; they write down who asked for what, and when.

Half of them show their articles in a list of many pages, half in an index of ten sitemaps. Every list names a
page under /private/, where robots.txt lets nobody in.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

POISON = b"the page of poison"
MAPS = 10  # sitemaps in an index
_CLOSED = "/private/plans"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server saw it."""

    host: int
    path: str
    at: float  # seconds, `time.monotonic` of this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What there is: `hosts` sites with `pages` articles each, on as many list pages or on ten sitemaps."""

    hosts: int
    pages: int
    silent: tuple[int, ...] = ()  # hosts that accept a request and never answer
    stuck: tuple[int, ...] = ()  # hosts whose lists come and whose articles never do
    slow_after: int = 0  # list pages from this one on never come, until they are freed; 0: all come
    poisoned: bool = False  # article 7 of host 0 carries POISON

    def lists(self, host: int) -> bool:
        """Whether the site has a list, rather than sitemaps."""
        return host % 2 == 0


class ManySites:
    """The sites, while the block is open."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        plan = {name: getattr(self.plan, name) for name in Plan.__slots__}
        command = [sys.executable, "-m", "tests.fakes.many_sites", json.dumps(plan)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def asked(self) -> list[Asked]:
        """All requests so far, in the order in which they came."""
        return [Asked(*one) for one in json.loads(self._ask("asked"))]

    def free(self) -> None:
        """From now on all list pages come."""
        self._ask("free")

    def url(self, host: int, path: str) -> str:
        """An address of a site."""
        return f"http://{address(host)}:{self.port}{path}"

    def sources(self, *, lists: str = "every: 1d", maps: str = "every: 1h") -> str:
        """The text of `sources.yaml`; `lists` and `maps` are further keys of the sources of either kind."""
        lines = ["sources:"]
        for host in range(self.plan.hosts):
            if self.plan.lists(host):
                links = f'{{css: "li a", follow: a.next, pages: {self.plan.pages}}}'
                lines.append(
                    f'  - {{id: s{host}, site: "{self.url(host, "/list/1")}", links: {links}, {lists}}}'
                )
            else:
                lines.append(f'  - {{id: s{host}, sitemap: "{self.url(host, "/index.xml")}", {maps}}}')
        return "\n".join(lines) + "\n"

    def _ask(self, word: str) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sites ended with {self._process.wait()}")
        return line


def address(host: int) -> str:
    """The loopback address of a site."""
    return f"127.1.{host // 200}.{host % 200 + 1}"


class _Server:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.asked: list[tuple[int, str, float]] = []
        self.held = plan.slow_after > 0
        self._places = {address(host): host for host in range(plan.hosts)}

    async def answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        host, path = self._places[request.transport.get_extra_info("sockname")[0]], request.path
        self.asked.append((host, path, time.monotonic()))
        stuck = host in self.plan.stuck and path.startswith("/a/")
        if host in self.plan.silent or stuck or (self.held and self._late(path)):
            await asyncio.sleep(3600)
        base = f"http://{address(host)}:{request.url.port}"
        if path == "/robots.txt":
            return web.Response(text="User-agent: *\nDisallow: /private/\n")
        kind, _, number = path[1:].partition("/")
        if kind == "list":
            return web.Response(text=self._list(int(number)), content_type="text/html")
        if path == "/index.xml":
            maps = "".join(f"<sitemap><loc>{base}/map/{n}</loc></sitemap>" for n in range(MAPS))
            return web.Response(text=f"<sitemapindex>{maps}</sitemapindex>", content_type="application/xml")
        if kind == "map":
            return web.Response(text=self._map(base, int(number)), content_type="application/xml")
        if kind == "a":
            return web.Response(text=self._article(host, int(number)), content_type="text/html")
        return web.Response(status=404)

    def _late(self, path: str) -> bool:
        kind, _, number = path[1:].partition("/")
        return kind == "list" and int(number) >= self.plan.slow_after

    def _list(self, number: int) -> str:
        closed = f'<li><a href="{_CLOSED}">Plans of the board</a></li>' if number == 1 else ""
        more = f'<a class="next" href="/list/{number + 1}">older</a>' if number < self.plan.pages else ""
        return f'<html><body><ul><li><a href="/a/{number}">Notes number {number} of the site</a></li>{closed}</ul>{more}</body></html>'

    def _map(self, base: str, place: int) -> str:
        paths = [f"/a/{n}" for n in range(1, self.plan.pages + 1) if n % MAPS == place]
        urls = "".join(f"<url><loc>{base}{path}</loc></url>" for path in (*paths, _CLOSED))
        return f"<urlset>{urls}</urlset>"

    def _article(self, host: int, number: int) -> str:
        title = f"Notes {number} of house {host}"
        body = "".join(f"<p>{_words(f'{host}/{number}/{part}')}.</p>" for part in range(6))
        poison = f"<p>{POISON.decode()}</p>" if self.plan.poisoned and (host, number) == (0, 7) else ""
        return (
            f"<!doctype html><html lang=en><head><title>{title}</title></head>"
            f"<body><article><h1>{title}</h1>{body}{poison}</article></body></html>"
        )


def _words(seed: str) -> str:
    """Fifty words of nobody's language, others for each seed."""
    digits = "".join(hashlib.sha512(f"{seed}{part}".encode()).hexdigest() for part in range(3))
    letters = digits.translate(str.maketrans("0123456789", "ghijklmnop"))
    return " ".join(letters[place : place + 7] for place in range(0, 350, 7)).capitalize()


async def serve(plan: Plan) -> None:
    """Serve until the standard input ends; a line is a question."""
    server, loop, ended = _Server(plan), asyncio.get_running_loop(), asyncio.Event()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0, backlog=1024).start()  # all of 127.0.0.0/8
    _say(str(runner.addresses[0][1]))

    def listen() -> None:
        for line in sys.stdin:
            if line.strip() == "free":
                server.held = False
                _say("freed")
            else:
                _say(json.dumps(server.asked.copy()))
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=listen, daemon=True).start()
    await ended.wait()
    await runner.cleanup()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    asyncio.run(serve(Plan(**{**given, "silent": tuple(given["silent"]), "stuck": tuple(given["stuck"])})))
