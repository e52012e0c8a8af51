"""Whether an article comes near an initiative by what is known of it before its page is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.match import Matcher, subject
from alerts.records import Case, Commitment, Field, Initiative, Term, Watchlist
from crawler.records import Article


def matcher(
    *any: str | Term,
    context: tuple[str, ...] = (),
    tags: dict[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> Matcher:
    """A matcher of one initiative."""
    terms = tuple(Term(text=one) if isinstance(one, str) else one for one in any)
    initiative = Initiative(id="it", name="It", watchlist_id="w", any=terms, **more)
    return Matcher([Watchlist(id="w", title="W", context=context, initiatives=(initiative,))], tags=tags)


def titled(title: str, **more: Any) -> Article:
    return subject(title=title, **more)


@pytest.mark.parametrize(
    ("term", "title", "expected"),
    [
        ("semiconductor", "A SEMICONDUCTOR plant", True),
        ("semiconductor", "Semiconductors again", True),
        ("semiconductor", "The ferries are back", False),
        ("US", "join us", True),  # case and weakness are left aside
        ("heat pump", "A pump for more heat", True),  # the words of a phrase may stand apart
        ("heat pump", "A pump for more cold", False),
        ("chip AND India", "Chips are small", True),  # the rest may stand in the text
        ("chip NEAR/3 India", "India votes", True),
        ("chip AND NOT India", "India votes", False),
        ("electri*", "Electricity is dear", True),
        ("/H-?1B/", "New rules for H1B visas", True),
        ("/H-?1B/", "New rules for visas", False),
        ("text:semiconductor", "Semiconductor plant", True),
    ],
)
def test_one_word_or_phrase_of_a_term_is_enough(term: str, title: str, expected: bool) -> None:
    """Case, distances and the other parts of an expression are for the matcher, once the text is there."""
    assert matcher(term).near(titled(title)) is expected


def test_it_looks_at_the_summary_and_at_what_the_feed_carries_of_the_text() -> None:
    """Whatever is known of the article."""
    near = matcher("semiconductor").near
    assert near(titled("Ferries", summary="and a semiconductor"))
    assert near(titled("Ferries", text="and a semiconductor"))
    assert not near(titled("Ferries", summary="and a harbour", text="and a council"))


def test_an_article_of_which_no_word_is_known_comes_near() -> None:
    """Nothing speaks against it."""
    assert matcher("semiconductor").near(titled(""))


def test_words_beside_a_term_count_too() -> None:
    """Those of the context, of `near`, of `all` and of commitments; not those of `none` and `except`."""
    made = matcher(
        Term(text="chip", near=("fab",), exceptions=("potato chip shop",)),
        all=(Term(text="export"),),
        none=(Term(text="fish"),),
        exceptions=("old block",),
        commitments=(Commitment(id="c", text="C", any=(Term(text="subsidy"),)),),
        context=("Delhi",),
    )
    for word in ("chip", "fab", "export", "subsidy", "Delhi"):
        assert made.near(titled(f"The {word} of today")), word
    for word in ("fish", "shop", "block"):
        assert not made.near(titled(f"The {word} of today")), word


def test_dates_case_and_languages_do_not_bind() -> None:
    """The page may say otherwise, and an edit of the rules may be near."""
    made = matcher(Term(text="Chip", case=Case.EXACT), languages=("hi",))
    assert made.near(titled("the chip", language="en"))


def test_an_initiative_counts_for_its_own_sources_only() -> None:
    """A word that everybody writes stays cheap where it is looked for in a few of them."""
    made = matcher("budget", sources=("press",), tags={"times": ("press",), "post": ()})
    assert made.near(titled("The budget", source="times"))
    assert made.near(titled("The budget", source="press"))
    assert not made.near(titled("The budget", source="post"))
    assert made.near(titled("The budget"))  # whose source is not known


def test_rules_on_other_fields_are_asked_there() -> None:
    """An address and a source are known; authors may stand on the page only."""
    assert matcher("url:semiconductor").near(titled("Ferries", url="https://a.example/semiconductor-plant"))
    assert not matcher("url:semiconductor").near(titled("Semiconductor", url="https://a.example/1"))
    assert matcher("source:times").near(titled("Ferries", source="times"))
    assert not matcher("source:times").near(titled("Ferries", source="post"))
    assert matcher("ferry", fields=(Field.TITLE, Field.URL)).near(titled("It", url="https://a.example/ferry"))
    assert matcher("author:Doe").near(titled("Ferries"))


WORDS = st.sampled_from(
    ["chip", "Chips", "US", "us", "heat", "pump", "India", "India's", "law", "FISH", "re-use"]
)
TERMS = st.one_of(
    WORDS,
    st.lists(WORDS, min_size=2, max_size=3).map(" ".join),
    st.tuples(WORDS, st.sampled_from([" AND ", " OR ", " NEAR/2 ", " AND NOT "]), WORDS).map("".join),
    WORDS.map(lambda word: f"{word[:3]}*"),
    WORDS.map(lambda word: f"/{word}/"),
)


@given(
    st.lists(TERMS, min_size=1, max_size=3),
    st.lists(WORDS, min_size=1, max_size=6).map(" ".join),
    st.lists(WORDS, max_size=6).map(" ".join),
)
def test_what_matches_is_near(terms: list[str], title: str, summary: str) -> None:
    """No article that the rules meet in what is known of it is ever passed over."""
    made = matcher(*terms, context=("law",))
    article = titled(title, summary=summary)
    if made.judge(article).matches:
        assert made.near(article)


def test_without_initiatives_nothing_is_near() -> None:
    """The budget binds every page."""
    assert not Matcher([]).near(titled("Semiconductor"))
