"""The shapes of the JSON that programs read; envelope.py and notice.py fill them, and docs/schema is made of them.

A field that is added, or a further word of an enumeration, makes the next minor version; whatever could break a
receiver makes the next major one, and another `type`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from alerts.records import CommitmentState, Field, Strength, Unread
from crawler.folds import ChangeKind

VERSION = "1.0"
DIGEST_SCHEMA = f"urn:tidings:digest:{VERSION}"
NOTICE_SCHEMA = f"urn:tidings:notice:{VERSION}"

Stamp = Annotated[str, "date-time"]  # UTC, to the second, with Z
Day = Annotated[str, "date"]
Address = Annotated[str, "uri"]  # http or https


class Telling(TypedDict):
    title: str
    url: Address | None
    source: str
    published: Stamp | None
    article: str
    reprint: bool
    credit: str | None
    paywalled: bool


class Evidence(TypedDict):
    term: str
    field: Annotated[str, Field]
    start: int
    end: int
    snippet: str
    strength: Annotated[str, Strength]
    words: str


class InAll(TypedDict):
    outlets: int
    reports: int


class Agency(TypedDict):
    name: str
    outlets: int


class MessageOfBefore(TypedDict):
    key: str
    subject: str
    time: Stamp


class Update(Telling):
    kinds: list[Annotated[str, ChangeKind]]
    changed: str
    before: str
    after: str
    at: Stamp
    versions: list[int]


class Story(Telling):
    id: str
    found: Stamp
    first_told: Stamp | None
    told_in: MessageOfBefore | None
    late_days: int | None
    found_by_edit: Stamp | None
    found_by_rematch: Stamp | None
    watchlist_version: str
    watchlist_since: Stamp | None
    outlets: list[str]
    new_outlets: list[str]
    reports: int
    in_all: InAll
    agencies: list[Agency]
    told_first: str
    updates: list[Update]
    commitments: list[str]
    evidence: list[Evidence]
    also: list[Telling]
    earlier: list[Telling]


class Commitment(TypedDict):
    id: str
    text: str
    due: Day | None
    state: Annotated[str, CommitmentState]
    overdue: bool
    days: int | None
    evidence: list[Telling]


class Initiative(TypedDict):
    id: str
    name: str
    stories: list[Story]
    commitments: list[Commitment]


class Failing(TypedDict):
    source: str
    since: Stamp | None
    reason: str


Gap = TypedDict("Gap", {"source": str, "from": Stamp, "until": Stamp, "caught_up": bool})


class Coverage(TypedDict):
    checked: int
    failing: list[Failing]
    quiet: list[str]
    gaps: list[Gap]
    held: int
    unread: int
    judged: int
    without_page: dict[Annotated[str, Unread], int]


class Flood(TypedDict):
    source: str
    source_id: str
    since: Stamp
    until: Stamp
    articles: int
    matching: list[Telling]


class DigestData(TypedDict):
    """What a digest tells."""

    digest: str
    since: Stamp
    until: Stamp
    initiatives: list[Initiative]
    coverage: Coverage
    held: list[Flood]
    notes: list[str]


class NoticeData(TypedDict):
    """Words for a person: a notice, or a message marked as a test."""

    subject: str
    text: str
    test: bool


class Envelope(TypedDict):
    """CloudEvents 1.0."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    dataschema: str
    time: Stamp


class DigestEnvelope(Envelope):
    data: DigestData


class NoticeEnvelope(Envelope):
    data: NoticeData
