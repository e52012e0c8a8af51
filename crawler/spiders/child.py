"""The spider process: `crawler.spider_process`, spoken to over its standard input and output.

It makes visits side by side, asks the daemon's gate before each request and hands entries back as they come.
It ends when it is told to or when the daemon is gone. See `wire.py` for what a line holds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.errors import Cause, CrawlError, HostHeld, TemporaryFetchError
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard
from crawler.net.robots import Robots
from crawler.ports import RobotsFile
from crawler.records import Entry, Purpose, Request
from crawler.spiders import wire
from crawler.spiders.crawl import Crawl
from crawler.spiders.readers import Readers
from crawler.spiders.rendering import Renderer
from crawler.spiders.validators import unpack
from crawler.spiders.visit import Visit

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Desk:
    """The child's end of the pipe: its `Gate`, where every turn is asked of the daemon, and its `RobotsStore`."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._leases: dict[int, asyncio.Future[float]] = {}
        self._lookups: dict[int, asyncio.Future[RobotsFile | None]] = {}
        self._last = 0

    def say(self, what: str, **more: Any) -> None:
        """Send one line. Blocks while the daemon does not read: nothing is to be done then anyway."""
        line = memoryview(wire.encode({"say": what, **more}))
        while line:
            line = line[os.write(self._out, line) :]

    def answer(self, lease: int, held: float) -> None:
        """The daemon's word on a lease: granted, or held for so many seconds."""
        waiting = self._leases.pop(lease, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(held)
        elif not held:
            self.say("release", lease=lease)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """The host's turn.

        Raises:
            HostHeld: the host wants no request now.
        """
        self._last += 1
        lease = self._last
        waiting = self._leases[lease] = asyncio.get_running_loop().create_future()
        self.say("lease", lease=lease, host=host)
        try:
            held = await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and not waiting.result():
                self.say("release", lease=lease)
            raise
        if held:
            raise HostHeld.by(host, now=datetime.now(UTC), wait=timedelta(seconds=held))
        self.say("begin", lease=lease)
        try:
            yield
        finally:
            self.say("release", lease=lease)

    def slow(self, host: str, delay: timedelta) -> None:
        """Crawl-delay, told to the daemon's gate."""
        self.say("slow", host=host, seconds=delay.total_seconds())

    async def hold(self, host: str, wait: timedelta) -> None:
        """Retry-After, told to the daemon's gate."""
        self.say("hold", host=host, seconds=wait.total_seconds())

    async def held(self, host: str) -> timedelta:
        """Judged by the daemon when the turn is asked for."""
        return timedelta(0)

    async def robots(self, origin: str) -> RobotsFile | None:
        """What the daemon keeps."""
        self._last += 1
        waiting: asyncio.Future[RobotsFile | None] = asyncio.get_running_loop().create_future()
        self._lookups[self._last] = waiting
        self.say("robots", lookup=self._last, origin=origin)
        return await waiting

    def look(self, lookup: int, file: RobotsFile | None) -> None:
        """The daemon's word on it."""
        waiting = self._lookups.pop(lookup, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(file)

    async def keep_robots(self, file: RobotsFile) -> None:
        """Told to the daemon, who keeps it."""
        self.say("keep", robots=wire.robots_out(file))


class SystemClock:
    """The time of day."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class Child:
    """Makes the visits it is told to."""

    def __init__(
        self, setup: wire.Setup, desk: Desk, fetcher: HttpFetcher, guard: AddressGuard, readers: Readers
    ) -> None:
        self._setup = setup
        self._desk = desk
        self._readers = readers
        self._guard = guard
        self._clock = SystemClock()
        self._crawls: dict[int, Crawl] = {}
        self._hurried: set[int] = set()  # pages that nobody waits for any more
        self._tasks: set[asyncio.Task[None]] = set()

        async def load(url: str) -> bytes:
            return (await fetcher.get(Request(url=url, purpose=Purpose.ROBOTS))).body

        token = setup.user_agent.partition("/")[0]
        self._robots = Robots(load, agent=token, clock=self._clock, store=desk)
        self._renderer = Renderer(
            guard=guard,
            gate=desk,
            limits=setup.limits,
            user_agent=setup.user_agent,
            clock=self._clock,
            memory=desk,
            data=setup.memory // 2,
        )

    def hear(self, message: dict[str, Any]) -> None:
        """Do what one line says."""
        match message["do"]:
            case "visit":
                self._start(self._visit(message))
            case "render":
                self._start(self._render(message))
            case "stop":
                if (crawl := self._crawls.get(message["visit"])) is not None:
                    self._start(crawl.stop())
                else:
                    self._hurried.add(message["visit"])
            case "granted":
                self._desk.answer(message["lease"], 0.0)
            case "held":
                self._desk.answer(message["lease"], message["seconds"])
            case "robots":
                file = message["robots"]
                self._desk.look(message["lookup"], file and wire.robots_in(file))

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _visit(self, message: dict[str, Any]) -> None:
        number = message["visit"]
        known = unpack(message["etag"])

        def found(entry: Entry) -> None:
            self._desk.say("entry", visit=number, entry=wire.entry_out(entry))

        visit = Visit(
            source=wire.source_in(message["source"]),
            guard=self._guard,
            gate=self._desk,
            limits=self._setup.limits,
            robots=self._robots,
            clock=self._clock,
            readers=self._readers,
            found=found,
            etag=None if known is not None else message["etag"],
            last_modified=message["last_modified"],
            known=known or {},
            modules=self._setup.modules,
            max_entries=self._setup.entries,
            max_pages=self._setup.pages,
            renderer=self._renderer,
        )
        try:
            crawl = self._crawls[number] = Crawl(visit, self._setup.user_agent)
            await crawl.run()
        except CrawlError as error:
            self._desk.say("failed", visit=number, pages=visit.pages, error=wire.error_out(error))
        except Exception as error:
            told = f"the visit of {visit.source.id} failed ({type(error).__name__}: {error})"
            ours = CrawlError(told, cause=Cause.SPIDER)
            self._desk.say("failed", visit=number, pages=visit.pages, error=wire.error_out(ours))
        else:
            renewed = visit.validators()
            self._desk.say(
                "done",
                visit=number,
                pages=visit.pages,
                format=wire.FORMATS[visit.source.kind],
                title=wire.clean(visit.title or "")[: wire.MAX_TITLE],
                language=visit.language,
                etag=renewed.etag,
                last_modified=renewed.last_modified,
                fresh_for=wire.delta_out(renewed.fresh_for),
                partly=visit.unchanged > 0,
                wait=wire.delta_out(visit.wait()),
                problems=[wire.clean(problem) for problem in visit.told()],
                lacks=wire.clean("; ".join(visit.lacks)) or None,
                looked=[wire.looked_out(one) for one in visit.looked[: wire.MAX_LOOKED]],
            )
        finally:
            self._crawls.pop(number, None)

    async def _render(self, message: dict[str, Any]) -> None:
        number, source = message["render"], wire.source_in(message["source"])
        headers = [(name, value) for name, value in message["headers"]]
        try:
            rendered = await self._renderer.render(
                message["url"],
                headers,
                wire.body_in(message["body"]),
                source=source,
                hurried=lambda: number in self._hurried,
            )
        except CrawlError as error:
            self._desk.say("failed", visit=number, pages=1, error=wire.error_out(error))
        except Exception as error:
            told = f"the browser failed on a page of {source.id} ({type(error).__name__})"
            ours = TemporaryFetchError(told, cause=Cause.SPIDER)
            self._desk.say("failed", visit=number, pages=1, error=wire.error_out(ours))
        else:
            body = wire.body_out(rendered.body)
            self._desk.say("rendered", render=number, pages=rendered.requests, body=body)
        finally:
            self._hurried.discard(number)

    async def close(self) -> None:
        """End what would outlive this process for a while."""
        await self._renderer.close()


async def serve(into: int, out: int, readers: Readers) -> None:
    """Read lines until the daemon says `end` or is gone, then end the process."""
    reader = asyncio.StreamReader(limit=wire.MAX_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(into, "rb"))
    setup = wire.setup_in(wire.decode(await reader.readline()))
    sys.path.extend(folder for folder in setup.modules if folder not in sys.path)
    resource.setrlimit(resource.RLIMIT_AS, (setup.memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    desk = Desk(out)
    guard = AddressGuard(setup.allow_private, ports=setup.limits.ports)
    async with HttpFetcher(
        guard=guard,
        gate=desk,
        user_agent=setup.user_agent,
        clock=SystemClock(),
        limits=setup.limits,
        robots=False,
    ) as fetcher:
        child = Child(setup, desk, fetcher, guard, readers)
        desk.say("ready")
        while line := await reader.readline():
            message = wire.decode(line)
            if message["do"] == "end":
                break
            child.hear(message)
        await child.close()
    sys.stderr.flush()
    os._exit(0)  # without waiting for what an unfinished crawl left behind


def die_with_the_daemon() -> None:
    """Be killed when the daemon is, even while a spider blocks this process. Linux only; elsewhere the end of
    the pipe is noticed once the spider lets go."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main(readers: Readers) -> None:
    """Keep the pipe for ourselves, so that a `print` in a user's spider goes to standard error."""
    die_with_the_daemon()
    out, into = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for name in ("scrapy", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what fails is told over the pipe
    asyncio.run(serve(into, out, readers))
