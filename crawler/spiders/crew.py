"""Sites without feeds, listed by spiders in a process of their own that comes and goes as it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from crawler.errors import TemporaryFetchError
from crawler.net.hosts import HostGate
from crawler.net.limits import Limits
from crawler.ports import RobotsStore
from crawler.records import Fetched, Listed, Source
from crawler.spiders.wire import Setup
from crawler.spiders.worker import Worker

_AT_ONCE = 4  # visits side by side
_RENDERED = 2  # pages of articles side by side
_CONTENT_TYPE = "text/html; charset=utf-8"  # of a page after its scripts ran


class SpiderCrew:
    """Implements `crawler.ports.Lister`.

    The process is started by the first visit, ended when nobody needed it for `idle`, replaced after `pages`
    answers, and started anew when it died. Every request of it waits its turn at `gate`.

    Args:
        memory: where robots.txt files are kept, since the process does not live long; None: nowhere.
        modules: folders in which users' own spiders are found.
        visit: time for one visit in all, turns included.
    """

    def __init__(
        self,
        *,
        gate: HostGate,
        user_agent: str,
        allow_private: Sequence[str] = (),
        limits: Limits | None = None,
        memory: RobotsStore | None = None,
        modules: Sequence[str] = (),
        visit: timedelta = timedelta(minutes=5),
        idle: timedelta = timedelta(minutes=10),
        pages: int = 2000,
    ) -> None:
        self._gate = gate
        self._memory = memory
        self._setup = Setup(
            user_agent=user_agent,
            allow_private=tuple(allow_private),
            modules=tuple(modules),
            limits=limits or Limits(),
        )
        self._visit = visit
        self._idle = idle
        self._pages = pages
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._stages = asyncio.Semaphore(_RENDERED)
        self._starting = asyncio.Lock()
        self._worker: Worker | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The spider process at present, for `status`; None while there is none."""
        return self._worker.pid if self._worker is not None and self._worker.alive else None

    async def list(
        self, source: Source, *, etag: str | None = None, last_modified: str | None = None
    ) -> Listed:
        """See `crawler.ports.Lister.list`."""
        async with self._slots:
            worker = await self._hire()
            try:
                return await worker.visit(source, self._visit, etag=etag, last_modified=last_modified)
            finally:
                self._rest(worker)

    async def render(self, page: Fetched, source: Source) -> Fetched:
        """The page of an article as it stands after its scripts ran; what is no HTML comes back as it is.

        Raises:
            TemporaryFetchError: the browser, or its process, failed on it.
            TooLarge: too much came of it.
            CrawlError: there is no browser, or it does not start.
        """
        kind = (page.content_type or "text/html").partition(";")[0].strip().lower()
        if kind not in ("text/html", "application/xhtml+xml"):
            return page
        async with self._stages:
            worker = await self._hire()
            try:
                body = await worker.render(page, source, self._visit)
            finally:
                self._rest(worker)
        headers = [(name, value) for name, value in page.headers if name != "content-type"]
        headers.append(("content-type", _CONTENT_TYPE))
        return replace(page, body=body, headers=tuple(headers), content_type=_CONTENT_TYPE)

    async def close(self) -> None:
        """End the process; visits under way fail as temporary."""
        self._closed = True
        if self._resting is not None:
            self._resting.cancel()
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.end()
        await asyncio.gather(*self._ending)

    async def _hire(self) -> Worker:
        async with self._starting:
            if self._closed:
                raise TemporaryFetchError("the daemon is stopping; no spider is started any more")
            if self._resting is not None:
                self._resting.cancel()
                self._resting = None
            if self._worker is not None and not self._worker.alive:
                self._let_go(self._worker)
            if self._worker is None:
                self._worker = await Worker.start(self._setup, self._gate, self._memory)
            return self._worker

    def _rest(self, worker: Worker) -> None:
        """After a visit: retire a process that has done its share or died, else wait for work."""
        if worker is self._worker and (not worker.alive or worker.pages >= self._pages):
            self._worker = None
        if worker.busy:
            return
        if worker is not self._worker:
            self._let_go(worker)
        else:
            if self._resting is not None:
                self._resting.cancel()
            loop = asyncio.get_running_loop()
            self._resting = loop.call_later(self._idle.total_seconds(), self._let_go, worker)

    def _let_go(self, worker: Worker) -> None:
        if worker is self._worker:
            self._worker = None
        task = asyncio.create_task(worker.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
