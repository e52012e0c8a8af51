"""What the parts of one visit share in the spider process: its source, its limits, what it found so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawler.errors import CrawlError, ForbiddenAddress, HostHeld, TemporaryFetchError
from crawler.net.guard import AddressGuard
from crawler.net.hosts import Gate
from crawler.net.limits import Limits
from crawler.net.robots import Robots
from crawler.records import Entry, Looked, Source, SourceKind
from crawler.spiders import validators
from crawler.spiders.readers import Readers
from crawler.spiders.validators import Validators

if TYPE_CHECKING:
    from crawler.ports import Clock
    from crawler.spiders.rendering import Renderer

_PROBLEMS = 20  # kept of one visit


FIRST = "tidings_first"  # in the meta of the request that a visit begins with
KNOWN = "tidings_known"  # in the meta of a further request that is conditional


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
    readers: Readers
    found: Callable[[Entry], None]  # told of each entry as it comes
    etag: str | None = None  # of the last visit, sent with the first request
    last_modified: str | None = None
    max_entries: int = 2000
    max_pages: int = 200
    renderer: Renderer | None = None  # of the process; used where the source's pages need JavaScript
    modules: tuple[str, ...] = ()  # folders in which a user's file is looked for
    known: Mapping[str, Validators] = field(default_factory=dict)  # of the sitemaps of an index, by address

    entries: int = 0
    pages: int = 0  # requests made
    title: str | None = None
    language: str | None = None
    problems: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)  # rules for fields that find nothing
    looked: list[Looked] = field(default_factory=list)  # how the rules of a listing did
    failures: list[CrawlError] = field(default_factory=list)
    answer: Answer | None = None  # to the first request
    waits: dict[str, datetime] = field(
        default_factory=dict
    )  # hosts that want no request of this visit until then
    sitemaps: dict[str, Validators] | None = None  # of an index, for the next visit; None: this is none
    unchanged: int = 0  # sitemaps of an index that were not modified
    missing: list[str] = field(default_factory=list)  # what played pages asked for and did not get, and why
    stopping: bool = False  # True: nobody waits for it any more
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

    @property
    def can_be_unchanged(self) -> bool:
        """Whether "not modified" of the first document means that nothing is new: a user's spider may read others,
        and a page that is made by scripts stays the same while what they load does not."""
        return self.source.kind is not SourceKind.SPIDER and not self.source.javascript

    def validators(self) -> Answer:
        """For the next visit; without any where they would prove nothing."""
        answer = self.answer or Answer()
        if not self.is_whole or not self.can_be_unchanged:
            return Answer()
        if self.sitemaps is not None:  # one that failed is not among them, so it is read next time
            return Answer(etag=validators.pack(self.sitemaps), fresh_for=answer.fresh_for)
        return Answer() if self.failures else answer

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
