"""A sign of life to a service outside, sent while the daemon lives and is ready; the service raises the alarm when it stays away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog

from crawler.errors import CrawlError
from crawler.net.guard import AddressGuard
from crawler.net.post import ping
from crawler.ports import Clock
from tidings import __version__
from tidings.health import Health
from tidings.settings.records import Heartbeat, Settings

log = structlog.get_logger(__name__)

LOOK = 5.0  # seconds between two looks at what is due
AGAIN = timedelta(seconds=30)  # after a sign that was not taken, so that one lost packet raises no alarm

Send = Callable[[Heartbeat], Awaitable[int]]


class Beats:
    """How the heartbeat fares.

    Attributes:
        sent_at: when the last sign was taken; None: none was.
        problem: why the last one was not taken; None: it was, or none was sent yet.
        since: when that began.
    """

    def __init__(self) -> None:
        self.sent_at: datetime | None = None
        self.problem: str | None = None
        self.since: datetime | None = None


class Heart:
    """Sends what is due. Nothing that goes wrong here stops anything.

    Args:
        settings: those in force.
        send: one request; returns the HTTP status, raises `CrawlError`.
        seconds: a clock that only goes forward.
    """

    def __init__(
        self,
        health: Health,
        beats: Beats,
        settings: Callable[[], Settings],
        clock: Clock,
        *,
        send: Send | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._health = health
        self._beats = beats
        self._settings = settings
        self._clock = clock
        self._send = send if send is not None else self._ask
        self._seconds = seconds
        self._next = seconds()
        self._plan: Heartbeat | None = None

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                log.exception("the heartbeat broke; it is tried again")
            await asyncio.sleep(LOOK)

    async def turn(self) -> None:
        """One look: send when it is time, and the daemon lives and is ready."""
        plan = self._settings().heartbeat
        if plan != self._plan:
            self._plan, self._next = plan, self._seconds()
            self._beats.problem = self._beats.since = None
        if plan is None or self._seconds() < self._next:
            return
        if not self._health.alive or not (await self._health.readiness()).ready:
            return  # the service outside will miss it, as it should
        problem = await self._try(plan)
        wait = plan.every if problem is None else min(plan.every, AGAIN)
        self._next = self._seconds() + wait.total_seconds()
        self._note(problem)

    async def _try(self, plan: Heartbeat) -> str | None:
        try:
            status = await self._send(plan)
        except CrawlError as fault:
            return str(fault)
        return None if 200 <= status < 300 else f"it was answered with status {status}"

    def _note(self, problem: str | None) -> None:
        beats, now = self._beats, self._clock.now()
        if problem is None:
            if beats.problem is not None:
                log.info("the heartbeat is taken again")
            beats.sent_at, beats.problem, beats.since = now, None, None
            return
        if beats.problem is None:
            log.warning("the heartbeat is not taken", problem=problem)
            beats.since = now
        beats.problem = problem

    async def _ask(self, plan: Heartbeat) -> int:
        limits = self._settings().polling.limits
        guard = AddressGuard(plan.allow_private, ports=limits.ports)
        headers = {"User-Agent": f"tidings/{__version__}"}
        return (await ping(plan.url.reveal(), headers, guard=guard, limits=limits)).status
