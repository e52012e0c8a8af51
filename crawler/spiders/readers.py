"""What spiders need of the crawler's other readers; handed in where their process is put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crawler.errors import NotAFeedError


class ReadDate(Protocol):
    """From the words of a date to its moment."""

    def __call__(
        self, raw: str | None, *, zone: str | None = None, language: str | None = None
    ) -> datetime | None:
        """In UTC; None when the words name none for sure.

        Args:
            zone: IANA zone for times that carry none; None: UTC.
            language: BCP 47, for what 3/4/2026 means.
        Raises:
            zoneinfo.ZoneInfoNotFoundError: `zone` is no IANA zone.
        """


class Instead(Protocol):
    """What an HTML page is that came in place of something."""

    def __call__(self, text: str, wanted: str, *, titled: bool = False) -> NotAFeedError | None:
        """A challenge, consent or login page, one for what is missing or broken; None where it says nothing of itself.

        Args:
            wanted: what it came in place of, such as "the list".
            titled: whether its title must say so.
        """


class RootName(Protocol):
    """The kind of an XML document."""

    def __call__(self, text: str) -> str | None:
        """Local name of its first element, lower case; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """All three."""

    date: ReadDate
    instead: Instead
    root_name: RootName
