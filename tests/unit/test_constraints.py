"""What the operator said of stories: the questions that a decision asks of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crawler.folds import UNCONSTRAINED, Constraints, founder_of
from crawler.records import Article
from crawler.stories import decide
from tests.fakes.clock import NOON

SAID = Constraints(
    pins={"a": "s1"},
    apart=frozenset({("b", "s1"), ("s1", "s2")}),
)


def test_nothing_said_forbids_nothing() -> None:
    """An installation whose operator never spoke folds as the texts say."""
    assert UNCONSTRAINED.pinned("a") is None
    assert UNCONSTRAINED.may_join("a", "s1")
    assert UNCONSTRAINED.may_be_one("s1", "s2")
    assert UNCONSTRAINED.joinable("s1", ["s2", "s3"]) == ("s2", "s3")


@pytest.mark.parametrize(
    ("article", "story", "may"),
    [
        ("a", "s1", True),  # where it was put
        ("a", "s2", False),
        ("b", "s1", False),  # from where it was taken
        ("b", "s2", True),
        ("c", "s1", True),  # of which nothing was said
    ],
)
def test_an_article_stays_where_it_was_put_and_out_of_what_it_was_taken_from(
    article: str, story: str, may: bool
) -> None:
    """One that was put into a story joins no other."""
    assert SAID.may_join(article, story) is may


def test_an_article_that_was_put_back_may_be_where_it_is() -> None:
    """The pin is the later word."""
    said = Constraints(pins={"a": "s1"}, apart=frozenset({("a", "s1")}))

    assert said.pinned("a") == "s1"
    assert said.may_join("a", "s1")


@pytest.mark.parametrize(("one", "other"), [("s1", "s2"), ("s2", "s1")])
def test_parted_stories_are_not_joined_in_either_direction(one: str, other: str) -> None:
    """Whichever of them is the older."""
    assert not SAID.may_be_one(one, other)
    assert SAID.may_be_one(one, "s3")


def test_stories_that_join_one_must_also_go_with_each_other() -> None:
    """Of two that were parted, a third takes in the first only; itself it takes in never."""
    assert SAID.joinable("s3", ["s2", "s3", "s1", "s4", "s2"]) == ("s2", "s4")
    assert SAID.joinable("s1", ["s2", "s4"]) == ("s4",)


@pytest.mark.parametrize(
    ("story", "article"),
    [
        ("s00ff", "00ff"),
        ("s00ff~2", "00ff"),
        ("s00ff~12", "00ff"),
        ("sa~b", "a~b"),
        ("s7", "7"),
    ],
)
def test_a_story_is_named_after_an_article(story: str, article: str) -> None:
    """The number of a second story named so is no part of the article's id."""
    assert founder_of(story) == article


# -- in a decision ---------------------------------------------------------------------------------


def told(name: str, words: str, minutes: int = 0, **facts: Any) -> Article:
    """An article of an outlet of its own, some minutes after noon."""
    text = " ".join(f"{words}{number} happened at the {words} pier" for number in range(12))
    plain = {
        "id": name,
        "source_id": name,
        "url": f"https://{name}.example/1",
        "canonical_url": f"https://{name}.example/1",
        "title": f"What happened today about {words}",
        "text": text,
        "first_seen_at": NOON + timedelta(minutes=minutes),
    }
    return Article(**{**plain, **facts})


def test_an_article_that_was_put_into_a_story_stays_whatever_it_says_now() -> None:
    """It is folded again after an edit, and is a copy of something elsewhere."""
    moved = told("moved", "storm", 5, story_id="sfirst")
    elsewhere = told("elsewhere", "storm", story_id="selsewhere")

    assert decide(moved, [elsewhere]).story_id == "selsewhere"
    fold = decide(moved, [elsewhere], constraints=Constraints(pins={"moved": "sfirst"}))
    assert (fold.story_id, fold.duplicate_of, fold.joins) == ("sfirst", None, ())


def test_an_article_does_not_join_what_it_was_taken_from() -> None:
    """However like it is; another story is free to it."""
    copy = told("copy", "storm", 5)
    first = told("first", "storm", story_id="sfirst")
    second = told("second", "storm", 1, story_id="ssecond")
    apart = Constraints(apart=frozenset({("copy", "sfirst")}))

    assert decide(copy, [first]).story_id == "sfirst"
    assert decide(copy, [first], constraints=apart).story_id == "scopy"
    assert decide(copy, [first, second], constraints=apart).story_id == "ssecond"


def test_what_was_put_into_a_story_stands_for_it_like_its_founder() -> None:
    """A reprint of it joins, though nothing in it is like what the story began with."""
    founder = told("founder", "storm", story_id="sfounder")
    merged = told("merged", "election", 1, story_id="sfounder")
    reprint = told("reprint", "election", 5)

    assert decide(reprint, [founder, merged]).story_id == "sreprint"
    fold = decide(reprint, [founder, merged], constraints=Constraints(pins={"merged": "sfounder"}))
    assert (fold.story_id, fold.duplicate_of) == ("sfounder", "merged")
