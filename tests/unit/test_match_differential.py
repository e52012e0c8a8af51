"""The product's matcher and a slow, obvious one, written from the contract alone, agree on random texts and rules."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from alerts.match import Matcher, subject
from alerts.records import DEFAULT_FIELDS, Case, Field, Initiative, Strength, Term, Watchlist
from crawler.records import Article
from tests.plain.compare import Tally, agree, by_product, compare
from tests.plain.judge import NO, judge
from tests.plain.smaller import smaller

EXAMPLES = 200
FLOORS = {  # what a comparison of so many examples holds at least, so that it is never an empty one
    "pairs": 2 * EXAMPLES,
    "matches": EXAMPLES // 2,
    "matches with a weak hit": 10,
    "matches by NEAR or BEFORE": 8,
    "matches by a `near`": 8,
    "matches beside an `except`": 15,
    "matches by a pattern": 3,
    "matches by a phrase with room": 3,
    "matches under a commitment": 10,
    "matches in Latin": 50,
    "matches in Greek": 3,
    "matches in Cyrillic": 3,
    "matches in Hebrew and Arabic": 3,
    "matches in Devanagari": 3,
    "matches in Chinese, Japanese and Thai": 3,
}


def test_both_matchers_agree_on_random_texts_and_rules() -> None:
    """The same initiatives and commitments are met, by the same places, weak and strong; see `tests/plain`."""
    tally = Tally()

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    @given(st.randoms(use_true_random=True))
    def both_agree(chance: Random) -> None:
        before = len(tally.disagreements)
        compare(chance, tally)
        assert not tally.disagreements[before:], str(smaller(tally.disagreements[-1]))

    both_agree()

    short = {name: tally.counts[name] for name, least in FLOORS.items() if tally.counts[name] < least}
    assert not short, f"too few of these were compared: {short}"


def corner(
    term: str | Term,
    title: str = "",
    text: str = "",
    *,
    context: tuple[str, ...] = (),
    exceptions: tuple[str, ...] = (),
    fields: tuple[Field, ...] = DEFAULT_FIELDS,
    url: str = "",
) -> tuple[Watchlist, Article]:
    """One rule and one article."""
    terms = (Term(text=term) if isinstance(term, str) else term,)
    made = Initiative(id="i", name="", watchlist_id="w", any=terms, exceptions=exceptions, fields=fields)
    watchlist = Watchlist(id="w", title="", context=context, initiatives=(made,))
    return watchlist, subject(title=title, text=text, url=url)


INDIA = ("India",)
MET = (
    corner("TRUST initiative", text="the ‘TRUST’ initiatives"),
    corner("U.S.-India", text="U.S. – India"),
    corner("半导体", text="美国半导体出口"),
    corner("chips BEFORE/1 India", text="chips of India"),
    corner("TRUST", "trust fund opens", "TRUST grows in India", exceptions=("title:trust fund",)),
    corner("aa1 NEAR/3 bb1 NEAR/0 cc1", text="cc1 bb1 x1 aa1 x1 bb1"),
    corner("India", text="India.भारत"),
    corner("हिन्दी पहल", text="हिन्दी[1] पहल"),
    corner("TRUST initiative", text="TRUST[1][2] initiative"),
    corner("/trust initiative/", text="the TRUST\ninitiative"),
    corner('/(a|ארה"ב)/', text='laארה"ב'),
    corner("organi?ation", text="organisations"),
    corner("US initiative", text="ß US initiative"),
    corner("US initiative", text="_U.S._ initiative"),
    corner("Dr Rao", text="Dr. Rao"),
    corner('"alpha-beta gamma"~1', text="alpha beta - beta gamma"),
    corner("TRUST initiative", "NEW TRUST INITIATIVE", "x1 " * 59 + "India", context=INDIA),
    corner("TRUST initiative", "Vote", "India " + "x1 " * 30 + "Trust Initiative", context=INDIA),
    corner("alpha NEAR/2 beta", text="beta x1 x1 alpha"),
    corner("TRUST", text="INDIA'S TRUST grows"),
    corner("café", text="cafe\u0301 here"),
    corner("India choice", text="India's choice"),
    corner("TRADE", url="https://a.example/trade-talks", fields=(Field.URL,)),
    corner(Term(text="US", case=Case.FOLD), text="the Us"),
)
NOT_MET = (
    corner("TRUST initiative", text="the TRUST, initiative"),
    corner("TRUST", text="in trust"),
    corner("कर", text="करी"),
    corner("chips BEFORE/1 India", text="India of chips"),
    corner('"AI roadmap"~3', text="AI, chips and roadmap"),
    corner('"AI roadmap"~1', text="AI and chips roadmap"),
    corner("COMPACT F?ND", text="COMPACTs FUND"),
    corner("India trust", text="It is India's. Trust grows"),
    corner("TRUST initiative", "NEW TRUST INITIATIVE", "x1 " * 60 + "India", context=INDIA),
    corner("TRUST initiative", "Vote", "India " + "x1 " * 31 + "Trust Initiative", context=INDIA),
    corner("TRUST initiative", "INDIA LOSES TRUST INITIATIVE", "They trust no one.", context=INDIA),
    corner("alpha NEAR/2 beta", text="beta x1 x1 x1 alpha"),
    corner(Term(text="US", case=Case.FOLD), text="they told us"),
    corner("UK", text="d·UK"),
    corner('"road map" BEFORE/3 map', text="a road map here"),
    corner("हिन्दी पहल", text="हिन्दी's. पहल"),
)


@pytest.mark.parametrize(
    ("case", "expected"), [*((case, True) for case in MET), *((case, False) for case in NOT_MET)]
)
def test_both_matchers_agree_on_corners_of_the_contract(
    case: tuple[Watchlist, Article], expected: bool
) -> None:
    """Sentences of the contract that one of the two once did not keep, and their edges."""
    watchlist, article = case
    (initiative,) = watchlist.initiatives

    plain = judge(article, watchlist, initiative, {})
    product = by_product(Matcher([watchlist]), article).get("i", NO)

    assert plain.matches is expected
    assert agree(product, plain, initiative), f"the product: {product}"


def test_the_plain_matcher_tells_the_places_of_the_original() -> None:
    """Of a letter with its mark, of initials, and of what was cut."""
    watchlist, article = corner("café U.S. plan", text="x1 cafe\u0301 U.S.™ plans")

    outcome = judge(article, watchlist, watchlist.initiatives[0], {})

    assert outcome.evidence == {("café U.S. plan", Field.TEXT, 3, 20, Strength.STRONG)}
    assert article.text[3:20] == "cafe\u0301 U.S.™ plans"
