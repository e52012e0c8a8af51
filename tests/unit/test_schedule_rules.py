"""The next poll keeps every wish of the server and the feed, and follows the source's own rhythm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.schedule import (
    PollPolicy,
    back_off,
    interval,
    is_quiet,
    plan,
    rhythm,
)

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICY = PollPolicy(every=30 * MINUTE, floor=15 * MINUTE, ceiling=DAY)


def every(gap: timedelta, count: int = 20) -> list[datetime]:
    return [NOW - number * gap for number in range(count)]


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, 30 * MINUTE),
        ({"fresh_for": 2 * HOUR}, 2 * HOUR),
        ({"fresh_for": timedelta(days=3650)}, 31 * DAY),
        ({"ttl": HOUR}, HOUR),
        ({"ttl": timedelta(days=3650)}, 7 * DAY),
        ({"retry_at": NOW + 3 * HOUR}, 3 * HOUR),
        ({"retry_at": NOW + timedelta(days=3650)}, 7 * DAY),
        ({"retry_at": NOW - HOUR}, 30 * MINUTE),
        ({"fresh_for": HOUR, "ttl": 2 * HOUR, "retry_at": NOW + 3 * HOUR}, 3 * HOUR),
        ({"skip_hours": frozenset({12, 13})}, 2 * HOUR + 30 * MINUTE),
        ({"skip_hours": frozenset(range(24))}, 30 * MINUTE),
    ],
)
def test_the_latest_wish_decides(wishes: dict[str, object], expected: timedelta) -> None:
    """Absurd wishes are clamped: max-age to 31 days, Retry-After and ttl to 7, all hours skipped to none."""
    assert plan(30 * MINUTE, now=NOW, fraction=0.0, **wishes).next_poll_at - NOW == expected  # type: ignore[arg-type]  # table


def test_only_the_servers_wishes_bind_everybody() -> None:
    """max-age and Retry-After hold for `once --all` too, a ttl does not."""
    assert plan(HOUR, now=NOW, ttl=2 * HOUR, fraction=0.0).not_before is None
    assert plan(HOUR, now=NOW, fresh_for=10 * MINUTE, fraction=0.0).not_before == NOW + 10 * MINUTE


@given(st.floats(0, 1, exclude_max=True), st.timedeltas(MINUTE, DAY))
def test_jitter_is_added_and_never_taken_away(fraction: float, wait: timedelta) -> None:
    """0 to 10 % of the interval."""
    found = plan(wait, now=NOW, fraction=fraction).next_poll_at - NOW

    assert wait <= found <= wait * 1.1 + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("gap", "expected"), [(MINUTE, MINUTE), (2 * HOUR, HOUR), (2 * DAY, DAY), (400 * DAY, 30 * DAY)]
)
def test_the_rhythm_is_half_the_usual_gap(gap: timedelta, expected: timedelta) -> None:
    """Read from the newest entries, between a minute and 30 days."""
    assert rhythm(None, every(gap), now=NOW, new=0, last_new_at=None) == expected


def test_a_rhythm_that_a_clock_set_back_has_spoilt_is_learned_anew() -> None:
    """A source whose interval was below nothing was never read again."""
    dates = [NOW - number * HOUR for number in range(5)]
    found = rhythm(-HOUR, dates, now=NOW, new=1, last_new_at=NOW + HOUR)

    assert found is not None
    assert timedelta(minutes=1) <= found <= HOUR


def test_the_rhythm_moves_half_way_and_ignores_the_future() -> None:
    """One burst does not turn a weekly source into an hourly one."""
    dates = [*every(HOUR), NOW + 9000 * DAY]

    assert rhythm(2 * HOUR, dates, now=NOW, new=0, last_new_at=None) == HOUR


def test_a_source_without_dates_is_learned_from_its_new_entries() -> None:
    """Four new ones in eight hours: one in two hours, asked hourly."""
    assert rhythm(None, [], now=NOW, new=4, last_new_at=NOW - 8 * HOUR) == HOUR
    assert rhythm(HOUR, [], now=NOW, new=0, last_new_at=NOW - 8 * HOUR) == HOUR
    assert rhythm(None, [], now=NOW, new=4, last_new_at=None) is None


@pytest.mark.parametrize(
    ("own", "learned", "silence", "validators", "expected"),
    [
        (None, None, timedelta(), True, 30 * MINUTE),
        (None, MINUTE, timedelta(), True, 15 * MINUTE),
        (None, 2 * HOUR, timedelta(), True, 2 * HOUR),
        (None, 30 * DAY, timedelta(), True, 5 * HOUR),
        (None, MINUTE, 20 * HOUR, True, 2 * HOUR),
        (None, MINUTE, timedelta(), False, HOUR),
        (5 * MINUTE, 2 * HOUR, 20 * HOUR, False, 5 * MINUTE),
    ],
)
def test_the_interval_stays_within_its_limits(
    own: timedelta | None,
    learned: timedelta | None,
    silence: timedelta,
    validators: bool,
    expected: timedelta,
) -> None:
    """A source's own `every` replaces all of it; without validators once an hour is the most."""
    found = interval(POLICY, every=own, learned=learned, silence=silence, validators=validators)

    assert found == expected


def test_failures_double_the_wait_up_to_a_day_then_weekly() -> None:
    """After 30 days of errors a source is asked once a week."""
    waits = [back_off(30 * MINUTE, failures, DAY) for failures in range(1, 9)]

    assert waits[:3] == [HOUR, 2 * HOUR, 4 * HOUR]
    assert waits[-1] == DAY
    assert back_off(30 * MINUTE, 40, 31 * DAY) == 7 * DAY
    assert back_off(30 * MINUTE, 10**6, DAY) == DAY


@pytest.mark.parametrize(
    ("learned", "silence", "quiet"),
    [
        (15 * MINUTE, 3 * DAY, False),
        (15 * MINUTE, 5 * DAY, True),
        (12 * HOUR, 9 * DAY, False),
        (12 * HOUR, 11 * DAY, True),
        (None, 400 * DAY, False),
    ],
)
def test_quiet_is_measured_by_the_source_itself(
    learned: timedelta | None, silence: timedelta, quiet: bool
) -> None:
    """A weekend is no silence, nor is a week of a source that speaks daily."""
    assert is_quiet(now=NOW, newest=NOW - silence, learned=learned) is quiet


@pytest.mark.parametrize(
    ("hours", "days", "planned"),
    [
        (frozenset({13}), frozenset(), NOW + 2 * HOUR),
        (frozenset(), frozenset({2, 3}), datetime(2026, 11, 27, 0, 0, tzinfo=UTC)),
        (frozenset({0, 1}), frozenset({2}), datetime(2026, 11, 26, 2, 0, tzinfo=UTC)),
        (frozenset(range(24)), frozenset(range(7)), NOW + HOUR),
    ],
    ids=[
        "an hour",
        "Wednesday and Thursday",
        "a day and the first hours after it",
        "all of them mean nothing",
    ],
)
def test_hours_and_days_that_a_feed_wants_skipped_are_skipped(
    hours: frozenset[int], days: frozenset[int], planned: datetime
) -> None:
    """`skipHours` and `skipDays` of RSS, in UTC."""
    found = plan(HOUR, now=NOW, skip_hours=hours, skip_days=days, fraction=0.0)

    assert found.next_poll_at == planned
