"""Short stand-ins for long texts, and the moments of reading a page again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.storage.keys import LONGEST_KEY, fingerprint, signed, stored_key, title_fingerprint
from tidings.storage.rereads import next_reread
from tidings.storage.types import storable

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(st.text())
def test_a_fingerprint_fits_a_signed_64_bit_column(text: str) -> None:
    """Any text has one, and the same at every time."""
    assert -(2**63) <= fingerprint(text) < 2**63
    assert fingerprint(text) == fingerprint(text)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_unsigned_numbers_become_signed_ones_without_collision(one: int, other: int) -> None:
    """Band keys may be any 64-bit number."""
    assert -(2**63) <= signed(one) < 2**63
    assert (signed(one) == signed(other)) is (one == other)


def test_titles_are_equal_without_case_forms_and_spaces() -> None:
    """An empty title equals none."""
    assert title_fingerprint(" The  NEWS ") == title_fingerprint("the news")
    assert title_fingerprint("ｔｈｅ news") == title_fingerprint("the news")
    assert title_fingerprint(" \n") is None


@given(st.text())
def test_every_key_has_a_short_storable_form(key: str) -> None:
    """Whatever a feed puts into a guid."""
    kept = stored_key(key)
    assert len(kept) <= LONGEST_KEY
    assert "\x00" not in kept
    kept.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_that_databases_hold(text: str) -> None:
    """Same length, so offsets into it stay; what can be held is left as it is."""
    kept = storable(text)
    kept.encode()
    assert "\x00" not in kept
    assert len(kept) == len(text)
    assert all(a == b for a, b in zip(text, kept, strict=True) if b != "\ufffd")


@pytest.mark.parametrize(
    ("rereads", "now", "due"),
    [
        (0, NOON, NOON + HOUR),
        (0, NOON + 3 * HOUR, NOON + 3 * HOUR),
        (1, NOON + 3 * HOUR, NOON + 6 * HOUR),
        (2, NOON + 6 * HOUR, NOON + 24 * HOUR),
        (3, NOON + 30 * HOUR, None),
    ],
)
def test_a_page_is_read_again_at_most_three_times(rereads: int, now: datetime, due: datetime | None) -> None:
    """One, six and twenty-four hours after the first reading at the earliest."""
    assert next_reread(NOON, rereads, now) == due


def test_a_page_never_read_is_read_at_once() -> None:
    """There is no first reading to wait for."""
    assert next_reread(None, 0, NOON) == NOON
