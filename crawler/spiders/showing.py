"""One page in the browser: its requests are taken out and answered, its end is awaited, and it is read as it then stands."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Route

_QUIET = 0.5  # seconds without a request after which a loaded page has shown what it has to show
_TICK = 0.05  # seconds between two looks at it
_BUSY = 1.0  # seconds in which a page that is not at work says how far it is
_GRACE = 5.0  # seconds in which a page, or the browser, must answer us
_WAITS = 4  # times `limit` that a page may take in all, waits for the hosts' turns included

# What speaks past HTTP; pages ask whether it is there before they use it.
_SIDE_DOORS = """
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete globalThis[name];
"""
_SHOWN = r"""
(most => {
  const root = document.documentElement;
  if (root === null) return "";
  const roots = [];
  const collect = tree => {
    for (const element of tree.querySelectorAll("*"))
      if (element.shadowRoot) {
        roots.push(element.shadowRoot);
        collect(element.shadowRoot);
      }
  };
  collect(document);
  const whole = roots.length
    ? root.cloneNode(false).outerHTML.replace(/<\/html>$/, "") + root.getHTML({shadowRoots: roots}) + "</html>"
    : root.outerHTML;
  return whole.length > most ? null : "<!DOCTYPE html>" + whole;
})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that a page makes."""

    url: str
    method: str
    kind: str  # document, script, stylesheet, image, xhr, fetch and so on, in the browser's words
    headers: tuple[tuple[str, str], ...] = ()  # lower-case names


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The answer that a page gets."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""  # decoded


class Answers(Protocol):
    """Answers the requests of one page."""

    @property
    def asked(self) -> int:
        """Requests so far that were made to find an answer."""

    @property
    def waiting(self) -> int:
        """Requests that wait for their host's turn, for which the page's time stands still."""

    @property
    def hurried(self) -> bool:
        """Whether nobody has time for the page any more."""

    async def answer(self, asked: Asked) -> Given | None:
        """The answer; None: the request fails."""


class Show:
    """One page in the browser, with the requests it has under way."""

    def __init__(self, context: BrowserContext, document: Given, answers: Answers) -> None:
        self.answers = answers
        self.crashed = False
        self._context = context
        self._document: Given | None = document
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: CDPSession | None = None

    @property
    def open(self) -> int:
        """Requests without an answer yet."""
        return len(self._tasks)

    async def begin(self, url: str) -> None:
        """Show the document."""
        async with asyncio.timeout(_GRACE):
            await self._context.add_init_script(_SIDE_DOORS)
            await self._context.route("**/*", self._take)
            page = await self._context.new_page()
            page.on("crash", lambda _: setattr(self, "crashed", True))
            self._context.on("page", lambda other: self._keep(other.close()))  # a window it opens
            self._session = await self._context.new_cdp_session(page)
            await page.goto(url, wait_until="commit")

    async def settle(self, limit: float) -> bool:
        """Wait until the page is loaded and asks for nothing more; False: its time was over before."""
        loop = asyncio.get_running_loop()
        began = last = loop.time()
        spent = quiet = 0.0
        known = 0
        while quiet < _QUIET and not self.crashed:
            await asyncio.sleep(_TICK)
            now = loop.time()
            step, last = now - last, now
            if not self.answers.waiting:
                spent += step
            still = not self.open and self.answers.asked == known and await self.is_loaded()
            known = self.answers.asked
            quiet = quiet + min(step, 2 * _TICK) if still else 0.0  # of a longer one the page was at work
            if self.answers.hurried or spent >= limit or now - began >= _WAITS * limit:
                return False
        return True

    async def look(self, most: int) -> str | None:
        """The page as it stands; None: it is too large.

        Raises:
            TimeoutError: its scripts let nobody look.
        """
        async with asyncio.timeout(_GRACE):
            html = await self.evaluate(f"({_SHOWN})({most})")
        return html if isinstance(html, str) else None

    async def is_loaded(self) -> bool:
        """Whether the document is complete, with all that it waits for; takes until its scripts let go of it.

        It is asked, for a page that begins to leave and is not let go makes no event of it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_BUSY):
                return await self.evaluate("document.readyState") == "complete"
        return False

    async def evaluate(self, expression: str) -> object:
        """A value, found in a world of our own where the page cannot have changed what words mean."""
        assert self._session is not None
        send = self._session.send
        frame = (await send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "tidings"})
        where = {"contextId": world["executionContextId"], "returnByValue": True}
        return (await send("Runtime.evaluate", {"expression": expression, **where}))["result"].get("value")

    async def end(self) -> None:
        """Answer nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, route: Route) -> None:
        """A request, taken out of the browser. The first is for the document; no other navigation is made."""
        given, self._document = self._document, None
        self._keep(self._answer(route, given))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _answer(self, route: Route, given: Given | None) -> None:
        request = route.request
        if given is None:
            asked = Asked(
                url=request.url,
                method=request.method,
                kind=request.resource_type,
                headers=tuple(request.headers.items()),
            )
            given = await self.answers.answer(asked)
        if given is None:
            await route.abort("aborted")
        else:
            await route.fulfill(status=given.status, headers=dict(given.headers), body=given.body)
