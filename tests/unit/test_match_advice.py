"""What `check` says of a watchlist: warnings, examples, and the Boolean form."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from alerts import examples
from alerts.common_words import common_words, is_common
from alerts.errors import RuleError
from alerts.match import Matcher, spelled, warnings
from alerts.records import Case, Commitment, Example, Initiative, Term, Watchlist


def watchlist(*any_: str | Term, context: tuple[str, ...] = ("India",), **more: Any) -> Watchlist:
    terms = tuple(
        Term(text=it, where=f"w.yaml:{n}:5") if isinstance(it, str) else it for n, it in enumerate(any_)
    )
    initiative = Initiative(id="it", name="It", watchlist_id="w", any=terms, where="w.yaml:1:1", **more)
    return Watchlist(id="w", title="W", context=context, initiatives=(initiative,))


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (watchlist("bridge"), "“bridge” is a common word"),
        (watchlist("X"), "“X” is a single letter"),
        (watchlist("US"), "“US” is short and common"),
        (watchlist("पहल"), "a script without capitals"),
        (watchlist("TRUST", context=()), "it never counts"),
        (watchlist("TRUST initiative", context=()), "it always counts"),
        (
            watchlist(Term(text="iCET", valid_from=date(2025, 2, 1), valid_until=date(2025, 1, 1))),
            "“iCET” is dead: it holds until 2025-01-01",
        ),
        (watchlist("trust fund", exceptions=("trust funds",)), "“trust fund” is dead: a phrase of `except`"),
        (watchlist("TRUST initiative", none=(Term(text="trust"),)), "contradicts “trust” in `none`"),
        (watchlist("chip plant", "chip plant"), "“chip plant” stands twice"),
        (watchlist("TRUST near/5 India"), "a literal phrase, though it looks like an expression"),
        (watchlist("AI*"), "the * of “AI*” stands for nothing"),
        (watchlist(), "initiative it has no term"),
    ],
)
def test_rules_worth_a_second_look_are_warned_about(made: Watchlist, problem: str) -> None:
    """Too broad, dead, contradictory; each with a place and a remedy."""
    found = warnings(made)
    assert any(problem in warning.problem for warning in found), found
    assert all(warning.where.startswith("w.yaml") or not warning.where for warning in found)
    assert all(warning.remedy for warning in found)


@pytest.mark.parametrize(
    "made",
    [
        watchlist(
            "TRUST initiative", Term(text="TRUST", near=("India",)), "iCET", exceptions=("trust fund",)
        ),
        watchlist("bridge", all=(Term(text="India"),)),
        watchlist(Term(text="bridge", near=("India",))),
        watchlist("semiconduct*", '(roadmap OR "road map") NEAR/10 "AI infrastructure"', "/indus[- ]?x/"),
        watchlist("ट्रस्ट पहल", "India AND chips"),
        watchlist("Near East", none=(Term(text="football"),)),
    ],
)
def test_sound_rules_get_no_warning(made: Watchlist) -> None:
    """What `check` says must be worth reading."""
    assert warnings(made) == ()


def test_the_list_of_common_words() -> None:
    """It makes TRUST, COMPACT and US ordinary, and leaves INDUS and BTA alone."""
    assert 3000 <= len(common_words()) <= 6000
    assert all(map(is_common, ("trust", "compact", "us", "bridge")))
    assert not any(map(is_common, ("indus", "bta", "icet", "msp", "asia", "nato")))
    assert all(word.isascii() and word.islower() for word in common_words())


def test_examples_that_fail_say_which_rule_decided() -> None:
    """A string is a title; a mapping may hold language, source and date."""
    made = watchlist(
        "TRUST initiative",
        Term(text="iCET", valid_until=date(2025, 2, 13)),
        languages=("en",),
        sources=("india-press",),
        examples=(
            Example(matches=True, title="India and U.S. launch TRUST initiative"),
            Example(matches=False, title="Voters' trust falls"),
            Example(matches=True, title="Voters' trust falls", where="w.yaml:9:9"),
            Example(matches=False, text="The TRUST initiative.", where="w.yaml:10:9"),
            Example(matches=False, title="TRUST initiative", language="fr"),
            Example(matches=False, title="TRUST initiative", source="elsewhere"),
            Example(matches=True, title="TRUST initiative", source="times"),
            Example(matches=False, title="iCET", published=datetime(2026, 1, 1, tzinfo=UTC)),
        ),
    )

    first, second = examples.run(made, {"times": ("india-press",)})

    assert (first.where, first.initiative_id, first.expected) == ("w.yaml:9:9", "it", "match")
    assert "none of its 2 terms occurs" in first.decided
    assert (second.where, second.expected) == ("w.yaml:10:9", "ignore")
    assert "“TRUST initiative” matched in the text: The TRUST initiative." in second.decided


def test_an_initiative_is_spelled_as_one_boolean_expression() -> None:
    """What has no sign in the language follows, a line each."""
    made = watchlist(
        "TRUST initiative",
        Term(text="TRUST", near=("India", "New Delhi"), within=10),
        Term(text="iCET", valid_until=date(2025, 2, 13), case=Case.EXACT),
        all=(Term(text="chips OR drones"),),
        none=(Term(text="trust fund"), Term(text="football")),
        exceptions=("anti-trust",),
        commitments=(Commitment(id="ai", text="", any=(Term(text="road map"),)),),
    )

    boolean, *others = spelled(made.initiatives[0]).splitlines()

    assert boolean == (
        '("TRUST initiative" OR TRUST NEAR/10 (India OR "New Delhi") OR iCET)'
        ' AND (chips OR drones) AND NOT ("trust fund" OR football)'
    )
    assert others == [
        'or, with context near, ("road map"): commitment ai',
        'except "anti-trust"',
        "iCET: case: exact; until 2025-02-13",
    ]


def test_a_matcher_with_a_bad_term_is_refused_whole() -> None:
    """The error knows its term; the old matcher stays in use."""
    with pytest.raises(RuleError) as error:
        Matcher([watchlist("chips", "chips AND")])
    assert error.value.__notes__ == ["w.yaml:1:5: chips AND"]
