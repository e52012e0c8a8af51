"""A feed that others read: what it is called, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.records import require_aware

MOST = 50  # entries of a feed, the newest


class FeedKind(StrEnum):
    """Of what it is a feed; the word stands in its address."""

    INITIATIVE = "initiatives"
    SEARCH = "searches"


class Form(StrEnum):
    """How it is written; the word ends its address."""

    ATOM = "atom"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """As registered (JSON Feed: as its specification asks for)."""
        return "application/atom+xml" if self is Form.ATOM else "application/feed+json"


@dataclass(frozen=True, slots=True)
class FeedName:
    """One feed, in all its forms."""

    kind: FeedKind
    id: str  # of the initiative or the search


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """What an entry is filed under."""

    scheme: str
    term: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedLink:
    """Another telling of a story."""

    href: str
    title: str  # the outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A story, or an article. All texts are one clean line, all addresses safe."""

    id: str  # urn:uuid:…; the same for ever
    title: str
    language: str  # of title and summary, BCP 47; "" when not known
    link: str | None
    published: datetime
    updated: datetime  # something worth reading again came
    authors: tuple[str, ...]  # at least one
    summary: str
    html: str  # the summary again, with marks and links
    related: tuple[RelatedLink, ...] = ()
    categories: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        require_aware(published=self.published, updated=self.updated)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFeed:
    """A feed as it is at one moment."""

    id: str
    title: str
    about: str  # one line
    updated: datetime
    entries: tuple[FeedEntry, ...]  # newest first

    def __post_init__(self) -> None:
        require_aware(updated=self.updated)
