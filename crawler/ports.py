"""What the crawler needs from outside, named by what it means to us."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from crawler.folds import (
    UNCONSTRAINED,
    Centre,
    Constraints,
    Fold,
    Folded,
    Headline,
    Vector,
    WordCounts,
)
from crawler.records import (
    Article,
    Fetched,
    HeldFlood,
    Listed,
    Page,
    Poll,
    PollState,
    Request,
    Source,
    SourceGap,
    TextState,
)
from crawler.shares import Share

T = TypeVar("T")


class Clock(Protocol):
    """The time of day; tests and the demo bring their own."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class Fetcher(Protocol):
    """A polite, guarded GET."""

    async def get(self, request: Request) -> Fetched:
        """Answer of the server, after redirects.

        Raises:
            Unchanged, TemporaryFetchError, GoneError, BlockedError, ForbiddenAddress, TooLarge.
        """


class HoldStore(Protocol):
    """Remembers which hosts want no request for a while, for all processes of an installation."""

    async def holds(self, now: datetime) -> Mapping[str, datetime]:
        """Hosts that want none at `now`, and until when."""

    async def hold(self, host: str, until: datetime) -> None:
        """The host wants no request before `until`; a later moment that is known stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to one request to a host, for a time; nobody else has the moments in between."""

    host: str
    starts_at: float  # seconds of this process's monotonic clock; the request begins no sooner
    begin_by: float  # and no later
    spacing: timedelta  # from its beginning to the next one's
    late: timedelta  # from the moment at which it may begin to the last one
    next_at: (
        datetime  # when another may begin for all that is known; by the clock of the store, as is `until`
    )
    until: datetime  # it ends by itself


class TurnsUnavailable(Exception):
    """The store of turns cannot be asked now; it may well pass by itself."""


class TurnStore(Protocol):
    """Gives out turns with hosts to all processes of an installation: so far apart, two at once, none for ever.

    Hosts are compared letter by letter. Any call may raise `TurnsUnavailable`.
    """

    async def take(self, host: str, *, spacing: timedelta, late: timedelta, lasts: timedelta) -> Turn | None:
        """The next turn with `host`, which may begin in a moment; None: there is none to be had, ask again soon.

        Args:
            spacing: to the beginning before it, whoever's that was, and to the next one.
            late: how much later than it could it may begin.
            lasts: from its beginning, after which it counts no more; the same in all processes.
        """

    async def begin(self, turn: Turn, at: float) -> None:
        """The request began `at`, monotonic seconds, which may spare others a wait; saying so is optional."""

    async def give_back(self, turn: Turn, began: float | None) -> None:
        """The request is over, and began at that moment; None: it never began. What has ended by itself stays so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """What asking for the robots.txt of an origin brought, and how long that counts."""

    origin: str  # scheme, host and port, such as https://example.org:443
    text: str | None = None  # None: there is none, so everything is allowed; or see `problem`
    problem: str | None = None  # why it cannot be had, so that nothing is allowed
    fetched_at: datetime
    until: datetime


class RobotsStore(Protocol):
    """Keeps robots.txt files, for all processes of an installation."""

    async def robots(self, origin: str) -> RobotsFile | None:
        """What was kept last, however old; None when nothing was."""

    async def keep_robots(self, file: RobotsFile) -> None:
        """Keep it in place of the one before."""


class PageCounts(Protocol):
    """Counts the pages that hosts are asked for, for all processes of an installation."""

    async def count_page(self, host: str, now: datetime, *, most: int | None) -> bool:
        """Count one page of `host`, unless `most` were counted in the last 24 hours; whether it was counted.

        Two callers never pass `most` together. None: it is counted whatever there is.
        """

    async def uncount_page(self, host: str, at: datetime) -> None:
        """Take back one that was counted at `at`, since no request for it went out."""


class HabitStore(Protocol):
    """Keeps what recurs over the articles of a host; see `crawler.recurring`."""

    async def habits(self, host: str) -> bytes:
        """As they were kept last; b"" when nothing is known of the host."""

    async def keep_habits(self, host: str, packed: bytes, now: datetime) -> None:
        """In the place of what was kept before."""


class HostStore(HoldStore, RobotsStore, PageCounts, HabitStore, Protocol):
    """What hosts said of how they want to be asked, how much they were, and what recurs on their pages."""


class Extractor(Protocol):
    """Reads the article in an HTML page, somewhere a crash does no harm."""

    async def read(self, body: bytes, *, url: str, content_type: str | None, source: Source) -> Page:
        """The page; a page that is no article has `refused` set.

        Raises:
            ChildCrashed: the reader died or ran over its time on this page.
        """


class Renderer(Protocol):
    """Runs the scripts of pages, somewhere they do no harm."""

    async def render(self, page: Fetched, source: Source) -> Fetched:
        """The page as it stands after its scripts ran; what is no HTML comes back as it is.

        Raises:
            CrawlError: it cannot be shown; see `TemporaryFetchError` and `TooLarge`.
        """


class ChildCrashed(Exception):
    """A child process died, ran out of memory or took too long over one piece of work."""


class ChildrenLost(ChildCrashed):
    """The children were stopped or could not be started: nothing is said of the piece of work."""


class Isolation(Protocol):
    """Runs crash-prone or heavy work in another process, within limits of time and memory."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)` in a child; both must be picklable, `work` a module-level function.

        Exceptions of `work` itself come through as they are.

        Raises:
            ChildCrashed: see there; other work is not disturbed.
        """


class Lister(Protocol):
    """Lists the articles of a site without a feed (sitemap, listing, user's spider)."""

    async def list(
        self, source: Source, *, etag: str | None = None, last_modified: str | None = None
    ) -> Listed:
        """Entries found in one visit, newest first where that is known.

        Args:
            etag, last_modified: of the last visit; the first request is conditional on them.
        Raises:
            CrawlError: as for a feed, `Unchanged` too; a listing whose selector finds nothing is a `NotAFeedError`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How many sources of a kind may be leased at a time, those under way included, so that they keep no other waiting."""

    per_host: int
    troubled: int  # of those whose last poll failed, and those that are `slow`, together
    slow: Collection[str] = ()  # ids of sources whose last poll took long, however it ended


class SourceStore(Protocol):
    """The schedule: which source is due, and what is remembered of it."""

    async def sync(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the stored set equal to the configured one; what left keeps its history."""

    async def claim_due(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        *,
        everything: bool = False,
        shares: Shares | None = None,
    ) -> tuple[str, ...]:
        """Ids of due, unclaimed, unpaused sources, oldest first, leased to the caller.

        Args:
            everything: whatever our own rhythm says; `not_before`, GONE and pauses still hold.
            shares: how many of one host and of those in trouble are leased at a time; None: any number.
        """

    async def state(self, source_id: str) -> PollState:
        """What is remembered; a fresh `PollState` for a source never polled."""

    async def states(self) -> tuple[PollState, ...]:
        """All configured sources, by id."""

    async def release(self, *source_ids: str) -> None:
        """Give claims back without a poll (shutdown)."""

    async def gaps(self, noticed_after: datetime) -> tuple[SourceGap, ...]:
        """Times that configured sources may have missed, filled ones too; the newest first."""

    async def set_paused(self, source_id: str, paused: bool) -> None:
        """The operator's `sources pause` and `resume`; a source that said it is gone (410) is asked again after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a store has that an article may belong to."""

    candidates: Sequence[Article] = ()  # folded, earliest first
    centres: Sequence[Centre] = ()  # of stories
    headlines: Sequence[Headline] = ()  # of articles that share heavy words with it
    constraints: Constraints = UNCONSTRAINED


class Folder(Protocol):
    """Decides to which story an article belongs; pure, so that a store may ask it under a lock."""

    def keys(self, article: Article) -> Sequence[int]:
        """Keys under which an article is found by its like: 64-bit numbers, evenly spread."""

    def about(self, article: Article) -> Vector:
        """Its heavy words; empty where likeness is not asked for."""

    def decide(self, article: Article, about: Vector, around: Surroundings) -> Fold: ...


class ArticleStore(Protocol):
    """The memory: what was seen, read and folded."""

    async def known(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Identity key → article id, for those of `keys` that are known (purged ones too)."""

    async def get(self, article_id: str) -> Article | None: ...

    async def by_ids(self, article_ids: Sequence[str]) -> tuple[Article, ...]:
        """Those that exist, in the order asked."""

    async def seen(self, source_id: str) -> bytes:
        """What the last poll with something to remember of its list left in `Poll.seen`; b"" for none."""

    async def titles(self, source_id: str, titles: Sequence[str]) -> frozenset[str]:
        """Those of `titles` that an article first seen in this source has; case and runs of spaces do not matter."""

    async def record_poll(self, poll: Poll) -> tuple[str, ...]:
        """Store all of it in one transaction, releasing the claim; ids of the articles that were new.

        An article whose id or one of whose keys has meanwhile become known is not stored twice.
        """

    async def release_held(self, source_id: str, *, as_new: bool, now: datetime) -> int:
        """End the review of a source's flood: told in the next digests, or known; how many articles were held.

        The source is FLOODING no more, in the same transaction.
        """

    async def held(self) -> tuple[HeldFlood, ...]:
        """Floods that are held for review now, by source and time."""

    async def claim_pending(
        self, now: datetime, limit: int, lease: timedelta, *, per_host: int | None = None
    ) -> tuple[Article, ...]:
        """Articles whose page is to be read now, those that are told first; counts the attempt before handing out.

        An article with three attempts that never came back is QUARANTINED instead.

        Args:
            per_host: pages of one host at most, with those that are claimed already; None: any number.
        """

    async def release(self, *article_ids: str) -> None:
        """Give page claims back unread (shutdown): due again now, the attempt does not count.

        An article whose claim has ended meanwhile stays as it is.
        """

    async def skipped(self, since: datetime) -> tuple[str, ...]:
        """Ids of articles whose page was not asked for, first seen or released from review after `since`."""

    async def read_after_all(self, article_ids: Sequence[str], now: datetime) -> None:
        """Pages that were not asked for are to be read now; articles in another state stay as they are."""

    async def record_page(
        self,
        article_id: str,
        *,
        state: TextState,
        page: Page | None,
        reason: str | None,
        now: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        """Store a page's text as the next version, or why there is none. PENDING with `retry_at`: again then.

        SKIPPED: it was not asked for, so a later edit finds it unread.
        """

    async def record_crash(
        self, article_id: str, *, reason: str, fetched: Fetched | None, now: datetime
    ) -> None:
        """Keep why reading a page crashed, and the page itself. The claim stands, so the next attempt follows when it
        runs out; the third attempt that ends so makes the article QUARANTINED.
        """

    async def unfolded(
        self,
        now: datetime,
        wait_for_text: timedelta,
        limit: int,
        *,
        skip: Collection[str] = (),
        share: Share | None = None,
    ) -> tuple[str, ...]:
        """Ids of articles to fold: text settled, or pending longer than `wait_for_text`; oldest first.

        Args:
            skip: ids to pass over, such as those that could not be folded this time.
            share: no article of another one; None: any.
        """

    async def word_counts(self, now: datetime) -> WordCounts:
        """A sample of the thirty days before `now`, by which `fold` weighs words: the same object until it is made anew,
        once a day.
        """

    async def fold(
        self,
        article_ids: Sequence[str],
        folder: Folder,
        *,
        since: datetime,
    ) -> Folded:
        """Decide which story each joins, on the database's candidates, and keep it: no two that are like at once.

        Candidates share a key, a canonical URL or an equal folded title with an article and were first seen
        after `since`; centres are those of stories of articles that share heavy words with it. The articles are
        decided one after the other, each seeing those before it, and those that any other caller folded before.
        Two callers with articles that may be each other's candidates wait for each other. One on which `folder`
        raises is left as it was, and named; ids that no article has are passed over. Where several write at once,
        `folder` may be asked again about an article: its surroundings have changed meanwhile.
        """
