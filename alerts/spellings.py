"""Other spellings of terms that stand in a text: words joined, parted or one letter off; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from alerts.common_words import is_common
from alerts.naming import WORD, plain, squeezed
from alerts.plurals import forms

_LONG_ENOUGH = 6  # letters; a shorter word with one letter changed is another word
_LEAST_JOINED = 5  # letters in all of a term whose words may be joined or parted
_MOST_WORDS = 6


class Spellings:
    """Made for the terms of one initiative.

    Args:
        terms: literal words and phrases.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self._joined: dict[str, str] = {}  # letters → term
        self._gapped: dict[tuple[str, ...], list[tuple[str, str]]] = {}  # words but one → that one, term
        self._words: dict[str, list[tuple[str, str]]] = {}  # a single word without one letter → it, term
        self._known: set[str] = set()
        for term in terms:
            words = plain(term).split()
            if not words or len(words) > _MOST_WORDS:
                continue
            self._known.add(" ".join(words))
            if len(squeezed(term)) >= _LEAST_JOINED:
                self._joined.setdefault(squeezed(term), term)
            for at, word in enumerate(words):
                if len(word) < _LONG_ENOUGH or not word.isalpha():
                    continue
                if len(words) > 1:
                    key = (*words[:at], "", *words[at + 1 :])
                    self._gapped.setdefault(key, []).append((word, term))
                else:
                    for part in {word, *_without_one(word)}:
                        self._words.setdefault(part, []).append((word, term))

    def joined_in(self, text: str) -> bool:
        """Whether the letters of a term stand in `text` in a row."""
        letters = squeezed(text)
        return any(key in letters for key in self._joined)

    def others(self, text: str) -> Iterator[tuple[str, str]]:
        """Terms, each with a place of `text` that means it in another spelling than the term reads."""
        found = list(WORD.finditer(text))
        keys = [plain(word.group().removesuffix("'s")) for word in found]
        for at in range(len(found)):
            for size in range(1, min(_MOST_WORDS, len(found) - at) + 1):
                words = tuple(" ".join(keys[at : at + size]).split())
                term = self._joined.get("".join(words)) or self._misspelt(words)
                if term is not None and " ".join(words) not in self._known and not _is_plural(words, term):
                    start, end = found[at].start(), found[at + size - 1].end()
                    yield term, " ".join(text[start:end].removesuffix("'s").split())

    def _misspelt(self, words: tuple[str, ...]) -> str | None:
        if len(words) == 1:
            for part in (words[0], *_without_one(words[0])) if len(words[0]) >= _LONG_ENOUGH else ():
                for word, term in self._words.get(part, ()):
                    if _is_slip(words[0], word):
                        return term
            return None
        for at, word in enumerate(words):
            for other, term in islice(self._gapped.get((*words[:at], "", *words[at + 1 :]), ()), 8):
                if _is_slip(word, other):
                    return term
        return None


def _is_slip(word: str, other: str) -> bool:
    """Whether a word may be another with one letter changed, left out or put in; a common one is a word of its own."""
    if word == other or word[0] != other[0] or not word.isalpha() or is_common(word):
        return False
    if len(word) < _LONG_ENOUGH or abs(len(word) - len(other)) > 1:
        return False
    if len(word) == len(other):
        return sum(map(str.__ne__, word, other)) == 1
    short, long = sorted((word, other), key=len)
    return short in _without_one(long)


def _is_plural(words: tuple[str, ...], term: str) -> bool:
    """Whether the words are those of the term, the last in singular or plural."""
    *theirs, last = plain(term).split()
    return list(words[:-1]) == theirs and words[-1] in forms(last)


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))
