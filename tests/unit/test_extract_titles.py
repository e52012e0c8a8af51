"""Which of a page's names is its headline."""

from __future__ import annotations

import pytest

from crawler.extract.titles import (
    HEADING,
    HEADLINE,
    SHARED,
    SUBHEADING,
    WINDOW,
    Named,
    choose_title,
    without_site,
)

STORY = "Board funds two new ferries"


def chosen(*names: tuple[str, str], site: str | None = None) -> str:
    return choose_title([Named(origin, text) for origin, text in names], site=site).value


@pytest.mark.parametrize(
    ("names", "site"),
    [
        # what is stated for machines comes before headings
        ([(HEADLINE, STORY), (SHARED, "You will not believe this ferry"), (HEADING, "Harbour")], None),
        ([(SHARED, STORY), (HEADING, "Another line above the story")], None),
        # the visible heading decides between two statements
        ([(HEADLINE, "Ferries: all you need to know"), (SHARED, STORY), (HEADING, STORY)], None),
        # names of the site or of a section
        ([(SHARED, "Harbour Desk"), (HEADING, STORY), (WINDOW, f"{STORY} - Harbour Desk")], "Harbour Desk"),
        ([(HEADING, "Harbour Desk"), (WINDOW, f"{STORY} | Harbour Desk")], None),
        ([(HEADING, "Our Own Paper"), (WINDOW, f"Our Own Paper » Archive » {STORY}")], None),
        ([(WINDOW, f"The Port / News / {STORY}"), (HEADING, "Navigation and service")], None),
        # the site's name behind the headline
        ([(SHARED, f"{STORY} | Harbour Desk"), (HEADING, STORY)], None),
        ([(SHARED, f"{STORY} - Harbour Desk"), ("twitter:title", STORY)], None),
        ([(HEADLINE, f"{STORY} – harbour desk")], "Harbour Desk"),
        ([(WINDOW, f"{STORY} – Harbour Desk")], None),
        ([(WINDOW, f"{STORY} - Forum of the Very Many Ports"), (SUBHEADING, STORY)], None),
        # a window's title and a heading that is part of it
        ([(WINDOW, f"{STORY}, says the city"), (HEADING, STORY)], None),
        # statements that were cut short
        ([(SHARED, "Board funds two …"), (WINDOW, STORY)], None),
        # several headings
        ([(HEADING, "Port of the city"), (HEADING, STORY), (WINDOW, STORY)], None),
        ([(SUBHEADING, "About us"), (HEADING, STORY), (WINDOW, STORY)], STORY),
    ],
)
def test_the_headline_is_found_among_logos_sections_and_site_names(
    names: list[tuple[str, str]], site: str | None
) -> None:
    """However the page spreads it."""
    assert chosen(*names, site=site) == STORY


def test_a_quotation_that_ended_an_attribute_early_does_not_shorten_the_headline() -> None:
    """The whole of it stands in the window's title."""
    assert (
        chosen((SHARED, "Mayor calls plan"), (WINDOW, 'Mayor calls plan "mad"')) == 'Mayor calls plan "mad"'
    )


@pytest.mark.parametrize(
    "title",
    [
        "Board funds ferries – and what it means",
        "Ferries: the long way home",
        "«Wave», «Pier» and the rest of the week",
        "Part one - Part two of our long report on ports",
    ],
)
def test_marks_inside_a_headline_cut_nothing(title: str) -> None:
    """A dash is no site's name."""
    assert chosen((WINDOW, title)) == title


def test_what_another_headline_says_is_not_cut_away() -> None:
    """Only names of sites are."""
    title = "How to build a pier - the long version"
    assert without_site(title, None, agreeing=["the long version", "How to build a pier"]) == title


def test_every_name_is_told_with_the_reason() -> None:
    """The chosen one once; those that say the same, and why others were passed over."""
    told = choose_title(
        [
            Named(HEADLINE, STORY),
            Named(HEADING, STORY),
            Named(WINDOW, f"{STORY} | Desk"),
            Named(SUBHEADING, "More"),
        ],
        site="Desk",
    ).candidates

    assert [(one.origin, one.chosen) for one in told] == [(HEADLINE, True), (HEADING, False), (WINDOW, False)]
    assert told[0].why == "stated for machines, 2 others agree"
    assert told[1].why == "it says the same"
    assert {one.field for one in told} == {"title"}


def test_a_page_without_a_name_has_none() -> None:
    """Empty, not invented."""
    assert chosen((HEADLINE, ""), (HEADING, " … ")) == ""
