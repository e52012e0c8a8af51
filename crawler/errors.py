"""What can go wrong between a source and an article; the type tells the caller what it may do."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from crawler.wording import addresses_shown


class Cause(StrEnum):
    """What kind of trouble it was, told apart by what a person can do about it; stored by its value."""

    NAME = "name"  # the host's name does not resolve
    NETWORK = "network"  # nobody answers, or the connection broke
    CERTIFICATE = "certificate"
    TLS = "tls"
    SLOW = "slow"
    BROKEN = "broken"  # 5xx, an answer that is no valid HTTP, or packed wrongly
    MISSING = "missing"  # 404
    GONE = "gone"  # 410
    BUSY = "busy"  # 429
    HELD = "held"  # nothing was asked, since the host wished to be left alone
    LOGIN = "login"  # 401
    LEGAL = "legal"  # 451
    ROBOTS = "robots"
    CHALLENGE = "challenge"  # a page that only people pass came instead
    CONSENT = "consent"  # a page came that asks people for their consent
    STATUS = "status"  # any other status
    REDIRECTS = "redirects"  # they lead nowhere
    HOPS = "hops"  # more redirects than we follow
    ADDRESS = "address"  # our own guard refused it
    PORT = "port"  # likewise, for its port
    LARGE = "large"  # more bytes than we take
    RATIO = "ratio"  # unpacks to more than we take for its size
    HEADERS = "headers"  # header lines longer than we take
    DOCUMENT = "document"  # no feed
    SITEMAP = "sitemap"  # no feed or list but a sitemap
    FEED = "feed"  # no sitemap or list but a feed
    OPML = "opml"  # no feed but a list of feeds
    LINKED = "linked"  # no feed but a page that links to one
    SELECTOR = "selector"  # the rules of a listing find nothing on its page
    SCRIPT = "script"  # a page that only its own program fills
    SPIDER = "spider"  # it stopped in the spider, or before its request
    OTHER = "other"


HERE = frozenset({Cause.NAME, Cause.NETWORK})  # may as well be this machine's own network


class CrawlError(Exception):
    """Base of all: `str()` is a sentence for an operator, without secrets, user names or queries.

    Args:
        cause: where it is another than that of the whole class.
    """

    cause: Cause = Cause.OTHER
    hints: tuple[str, ...] = ()  # for a person who looks into it now; not remembered
    status: int | None = None
    retry_at: datetime | None = None  # the server's wish

    def __init__(self, message: str, *, cause: Cause | None = None) -> None:
        super().__init__(addresses_shown(message))  # a page's title or a server's words may hold its address
        if cause is not None:
            self.cause = cause


class Unchanged(CrawlError):
    """304: nothing new. Carries the renewed validators (None: keep what you have)."""

    status = 304

    def __init__(
        self,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        fresh_for: timedelta | None = None,
        moved_to: str | None = None,
    ) -> None:
        super().__init__("not modified")
        self.etag = etag
        self.last_modified = last_modified
        self.fresh_for = fresh_for
        self.moved_to = moved_to


class TemporaryFetchError(CrawlError):
    """Try again later: no connection, time-out, 5xx, 429, 404. `retry_at` is the server's wish or None."""

    def __init__(
        self,
        message: str,
        *,
        cause: Cause | None = None,
        status: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(message, cause=cause)
        self.status = status
        self.retry_at = retry_at


class HostHeld(TemporaryFetchError):
    """Nothing was asked: the host said before that it wants no request until `retry_at`."""

    cause = Cause.HELD

    @classmethod
    def by(cls, host: str, *, now: datetime, wait: timedelta) -> HostHeld:
        """The host wants none for so long from `now` on."""
        seconds = int(wait.total_seconds()) + 1
        return cls(f"{host} wants no request for another {seconds} s", retry_at=now + wait)


class GoneError(CrawlError):
    """410: never ask again."""

    cause = Cause.GONE
    status = 410


class BlockedError(CrawlError):
    """The host does not want us here: 401, 403, 451, a challenge page, robots.txt."""

    def __init__(
        self,
        message: str,
        *,
        cause: Cause | None = None,
        status: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(message, cause=cause)
        self.status = status
        self.retry_at = retry_at


class ForbiddenAddress(CrawlError):
    """Our own guard refused the address, scheme or port before connecting."""

    cause = Cause.ADDRESS


class TooLarge(CrawlError):
    """The answer passed a size limit and was dropped."""

    cause = Cause.LARGE


class NotAFeedError(CrawlError):
    """The body is no feed: an HTML page, a soft 404, a consent or challenge page, empty."""

    cause = Cause.DOCUMENT


class ExtractionRefused(CrawlError):
    """The page is no readable article; the message is the reason."""
