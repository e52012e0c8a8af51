"""The shapes of what `tidings export` writes; docs/schema is made of them, docs/exports.md describes them.

A field that is added makes the next minor version; whatever could break a reader makes the next major one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NotRequired, TypedDict

from alerts.contract import Address, Evidence, Stamp
from alerts.messages import DeliveryState, MessageKind
from alerts.records import FoundBy
from crawler.records import TextState, require_aware

VERSION = "1.0"
NOT_IN_CSV = ("evidence",)  # it may be longer than the cells of a spreadsheet


class ExportedArticle(TypedDict):
    """An article, a line."""

    id: str
    title: str
    url: Address | None
    source: str
    outlet: str
    authors: list[str]
    published: Stamp | None
    updated: Stamp | None
    first_seen: Stamp
    language: str | None
    story: str | None
    copy_of: str | None
    credit: str | None
    text_state: Annotated[str, TextState]
    text_reason: str | None
    text_length: int
    paywalled: bool
    version: int
    known_before: bool
    held: bool
    summary: NotRequired[str]
    text: NotRequired[str]


class ExportedMatch(TypedDict):
    """That an article meets an initiative, a line."""

    initiative: str
    article: str
    matched: Stamp
    title: str
    url: Address | None
    source: str
    outlet: str
    published: Stamp | None
    story: str | None
    commitments: list[str]
    words: list[str]
    snippet: str
    evidence: list[Evidence]
    watchlist_version: str
    text_version: int
    found_by: Annotated[str, FoundBy] | None
    found: Stamp | None
    filed: bool
    told: Stamp | None
    gone: Stamp | None
    not_about: bool
    summary: NotRequired[str]
    text: NotRequired[str]


class ExportedTelling(TypedDict):
    digest: str | None
    channel: str
    at: Stamp


class ExportedStory(TypedDict):
    """A story, a line."""

    id: str
    title: str
    articles: int
    outlets: list[str]
    reports: int
    first_seen: Stamp
    last_seen: Stamp
    initiatives: list[str]
    told: list[ExportedTelling]


class ExportedDelivery(TypedDict):
    """A message on its way to one recipient, a line."""

    id: str
    message: str
    kind: Annotated[str, MessageKind]
    digest: str | None
    subject: str
    channel: str
    recipient: str | None
    state: Annotated[str, DeliveryState]
    attempts: int
    created: Stamp
    next_attempt: Stamp | None
    sent: Stamp | None
    last_error: str | None
    answer: str | None
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of it is exported."""

    until: datetime  # the last moment, included
    since: datetime | None = None  # the first one; None: from the beginning
    initiative: str | None = None  # what matches it now; None: everything
    text: bool = False  # with summaries and texts
    recipients: bool = False  # with the addresses of those who get mail

    def __post_init__(self) -> None:
        require_aware(since=self.since, until=self.until)
