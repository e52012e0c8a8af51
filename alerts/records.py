"""What is watched for, what was found, and what is sent of it: plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from alerts.recent import Recent
from crawler.folds import Change
from crawler.records import SourceState, require_aware

# -- watchlists ------------------------------------------------------------------------------------


class Case(StrEnum):
    """How letters are compared, see rule 4 of the watchlist language."""

    SMART = "smart"
    FOLD = "fold"
    EXACT = "exact"


class Field(StrEnum):
    """A part of an article that can be searched."""

    TITLE = "title"
    SUMMARY = "summary"
    TEXT = "text"
    AUTHOR = "author"
    URL = "url"
    SOURCE = "source"


DEFAULT_FIELDS = (Field.TITLE, Field.SUMMARY, Field.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One item of `any`, `all` or `none`, as the user wrote it."""

    text: str  # literal phrase or expression, exactly as written
    case: Case = Case.SMART
    near: tuple[str, ...] = ()
    within: int = 30  # words at most between the hit and a `near` word
    exceptions: tuple[str, ...] = ()  # `except`: occurrences that are not meant
    valid_from: date | None = None  # `from`, inclusive, UTC day
    valid_until: date | None = None  # `until`, inclusive, UTC day
    ordinary: bool | None = None  # None: ask the list of common words
    plural: bool = True
    literal: bool = False  # True: never an expression
    where: str = ""  # "FILE:LINE:COLUMN"; the column is that of the first letter


class CommitmentState(StrEnum):
    """Set by the user, never guessed."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A dated promise of an initiative."""

    id: str
    text: str
    due: date | None = None
    state: CommitmentState = CommitmentState.OPEN
    met: date | None = None
    by: str | None = None  # URL of the evidence
    any: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A test of a rule: an article that it must match, or must ignore."""

    matches: bool
    title: str = ""
    summary: str = ""
    text: str = ""
    language: str | None = None
    source: str | None = None
    published: datetime | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiative:
    """`(any₁ OR any₂) AND all₁ AND NOT (none₁ OR none₂)`, with what surrounds it."""

    id: str
    name: str
    watchlist_id: str
    any: tuple[Term, ...] = ()
    all: tuple[Term, ...] = ()
    none: tuple[Term, ...] = ()
    exceptions: tuple[str, ...] = ()
    fields: tuple[Field, ...] = DEFAULT_FIELDS
    languages: tuple[str, ...] = ()  # (): all
    sources: tuple[str, ...] = ()  # source ids or tags; (): all
    context: tuple[str, ...] | None = None  # None: the watchlist's
    commitments: tuple[Commitment, ...] = ()
    examples: tuple[Example, ...] = ()
    paused: bool = False
    where: str = ""

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those by any of which an article may match: of `any` and of the commitments."""
        return (*self.any, *(term for promise in self.commitments for term in promise.any))


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """A question to the archive that bears a name."""

    id: str
    name: str
    query: str  # as `tidings search` takes it
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """One file of initiatives with a common context."""

    id: str
    title: str
    context: tuple[str, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    searches: tuple[SavedSearch, ...] = ()
    version: str = ""  # 12 hex digits of the file's sha256
    path: str = ""  # of the file, as messages name it
    text: str = field(default="", repr=False)  # of the file, every character of it

    def context_of(self, initiative: Initiative) -> tuple[str, ...]:
        """The initiative's own context, else that of the file."""
        return self.context if initiative.context is None else initiative.context


# -- what was found --------------------------------------------------------------------------------


class Strength(StrEnum):
    STRONG = "strong"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One occurrence that counted. Offsets are code points in the original field."""

    term: str  # as the user wrote it
    field: Field
    start: int
    end: int
    snippet: str  # the words around, one line
    strength: Strength
    words: str = ""  # as they stand there, one line; "" where a match is older than this was kept


class FoundBy(StrEnum):
    """What made us look at the archive again."""

    EDIT = "edit"  # of the initiative's rules
    REMATCH = "rematch"  # `tidings rematch`


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How a match was found in the archive, after its article had come."""

    by: FoundBy
    at: datetime  # of the edit, or of the command

    def __post_init__(self) -> None:
        require_aware(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An article meets an initiative, and why. What follows `text_version` is set by the store."""

    article_id: str
    initiative_id: str
    commitments: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    watchlist_version: str = ""
    text_version: int = 1
    matched_at: datetime | None = None
    found: Found | None = None  # None: as the article came
    filed: bool = False  # found in the archive, and never told
    told_at: datetime | None = None  # when a digest told it first
    gone_at: datetime | None = None  # since when it no longer holds
    watchlist_since: datetime | None = None  # when `watchlist_version` came into force first; None: not known

    def __post_init__(self) -> None:
        require_aware(
            matched_at=self.matched_at,
            told_at=self.told_at,
            gone_at=self.gone_at,
            watchlist_since=self.watchlist_since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """An initiative that an article does not meet: the step at which it stopped, and the nearest miss."""

    initiative_id: str
    stopped_at: str


# -- what is told ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One article as an outlet told it, in a story of a digest."""

    article_id: str
    title: str
    url: str
    source: str  # the outlet's name
    source_id: str
    published: datetime | None
    found: datetime
    reprint: bool = False  # it repeats another telling of this story
    paywalled: bool = False
    language: str | None = None
    credit: str | None = None  # the agency whose text it says it is: "Reuters"
    copy_of: str | None = None  # id of the earliest telling of which it is a near-copy
    elsewhere: str | None = None  # the address on another host that its page names as its own


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyShare:
    """An agency's report in a story."""

    name: str
    outlets: int  # that carry it, its own site among them


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldIn:
    """The message that told a story first, to the readers of a digest."""

    key: str
    subject: str
    at: datetime

    def __post_init__(self) -> None:
        require_aware(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What a telling says otherwise since readers were told of it."""

    telling: Telling
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One thing that happened, with all its tellings in this window."""

    id: str
    lead: Telling
    snippet: str  # words around the evidence of the lead
    evidence: tuple[Evidence, ...]
    also: tuple[Telling, ...] = ()  # the independent reports first
    outlets: tuple[str, ...] = ()  # names, the lead's first
    reports: int = 1  # independent ones: no reprints, and of an agency's text one
    agencies: tuple[AgencyShare, ...] = ()  # whose texts are among the tellings, the widest first
    told_first: str = ""  # the agency or outlet that told it before all others, of those in this window
    commitments: tuple[str, ...] = ()
    first_told: datetime | None = None  # set: told before, this is "also now in …"
    told_in: ToldIn | None = None  # by this message; None where it is not known any more
    known: Telling | None = None  # under whose headline its readers know it; None: not told before
    earlier: tuple[Telling, ...] = ()  # tellings of it in messages before this one
    new_outlets: tuple[str, ...] = ()  # of `outlets`, those that had not told it before
    all_outlets: int = 0  # with those of before
    all_reports: int = 0
    updates: tuple[Update, ...] = ()  # what tellings that were told say otherwise since; oldest first
    above: str = ""  # name of the initiative of this digest under which it is told whole; "": here
    late: timedelta | None = None  # set when found long after publication
    found: Found | None = (
        None  # set when every telling in it was found in the archive, by an edit or a command
    )
    watchlist_version: str = ""  # that found the lead
    watchlist_since: datetime | None = None

    @property
    def headline(self) -> Telling:
        """The telling whose title stands for it: the one that its readers know, else the lead."""
        return self.known or self.lead


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentLine:
    """A commitment as the digest shows it."""

    id: str
    text: str
    due: date | None
    state: CommitmentState
    overdue: bool
    days: int | None  # to `due`; negative when past
    evidence: tuple[Telling, ...] = ()  # reports filed under it


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a digest says of one initiative."""

    initiative_id: str
    name: str
    stories: tuple[Story, ...]  # full entries
    titles_only: tuple[Story, ...] = ()  # past the cap: counted, listed by title
    updated: tuple[Story, ...] = ()  # told before, and changed in substance since; may have new outlets too
    again: tuple[Story, ...] = ()  # told before: "also now in …"
    above: tuple[Story, ...] = ()  # told under another initiative of the same digest: one line each
    commitments: tuple[CommitmentLine, ...] = ()
    recent: Recent | None = None  # its last 30 days; None: not known

    @property
    def silent_for(self) -> int | None:
        """Days since the last report, where that is far longer than usual and nothing is told here."""
        quiet = self.recent is not None and not self.new and not self.told_before
        return self.recent.silent_for if quiet and self.recent is not None else None

    @property
    def new(self) -> tuple[Story, ...]:
        """Stories that had not been told before, wherever in the digest they stand whole."""
        return (
            *self.stories,
            *self.titles_only,
            *(one for one in self.above if one.first_told is None),
        )

    @property
    def told_before(self) -> tuple[Story, ...]:
        """Stories that were told before and are told of again."""
        return (
            *self.updated,
            *self.again,
            *(one for one in self.above if one.first_told is not None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingSource:
    """A source that gives nothing."""

    source: str
    since: datetime | None
    reason: str
    state: SourceState = SourceState.FAILING

    @property
    def blocked(self) -> bool:
        """It answers, and will not let us read it: another remedy than for one that does not answer."""
        return self.state is SourceState.BLOCKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time whose entries of a source were not seen when they came."""

    source: str
    start: datetime
    end: datetime
    caught_up: bool = False  # its list, or a sitemap of its site, reaches back over all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """Entries of one source that came at once and look like a renewal of its feed: held for review."""

    source: str  # the outlet's name
    source_id: str
    since: datetime
    until: datetime  # then they count as known
    articles: int  # all that are held
    matching: tuple[Telling, ...]  # those that match this digest's initiatives, newest first


class Unread(StrEnum):
    """What kept the page of an article from being read."""

    BUDGET = "budget"  # its host had been asked for enough pages, and it came near no initiative
    PAYWALL = "paywall"
    REFUSED = "refused"  # it is no readable article
    UNREACHABLE = "unreachable"
    CRASHED = "crashed"  # the reader, three times
    WAITING = "waiting"  # it is still tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was looked at, and what was not."""

    checked: int
    failing: tuple[FailingSource, ...] = ()
    quiet: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    held: int = 0  # articles held for review now
    unread: int = 0  # articles matched without their page
    judged: int = 0  # articles judged for the first time in the window, whatever they match
    without_page: tuple[tuple[Unread, int], ...] = ()  # those of them without the text of their page, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest in full, before it is rendered."""

    digest_id: str
    title: str
    slot: datetime  # the moment it stands for, UTC
    since: datetime
    until: datetime
    zone: str
    sections: tuple[Section, ...]
    coverage: Coverage
    notes: tuple[str, ...] = ()  # "covers 3 missed slots"
    held: tuple[Flood, ...] = ()  # matched since the last slot, not told
    idle: tuple[Section, ...] = ()  # initiatives without a section, and their last days
    next_slot: datetime | None = None

    @property
    def stories(self) -> int:
        """Different stories told here for the first time."""
        return len({story.id for part in self.sections for story in part.new})


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSlot:
    """A slot of a digest that has passed."""

    digest_id: str
    key: str  # unique with digest_id: local date and time, "2026-11-25T07:30"
    due: datetime  # UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedArticle:
    """A match joined with what a digest needs of its article; made by the store."""

    match: Match
    telling: Telling
    story_id: str
    duplicate_of: str | None
    told_at: datetime | None = None  # this story, to these readers, before
    told_in: ToldIn | None = None  # in this message; None where it is not kept any more
    earlier: tuple[Telling, ...] = ()  # tellings of this story that they were told before
    text_length: int = 0
    text_state: str = "read"
    version: int = 1  # of the article's text, as it was when this was read
    # Set: no new telling. These readers were told this article before, and since then it changed so.
    changes: tuple[Change, ...] = ()
