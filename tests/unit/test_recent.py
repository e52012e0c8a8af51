"""The last 30 days of an initiative by the calendar of a zone, and the silence that lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from alerts.moments import Moments
from alerts.recent import recent

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)


def moments(*stories: datetime, watched_since: datetime | None = NOW - 200 * DAY) -> Moments:
    return Moments(watched_since=watched_since, stories=stories, last_report=max(stories, default=None))


def test_thirty_days_are_counted_up_to_the_present_one() -> None:
    """Days without a story are zeroes; what is older is left out."""
    found = recent(moments(NOW, NOW - DAY, NOW - DAY, NOW - 29 * DAY, NOW - 30 * DAY), NOW, "UTC")

    assert found.days == (1, *[0] * 27, 2, 1)
    assert found.last_day == date(2026, 11, 24)


def test_days_are_those_of_the_zone() -> None:
    """What came at 14:10 UTC came on the next day in Auckland."""
    found = recent(moments(NOW - timedelta(hours=4)), NOW, "Pacific/Auckland")

    assert found.last_day == date(2026, 11, 25)
    assert found.days[-2:] == (1, 0)


def test_a_silence_is_counted_in_whole_days_with_the_usual_pause() -> None:
    regular = [NOW - (19 + back) * DAY for back in range(60)]

    found = recent(moments(*regular), NOW, "UTC")

    assert (found.silent_for, found.usual) == (19, 1)


def test_without_a_judgement_there_is_no_silence() -> None:
    """Nothing was collected, nothing was reported, or it is not long yet."""
    for one in (moments(watched_since=None), moments(), moments(*[NOW - back * DAY for back in range(60)])):
        assert recent(one, NOW, "UTC").silent_for is None
