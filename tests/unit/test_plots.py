"""The small picture of an initiative's last 30 days, and the same in words and signs."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from alerts import entries, plots, recent_words
from alerts.messages import Picture
from alerts.pictures import standalone
from alerts.recent import Recent

DAY = date(2026, 11, 25)  # a Wednesday
BLUE, ORANGE = plots._COLOURS[plots._BAR][:3], plots._COLOURS[plots._SILENT][:3]


def days(*last: int, silent_for: int | None = None, since: date | None = None) -> Recent:
    """30 days that end with `last`, and had nothing before."""
    return Recent(
        days=(*[0] * (30 - len(last)), *last), last_day=DAY, silent_for=silent_for, usual=6, since=since
    )


def picture(found: Recent) -> Image.Image:
    return Image.open(BytesIO(plots.plot(found))).convert("RGBA")


def colours(image: Image.Image, day: int) -> list[tuple[int, ...]]:
    """What stands in the middle of a day, from above; 0 is the oldest."""
    x = (day * plots.SLOT + plots.SLOT // 2) * plots.SHARP
    return [image.getpixel((x, y)) for y in range(image.height)]  # type: ignore[misc]  # RGBA is a tuple


@pytest.mark.parametrize(
    "found", [days(), days(*[1, 0, 50] * 10), days(*range(30)), days(3, *[0] * 19, silent_for=19)]
)
def test_a_plot_is_small_and_the_same_each_time(found: Recent) -> None:
    """Twice as many points as are shown, under 2 kB, no time or name of a program in it."""
    png = plots.plot(found)

    assert png == plots.plot(found)
    assert len(png) < 2000
    assert Image.open(BytesIO(png)).size == (2 * plots.width(found), 2 * plots.HEIGHT)
    assert b"tEXt" not in png
    assert b"tIME" not in png


def test_today_is_last_and_the_highest_bar_fills_the_plot() -> None:
    image = picture(days(1, 8))

    assert {colour[:3] for colour in colours(image, 29)} == {BLUE}
    one = sum(colour[:3] == BLUE for colour in colours(image, 28))
    assert one == image.height // 8


def test_one_story_is_seen_beside_a_day_of_a_hundred() -> None:
    image = picture(days(1, 100))

    assert sum(colour[:3] == BLUE for colour in colours(image, 28)) == plots.LEAST * plots.SHARP


def test_one_story_alone_is_no_tower() -> None:
    image = picture(days(1))

    assert sum(colour[:3] == BLUE for colour in colours(image, 29)) == image.height // plots.FEW


def test_the_days_of_a_silence_have_a_colour_of_their_own() -> None:
    image = picture(days(2, *[0] * 19, silent_for=19))

    assert [ORANGE in {c[:3] for c in colours(image, day) if c[3]} for day in range(30)] == [
        *[False] * 11,
        *[True] * 19,
    ]


def test_the_ground_is_clear_but_for_weekends() -> None:
    """So that the plot lies on white and on dark paper. 25 November 2026 is a Wednesday."""
    image = picture(days())

    assert [colours(image, day)[0][3] > 0 for day in range(30)][-11:] == [
        *[True, True], *[False] * 5, *[True, True], *[False] * 3,
    ][1:]  # fmt: skip


def test_days_that_were_not_watched_have_no_place() -> None:
    """Four days were: the plot is as wide as these, its first bar the first of them."""
    young = days(1, 0, 0, 1, since=date(2026, 11, 22))
    image = picture(young)

    assert plots.width(days()) == 180
    assert plots.width(young) == 24
    assert [BLUE in {c[:3] for c in colours(image, day)} for day in range(4)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (days(), "no story in 30 days"),
        (days(1, 0), "1 story in 30 days, on 24 Nov"),
        (days(1), "1 story in 30 days, today"),
        (days(1, 0, 0, 1, 0), "2 stories in 30 days, the last on 24 Nov"),
        (days(7, *[3] * 11), "40 stories in 30 days, most 7 on 14 Nov"),
        (days(7, 1, 7), "15 stories in 30 days, most 7 today"),
        (days(since=date(2026, 11, 22)), "no story since 22 Nov"),
        (days(2, 0, since=date(2026, 11, 22)), "2 stories since 22 Nov, all on 24 Nov"),
        (days(since=date(2026, 11, 25)), "no story today"),
        (days(3, since=date(2026, 11, 25)), "3 stories today"),
        (days(1204), "1,204 stories in 30 days, all today"),
    ],
)
def test_the_words_tell_what_the_plot_shows(found: Recent, words: str) -> None:
    assert recent_words.facts(found) == words


@pytest.mark.parametrize(
    ("since", "silent_for", "worth"), [(19, None, True), (20, None, False), (None, None, True), (20, 3, True)]
)
def test_a_plot_needs_a_week_to_be_one(since: int | None, silent_for: int | None, worth: bool) -> None:
    """A bar or two are no rhythm: the words tell them. `since`: the day of November from which on days are known."""
    found = days(2, 0, since=None if since is None else date(2026, 11, since), silent_for=silent_for)

    assert entries.worth_a_plot(found) is worth


def test_a_line_of_signs_shows_each_day_that_is_known() -> None:
    """Of one height where nothing more than a story came; a day without one is a dot."""
    assert recent_words.sparkline(days(1, 0, 4, 8)) == "·" * 26 + "▂·▅█"
    assert recent_words.sparkline(days(1, 0, since=date(2026, 11, 23))) == "·▃·"


def test_a_page_for_a_browser_has_its_pictures_in_it() -> None:
    """Only where an image asks for one that is there; words that look alike stay words."""
    page = '<img alt="a" src="cid:days-1"><img src="cid:other">src="cid:days-1" &quot;cid:days-1&quot;'

    shown = standalone(page, [Picture(name="days-1", png=b"\x89PNG")])

    assert shown.startswith(
        '<img alt="a" src="data:image/png;base64,iVBORw=="><img src="cid:other">src="cid:'
    )
