"""Single terms that can be read and are hardly meant: what `check` says of them, and of what it keeps quiet."""

from __future__ import annotations

import pytest

from alerts.doubts import doubts
from alerts.match import Matcher, subject
from alerts.records import DEFAULT_FIELDS, Field, Initiative, Term, Watchlist


def problems(text: str, *, literal: bool = False, fields: tuple[Field, ...] = DEFAULT_FIELDS) -> list[str]:
    return [doubt.problem for doubt in doubts(Term(text=text, literal=literal), fields)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # operators in other letters
        ("India ＡＮＤ chips", "looks like an expression: “ＡＮＤ” is written with other letters"),
        ("India АND chips", "“АND” is written with other letters"),  # Cyrillic А
        ("India ΑΝD chips", "“ΑΝD” is written with other letters"),  # Greek ΑΝ
        ("India ＮＥＡＲ／５ chips", "is written with other letters"),
        ("India AND\u200b chips", r"“AND\u200b” is written with other letters"),
        ("semiconduct＊", "looks like an expression"),
        ("title：TRUST", "looks like an expression"),
        # operators in small letters, or without their number
        ("India near/5 chips", "looks like an expression"),
        ("India NEAR chips", "looks like an expression"),
        ("chips or semiconductors", "“or” in small letters joins nothing"),
        ('"road map" or "AI plan"', "“or” in small letters joins nothing"),
        ("chips and not potato", "“and not” in small letters joins nothing"),
        ("chips but not potato", "“but not” in small letters joins nothing"),
        ("TRUST and India", "“and” in small letters joins nothing"),
        ("India And COMPACT", "“and” in small letters joins nothing"),
        # fields, slop and patterns, nearly
        ("title: TRUST", "looks like an expression"),
        ("Title:TRUST", "looks like an expression"),
        ("AI roadmap~3", "looks like an expression"),
        ('"AI roadmap" ~3', "looks like an expression"),
        ('"AI roadmap"~', "looks like an expression"),
        ("/indus/i", "letters stand behind the slash"),
        ("/indus", "begins like a pattern"),
        ("indus[- ]?x", "looks like a pattern"),
        ("(trust|compact)", "looks like a pattern"),
        (r"\bTRUST\b", "looks like a pattern"),
        ("India * roadmap", "the * of “India * roadmap” stands for nothing"),
        ("AI*", "a prefix has three letters or more"),
        ('"semiconduct*"', "is a sign, since it stands in double quotes"),
        ('"organi?ation" AND India', "the ? in “organi?ation” is a sign"),
        # other languages of queries
        ("chips && India", "“&&” in “chips && India” is no sign of the language"),
        ("chips | India", "“|” in “chips | India” is no sign"),
        ("India w/5 chips", "“w/5” in “India w/5 chips” is no sign"),
        ("India ADJ5 chips", "“ADJ5” in “India ADJ5 chips” is no sign"),
        ("headline:TRUST", "“headline” in “headline:TRUST” is no sign"),
        ("intitle:TRUST AND India", "“intitle” in “intitle:TRUST” is no sign"),
        ("-cricket", "the - before a word"),
        ("India +chips", "the + before a word"),
        # lists and brackets
        ("chips; drones", "with a semicolon in it"),
        ('"road map" "AI plan"', "its quotes say nothing"),
        ("(TRUST)", "the brackets of “(TRUST)” are signs"),
        # names in capitals whose AND is taken for the operator
        ("CHIPS AND SCIENCE ACT", "is an expression, since AND, OR and NOT in capitals are operators"),
        # what no article holds
        ("R&amp;D", "holds the HTML entity &amp;"),
        ("TRUST \u202einitiative", "an invisible mark that turns the direction"),
        ("caf\ufffd society", "stands for broken letters"),
        # what can never match
        ("TRUST AND NOT trust", "“TRUST” is asked for and denied"),
        ("TRUST AND NOT (chips OR Trust)", "“TRUST” is asked for and denied"),
        ("(alpha OR beta) AND NOT (beta OR alpha)", "“alpha” is asked for and denied"),
        ("alpha NEAR/5 beta AND NOT beta", "“beta” is asked for and denied"),
        ("title:TRUST AND NOT TRUST", "“TRUST” is asked for and denied"),
        ("=TRUST AND NOT TRUST", "“TRUST” is asked for and denied"),
        ("gamma OR (TRUST AND NOT TRUST)", "“TRUST” is asked for and denied"),
        ("title:alpha BEFORE/3 text:beta", "different fields: BEFORE can never be met"),
        ("author:alpha NEAR/3 text:beta", "different fields: NEAR can never be met"),
        ("summary:alpha NEAR/3 text:beta", "different fields: NEAR can never be met"),
        ("alpha OR beta OR alpha", "“alpha” stands twice beside OR"),
        ("alpha AND beta AND alpha", "“alpha” stands twice beside AND"),
    ],
)
def test_a_doubtful_term_is_named_once_with_a_remedy(text: str, problem: str) -> None:
    """It is read as it stands; the warning says how, and what was probably meant."""
    (doubt,) = doubts(Term(text=text))
    assert problem in doubt.problem
    assert doubt.remedy


@pytest.mark.parametrize(
    "text",
    [
        "research and development", "Department of Science and Technology", "Bosnia and Herzegovina", "R and D",
        "US and India", "AT&T", "AC/DC", "C++", "C#", "E*TRADE", "Yahoo!", "What next?", "What's next: AI",
        "https://example.org/a", "re:Invent", "Mission:Impossible", "10:30", "Near East", "INDUS-X", "F-16",
        "-40", "+91", "[sic]", "#MeToo", "@handle", "pre/post", "Q&A", "Larsen & Toubro", "Washington, D.C.",
        "Ministry of Health, Labour, and Welfare", "Bharatiya Janata Party (BJP)", "India (US) pact",
        "Text: a history", "Trust, but verify", "भारत और अमेरिका", "НАТО", "ДНК", "ΝΑΤΟ", "AND1", "(a) plan",
        "the 'TRUST' initiative", 'the "TRUST" initiative', '"this AND that"', "TRUST AND COMPACT",
        "TRUST AND India", "TRUST AND NOT =trust", "TRUST AND NOT title:TRUST", "title:alpha NEAR/3 text:beta",
        '(roadmap OR "road map") NEAR/10 "AI infrastructure"', "semiconduct* AND India", "=TRUST",
        "/indus[- ]?x/", "/a or b/", '"AI roadmap"~3', "url:example.org/page", '"U.S. plan"~3',
    ],
)  # fmt: skip
def test_sound_terms_raise_no_doubt(text: str) -> None:
    """What `check` says must be worth reading."""
    assert problems(text) == []


def test_literal_settles_doubt() -> None:
    """`literal: true` says that the words are meant."""
    for text in (
        "chips or semiconductors",
        "CHIPS AND SCIENCE ACT",
        "headline:TRUST",
        "AI*",
        '"semiconduct*"',
    ):
        assert problems(text)
        assert problems(text, literal=True) == []


def test_a_field_outside_a_narrowed_in_is_doubtful() -> None:
    """`in: [title]` beside `text:chips` says two things; `url:` is never part of the default and is fine."""
    assert problems("text:chips", fields=(Field.TITLE,)) == [
        "text: is read although `in` leaves it out: title"
    ]
    assert problems("title:chips OR url:chips", fields=(Field.TITLE,)) == []
    assert problems("text:chips") == []


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("TRUST AND NOT (chips OR Trust)", "TRUST and India"),
        ("(alpha OR beta) AND NOT (beta OR alpha)", "alpha beta"),
        ("alpha NEAR/5 beta AND NOT beta", "alpha beta"),
    ],
)
def test_what_is_called_dead_matches_nothing(text: str, article: str) -> None:
    """The warning is true of the very words of the term."""
    initiative = Initiative(id="it", name="It", watchlist_id="w", any=(Term(text=text),))
    matcher = Matcher([Watchlist(id="w", title="W", initiatives=(initiative,))])
    assert matcher.judge(subject(title=article, text=article)).matches == ()
