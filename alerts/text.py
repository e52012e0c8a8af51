"""One field of an article as the rules read it: the words at and around a place, cut out only there.

A *place* is where a word begins in the equalised text. Most rules ask for the words at their hits and no others,
so a long text costs no more than a short one; what needs all words, such as a distance, makes an `Order`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from alerts import gaps
from alerts.fold import equalise, fold
from alerts.gaps import BLOCK, Gap
from alerts.order import Order
from alerts.words import at_stops, spans

_OF_A_WORD = re.compile(r"[^\W_]")


class Text:
    """A field, equalised.

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
        self._runs: dict[int, _Run] = {}  # by where they begin

    @cached_property
    def folded(self) -> str:
        """The equalised text with its case taken away; a letter may have become two."""
        return fold(self.equal)

    @cached_property
    def order(self) -> Order:
        """All words, numbered."""
        return Order(self.equal, self._cut(0, len(self.equal)))

    # -- words at a place ----------------------------------------------------------------------------

    def places(self, key: str) -> list[int]:
        """Where a word reads so when folded, rising."""
        if not self._is_level:
            return self._index.get(key, [])
        found, size = [], len(key)
        at = self.folded.find(key)
        while at >= 0:
            if self._run(at).ends.get(at) == at + size:
                found.append(at)
            at = self.folded.find(key, at + size)
        return found

    def beginning_with(self, head: str) -> Iterator[int]:
        """Where a word begins so when folded, rising."""
        if not self._is_level:
            yield from sorted(
                at for key, places in self._index.items() if key.startswith(head) for at in places
            )
            return
        at = self.folded.find(head)
        while at >= 0:
            if self.is_place(at):
                yield at
            at = self.folded.find(head, at + 1)

    def is_place(self, at: int) -> bool:
        """Whether a word begins at a sign that is no blank."""
        return at in self._run(at).ends

    def end(self, place: int) -> int:
        """Where the word ends in `equal`."""
        return self._run(place).ends[place]

    def letters(self, place: int) -> str:
        """The word in its own case."""
        return self.equal[place : self.end(place)]

    def key(self, place: int) -> str:
        """The word, folded."""
        return self.folded[place : self.end(place)] if self._is_level else fold(self.letters(place))

    def following(self, place: int) -> int | None:
        """The place of the next word."""
        run = self._run(place)
        number = bisect_right(run.starts, place)
        while number == len(run.starts):
            found = _OF_A_WORD.search(self.equal, run.end)
            if found is None:
                return None
            run, number = self._run(found.start()), 0
        return run.starts[number]

    def row(self, first: int, last: int) -> Iterator[int]:
        """The places of all words from one to another."""
        at: int | None = first
        while at is not None and at <= last:
            yield at
            at = self.following(at)

    def between(self, one: int, following: int) -> str:
        """What stands between two neighbouring words."""
        return self.equal[self.end(one) : following]

    def gap(self, one: int, following: int) -> Gap:
        """The kind of `between`."""
        return gaps.gap(self.between(one, following), self.key(one))

    def is_possessive(self, one: int, following: int) -> bool:
        """Whether the second of two neighbours is the `s` of `India's`."""
        return self.between(one, following) in ("'", "`") and self.key(following) == "s"

    # -- pieces --------------------------------------------------------------------------------------

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `original` of a piece of `equal` that is not empty."""
        return self._equalised.span(start, end)

    def paragraphs(self) -> Iterator[tuple[int, int]]:
        """Start and end in `equal` of every block."""
        begun = 0
        for boundary in BLOCK.finditer(self.equal):
            yield begun, boundary.start()
            begun = boundary.end()
        yield begun, len(self.equal)

    # -- inside --------------------------------------------------------------------------------------

    def _cut(self, start: int, end: int) -> list[tuple[int, int]]:
        """Start and end of the words of a piece that stands between white space."""
        piece = self.equal if (start, end) == (0, len(self.equal)) else self.equal[start:end]
        found = spans(piece)
        if self._address:
            found = [part for span in found for part in at_stops(piece, *span)]
        return [(start + low, start + high) for low, high in found] if start else found

    def _run(self, at: int) -> _Run:
        """The words up to the blanks on both sides of a sign that is none."""
        start = self.equal.rfind(" ", 0, at) + 1
        run = self._runs.get(start)
        if run is None:
            end = self.equal.find(" ", at)
            run = self._runs[start] = _Run(self._cut(start, end if end >= 0 else len(self.equal)), end)
        return run

    @cached_property
    def _is_level(self) -> bool:
        """Whether no letter grew when its case was taken away, so that the places are the same."""
        return len(self.folded) == len(self.equal)

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        """Every folded word and its places; for texts in which letters grew."""
        places: dict[str, list[int]] = {}
        for at in self.order.places:
            places.setdefault(self.key(at), []).append(at)
        return places


class _Run:
    """The words of a piece between two blanks."""

    __slots__ = ("end", "ends", "starts")

    def __init__(self, words: list[tuple[int, int]], end: int) -> None:
        self.ends = dict(words)  # by where they begin
        self.starts = list(self.ends)
        self.end = end if end >= 0 else 1 << 60  # of the piece; behind all where it is the last
