"""A surge is judged by the initiative's own weekdays and level, a silence by its own pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rhythm import DAY, NotYet, Past, Silence, Surge, silence, surge

TODAY = date(2026, 11, 24)  # a Tuesday


def past(counts: Sequence[int], last: date = TODAY) -> Past:
    """One number a day, the last of them on `last`."""
    stories = {last - (len(counts) - 1 - place) * DAY: number for place, number in enumerate(counts)}
    reported = [day for day, number in stories.items() if number]
    return Past(since=min(stories), stories=stories, last_report=max(reported, default=None))


def surged(*counts: int) -> Surge:
    verdict = surge(past(counts), TODAY)
    assert isinstance(verdict, Surge)
    return verdict


def silent(*counts: int) -> Silence:
    verdict = silence(past(counts), TODAY)
    assert isinstance(verdict, Silence)
    return verdict


# -- surge -----------------------------------------------------------------------------------------


def test_a_surge_comes_with_its_numbers() -> None:
    """Two a day for eight weeks: level (28 + ½) / 14 = 2.04, every weekday like the others, Poisson and a little."""
    verdict = surged(*[2] * 56, 9)

    assert (verdict.stories, verdict.start, verdict.day) == (9, TODAY, TODAY)
    assert verdict.expected == pytest.approx(28.5 / 14)
    assert (verdict.low, verdict.high) == (0, 4)
    assert verdict.weekdays == (2,) * 8
    assert verdict.lately == (2,) * 14


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([2] * 56 + [6], "six of two come once in sixty days"),
        ([0] * 56 + [3], "three are too few to be a surge"),
        ([100] * 56 + [160], "not twice as many, though it is unlikely"),
        ([*[0, 0, 0, 0, 0, 9, 9] * 8, 0, 0, 0, 0, 0, 9], "the weekday is always so"),
        ([1] * 42 + [8] * 14 + [9], "the level rose two weeks ago"),
        ([0, 12, 0, 1, 14, 0, 0, 0, 13, 0, 0] * 5 + [6], "it comes in bursts"),
    ],
)
def test_a_day_like_others_is_no_surge(counts: list[int], why: str) -> None:
    assert surge(past(counts), TODAY) is None, why


def test_a_weekday_that_is_quiet_surges_where_a_busy_one_does_not() -> None:
    """Ten on each working day and none on Sundays: eight are a surge on a Sunday only."""
    week = [10, 10, 10, 10, 10, 0, 0]
    sunday, monday = past([*week * 7, *week[:-1], 8]), past([*week * 8, 8])

    assert isinstance(surge(sunday, TODAY), Surge)
    assert surge(monday, TODAY) is None


def test_an_initiative_that_never_had_stories_surges_with_its_fourth() -> None:
    assert surged(*[0] * 20, 4).high == 0
    assert surge(past([0] * 20 + [3]), TODAY) is None


def test_a_young_initiative_says_so() -> None:
    """Fourteen days before the day are needed, whatever happens on it."""
    assert surge(past([0] * 13 + [50]), TODAY) == NotYet(why="watched for 13 of 14 days")
    assert surged(*[0] * 14, 50).stories == 50


def test_a_surge_of_days_is_one_and_ends_with_an_ordinary_day() -> None:
    """Its start stays the same on all its days, so that it is told once; after an ordinary day another may begin."""
    start = TODAY - 2 * DAY

    assert surged(*[1] * 40, 12).start == TODAY
    assert surged(*[1] * 40, 12, 5, 14).start == start
    assert surged(*[1] * 40, 12, 1, 14).start == TODAY


def test_yesterdays_burst_does_not_hide_todays() -> None:
    """It counts for no more than the busiest ordinary day."""
    with_burst = surged(*[1] * 40, 60, *[1] * 5, 12)
    without = surged(*[1] * 46, 12)

    assert with_burst.expected == pytest.approx(without.expected)


WEEKS = st.lists(st.integers(0, 40), min_size=7, max_size=7)


@given(week=WEEKS, weeks=st.integers(2, 10), day=st.integers(0, 6), scale=st.integers(1, 50))
def test_a_weekly_pattern_never_alerts(week: list[int], weeks: int, day: int, scale: int) -> None:
    """However uneven and however large, from the first judged day on."""
    counts = [scale * number for number in [*week * weeks, *week[: day + 1]]]
    known = past(counts)

    assert not isinstance(surge(known, TODAY), Surge)
    assert not isinstance(silence(known, TODAY), Silence)


@given(counts=st.lists(st.integers(0, 30), min_size=14, max_size=70), today=st.integers(0, 200))
def test_more_stories_never_undo_a_surge(counts: list[int], today: int) -> None:
    if isinstance(surge(past([*counts, today]), TODAY), Surge):
        assert isinstance(surge(past([*counts, today + 1]), TODAY), Surge)


@given(week=WEEKS, scale=st.integers(2, 100))
def test_a_surge_stays_one_at_every_scale(week: list[int], scale: int) -> None:
    """Eight times the busiest day of a steady week is one with few stories and with many."""
    today = 8 * max(*week, 1)
    counts = [*week * 8, today]

    assert isinstance(surge(past(counts), TODAY), Surge)
    assert isinstance(surge(past([scale * number for number in counts]), TODAY), Surge)


# -- silence ---------------------------------------------------------------------------------------


def test_daily_news_are_silent_on_the_third_day() -> None:
    """Usual pauses of one day: half as long again is less than the shortest silence."""
    assert silence(past([1] * 30 + [0] * 2), TODAY) is None
    assert silent(*[1] * 30, 0, 0, 0) == Silence(
        last_report=TODAY - 3 * DAY, days=3, usual=1, begins=3, number=0
    )


@pytest.mark.parametrize(
    ("pattern", "usual", "begins"),
    [
        ([1, 0, 0, 0, 0, 0, 0], 7, 11),  # weekly: half as long again is 10.5 days
        ([1, 1, 1, 1, 1, 0, 0], 3, 5),  # working days: the weekend is a pause of three days
        ([1, 0], 2, 4),
    ],
)
def test_a_silence_is_longer_than_usual_pauses(pattern: list[int], usual: int, begins: int) -> None:
    report = [*pattern * 10, 1]

    assert silence(past([*report, *[0] * (begins - 1)]), TODAY) is None
    verdict = silent(*report, *[0] * begins)
    assert (verdict.days, verdict.usual, verdict.begins) == (begins, usual, begins)


def test_one_long_pause_in_twenty_is_not_usual() -> None:
    """Of 41 pauses two were long: 95 % of them were of one day."""
    assert silent(*[1] * 20, *[0] * 9, *[1] * 20, *[0] * 9, 1, 1, *[0] * 3).usual == 1
    assert silence(past([*[1, *[0] * 9] * 6, 1, 0, 0, 0]), TODAY) is None


def test_a_silence_is_told_when_it_starts_and_at_growing_intervals() -> None:
    """After 3 days, 6, 12, 24; the day it began and its last report stay the same."""
    known = past([1] * 30)
    told: dict[int, int] = {}
    for days in range(60):
        verdict = silence(known, TODAY + days * DAY)
        if isinstance(verdict, Silence):
            told.setdefault(verdict.number, verdict.days)

    assert told == {0: 3, 1: 6, 2: 12, 3: 24, 4: 48}


def test_a_further_report_of_a_known_story_ends_a_silence() -> None:
    known = past([1] * 30 + [0] * 5)

    assert isinstance(silence(known, TODAY), Silence)
    assert silence(Past(since=known.since, stories=known.stories, last_report=TODAY - DAY), TODAY) is None


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([0] * 40, "no report yet"),
        ([0] * 20 + [1, 0, 1, 0, 1] + [0] * 20, "2 of 5 pauses between reports, over at least 14 days"),
        ([1] * 10 + [0] * 20, "9 of 5 pauses between reports, over at least 14 days"),
    ],
)
def test_without_a_rhythm_there_is_no_silence(counts: list[int], why: str) -> None:
    assert silence(past(counts), TODAY) == NotYet(why=why)
