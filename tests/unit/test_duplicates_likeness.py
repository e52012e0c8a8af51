"""How alike texts are, and whether likes are found."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.credits import without_credits
from crawler.duplicates import (
    band_keys,
    bands,
    containment,
    is_short,
    minhash,
    resemblance,
    shingles,
    tokens,
)
from crawler.records import Article

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def words(count: int, seed: int = 1) -> list[str]:
    source = random.Random(seed)
    return ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(count)]


def article(text: str = "", title: str = "", summary: str = "") -> Article:
    return Article(
        id="a", source_id="s", url="https://a.example/1", canonical_url="https://a.example/1",
        title=title, summary=summary, text=text, first_seen_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize(
    "credited",
    [
        "(Reuters) - The board met.",
        "LONDON (Reuters) - The board met.",
        "NEW DELHI, Feb 14 (PTI) The board met.",
        "New Delhi, Feb. 14 (PTI): The board met.",
        "WASHINGTON, March 3, 2026 (AP) — The board met.",
        "PARIS (AFP) – The board met.",
        "By Ann Lee\n\nLONDON (Reuters) - The board met.",
        "The board met.\n\nReporting by Ann Lee; Editing by Bo Ek",
        "The board met.\n\n(Reporting by Ann Lee)",
        "The board met.\n\n© 2026 Harbour Desk. All rights reserved.",
        "The board met.\n\nThis story has been published from a wire agency feed without modifications.",
    ],
)
def test_wire_credits_are_no_part_of_a_text(credited: str) -> None:
    """The same story is the same under any agency's mark."""
    assert tokens(without_credits(credited)) == ("the", "board", "met")


@pytest.mark.parametrize(
    "text",
    ["The board (a body of nine) met.", "Rates rose (see table) on Monday.", "Reporting rules changed."],
)
def test_brackets_in_running_text_stay(text: str) -> None:
    """Only an agency's name in brackets, and only at the start, is a credit."""
    assert without_credits(text) == text


def test_folding_hides_case_punctuation_and_compatibility_forms() -> None:
    """Typesetting makes no difference."""
    assert shingles("The “Board” met, at last — on №5!") == shingles("the board MET at last on No5")


def test_chinese_is_cut_by_characters() -> None:
    """A script without spaces has shingles too, of six characters."""
    assert "港 务 局 批 准 了" in shingles("港务局批准了两艘新渡轮的预算。")


def test_short_texts_are_not_judged_by_themselves() -> None:
    """29 words prove nothing; 30 are judged."""
    assert is_short(words(29))
    assert not is_short(words(30))
    assert minhash(frozenset(), 24) == ()


def test_resemblance_and_containment_are_set_arithmetic() -> None:
    """Jaccard similarity, and the share of the smaller set."""
    a, b = frozenset("abcd"), frozenset("cdefgh")
    assert resemblance(a, b) == 2 / 8
    assert containment(a, b) == 2 / 4
    assert resemblance(a, a) == 1.0
    assert resemblance(a, frozenset()) == containment(frozenset(), a) == 0.0


def test_a_signature_estimates_resemblance() -> None:
    """Within three standard errors."""
    base = words(400)
    edited = [*base[:300], *words(100, seed=2)]
    one, two = shingles(" ".join(base)), shingles(" ".join(edited))

    equal = sum(a == b for a, b in zip(minhash(one, 128), minhash(two, 128), strict=True)) / 128

    assert abs(equal - resemblance(one, two)) < 3 * 0.045


@pytest.mark.parametrize("changed", [0, 7, 127])
def test_one_changed_value_changes_one_band(changed: int) -> None:
    """An edit that touches a single MinHash value leaves all bands but its own alike."""
    original = tuple(range(128))
    edited = tuple(v + 1000 if i == changed else v for i, v in enumerate(original))

    differing = [a != b for a, b in zip(bands(original, 8), bands(edited, 8), strict=True)]

    assert differing.count(True) == 1


def test_bands_fit_a_signed_bigint_and_know_their_place() -> None:
    """Databases hold them, equal values elsewhere do not meet, kinds do not mix."""
    keys = bands((7,) * 128, 8)
    assert len(set(keys)) == 16
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert not set(keys) & set(bands((7,) * 128, 8, salt=b"lead"))


def test_a_signature_that_cannot_be_cut_is_refused() -> None:
    """Rather than cut short."""
    with pytest.raises(ValueError, match="128 values cannot be cut into bands of 7"):
        bands((0,) * 128, 7)


def test_results_are_the_same_in_every_process() -> None:
    """Stored bands stay valid over restarts, whatever the hash seed."""
    code = "from crawler.duplicates import bands, minhash; print(bands(minhash(set(map(str, range(99))), 24), 4))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert seen == {f"{bands(minhash(set(map(str, range(99))), 24), 4)}\n"}


def test_copies_share_a_band() -> None:
    """50 random texts and their copies with one word in 25 changed: all are found."""
    for seed in range(50):
        base = words(300, seed)
        copy = [word if n % 25 else "changed" for n, word in enumerate(base)]
        assert set(band_keys(article(" ".join(base)))) & set(band_keys(article(" ".join(copy))))


def test_a_cut_version_is_found_by_its_lead() -> None:
    """The first third of a story shares a band with the whole."""
    for seed in range(20):
        base = words(600, seed)
        assert set(band_keys(article(" ".join(base)))) & set(band_keys(article(" ".join(base[:200]))))


def test_an_article_without_text_is_found_by_title_and_lead() -> None:
    """Its keys do not depend on anything else, and too little gives none."""
    one = article(title="Board funds two new ferries for the harbour", summary="The vote was close.")
    two = article(title="Board funds two new ferries for the Harbour", summary="The vote was close, it said.")
    assert set(band_keys(one)) & set(band_keys(two))
    assert band_keys(article(title="Briefing")) == ()
    assert band_keys(article()) == ()


def test_no_article_has_many_keys() -> None:
    """Eighteen of a text however long, eight of a headline, each once."""
    for text, title, most in ((" ".join(words(5_000)), "", 18), ("", "Board funds two new ferries", 8)):
        keys = band_keys(article(text, title))
        assert len(keys) == len(set(keys)) == most


def test_unrelated_texts_share_nothing() -> None:
    """A thousand random texts, no common band."""
    seen: set[int] = set()
    for seed in range(300):
        keys = set(band_keys(article(" ".join(words(80, seed)))))
        assert not keys & seen
        seen |= keys
