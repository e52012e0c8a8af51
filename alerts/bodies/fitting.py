"""As much of a brief as a service takes, and how its limits are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from alerts.bodies.brief import Brief, cut

T = TypeVar("T")


def fullest(whole: Brief, make: Callable[[Brief], T], fits: Callable[[T], bool]) -> T:
    """What `make` gives of the fullest cut of `whole` that fits.

    As many initiatives as there is room for are named; then each tells as many stories as all have room for. The
    smallest cut is taken as it is: `make` keeps it within the limits.
    """
    made = make(whole)
    if fits(made):
        return made

    def of(parts: int, items: int) -> T:
        return make(cut(whole, parts=parts, items=items))

    named = _most(len(whole.parts), lambda number: fits(of(number, 0)))
    longest = max((max(len(part.items), len(part.due)) for part in whole.parts), default=0)
    told = _most(max(longest, len(whole.paragraphs)), lambda number: fits(of(named, number)))
    return of(named, told)


def _most(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits; 0 when none does."""
    few, too_many = 0, most + 1
    while too_many - few > 1:
        middle = (few + too_many) // 2
        if fits(middle):
            few = middle
        else:
            too_many = middle
    return few


def units(text: str) -> int:
    """Length in UTF-16 units, of which a service that counts characters counts no more."""
    return len(text.encode("utf-16-le")) // 2


def clipped(text: str, most: int) -> str:
    """At most `most` UTF-16 units of `text`, the cut shown by "…"."""
    if units(text) <= most:
        return text
    kept = text[: most - 1]
    while units(kept) > most - 1:
        kept = kept[:-1]
    return kept + "…"
