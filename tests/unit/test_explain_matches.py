"""What `explain` says of a match: by which watchlist, found how, and what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.records import Found, FoundBy, Match
from tests.fakes.clock import NOON
from tidings.life_words import how_matched

HOUR = timedelta(hours=1)
EDIT = Found(by=FoundBy.EDIT, at=NOON)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"watchlist_version": "0123456789ab"}, ["by version 0123456789ab of the watchlist"]),
        (
            {"watchlist_version": "0123456789ab", "watchlist_since": NOON},
            ["by version 0123456789ab of the watchlist, in force since 2026-11-25T12:00:00Z"],
        ),
        ({"found": EDIT}, ["found in the archive by your edit of 2026-11-25T12:00:00Z"]),
        (
            {"found": Found(by=FoundBy.REMATCH, at=NOON), "filed": True},
            ["found in the archive by rematch of 2026-11-25T12:00:00Z; filed, never told"],
        ),
        (
            {"told_at": NOON, "gone_at": NOON + HOUR},
            ["told first at 2026-11-25T12:00:00Z", "no longer matches since 2026-11-25T13:00:00Z"],
        ),
    ],
)
def test_a_match_tells_its_own_life(facts: dict[str, object], expected: list[str]) -> None:
    """A line for each thing that is known."""
    assert how_matched(Match(article_id="a", initiative_id="trust", **facts)) == expected  # type: ignore[arg-type]  # by name
