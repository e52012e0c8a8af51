"""A trouble has a line when it begins, when it changes, once a day while it lasts, and when it is over."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.clock import NOON
from tidings.repeats import EVERY, MOST, Line, Repeats

HOUR = timedelta(hours=1)


def test_a_source_that_fails_for_days_has_a_line_a_day() -> None:
    repeats = Repeats()

    lines = [repeats.trouble("a", "answers 500", NOON + number * HOUR) for number in range(72)]

    assert [(number, line) for number, line in enumerate(lines) if line is not None] == [
        (0, Line()),
        (24, Line(repeats=23, since=NOON)),
        (48, Line(repeats=23, since=NOON)),
    ]
    assert repeats.well("a") == Line(repeats=23, since=NOON, over=True)
    assert repeats.well("a") is None
    assert repeats.trouble("a", "answers 500", NOON + 99 * HOUR) == Line()


def test_another_trouble_of_the_same_thing_has_a_line_at_once() -> None:
    repeats = Repeats()
    repeats.trouble("a", "answers 500", NOON)

    assert repeats.trouble("a", "its name is not found", NOON + HOUR) == Line(since=NOON)
    assert repeats.trouble("b", "answers 500", NOON + HOUR) == Line()


def test_a_clock_that_is_set_back_hides_no_trouble() -> None:
    repeats = Repeats()
    repeats.trouble("a", "answers 500", NOON + 400 * EVERY)

    assert repeats.trouble("a", "answers 500", NOON) is not None


def test_what_is_remembered_is_bounded() -> None:
    repeats = Repeats()
    for number in range(MOST + 1):
        repeats.trouble(number, "answers 500", NOON)

    assert repeats.trouble(1, "answers 500", NOON) is None
    assert repeats.trouble(0, "answers 500", NOON) == Line()
