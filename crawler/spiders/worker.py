"""The daemon's handle on one spider process: starts it, speaks with it, notices when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import crawler
from crawler.child_environment import for_child
from crawler.errors import Cause, CrawlError, TemporaryFetchError
from crawler.net.hosts import BEGINS, HostGate, Lease
from crawler.ports import RobotsStore
from crawler.records import Entry, Feed, Fetched, Listed, Source
from crawler.spiders import wire
from crawler.spiders.wire import FORMATS

_START = 30.0  # seconds to load Scrapy and say so
_GRACE = 10.0  # seconds to stop a visit, or to end


@dataclass(slots=True)
class _Running:
    """One visit under way."""

    source: Source
    ended: asyncio.Future[dict[str, Any]]
    entries: list[Entry] = field(default_factory=list)
    abandoned: bool = False  # nobody waits for it any more; it is being stopped


class Worker:
    """One spider process. Use `start`; `visit` may be called side by side."""

    def __init__(
        self, process: asyncio.subprocess.Process, gate: HostGate, memory: RobotsStore | None
    ) -> None:
        self.pages = 0  # answers read in its life
        self._process = process
        self._gate = gate
        self._memory = memory
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._visits: dict[int, _Running] = {}
        self._last = 0
        self._leases: dict[int, Lease] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, setup: wire.Setup, gate: HostGate, memory: RobotsStore | None = None) -> Self:
        """Start a process and wait until it is ready.

        Args:
            memory: where robots.txt files are kept; None: in the process.
        Raises:
            TemporaryFetchError: it does not start.
        """
        root = str(Path(crawler.__file__).parents[1])
        path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "crawler.spider_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**for_child(), "PYTHONPATH": path},
            limit=wire.MAX_LINE,
            start_new_session=True,  # Ctrl-C is for the daemon, which ends its spiders in order
        )
        worker = cls(process, gate, memory)
        try:
            worker._send(wire.setup_out(setup))
            async with asyncio.timeout(_START):
                await worker._ready
        except TimeoutError:
            await worker.kill()
            raise TemporaryFetchError(
                "the spider process did not start within 30 s", cause=Cause.SPIDER
            ) from None
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can make visits."""
        return self._process.returncode is None and not self._listening.done()

    @property
    def busy(self) -> int:
        """Visits that somebody waits for."""
        return sum(not running.abandoned for running in self._visits.values())

    async def visit(
        self,
        source: Source,
        limit: timedelta,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Listed:
        """Crawl one source.

        Args:
            limit: for the whole visit.
        Returns:
            What was handed over; where the process died or the time was over meanwhile, with the reason as
            `unfinished` and no validators.
        Raises:
            CrawlError: as the spider process told it; nothing was handed over.
            TemporaryFetchError: the process died, or the time was over, before anything was handed over.
        """
        if not self.alive:
            raise TemporaryFetchError("the spider process has just ended", cause=Cause.SPIDER)
        self._last += 1
        number = self._last
        running = _Running(source, asyncio.get_running_loop().create_future())
        self._visits[number] = running
        asked = {"source": wire.source_out(source), "etag": etag, "last_modified": last_modified}
        self._send({"do": "visit", "visit": number, **asked})
        try:
            async with asyncio.timeout(limit.total_seconds()):
                message = await asyncio.shield(running.ended)
        except (TimeoutError, asyncio.CancelledError) as error:
            running.abandoned = True
            self._later(self._stop(number))
            if isinstance(error, TimeoutError):
                told = f"the visit of {source.id} was stopped after {limit.total_seconds():g} s"
                return _unfinished(running, TemporaryFetchError(told, cause=Cause.SPIDER))
            raise
        if message["say"] == "failed":
            return _unfinished(running, wire.error_in(message["error"]))
        return Listed(
            feed=_feed(running, message),
            etag=message["etag"],
            last_modified=message["last_modified"],
            fresh_for=wire.delta_in(message["fresh_for"]),
            partly=message["partly"],
        )

    async def render(self, page: Fetched, source: Source, limit: timedelta) -> bytes:
        """The page of an article after its scripts ran, in UTF-8.

        Raises:
            CrawlError: as the spider process told it.
            TemporaryFetchError: the process died, or the time was over.
        """
        if not self.alive:
            raise TemporaryFetchError("the spider process has just ended", cause=Cause.SPIDER)
        self._last += 1
        number = self._last
        running = _Running(source, asyncio.get_running_loop().create_future())
        self._visits[number] = running
        body = wire.body_out(page.body)
        asked = {"source": wire.source_out(source), "url": page.url, "headers": page.headers, "body": body}
        self._send({"do": "render", "render": number, **asked})
        try:
            async with asyncio.timeout(limit.total_seconds()):
                message = await asyncio.shield(running.ended)
        except TimeoutError as error:
            told = f"the browser was stopped after {limit.total_seconds():g} s on a page of {source.id}"
            raise TemporaryFetchError(told, cause=Cause.SLOW) from error
        finally:
            running.abandoned = True
            if not running.ended.done():
                self._later(self._stop(number))
        if message["say"] == "failed":
            raise wire.error_in(message["error"])
        return wire.body_in(message["body"])

    async def end(self) -> None:
        """Let it go in peace, else by force."""
        self._send({"do": "end"})
        try:
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
                await self._listening
        except TimeoutError:
            await self.kill()
        await self._settle()

    async def kill(self) -> None:
        """End it now; visits under way fail as temporary."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._listening
        await self._settle()

    async def _settle(self) -> None:
        current = asyncio.current_task()
        others = [task for task in self._tasks if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        if not stdin.is_closing():
            stdin.write(wire.encode(message))

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self, number: int) -> None:
        """Stop one visit; a process that does not answer (a spider that sleeps) is killed."""
        running = self._visits.get(number)
        if running is None:
            return
        self._send({"do": "stop", "visit": number})
        await asyncio.wait([running.ended], timeout=_GRACE)
        if not running.ended.done():
            self._process.kill()

    async def _listen(self) -> None:
        """Hear the process until it closes its end, then settle everything that waited for it."""
        stdout = self._process.stdout
        assert stdout is not None
        try:
            while line := await stdout.readline():
                self._hear(wire.decode(line))
        except (ValueError, KeyError, TypeError):
            if self._process.returncode is None:
                self._process.kill()  # it no longer speaks our language
        code = await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        for lease in self._leases.values():
            lease.release()
        self._leases.clear()
        if not self._ready.done():
            self._ready.set_exception(
                TemporaryFetchError(f"the spider process did not start ({_ended(code)})", cause=Cause.SPIDER)
            )
        for number, running in list(self._visits.items()):
            died = TemporaryFetchError(
                f"the spider process ended ({_ended(code)}) while it crawled {running.source.id}",
                cause=Cause.SPIDER,
            )
            self._end(number, {"say": "failed", "error": wire.error_out(died)})

    def _hear(self, message: dict[str, Any]) -> None:
        match message["say"]:
            case "ready":
                self._ready.set_result(None)
            case "entry":
                if (running := self._visits.get(message["visit"])) is not None:
                    running.entries.append(wire.entry_in(message["entry"]))
            case "lease":
                self._later(self._lease(message["lease"], message["host"]))
            case "begin":
                if (begun := self._leases.get(message["lease"])) is not None:
                    begun.begin()
            case "release":
                if (lease := self._leases.pop(message["lease"], None)) is not None:
                    lease.release()
            case "slow":
                self._gate.slow(message["host"], timedelta(seconds=message["seconds"]))
            case "hold":
                self._later(self._gate.hold(message["host"], timedelta(seconds=message["seconds"])))
            case "robots":
                self._later(self._look_up(message["lookup"], message["origin"]))
            case "keep":
                if self._memory is not None:
                    self._later(self._memory.keep_robots(wire.robots_in(message["robots"])))
            case "rendered":
                self.pages += message["pages"]
                self._end(message["render"], message)
            case "done" | "failed":
                self.pages += message["pages"]
                self._end(message["visit"], message)

    async def _lease(self, number: int, host: str) -> None:
        """Wait at the gate in the child's name."""
        if await self._told_to_wait(number, host):
            return
        lease = await self._gate.lease(host)
        try:
            unwanted = self._listening.done() or await self._told_to_wait(number, host)
        except BaseException:  # this process is being ended; the host's next turn must not wait for it
            lease.release()
            raise
        if unwanted:
            lease.release()
            return
        self._leases[number] = lease
        self._send({"do": "granted", "lease": number})
        asyncio.get_running_loop().call_later(
            BEGINS, lease.begin
        )  # a spider that blocks its process blocks no host

    async def _told_to_wait(self, number: int, host: str) -> bool:
        """Whether the host wants no request now, which ends the wait for this turn."""
        held = await self._gate.held(host)
        if held > timedelta(0):
            self._send({"do": "held", "lease": number, "seconds": held.total_seconds()})
        return held > timedelta(0)

    async def _look_up(self, number: int, origin: str) -> None:
        """Give the child the robots.txt that is kept; nothing, too, so that it does not wait for it."""
        file = None
        try:
            file = await self._memory.robots(origin) if self._memory is not None else None
        finally:
            self._send({"do": "robots", "lookup": number, "robots": file and wire.robots_out(file)})

    def _end(self, number: int, message: dict[str, Any]) -> None:
        running = self._visits.pop(number, None)
        if running is not None and not running.ended.done():
            running.ended.set_result(message)


def _feed(running: _Running, message: dict[str, Any]) -> Feed:
    entries = running.entries
    if message["format"] == "sitemap":
        entries = newest_first(entries)
    return Feed(
        title=message["title"],
        format=message["format"],
        entries=tuple(entries),
        language=message["language"],
        site_url=None if message["format"] == "spider" else running.source.url,
        ttl=wire.delta_in(message["wait"]),
        problems=tuple(message["problems"]),
        lacks=message["lacks"],
        looked=tuple(map(wire.looked_in, message["looked"])),
    )


def _unfinished(running: _Running, error: CrawlError) -> Listed:
    """What was handed over before the visit ended early, where that is anything; no entry is crawled for nothing."""
    if not running.entries:
        raise error
    message: dict[str, Any] = {
        "format": FORMATS[running.source.kind],
        "title": "",
        "language": None,
        "wait": None,
        "problems": [],
        "lacks": None,
        "looked": [],
    }
    return Listed(feed=_feed(running, message), unfinished=error)


def newest_first(entries: list[Entry]) -> list[Entry]:
    """By publication or change; those without a time stay behind, in their own order."""
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(entries, key=lambda one: one.published_at or one.updated_at or never, reverse=True)


def _ended(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
