"""The shapes of the JSON that programs read; envelope.py and notice.py fill them, and docs/schema is made of them.

A field that is added, or a further word of an enumeration, makes the next minor version; whatever could break a
receiver makes the next major one, and another `type`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypedDict

from alerts.alert_records import AlertType, Phase
from alerts.records import CommitmentState, Field, Strength, Unread
from alerts.troubles import TroubleKind
from crawler.folds import ChangeKind
from crawler.records import SourceState

VERSION = "1.0"
DIGEST_SCHEMA = f"urn:tidings:digest:{VERSION}"
NOTICE_SCHEMA = f"urn:tidings:notice:{VERSION}"
ALERT_SCHEMA = f"urn:tidings:alert:{VERSION}"

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


class LastDays(TypedDict):
    days: list[int]
    last_day: Day
    silent_for: int | None
    usual: int | None


class Initiative(TypedDict):
    id: str
    name: str
    stories: list[Story]
    commitments: list[Commitment]
    last_days: LastDays | None


class Failing(TypedDict):
    source: str
    since: Stamp | None
    reason: str
    state: Annotated[str, SourceState]


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


class SourceStanding(StrEnum):
    """What a source of a silent initiative does now."""

    FAILS = "fails"
    PAUSED = "paused"
    REMOVED = "removed"
    STILL = "still"  # it answers, and lists nothing new
    NEWS = "news"  # it answers, and lists other news


class Named(TypedDict):
    id: str
    name: str


class AlertStory(TypedDict):
    id: str
    title: str
    url: Address | None
    source: str
    published: Stamp | None
    came: Stamp
    outlets: int


class SurgeFigures(TypedDict):
    day: Day
    since: Day
    stories: int
    expected: float
    usual: list[int]
    weekdays: list[int]
    lately: list[int]
    top: list[AlertStory]


class SilentSource(TypedDict):
    source: str
    reports: int
    standing: Annotated[str, SourceStanding]
    since: Stamp | None
    reason: str | None


class SilenceFigures(TypedDict):
    last_report: Day
    days: int
    usual_days: int
    begins_days: int
    told_again_days: int
    ours: bool
    sources: list[SilentSource]


class SilenceOverFigures(TypedDict):
    last_report: Day
    days: int
    stories: list[AlertStory]
    more: int


class AlertCommitment(TypedDict):
    initiative: str
    id: str
    text: str
    due: Day | None
    state: Annotated[str, CommitmentState]
    met: Day | None
    by: Address | None
    days: int | None
    reports: int
    evidence: list[Telling]
    watched_since: Stamp | None
    meant_for: Day | None
    merged: int


class Trouble(TypedDict):
    kind: Annotated[str, TroubleKind]
    subject: str
    name: str
    phase: Annotated[str, Phase]
    state: str
    since: Stamp
    until: Stamp | None
    reason: str
    evidence: list[str]
    remedy: str
    count: int


class AlertData(TypedDict):
    """What an alert tells; of its figures those are filled that its type is about."""

    alert: Annotated[str, AlertType]
    subject: str
    text: str
    initiatives: list[Named]
    surge: SurgeFigures | None
    silence: SilenceFigures | None
    silence_over: SilenceOverFigures | None
    commitments: list[AlertCommitment]
    troubles: list[Trouble]


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


class AlertEnvelope(Envelope):
    data: AlertData
