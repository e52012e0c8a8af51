"""What the crawler knows about sources, entries, pages and articles: plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from crawler.errors import Cause, CrawlError
from crawler.secret import Secret


def require_aware(**times: datetime | None) -> None:
    """Refuse a time without a zone; a naive time is a bug at its maker, not a value.

    Raises:
        ValueError: names the first field that has no zone.
    """
    for name, value in times.items():
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{name} has no time zone: {value!r}")


# -- sources ---------------------------------------------------------------------------------------


class SourceKind(StrEnum):
    """How a source is read."""

    FEED = "feed"  # RSS, Atom, RDF, JSON Feed
    SITEMAP = "sitemap"  # news sitemaps and sitemap indexes, by the Scrapy child
    SITE = "site"  # a listing page without a feed, by the Scrapy child
    SPIDER = "spider"  # a user's own Scrapy spider


class FullText(StrEnum):
    """When the page of an entry is read."""

    AUTO = "auto"  # unless the feed carries the whole text
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Where a value stands in an HTML page; exactly one of the two is set."""

    css: str | None = None
    xpath: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """How a site without a feed lists its articles."""

    links: Selector  # selects `a` elements (or their href) of articles
    follow: Selector | None = None  # the link to the next page of the list
    pages: int = 1  # list pages read in one visit
    only: tuple[str, ...] = ()  # RE2 patterns; an address that none of them is found in is no article
    skip: tuple[str, ...] = ()  # RE2 patterns; an address that one of them is found in is no article
    item: Selector | None = None  # the element of one article, in which `links` and the fields are looked for
    title: Selector | None = None  # fields of an entry; None: the text of its link, and nothing
    summary: Selector | None = None
    published: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRules:
    """Selectors for the article's own page; what is None is left to the extractor."""

    title: Selector | None = None
    text: Selector | None = None
    published: Selector | None = None
    author: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured source, as `sources.yaml` states it after validation."""

    id: str
    kind: SourceKind
    url: str  # feed, sitemap or site address; for a SPIDER its dotted path
    name: str | None = None  # None: the feed's own title
    tags: tuple[str, ...] = ()
    language: str | None = None  # declared, BCP 47 lower case
    zone: str | None = None  # IANA zone for times that have none
    every: timedelta | None = None  # replaces the learned rhythm
    full_text: FullText = FullText.AUTO
    backfill: timedelta = timedelta(days=3)
    headers: tuple[tuple[str, str], ...] = ()
    auth: Secret | None = None  # value of the Authorization header
    paused: bool = False
    listing: ListingRules | None = None  # SITE only
    article: ArticleRules | None = None
    javascript: bool = False  # SITE only: its pages are read by a browser


class SourceState(StrEnum):
    """What a person needs to know of a source."""

    NEW = "new"  # never polled yet
    OK = "ok"
    QUIET = "quiet"  # answers, but lists nothing new for far longer than usual
    FAILING = "failing"
    BLOCKED = "blocked"  # 401, 403, a challenge, or robots.txt
    MOVED = "moved"
    GONE = "gone"  # 410: asked no more
    FLOODING = "flooding"
    NOT_A_FEED = "not a feed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What must be remembered of a source between two polls; the database is the schedule."""

    source_id: str
    state: SourceState = SourceState.NEW
    since: datetime | None = None  # start of the present state
    problem: str | None = None  # in words an operator can act on
    cause: Cause | None = None  # of a failure; None also where a version that knew none remembered it
    etag: str | None = None  # exact bytes as received
    last_modified: str | None = None  # exact text as received
    body_hash: str | None = None  # sha256 hex of the last body read
    moved_to: str | None = None  # adopted permanent address
    next_poll_at: datetime | None = None  # None: due now
    not_before: datetime | None = None  # the server's wish: Retry-After, max-age; binds `--all` too
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None  # last poll that brought a new entry
    failures: int = 0  # in a row
    interval: timedelta | None = None  # the rhythm learned so far
    title: str | None = None  # the feed's own title
    fresh_for: timedelta | None = None  # as the last good answer said; a "not modified" without renews it
    ttl: timedelta | None = None  # the feed's own wish, holds also while it answers "not modified"
    skip_hours: frozenset[int] = frozenset()  # UTC hours in which the feed wants no poll
    skip_days: frozenset[int] = frozenset()  # UTC days in which it wants none; Monday is 0
    listed: int | None = None  # entries in the last document read
    scrolled: int = 0  # lists in a row that shared no entry with the one before
    operator_paused: bool = False  # by `sources pause`

    def __post_init__(self) -> None:
        require_aware(
            since=self.since,
            next_poll_at=self.next_poll_at,
            not_before=self.not_before,
            last_polled_at=self.last_polled_at,
            last_success_at=self.last_success_at,
            last_new_at=self.last_new_at,
        )


# -- feeds -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as a feed, sitemap, listing or spider gave it."""

    id: str | None  # as given; None when there is none
    link: str | None  # absolute, not canonicalised
    title: str  # plain text, one line; "" when missing
    summary: str = ""  # plain text
    content: str = ""  # plain text of the body when the feed carries one, paragraphs by a blank line
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        require_aware(published_at=self.published_at, updated_at=self.updated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one rule of a source found on one page of a visit: for people who ask why."""

    place: str  # host and path of the page
    rule: (
        str  # "item", "links", "only and skip", "title", "summary", "published", "follow", "index", "sitemap"
    )
    selector: str = ""  # as the configuration has it; "" where there is none
    found: int
    of: int | None = None  # places in which it was looked for; None: the whole page
    sample: str = ""  # the first value, shortened
    note: str = ""  # what became of the rest, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A document that is a feed, in one shape whatever its format."""

    title: str
    format: str  # "rss20", "atom10", "rdf", "json11", "sitemap", "listing" …
    entries: tuple[Entry, ...]  # document order
    language: str | None = None
    site_url: str | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  # UTC hours
    skip_days: frozenset[int] = frozenset()  # UTC days, Monday is 0
    problems: tuple[str, ...] = ()  # every repair, in words
    lacks: str | None = None  # what the source's own rules for fields find no more, in words
    looked: tuple[Looked, ...] = ()  # how the rules of a list without a feed did


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a visit of a sitemap or site found, with the validators for the next one.

    They are None where an answer "not modified" would not mean that nothing is new: a list that was not read
    whole, a user's own spider. Those of an index of sitemaps are one text for all of its sitemaps.
    """

    feed: Feed
    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None  # as of a `Fetched`
    partly: bool = False  # the rest was not modified, so it is not among the entries
    unfinished: CrawlError | None = None  # why the visit ended early, so that there may be more


# -- pages and articles ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One answer to a question about a page, and what became of it: for people who ask why."""

    field: str  # "text", "title", "published", "updated" or "authors"
    origin: str  # where it stands: "h1", "og:title", "JSON-LD headline", "trafilatura" …
    value: str  # as it stands there; of a text its beginning
    chosen: bool
    why: str  # it was chosen or passed over, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One entry of a live blog, as a part of the page's text."""

    start: int  # code points from the beginning of `Page.text`
    end: int
    posted_at: datetime | None = None
    title: str = ""

    def __post_init__(self) -> None:
        require_aware(posted_at=self.posted_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the extractor read from one HTML page. `refused` set: it is no readable article, and why."""

    title: str = ""
    text: str = ""  # plain text, paragraphs split by a blank line
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    canonical_url: str | None = None
    language: str | None = None
    site_name: str | None = None
    paywalled: bool = False
    refused: str | None = None
    posts: tuple[Post, ...] = ()  # of a live blog, in the order of the page; () for any other article
    candidates: tuple[Candidate, ...] = ()

    def __post_init__(self) -> None:
        require_aware(published_at=self.published_at, updated_at=self.updated_at)


class TextState(StrEnum):
    """Where the text of an article stands."""

    PENDING = "pending"  # its page is still to be read
    FEED = "feed"  # the feed carried enough, or its page is never read
    READ = "read"  # extracted from its page
    REFUSED = "refused"  # the page is no readable article; see `text_reason`
    FAILED = "failed"  # the page could not be had; see `text_reason`
    QUARANTINED = "quarantined"  # reading it crashed three times
    SKIPPED = "skipped"  # its page was not asked for; see `text_reason`


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One text as one source told it first; later sources of the same article are `Sighting`s."""

    id: str  # 16 hex digits, see identity.article_id
    source_id: str  # where it was first seen
    url: str  # absolute, as the source gave it; fetched as is
    canonical_url: str  # key for identity
    title: str
    summary: str = ""
    text: str = ""  # plain text, paragraphs split by a blank line; may be ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None  # None when the source does not say
    updated_at: datetime | None = None
    first_seen_at: datetime
    language: str | None = None
    text_state: TextState = TextState.PENDING
    text_reason: str | None = None
    paywalled: bool = False
    version: int = 1  # number of the text in force; grows with each changed text
    backfilled: bool = False  # known, never told: older than `backfill` at a first poll, or a flood let go
    held_since: datetime | None = None  # part of a flood: matched, but not told until it is released
    held_ended: datetime | None = None  # when it was released, as new or (then `backfilled`) as known
    story_id: str | None = None  # None: not folded yet
    duplicate_of: str | None = None  # the earliest telling of which it is a reprint
    similarity: float | None = None  # to `duplicate_of` or to the nearest of its story

    def __post_init__(self) -> None:
        require_aware(
            published_at=self.published_at,
            updated_at=self.updated_at,
            first_seen_at=self.first_seen_at,
            held_since=self.held_since,
            held_ended=self.held_ended,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """That a source listed an article: one article may have several."""

    article_id: str
    source_id: str
    url: str
    title: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A known article listed with another title, summary or time: it attaches, it is no news."""

    article_id: str
    title: str
    summary: str
    content: str
    updated_at: datetime | None
    reread: bool  # the page is to be read again


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFlood:
    """New entries of one source that came at once, held for review."""

    source_id: str
    since: datetime
    articles: int


class GapCause(StrEnum):
    """Why a source may have listed entries that were never seen here."""

    AWAY = "away"  # it did not answer
    SCROLLED = "scrolled"  # it answered, but so much came that the oldest left before the next poll


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceGap:
    """A time whose entries of a source may have been missed; `start` is a poll that answered."""

    source_id: str
    start: datetime
    end: datetime  # date of the oldest entry that was seen again
    cause: GapCause
    noticed_at: datetime
    filled_at: datetime | None = None  # when a sitemap of the same site was read back to `start`

    def __post_init__(self) -> None:
        require_aware(start=self.start, end=self.end, noticed_at=self.noticed_at, filled_at=self.filled_at)


class PollResult(StrEnum):
    """How one poll ended."""

    NEW = "new"  # at least one new article
    NOTHING_NEW = "nothing new"
    UNCHANGED = "unchanged"  # 304, or the same bytes
    FAILED = "failed"
    SKIPPED = "skipped"  # paused, gone, or not yet due by the server's wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Everything one poll changes; the store writes it in ONE transaction (entries with validators)."""

    state: PollState
    url: str | None = None  # as configured when it began; where there is another by now, `state` is void
    articles: tuple[Article, ...] = ()  # new ones
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (article id, its identity keys), new and known
    sightings: tuple[Sighting, ...] = ()
    edits: tuple[Edit, ...] = ()
    gap: SourceGap | None = None  # noticed by this poll
    hasten: tuple[str, ...] = ()  # sources to be asked soon, since they may list what this one missed
    filled: tuple[SourceGap, ...] = ()  # gaps of other sources that this list reaches back over
    seen: bytes | None = None  # what `seen.pack` remembers of the list; None: nothing, what is there stays


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """One poll of one source, told to whoever asked for it."""

    source_id: str
    result: PollResult
    listed: int = 0  # entries in the document
    new: int = 0
    problem: str | None = None
    warning: str | None = None  # noticed by this poll, which went well all the same
    problems: tuple[str, ...] = field(default=())  # repairs made while reading
    status: int | None = None  # HTTP status, when there was an answer


# -- fetching --------------------------------------------------------------------------------------


class Purpose(StrEnum):
    """What a request is for; robots.txt binds PAGE only, limits and Accept differ."""

    FEED = "feed"
    PAGE = "page"
    ROBOTS = "robots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One conditional GET."""

    url: str
    purpose: Purpose
    etag: str | None = None
    last_modified: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    auth: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A 2xx answer, decoded and within the limits."""

    url: str  # after redirects
    status: int
    headers: tuple[tuple[str, str], ...]  # lower-case names, in order
    body: bytes
    moved_to: str | None = None  # target when every hop was permanent
    move_refused: str | None = None  # permanent target that is not adopted: it would drop https
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None  # the raw header
    fresh_for: timedelta | None = None  # max-age less Age, clamped to 31 days; None: not said

    def header(self, name: str) -> str | None:
        """The first header of this name (any letter case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)
