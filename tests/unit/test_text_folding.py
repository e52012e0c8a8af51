"""Equalised text, words, gaps and runs in capitals: rules 1 to 4 of the watchlist language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.automaton import Automaton
from alerts.fold import equalise, fold, quick
from alerts.gaps import Gap
from alerts.plurals import forms, name_forms
from alerts.snippet import snippet
from alerts.text import Text


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("TRUST™ initiative®", "TRUST initiative"),
        ("TRUST² initiative", "TRUST initiative"),
        ("TRUST(TM) and INDUS-X(R)", "TRUST and INDUS-X"),
        ("TRUST[1] initiative† and COMPACT*", "TRUST initiative and COMPACT"),
        ("a signed 5 * 4 and E*TRADE", "a signed 5 * 4 and E*TRADE"),
        ("U.S.-India, the N.S.F. said", "US-India, the NSF said"),
        ("the U.S. and (U.K.)", "the US and (UK)"),
        ("A.Smith met B.Tech students. Then", "A.Smith met B.Tech students. Then"),
        ("semi\u00adcon\u200bductor", "semiconductor"),
        ("\ufeffcafe\u0301 \u202eok\u202c", "café ok"),
        ("ＴＲＵＳＴ ﬁrst", "TRUST first"),
        ("INDUS‐X INDUS‑X INDUS–X INDUS−X", "INDUS-X INDUS-X INDUS-X INDUS-X"),
        ("“quoted” «ainsi» ‘so’ ʼs", '"quoted" "ainsi" \'so\' \'s'),
        ("a\u00a0b\u2009c\u3000d", "a b c d"),
        ("now — then", "now — then"),
        ("여기 한글", "여기 한글"),
    ],
)
def test_texts_that_read_alike_become_one_spelling(written: str, reads: str) -> None:
    """Trade marks, notes, hidden signs and kinds of quote, hyphen and space make no difference."""
    assert equalise(written).text == reads


@pytest.mark.parametrize(
    ("written", "piece", "original"),
    [
        ("the U.S.-India talks", "US-India", "U.S.-India"),
        ("a semi\u00adconductor plant", "semiconductor", "semi\u00adconductor"),
        ("the cafe\u0301 budget", "café", "cafe\u0301"),
        ("ﬁrst ﬁne", "fine", "ﬁne"),
        ("TRUST™ initiative", "TRUST initiative", "TRUST™ initiative"),
        ("x² — U.K. TRUST[2]", "UK TRUST", "U.K. TRUST"),
    ],
)
def test_offsets_lead_back_to_the_original(written: str, piece: str, original: str) -> None:
    """Whatever was cut, joined or spread, evidence points at what the reader saw."""
    equal = equalise(written)
    at = equal.text.index(piece)

    start, end = equal.span(at, at + len(piece))

    assert written[start:end] == original


@given(st.text(max_size=60))
def test_every_word_points_at_letters_that_fold_to_it(written: str) -> None:
    """Any text at all: each word's place in the original reads as that word."""
    text = Text(written)
    for place in text.order.places:
        key = text.key(place)
        start, end = text.span(place, text.end(place))
        assert 0 <= start < end <= len(written)
        if written.isascii():
            assert fold(equalise(written[start:end]).text).replace(".", "") == key.replace(".", "")


@given(st.lists(st.text(max_size=60), max_size=3))
def test_the_automaton_misses_no_word_and_no_beginning(written: list[str]) -> None:
    """The one pass that decides what is looked at closely sees all that the slow way does."""
    texts = [Text(one) for one in written]
    keys = sorted({text.key(place) for text in texts for place in text.order.places})
    heads = [key[:1] for key in keys]

    found = Automaton(keys, heads).find("\n".join(text.folded for text in texts))

    assert found == set(range(2 * len(keys)))
    if (folded := quick("\n".join(written))) is not None:
        assert Automaton(keys, heads).find(folded) == found


@given(st.text(max_size=60))
def test_a_word_is_found_at_all_its_places(written: str) -> None:
    """Also in texts where a letter grows when its case is taken away."""
    text = Text(written)
    keys = {place: text.key(place) for place in text.order.places}
    for key in keys.values():
        assert text.places(key) == [place for place, one in keys.items() if one == key]
        assert list(text.beginning_with(key[:1])) == [
            at for at, one in keys.items() if one.startswith(key[:1])
        ]


@given(st.text(max_size=60))
def test_words_read_one_by_one_are_those_of_the_whole_text(written: str) -> None:
    """Around a hit only the pieces between blanks are cut into words."""
    read, whole = Text(written), Text(written).order
    if whole.places:
        assert list(read.row(whole.places[0], whole.places[-1])) == whole.places
        assert read.following(whole.places[-1]) is None


def words(text: str) -> list[str]:
    cut = Text(text)
    return [cut.letters(place) for place in cut.order.places]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("India's l'Inde İstanbul'da", ["India", "s", "l", "Inde", "İstanbul", "da"]),
        ("trust_fund", ["trust", "fund"]),
        ("anti-trust law", ["anti", "trust", "law"]),
        ("Node.js costs 1,000.50 in 2030.", ["Node.js", "costs", "1,000.50", "in", "2030"]),
        ("COMPACT:India,US", ["COMPACT", "India", "US"]),
        ("5G, 25G", ["5G", "25G"]),
        ("करी और कर।", ["करी", "और", "कर"]),
        ("今日のiCETに5G", ["今", "日", "の", "iCET", "に", "5G"]),
        ("COVIDवैक्सीन", ["COVID", "वैक्सीन"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ('ארה"ב היום', ['ארה"ב', "היום"]),
        ("naïve café", ["naïve", "café"]),
    ],
)
def test_words_are_those_of_the_unicode_annex_with_three_changes(text: str, expected: list[str]) -> None:
    """Marks belong to their letter; apostrophes, underscores and a change of script part."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("TRUST initiative", Gap.OPEN),
        ("TRUST\n  initiative", Gap.OPEN),
        ("TRUST-initiative", Gap.OPEN),
        ("TRUST–initiative", Gap.OPEN),
        ("'TRUST' initiative", Gap.OPEN),
        ("“TRUST” initiative", Gap.OPEN),
        ("**TRUST** _initiative_", Gap.OPEN),
        ("Dr. Jaishankar", Gap.OPEN),
        ("TRUST – initiative", Gap.DASH),
        ("TRUST- initiative", Gap.DASH),
        ("TRUST—initiative", Gap.SIGN),
        ("TRUST — initiative", Gap.SIGN),
        ("TRUST, initiative", Gap.SIGN),
        ("TRUST: initiative", Gap.SIGN),
        ("TRUST; initiative", Gap.SIGN),
        ("TRUST/initiative", Gap.SIGN),
        ("TRUST (initiative)", Gap.SIGN),
        ("TRUST. Initiative", Gap.SENTENCE),
        ("TRUST! Initiative", Gap.SENTENCE),
        ("कर। नया", Gap.SENTENCE),
        ("TRUST\n\ninitiative", Gap.BLOCK),
        ("TRUST\n \t\ninitiative", Gap.BLOCK),
    ],
)
def test_what_stands_between_two_words(text: str, gap: Gap) -> None:
    """Space, unspaced hyphens, quotes and markup let a phrase go on; all else parts it, each in its way."""
    cut = Text(text)
    assert cut.gap(*cut.order.places[:2]) is gap


@pytest.mark.parametrize(
    ("text", "in_capitals"),
    [
        ("INDIA LOSES TRUST", "INDIA LOSES TRUST"),
        ("TRUST", "TRUST"),
        ("India signs the COMPACT", ""),
        ("TS ICET 2026 results declared", ""),
        ("INDIA, US WIDEN TRUST: report", "INDIA US WIDEN TRUST"),
        ("VOTERS' TRUST IN INDIA’s COUNCIL", "VOTERS TRUST IN INDIA COUNCIL"),
        ("It grew. TRUST FUND. It fell", "TRUST FUND"),
        ("US BTA talks", ""),
        ("G20 2030 BTA MSP talks", "G20 BTA MSP"),
        ("美国 TRUST 倡议", ""),
    ],
)
def test_a_run_in_capitals(text: str, in_capitals: str) -> None:
    """A title or sentence all in capitals, or three such words in a row; figures say nothing."""
    cut = Text(text)
    found = [cut.letters(place) for place in cut.order.places if cut.order.in_capitals(place)]
    assert " ".join(found) == in_capitals


def test_a_snippet_is_one_line_of_one_paragraph() -> None:
    """White space collapses, neighbours of the paragraph stay out, and cuts are marked."""
    paragraph = "Before it " * 20 + "the TRUST\n initiative began " + "and after it " * 20
    original = f"Other paragraph.\n\n{paragraph}\n\nNext paragraph."
    start = original.index("TRUST")

    shown = snippet(original, start, start + len("TRUST\n initiative"))

    assert "the TRUST initiative began" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "paragraph" not in shown
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("initiative", {"initiatives"}),
        ("country", {"countries"}),
        ("countries", {"country", "countrie"}),
        ("wish", {"wishes"}),
        ("chips", {"chip"}),
        ("law", set()),
        ("news", {"newses"}),
        ("indus", {"induses"}),
        ("कर", set()),
    ],
)
def test_singular_and_plural(word: str, others: set[str]) -> None:
    """English endings from four letters on."""
    assert forms(word) == {word, *others}


def test_a_name_takes_only_an_s() -> None:
    """MSPs is the plural of MSP; US has none."""
    assert name_forms("MSP") == {"MSP", "MSPs"}
    assert name_forms("MSPs") == {"MSP", "MSPs"}
    assert name_forms("US") == {"US"}


def test_marks_without_end_are_put_into_order_some_at_a_time() -> None:
    """Of those beyond the thirtieth on a letter nothing is moved: to order all of them takes n * n steps."""
    unordered = "\u0301\u0323" * 40  # an acute, and a dot below that comes before it
    folded = equalise("e" + unordered).text
    assert folded.startswith("\u1eb9")
    assert folded.count("\u0301\u0323") == 2  # places where one part ends and the next begins
