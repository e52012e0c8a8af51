"""Chromium without a network of its own: it plays a page, and whoever had it played answers what the page asks for.

Three walls stand between a page and the network: HTTP requests are taken out of the browser before they are
sent; the only way out that it knows, for web sockets too, is a proxy that does not exist; and to it no name or
address leads anywhere. Each of the latter two holds without the others. WebRTC, which knows no proxy, is both
taken away and forbidden.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.child_environment import for_child
from crawler.errors import Cause, CrawlError, TemporaryFetchError, TooLarge
from crawler.net.limits import spelled
from crawler.spiders.showing import Answers, Given, Show

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # looked for on the PATH

_AT_ONCE = 2  # pages played side by side
_GRACE = 5.0  # seconds in which a page, or the browser, must answer us
_START = 20.0  # seconds for the browser to start
_HEAP = 512  # MiB of JavaScript objects of one page
_WINDOW = {"width": 1280, "height": 4000}  # high, so that what is shown on scrolling is shown
_NOWHERE = "http://proxy.invalid:9"  # a name that RFC 6761 keeps from ever existing

OFFLINE = (  # nothing of the browser's own goes out, and no name or address leads anywhere
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-domain-reliability",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-3d-apis",
    "--disable-gpu",
    "--disable-crash-reporter",
    f"--js-flags=--max-old-space-size={_HEAP}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A page after its scripts ran."""

    html: str
    cut: bool  # True: they were still at work when its time was over


def lacking() -> tuple[str, str] | None:
    """What is missing on this machine for pages that need JavaScript, and what to do; None: nothing."""
    if find_spec("playwright") is None:
        return (
            "the library that drives the browser is not installed",
            "run: pip install 'tidings[javascript]'",
        )
    if executable() is None:
        return (
            "no Chromium is installed",
            f"install it, or put a link to it on the PATH as one of {', '.join(NAMES)}",
        )
    return None


def executable() -> str | None:
    """Path of the system's Chromium."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """Started by the first page, ended when none was played for `idle`.

    Args:
        user_agent: what pages see; it never reaches a server from here.
        memory: bytes of data that each process of the browser may have.
        largest: characters of a page after its scripts ran.
        limit: time for one page, waits for the hosts' turns not counted.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        memory: int,
        largest: int,
        limit: timedelta,
        idle: timedelta = timedelta(seconds=60),
    ) -> None:
        self._user_agent = user_agent
        self._memory = memory
        self._largest = largest
        self._limit = limit.total_seconds()
        self._idle = idle.total_seconds()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._busy = 0
        self._lock = asyncio.Lock()  # around starting and ending
        self._driver: Playwright | None = None
        self._chromium: Chromium | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def play(
        self,
        url: str,
        document: Given,
        answers: Answers,
        *,
        language: str | None = None,
        zone: str | None = None,
    ) -> Played:
        """Show `document` as the page at `url`, and wait until its scripts are done or its time is over.

        Args:
            language: what the page is told that its reader speaks, BCP 47; None: English.
            zone: where it is told to be, an IANA zone; None: UTC.
        Raises:
            TemporaryFetchError: the scripts let nobody look at the page, filled the memory, or the browser failed.
            TooLarge: they made too large a page of it.
            CrawlError: there is no browser, or it does not start.
        """
        async with self._slots:
            self._busy += 1
            try:
                reader = {"locale": language or "en", "timezone_id": zone or "UTC"}
                return await self._play(url, document, answers, reader)
            finally:
                self._busy -= 1
                self._rest()

    async def close(self) -> None:
        """End the browser with everything that belongs to it."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        async with self._lock:
            await self._end()

    # -- the process ------------------------------------------------------------------------------

    async def _open(self) -> Chromium:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        if self._chromium is not None and not self._chromium.is_connected():
            await self.close()
        async with self._lock:
            if self._chromium is None:
                self._chromium = await self._start()
            return self._chromium

    async def _start(self) -> Chromium:
        problem = lacking()
        if problem is not None:
            raise CrawlError("; ".join(problem), cause=Cause.SPIDER)
        from playwright.async_api import Error, async_playwright

        try:
            async with asyncio.timeout(_START):
                with _room(self._memory):
                    self._driver = await async_playwright().start()
                return await self._driver.chromium.launch(
                    executable_path=executable(),
                    chromium_sandbox=os.geteuid() != 0,  # Chromium has none for root
                    proxy={"server": _NOWHERE, "bypass": "<-loopback>"},
                    args=list(OFFLINE),
                    env={**_passed_on(), "HOME": os.devnull},  # it keeps nothing in there
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
        except (Error, TimeoutError, OSError) as error:
            await self._end()
            raise CrawlError(f"the browser does not start: {_why(error)}", cause=Cause.SPIDER) from error

    async def _end(self) -> None:
        """Whatever fails here ends all the same: the browser with its driver, and that with this process."""
        driver, chromium = self._driver, self._chromium
        self._driver = self._chromium = None
        for end in (chromium.close if chromium else None, driver.stop if driver else None):
            with suppress(Exception):
                async with asyncio.timeout(_GRACE):
                    if end is not None:
                        await end()

    def _rest(self) -> None:
        if self._busy or self._chromium is None:
            return
        if self._resting is not None:
            self._resting.cancel()
        self._resting = asyncio.get_running_loop().call_later(self._idle, self._let_go)

    def _let_go(self) -> None:
        if not self._busy:
            self._ending = asyncio.ensure_future(self.close())

    # -- one page ---------------------------------------------------------------------------------

    async def _play(self, url: str, document: Given, answers: Answers, reader: dict[str, str]) -> Played:
        from playwright.async_api import Error

        host = urlsplit(url).hostname or ""
        try:
            async with self._context(reader) as context:
                show = Show(context, document, answers)
                try:
                    await show.begin(url)
                    settled = await show.settle(self._limit)
                    if show.crashed:
                        told = f"a page of {host} breaks the browser, or fills its memory"
                        raise TemporaryFetchError(told, cause=Cause.SPIDER)
                    html = await show.look(self._largest)
                finally:
                    await show.end()
        except TimeoutError as error:
            told = f"the browser cannot read a page of {host}: its scripts do not let go, or the machine is too busy"
            raise TemporaryFetchError(told, cause=Cause.SLOW) from error
        except Error as error:
            told = f"the browser cannot show a page of {host}: {_first_line(error)}"
            raise TemporaryFetchError(told, cause=Cause.SPIDER) from error
        if html is None:
            raise TooLarge(f"the scripts of a page of {host} make more than {spelled(self._largest)} of it")
        return Played(html=html, cut=not settled)

    @asynccontextmanager
    async def _context(self, reader: dict[str, str]) -> AsyncIterator[BrowserContext]:
        """A profile for one page, without a trace of another."""
        try:
            context = await self._fresh(await self._open(), reader)
        except CrawlError:
            raise
        except Exception:  # it died since the last page, which not every death tells
            await self.close()
            context = await self._fresh(await self._open(), reader)
        try:
            yield context
        finally:
            try:
                async with asyncio.timeout(_GRACE):
                    await context.close()
            except Exception:  # a page that cannot be closed goes with its browser
                await self.close()

    async def _fresh(self, chromium: Chromium, reader: dict[str, str]) -> BrowserContext:
        async with asyncio.timeout(_GRACE):
            return await chromium.new_context(
                user_agent=self._user_agent,
                viewport=_WINDOW,  # type: ignore[arg-type]  # a TypedDict of just these keys
                service_workers="block",
                accept_downloads=False,
                **reader,  # type: ignore[arg-type]  # two texts by their names
            )


@contextmanager
def _room(memory: int) -> Iterator[None]:
    """Limits for what is started meanwhile: a browser reserves far more address space than it fills, so its
    processes are held by the data they have."""
    space, data = resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_DATA)
    most = memory if data[1] == resource.RLIM_INFINITY else min(memory, data[1])
    resource.setrlimit(resource.RLIMIT_AS, (space[1], space[1]))
    resource.setrlimit(resource.RLIMIT_DATA, (most, data[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, space)
        resource.setrlimit(resource.RLIMIT_DATA, data)


def _passed_on() -> dict[str, str | float | bool]:
    return dict(for_child(but=("HOME", "VIRTUAL_ENV")))


def _why(error: BaseException) -> str:
    """What keeps the browser from starting; its own words are somewhere in a long log."""
    if "no usable sandbox" in str(error).lower():
        return "it finds no sandbox; allow user namespaces, or install the package chromium-sandbox"
    return _first_line(error) or f"it says nothing for {_START:g} s"


def _first_line(error: BaseException) -> str:
    """What a library's error says, without the page's address and the browser's log."""
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    return text.partition(" at http")[0].strip()[:200]
