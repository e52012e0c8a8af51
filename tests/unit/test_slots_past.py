"""The last slot of a digest that has passed: where a restored database goes on."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from alerts.plans import DigestPlan
from alerts.slots import last_past

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


def plan(**more: object) -> DigestPlan:
    """A digest."""
    return DigestPlan(id="d", to=("desk",), initiatives=("chips",), **more)  # type: ignore[arg-type]  # by the caller


def test_a_timed_digest_told_up_to_its_last_slot() -> None:
    """Which has the key that it was composed under."""
    found = last_past(plan(at=(time(7), time(18))), NOON - 30 * DAY, NOON)

    assert found is not None
    assert (found[0].key, found[1]) == ("2026-11-24T07:00", NOON - 5 * HOUR)


def test_one_whose_slot_is_yet_to_come_told_nothing() -> None:
    """Since the last that is known."""
    assert last_past(plan(at=(time(18),)), NOON - HOUR, NOON) is None


def test_a_weekly_digest_is_found_however_long_ago_the_backup_was_taken() -> None:
    """Its last slot was on Monday."""
    found = last_past(plan(at=(time(7),), days=frozenset({0})), NOON - 400 * DAY, NOON)

    assert found is not None
    assert found[1] == NOON - DAY - 5 * HOUR


def test_a_digest_told_immediately_told_all_the_time() -> None:
    """Up to the end."""
    found = last_past(plan(immediately=True), NOON - HOUR, NOON)

    assert found is not None
    assert (found[1], found[0].due) == (NOON, NOON)


def test_within_quiet_hours_it_told_up_to_their_beginning() -> None:
    """What came since then it was to tell in the morning."""
    found = last_past(plan(immediately=True, quiet=(time(11), time(15))), NOON - 5 * HOUR, NOON)

    assert found is not None
    assert NOON - HOUR - MINUTE <= found[1] < NOON - HOUR
