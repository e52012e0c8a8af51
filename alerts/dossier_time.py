"""How coverage of an initiative went over a period: bars, surges, and silences that are over or last. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.dossier_records import Bar, Course, Period, SilenceSpan, SurgeSpan
from alerts.moments import Moments
from alerts.rhythm import DAY, NotYet, Past, Silence, Surge, silence, surge

LEAD, LEAST = 3, 13  # days shown before anything was collected, and of the end of the period at least
DAILY = 123  # days that have a bar each; what is longer has one for each week


def course(
    period: Period,
    moments: Moments,
    *,
    stories: Mapping[date, int],
    outlets: Mapping[date, Collection[str]],
    collected: Collection[date],
    report_before: datetime | None,
) -> Course:
    """Bars over the whole period, and what its rhythm makes of them.

    Args:
        moments: up to the end of the period, and for long before it.
        stories: by the day of their first report.
        outlets: names, by the days on which they reported.
        collected: days on which anything came from any source.
        report_before: the last report before the period.
    """
    past = moments.past(ZoneInfo(period.zone))
    surges, unjudged = ((), "nothing was collected yet") if past is None else _surges(past, period)
    reported = {day for day in outlets if period.first <= day <= period.last}
    before = None if report_before is None else period.day_of(report_before)
    silences = () if past is None else tuple(_silences(past, period, reported, before, collected, moments))
    weekly = period.days > DAILY
    days = _watched(period, collected)
    rising = {one.peak.day for one in surges} | {
        day for one in surges for day in _between(one.first, one.last)
    }
    return Course(
        bars=tuple(
            Bar(
                first=days[0],
                last=days[-1],
                stories=sum(stories.get(day, 0) for day in days),
                outlets=len({name for day in days for name in outlets.get(day, ())}),
                collected=sum(day in collected for day in days),
                surge=not rising.isdisjoint(days),
            )
            for days in _spans(days, weekly=weekly)
        ),
        weekly=weekly,
        surges=surges,
        silences=silences,
        unjudged=unjudged,
    )


def _watched(period: Period, collected: Collection[date]) -> tuple[date, ...]:
    """The days of the period, but for a long time at its beginning in which nothing was collected yet."""
    each = period.each_day()
    first = min(collected, default=period.last)
    return tuple(day for day in each if day >= min(first - LEAD * DAY, period.last - LEAST * DAY))


def _spans(each: Sequence[date], *, weekly: bool) -> Iterable[tuple[date, ...]]:
    """The days of each bar; weeks begin on Mondays, the first and the last may be cut."""
    if not weekly:
        return ((day,) for day in each)
    weeks: dict[tuple[int, int], list[date]] = {}
    for day in each:
        weeks.setdefault(day.isocalendar()[:2], []).append(day)
    return map(tuple, weeks.values())


def _surges(past: Past, period: Period) -> tuple[tuple[SurgeSpan, ...], str]:
    """By their first day, each with its highest; and why none could be judged at the end of the period."""
    found: dict[date, list[Surge]] = {}
    verdict: Surge | NotYet | None = None
    for day in period.each_day():
        verdict = surge(past, day)
        if isinstance(verdict, Surge):
            found.setdefault(verdict.start, []).append(verdict)
    spans = tuple(
        SurgeSpan(
            first=max(start, period.first),
            last=some[-1].day,
            peak=max(some, key=lambda one: (one.stories, -one.day.toordinal())),
        )
        for start, some in found.items()
    )
    return spans, verdict.why if isinstance(verdict, NotYet) else ""


def _silences(
    past: Past,
    period: Period,
    reported: Collection[date],
    before: date | None,
    collected: Collection[date],
    moments: Moments,
) -> Iterable[SilenceSpan]:
    """Those that were over within the period, and the one that lasts at its end, in order."""
    known = sorted({*reported, *([] if before is None else [before])})
    for last, following in pairwise(known):
        quiet = following - DAY
        judged = silence(Past(since=past.since, stories=past.stories, last_report=last), max(quiet, last))
        if isinstance(judged, Silence) and quiet >= period.first:
            yield _span(judged, quiet, period, collected, lasts=False)
    lasting = moments.silence(ZoneInfo(period.zone), period.end)
    if isinstance(lasting, Silence):
        yield _span(lasting, period.last, period, collected, lasts=True)


def _span(
    judged: Silence, last: date, period: Period, collected: Collection[date], *, lasts: bool
) -> SilenceSpan:
    days = _between(judged.last_report + DAY, last)
    return SilenceSpan(
        first=judged.last_report + DAY,
        last=last,
        days=judged.days,
        usual=judged.usual,
        lasts=lasts,
        blind=sum(day >= period.first and day not in collected for day in days),
    )


def _between(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + place * DAY for place in range((last - first).days + 1))
