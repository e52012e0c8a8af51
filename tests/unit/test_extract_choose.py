"""Which of several texts of a page is its article."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.extract.choose import DOUBTFUL, Features, choose

STORY = Features(origin="article element", prose=4_000, purity=0.95, kept=0.9, title=1)


def test_a_part_with_all_of_the_prose_beats_a_wider_one_with_links_around_it() -> None:
    """The place that needs the least left out is the tightest."""
    page = replace(STORY, origin="main element", prose=4_200, purity=0.7, kept=0.4)

    assert choose([page, STORY]).chosen == 1


def test_half_of_a_story_is_not_chosen_for_being_clean() -> None:
    """Nothing missed comes before nothing added."""
    half = replace(STORY, origin="the densest part", prose=1_900, purity=1.0, kept=1.0)

    assert choose([half, STORY]).chosen == 1


def test_the_publishers_own_mark_decides_between_texts_that_are_alike() -> None:
    """Microdata says where the story is; a class name hints at it."""
    marked = replace(STORY, origin="microdata articleBody", prose=3_700)
    named = replace(STORY, origin="a part named as the story", prose=3_900)

    assert choose([STORY, named, marked]).chosen == 2
    assert choose([STORY, named]).chosen == 1


def test_what_ends_before_the_title_is_no_story() -> None:
    """A consent text at the top of a page is prose, too."""
    consent = replace(STORY, origin="the densest part", prose=4_000, purity=1.0, kept=1.0, title=-1)

    assert choose([consent, replace(STORY, purity=0.85, kept=0.7)]).chosen == 1


def test_the_text_in_the_json_ld_bears_witness_and_is_chosen_where_the_page_shows_little_of_it() -> None:
    """It says which part of a page is the story; it is the story itself when no part has a third of it."""
    stated = Features(origin="JSON-LD articleBody", prose=4_000, purity=1.0, kept=0.0, title=0, stated=1.0)
    shown = replace(STORY, stated=1.0)
    other = replace(STORY, prose=4_400, stated=0.0)
    stub = replace(STORY, prose=300, purity=0.9, kept=0.6, title=0, stated=0.1)

    assert choose([other, shown, stated]).chosen == 1
    assert choose([stub, stated]).chosen == 1


def test_the_earlier_of_two_equals_is_chosen() -> None:
    """So that the same page always gives the same text."""
    assert choose([STORY, replace(STORY)]).chosen == 0


def test_every_text_is_told_why() -> None:
    """In words and figures that can be compared."""
    choice = choose([STORY, replace(STORY, prose=1_000, title=-1, stated=0.25)])

    assert choice.reasons[0].startswith("best of all")
    assert "100% of the prose found" in choice.reasons[0]
    assert "at the title" in choice.reasons[0]
    assert f"the best has {choice.scores[0]:.2f}" in choice.reasons[1]
    assert "before the title" in choice.reasons[1]
    assert "25% as in the JSON-LD" in choice.reasons[1]


def test_a_text_without_sentences_is_doubtful_and_without_texts_there_is_no_choice() -> None:
    """The general reader is asked then."""
    assert (
        choose([Features(origin="main element", prose=0, purity=0, kept=0.5, title=1)]).scores[0] < DOUBTFUL
    )
    with pytest.raises(ValueError, match="no text"):
        choose([])
