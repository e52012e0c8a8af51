"""Thirty and more judgements that an analyst of U.S.–India technology policy would make."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from alerts.match import Matcher, subject
from alerts.records import Commitment, Initiative, Term, Watchlist


def _terms(*items: str | Term) -> tuple[Term, ...]:
    return tuple(Term(text=item) if isinstance(item, str) else item for item in items)


_INDIA = ("India", "Indian", "Modi", "New Delhi", "भारत")
WATCHLIST = Watchlist(
    id="us-india",
    title="U.S.–India technology initiatives",
    context=_INDIA,
    initiatives=(
        Initiative(
            id="trust",
            name="TRUST",
            watchlist_id="us-india",
            any=_terms(
                "TRUST initiative",
                "Transforming the Relationship Utilizing Strategic Technology",
                Term(text="TRUST", near=("India", "Modi")),
                Term(text="iCET", valid_until=date(2025, 2, 13)),
                Term(text="ट्रस्ट पहल", near=("भारत", "मोदी")),
            ),
            exceptions=("trust fund", "brand trust", "anti-trust", "TS ICET"),
            commitments=(
                Commitment(
                    id="ai-roadmap",
                    text="Roadmap for AI infrastructure",
                    any=_terms('(roadmap OR "road map") NEAR/10 "AI infrastructure"'),
                ),
            ),
        ),
        Initiative(
            id="compact",
            name="COMPACT",
            watchlist_id="us-india",
            any=_terms("U.S.-India COMPACT", Term(text="COMPACT", near=("India", "Modi"))),
            exceptions=("compact cars", "compact SUV"),
        ),
        Initiative(id="indus", name="INDUS-X", watchlist_id="us-india", any=_terms("INDUS-X", "/indus-?x/")),
        Initiative(
            id="bta",
            name="BTA",
            watchlist_id="us-india",
            any=_terms("India bilateral trade agreement", Term(text="BTA", near=("India", "Indian"))),
        ),
        Initiative(
            id="msp",
            name="Minerals Security Partnership",
            watchlist_id="us-india",
            any=_terms(
                "Minerals Security Partnership", Term(text="MSP", near=("mineral", "lithium", "cobalt"))
            ),
        ),
    ),
)
MATCHER = Matcher([WATCHLIST])
_FAR = "Nothing of note was said about it. " * 12


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        # the phrase, with the name in quotes
        ("‘TRUST’ initiative widened", "", {"trust"}),
        ("Leaders hail “TRUST” initiative", "", {"trust"}),
        # title case, with and without the name in the body
        ("Trust Initiative Opens New Chapter", "The TRUST initiative now covers biotech.", {"trust"}),
        ("Trust Initiative Opens New Chapter", "Officials from Washington met in New Delhi.", {"trust"}),
        ("Trust Initiative Opens New Chapter", "Residents met at the town hall.", set()),
        # of a shop, or of a police force
        ("Grocer's Trust Initiative Lowers Prices", "Shoppers trust the labels.", set()),
        ("Police launch Trust Initiative", "The force wants residents to trust its officers.", set()),
        ("Police launch Trust Initiative", "In Pune, India, the force asks people to trust it.", set()),
        ("Shop in Delhi starts Trust Initiative", "Buyers in India trust its labels, it says.", set()),
        ("India backs trust initiative of villages", "", set()),
        ("TRUST INITIATIVE OF GROCERS GROWS", "", set()),
        ("TRUST INITIATIVE OF GROCERS GROWS", "In India, too, shoppers trust its labels.", set()),
        # capitals, with the word in lower case in the body
        ("INDIA LOSES TRUST IN OLD BRIDGES", "Commuters in India no longer trust the bridges.", set()),
        ("INDIA, US EXPAND TRUST", "The TRUST talks now cover biotech, officials of India said.", {"trust"}),
        ("INDIA, US EXPAND TRUST INITIATIVE", "", {"trust"}),
        ("PATIENTS LOSE TRUST; INITIATIVE STALLS", "A survey in Leeds found so.", set()),
        # anti-trust in capitals
        ("INDIA OPENS ANTI-TRUST PROBE", "The watchdog of India looks at cement makers.", set()),
        ("INDIA OPENS ANTITRUST PROBE", "", set()),
        ("US ANTI-TRUST CASE HITS INDIA UNIT", "The unit in India denies it.", set()),
        # a spaced dash inside the phrase
        ("A matter of TRUST – initiative is lacking", "", set()),
        ("A matter of TRUST—initiative is lacking", "", set()),
        ("A matter of Trust – Initiative opens in India", "", set()),
        ("U.S. – India COMPACT signed", "", {"compact"}),
        # a trust fund in the ninth paragraph
        (
            "India, U.S. review TRUST initiative",
            "\n\n".join(["A paragraph."] * 8 + ["He has a trust fund."]),
            {"trust"},
        ),
        (
            "INDIA HAILS TRUST INITIATIVE",
            "\n\n".join(["A paragraph."] * 8 + ["He has a trust fund."]),
            {"trust"},
        ),
        ("Heir in India opens TRUST fund", "A trust fund pays for schools.", set()),
        # the context in the first sentence of the body only
        ("TRUST widened to drones", f"India and the U.S. said so on Monday. {_FAR}", {"trust"}),
        ("TRUST widened to drones", f"{_FAR} India was not there.", set()),
        # compact cars, in capitals, in India
        ("COMPACT CARS DRIVE INDIA SALES", "Small cars lead.", set()),
        ("COMPACT MODELS DRIVE INDIA SALES", "Buyers like compact models.", set()),
        ("COMPACT SUVS DRIVE INDIA SALES", "", set()),
        ("US-India Compact signed", "", {"compact"}),
        ("US-India compact signed", "", set()),
        ("India signs the COMPACT, officials say", "", {"compact"}),
        ("COMPACT: India's next steps", "", {"compact"}),
        ("India's Compactor Ltd lists", "", set()),
        # INDUS‑X and what only looks like it
        ("INDUS‑X summit opens", "", {"indus"}),
        ("The Indus X gurukul series", "", {"indus"}),
        ("INDUSX gets its first grants", "", {"indus"}),
        ("Indus Xpress coach overturns", "", set()),
        ("Indus Valley seals on show", "", set()),
        # BTA with India, with Chile, and as the name of a place
        ("BTA round with India ends", "", {"bta"}),
        ("Chile and Peru sign BTA", "The BTA enters into force in May.", set()),
        ("New bus link from BTA to the harbour", "", set()),
        ("Flood in Bta village of India", "", set()),
        ("India-U.S. bilateral trade agreements near", "", set()),
        ("India bilateral trade agreement near", "", {"bta"}),
        # MSP: minerals, the price of a crop, and members of a parliament
        ("MSP adds lithium projects", "", {"msp"}),
        ("India raises wheat MSP by 3%", "Farmers wanted more.", set()),
        ("MSPs vote on budget at Holyrood", "", set()),
        ("MSP asks for inquiry into ferries", "Members of the Scottish parliament agreed.", set()),
        ("MSP MEETS ON COBALT", "", {"msp"}),
        # iCET, TS ICET
        ("TS ICET results declared", "The state of Telangana in India named the toppers.", set()),
        ("TS ICET RESULTS DECLARED", "", set()),
        ("iCET results reviewed by India and the U.S.", "", {"trust"}),
        # a company's roadmap for AI infrastructure, and the promised one
        ("Acme shows roadmap for AI infrastructure", "The firm will spend more.", set()),
        ("U.S., India publish road map for AI infrastructure", "", {"trust"}),
        ("U.S., India publish roadmap for AI infrastructure", "", {"trust"}),
        ("Road. Map of AI in infrastructure", "India", set()),
        # Hindi with and without context
        ("भारत में ट्रस्ट पहल का विस्तार", "", {"trust"}),
        ("स्कूल ट्रस्ट पहल शुरू", "नगर में नया स्कूल।", set()),
    ],
)
def test_an_analyst_would_judge_so(title: str, text: str, expected: set[str]) -> None:
    """One article, one watchlist: which initiatives it is about."""
    verdict = MATCHER.judge(subject(title=title, text=text), explain=True)
    assert {match.initiative_id for match in verdict.matches} == expected, verdict
    assert len(verdict.matches) + len(verdict.misses) == len(WATCHLIST.initiatives)


def test_both_spellings_of_the_roadmap_are_filed_under_the_commitment() -> None:
    """And the name alone is not."""
    for title in ("India and U.S.: road map for AI infrastructure", "AI infrastructure roadmap for India"):
        assert MATCHER.judge(subject(title=title)).matches[0].commitments == ("ai-roadmap",)
    assert MATCHER.judge(subject(title="India: TRUST initiative")).matches[0].commitments == ()


def test_a_former_name_counts_for_old_news_only() -> None:
    """iCET until 13 February 2025."""
    old = subject(title="iCET review set", published=datetime(2024, 6, 17, tzinfo=UTC))
    assert MATCHER.judge(old).matches
    assert not MATCHER.judge(replace(old, published_at=datetime(2025, 6, 17, tzinfo=UTC))).matches


def test_an_expression_and_its_long_form_judge_alike() -> None:
    """`{term: X, near: [A, B], within: n}` is `X NEAR/n (A OR B)`."""
    initiative = WATCHLIST.initiatives[1]
    forms = [
        Term(text="COMPACT", near=("India", "Modi"), within=6),
        Term(text="COMPACT NEAR/6 (India OR Modi)"),
    ]
    texts = [
        "COMPACT of India", "COMPACT " + "x1 " * 7 + "India", "compact cars in India",
        "INDIA BUYS COMPACT CARS", "Modi: COMPACT", "A COMPACT for Chile",
    ]  # fmt: skip
    verdicts = [
        [bool(made.judge(subject(text=text)).matches) for text in texts]
        for form in forms
        for made in [
            Matcher([replace(WATCHLIST, initiatives=(replace(initiative, any=(form,), exceptions=()),))])
        ]
    ]
    assert verdicts[0] == verdicts[1] == [True, False, False, True, True, False]
