"""A dossier in sentences: its figures against the time before, surges and silences, what was missed, by what rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alerts import coverage_words
from alerts.alert_records import CommitmentTold
from alerts.commitment_words import reports_found, when_due
from alerts.dossier_records import (
    Course,
    Dossier,
    Missed,
    Period,
    Rules,
    SilenceSpan,
    Sources,
    SurgeSpan,
    Tally,
)
from alerts.dossier_sources import NAMELESS
from alerts.records import CommitmentState
from alerts.rhythm import DAY
from alerts.safe import one_line
from alerts.wording import ago, count, day, listed, moment

ORIGINS = 5  # tags, or countries, in one sentence
NAMED = 6  # sources in one sentence
PERCENT = 20  # of which a change is told in percent too

FIGURES = (
    ("stories", "story", "stories"),
    ("reports", "independent report", "independent reports"),
    ("articles", "article", "articles"),
    ("outlets", "outlet", "outlets"),
)


def span(period: Period) -> str:
    """`29 Aug to 26 Nov 2026 (90 days)`."""
    first, last = period.first, period.last
    if first == last:
        return day(first)
    start = day(first) if first.year != last.year else f"{first.day} {first:%b}"
    return f"{start} to {day(last)} ({count(period.days, 'day')})"


def summary(one: Dossier) -> Iterator[str]:
    """What a reader in a hurry takes away; the commitments stand apart."""
    now = one.now
    if not now.articles:
        yield f"No report in these {count(one.period.days, 'day')}."
    else:
        begun = count(now.stories, "new story", "new stories") if now.stories else "No new story"
        went_on = (
            f", {'and' if now.stories else 'but'} {now.went_on:,} that had begun before"
            if now.went_on
            else ""
        )
        yield (
            f"{begun}{went_on}, told in {count(now.articles, 'article')} of {count(now.outlets, 'outlet')};"
            f" {count(now.reports, 'independent report')} {'stands' if now.reports == 1 else 'stand'} behind them."
        )
    if one.before is None:
        yield f"There is nothing to compare it with: {one.incomparable}."
    else:
        days = count(one.period.days, "day")
        yield f"In the {days} before there {_was(one.before)}{_trend(now.stories, one.before.stories)}."
    yield from _origins(one.sources)
    if one.initiative.paused:
        yield "The initiative is paused: its news is found and filed, and not told."


def _origins(found: Sources) -> Iterator[str]:
    """From what kinds of sources, and from which countries, as far as that is known."""
    for heading, shares in (
        ("Articles by the tag of their source", found.tags),
        ("Articles by the country of their address", found.countries),
    ):
        known = [f"{one_line(one.name, 40)} ({one.articles:,})" for one in shares if one.name not in NAMELESS]
        if known:
            yield f"{heading}: {listed(known, ORIGINS)}."


def _was(before: Tally) -> str:
    if not before.stories:
        return "was no new story"
    return f"{'was' if before.stories == 1 else 'were'} {count(before.stories, 'new story', 'new stories')}"


def _trend(now: int, before: int) -> str:
    if now == before:
        return ", as many as now" if now else ""
    change = f"{abs(now - before):,} {'more' if now > before else 'fewer'} now"
    return f", so {change}{percent(now, before)}"


def percent(now: int, before: int) -> str:
    """` (+25 %)`; "" where the numbers are too small for it."""
    if before < PERCENT:
        return ""
    return f" ({100 * (now - before) / before:+.0f} %)".replace("-", "−")


def against(now: int, before: int) -> str:
    """Beside a figure: `20 before, so 5 more (+25 %)`."""
    if now == before:
        return f"{before:,} before, as many"
    return f"{before:,} before, so {abs(now - before):,} {'more' if now > before else 'fewer'}{percent(now, before)}"


# -- commitments -----------------------------------------------------------------------------------


def standing(one: CommitmentTold) -> str:
    """`Overdue by 331 days`, `Due in 6 days`, `Met on 31 Oct 2025, 61 days early`, `Open, without a date`."""
    promise = one.commitment
    if promise.state is CommitmentState.OPEN and promise.due is None:
        return "Open, without a date"
    said = when_due(one)
    if promise.met is not None and promise.due is not None and promise.state is CommitmentState.MET:
        early = (promise.due - promise.met).days
        by = f"{count(abs(early), 'day')} {'early' if early > 0 else 'late'}"
        said += f", {by}" if early else ", on its day"
    return said[:1].upper() + said[1:]


def evidence(one: CommitmentTold) -> str:
    """What was found on it: `2 reports are filed under it`, `no report found since 17 Nov 2026, when we began to look`."""
    if one.reports:
        shown = len(one.evidence)
        more = f"; the newest {'is' if shown == 1 else f'{shown} are'}" if one.reports > shown else ""
        return f"{count(one.reports, 'report is', 'reports are')} filed under it{more}"
    if one.watched_since is None:
        return reports_found(one)
    return f"{reports_found(one)} since {day(one.watched_since.date())}, when we began to look"


# -- coverage over time ----------------------------------------------------------------------------


def surge(one: SurgeSpan) -> str:
    """With the numbers that make it one."""
    peak = one.peak
    usual = (
        "none" if not peak.high else str(peak.high) if peak.low == peak.high else f"{peak.low} to {peak.high}"
    )
    number = count(peak.stories, "new story", "new stories")
    would = f"where {usual} would be usual by its own rhythm"
    if one.first == one.last:
        return f"Surge on {day(one.first)}: {number}, {would}."
    return f"Surge from {day(one.first)} to {day(one.last)}: {number} on {day(peak.day)}, {would}."


def silence(one: SilenceSpan) -> str:
    """How long, and whether that proves anything."""
    usual = f"its pauses are usually no longer than {count(one.usual, 'day')}"
    days = count(one.days, "day")
    start = (
        f"No report for {days}, since {day(one.first)}"
        if one.lasts
        else f"No report for {days}, {day(one.first)} to {day(one.last)}"
    )
    if not one.blind:
        return f"{start}; {usual}."
    of_them = "all of them" if one.blind >= one.days else f"{one.blind:,} of them"
    return f"{start}; {usual}. On {of_them} nothing came from any source, so that this proves little of the topic."


def course(one: Course, period: Period) -> str:
    """What the picture shows, for those who do not see it."""
    total = sum(bar.stories for bar in one.bars)
    unit = "week" if one.weekly else "day"
    if not one.bars or not any(bar.outlets for bar in one.bars):
        return f"No report in {count(period.days, 'day')}."
    most = max(one.bars, key=lambda bar: (bar.stories, bar.outlets))
    widest = max(bar.outlets for bar in one.bars)
    when = day(most.first) if most.days == 1 else f"the week of {day(most.first)}"
    share = "all" if total == most.stories > 1 else f"most {most.stories:,}"
    peak = (
        f", {share} {'on' if most.days == 1 else 'in'} {when}"
        if total > 1
        else f", {'on' if most.days == 1 else 'in'} {when}"
    )
    marks = [
        *([count(len(one.surges), "surge")] if one.surges else []),
        *([count(len(one.silences), "silence")] if one.silences else []),
    ]
    return (
        f"{count(total, 'new story', 'new stories')} in {count(period.days, 'day')}{peak if most.stories else ''};"
        f" at most {count(widest, 'outlet')} a {unit}.{f' {listed(marks)}.' if marks else ''}"
    )


# -- what was not covered, and by what rules -------------------------------------------------------


def missed(one: Missed, period: Period, watched: str) -> Iterator[str]:
    """The gaps of what is told here, the widest first; single sources are listed apart.

    Args:
        watched: since when, and until when, sources were read.
    """
    found = one.coverage
    if one.blind:
        days = count(one.blind, "day")
        yield f"On {days} of {period.days:,} no article came from any source. {watched}"
    elif watched:
        yield watched
    if found.checked:
        failing = coverage_words.failing(found.failing)
        yield f"{count(found.checked, 'source')} answered in this time; {failing or 'none fails now'}."
    else:
        yield "No source answered in this time."
    if found.gaps:
        yield coverage_words.not_covered(found.gaps).replace(", see below", "")
    elif found.checked:
        yield "No gap in what sources list was noticed."
    if found.quiet:
        yield f"Unusually quiet now: {listed([one_line(name, 60) for name in found.quiet], NAMED)}."
    if one.unread or one.bare:
        total = sum(number for _, number in one.unread) + one.bare
        reasons = [f"{number:,} {coverage_words.UNREAD[reason]}" for reason, number in one.unread]
        why = ", ".join([*reasons, *([f"{one.bare:,} from feeds without texts"] if one.bare else [])])
        yield f"{total:,} of {count(one.judged, 'article')} here {_were(total)} judged on title and summary only: {why}."
    elif one.judged:
        yield f"Of {'the article' if one.judged == 1 else f'all {one.judged:,} articles'} here the text was read."
    if one.not_about:
        said = count(one.not_about, "matching article was", "matching articles were")
        yield f"{said} judged not to be about it, and {_were(one.not_about)} not counted."
    if one.forgotten is not None:
        yield f"Articles are not kept for ever: those of before {day(one.forgotten)} are gone, and not counted."
    for held in one.held:
        is_held = count(held.articles, "matching article", "matching articles")
        yield (
            f"{is_held} of {one_line(held.source, 60)} {'is' if held.articles == 1 else 'are'} held for review, as a"
            " renewal of its feed, and not counted."
        )
    if one.known:
        stood = count(one.known, "matching article", "matching articles")
        yield f"{stood} stood in a list already when it was read first, and {_were(one.known)} not counted."


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def watched(one: Dossier) -> str:
    """`Sources are read since 17 Nov 2026; the last one answered on Thu 19 Nov 2026, 13:00 UTC.`"""
    if one.watched_since is None:
        return "Nothing was collected yet."
    period = one.period
    since = one.watched_since if one.watched_since >= period.start else None
    begun = f"Watching began on {moment(since, period.zone)}" if since else ""
    stale = one.last_polled is not None and one.last_polled < min(period.end, one.made_at) - DAY
    stopped = (
        f"{'the' if begun else 'The'} last answer of any source is of {moment(one.last_polled, period.zone)}"
        if stale and one.last_polled is not None
        else ""
    )
    said = "; ".join(part for part in (begun, stopped) if part)
    return f"{said}." if said else ""


def rules(one: Rules, zone: str) -> Iterator[str]:
    """By which rules it was found, and whether they are those of the configuration."""
    version = f", version {one.version}" if one.version else ""
    yield f"Watchlist “{one_line(one.watchlist, 160)}”{version}."
    if one.since is None:
        yield "These rules were never in force: neither `tidings run` nor `tidings once` has worked with them."
    else:
        yield f"The rules of this initiative are in force since {moment(one.since, zone)}; what came before was judged by them too."
    if one.edited:
        yield "The file was edited since, and its rules are not in force yet: those listed here are not those that found this."
    if one.pending:
        yield "The archive is still being judged by the rules in force: older articles may be missing."


def age(one: Dossier) -> str:
    """Of a dossier of a time that is over: `The period ended 3 weeks before this was made.`"""
    behind = one.made_at - one.period.end
    return f"The period ended {ago(behind)} before this was made." if behind >= DAY else ""
