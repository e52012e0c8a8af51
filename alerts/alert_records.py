"""An alert before it is rendered: what happened, as figures for programs and as words for people. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from alerts.bringers import Cause
from alerts.records import Commitment, Telling
from alerts.rhythm import Silence, Surge
from alerts.troubles import Trouble
from crawler.records import require_aware


class AlertType(StrEnum):
    """What an alert is about; the word stands in its JSON."""

    SURGE = "surge"
    SILENCE = "silence"
    SILENCE_OVER = "silence-over"
    COMMITMENT = "commitment"
    SOURCE_TROUBLE = "source-trouble"
    OPERATOR = "operator"  # trouble with channels, deliveries, templates, pages, the configuration


# -- what happened -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStory:
    """A story as an alert names it."""

    id: str
    title: str
    url: str
    source: str  # the outlet that told it first
    published: datetime | None
    came: datetime  # its first report
    outlets: int = 1

    def __post_init__(self) -> None:
        require_aware(published=self.published, came=self.came)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeTold:
    """A surge with the stories of its day, those in most outlets first."""

    surge: Surge
    stories: tuple[ToldStory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceTold:
    silence: Silence
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceOver:
    """Reports came again after a silence that had been told."""

    last_report: date  # before it
    days: int  # that it lasted
    stories: tuple[ToldStory, ...]  # since, the first of them first
    more: int = 0  # stories that are not among them


class Phase(StrEnum):
    """Where something stands that lasts."""

    BEGUN = "begun"
    LASTS = "lasts"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentTold:
    """A commitment on its day, before or after it, or ended by the user."""

    initiative_id: str
    initiative: str
    commitment: Commitment
    days: int | None  # to its day, negative when past; None: it has none any more
    evidence: tuple[Telling, ...] = ()  # reports filed under it, newest first
    reports: int = 0  # in all
    watched_since: datetime | None = None  # since when we look
    meant_for: date | None = None  # set when it is told late: the day on which it was to be told
    merged: int = 0  # earlier reminders that were missed
    before: tuple[
        int, ...
    ] = ()  # days before its day on which it is told, the longest first; 0 is the day itself

    def __post_init__(self) -> None:
        require_aware(watched_since=self.watched_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleTold:
    trouble: Trouble
    phase: Phase
    since: datetime
    lasted: timedelta | None = None  # set when it is over

    def __post_init__(self) -> None:
        require_aware(since=self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentsTold:
    commitments: tuple[CommitmentTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TroublesTold:
    troubles: tuple[TroubleTold, ...]


Event = SurgeTold | SilenceTold | SilenceOver | CommitmentsTold | TroublesTold


# -- its words ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing of a list: a story, a source, a commitment."""

    title: str
    url: str = ""  # "": no link
    note: str = ""  # in small letters behind it
    lines: tuple[str, ...] = ()  # sentences under it
    bad: bool = False  # overdue, failing
    links: tuple[Entry, ...] = ()  # reports under it


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A heading and what stands under it."""

    heading: str
    entries: tuple[Entry, ...]
    more: int = 0  # that are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a message says, and of what. Texts may hold anything that feeds give; rendering cleans them."""

    type: AlertType
    subject: str
    event: Event
    paragraphs: tuple[str, ...]
    lists: tuple[Listing, ...] = ()
    closing: tuple[str, ...] = ()  # what comes next, at the end
    initiatives: tuple[tuple[str, str], ...] = ()  # id and name of those it is about
    zone: str = "UTC"  # of its times
