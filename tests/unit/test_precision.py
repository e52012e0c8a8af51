"""How often the matches of a term are about its initiative, by what people said of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.judgements import Verdict
from alerts.precision import Judged, Precision, chances, interval, lines, precision, warnings, words
from alerts.records import Commitment, Initiative, Term

WRONG, RIGHT = Verdict.NOT_ABOUT, Verdict.ABOUT


def term(text: str, where: str = "w.yaml:5:9") -> Term:
    return Term(text=text, where=where)


def initiative(*terms: Term, **more: object) -> Initiative:
    return Initiative(**{"id": "compact", "name": "Compact", "watchlist_id": "w", "any": terms, **more})  # type: ignore[arg-type]  # facts of the case


def judged(verdict: Verdict, *terms: str, times: int = 1, under: str = "compact") -> list[Judged]:
    return [Judged(initiative_id=under, verdict=verdict, terms=terms)] * times


def of(right: int, wrong: int, matches: int | None = None) -> Precision:
    one = initiative(term("compact"))
    return Precision(initiative=one, term=one.any[0], right=right, wrong=wrong, matches=matches)


def test_each_term_counts_the_matches_that_it_was_evidence_of() -> None:
    """In the order of the rules, those of commitments too; under its own initiative alone."""
    rule = initiative(
        term("lithium"),
        term("compact"),
        term("never"),
        commitments=(Commitment(id="c", text="c", any=(term("map"),)),),
    )
    said = [
        *judged(WRONG, "compact", times=3),
        *judged(RIGHT, "compact", "lithium"),
        *judged(WRONG, "map"),
        *judged(WRONG, "compact", under="other"),
        *judged(WRONG, "a term that was removed"),
    ]

    found = precision([rule], said, {("compact", "compact"): 11})

    assert [(one.term.text, one.right, one.wrong, one.matches) for one in found] == [
        ("lithium", 1, 0, 0),
        ("compact", 1, 3, 11),
        ("map", 0, 1, 0),
    ]


def test_a_term_that_stands_twice_is_one_and_one_for_all_articles_says_nothing() -> None:
    twice = initiative(term("compact", "w.yaml:5:9"), term("compact", "w.yaml:6:9"), all=(term("India"),))
    alone = initiative(all=(term("India"),))
    said = judged(WRONG, "compact", "India", times=2)

    (one,) = precision([twice], said)
    assert (one.term.where, one.wrong) == ("w.yaml:5:9", 2)
    (other,) = precision([alone], said)
    assert other.term.text == "India"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (of(1, 3, 11), "3 of 4 judged matches of “compact” were not about it; 11 matched in all"),
        (of(0, 4), "all 4 judged matches of “compact” were not about it"),
        (of(3, 1), "1 of 4 judged matches of “compact” was not about it"),
        (of(0, 1), "the one judged match of “compact” was not about it"),
        (of(1, 0), "the one judged match of “compact” was about it"),
        (of(1200, 0), "none of 1,200 judged matches of “compact” was wrong"),
    ],
)
def test_the_numbers_are_said_as_they_are(found: Precision, said: str) -> None:
    assert words(found) == said


def test_few_judgements_are_no_share() -> None:
    assert list(lines([of(1, 3), of(6, 6)])) == [
        "3 of 4 judged matches of “compact” were not about it (too few to say more).",
        "6 of 12 judged matches of “compact” were not about it "
        "(of matches such as were judged, between 25 % and 75 % are wrong).",
    ]
    assert chances(of(0, 5)) == "of matches such as were judged, between 57 % and 100 % are wrong"


@pytest.mark.parametrize(
    ("found", "warned"),
    [
        (of(0, 2), False),  # two may be chance
        (of(0, 3), True),
        (of(1, 3), True),
        (of(2, 3), False),  # a few wrong ones of many are what a wide term brings
        (of(5, 10), True),
        (of(90, 10), False),
        (of(0, 3, 60), True),
        (of(0, 3, 61), False),  # people saw the others and let them pass
        (of(0, 0), False),
    ],
)
def test_a_term_is_called_often_wrong_only_with_reason(found: Precision, warned: bool) -> None:
    assert found.is_often_wrong is warned
    assert [one.where for one in warnings([found])] == (["w.yaml:5:9"] if warned else [])


def test_the_warning_names_the_way_out() -> None:
    (one,) = warnings([of(1, 3)])

    assert one.problem == "3 of 4 judged matches of “compact” were not about it"
    assert one.remedy == "`tidings judgements propose compact` says what to exclude"


def test_the_interval_is_that_of_wilson() -> None:
    """Values from tables; nothing was tried: nothing is known."""
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(3, 4) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert interval(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


@given(tries=st.integers(1, 10_000), data=st.data())
def test_the_interval_holds_the_share_and_lies_between_none_and_all(tries: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, tries))

    least, most = interval(hits, tries)

    assert 0 <= least <= hits / tries + 1e-9
    assert hits / tries - 1e-9 <= most <= 1
