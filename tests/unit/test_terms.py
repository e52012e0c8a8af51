"""The words that say what an article is about."""

from __future__ import annotations

import pytest

from crawler.records import Article
from crawler.terms import IN_TITLE, LEAD, READ, UNCONFIRMED, keys, terms, words
from tests.fakes.clock import NOON


def article(title: str = "", text: str = "", summary: str = "") -> Article:
    return Article(
        id="1",
        source_id="times",
        url="",
        canonical_url="",
        title=title,
        text=text,
        summary=summary,
        first_seen_at=NOON,
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tariffs on Indian goods", ["tariff", "on", "indian", "good"]),
        ("the TARIFF’s end, Trump's word", ["the", "tariff", "end", "trump", "word"]),
        ("1,200 jobs and $3.5bn", ["1200", "jobs", "and", "35", "bn"]),
        ("countries, glass, gas, buses", ["country", "glass", "gas", "buse"]),
        ("a b c", []),
        ("Zürich ＴＲＵＳＴ", ["zürich", "trust"]),
        ("東京都で会談", ["東京", "京都", "都で", "で会", "会談"]),
        ("印 and India", ["印", "and", "india"]),
        ("Ukraine\xe2\x80\x99s army", ["ukraine", "army"]),  # UTF-8 that was read as Latin-1
        ("Â© âge", ["âge"]),  # no such accident
        ("", []),
    ],
)
def test_words_are_folded_and_without_their_plural(text: str, found: list[str]) -> None:
    assert list(words(text)) == found


def test_title_and_lead_count_more() -> None:
    """The first 60 words count twice, those of the title two times more, what follows the first 200 not at all."""
    text = " ".join(
        ["ferry", *(f"word{n}" for n in range(LEAD)), "harbour", *(f"more{n}" for n in range(READ)), "storm"]
    )
    counted = terms(article("Ferry runs aground", text))
    assert counted["ferry"] == 2 + IN_TITLE
    assert counted["harbour"] == 1
    assert "storm" not in counted


def test_a_word_of_the_title_that_the_text_does_not_hold_counts_little() -> None:
    counted = terms(article("Shock as ferry sinks", "The ferry sank in the harbour."))
    assert counted["shock"] == UNCONFIRMED
    assert terms(article("Shock as ferry sinks"))["shock"] == IN_TITLE


def test_what_an_agency_puts_around_a_text_does_not_count() -> None:
    for credit in ("LONDON (Reuters) - ", "KOCHI, Feb 3 (Deccan Wire) — "):
        counted = terms(article("", f"{credit}The ferry sank in the harbour on Monday."))
        assert set(counted) == {"the", "ferry", "sank", "in", "harbour", "on", "monday"}


def test_without_a_text_the_summary_counts() -> None:
    assert terms(article("Ferry", summary="It sank in the harbour."))["harbour"] == 2


def test_an_article_is_found_by_its_twenty_heaviest_words() -> None:
    """The same on every machine, 64 bits, signed."""
    heavy = {f"word{n}": float(n) for n in range(30)}
    assert len(keys(heavy)) == 20
    assert keys({"ferry": 1.0}) == (keys(heavy | {"ferry": 99.0})[0],)
    assert all(-(2**63) <= key < 2**63 for key in keys(heavy))
    assert keys({}) == ()
