"""Which leaves of the rules a text could hold, found in one pass over it, whatever their number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from alerts.automaton import Automaton, words_of
from alerts.fold import without_stops
from alerts.lexicon import Leaf, rarity
from alerts.patterns import Pattern
from alerts.phrase import Phrase
from alerts.text import Text

_FEW = 3  # phrases that are looked for one by one in a text; for more of them it is cut into words


class Index:
    """By which one word each leaf is found, and what else must stand there; a pattern may be anywhere.

    Args:
        leaves: in the order of their numbers.
        apart: find a phrase wherever all its words stand, not only where they stand in a row.
    """

    def __init__(self, leaves: Sequence[Leaf], *, apart: bool = False) -> None:
        self._always = frozenset(leaf.number for leaf in leaves if isinstance(leaf.finder, Pattern))
        self._phrases: dict[int, _Phrase] = {}  # those of several words
        words: dict[str, list[int]] = {}
        heads: dict[str, list[tuple[re.Pattern[str], int]]] = {}
        for leaf in leaves:
            if isinstance(leaf.finder, Pattern):
                continue
            sought = leaf.finder.words[leaf.finder.anchor]
            for key in sought.keys:
                if sought.pattern is None:
                    words.setdefault(key, []).append(leaf.number)
                else:
                    heads.setdefault(key, []).append((sought.pattern, leaf.number))
            if not leaf.finder.is_single:
                self._phrases[leaf.number] = _Phrase(leaf.finder, in_row=not apart)
        self._automaton = Automaton(tuple(words), tuple(heads))
        self._words = list(words.values())
        self._heads = list(heads.items())

    def glance(self, text: str) -> set[int] | None:
        """Numbers of the leaves that a text which `quick` gave could hold; None where that takes its words."""
        numbers = self._automaton.find(text)
        if not numbers:
            return set(self._always)
        if self._heads and max(numbers) >= len(self._words):
            return None
        return self._standing(
            (leaf for number in numbers for leaf in self._words[number]), without_stops(text)
        )

    def active(self, texts: Sequence[Text]) -> set[int]:
        """Numbers of the leaves that these texts could hold; none is missed."""
        folded = "\n".join(text.folded for text in texts)
        found: list[int] = []
        for number in self._automaton.find(folded):
            if number < len(self._words):
                found += self._words[number]
            else:
                found += _begun(*self._heads[number - len(self._words)], texts)
        return self._standing(found, folded)

    def _standing(self, leaves: Iterable[int], folded: str) -> set[int]:
        """Those of the leaves whose other words stand in the text, too, and those that are always asked for."""
        found = set(leaves)
        phrases = found & self._phrases.keys()
        words = words_of(folded) if len(phrases) > _FEW else None
        for leaf in phrases:
            if not self._phrases[leaf].may_stand(folded, words):
                found.discard(leaf)
        return found | self._always


class _Phrase:
    """What must stand in a text beside the word by which a phrase was found."""

    __slots__ = ("_others", "_plain", "_row")

    def __init__(self, phrase: Phrase, *, in_row: bool) -> None:
        others = [word for number, word in enumerate(phrase.words) if number != phrase.anchor]
        plain = [word.keys for word in others if word.pattern is None and all(map(_is_plain, word.keys))]
        self._plain = tuple(frozenset(key.encode() for key in keys) for keys in plain)  # words as they are
        self._others = tuple(sorted((word.keys for word in others), key=rarity, reverse=True))
        self._row = phrase if in_row else None

    def may_stand(self, folded: str, words: frozenset[bytes] | None) -> bool:
        """Whether all words, in one of their forms, are there, and in a row where they must be.

        Args:
            words: those of the text, where they are known.
        """
        if words is not None:
            for forms in self._plain:
                if words.isdisjoint(forms):
                    return False
        for keys in self._others:
            for key in keys:
                if key in folded:
                    break
            else:
                return False
        row = self._row.row if self._row is not None and folded.isascii() else None
        return row is None or row.search(folded) is not None


def _is_plain(key: str) -> bool:
    return key.isascii() and key.isalnum()


def _begun(
    head: str, patterns: Sequence[tuple[re.Pattern[str], int]], texts: Sequence[Text]
) -> Iterator[int]:
    """Of the leaves whose first letters stand in a text, those of which a whole word does."""
    keys = {text.key(place) for text in texts for place in text.beginning_with(head)}
    return (leaf for pattern, leaf in patterns if any(map(pattern.fullmatch, keys)))
