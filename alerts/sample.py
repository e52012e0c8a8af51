"""A digest and an alert of made-up news, in which is whatever there may be: to try templates on, and to look at. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count

from alerts import digest as digests
from alerts import slots
from alerts.alert_records import Alert, AlertType, Entry, Listing, TroublesTold
from alerts.plans import DigestPlan
from alerts.recent import SHOWN, Recent
from alerts.records import (
    Commitment,
    CommitmentState,
    Coverage,
    Digest,
    DigestSlot,
    Evidence,
    FailingSource,
    Field,
    Flood,
    Found,
    FoundBy,
    Gap,
    Initiative,
    Match,
    MatchedArticle,
    Strength,
    Telling,
    ToldIn,
    Unread,
)
from crawler.folds import Change, ChangeKind

NOTE = "This is a sample: every story, outlet and number in it is made up."
NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FULL = 5  # stories in full; the further ones are listed by title
INITIATIVES = tuple(
    Initiative(id=f"sample-{number}", name=name, watchlist_id="sample")
    for number, name in enumerate(("Harbour tunnel", "Night trains", "River clean-up", "Old market"), start=1)
)
PLAN = DigestPlan(
    id="sample",
    title="Sample digest",
    to=("sample",),
    initiatives=tuple(one.id for one in INITIATIVES),
    at=(time(7, 30),),
)
OUTLETS = (
    "The Harbour Herald",
    "Lakeside Courier",
    "The Evening Ledger",
    "Radio Northern Coast",
    "Market Square Daily",
    "The Provincial",
    "Old Bridge News",
    "City Examiner",
    "Valley Post",
    "The Quay",
    "Station Gazette",
    "Westgate Reporter",
)


def not_about(article_id: str, initiative_id: str) -> str:
    """Where its readers would say that an article is not about an initiative."""
    return f"https://tidings.example/not-about/{article_id}/{initiative_id}/{'A' * 32}"


def digest(
    plan: DigestPlan = PLAN,
    initiatives: Mapping[str, Initiative] | None = None,
    now: datetime = NOW,
    *,
    last_days: bool = True,
) -> Digest:
    """A digest of `plan` as it would be on a busy day at `now`, over its own initiatives and made-up news.

    The first initiative has stories of every kind, the second points to one of them, the third has fallen silent,
    and the others have nothing to say.

    Args:
        initiatives: all that there are; None: invented ones.
        last_days: whether they are known.
    """
    known = {one.id: one for one in INITIATIVES} if initiatives is None else initiatives
    passed = _passed(plan, now)
    now = passed[-1].due
    promises = _commitments(now)
    live = {
        name: replace(known[name], paused=False, commitments=() if place else promises)
        for place, name in enumerate(one for one in plan.initiatives if one in known)
    }
    told = _News(now)
    first, second = (*live, "", "")[:2]
    matched = [*told.of_first(first, live[first].name)] if first else []
    if second:
        matched += told.of_second(second, live[second].name)
    recent = {name: _recent(now, place) for place, name in enumerate(live) if last_days}
    reports = told.reports()
    composed = digests.compose(
        replace(plan, max_stories=FULL),
        passed,
        now - DAY,
        matched,
        live,
        {(first, one.id): reports for one in promises if first},
        _coverage(now),
        now,
        [told.flood()],
        recent,
    )
    return replace(composed, notes=(NOTE, *composed.notes))


def empty(plan: DigestPlan = PLAN, now: datetime = NOW) -> Digest:
    """One of a day without any news, of the same plan."""
    passed = _passed(plan, now)
    return digests.compose(plan, passed[-1:], now - DAY, (), {}, {}, Coverage(checked=0), passed[-1].due)


def alert() -> Alert:
    """An alert with everything in it that one may have. What it is about is empty: only its words are shown."""
    report = Entry(
        title="Plan is late again, says the auditor", url="https://outlet-0.example/1", note=OUTLETS[0]
    )
    stories = (
        Entry(title="Ministers sign the first agreement", url="https://outlet-1.example/2", note="5 outlets"),
        Entry(title="No safe address leads here", url="javascript:alert(1)"),
    )
    promise = Entry(
        title="Publish the building plan",
        note="overdue by 40 days",
        lines=("It was promised for 16 October.", "No report says that it was met."),
        bad=True,
        links=(report, Entry(title="Draft shown to the council")),
    )
    return Alert(
        type=AlertType.COMMITMENT,
        subject="Harbour tunnel: overdue: Publish the building plan",
        event=TroublesTold(troubles=()),
        paragraphs=(NOTE, "A commitment is past its day."),
        lists=(
            Listing(heading="Commitments", entries=(promise,), more=2),
            Listing(heading="Stories", entries=stories),
            Listing(heading="Others", entries=()),
        ),
        closing=("You are told again in 30 days.", "This alert is set up in the watchlist."),
        initiatives=(("sample-1", "Harbour tunnel"),),
    )


def bare_alert() -> Alert:
    """One that has nothing but its subject."""
    return replace(alert(), type=AlertType.OPERATOR, paragraphs=(), lists=(), closing=(), initiatives=())


def _passed(plan: DigestPlan, now: datetime) -> tuple[DigestSlot, ...]:
    """The slot that comes next, and one that was missed; a plan told immediately has no such."""
    coming = slots.upcoming(plan, now, 1)
    if not coming:
        return (replace(slots.immediate(plan, now - plan.gather), due=now),)
    missed = replace(coming[0], key=f"{coming[0].key}-missed", due=coming[0].due - DAY)
    return (missed, coming[0])


def _commitments(now: datetime) -> tuple[Commitment, ...]:
    today = now.date()
    return (
        Commitment(id="plan", text="Publish the building plan", due=today - timedelta(days=40)),
        Commitment(
            id="hearing", text="Hold a public hearing in each district", due=today + timedelta(days=6)
        ),
        Commitment(
            id="budget",
            text="Pass the first budget",
            due=today - timedelta(days=90),
            state=CommitmentState.MET,
            met=today - timedelta(days=2),
        ),
    )


def _recent(now: datetime, place: int) -> Recent:
    """The last days of the initiative in this place; the third has fallen silent."""
    silent = place == 2
    days = [(day * (7 + place) + place) % 5 * (day % 3 != 1) for day in range(SHOWN)]
    return Recent(
        days=(*days[:9], *([0] * (SHOWN - 9))) if silent else tuple(days),
        last_day=now.date(),
        silent_for=21 if silent else None,
        usual=6 if silent else None,
    )


def _coverage(now: datetime) -> Coverage:
    return Coverage(
        checked=214,
        failing=(
            FailingSource(source="The Quay", since=now - 3 * DAY, reason="the server answers 503"),
            FailingSource(source="Valley Post", since=None, reason="no such host"),
        ),
        quiet=("Old Bridge News",),
        gaps=(
            Gap(source="City Examiner", start=now - 9 * HOUR, end=now - 7 * HOUR),
            Gap(source="The Provincial", start=now - 20 * HOUR, end=now - 18 * HOUR, caught_up=True),
        ),
        held=60,
        unread=3,
        judged=480,
        without_page=((Unread.PAYWALL, 2), (Unread.WAITING, 1)),
    )


class _News:
    """Made-up articles, numbered so that each has an id and an address of its own."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._numbers = count(1)
        self._initiative = self._name = ""

    def of_first(self, initiative: str, name: str) -> Sequence[MatchedArticle]:
        """Stories of every kind."""
        self._initiative, self._name = initiative, name
        title = f"Ministers sign the first agreement on {name}"
        grown = self.article("Residents ask for a later opening hour", story="grown", hours=50)
        changed = self.article("Costs put at 12 million", story="changed", hours=51)
        signed = self.article(title, story="signed", commitments=("plan",))
        edit = Found(by=FoundBy.EDIT, at=self._now - DAY)
        command = Found(by=FoundBy.REMATCH, at=self._now - DAY)
        return (
            # told by many, one of them an agency, some of them reprints, one behind a paywall
            signed,
            self.article(title, outlet=1, story="signed", credit="Northern Wire"),
            self.article(title, outlet=2, story="signed", copy_of=signed.telling.article_id),
            self.article(
                "What the agreement leaves open", outlet=3, story="signed", paywalled=True, age=2 * HOUR
            ),
            *(
                self.article(f"Reactions from district {number}", outlet=number, story="signed")
                for number in range(4, 9)
            ),
            self.article("Engineers begin with the soundings", story="soundings", hours=2, language="fr"),
            self.article("Old survey comes to light", story="survey", hours=1, age=6 * DAY),
            self.article("No safe address leads here", story="unsafe", url="javascript:alert(1)"),
            self.article("The council debates the route", story="edit", hours=30, by=edit),
            self.article("A first call for tenders", story="command", hours=40, by=command),
            # told before: one has come to further outlets, one says something else now
            *(
                self.told_before(
                    self.article("Opening hour is still disputed", outlet=n, story="grown"), grown
                )
                for n in range(1, 3)
            ),
            replace(
                self.told_before(changed, changed),
                changes=(
                    Change(
                        article_id=changed.telling.article_id,
                        before=1,
                        after=2,
                        at=self._now - 2 * HOUR,
                        kinds=(ChangeKind.HEADLINE, ChangeKind.NUMBERS),
                        said="headline: “Costs put at 12 million” became “Costs rise to 15 million”; 12 became 15",
                        old="Costs put at 12 million",
                        new="Costs rise to 15 million",
                    ),
                ),
            ),
        )

    def told_before(self, one: MatchedArticle, known: MatchedArticle) -> MatchedArticle:
        """`one` of a story that was told two days ago, when there was `known` of it."""
        at = self._now - 2 * DAY
        told_in = ToldIn(key="sample/1", subject=f"{self._name}: 2 stories, 3 outlets", at=at)
        return replace(one, told_at=at, told_in=told_in, earlier=(known.telling,))

    def of_second(self, initiative: str, name: str) -> Sequence[MatchedArticle]:
        """One story, that is told under the first initiative already."""
        self._initiative, self._name = initiative, name
        return (self.article("What it means for the neighbours", outlet=11, story="signed"),)

    def reports(self) -> tuple[Telling, ...]:
        """What is filed under a commitment."""
        return (
            self.article("Plan is late again, says the auditor").telling,
            self.article("Draft shown to the council", outlet=5, age=None).telling,
        )

    def flood(self) -> Flood:
        """Many entries at once, of which more match than are named."""
        matching = (self.article(f"From the archive, part {number}", outlet=8) for number in range(1, 13))
        return Flood(
            source=OUTLETS[8],
            source_id="source-8",
            since=self._now - 5 * HOUR,
            until=self._now + 2 * DAY,
            articles=60,
            matching=tuple(one.telling for one in matching),
        )

    def article(
        self,
        title: str,
        *,
        outlet: int = 0,
        story: str = "",
        hours: float = 3,
        age: timedelta | None = HOUR / 2,  # when it was found; None: nobody knows
        copy_of: str | None = None,
        url: str = "",
        credit: str | None = None,
        paywalled: bool = False,
        language: str | None = "en",
        commitments: tuple[str, ...] = (),
        by: Found | None = None,
    ) -> MatchedArticle:
        number = next(self._numbers)
        key = f"{number:016x}"
        seen = self._now - timedelta(hours=hours)
        in_title = self._name in title
        evidence = Evidence(
            term=self._name,
            field=Field.TITLE if in_title else Field.TEXT,
            start=0,
            end=len(self._name),
            snippet=title if in_title else f"… officials said that {self._name} would open a first call …",
            strength=Strength.STRONG,
        )
        return MatchedArticle(
            match=Match(
                article_id=key,
                initiative_id=self._initiative,
                commitments=commitments,
                evidence=(evidence,),
                matched_at=seen,
                found=by,
            ),
            telling=Telling(
                article_id=key,
                title=title,
                url=url or f"https://outlet-{outlet}.example/2026/{number}",
                source=OUTLETS[outlet],
                source_id=f"source-{outlet}",
                published=None if age is None else seen - age,
                found=seen,
                paywalled=paywalled,
                language=language,
                credit=credit,
            ),
            story_id=f"s{story or key}",
            duplicate_of=copy_of,
            text_length=2400,
        )
