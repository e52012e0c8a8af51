"""Dealing out a limited room to several parts, one place to each in turn: pure."""

from __future__ import annotations

from collections.abc import Sequence


def shares(most: int | None, wanted: Sequence[int]) -> tuple[int, ...]:
    """How many places each part gets when `most` are dealt out in turns; None: each gets what it wants.

    A part that wants little gets all of it, and what it leaves goes to the others; the first parts get the odd ones.
    """
    if most is None or sum(wanted) <= most:
        return tuple(wanted)
    turns = sorted((turn, place) for place, number in enumerate(wanted) for turn in range(min(number, most)))
    given = [0] * len(wanted)
    for _, place in turns[:most]:
        given[place] += 1
    return tuple(given)
