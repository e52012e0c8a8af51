"""Which leaves of the rules a text could hold, found in one pass over it, whatever their number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from alerts.automaton import Automaton
from alerts.fold import without_stops
from alerts.lexicon import Leaf, rarity
from alerts.patterns import Pattern
from alerts.phrase import Phrase, Word
from alerts.text import Text


class Index:
    """By which words each leaf is found; a pattern may be anywhere.

    A phrase is found by its two rarest words, so that a common name such as `Bank One` costs little where only one
    of them stands; what else must be there is looked for after that.

    Args:
        leaves: in the order of their numbers.
        apart: find a phrase wherever all its words stand, not only where they stand in a row.
    """

    def __init__(self, leaves: Sequence[Leaf], *, apart: bool = False) -> None:
        self._always = frozenset(leaf.number for leaf in leaves if isinstance(leaf.finder, Pattern))
        self._phrases: dict[int, _Rest] = {}
        words: dict[str, int] = {}  # key → its number
        heads: dict[str, list[tuple[re.Pattern[str], int]]] = {}
        self._leaves: dict[int, list[int]] = {}  # by the number of a word
        self._seconds: dict[
            int, frozenset[int]
        ] = {}  # numbers of another word of a leaf, one of which must be there
        for leaf in leaves:
            if isinstance(leaf.finder, Pattern):
                continue
            sought, *others = _by_rarity(leaf.finder)
            if sought.pattern is None:
                for key in sought.keys:
                    self._leaves.setdefault(words.setdefault(key, len(words)), []).append(leaf.number)
            else:
                (head,) = sought.keys
                heads.setdefault(head, []).append((sought.pattern, leaf.number))
            if others and others[0].pattern is None:
                numbers = (words.setdefault(key, len(words)) for key in others[0].keys)
                self._seconds[leaf.number] = frozenset(numbers)
                others = others[1:]
            if not leaf.finder.is_single:
                self._phrases[leaf.number] = _Rest(leaf.finder, others, in_row=not apart)
        self._automaton = Automaton(tuple(words), tuple(heads))
        self._words = len(words)
        self._heads = list(heads.items())

    def glance(self, text: str) -> set[int] | None:
        """Numbers of the leaves that a text which `quick` gave could hold; None where that takes its words."""
        numbers = self._automaton.find(text)
        if not numbers:
            return set(self._always)
        if self._heads and max(numbers) >= self._words:
            return None
        found = self._paired(numbers)
        return self._standing(found, without_stops(text)) if found else set(self._always)

    def active(self, texts: Sequence[Text]) -> set[int]:
        """Numbers of the leaves that these texts could hold; none is missed."""
        folded = "\n".join(text.folded for text in texts)
        numbers = self._automaton.find(folded)
        found = self._paired(numbers)
        for number in numbers:
            if number >= self._words:
                begun = _begun(*self._heads[number - self._words], texts)
                found += (leaf for leaf in begun if self._has_second(leaf, numbers))
        return self._standing(found, folded)

    def _paired(self, numbers: set[int]) -> list[int]:
        """Leaves of which the rarest word is there, and the second of a phrase, too."""
        return [
            leaf
            for number in numbers
            for leaf in self._leaves.get(number, ())
            if self._has_second(leaf, numbers)
        ]

    def _has_second(self, leaf: int, numbers: set[int]) -> bool:
        second = self._seconds.get(leaf)
        return second is None or not second.isdisjoint(numbers)

    def _standing(self, leaves: Iterable[int], folded: str) -> set[int]:
        """Those of the leaves whose other words stand in the text, too, and those that are always asked for."""
        found = {
            leaf for leaf in leaves if (rest := self._phrases.get(leaf)) is None or rest.may_stand(folded)
        }
        return found | self._always


class _Rest:
    """What must stand in a text beside the words by which a phrase was found."""

    __slots__ = ("_others", "_row")

    def __init__(self, phrase: Phrase, others: Iterable[Word], *, in_row: bool) -> None:
        self._others = tuple(word.keys for word in others)
        self._row = phrase if in_row else None

    def may_stand(self, folded: str) -> bool:
        """Whether all words, in one of their forms, are there, and in a row where they must be."""
        for keys in self._others:
            for key in keys:
                if key in folded:
                    break
            else:
                return False
        row = self._row.row if self._row is not None and folded.isascii() else None
        return row is None or row.search(folded) is not None


def _by_rarity(phrase: Phrase) -> list[Word]:
    """The words of a phrase, the one it is indexed by first, then plain ones before patterns, rare ones first."""
    anchor = phrase.words[phrase.anchor]
    others = [word for number, word in enumerate(phrase.words) if number != phrase.anchor]
    return [anchor, *sorted(others, key=lambda word: (word.pattern is None, rarity(word.keys)), reverse=True)]


def _begun(
    head: str, patterns: Sequence[tuple[re.Pattern[str], int]], texts: Sequence[Text]
) -> Iterator[int]:
    """Of the leaves whose first letters stand in a text, those of which a whole word does."""
    keys = {text.key(place) for text in texts for place in text.beginning_with(head)}
    return (leaf for pattern, leaf in patterns if any(map(pattern.fullmatch, keys)))
