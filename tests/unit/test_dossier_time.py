"""The course of coverage: bars of days and weeks, surges, silences, and time in which nothing was collected."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from alerts import dossier_words as words
from alerts.dossier_plot import ceiling, drawing, names
from alerts.dossier_records import Bar, Course, Dossier, Period, SilenceSpan
from tests.fakes.dossiers import DAY, LONG_AGO, NOW, PERIOD, came, made

SVG = "{http://www.w3.org/2000/svg}"
STEADY = [came(back, story=f"s{back}") for back in range(1, 120)]


def quiet(first: int, last: int) -> Dossier:
    """One story a day, but for none from `first` to `last` days ago."""
    return made(*(one for back, one in enumerate(STEADY, start=1) if not last <= back <= first))


def picture(course: Course, **facts: object) -> ElementTree.Element:
    given = {"width": 756, "name": "wide", "title": "Coverage", "said": "3 stories", **facts}
    return ElementTree.fromstring(drawing(course, **given))  # type: ignore[arg-type]  # of a test


def kinds(tree: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [one for one in tree.iter() if kind in (one.get("class") or "").split()]


# -- bars ------------------------------------------------------------------------------------------


def test_each_day_has_its_new_stories_and_its_outlets() -> None:
    """A story counts on the day of its first report, an outlet on each day on which it reports."""
    one = made(
        came(3, source="Post", story="a"),
        came(3, source="Wire", story="a"),
        came(1, source="Post", story="a"),
        came(1, source="Post", story="b"),
    )

    seen = {bar.first: (bar.stories, bar.outlets) for bar in one.course.bars if bar.outlets}

    assert seen == {date(2026, 11, 22): (1, 2), date(2026, 11, 24): (1, 1)}
    assert (len(one.course.bars), one.course.weekly) == (30, False)


def test_days_are_those_of_the_zone() -> None:
    """What came at 12:00 UTC came on the next day in Auckland."""
    period = Period(start=PERIOD.start, end=NOW, zone="Pacific/Auckland")

    one = made(came(2), period=period)

    assert [bar.first for bar in one.course.bars if bar.stories] == [date(2026, 11, 24)]


def test_a_long_period_has_a_bar_for_each_week() -> None:
    """Weeks begin on Mondays; an outlet counts once in each."""
    period = Period(start=NOW - 200 * DAY, end=NOW, zone="UTC")
    every = frozenset(period.each_day())

    one = made(came(1, story="a"), came(2, story="b"), period=period, collected=every)

    *_, before, last = one.course.bars
    assert (last.first, last.last, last.stories, last.outlets) == (
        date(2026, 11, 23), date(2026, 11, 25), 2, 1
    )  # fmt: skip
    assert (before.first.isoweekday(), before.days, one.course.weekly) == (1, 7, True)
    assert sum(bar.days for bar in one.course.bars) == period.days


def test_days_on_which_nothing_came_from_any_source_are_no_zeroes() -> None:
    collected = frozenset(day for day in PERIOD.each_day() if day != date(2026, 11, 20))

    one = made(came(3), collected=collected)

    assert [bar.first for bar in one.course.bars if not bar.collected] == [date(2026, 11, 20)]
    assert one.missed.blind == 1
    assert len(kinds(picture(one.course), "blind")) == 2  # in both panels


def test_the_time_before_watching_began_takes_no_room() -> None:
    """A few days of it are shown, so that it is seen."""
    late = frozenset(PERIOD.each_day()[-3:])

    one = made(came(1), collected=late, watched_since=NOW - 2 * DAY)

    assert len(one.course.bars) == 14
    assert one.missed.blind == 27


# -- surges and silences ---------------------------------------------------------------------------


def test_a_surge_is_marked_and_told_with_what_would_be_usual() -> None:
    burst = [came(10, story=f"burst{n}") for n in range(14)]

    one = made(*STEADY, *burst)

    (surge,) = one.course.surges
    assert (surge.first, surge.last, surge.peak.stories) == (date(2026, 11, 15), date(2026, 11, 15), 15)
    assert words.surge(surge).startswith("Surge on 15 Nov 2026: 15 new stories, where ")
    assert [bar.first for bar in one.course.bars if bar.surge] == [date(2026, 11, 15)]
    tree = picture(one.course)
    assert len(kinds(tree, "peak")) == 1  # a sign beside the colour
    assert "a surge" in "".join(tree.itertext())


def test_a_silence_that_is_over_is_told_and_one_that_lasts() -> None:
    one = quiet(20, 12)
    (silence,) = one.course.silences
    assert (silence.first, silence.last, silence.days, silence.lasts) == (
        date(2026, 11, 5), date(2026, 11, 13), 9, False
    )  # fmt: skip
    assert words.silence(silence) == (
        "No report for 9 days, 5 Nov 2026 to 13 Nov 2026; its pauses are usually no longer than 1 day."
    )

    (lasting,) = quiet(8, 1).course.silences
    assert (lasting.days, lasting.lasts) == (9, True)
    assert words.silence(lasting).startswith("No report for 9 days, since 17 Nov 2026;")


def test_a_silence_in_which_nothing_was_collected_proves_little() -> None:
    blind = SilenceSpan(
        first=date(2026, 11, 5), last=date(2026, 11, 13), days=9, usual=1, lasts=False, blind=9
    )
    assert words.silence(blind).endswith(
        "On all of them nothing came from any source, so that this proves little of the topic."
    )


def test_a_pause_of_the_usual_length_is_no_silence() -> None:
    assert quiet(12, 12).course.silences == ()


def test_a_young_archive_is_not_judged_and_says_so() -> None:
    one = made(came(1), watched_since=NOW - 5 * DAY)

    assert (one.course.surges, one.course.silences) == ((), ())
    assert one.course.unjudged == "watched for 4 of 14 days"


def test_nothing_ever_collected_is_no_course() -> None:
    one = made(watched_since=None, collected=frozenset())
    assert one.course.unjudged == "nothing was collected yet"
    assert words.course(one.course, one.period) == "No report in 30 days."


# -- the drawing -----------------------------------------------------------------------------------


def test_the_drawing_says_what_it_shows_and_holds_nothing_but_shapes_and_words() -> None:
    """Whatever its title is; colours are the page's."""
    tree = picture(made(*STEADY).course, title="<b>A & B</b>\"'", said="<script>")

    assert tree.get("role") == "img"
    named = {one.get("id"): one.text for one in tree.iter() if one.get("id")}
    assert named == {"wide-title": "<b>A & B</b>\"'", "wide-said": "<script>"}
    assert (tree.get("aria-labelledby") or "").split() == list(named)
    assert {one.tag.removeprefix(SVG) for one in tree.iter()} <= {
        "svg", "title", "desc", "rect", "line", "path", "text"
    }  # fmt: skip
    attributes = {name for one in tree.iter() for name in one.attrib}
    assert attributes <= {
        "class", "viewBox", "width", "height", "id", "role", "aria-labelledby", "x", "y", "x1", "x2", "y1",
        "y2", "d", "text-anchor",
    }  # fmt: skip


def test_bars_stand_within_the_picture_and_reach_as_high_as_their_numbers() -> None:
    one = made(came(2, story="a"), came(2, story="b"), came(1, story="c"))
    tree = picture(one.course)

    bars = kinds(tree, "bar")

    heights = [float(bar.get("height") or 0) for bar in bars]
    assert heights[:2] == [52.0, 26.0]  # two and one of four, in 104 points
    assert all(0 <= float(bar.get("x") or -1) <= 756 for bar in bars)
    assert [bar.findtext(f"{SVG}title") for bar in bars][:2] == [
        "Mon 23 Nov 2026: 2 stories, 1 outlet",
        "Tue 24 Nov 2026: 1 story, 1 outlet",
    ]


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (3, 4), (5, 6), (7, 8), (10, 10), (11, 20), (41, 60), (101, 200), (999, 1000)]
)
def test_a_panel_ends_at_a_round_even_number(value: int, top: int) -> None:
    assert ceiling(value) == top


def test_months_are_named_where_they_begin_and_days_or_mondays_where_there_are_few() -> None:
    def bars(first: date, number: int) -> list[Bar]:
        days = [first + timedelta(days=place) for place in range(number)]
        return [Bar(first=day, last=day, stories=0, outlets=0, collected=1) for day in days]

    assert list(names(bars(date(2026, 11, 20), 80))) == [(11, "Dec"), (42, "Jan 2027"), (73, "Feb")]
    assert list(names(bars(date(2026, 11, 20), 25)))[:2] == [(3, "23 Nov"), (10, "30 Nov")]
    assert list(names(bars(date(2026, 11, 20), 2))) == [(0, "20 Nov"), (1, "21 Nov")]


def test_a_period_of_ten_years_is_drawn() -> None:
    period = Period(start=NOW - 3650 * DAY, end=NOW, zone="UTC")
    one = made(came(3), period=period, collected=frozenset(period.each_day()), watched_since=LONG_AGO)
    assert len(one.course.bars) > 500
    assert len(drawing(one.course, width=340, name="n", title="t", said="s")) < 20_000
