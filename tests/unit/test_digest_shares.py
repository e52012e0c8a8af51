"""How a limited room is dealt out to the initiatives of a digest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.shares import shares


@pytest.mark.parametrize(
    ("most", "wanted", "given"),
    [
        (None, [3, 0, 9], (3, 0, 9)),
        (12, [3, 0, 9], (3, 0, 9)),
        (6, [3, 0, 9], (3, 0, 3)),
        (5, [1, 9, 9], (1, 2, 2)),
        (4, [9, 9, 9], (2, 1, 1)),
        (0, [9, 9], (0, 0)),
        (5, [], ()),
    ],
)
def test_each_part_gets_a_place_in_turn(most: int | None, wanted: list[int], given: tuple[int, ...]) -> None:
    """A busy initiative does not crowd out the others."""
    assert shares(most, wanted) == given


@given(st.integers(0, 50), st.lists(st.integers(0, 30), max_size=8))
def test_the_room_is_used_and_never_passed(most: int, wanted: list[int]) -> None:
    """All places are given while somebody wants them, and nobody gets more than wanted."""
    dealt = shares(most, wanted)
    assert sum(dealt) == min(most, sum(wanted))
    assert all(got <= want for got, want in zip(dealt, wanted, strict=True))
