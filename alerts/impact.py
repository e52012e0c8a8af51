"""What an edit of the rules gains and loses over an archive: pure; articles in, figures with reasons out.

Both states of the rules are judged in one matcher, so that a text is read once. What stands in both states alike is
judged once, and only where a figure needs it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain

from alerts.difference import Change, Pair, State, concerned, pairs, plan_change
from alerts.mails import Telling, mails_a_week
from alerts.match import Matcher
from alerts.plans import DigestPlan
from alerts.records import Evidence, Match, Watchlist
from crawler.records import Article

KEPT = 50  # examples kept of what an initiative gains, and of what it loses
WEEK = timedelta(days=7)
SHORTEST = timedelta(days=1)  # a shorter time says nothing about a week
REMOVED = "the initiative is removed"

_BEFORE, _AFTER, _BOTH = "-+="  # the first letter of an initiative's id in the common matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An article that an initiative gains or loses, and why."""

    article_id: str
    story_id: str
    title: str
    url: str
    source_id: str
    published_at: datetime | None
    first_seen_at: datetime
    whole_story: bool = False  # its story is gained or lost with it: no other article keeps it
    evidence: tuple[
        Evidence, ...
    ] = ()  # by which it matches: after the edit when gained, before it when lost
    stopped_at: str | None = None  # of one that is lost: the step at which it stops now


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A term that gains, or a step that loses, and the number of articles."""

    words: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How many there are before and after, and what comes and goes."""

    before: int = 0
    after: int = 0
    gained: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many a week, before and after."""

    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeImpact:
    """What an edit does to one initiative. The figures of one that was not judged are None."""

    id: str
    name: str
    watchlist_id: str
    change: Change
    articles: Numbers | None = None
    stories: Numbers | None = None
    stories_a_week: Rate | None = None
    gained: tuple[Finding, ...] = ()  # newest first, one a story, at most `KEPT`
    lost: tuple[Finding, ...] = ()
    gained_by: tuple[Cause, ...] = ()  # terms, the most fruitful first; an article may be gained by several
    lost_by: tuple[Cause, ...] = ()  # steps at which they stop now, the most frequent first
    lost_terms: tuple[Cause, ...] = ()  # by which they matched before
    paused: tuple[bool, bool] = (False, False)  # before, after: matches and is not told


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestImpact:
    """What an edit does to the mails of one digest, one recipient counted."""

    id: str
    change: Change  # of its plan
    mails_a_week: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What an edit does, in all."""

    since: datetime
    until: datetime
    days: float  # from which weeks are reckoned: fewer than asked for where the archive is younger
    articles: int  # looked at
    unjudged: int  # of them, on which the matcher broke
    initiatives: tuple[InitiativeImpact, ...]
    digests: tuple[DigestImpact, ...]  # those that the edit concerns
    stories_a_week: (
        Rate | None
    )  # of all initiatives that are told, each story once; None: not all were judged

    @property
    def changed(self) -> tuple[InitiativeImpact, ...]:
        """The initiatives that the edit concerns."""
        return tuple(one for one in self.initiatives if one.change is not Change.UNCHANGED)

    @property
    def unchanged(self) -> tuple[InitiativeImpact, ...]:
        """The others."""
        return tuple(one for one in self.initiatives if one.change is Change.UNCHANGED)


@dataclass(slots=True)
class _Side:
    """What one initiative meets in one of the two states."""

    articles: int = 0
    stories: set[str] = field(default_factory=set)
    told: list[Telling] = field(default_factory=list)


@dataclass(slots=True)
class _Flow:
    """What one initiative gains, or what it loses."""

    articles: int = 0
    terms: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Finding] = field(default_factory=dict)  # by story

    def add(self, found: Finding) -> None:
        self.articles += 1
        self.terms.update({one.term for one in found.evidence})
        if found.stopped_at is not None:
            self.steps[found.stopped_at] += 1
        if len(self.kept) < KEPT:
            self.kept.setdefault(found.story_id, found)

    def findings(self, stories: set[str]) -> tuple[Finding, ...]:
        """Those kept; `stories` come or go as a whole."""
        return tuple(replace(one, whole_story=one.story_id in stories) for one in self.kept.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """On one article by one initiative, in both states; at least one of them matches."""

    name: str
    was: Match | None
    now: Match | None
    stopped_at: str  # "" where it matches now


class Measure:
    """Judges articles by both states of the rules and adds up; `take` all of them, newest first, then ask.

    Args:
        before: what is in force; its plans name their initiatives.
        after: what the edit puts in its place.
        everything: judge also the initiatives of which no figure changes.
    Attributes:
        concerned: whether the edit changes a rule, a digest, or who is told.
    Raises:
        RuleError: a term that cannot be read; a note names its place.
    """

    def __init__(self, before: State, after: State, *, everything: bool = False) -> None:
        self._before, self._after = before, after
        self._pairs = pairs(before, after)
        self._plans = tuple(concerned(self._pairs, before, after))
        edited = {one.id for one in self._pairs if one.change is not Change.UNCHANGED}
        together = {
            name for was, now in self._plans for plan in (was, now) if plan for name in plan.initiatives
        }
        self._judged = {one.id for one in self._pairs if everything or one.id in edited | together}
        self._everything = everything
        self.concerned = bool(edited or self._plans)
        self._by_states = tuple(self._matchers())
        self._explainers: dict[str, Matcher] = {}
        self._sides: dict[str, tuple[_Side, _Side]] = {one: (_Side(), _Side()) for one in self._judged}
        self._gained: defaultdict[str, _Flow] = defaultdict(_Flow)
        self._lost: defaultdict[str, _Flow] = defaultdict(_Flow)
        self._articles = self._unjudged = 0
        self._oldest: datetime | None = None  # first seen of those that are told
        self._earliest: datetime | None = None  # and their publication, where it lies before that

    def take(self, articles: Iterable[Article]) -> None:
        """Judge some more."""
        for article in articles:
            self._articles += 1
            if _is_told(article):
                self._remember(article)
            try:
                verdicts = tuple(self._verdicts(article))
            except Exception:  # a hostile text must not end the comparison; it is counted
                self._unjudged += 1
                continue
            for one in verdicts:
                self._count(article, one)

    def result(
        self,
        since: datetime,
        until: datetime,
        *,
        backfill: timedelta = timedelta(0),
        scope: Iterable[str] = (),
    ) -> Impact:
        """The figures of all that was taken.

        Args:
            since, until: the time asked for. Weeks are reckoned from the part of it that the archive covers.
            backfill: how old what a first poll tells may be; an archive that is younger than `since` reaches back
                so long before its first article, if publication times say so.
            scope: ids of the watchlists whose initiatives are listed; all when empty.
        """
        start = self._start(since, until, backfill)
        span = max(until - start, SHORTEST)
        weeks = span / WEEK
        wanted = frozenset(scope)
        return Impact(
            since=since,
            until=until,
            days=span / timedelta(days=1),
            articles=self._articles,
            unjudged=self._unjudged,
            initiatives=tuple(
                self._initiative(one, weeks) for one in self._pairs if not wanted or one.watchlists & wanted
            ),
            digests=tuple(self._digest(was, now, start, until, weeks) for was, now in self._plans),
            stories_a_week=self._total(weeks) if self._everything else None,
        )

    # -- judging -------------------------------------------------------------------------------------

    def _matchers(self) -> Iterator[Matcher]:
        """One that judges by both states, or one for each where their tags differ.

        What differs stands in it under an id for each state, the rest once.
        """
        before, after = self._marked(self._before, _BEFORE), self._marked(self._after, _AFTER)
        if self._before.tags == self._after.tags:
            yield Matcher((*before, *after), tags=self._after.tags)
        else:
            yield Matcher(before, tags=self._before.tags)
            yield Matcher(after, tags=self._after.tags)

    def _marked(self, state: State, own: str) -> tuple[Watchlist, ...]:
        """The watchlists of a state with what is judged of them, ids marked by the state to which they belong."""
        alike = {one.id for one in self._pairs if one.change is Change.UNCHANGED}
        return tuple(
            replace(
                watchlist,
                initiatives=tuple(
                    replace(one, id=(_BOTH if one.id in alike else own) + one.id)
                    for one in watchlist.initiatives
                    if one.id in self._judged and (own is _AFTER or one.id not in alike)
                ),
            )
            for watchlist in state.watchlists
        )

    def _verdicts(self, article: Article) -> Iterator[_Verdict]:
        """Of each initiative that the article meets in one of the states."""
        met: defaultdict[str, dict[str, Match]] = defaultdict(dict)
        for match in chain.from_iterable(one.judge(article).matches for one in self._by_states):
            state, name = match.initiative_id[0], match.initiative_id[1:]
            met[name].update(dict.fromkeys((_BEFORE, _AFTER) if state == _BOTH else (state,), match))
        for name, by_state in met.items():
            was, now = by_state.get(_BEFORE), by_state.get(_AFTER)
            step = self._stopped_at(name, article) if now is None else ""
            yield _Verdict(name=name, was=was, now=now, stopped_at=step)

    def _count(self, article: Article, verdict: _Verdict) -> None:
        was, now, name = verdict.was, verdict.now, verdict.name
        before, after = self._sides[name]
        if was is not None:
            _add(before, article)
        if now is not None:
            _add(after, article)
        if now is not None and was is None:
            self._gained[name].add(_finding(article, now))
        elif was is not None and now is None:
            self._lost[name].add(_finding(article, was, stopped_at=verdict.stopped_at))

    def _stopped_at(self, name: str, article: Article) -> str:
        """The step at which an article that matched stops after the edit."""
        if name not in self._explainers:
            held = next(one.after for one in self._pairs if one.id == name)
            if held is None:
                return REMOVED
            initiative, watchlist = held
            only = replace(watchlist, initiatives=(initiative,))
            self._explainers[name] = Matcher((only,), tags=self._after.tags)
        return self._explainers[name].judge(article, explain=True).misses[0].stopped_at

    def _remember(self, article: Article) -> None:
        """How far back the archive reaches."""
        seen = article.first_seen_at
        self._oldest = seen if self._oldest is None else min(self._oldest, seen)
        published = article.published_at or seen
        self._earliest = published if self._earliest is None else min(self._earliest, published)

    # -- adding up -----------------------------------------------------------------------------------

    def _start(self, since: datetime, until: datetime, backfill: timedelta) -> datetime:
        """Where the time begins that the archive covers."""
        if self._oldest is None or self._earliest is None:
            return since
        return min(max(since, self._oldest - backfill, min(self._earliest, self._oldest)), until)

    def _initiative(self, pair: Pair, weeks: float) -> InitiativeImpact:
        shown = pair.shown
        bare = InitiativeImpact(
            id=pair.id,
            name=shown.name,
            watchlist_id=shown.watchlist_id,
            change=pair.change,
            paused=pair.paused,
        )
        if pair.id not in self._judged:
            return bare
        before, after = self._sides[pair.id]
        gained, lost = self._gained[pair.id], self._lost[pair.id]
        come, gone = after.stories - before.stories, before.stories - after.stories
        return replace(
            bare,
            articles=Numbers(
                before=before.articles, after=after.articles, gained=gained.articles, lost=lost.articles
            ),
            stories=Numbers(
                before=len(before.stories), after=len(after.stories), gained=len(come), lost=len(gone)
            ),
            stories_a_week=Rate(before=_stories(before.told) / weeks, after=_stories(after.told) / weeks),
            gained=gained.findings(come),
            lost=lost.findings(gone),
            gained_by=_ranked(gained.terms),
            lost_by=_ranked(lost.steps),
            lost_terms=_ranked(lost.terms),
        )

    def _digest(
        self,
        was: DigestPlan | None,
        now: DigestPlan | None,
        since: datetime,
        until: datetime,
        weeks: float,
    ) -> DigestImpact:
        mails = [
            mails_a_week(plan, self._told(plan, number), since, until, weeks) if plan is not None else 0.0
            for number, plan in enumerate((was, now))
        ]
        shown = now or was
        assert shown is not None
        return DigestImpact(
            id=shown.id, change=plan_change(was, now), mails_a_week=Rate(before=mails[0], after=mails[1])
        )

    def _told(self, plan: DigestPlan, number: int) -> list[Telling]:
        """What a digest tells in the first (0) or the second (1) state."""
        paused = {one.id for one in self._pairs if one.paused[number]}
        return [
            telling
            for name in plan.initiatives
            if name in self._sides and name not in paused
            for telling in self._sides[name][number].told
        ]

    def _total(self, weeks: float) -> Rate:
        """Of all initiatives that are told."""
        live = [
            [self._sides[one.id][number].told for one in self._pairs if not one.paused[number]]
            for number in (0, 1)
        ]
        before, after = (len({story for told in each for _, story in told}) / weeks for each in live)
        return Rate(before=before, after=after)


# -- what is found ---------------------------------------------------------------------------------


def _is_told(article: Article) -> bool:
    """Whether it could be told: not what was only known at a first poll, or is held for review."""
    held = article.held_since is not None and article.held_ended is None
    return not article.backfilled and not held


def _add(side: _Side, article: Article) -> None:
    story = article.story_id or article.id
    side.articles += 1
    side.stories.add(story)
    if _is_told(article):
        side.told.append((article.first_seen_at, story))


def _ranked(causes: Counter[str]) -> tuple[Cause, ...]:
    """The most frequent first, then by their words."""
    order = sorted(causes.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Cause(words=words, articles=number) for words, number in order)


def _stories(told: Iterable[Telling]) -> int:
    return len({story for _, story in told})


def _finding(article: Article, match: Match, *, stopped_at: str | None = None) -> Finding:
    return Finding(
        article_id=article.id,
        story_id=article.story_id or article.id,
        title=article.title,
        url=article.url,
        source_id=article.source_id,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        evidence=match.evidence,
        stopped_at=stopped_at,
    )
