"""What an archive says of the rules that each of its articles was dissected by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from alerts.lint import ENOUGH, YEAR, Lint, told_twice
from alerts.match import Matcher, subject
from alerts.records import Commitment, Initiative, Term, Watchlist
from tests.fakes.clock import NOON

DAY = timedelta(days=1)


def initiative(name: str, *terms: str, **more: Any) -> Initiative:
    return Initiative(
        id=name,
        name=name,
        watchlist_id="w",
        any=tuple(Term(text=term, where=f"w.yaml:{n}:1") for n, term in enumerate(terms, start=2)),
        where="w.yaml:1:1",
        **more,
    )


def said(*initiatives: Initiative, news: list[tuple[str, timedelta]]) -> list[str]:
    """Warnings over an archive of these titles, each so long before noon."""
    watchlist = Watchlist(id="w", title="w", initiatives=initiatives)
    matcher, lint = Matcher((watchlist,)), Lint((watchlist,))
    for title, age in news:
        lint.count(NOON - age, matcher.dissect(subject(title=title)))
    return [f"{one.where}: {one.problem}" for one in lint.warnings()]


def test_a_term_of_a_large_share_of_all_articles_is_named_with_the_numbers() -> None:
    news = [("The chip is new", DAY)] * 5 + [("Nothing of it", DAY)] * (ENOUGH - 5)
    assert said(initiative("chips", "chip"), news=news) == [
        f"w.yaml:2:1: “chip” stands in 5 of {ENOUGH} articles, 2%"
    ]
    assert said(initiative("chips", "chip"), news=news[1:] + news[-1:]) == []
    assert said(initiative("chips", "chip"), news=news[:20]) == []


def test_a_term_is_dead_when_the_archive_is_older_than_a_year_and_it_met_nothing_since() -> None:
    terms = initiative("names", "old name", "new name", "no name")
    news = [("The old name", YEAR + 2 * DAY), ("The new name", DAY)]
    assert said(terms, news=news) == [
        "w.yaml:2:1: “old name” was met last on 23 Nov 2025, more than a year ago",
        "w.yaml:4:1: “no name” was met by no article since 23 Nov 2025",
    ]
    assert said(terms, news=[("The old name", 300 * DAY), ("Today", DAY)]) == []


def test_a_former_name_whose_time_was_over_before_the_archive_is_not_called_dead() -> None:
    former = Term(text="old name", valid_until=date(2020, 1, 1), where="w.yaml:2:1")
    one = Initiative(id="i", name="i", watchlist_id="w", any=(former,))
    assert said(one, news=[("x", YEAR + 2 * DAY), ("y", DAY)]) == []


def test_a_term_that_only_meets_what_another_meets_adds_nothing() -> None:
    news = [("A TRUST initiative grows", DAY)] * 5 + [("Another initiative", DAY)]
    assert said(initiative("i", "TRUST initiative", "initiative"), news=news) == [
        "w.yaml:2:1: “TRUST initiative” adds nothing: all 5 articles that it meets also meet “initiative”"
    ]
    assert said(initiative("i", "TRUST initiative", "initiative"), news=news[1:]) == []


def test_none_that_takes_more_than_it_leaves() -> None:
    greedy = initiative("i", "chip", none=(Term(text="potato", where="w.yaml:9:3"),))
    news = [("A potato chip", DAY)] * 6 + [("A chip plant", DAY)] * 5
    assert said(greedy, news=news) == ["w.yaml:9:3: “potato” in `none` takes away 6 articles and leaves 5"]
    assert said(greedy, news=[*news, ("A chip fab", DAY)]) == []


def test_initiatives_that_never_match_apart_are_named_once() -> None:
    """With the larger one, or as equals; commitments count like terms."""
    fab = Commitment(id="fab", text="A fab", any=(Term(text="fab plant"),))
    small, large = initiative("small", "fab"), initiative("large", "plant", commitments=(fab,))
    news = [("A fab plant", DAY)] * 5
    assert said(small, large, news=news)[-1:] == [
        "w.yaml:1:1: all 5 articles of large also match small, and the other way round"
    ]
    assert said(small, large, news=[*news, ("A plant", DAY)]) == [
        "w.yaml:1:1: all 5 articles of small also match large, which has 6"
    ]


def test_a_term_of_two_initiatives_is_seen_without_an_archive() -> None:
    """Unless another rule tells them apart."""
    one, two = initiative("one", "Quad", "BTA"), initiative("two", "quad")
    found = told_twice([Watchlist(id="w", title="w", initiatives=(one, two))])
    assert [str(each.problem) for each in found] == ["“quad” is a term of two and of one (w.yaml:2:1)"]
    apart = initiative("two", "quad", all=(Term(text="bikes"),))
    assert told_twice([Watchlist(id="w", title="w", initiatives=(one, apart))]) == ()
