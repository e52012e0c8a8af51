"""One field of an article as the rules read it: words, what parts them, sentences, runs in capitals."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from enum import Enum
from functools import cached_property, lru_cache

from alerts.fold import equalise, fold
from alerts.words import at_stops, spans, vocabulary

_QUIET = re.compile(r"[\"'`*_]+")  # quotation marks and inline markup between two words
_BLOCK = re.compile(r"\n[^\S\n]*\n|\u2029")
_SENTENCE = re.compile(r"[.!?…](?=\s|$)|[。！？।॥؟۔]")
# A stop behind one of these ends no sentence.
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "mr mrs ms dr prof sen rep gov gen lt col sgt capt cmdr adm maj brig rev st jr sr vs dept "
        "jan feb mar apr jun jul aug sep sept oct nov dec",
    )
)
_SNIPPET = 90  # letters on each side, about 15 words
_BROKEN_FIRST, _BROKEN_LAST = re.compile(r"^\S*\s"), re.compile(r"\s\S*$")
_SPACES = re.compile(r"\s+")


class Gap(Enum):
    """What stands between two neighbouring words (rule 3)."""

    OPEN = "open"  # white space, an unspaced hyphen, quotes, markup: a phrase goes on
    DASH = "spaced dash"  # parts a phrase, except where the term has a hyphen
    SIGN = "sign"  # comma, colon, bracket, em dash …: parts a phrase, except where the term has it too
    SENTENCE = "sentence end"
    BLOCK = "block boundary"


class Text:
    """A field, equalised and cut into words once; word numbers count from 0.

    Each view of it is made at the first asking: most texts hold no word of any rule.

    Attributes:
        original: the field as it was.
        equal: the equalised text, letters in their own case.
    """

    def __init__(self, original: str, *, address: bool = False) -> None:
        self.original = original
        self._address = address  # a URL, where a full stop parts words: `example.org`, `page.html`
        self._equalised = equalise(original)
        self.equal = self._equalised.text

    @cached_property
    def vocabulary(self) -> set[str]:
        """The distinct folded words; asks for none of the rest."""
        words = vocabulary(self.equal)
        return {part for word in words for part in word.split(".")} if self._address else words

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        found = spans(self.equal)
        return [part for span in found for part in at_stops(self.equal, *span)] if self._address else found

    @cached_property
    def keys(self) -> list[str]:
        """The folded words."""
        folded = fold(self.equal)
        if len(folded) == len(self.equal):  # no letter grew, so the places are the same
            return [folded[start:end] for start, end in self._spans]
        return [fold(self.equal[start:end]) for start, end in self._spans]

    @cached_property
    def starts(self) -> list[int]:
        """Where each word begins in `equal`."""
        return [start for start, _ in self._spans]

    @cached_property
    def ends(self) -> list[int]:
        """Where each word ends in `equal`."""
        return [end for _, end in self._spans]

    @cached_property
    def index(self) -> dict[str, list[int]]:
        """Every folded word, and the numbers of its places, rising."""
        places: dict[str, list[int]] = {}
        for number, key in enumerate(self.keys):
            places.setdefault(key, []).append(number)
        return places

    def beginning_with(self, head: str) -> Iterator[str]:
        """The distinct folded words that begin so."""
        keys = self._sorted_keys
        for at in range(bisect_left(keys, head), len(keys)):
            if not keys[at].startswith(head):
                return
            yield keys[at]

    @cached_property
    def _sorted_keys(self) -> list[str]:
        return sorted(self.index)

    @cached_property
    def _capitals(self) -> list[bool]:
        return self._find_capitals()

    def __len__(self) -> int:
        return len(self.keys)

    def letters(self, number: int) -> str:
        """A word in its own case."""
        return self.equal[self.starts[number] : self.ends[number]]

    def between(self, number: int) -> str:
        """What stands between a word and the one before it; `number` is at least 1."""
        return self.equal[self.ends[number - 1] : self.starts[number]]

    def gap(self, number: int) -> Gap:
        """The kind of `between(number)`."""
        between = self.between(number)
        kind = classify(between) if len(between) <= 32 else _classify(between)
        if kind is Gap.SENTENCE and self.keys[number - 1] in _ABBREVIATIONS and between.lstrip(".").isspace():
            return Gap.OPEN
        return kind

    def is_possessive(self, number: int) -> bool:
        """Whether the word is the `s` of `India's`."""
        return number > 0 and self.keys[number] == "s" and self.between(number) in ("'", "`")

    def in_capitals(self, number: int) -> bool:
        """Whether the word stands in a run in capitals (rule 4)."""
        return self._capitals[number]

    def begins_sentence_only(self, number: int) -> bool:
        """Whether a word has its one capital because a sentence begins with it."""
        letters = self.letters(number)
        begins = number == 0 or self.gap(number) in (Gap.SENTENCE, Gap.BLOCK)
        return begins and letters[:1].isupper() and letters[1:].islower()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `original` of a piece of `equal` that is not empty."""
        return self._equalised.span(start, end)

    def paragraphs(self) -> Iterator[tuple[int, int]]:
        """Start and end in `equal` of every block."""
        begun = 0
        for boundary in _BLOCK.finditer(self.equal):
            yield begun, boundary.start()
            begun = boundary.end()
        yield begun, len(self.equal)

    def words_at(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last word of `equal[start:end]`; None when it cuts a word, or holds none."""
        first = bisect_left(self.ends, start + 1)
        last = bisect_left(self.starts, end) - 1
        if first > last or self.starts[first] < start or self.ends[last] > end:
            return None
        return first, last

    def word_after(self, at: int) -> int | None:
        """Where the next word begins in `equal` behind `at`."""
        number = bisect_right(self.starts, at)
        return self.starts[number] if number < len(self.starts) else None

    def snippet(self, start: int, end: int) -> str:
        """The words around `original[start:end]` within its paragraph, in one line."""
        low, high = max(0, start - _SNIPPET), min(len(self.original), end + _SNIPPET)
        cut_before, cut_after = low > 0, high < len(self.original)
        for boundary in _BLOCK.finditer(self.original, low, high):
            if boundary.end() <= start:
                low, cut_before = boundary.end(), False
            elif boundary.start() >= end:
                high, cut_after = boundary.start(), False
                break
        before, after = self.original[low:start], self.original[end:high]
        if cut_before:
            before = "…" + (before if self.original[low - 1].isspace() else _BROKEN_FIRST.sub("", before))
        if cut_after:
            after = (after if self.original[high].isspace() else _BROKEN_LAST.sub("", after)) + "…"
        return _SPACES.sub(" ", before + self.original[start:end] + after).strip()

    def _find_capitals(self) -> list[bool]:
        runs = [False] * len(self)
        begun = 0
        for number in range(1, len(self) + 1):
            if number == len(self) or self.gap(number) in (Gap.SENTENCE, Gap.BLOCK):
                self._mark_capitals(begun, number, runs)
                begun = number
        return runs

    def _mark_capitals(self, begun: int, ended: int, runs: list[bool]) -> None:
        """One sentence: all of it when every word is in capitals, else its rows of three such words or more."""
        row: list[int] = []
        whole = True
        for number in range(begun, ended):
            letters = self.letters(number)
            if letters.isupper():
                row.append(number)
            elif not any(map(str.isalpha, letters)) or self.is_possessive(number):
                continue  # a figure, or the s of a possessive, says nothing
            else:
                whole = False
                _mark(row, runs, least=3)
                row = []
        _mark(row, runs, least=1 if whole else 3)


def _mark(row: list[int], runs: list[bool], *, least: int) -> None:
    if len(row) >= least:
        for number in row:
            runs[number] = True


def signs(between: str) -> str:
    """The signs of a gap that are neither space nor quotation mark, with hyphens and dashes as they are."""
    return "".join(_QUIET.sub("", between).split())


def _classify(between: str) -> Gap:
    if between in (" ", "-", ""):
        return Gap.OPEN
    if _BLOCK.search(between):
        return Gap.BLOCK
    bare = _QUIET.sub("", between)
    if _SENTENCE.search(bare):
        return Gap.SENTENCE
    sign = bare.strip()
    if not sign:
        return Gap.OPEN
    if sign == "-":
        return Gap.OPEN if bare == "-" else Gap.DASH
    return Gap.SIGN


classify = lru_cache(maxsize=4096)(_classify)
