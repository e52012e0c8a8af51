"""One gate for all requests: how far apart and how many at once a single host is asked, and when not at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from crawler.net.answers import MAX_RETRY_AFTER
from crawler.net.guard import is_shared_name
from crawler.net.sharing import SharedTurn, Sharing

if TYPE_CHECKING:
    from crawler.ports import HoldStore, TurnStore

MAX_DELAY = timedelta(seconds=60)  # however long a robots.txt asks for
LOOK_AGAIN = 10.0  # seconds between two looks at what other processes were told
BEGINS = 5.0  # seconds in which who was given a lease begins
_KEEP_DELAY = 86_400.0  # seconds without a request for which a Crawl-delay is remembered
_PRUNE_EVERY = 1000  # leases between two looks for hosts that can be forgotten


class Gate(Protocol):
    """What a request needs of the gate; the spider process has one that asks the daemon's."""

    def turn(self, host: str) -> AbstractAsyncContextManager[None]:
        """The host's turn, for the time of one request."""

    def slow(self, host: str, delay: timedelta) -> None:
        """Space this host's requests at least so far apart (Crawl-delay)."""

    async def hold(self, host: str, wait: timedelta) -> None:
        """Remember that the host wants no request at all for so long (Retry-After)."""

    async def held(self, host: str) -> timedelta:
        """How long the host still wants no request; zero when it may be asked."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_start: float = 0.0  # monotonic
    held_until: datetime | None = None  # by the time of day: a machine that slept has waited, too
    delay: float = 0.0  # seconds, asked for by robots.txt
    users: int = 0  # leases given out or waited for


class Lease:
    """The right to make one request to a host; whoever holds it gives it back with `release()`."""

    def __init__(self, give_back: Callable[[], None], begin: Callable[[], None] | None = None) -> None:
        self._give_back: Callable[[], None] | None = give_back
        self._begin = begin

    def begin(self) -> None:
        """Say that the request starts now, where the gate waits for that; a second call does nothing."""
        begin, self._begin = self._begin, None
        if begin is not None:
            begin()

    def release(self) -> None:
        """Let the next one through; a second call does nothing."""
        self.begin()
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class HostGate:
    """Spaces requests to a host and bounds how many run at once, over feeds, pages and spiders together.

    A host is a name or an address without its port; every loopback address is a host of its own. Waiting
    is fair: first come, first served. Turns are kept in memory, and shared with other processes where there is
    a store for them: a request has its turn in this process first, and then in the installation. Holds outlive
    the process and are shared with others, where there is a store.

    Args:
        spacing: time between two starts to one host.
        concurrency: requests to one host at the same time, at least 1.
        bridges: hosts that speak for many sites, so that their Retry-After binds only the source that got it:
            the gate holds none of them. Hosts of one's own network are bridges without being named.
        store: what holds are kept in; None: nowhere.
        turns: what turns are shared in; None: no other process asks anybody.
        lasts: the longest that a request may last, with room for a slow machine; for those who share turns.
        now: the time of day, aware.
        monotonic: seconds that never go backwards.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        spacing: timedelta = timedelta(seconds=1),
        concurrency: int = 2,
        *,
        bridges: Collection[str] = (),
        store: HoldStore | None = None,
        turns: TurnStore | None = None,
        lasts: timedelta = timedelta(seconds=60),
        now: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"concurrency is {concurrency}, but at least 1 request must be let through")
        self._spacing = spacing.total_seconds()
        self._concurrency = concurrency
        self._bridges = frozenset(map(_key, bridges))
        self._store = store
        self._now = now
        self._seconds = monotonic
        self._sleep = sleep
        self._looking = asyncio.Lock()
        self._look_at: float | None = None  # monotonic; when to look into the store next
        self._sharing = (
            None if turns is None else Sharing(turns, lasts=lasts, monotonic=monotonic, sleep=sleep)
        )
        self._hosts: dict[str, _Host] = {}
        self._leases = 0

    async def lease(self, host: str, *, within: float = BEGINS) -> Lease:
        """Wait for the host's turn. For holders in another process, which may be late; here `turn` is safer.

        Until `Lease.begin` nobody else has a turn, and the time to the next is counted from then on.

        Args:
            within: seconds in which the holder begins; for longer no other process waits for it.
        """
        self._prune()
        known = self._host(host)
        known.users += 1
        shared: SharedTurn | None = None
        try:
            await known.slots.acquire()
            try:
                await known.starting.acquire()
                try:
                    while (wait := known.next_start - self._seconds()) > 0:
                        await self._sleep(wait)
                    if self._sharing is not None:
                        shared = await self._sharing.take(_key(host), self._apart(known), within=within)
                except BaseException:
                    known.starting.release()
                    raise
            except BaseException:
                known.slots.release()
                raise
        except BaseException:
            known.users -= 1
            raise

        def begin() -> None:
            now = self._seconds()
            known.next_start = now + self._apart(known)
            known.starting.release()
            if shared is not None:
                shared.begin(now, tell=within > 0)

        def give_back() -> None:
            if shared is None:
                leave()
            else:
                shared.give_back(leave)  # before, the next one here would not get it

        def leave() -> None:
            known.users -= 1
            known.slots.release()

        return Lease(give_back, begin)

    def _apart(self, known: _Host) -> float:
        """Seconds between two starts."""
        return max(self._spacing, known.delay)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """The host's turn, for the time of one request."""
        lease = await self.lease(host, within=0.0)
        try:
            lease.begin()
            yield
        finally:
            lease.release()

    async def close(self) -> None:
        """Wait until what was given back is known to other processes."""
        if self._sharing is not None:
            await self._sharing.close()

    def slow(self, host: str, delay: timedelta) -> None:
        """Space this host's requests at least so far apart (Crawl-delay), but never more than a minute."""
        self._host(host).delay = max(0.0, min(delay, MAX_DELAY).total_seconds())

    async def hold(self, host: str, wait: timedelta) -> None:
        """Remember that the host wants no request at all for so long, a week at most; a longer hold stays.

        Not of a bridge.
        """
        if wait <= timedelta(0) or _key(host) in self._bridges or not is_shared_name(host):
            return
        now = self._now()
        until = now + min(wait, MAX_RETRY_AFTER)
        if self._held_until(host, until, now) and self._store is not None:
            await self._store.hold(_key(host), until)

    async def held(self, host: str) -> timedelta:
        """How long the host still wants no request; zero when it may be asked."""
        await self._look()
        known, now = self._hosts.get(_key(host)), self._now()
        if known is None or known.held_until is None or not _is_plausible(known.held_until, now):
            return timedelta(0)
        return max(known.held_until - now, timedelta(0))

    def _held_until(self, host: str, until: datetime, now: datetime) -> bool:
        """Whether that is news."""
        known = self._host(host)
        before = known.held_until
        if before is not None and before >= until and _is_plausible(before, now):
            return False
        known.held_until = until
        return True

    async def _look(self) -> None:
        """Learn what this process was told in an earlier life, and others are told now."""
        if self._store is None or not self._is_time_to_look():
            return
        async with self._looking:
            if self._is_time_to_look():
                now = self._now()
                for host, until in (await self._store.holds(now)).items():
                    if host not in self._bridges and _is_plausible(until, now):
                        self._held_until(host, until, now)
                self._look_at = self._seconds() + LOOK_AGAIN

    def _is_time_to_look(self) -> bool:
        return self._look_at is None or self._seconds() >= self._look_at

    def _host(self, host: str) -> _Host:
        key = _key(host)
        if key not in self._hosts:
            self._hosts[key] = _Host(slots=asyncio.Semaphore(self._concurrency))
        return self._hosts[key]

    def _prune(self) -> None:
        self._leases += 1
        if self._leases % _PRUNE_EVERY:
            return
        seconds, now = self._seconds(), self._now()
        for key, known in list(self._hosts.items()):
            idle = known.next_start + (_KEEP_DELAY if known.delay else 0.0) < seconds
            if idle and not known.users and (known.held_until is None or known.held_until < now):
                del self._hosts[key]


def _is_plausible(until: datetime, now: datetime) -> bool:
    """Whether a hold can last so long; else the clock was set back since, and nobody knows when it ends."""
    return until - now < MAX_RETRY_AFTER + timedelta(days=1)


def _key(host: str) -> str:
    return host.lower().rstrip(".")
