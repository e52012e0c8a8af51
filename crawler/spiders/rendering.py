"""Pages of sources that need JavaScript: fetched like any other page, then played by the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.errors import TooLarge
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard
from crawler.net.hosts import Gate
from crawler.net.limits import Limits, spelled
from crawler.ports import Clock, RobotsStore
from crawler.records import Source
from crawler.spiders.browser import Browser
from crawler.spiders.parts import Parts, ScriptShelf, Turnstile, given_of_lines, reach
from crawler.spiders.politeness import GuardedHandler
from crawler.spiders.showing import Given

CONTENT_TYPE = "text/html; charset=utf-8"  # of a page that was played


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A page after its scripts ran."""

    body: bytes  # UTF-8
    requests: int  # made for it, beyond the page itself
    problems: tuple[str, ...]
    missing: tuple[str, ...]  # what it asked for and did not get, and why


class Renderer:
    """Plays pages for all visits of the spider process; its browser is started by the first one.

    Args:
        gate: where every request of a page takes its turn.
        memory: where robots.txt files are kept.
        data: bytes of data that each process of the browser may have.
        limits: of each request; the scripts of a page have as long as one, waits for the hosts' turns not counted.
    """

    def __init__(
        self,
        *,
        guard: AddressGuard,
        gate: Gate,
        limits: Limits,
        user_agent: str,
        clock: Clock,
        memory: RobotsStore,
        data: int,
    ) -> None:
        self._guard = guard
        self._gate = gate
        self._limits = limits
        self._user_agent = user_agent
        self._clock = clock
        self._memory = memory
        self._shelf = ScriptShelf()
        self._browser = Browser(user_agent=user_agent, memory=data, largest=limits.body, limit=limits.total)

    async def render(
        self,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        source: Source,
        hurried: Callable[[], bool] = lambda: False,
    ) -> Rendered:
        """Run the scripts of the page that `url` gave.

        Args:
            headers: of the answer, names in lower case.
            source: whose page it is.
            hurried: asked now and then; once true, what the page shows by then is returned.
        Raises:
            TemporaryFetchError, TooLarge, CrawlError: see `Browser.play`.
        """
        document = self._guard.target(url)
        turnstile = Turnstile(self._gate)
        async with HttpFetcher(
            guard=reach(document, self._guard, self._limits),
            gate=turnstile,
            user_agent=self._user_agent,
            clock=self._clock,
            limits=self._limits,
            memory=self._memory,
        ) as fetcher:
            parts = Parts(
                fetcher,
                document=document,
                source=source,
                turnstile=turnstile,
                shelf=self._shelf,
                hurried=hurried,
            )
            shown = Given(headers=given_of_lines(headers), body=body)
            played = await self._browser.play(
                str(document.url), shown, parts, language=source.language, zone=source.zone
            )
        html = played.html.encode("utf-8", "replace")
        if len(html) > self._limits.body:
            raise TooLarge(
                f"the scripts of a page of {document.host} make more than {spelled(self._limits.body)} of it"
            )
        told = f"a page of {document.host} was still at work after {self._limits.total.total_seconds():g} s; what it showed by then was read"
        return Rendered(
            body=html,
            requests=parts.asked,
            problems=(told,) if played.cut else (),
            missing=tuple(parts.missing),
        )

    async def close(self) -> None:
        """End the browser."""
        await self._browser.close()


class RenderingHandler(GuardedHandler):
    """Fetches as `GuardedHandler` does, and plays what came when it is an HTML page."""

    async def download_request(self, request: Request) -> Response:
        response = await super().download_request(request)
        if not (200 <= response.status < 300 and isinstance(response, HtmlResponse)):
            return response
        visit = self._visit
        assert visit.renderer is not None
        rendered = await visit.renderer.render(
            response.url,
            [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, values in response.headers.items()
                for value in values
            ],
            response.body,
            source=visit.source,
            hurried=lambda: visit.stopping,
        )
        visit.pages += rendered.requests
        visit.problems.extend(rendered.problems)
        visit.missing.extend(rendered.missing)
        played: Response = response.replace(body=rendered.body, encoding="utf-8")
        played.headers["Content-Type"] = CONTENT_TYPE
        return played
