"""The matching rules, one table each: phrases, case, near, except, none, fields, dates, commitments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.fold import equalise, fold
from alerts.match import Matcher, subject
from alerts.records import Case, Commitment, Evidence, Field, Initiative, Strength, Term, Watchlist
from crawler.records import Article

TermLike = str | Term


def terms(items: tuple[TermLike, ...] | TermLike) -> tuple[Term, ...]:
    items = items if isinstance(items, tuple) else (items,)
    return tuple(Term(text=item) if isinstance(item, str) else item for item in items)


def matcher(
    any: tuple[TermLike, ...] | TermLike = (),
    *,
    all: tuple[TermLike, ...] = (),
    none: tuple[TermLike, ...] = (),
    context: tuple[str, ...] = (),
    tags: dict[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> Matcher:
    """A matcher of one initiative."""
    initiative = Initiative(
        id="it", name="It", watchlist_id="w", any=terms(any), all=terms(all), none=terms(none), **more
    )
    watchlist = Watchlist(id="w", title="W", context=context, initiatives=(initiative,), version="abc")
    return Matcher([watchlist], tags=tags or {})


def evidence(made: Matcher, article: Article | str) -> tuple[Evidence, ...]:
    """What counted; a string is a title."""
    article = subject(title=article) if isinstance(article, str) else article
    verdict = made.judge(article)
    return verdict.matches[0].evidence if verdict.matches else ()


def matches(made: Matcher, article: Article | str) -> bool:
    article = subject(title=article) if isinstance(article, str) else article
    return bool(made.judge(article).matches)


def stopped(made: Matcher, article: Article | str) -> str:
    article = subject(title=article) if isinstance(article, str) else article
    (miss,) = made.judge(article, explain=True).misses
    return miss.stopped_at


@pytest.mark.parametrize(
    ("term", "title", "expected"),
    [
        # a phrase goes on over space, unspaced hyphens, quotes, possessives …
        ("road map", "The road map is out", True),
        ("road map", "The road-map is out", True),
        ("road map", "The “road” map is out", True),
        ("road map", "The roads map is out", False),
        ("India choice", "India’s choice", True),
        ("India's choice", "India's choice", True),
        ("India's choice", "India choice", False),
        ("voters trust", "Voters' trust is low", True),
        ("export controls", "EXPORT CONTROL WIDENED", True),
        # … and is parted by everything else
        ("road map", "The road, map in hand", False),
        ("road map", "The road – map in hand", False),
        ("road map", "The road—map in hand", False),
        ("road map", "No road. Map the coast", False),
        ("road map", "The roadmap is out", False),
        # a hyphen in the term accepts a spaced dash
        ("US – India", "US - India talks", True),
        ("U.S.-India", "U.S. – India talks", True),
        ("U.S.-India", "US India talks", True),
        ("U.S.-India", "US, India talk", False),
        ("U.S.-India", "US—India talks", False),
        # signs are signs
        ("C++", "Why C++ matters", True),
        ("C++", "Vitamin C plus zinc", False),
        ("R&D", "R & D spending", True),
        ("R&D", "R D spending", False),
        ("AC/DC", "AC/DC play", True),
        ("AC/DC", "AC DC play", False),
        ("What next?", "What next? Nobody knows", True),
        ("What next?", "What next for trade", False),
        ("$500", "It costs $500 now", True),
        ("$500", "It costs 500 now", False),
        ("Dr. Rao", "Dr. Rao said", True),
        ("Dr Rao", "Dr. Rao said", True),
        # plurals of the last word
        ("trade agreement", "Two trade agreements", True),
        ("trade agreements", "One trade agreement", True),
        ("trade agreement", "Two trades agreement", False),
        ("factory", "Two factories", True),
        ("law", "Two laws", False),
        (Term(text="drone", plural=False), "Two drones", False),
        ("GPU", "The GPUs arrived", True),
        ("GPU", "THE GPUS HAVE ARRIVED", True),
        ("US", "The USS Enterprise", False),
        # scripts
        ("भारत-अमेरिका", "भारत–अमेरिका वार्ता", True),
        ("कर", "करी पत्ता", False),
        ("半导体", "美国半导体出口", True),
        ("インド", "インドの首相", True),
        ("Москва", "МОСКВА решила", True),
    ],
)
def test_phrases_words_and_signs(term: TermLike, title: str, expected: bool) -> None:
    """Rules 1, 2 and 3."""
    assert matches(matcher(term), title) is expected


@pytest.mark.parametrize(
    ("term", "title", "expected"),
    [
        ("TRUST", "The TRUST programme", True),
        ("TRUST", "Trust is low", False),
        ("TRUST", "In trust", False),
        ("iCET", "The iCET round", True),
        ("iCET", "TS ICET 2026 results declared", False),
        ("iCET", "TS ICET RESULTS DECLARED", True),
        ("BTA", "The bta round", False),
        ("trust", "TRUST and Trust", True),
        ("TRUST initiative", "The Trust Initiative", True),
        ("TRUST initiative", "The trust initiative", False),
        ("TRUST initiative", "THE TRUST INITIATIVE GROWS", True),
        ("Modi visit", "MODI VISIT", True),
        ("A roadmap", "Such a roadmap", True),
        ("US trade", "They told us trade matters", False),
        (Term(text="US", case=Case.FOLD), "They told us", False),
        (Term(text="U.S.", case=Case.FOLD), "The Us and the US", True),
        (Term(text="TRUST", case=Case.FOLD), "In trust", True),
        (Term(text="TRUST", case=Case.EXACT), "TRUSTS and Trust", False),
        (Term(text="Trust", case=Case.EXACT), "Trust grows", True),
        ("=Trust", "TRUST grows", False),
        ("=TRUST initiative", "TRUST Initiative", False),
        ("=TRUST initiative", "a TRUST initiative", True),
    ],
)
def test_letters(term: TermLike, title: str, expected: bool) -> None:
    """Rule 4: smart, fold and exact."""
    assert matches(matcher(term), title) is expected


@pytest.mark.parametrize(
    ("term", "title", "strength"),
    [
        ("TRUST", "India widens TRUST to chips", Strength.STRONG),
        ("TRUST initiative", "The Trust Initiative of India", Strength.WEAK),
        ("TRUST initiative", "INDIA WIDENS TRUST INITIATIVE", Strength.WEAK),
        ("TRUST", "INDIA WIDENS TRUST NOW", Strength.WEAK),
        ("INDUS-X", "INDIA HOSTS INDUS-X SUMMIT", Strength.STRONG),
        ("INDUS-X", "India hosts Indus-X summit", Strength.STRONG),
        (Term(text="INDUS-X", ordinary=True), "India hosts Indus-X summit", Strength.WEAK),
        (Term(text="TRUST", ordinary=False), "INDIA WIDENS TRUST NOW", Strength.STRONG),
        ("chips", "INDIA MAKES CHIPS NOW", Strength.STRONG),
        (Term(text="TRUST", case=Case.FOLD), "INDIA WIDENS TRUST NOW", Strength.STRONG),
    ],
)
def test_a_hit_is_weak_where_an_ordinary_name_proves_little(
    term: TermLike, title: str, strength: Strength
) -> None:
    """In a run in capitals, or with an initial capital only."""
    (found,) = evidence(matcher(term, context=("India",)), title)
    assert found.strength is strength


def test_a_weak_hit_counts_with_a_strong_one_of_the_initiative() -> None:
    """The full name in the body carries the headline."""
    made = matcher(("TRUST initiative", "Transforming the Relationship"), context=("India",))
    article = subject(
        title="NEW TRUST INITIATIVE BEGINS", text="It is Transforming the Relationship, they say."
    )

    found = evidence(made, article)

    assert [(it.field, it.strength) for it in found] == [
        (Field.TITLE, Strength.WEAK),
        (Field.TEXT, Strength.STRONG),
    ]


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("INDIA WIDENS TRUST INITIATIVE", "", True),
        ("NEW TRUST INITIATIVE BEGINS", "Talks were held in India.", True),
        ("NEW TRUST INITIATIVE BEGINS", "word " * 59 + "India", True),
        ("NEW TRUST INITIATIVE BEGINS", "word " * 60 + "India", False),
        ("NEW TRUST INITIATIVE BEGINS", "Nothing was said.", False),
        ("India votes", "word " * 90 + "the Trust Initiative", True),
        ("Vote", "India " + "word " * 30 + "Trust Initiative", True),
        ("Vote", "India " + "word " * 31 + "Trust Initiative", False),
        ("Vote", "the Trust Initiative.\n\n" + "word " * 29 + "Indian", True),
        ("INDIA LOSES TRUST INITIATIVE", "In India they trust no one.", False),
        ("INDIA LOSES TRUST INITIATIVE", "Trust is low. In India they trust no one.", False),
        ("INDIA LOSES TRUST INITIATIVE", "In India they trust the Trust office.", True),
        ("INDIA LOSES TRUST INITIATIVE", "A TRUST FUND PAYS. They trust no one.", False),
        ("INDIA HAILS TRUST INITIATIVE", "Elsewhere a trust fund pays.", True),
    ],
)
def test_a_weak_hit_without_a_strong_one_needs_context_near(title: str, text: str, expected: bool) -> None:
    """Rules 4 and 5: the title is near all, its hits see 60 words, and the body knows better."""
    made = matcher("TRUST initiative", context=("India", "Indian"), exceptions=("trust fund",))
    assert matches(made, subject(title=title, text=text)) is expected


def test_without_any_context_a_weak_phrase_counts_and_a_weak_word_does_not() -> None:
    """What `check` warns about."""
    assert matches(matcher("TRUST initiative"), "NEW TRUST INITIATIVE BEGINS")
    assert not matches(matcher("TRUST"), "NEW TRUST INITIATIVE BEGINS")


def test_an_initiative_has_a_context_of_its_own() -> None:
    """It replaces that of the watchlist; an empty one means none."""
    assert not matches(matcher("TRUST initiative", context=("India",)), "TRUST INITIATIVE IN CHILE")
    assert matches(matcher("TRUST initiative", context=("India",)), "TRUST INITIATIVE IN INDIA")

    own = Initiative(id="i", name="", watchlist_id="w", any=terms("TRUST initiative"), context=("Chile",))
    made = Matcher([Watchlist(id="w", title="", context=("India",), initiatives=(own,))])
    assert matches(made, "TRUST INITIATIVE IN CHILE")
    assert not matches(made, "TRUST INITIATIVE IN INDIA")


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("TRUST grows, says Modi", "", True),
        ("TRUST grows", "Modi " + "word " * 80, True),
        ("Modi speaks", "word " * 80 + "the TRUST plan", True),
        ("Vote", "the TRUST plan " + "word " * 4 + "Modi", True),
        ("Vote", "the TRUST plan " + "word " * 5 + "Modi", False),
        ("Vote", "the TRUST plan of India", False),
        ("Vote", "the TRUST plan of modi", True),
    ],
)
def test_a_term_with_near_needs_it_always(title: str, text: str, expected: bool) -> None:
    """`near` and `within` of the long form; near ignores case."""
    made = matcher(Term(text="TRUST", near=("Modi",), within=5), context=("India",))
    assert matches(made, subject(title=title, text=text)) is expected


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("chips AND India", "India makes chips", True),
        ("chips AND India", "Chile makes chips", False),
        ("chips OR India", "India makes ships", True),
        ("chips AND NOT potato", "Potato chips", False),
        ("chips AND NOT (potato OR corn)", "Silicon chips", True),
        ('(roadmap OR "road map") NEAR/3 "AI plan"', "The road map for an AI plan", True),
        ('(roadmap OR "road map") NEAR/3 "AI plan"', "AI plan: one two three roadmap", True),
        ('(roadmap OR "road map") NEAR/3 "AI plan"', "AI plan: one two three four roadmap", False),
        ("chips NEAR/2 tariffs", "Tariffs on all chips", True),
        ("chips BEFORE/2 tariffs", "Tariffs on all chips", False),
        ("chips BEFORE/2 tariffs", "chips and new tariffs", True),
        ("chips NEAR/2 chips", "chips", False),
        ("chips NEAR/2 chips", "chips and chips", True),
        ("aa1 NEAR/1 bb1 NEAR/1 cc1", "aa1 bb1 x cc1", True),
        ("aa1 NEAR/1 bb1 NEAR/1 cc1", "aa1 bb1 x y cc1", False),
        ("semiconduct* plant", "A semiconductor plant", True),
        ("semiconduct*", "Semiconducting", True),
        ("semiconduct*", "Semiconductor", True),
        ("semiconduct*", "Semicolon", False),
        ("TRUST*", "In trusts", False),
        ("organi?ation", "organization and organisation", True),
        ("organi?ation", "organiation", False),
        ('"AI roadmap"~2', "an AI and chips roadmap", True),
        ('"AI roadmap"~2', "an AI and more chips roadmap", False),
        ('"AI roadmap"~2', "a roadmap for AI", False),
        ('"AI roadmap"~2', "on AI. The roadmap", False),
        ("/indus[- ]?x/", "The Indus‑X and INDUSX", True),
        ("/indus[- ]?x/", "Indus Xpress", False),
        ("/(?-i)INDUS/", "indus", False),
        ("/trust|trusted/", "a trusted one", True),
        ("/chips.*India/", "chips.\n\nIndia", False),
        ("/chips.*India/", "chips\nof India", True),
    ],
)
def test_expressions(expression: str, text: str, expected: bool) -> None:
    """The language, form by form."""
    assert matches(matcher(expression), subject(text=text)) is expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("title:chips", True),
        ("text:chips", False),
        ("summary:tariffs", True),
        ("text:India", True),
        ('author:"Asha Rao"', True),
        ("source:example-times", True),
        ("source:india-press", True),
        ("url:trade-talks", True),
        ("url:TRADE", True),
        ("Rao", False),
        ("trade", False),
        ("text:(India OR Chile)", True),
        ("title:chips AND text:India", True),
    ],
)
def test_fields(term: str, expected: bool) -> None:
    """A field names where to look; others than title, summary and text are read only then, or by `in`."""
    article = subject(
        title="New chips",
        summary="On tariffs",
        text="In India",
        url="https://example.org/trade-talks",
        source="example-times",
    )
    article = Article(
        **{**{name: getattr(article, name) for name in Article.__slots__}, "authors": ("Asha Rao",)}
    )
    assert matches(matcher(term, tags={"example-times": ("india-press",)}), article) is expected


def test_in_says_which_fields_are_read() -> None:
    """`in: [title, author]`."""
    made = matcher(("chips", "Rao"), fields=(Field.TITLE, Field.AUTHOR))
    assert matches(made, subject(title="New chips"))
    assert not matches(made, subject(text="New chips"))


def test_a_phrase_never_bridges_fields() -> None:
    """The last word of the title and the first of the text are no phrase, but they are near."""
    article = subject(title="A question of road", text="Map by map.")
    assert not matches(matcher("road map"), article)
    assert matches(matcher("road NEAR/1 map"), article)
    assert not matches(matcher("road BEFORE/1 map"), article)


def test_except_takes_away_occurrences_and_none_takes_the_article() -> None:
    """An article stays open to other hits beside an excepted one."""
    both = "A trust fund. TRUST begins in India."
    excepting = matcher("TRUST", exceptions=("trust fund",))
    assert matches(excepting, subject(text=both))
    assert not matches(excepting, subject(text="The TRUST fund."))
    assert not matches(matcher("TRUST", none=("trust fund",)), subject(text=both))
    of_a_term = matcher((Term(text="TRUST", exceptions=("TRUST fund",)), "COMPACT"))
    assert not matches(of_a_term, subject(text="the TRUST funds"))
    assert matches(of_a_term, subject(text="the COMPACT"))


def test_none_ignores_case_and_reads_the_fields_of_in() -> None:
    """`=` keeps the letters."""
    assert not matches(matcher("chips", none=("POTATO",)), "potato chips")
    assert matches(matcher("chips", none=("=POTATO",)), "potato chips")
    made = matcher("chips", none=("potato",), fields=(Field.TITLE,))
    assert matches(made, subject(title="chips", text="potato"))


def test_all_needs_every_item() -> None:
    """`all` beside `any`, and alone."""
    made = matcher("chips", all=("India", "tariff"))
    assert matches(made, "Tariffs on chips of India")
    assert not matches(made, "Tariffs on chips")
    assert not matches(matcher(all=("India", "tariff")), "India")
    assert matches(matcher(all=("India", "tariff")), "India, tariffs")


NOON = datetime(2025, 2, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (NOON, True),
        (NOON.replace(day=14), False),
        (datetime.fromisoformat("2025-02-14T03:00:00+05:30"), True),
        (NOON.replace(year=2022), False),
        (NOON.replace(year=2023, month=1, day=1), True),
        (None, True),
    ],
)
def test_a_term_holds_within_its_days(published: datetime | None, expected: bool) -> None:
    """Both ends inclusive, in UTC days; unknown passes."""
    made = matcher(Term(text="iCET", valid_from=date(2023, 1, 1), valid_until=date(2025, 2, 13)))
    assert matches(made, subject(title="The iCET round", published=published)) is expected


@pytest.mark.parametrize(
    ("language", "expected"), [("en", True), ("en-in", True), ("EN_US", True), ("fr", False), (None, True)]
)
def test_languages_exclude_only_on_a_declared_one(language: str | None, expected: bool) -> None:
    """Unknown passes."""
    made = matcher("chips", languages=("en", "hi"))
    assert matches(made, subject(title="chips", language=language)) is expected


@pytest.mark.parametrize(
    ("source", "expected"), [("times", True), ("herald", True), ("post", False), ("", True)]
)
def test_sources_are_ids_or_tags(source: str, expected: bool) -> None:
    """A source outside is excluded, an unknown one passes."""
    made = matcher("chips", sources=("times", "india-press"), tags={"herald": ("india-press",)})
    assert matches(made, subject(title="chips", source=source)) is expected


def test_a_commitment_is_a_rule_of_its_initiative() -> None:
    """It matches with a word of the context near, and files the article under itself."""
    promise = Commitment(id="ai", text="…", any=terms('roadmap NEAR/10 "AI infrastructure"'))
    made = matcher("TRUST initiative", context=("India",), commitments=(promise,))

    verdict = made.judge(subject(title="India, US publish roadmap for AI infrastructure"))
    assert verdict.matches[0].commitments == ("ai",)
    assert {it.term for it in verdict.matches[0].evidence} == {'roadmap NEAR/10 "AI infrastructure"'}

    assert not made.judge(subject(title="Firm publishes roadmap for AI infrastructure")).matches
    named = made.judge(subject(text="The TRUST initiative began."))
    assert named.matches[0].commitments == ()


def test_a_match_says_what_where_and_by_which_version() -> None:
    """Evidence holds the term as written, offsets in the original, and the words around."""
    title = "On the U.S.‑India TRUST™ initiative"
    made = matcher("U.S.–India TRUST initiative")

    (match,) = made.judge(subject(title=title)).matches

    (found,) = match.evidence
    assert title[found.start : found.end] == "U.S.‑India TRUST™ initiative"
    assert found.term == "U.S.–India TRUST initiative"
    assert found.snippet == title
    assert (match.initiative_id, match.watchlist_version, match.text_version) == ("it", "abc", 1)


def test_evidence_keeps_five_places_of_a_term_in_a_field() -> None:
    """A word that stands a hundred times does not fill the record."""
    assert len(evidence(matcher("chips"), subject(title="chips", text="chips " * 100))) == 6


@pytest.mark.parametrize(
    ("made", "article", "words"),
    [
        (matcher("chips", languages=("en",)), subject(title="chips", language="fr"), "languages: it is in “fr”"),
        (matcher("chips", sources=("a",)), subject(title="chips", source="b"), "sources: “b”"),
        (matcher(("chips", "India")), "Nothing", "any: none of its 2 terms occurs"),
        (matcher("TRUST"), "Trust is low", "“TRUST” stands in the title only as “Trust”"),
        (matcher("TRUST", exceptions=("trust fund",)), "A TRUST fund", "only in a phrase of `except`"),
        (
            matcher("TRUST", context=("India",)), "LOST TRUST IN BRIDGES",
            "“TRUST” stood in a headline in capitals only; no context within 30 words (India)",
        ),
        (
            matcher("TRUST", context=("India",)),
            subject(title="INDIA LOST TRUST", text="They trust no one."),
            "the running text has “trust” in small letters only",
        ),
        (matcher("TRUST"), "LOST TRUST IN BRIDGES", "no context is defined"),
        (matcher(Term(text="TRUST", near=("Modi",))), "The TRUST plan", "but not Modi within 30 words"),
        (matcher("chips AND India"), "New chips", "“chips” stands in the title, but India does not"),
        (matcher("chips", all=("India",)), "New chips", "all: “India” does not occur"),
        (matcher("chips", none=("potato",)), "Potato chips", "none: “potato” stands in the title"),
        (
            matcher(Term(text="iCET", valid_until=date(2025, 2, 13))),
            subject(title="iCET", published=NOON.replace(year=2026)),
            "“iCET” holds until 2025-02-13; the article is of 2026-02-13",
        ),
        (
            matcher("x1y", context=("India",), commitments=(Commitment(id="ai", text="", any=terms("roadmap")),)),
            "A roadmap", "commitment ai: “roadmap” stands in the title; no context within 30 words",
        ),
    ],
)  # fmt: skip
def test_a_miss_names_the_step_and_the_nearest_hit(made: Matcher, article: Article | str, words: str) -> None:
    """`explain` answers why not."""
    assert words in stopped(made, article)


def test_misses_are_given_only_when_asked_for() -> None:
    """The daemon pays nothing for them."""
    assert matcher("chips").judge(subject(title="Nothing")).misses == ()


_FILLER = st.sampled_from(
    ["the", "of", "India's", "x²", "ﬁne", "U.K.", "‘so’", "semi\u00adconductor", "半导体", "करी", "—", "."]
)
_WRITTEN = st.sampled_from(
    [
        "TRUST initiative",
        "TRUST™ initiative",
        "‘TRUST’ initiative",
        "TRUST\u00a0initiatives",
        "TRU\u00adST‑initiative",
        "ＴＲＵＳＴ initiative",
        "Trust Initiative",
    ]
)


@given(st.lists(_FILLER, max_size=8), _WRITTEN, st.lists(_FILLER, max_size=8))
def test_evidence_points_at_text_that_folds_to_the_term(
    before: list[str], written: str, after: list[str]
) -> None:
    """Whatever stands around, the offsets cut exactly the term out of the original."""
    text = " ".join([*before, written, *after])

    (found,) = evidence(matcher("TRUST initiative", context=("India",)), subject(title="India", text=text))

    cut = text[found.start : found.end]
    assert cut == written.strip("‘")
    assert fold(equalise(cut).text).replace("'", "").replace("-", " ").removesuffix("s") == "trust initiative"
    assert cut.split()[0] in found.snippet


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_a_matcher(title: str, text: str) -> None:
    """Articles are hostile input: any of them gets a verdict, and every offset lies in its field."""
    made = matcher(("a AND NOT b", "/[a-z]+1/", "I", "1*", '"a b"~2'), context=("c",), none=("zz9",))
    article = subject(title=title, text=text)
    for match in made.judge(article, explain=True).matches:
        for found in match.evidence:
            field = title if found.field is Field.TITLE else text
            assert 0 <= found.start < found.end <= len(field)
