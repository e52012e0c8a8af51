"""What a dossier of one initiative says of a period, and what it is made from: plain values, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.alert_records import CommitmentTold
from alerts.moments import Moments
from alerts.records import Coverage, Initiative, MatchedArticle, Story, Telling, Unread, Watchlist
from alerts.rhythm import DAY, Surge
from crawler.records import require_aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time that a dossier is about: start <= moment < end; `zone` (IANA) says where days begin."""

    start: datetime
    end: datetime
    zone: str

    def __post_init__(self) -> None:
        require_aware(start=self.start, end=self.end)

    @property
    def before(self) -> Period:
        """As long, and right before it."""
        return Period(start=self.start - (self.end - self.start), end=self.start, zone=self.zone)

    @property
    def first(self) -> date:
        return self.day_of(self.start)

    @property
    def last(self) -> date:
        """The day of its last moment."""
        return self.day_of(self.end - timedelta(microseconds=1))

    @property
    def days(self) -> int:
        """Calendar days that it touches."""
        return (self.last - self.first).days + 1

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def each_day(self) -> tuple[date, ...]:
        return tuple(self.first + place * DAY for place in range(self.days))

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


# -- what it is made from --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """An article that matches, and when it came as a report."""

    article: MatchedArticle
    at: datetime
    terms: tuple[str, ...] = ()  # that it matched by, as the user wrote them; only of the period
    unread: Unread | None = None  # why it was matched without its page

    def __post_init__(self) -> None:
        require_aware(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Matching articles of a source that are held for review, and not counted."""

    source: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesKept:
    """What the database knows of the rules in force."""

    since: datetime
    print: str  # of what they mean, see meaning.py
    pending: bool  # the archive is still being judged by them


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the database holds for one dossier, all of it read at one moment."""

    reports: tuple[
        Came, ...
    ]  # of the period and the one before, and what came earlier of their stories; by time
    moments: Moments  # up to the end of the period
    report_before: datetime | None  # the last report before the period
    collected: frozenset[date]  # days of the period on which any article of any source came
    last_polled: datetime | None  # when a source answered last
    filed: Mapping[
        tuple[str, str], tuple[tuple[Telling, ...], int]
    ]  # by initiative and commitment: newest, and how many
    coverage: Coverage
    filed_of: Mapping[str, frozenset[tuple[str, str]]] = field(
        default_factory=dict
    )  # by story, what is filed of it
    held: tuple[Held, ...] = ()
    known: int = 0  # matching articles that stood in the lists when they were read first: not counted
    not_about: int = 0  # of the period, which people have said are not about the initiative: not counted
    rules: RulesKept | None = None  # None: they never were in force


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the configuration says around one initiative."""

    initiative: Initiative
    watchlist: Watchlist
    tags: Mapping[str, tuple[str, ...]]  # of each source, by its id
    print: str  # of what the rules mean that are configured now
    kept: timedelta | None = None  # how long matching articles are kept; None: for ever


# -- what it says ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The figures of a period."""

    stories: int = 0  # of which the first report came in it
    went_on: int = 0  # further stories, with reports in it, that had begun before
    reports: int = 0  # independent ones
    articles: int = 0
    outlets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story of the period."""

    story: Story  # with its tellings of the period
    first: datetime  # when the first report of it came
    latest: datetime  # and the last one of the period
    began_before: bool  # its first report came before the period


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day, or a week, of the picture."""

    first: date
    last: date
    stories: int  # by the day of their first report
    outlets: int  # different ones that reported
    collected: int  # days of it on which any article of any source came
    surge: bool = False

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeSpan:
    """Days with far more stories than usual, from the first such day to the last, and the highest of them."""

    first: date
    last: date
    peak: Surge


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceSpan:
    """Days without a report, more of them than usual."""

    first: date
    last: date
    days: int
    usual: int  # nineteen of twenty pauses were no longer
    lasts: bool  # until the end of the period
    blind: int  # days of it on which no article of any source came: they prove nothing of the topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How coverage went over time."""

    bars: tuple[Bar, ...]
    weekly: bool  # each bar is a week
    surges: tuple[SurgeSpan, ...] = ()
    silences: tuple[SilenceSpan, ...] = ()
    unjudged: str = ""  # why surges, or silences, are not judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What came from one kind of sources."""

    name: str
    stories: int
    articles: int
    outlets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the reports came from; the largest share first."""

    outlets: tuple[Share, ...] = ()
    tags: tuple[Share, ...] = ()
    countries: tuple[Share, ...] = ()
    languages: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """A name or phrase of this period's stories that the period before hardly had."""

    text: str
    stories: int  # of the period that hold it
    before: int  # and of the one before
    example: Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What was not covered."""

    coverage: Coverage
    judged: int  # articles of the dossier
    unread: tuple[tuple[Unread, int], ...]  # of them without the text of their page, and why
    bare: int  # of them that came without a text, from feeds whose pages are not read
    held: tuple[Held, ...]
    known: int
    blind: int  # days of the period on which nothing came from any source
    forgotten: date | None  # matching articles of before it are kept no more; None: the period begins later
    not_about: int = 0  # articles that people have said are not about the initiative


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what it was found."""

    watchlist: str  # its title
    path: str
    version: str  # 12 hex digits of the file
    since: datetime | None  # in force; None: never
    pending: bool  # the archive is still being judged by them
    edited: bool  # the file means something else than what is in force
    found_by: tuple[tuple[str, int], ...]  # terms that matched, and articles of the period; most first


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One initiative over one period."""

    initiative: Initiative
    watchlist: Watchlist
    period: Period
    made_at: datetime
    version: str  # of this program
    now: Tally
    before: Tally | None  # None: it cannot be compared
    incomparable: str  # why
    watched_since: datetime | None
    last_polled: datetime | None
    commitments: tuple[CommitmentTold, ...]  # the most pressing first
    related: tuple[CommitmentTold, ...]  # pressing ones of other initiatives of the watchlist
    touched: frozenset[
        tuple[str, str]
    ]  # initiative and id of commitments of which stories told here are a report
    course: Course
    stories: tuple[Told, ...]  # the newest first
    earlier: tuple[Told, ...]  # those of the period before; () where it cannot be compared
    sources: Sources
    missed: Missed
    rules: Rules
    terms: tuple[NewTerm, ...] | None = None  # None: not looked for
    judged: tuple[str, ...] = ()  # what people said of the matches of its terms, in sentences

    @property
    def overdue(self) -> tuple[CommitmentTold, ...]:
        """Own ones, and those of which a story told here is a report."""
        told = (one for one in self.related if (one.initiative_id, one.commitment.id) in self.touched)
        return tuple(one for one in (*self.commitments, *told) if is_overdue(one))


def is_overdue(one: CommitmentTold) -> bool:
    """Open, and its day has passed."""
    return one.commitment.state == "open" and one.days is not None and one.days < 0
