"""`languages` excludes only on knowledge: what is declared, else what the text is surely in."""

from __future__ import annotations

import pytest

from alerts.languages import detected, may_be
from alerts.match import Matcher, subject
from alerts.records import Initiative, Term, Watchlist

GERMAN = (
    "Die Bundesregierung hat am Freitag ein neues Abkommen mit Indien unterzeichnet, das die Zusammenarbeit bei "
    "Halbleitern und der TRUST initiative ausweiten soll. Vertreter der Wirtschaft begrüßten den Schritt, warnten "
    "aber vor zu hohen Erwartungen an die Lieferketten."
)
ENGLISH = (
    "The government signed a new agreement with India on Friday that is meant to widen cooperation on chips under "
    "the TRUST initiative. Business groups welcomed the step but warned against expecting too much of the supply "
    "chains in the first years of the programme."
)


def stopped(text: str, *languages: str, declared: str | None = None) -> str | None:
    """The step at which a text stops; None: it matches."""
    one = Initiative(
        id="t", name="t", watchlist_id="w", any=(Term(text="TRUST initiative"),), languages=languages
    )
    matcher = Matcher((Watchlist(id="w", title="w", initiatives=(one,)),))
    verdict = matcher.judge(subject(text=text, language=declared), explain=True)
    return None if verdict.matches else verdict.misses[0].stopped_at


def test_a_text_that_declares_nothing_is_judged_by_its_words() -> None:
    assert stopped(GERMAN, "de") is None
    assert stopped(ENGLISH, "en", "hi") is None
    assert stopped(GERMAN, "en", "hi") == "languages: it is by its words in “de”, wanted “en”, “hi”"


def test_what_is_declared_is_believed() -> None:
    assert stopped(GERMAN, "en", declared="en-GB") is None
    assert stopped(ENGLISH, "en", declared="de") == "languages: it is in “de”, wanted “en”"


def test_a_short_text_is_of_no_known_language() -> None:
    assert detected(GERMAN[:150]) is None
    assert stopped(GERMAN[:200].rpartition(" ")[0], "en") is None


@pytest.mark.parametrize(
    ("found", "wanted", "maybe"),
    [
        ("de", "de-AT", True),
        ("nb", "no", True),
        ("mr", "hi", True),
        ("de", "en", False),
        ("hi", "en_IN", False),
    ],
)
def test_languages_that_look_alike_exclude_nothing(found: str, wanted: str, maybe: bool) -> None:
    assert may_be(found, wanted) is maybe
