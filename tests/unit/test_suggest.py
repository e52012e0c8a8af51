"""Terms mined from what an initiative matched and what it nearly did."""

from __future__ import annotations

import pytest

from alerts.match import subject
from alerts.naming import expansions, phrases
from alerts.records import Initiative, Term, Watchlist
from alerts.spellings import Spellings
from alerts.suggest import Kind, Miner, Suggestion


def miner(*terms: str, context: tuple[str, ...] = ("India",)) -> Miner:
    initiative = Initiative(id="i", name="i", watchlist_id="w", any=tuple(Term(text=one) for one in terms))
    return Miner(initiative, Watchlist(id="w", title="w", context=context, initiatives=(initiative,)))


def texts(found: tuple[Suggestion, ...], kind: Kind) -> list[str]:
    return [one.text for one in found if one.kind is kind]


def test_names_and_phrases_that_its_articles_share_are_suggested_with_their_counts() -> None:
    """What other news say as often, and what a term or the context has already, is not."""
    mine = miner("INDUS-X")
    for number in range(4):
        text = (
            f"The Defence Innovation Unit chose firm {number} for INDUS-X. India pays for undersea sensors."
        )
        mine.count(subject(title=f"Report {number}", text=text), matches=True)
    mine.count(
        subject(title="A near one", text="The Defence Innovation Unit buys undersea sensors."), matches=False
    )
    for number in range(50):
        mine.compare(subject(title="Other news", text=f"The firm {number} pays for it, the ministry said."))

    found = mine.suggestions()

    assert texts(found, Kind.NAME) == ["Defence Innovation Unit"]
    assert texts(found, Kind.PHRASE) == ["undersea sensors"]
    name = found[0]
    assert (name.matched, name.nearly, name.others) == (4, 1, 0)
    assert name.examples == ("A near one", "Report 0")


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("INDUS-X", "The INDUSX summit opens", ["INDUSX"]),
        ("INDUSX", "The Indus X summit opens", ["Indus X"]),
        ("INDUS-X", "The Indus X and INDUS–X summits", []),  # the term reads so already
        ("Catalyzing Opportunities", "Catalysing Opportunities for partners", ["Catalysing Opportunities"]),
        ("semiconductor", "New semiconducter plants", ["semiconducter"]),
        ("semiconductor", "New semiconductors", []),
        ("trust initiative", "A trust iniciative's end", ["trust iniciative"]),
        ("Indian trade", "Indiana trade", ["Indiana trade"]),
        ("chip plan", "the ship plan", []),  # too short to be a slip
        ("mission 500", "mission 400", []),
    ],
)
def test_another_spelling_is_one_that_the_term_does_not_read(
    term: str, text: str, expected: list[str]
) -> None:
    assert [spelling for _, spelling in Spellings([term]).others(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the Bilateral Trade Agreement (BTA) is due", [("BTA", "Bilateral Trade Agreement")]),
        ("BTA (“Bilateral Trade Agreement”) is due", [("BTA", "Bilateral Trade Agreement")]),
        ("said the Initiative on Critical and Emerging Technology (iCET)", []),
        (
            "the Anusandhan National Research Foundation (ANRF)",
            [("ANRF", "Anusandhan National Research Foundation")],
        ),
        ("a programme of the Ministry of Finance (MoF)", [("MoF", "Ministry of Finance")]),
        ("in New Delhi (PTI)", []),
    ],
)
def test_what_an_acronym_stands_for_is_read_from_brackets(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(expansions(text)) == expected


def test_the_long_form_of_a_term_is_suggested_and_the_short_form_of_another() -> None:
    mine = miner("ANRF", "Bilateral Trade Agreement")
    text = "The Anusandhan National Research Foundation (ANRF) and the Bilateral Trade Agreement (BTA)"
    mine.count(subject(title="t", text=text), matches=True)
    found = mine.suggestions()
    assert {(one.of, one.text) for one in found if one.kind is Kind.EXPANSION} == {
        ("ANRF", "Anusandhan National Research Foundation"),
        ("Bilateral Trade Agreement", "BTA"),
    }


def test_a_row_of_common_words_names_nothing() -> None:
    found = phrases(subject(text="It is one of the best, and the firm said that in the morning.", title=""))
    assert not {"one of", "of the", "the firm", "said that"} & found.keys()


def test_nothing_is_suggested_from_nothing() -> None:
    assert miner("INDUS-X").suggestions() == ()
