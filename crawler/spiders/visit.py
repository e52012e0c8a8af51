"""What the parts of one visit share in the spider process: its source, its limits, what it found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawler.errors import CrawlError, ForbiddenAddress, HostHeld, TemporaryFetchError
from crawler.net.guard import AddressGuard
from crawler.net.hosts import Gate
from crawler.net.limits import Limits
from crawler.net.robots import Robots
from crawler.records import Entry, Source, SourceKind

if TYPE_CHECKING:
    from crawler.ports import Clock

_PROBLEMS = 20  # kept of one visit


FIRST = "tidings_first"  # in the meta of the request that a visit begins with


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the answer to the first request says of its own freshness."""

    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None


@dataclass(slots=True, kw_only=True)
class Visit:
    """One visit of one source: fixed at the top, collected below."""

    source: Source
    guard: AddressGuard
    gate: Gate
    limits: Limits
    robots: Robots
    clock: Clock
    found: Callable[[Entry], None]  # told of each entry as it comes
    etag: str | None = None  # of the last visit, sent with the first request
    last_modified: str | None = None
    max_entries: int = 2000
    max_pages: int = 200

    entries: int = 0
    pages: int = 0  # requests made
    title: str | None = None
    language: str | None = None
    problems: list[str] = field(default_factory=list)
    failures: list[CrawlError] = field(default_factory=list)
    answer: Answer | None = None  # to the first request
    waits: dict[str, datetime] = field(
        default_factory=dict
    )  # hosts that want no request of this visit until then
    is_whole: bool = True  # False: "not modified" of the first document would not mean that nothing is new

    @property
    def origin(self) -> tuple[str, str, int] | None:
        """Where the source's headers and credentials may go; a user's spider states none."""
        if self.source.kind is SourceKind.SPIDER:
            return None
        try:
            return self.guard.target(self.source.url).origin
        except ForbiddenAddress:
            return None

    def validators(self) -> dict[str, Any]:
        """For the next visit, as they cross the pipe; None where they would prove nothing."""
        proves = self.is_whole and not self.failures and self.source.kind is not SourceKind.SPIDER
        answer = self.answer if proves and self.answer is not None else Answer()
        fresh = answer.fresh_for
        return {
            "etag": answer.etag,
            "last_modified": answer.last_modified,
            "fresh_for": None if fresh is None else fresh.total_seconds(),
        }

    def failed(self, error: CrawlError) -> None:
        """Remember what went wrong; it decides how the visit ends if nothing was found."""
        if len(self.failures) < _PROBLEMS:
            self.failures.append(error)

    def check_wait(self, host: str) -> None:
        """Whether this visit may ask the host: the gate holds no bridge, though one that said so is told to this visit.

        Raises:
            HostHeld: it wants no request now.
        """
        until = self.waits.get(host)
        if until is not None and until > self.clock.now():
            now = self.clock.now()
            raise HostHeld.by(host, now=now, wait=until - now)

    def wait(self) -> timedelta | None:
        """How long the hosts asked us to stay away, though entries were found."""
        wishes = [
            error.retry_at
            for error in self.failures
            if isinstance(error, TemporaryFetchError) and error.retry_at is not None
        ]
        return max(wishes) - self.clock.now() if wishes else None

    def told(self) -> list[str]:
        """Everything that was not as it should be, in words, each once."""
        return list(dict.fromkeys([*self.problems, *(str(error) for error in self.failures)]))[:_PROBLEMS]


class VisitCrawler(Crawler):
    """Scrapy's crawler with the visit it is made for."""

    def __init__(self, spider: type[Spider], settings: Settings, visit: Visit) -> None:
        super().__init__(spider, settings)
        self.visit = visit


def visit_of(crawler: Crawler) -> Visit:
    """The visit that a part of Scrapy works for."""
    return cast(VisitCrawler, crawler).visit
