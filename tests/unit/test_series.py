"""What an outlet's headlines repeat names a series or a form, and no event."""

from __future__ import annotations

from datetime import timedelta

from crawler.folds import Headline
from crawler.series import repeated
from tests.fakes.clock import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told(title: str, ago: timedelta = HOUR, outlet: str = "times") -> Headline:
    return Headline(outlet=outlet, title=title, at=NOON - ago)


def test_a_run_of_words_in_two_other_headlines_is_a_form() -> None:
    """What differs between them is left."""
    others = [
        told("Rockets fall – latest on the war in the south"),
        told("Talks begin – latest on the war in the south"),
    ]
    found = repeated("Bridge destroyed – latest on the war in the south", NOON, "times", others)
    assert found == {"latest", "on", "the", "war", "in", "south"}


def test_other_outlets_headlines_say_nothing_of_this_ones() -> None:
    others = [
        told(f"{what} – latest on the war in the south", outlet=what) for what in ("Rockets", "Talks", "Rain")
    ]
    assert repeated("Bridge destroyed – latest on the war in the south", NOON, "times", others) == set()


def test_one_event_may_be_told_again_and_again() -> None:
    """Within three days an outlet's equal words are those of the event."""
    others = [
        told(f"Montana bar shooting: {what}", DAY) for what in ("suspect named", "four dead", "manhunt")
    ]
    assert repeated("Montana bar shooting: suspect caught", NOON, "times", others) == set()


def test_words_of_three_older_headlines_are_a_topic_that_the_outlet_follows() -> None:
    others = [told(f"{what} Montana", 4 * DAY) for what in ("Lawyers leave", "Rain reaches", "Senate visits")]
    assert repeated("Montana senator resigns", NOON, "times", others) == {"montana"}
    assert repeated("Montana senator resigns", NOON, "times", others[:2]) == set()


def test_the_same_headline_once_more_repeats_nothing() -> None:
    """A copy is no series."""
    again = [told("Ferry runs aground off the northern coast", 5 * DAY)] * 4
    assert repeated("Ferry runs aground off the northern coast", NOON, "times", again) == set()
