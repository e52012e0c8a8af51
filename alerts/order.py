"""All words of one text in order: their numbers, sentences and runs in capitals (rules 4 and 5)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property

from alerts.fold import fold
from alerts.gaps import Gap, gap


class Order:
    """Made only where a rule asks for what takes all words; numbers count from 0.

    Args:
        text: equalised.
        words: start and end of each, in order.
    Attributes:
        places: where each word begins, rising.
    """

    def __init__(self, text: str, words: list[tuple[int, int]]) -> None:
        self._text = text
        self.places = [start for start, _ in words]
        self._ends = [end for _, end in words]

    def __len__(self) -> int:
        return len(self.places)

    def number(self, place: int) -> int:
        """How many words stand before the one that begins there."""
        return bisect_left(self.places, place)

    def place_after(self, at: int) -> int | None:
        """Where the next word begins behind `at`."""
        number = bisect_right(self.places, at)
        return self.places[number] if number < len(self) else None

    def words_at(self, start: int, end: int) -> tuple[int, int] | None:
        """Places of the first and the last word of `text[start:end]`; None when it cuts a word, or holds none."""
        first = bisect_left(self._ends, start + 1)
        last = bisect_left(self.places, end) - 1
        if first > last or self.places[first] < start or self._ends[last] > end:
            return None
        return self.places[first], self.places[last]

    def in_capitals(self, place: int) -> bool:
        """Whether the word stands in a run in capitals (rule 4)."""
        return self._capitals[self.number(place)]

    def begins_sentence_only(self, place: int) -> bool:
        """Whether a word has its one capital because a sentence begins with it."""
        number = self.number(place)
        letters = self._letters(number)
        begins = number == 0 or self._gap(number) in (Gap.SENTENCE, Gap.BLOCK)
        return begins and letters[:1].isupper() and letters[1:].islower()

    def _letters(self, number: int) -> str:
        return self._text[self.places[number] : self._ends[number]]

    def _between(self, number: int) -> str:
        """What stands between a word and the one before it."""
        return self._text[self._ends[number - 1] : self.places[number]]

    def _gap(self, number: int) -> Gap:
        return gap(self._between(number), fold(self._letters(number - 1)))

    def _is_possessive(self, number: int) -> bool:
        return number > 0 and self._between(number) in ("'", "`") and self._letters(number) in ("s", "S")

    @cached_property
    def _capitals(self) -> list[bool]:
        runs = [False] * len(self)
        begun = 0
        for number in range(1, len(self) + 1):
            if number == len(self) or self._gap(number) in (Gap.SENTENCE, Gap.BLOCK):
                self._mark_capitals(begun, number, runs)
                begun = number
        return runs

    def _mark_capitals(self, begun: int, ended: int, runs: list[bool]) -> None:
        """One sentence: all of it when every word is in capitals, else its rows of three such words or more."""
        row: list[int] = []
        whole = True
        for number in range(begun, ended):
            letters = self._letters(number)
            if not any(map(str.isalpha, letters)) or self._is_possessive(number):
                continue  # a figure, or the s of a possessive, says nothing
            if letters.isupper():
                row.append(number)
            else:
                whole = False
                _mark(row, runs, least=3)
                row = []
        _mark(row, runs, least=1 if whole else 3)


def _mark(row: list[int], runs: list[bool], *, least: int) -> None:
    if len(row) >= least:
        for number in row:
            runs[number] = True
