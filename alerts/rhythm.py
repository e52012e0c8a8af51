"""Surge and silence of an initiative, judged against its own past: pure arithmetic on stories a day."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

DAY = timedelta(days=1)

YOUNG = 14  # days of history without which nothing is judged: each weekday twice
WEEKS = 8  # that the weekdays are compared over
LATELY = 14  # days that give the level: two whole weeks, so that no weekday weighs more than another
FEWEST = 4  # stories that can be a surge
TIMES = 2  # as many as expected at least
UNLIKELY = 0.005  # a day with so many stories is a surge: once or twice a year by chance
ORDINARY = 0.05  # a day that is likelier than this ends one
BELIEF = 2  # weeks of the plain level that stand beside the weekday's own, so that two Tuesdays prove little

PAST = 182  # days before the last report whose pauses are compared
PAUSES = 5  # that must be known
SHORTEST = 3  # days that can be a silence
LONGER = 1.5  # times the longest usual pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What came of an initiative, by the days of one zone."""

    since: date  # the first day that was watched from its beginning to its end
    stories: Mapping[date, int]  # independent ones, on the day of their first report; other days had none
    last_report: date | None = None  # also one of a story that was known; None: never any


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """The past is too short to judge by."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """Far more independent stories on `day` than this initiative's rhythm makes likely."""

    start: date  # the first such day without an ordinary one since
    day: date
    stories: int
    expected: float
    low: int  # nine days of ten like this one have at least so many
    high: int  # and nine of ten at most so many
    weekdays: tuple[int, ...]  # stories on the same weekday of the weeks before, newest first
    lately: tuple[int, ...]  # stories on each of the 14 days before, newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No report for longer than this initiative's rhythm makes likely."""

    last_report: date
    days: int  # since
    usual: int  # days: nineteen of twenty pauses were no longer
    begins: int  # days without a report that are a silence
    number: int  # 0 when it starts, 1 at twice as many days, 2 at four times


# -- surge -----------------------------------------------------------------------------------------


def surge(past: Past, day: date) -> Surge | NotYet | None:
    """Whether `day`, over or not, had far more stories than usual; None: it had not.

    The level is that of the two weeks before, the weekday's share of it that of up to eight weeks, drawn towards
    an even share. A burst counts for no more than the busiest ordinary day, so that it raises neither much. The
    number of stories is taken as negative binomial around that expectation, as wide as the past days were; a
    surge is a number that is reached once in 200 days, at least 4 and at least twice the expected.

    A surge lasts until a day that is ordinary by what came before it; `start` is the same on all its days.
    """
    known = (day - past.since).days
    if known < YOUNG:
        return NotYet(why=f"watched for {max(known, 0)} of {YOUNG} days")
    outlook = _outlook(past, day)
    if not _is_surge(past, day, outlook):
        return None
    return Surge(
        start=_start(past, day),
        day=day,
        stories=past.stories.get(day, 0),
        expected=outlook.mean,
        low=outlook.quantile(0.1),
        high=outlook.quantile(0.9),
        weekdays=_weekdays(past, day),
        lately=_before(past, day, LATELY),
    )


@dataclass(frozen=True, slots=True)
class _Outlook:
    """Stories to be expected: negative binomial by mean, and variance in means (more than 1)."""

    mean: float
    spread: float

    def at_least(self, number: int) -> float:
        """Probability of `number` stories or more."""
        return max(0.0, 1.0 - sum(self._exactly(each) for each in range(number)))

    def quantile(self, share: float) -> int:
        """The smallest number with at least `share` of the probability at or below it."""
        number, below = 0, self._exactly(0)
        while below < share:
            number += 1
            below += self._exactly(number)
        return number

    def _exactly(self, number: int) -> float:
        shape = self.mean / (self.spread - 1.0)
        ways = math.lgamma(number + shape) - math.lgamma(shape) - math.lgamma(number + 1.0)
        return math.exp(ways - shape * math.log(self.spread) + number * math.log1p(-1.0 / self.spread))


def _is_surge(past: Past, day: date, outlook: _Outlook) -> bool:
    stories = past.stories.get(day, 0)
    return stories >= FEWEST and stories >= TIMES * outlook.mean and outlook.at_least(stories) < UNLIKELY


def _start(past: Past, day: date) -> date:
    start = day
    before = day - DAY
    while (before - past.since).days >= YOUNG:
        outlook = _outlook(past, before)
        if outlook.at_least(past.stories.get(before, 0)) >= ORDINARY:
            break
        if _is_surge(past, before, outlook):
            start = before
        before -= DAY
    return start


def _outlook(past: Past, day: date) -> _Outlook:
    """What the days before `day` make likely.

    With Jeffreys' prior, `n` Poisson days of `s` stories foretell a negative binomial of mean (s + ½) / n and
    variance (1 + 1 / n) means; the past days' own spread multiplies that.
    """
    weeks = min(WEEKS, (day - past.since).days // 7)
    values = _before(past, day, 7 * weeks)
    plain = _tamed(values)
    level = (sum(_tamed(values[:LATELY])) + 0.5) / LATELY
    mean = sum(plain) / len(plain)
    expected = [mean * _share(plain, place, mean) for place in range(7)]
    spread = max(1.0, _dispersion(plain, expected))
    return _Outlook(mean=level * _share(plain, 6, mean), spread=spread * (1.0 + 1.0 / LATELY))


def _share(values: Sequence[int], place: int, mean: float) -> float:
    """How the weekday `place` days before yesterday compares with all days; 1 is like the others."""
    if mean == 0:
        return 1.0
    same = values[place::7]
    return (sum(same) + BELIEF * mean) / ((len(same) + BELIEF) * mean)


def _dispersion(values: Sequence[int], expected: Sequence[float]) -> float:
    """Pearson's: the mean of squared distances from what the weekday makes likely, in terms of it."""
    known = [(value, expected[place % 7]) for place, value in enumerate(values) if expected[place % 7] > 0]
    return sum((value - likely) ** 2 / likely for value, likely in known) / len(known) if known else 1.0


def _tamed(values: Sequence[int]) -> tuple[int, ...]:
    """The highest tenth cut down to the highest of the others."""
    most = sorted(values)[-1 - len(values) // 10]
    return tuple(min(value, most) for value in values)


def _before(past: Past, day: date, days: int) -> tuple[int, ...]:
    """Stories on each of the days before `day`, newest first."""
    return tuple(past.stories.get(day - back * DAY, 0) for back in range(1, days + 1))


def _weekdays(past: Past, day: date) -> tuple[int, ...]:
    return _before(past, day, 7 * min(WEEKS, (day - past.since).days // 7))[6::7]


# -- silence ---------------------------------------------------------------------------------------


def silence(past: Past, day: date) -> Silence | NotYet | None:
    """Whether no report has come for longer than usual by `day`; None: one has, or it is not long yet.

    Who counts whole days of 24 hours since the last report passes the day of the last report and as many.

    A silence begins when it is half as long again as the longest usual pause, that is one as long as or longer
    than nineteen of twenty in the half year before the last report, and 3 days at least. Regular news has short
    usual pauses, news in bursts long ones.
    """
    if past.last_report is None:
        return NotYet(why="no report yet")
    pauses = _pauses(past, past.last_report)
    if len(pauses) < PAUSES or (past.last_report - past.since).days < YOUNG:
        return NotYet(why=f"{len(pauses)} of {PAUSES} pauses between reports, over at least {YOUNG} days")
    usual = sorted(pauses)[math.ceil(0.95 * len(pauses)) - 1]
    begins = max(SHORTEST, math.floor(LONGER * usual) + 1)
    days = (day - past.last_report).days
    if days < begins:
        return None
    return Silence(
        last_report=past.last_report,
        days=days,
        usual=usual,
        begins=begins,
        number=(days // begins).bit_length() - 1,
    )


def _pauses(past: Past, last: date) -> tuple[int, ...]:
    """Days from each day with a story to the next, up to the last report, over half a year."""
    first = last - PAST * DAY
    days = sorted({last, *(day for day, number in past.stories.items() if number and first <= day <= last)})
    return tuple((later - earlier).days for earlier, later in pairwise(days))
