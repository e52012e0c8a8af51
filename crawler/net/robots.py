"""robots.txt as RFC 9309 has it: who may read which page, and how slowly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from crawler.errors import (
    HERE,
    BlockedError,
    Cause,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    TemporaryFetchError,
    TooLarge,
)
from crawler.net.guard import Target
from crawler.ports import RobotsFile

if TYPE_CHECKING:
    from protego import Protego

    from crawler.ports import Clock, RobotsStore

MAX_BODY = 500 * 1024  # bytes that are read; the rest is ignored
MAX_HOPS = 5  # redirects that are followed at least
KEEP = timedelta(hours=24)
KEEP_TROUBLE = timedelta(minutes=10)  # before an unreachable robots.txt is asked for again
_MAX_ORIGINS = 2000  # remembered; the oldest go first


class TooManyRedirects(TemporaryFetchError):
    """The chain of redirects is longer than the limit, or a circle."""

    cause = Cause.REDIRECTS


class Verdict(StrEnum):
    """What robots.txt says of one page."""

    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    UNREACHABLE = "unreachable"  # 5xx, no connection: nothing may be read until it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A verdict with what the caller needs to act on it."""

    verdict: Verdict
    crawl_delay: timedelta | None = None  # as asked for, not clamped
    problem: str | None = None  # UNREACHABLE: why
    retry_at: datetime | None = None  # UNREACHABLE: when it is asked for again
    cause: Cause = Cause.ROBOTS  # of that; another where it may as well lie here


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    rules: Protego | None  # None: everything is allowed, unless there is a problem
    file: RobotsFile  # without its text, which is in the rules
    cause: Cause = Cause.ROBOTS  # of its problem, when there is one


class Robots:
    """The robots.txt files seen in the last 24 hours.

    Args:
        load: gets the text of a robots.txt address, redirects followed, or raises as `Fetcher.get` does.
        agent: our product token, such as `tidings`.
        clock: for the age of what is kept.
        store: keeps the files over a restart and for other processes; None: nothing does.
    """

    def __init__(
        self,
        load: Callable[[str], Awaitable[bytes]],
        *,
        agent: str,
        clock: Clock,
        store: RobotsStore | None = None,
    ) -> None:
        self._load = load
        self._agent = agent
        self._clock = clock
        self._store = store
        self._kept: dict[tuple[str, str, int], _Kept] = {}
        self._loading: dict[tuple[str, str, int], asyncio.Lock] = {}

    async def ruling(self, target: Target) -> Ruling:
        """Whether the page at `target` may be read. Asks for robots.txt once an origin and day.

        Raises:
            ForbiddenAddress: the origin may not be asked at all.
        """
        kept = await self._rules_of(target)
        if kept.file.problem is not None:
            return Ruling(
                verdict=Verdict.UNREACHABLE,
                problem=kept.file.problem,
                retry_at=kept.file.until,
                cause=kept.cause,
            )
        if kept.rules is None:
            return Ruling(verdict=Verdict.ALLOWED)
        allowed = kept.rules.can_fetch(str(target.url), self._agent)
        return Ruling(
            verdict=Verdict.ALLOWED if allowed else Verdict.DISALLOWED,
            crawl_delay=_delay(kept.rules.crawl_delay(self._agent)),
        )

    async def check(self, target: Target, slow: Callable[[str, timedelta], None]) -> None:
        """Pass when the page may be read, telling `slow` how slowly its host wants it.

        Raises:
            BlockedError: robots.txt disallows the page.
            TemporaryFetchError: robots.txt cannot be had, so nothing may be read now.
            ForbiddenAddress: the origin may not be asked at all.
        """
        ruling = await self.ruling(target)
        if ruling.crawl_delay is not None:
            slow(target.host, ruling.crawl_delay)
        if ruling.verdict is Verdict.DISALLOWED:
            told = f"robots.txt of {target.host} does not allow this page"
            raise BlockedError(told, cause=Cause.ROBOTS)
        if ruling.verdict is Verdict.UNREACHABLE:
            raise TemporaryFetchError(
                f"no page of {target.host} may be read while its robots.txt cannot be: {ruling.problem}",
                cause=ruling.cause,
                retry_at=ruling.retry_at,
            )

    async def _rules_of(self, target: Target) -> _Kept:
        origin = target.origin
        if (known := self._fresh(origin)) is not None:
            return known
        lock = self._loading.setdefault(origin, asyncio.Lock())
        async with lock:
            try:
                if (known := self._fresh(origin)) is not None:
                    return known
                self._kept.pop(origin, None)
                if len(self._kept) >= _MAX_ORIGINS:
                    del self._kept[next(iter(self._kept))]
                found = self._kept[origin] = await self._remembered(target) or await self._asked(target)
                return found
            finally:
                self._loading.pop(origin, None)

    def _fresh(self, origin: tuple[str, str, int]) -> _Kept | None:
        known = self._kept.get(origin)
        return known if known is not None and self._counts(known.file) else None

    def _counts(self, file: RobotsFile) -> bool:
        """Whether it is in force; one of the future is not, since the clock was set back."""
        return file.fetched_at <= self._clock.now() < min(file.until, file.fetched_at + KEEP)

    async def _remembered(self, target: Target) -> _Kept | None:
        """What was asked for before this process began, or by another."""
        file = await self._store.robots(_named(target)) if self._store is not None else None
        return _kept(file) if file is not None and self._counts(file) else None

    async def _asked(self, target: Target) -> _Kept:
        file, cause = await self._file(target)
        if self._store is not None and cause not in HERE:  # what is wrong here is no fact about the host
            await self._store.keep_robots(file)
        return _kept(file, cause)

    async def _file(self, target: Target) -> tuple[RobotsFile, Cause]:
        """The file, and the cause of its problem where it has one."""
        now = self._clock.now()
        origin, until = _named(target), now + KEEP
        try:
            body = await self._load(str(target.url.origin()) + "/robots.txt")
        except ForbiddenAddress:
            raise
        except CrawlError as error:
            if not is_unreachable(error):
                return RobotsFile(origin=origin, fetched_at=now, until=until), Cause.ROBOTS
            wish = error.retry_at if isinstance(error, TemporaryFetchError) else None
            until = min(max(wish or now, now + KEEP_TROUBLE), until)
            cause = error.cause if error.cause in HERE else Cause.ROBOTS
            return RobotsFile(origin=origin, problem=str(error), fetched_at=now, until=until), cause
        return RobotsFile(origin=origin, text=text_of(body), fetched_at=now, until=until), Cause.ROBOTS


def is_unreachable(error: CrawlError) -> bool:
    """Whether a failed robots.txt forbids everything: 5xx and network errors do, 4xx and endless redirects
    do not. 429 counts as trouble: who is asked to slow down does not go on with the pages."""
    if isinstance(error, (GoneError, BlockedError, TooManyRedirects, TooLarge)):
        return False
    return not (error.status is not None and 400 <= error.status < 500 and error.status != 429)


def text_of(body: bytes) -> str:
    """What is read of a robots.txt, whatever else is in it."""
    return body[:MAX_BODY].decode("utf-8-sig", errors="replace")


def _kept(file: RobotsFile, cause: Cause = Cause.ROBOTS) -> _Kept:
    from protego import Protego

    rules = None if file.text is None else Protego.parse(file.text)
    return _Kept(rules=rules, file=replace(file, text=None), cause=cause)


def _named(target: Target) -> str:
    """The origin in words, its port always given."""
    scheme, host, port = target.origin
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _delay(seconds: float | None) -> timedelta | None:
    """Crawl-delay as a time; absurd ones become an hour, which the gate cuts further."""
    if seconds is None or not seconds > 0:
        return None
    return timedelta(seconds=min(seconds, 3600.0))
