"""What can go wrong between a source and an article; the type tells the caller what it may do."""

from __future__ import annotations

from datetime import datetime, timedelta


class CrawlError(Exception):
    """Base of all: `str()` is a sentence for an operator, without secrets, user names or queries."""

    status: int | None = None
    retry_at: datetime | None = None  # the server's wish


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

    def __init__(self, message: str, *, status: int | None = None, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_at = retry_at


class HostHeld(TemporaryFetchError):
    """Nothing was asked: the host said before that it wants no request until `retry_at`."""

    @classmethod
    def by(cls, host: str, *, now: datetime, wait: timedelta) -> HostHeld:
        """The host wants none for so long from `now` on."""
        seconds = int(wait.total_seconds()) + 1
        return cls(f"{host} wants no request for another {seconds} s", retry_at=now + wait)


class GoneError(CrawlError):
    """410: never ask again."""

    status = 410


class BlockedError(CrawlError):
    """The host does not want us here: 401, 403, 451, a challenge page, robots.txt."""

    def __init__(self, message: str, *, status: int | None = None, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_at = retry_at


class ForbiddenAddress(CrawlError):
    """Our own guard refused the address, scheme or port before connecting."""


class TooLarge(CrawlError):
    """The answer passed a size limit and was dropped."""


class NotAFeedError(CrawlError):
    """The body is no feed: an HTML page, a soft 404, a consent or challenge page, empty."""


class ExtractionRefused(CrawlError):
    """The page is no readable article; the message is the reason."""
