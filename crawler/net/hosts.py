"""One gate for all requests: how far apart and how many at once a single host is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

MAX_DELAY = timedelta(seconds=60)  # however long a robots.txt asks for
_PRUNE_EVERY = 1000  # leases between two looks for hosts that can be forgotten


class Gate(Protocol):
    """What a request needs of the gate; the spider process has one that asks the daemon's."""

    def turn(self, host: str) -> AbstractAsyncContextManager[None]:
        """The host's turn, for the time of one request."""

    def slow(self, host: str, delay: timedelta) -> None:
        """Space this host's requests at least so far apart (Crawl-delay)."""

    def hold(self, host: str, wait: timedelta) -> None:
        """Remember that the host wants no request at all for so long (Retry-After)."""

    def held(self, host: str) -> timedelta:
        """How long the host still wants no request; zero when it may be asked."""


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_start: float = 0.0  # monotonic
    held_until: float = 0.0  # monotonic
    delay: float = 0.0  # seconds, asked for by robots.txt
    users: int = 0  # leases given out or waited for


class Lease:
    """The right to make one request to a host; whoever holds it gives it back with `release()`."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """Let the next one through; a second call does nothing."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class HostGate:
    """Spaces requests to a host and bounds how many run at once, over feeds, pages and spiders together.

    A host is a name or an address without its port; every loopback address is a host of its own. Waiting
    is fair: first come, first served. Kept in memory only.

    Args:
        spacing: time between two starts to one host.
        concurrency: requests to one host at the same time, at least 1.
        monotonic: seconds that never go backwards.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        spacing: timedelta = timedelta(seconds=1),
        concurrency: int = 2,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"concurrency is {concurrency}, but at least 1 request must be let through")
        self._spacing = spacing.total_seconds()
        self._concurrency = concurrency
        self._now = monotonic
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._leases = 0

    async def lease(self, host: str) -> Lease:
        """Wait for the host's turn. For holders in another process; here `turn` is safer."""
        self._prune()
        known = self._host(host)
        known.users += 1
        try:
            await known.slots.acquire()
            try:
                async with known.starting:
                    while (wait := known.next_start - self._now()) > 0:
                        await self._sleep(wait)
                    known.next_start = self._now() + max(self._spacing, known.delay)
            except BaseException:
                known.slots.release()
                raise
        except BaseException:
            known.users -= 1
            raise

        def give_back() -> None:
            known.users -= 1
            known.slots.release()

        return Lease(give_back)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """The host's turn, for the time of one request."""
        lease = await self.lease(host)
        try:
            yield
        finally:
            lease.release()

    def slow(self, host: str, delay: timedelta) -> None:
        """Space this host's requests at least so far apart (Crawl-delay), but never more than a minute."""
        self._host(host).delay = max(0.0, min(delay, MAX_DELAY).total_seconds())

    def hold(self, host: str, wait: timedelta) -> None:
        """Remember that the host wants no request at all for so long; a longer hold stays."""
        known = self._host(host)
        known.held_until = max(known.held_until, self._now() + wait.total_seconds())

    def held(self, host: str) -> timedelta:
        """How long the host still wants no request; zero when it may be asked."""
        known = self._hosts.get(_key(host))
        left = known.held_until - self._now() if known is not None else 0.0
        return timedelta(seconds=max(0.0, left))

    def _host(self, host: str) -> _Host:
        key = _key(host)
        if key not in self._hosts:
            self._hosts[key] = _Host(slots=asyncio.Semaphore(self._concurrency))
        return self._hosts[key]

    def _prune(self) -> None:
        self._leases += 1
        if self._leases % _PRUNE_EVERY:
            return
        now = self._now()
        for key, known in list(self._hosts.items()):
            if not known.users and not known.delay and max(known.next_start, known.held_until) < now:
                del self._hosts[key]


def _key(host: str) -> str:
    return host.lower().rstrip(".")
