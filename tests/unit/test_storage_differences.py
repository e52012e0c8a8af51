"""A text as its difference to a later one: exact whatever the texts, small where they are alike."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.storage.differences import pack, unpack

# Few letters, so that lines and words are often the same ones; then anything that a database holds.
ALIKE = st.text(alphabet="ab \n", max_size=60)
ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(text=ALIKE, base=ALIKE)
def test_texts_of_the_same_lines_come_back_exactly(text: str, base: str) -> None:
    """Taken over, moved, repeated, left out, with and without ends of lines."""
    packed = pack(text * 9, base * 7)
    assert packed is None or unpack(packed, base * 7) == text * 9


@given(text=ANY, base=ANY)
def test_any_text_comes_back_exactly(text: str, base: str) -> None:
    """All letters of Unicode, NUL and every kind of line end among them."""
    packed = pack(text * 5, base)
    assert packed is None or unpack(packed, base) == text * 5


@given(st.data())
def test_an_edited_article_comes_back_exactly(data: st.DataObject) -> None:
    """Paragraphs changed, moved, added and removed, version after version."""
    paragraphs = st.lists(st.text(alphabet="abcd é大\n ", min_size=1, max_size=40), min_size=1, max_size=12)
    versions = ["\n\n".join(data.draw(paragraphs))]
    for _ in range(3):
        lines = versions[-1].split("\n\n")
        at = data.draw(st.integers(0, len(lines)))
        lines[at : at + data.draw(st.integers(0, 2))] = data.draw(paragraphs)[:2]
        versions.append("\n\n".join(data.draw(st.permutations(lines)) if data.draw(st.booleans()) else lines))

    kept = [pack(text, base) for text, base in pairwise(versions)]

    words = versions[-1]
    for text, packed in zip(reversed(versions[:-1]), reversed(kept), strict=True):
        words = text if packed is None else unpack(packed, words)
        assert words == text


def article(seed: int, words: int = 700) -> str:
    """Some 4,000 characters in paragraphs of fifty words."""
    chance = random.Random(seed)
    stock = [
        "".join(chance.choices("abcdefghilmnoprstu", k=chance.randint(2, 9)))
        for _ in range(max(300, words // 5))
    ]
    chosen = chance.choices(stock, k=words)
    return "\n\n".join(" ".join(chosen[at : at + 50]) for at in range(0, words, 50))


def test_a_changed_word_costs_some_bytes() -> None:
    """Not the text once more."""
    old = article(1)
    new = old.replace(old.split()[130], "fifteen", 1).replace(old.split()[400], "sixteen", 1)

    packed = pack(old, new)

    assert packed is not None
    assert len(packed) < len(old) / 40


def test_a_paragraph_more_or_in_another_place_costs_some_bytes() -> None:
    """Lines are found wherever they stand."""
    old = article(1)
    parts = old.split("\n\n")
    new = "\n\n".join(("A paragraph that is new.", *reversed(parts)))

    packed = pack(old, new)

    assert packed is not None
    assert len(packed) < len(old) / 20


@pytest.mark.parametrize(
    ("text", "base"), [("", "anything"), ("Twelve died.", "A flood in the south."), ("ab", "ab")]
)
def test_a_difference_that_does_not_pay_is_none(text: str, base: str) -> None:
    """A short text is kept as it is."""
    assert pack(text, base) is None


def test_a_difference_to_another_text_is_refused() -> None:
    """Never is a wrong text given out for the one that was kept."""
    old, new = article(1), article(1) + "\n\nThe end."
    packed = pack(old, new)

    assert packed is not None
    for wrong in (article(2), new.replace("e", "o"), new[:-1], "", new + "\n\n" + article(3)):
        try:
            assert unpack(packed, wrong) == old  # where the lines that count are the same
        except ValueError as refusal:
            assert "stored difference" in str(refusal)


@given(st.binary(max_size=80), ALIKE)
def test_bytes_that_are_no_difference_are_refused(packed: bytes, base: str) -> None:
    """Whatever a broken disk gives back."""
    with pytest.raises(ValueError, match="stored difference"):
        unpack(packed, base)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("x" * 200_000, "x" * 199_999 + "y"),
        ("\n" * 200_000, "\n" * 199_990),
        ("a\n" * 100_000, "b\n" * 100_000),
        ("a\nb\n" * 50_000, "b\na\n" * 50_000),
        (
            "".join(random.Random(1).choices("ab\n", k=200_000)),
            "".join(random.Random(2).choices("ab\n", k=200_000)),
        ),
        (article(3, 40_000), article(4, 40_000)),
        ("大" * 200_000, "小" * 200_000),
    ],
)
def test_the_longest_texts_take_a_fraction_of_a_second(text: str, base: str) -> None:
    """Also those on which a search for the longest match would not end."""
    started = time.process_time()
    packed = pack(text, base)

    assert packed is not None
    assert unpack(packed, base) == text
    assert time.process_time() - started < 2
