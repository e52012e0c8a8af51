"""Digests, alerts and impacts of which every field that the world outside can fill holds hostile text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from alerts.alert_memory import Memory
from alerts.alert_records import Alert, CommitmentTold, SilenceOver, ToldStory
from alerts.bringers import Bringer, cause
from alerts.commitment_words import commitments_alert
from alerts.digest import compose
from alerts.plans import DigestPlan
from alerts.records import (
    Commitment,
    Coverage,
    Digest,
    FailingSource,
    Flood,
    Gap,
    Initiative,
    MatchedArticle,
    ToldIn,
)
from alerts.rhythm import Silence, Surge
from alerts.rhythm_words import over_alert, silence_alert, surge_alert
from alerts.trouble_words import trouble_alert
from alerts.troubles import Report, Trouble, TroubleKind
from crawler.folds import Change, ChangeKind
from crawler.records import SourceState
from tests.fakes.outbox import NOW, SINCE, found, plan, slot

DUE = ("open", "met", "late")


def poisoned(texts: Sequence[str], urls: Sequence[str], *, most: int = 400) -> Digest:
    """One digest in which each of `texts` stands in every field, in an initiative of its own."""
    names = {f"i{n}": _initiative(n, text) for n, text in enumerate(texts)}
    told = [one for n, text in enumerate(texts) for one in _articles(n, text, urls[n % len(urls)])]
    evidence = {
        (f"i{n}", "due"): (found(text, source=text, url=urls[n % len(urls)]).telling,)
        for n, text in enumerate(texts)
    }
    coverage = Coverage(
        checked=len(texts),
        failing=tuple(
            FailingSource(source=text, since=SINCE, reason=text, state=state)
            for text in texts
            for state in (SourceState.FAILING, SourceState.BLOCKED)
        ),
        quiet=tuple(texts),
        gaps=tuple(
            Gap(source=text, start=SINCE, end=NOW, caught_up=n % 2 == 0) for n, text in enumerate(texts)
        ),
    )
    held = [
        Flood(
            source=text,
            source_id=f"source-{n}",
            since=SINCE,
            until=NOW,
            articles=2,
            matching=(found(text, source=text, url=urls[n % len(urls)]).telling,),
        )
        for n, text in enumerate(texts)
    ]
    a_plan = _plan(tuple(names), title=texts[0], most=most)
    digest = compose(a_plan, (slot(),), SINCE, told, names, evidence, coverage, NOW, held)
    return replace(digest, notes=(*digest.notes, *texts))


def _plan(initiatives: tuple[str, ...], *, title: str, most: int) -> DigestPlan:
    return plan(title=title, initiatives=initiatives, max_stories=most)


def _initiative(number: int, text: str) -> Initiative:
    return Initiative(
        id=f"i{number}",
        name=text,
        watchlist_id="w",
        commitments=(
            Commitment(id="due", text=text, due=date(2026, 11, 30)),
            Commitment(id="late", text=text, due=date(2026, 1, 1)),
        ),
    )


def _articles(number: int, text: str, url: str) -> Iterator[MatchedArticle]:
    """A story with another outlet and a reprint; one told before that grew; one that was changed; one beyond the cap."""
    initiative, story = f"i{number}", f"s{number}"
    yield found(
        text,
        source=text,
        story=story,
        initiative=initiative,
        snippet=f"before TRUST initiative {text} after",
        term=text,
        url=url,
        language=text[:40],
        credit=text,
        commitments=("due",),
        published=NOW - timedelta(days=9),
    )
    yield found(text, source=f"{text} 2", story=story, initiative=initiative, url=url, paywalled=True)
    yield found(text, source=f"{text} 3", story=story, initiative=initiative, url=url, duplicate_of="x")
    yield found(
        text,
        source=text,
        story=f"{story}-told",
        initiative=initiative,
        url=url,
        told_at=SINCE,
        told_in=ToldIn(key=f"morning/{number}", subject=text, at=SINCE),
    )
    changed = found(
        text, source=text, story=f"{story}-changed", initiative=initiative, url=url, told_at=SINCE
    )
    change = Change(
        article_id=changed.telling.article_id,
        before=1,
        after=2,
        at=NOW - timedelta(hours=1),
        kinds=(ChangeKind.HEADLINE,),
        said=text,
        old=text,
        new=text,
    )
    yield replace(changed, changes=(change,))


def alerts_of(texts: Sequence[str], urls: Sequence[str]) -> tuple[Alert, ...]:
    """An alert of each type; each of `texts` stands in every field of their lists, the first one in all others too."""
    many = list(zip(texts, urls, strict=True))
    stories = tuple(
        ToldStory(id="s", title=text, url=url, source=text, published=NOW, came=NOW, outlets=outlets)
        for text, url in many
        for outlets in (3, 1)
    )
    told = [
        CommitmentTold(
            initiative_id=f"i{n}",
            initiative=text,
            commitment=replace(_initiative(n, text).commitments[0], by=url, due=due),
            days=days,
            evidence=(found(text, source=text, url=url).telling,),
            reports=3,
            watched_since=SINCE,
            meant_for=LAST,
            merged=2,
        )
        for n, (text, url) in enumerate(many)
        for due, days in ((NOW.date(), 0), (LAST, -24), (date(2026, 12, 25), 30))
    ]
    troubles = tuple(
        Trouble(
            kind=kind,
            subject=text,
            name=text,
            state=text,
            since=SINCE,
            reason=text,
            evidence=(text,),
            remedy=text,
        )
        for text in texts
        for kind in TroubleKind
    )
    over = tuple(
        Memory(
            channel_id="desk",
            kind="source",
            subject=text,
            since=SINCE,
            noticed_at=SINCE,
            over_at=NOW,
            reason=text,
        )
        for text in texts
    )
    report = Report(begun=troubles, lasting=troubles[:3], over=over)
    return (
        *alerts_on(texts[0], stories, [one for text in texts for one in _bringers(text)]),
        commitments_alert(told, "UTC"),
        trouble_alert(report, NOW, for_operator=False),
        trouble_alert(report, NOW, for_operator=True, notes=tuple(texts)),
    )


LAST = date(2026, 11, 1)
SURGE = Surge(
    start=LAST, day=NOW.date(), stories=8, expected=1.5, low=0, high=3, weekdays=(1, 0), lately=(1, 2)
)
SILENCE = Silence(last_report=LAST, days=24, usual=6, begins=9, number=1)


def alerts_on(name: str, stories: tuple[ToldStory, ...], bringers: Sequence[Bringer]) -> tuple[Alert, ...]:
    """The three alerts that are about one initiative."""
    initiative = _initiative(0, name)
    return (
        surge_alert(initiative, SURGE, stories, read_on=NOW.date()),
        silence_alert(initiative, SILENCE, cause(bringers, LAST, "UTC")),
        over_alert(initiative, SilenceOver(last_report=LAST, days=24, stories=stories, more=3)),
    )


def _bringers(text: str) -> Iterator[Bringer]:
    """A source in each standing."""
    for state, paused, configured in (
        (SourceState.FAILING, False, True),
        (SourceState.BLOCKED, False, True),
        (SourceState.OK, True, True),
        (SourceState.OK, False, True),
        (SourceState.OK, False, False),
    ):
        yield Bringer(
            source=text,
            reports=5,
            state=state,
            paused=paused,
            configured=configured,
            problem=text,
            since=SINCE,
        )
