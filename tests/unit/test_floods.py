"""Many new entries at once: news, or old ones in new clothes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.floods import held

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD = NOW - 30 * DAY


@pytest.mark.parametrize(
    ("dates", "last", "titles", "number"),
    [
        ([OLD] * 51, NOW - HOUR, 0, 51),
        ([OLD] * 50, NOW - HOUR, 0, 0),
        ([NOW] * 60, NOW - HOUR, 60, 60),
        ([NOW] * 60, NOW - HOUR, 0, 0),
        ([None] * 300, NOW - HOUR, 0, 300),
        ([OLD] * 300, None, 0, 0),
        ([OLD] * 300, NOW - 8 * DAY, 0, 0),
        ([OLD] * 60 + [NOW] * 3, NOW - HOUR, 0, 60),
        ([NOW] * 60, NOW - HOUR, 57, 57),
        ([OLD] * 80 + [NOW] * 60, NOW - HOUR, 0, 140),
        ([NOW - 12 * HOUR] * 80, NOW - HOUR, 0, 0),
    ],
    ids=[
        "old dates",
        "few",
        "known titles",
        "busy day",
        "far too many",
        "first poll",
        "back from away",
        "news among old dates",
        "news among known titles",
        "too much news to be believed",
        "dated by day only",
    ],
)
def test_a_renewal_of_a_feed_is_told_from_much_news(
    dates: list[datetime | None], last: datetime | None, titles: int, number: int
) -> None:
    """Only what looks like old entries in new clothes is held; what is proven new is told with the others."""
    known = [f"Title {place}" if place < titles else None for place in range(len(dates))]

    found = held(dates, known, now=NOW, last_success_at=last, learned=HOUR)

    assert found == frozenset(range(number))


def test_a_title_that_comes_again_and_again_is_no_sign_of_a_renewal() -> None:
    """Fifty-five warnings of one storm."""
    warnings = ["Severe weather warning"] * 55

    assert held([NOW] * 55, warnings, now=NOW, last_success_at=NOW - HOUR, learned=HOUR) == frozenset()
