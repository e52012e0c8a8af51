"""When a delivery is tried again: the waits, the jitter, the other side's wish, the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.messages import Delivery
from alerts.retry import next_attempt
from tests.fakes.outbox import NOW

MAIL = Delivery(id="d", message_key="k", channel_id="desk", recipient="desk@example.org", created_at=NOW)
HOOK = replace(MAIL, recipient="")


def waits(delivery: Delivery, *, fraction: float = 0.5) -> list[timedelta]:
    """All waits of a delivery that never succeeds."""
    now, found = NOW, []
    for attempt in range(1, 1000):
        at = next_attempt(replace(delivery, attempts=attempt), now=now, fraction=fraction)
        if at is None:
            return found
        found.append(at - now)
        now = at
    raise AssertionError("it is never given up")


def test_mail_waits_1_5_15_minutes_then_half_hours_for_5_days() -> None:
    found = waits(MAIL)

    assert [w.total_seconds() / 60 for w in found[:6]] == [1, 5, 15, 30, 30, 30]
    assert sum(found, timedelta()) == timedelta(days=5)


def test_hooks_follow_standard_webhooks_for_76_hours() -> None:
    """Ten attempts; the last is 75 h 35 min 5 s after the first."""
    found = waits(HOOK)

    assert len(found) == 9
    assert sum(found, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.999])
def test_jitter_is_at_most_a_tenth(fraction: float) -> None:
    """Only the last wait may be shorter still, so that the last attempt is made within the 76 hours."""
    for plain, moved in list(zip(waits(HOOK), waits(HOOK, fraction=fraction), strict=True))[:-1]:
        assert abs(moved / plain - 1) <= 0.1001
    assert sum(waits(HOOK, fraction=fraction), timedelta()) <= timedelta(hours=76)


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        (timedelta(0), timedelta(minutes=1)),  # it never shortens
        (timedelta(seconds=-5), timedelta(minutes=1)),
        (timedelta(minutes=20), timedelta(minutes=20)),
        (timedelta(days=10_000), timedelta(hours=24)),  # it is cut
    ],
)
def test_retry_after_lengthens_within_limits(wish: timedelta, wait: timedelta) -> None:
    at = next_attempt(replace(MAIL, attempts=1), now=NOW, fraction=0.5, retry_after=wish)

    assert at == NOW + wait


def test_no_wait_passes_the_end() -> None:
    """The last attempt is made at the end, not after it, whatever the other side wishes."""
    late = NOW + timedelta(days=4, hours=23, minutes=50)

    at = next_attempt(replace(MAIL, attempts=90), now=late, fraction=0.5, retry_after=timedelta(hours=12))

    assert at == NOW + timedelta(days=5)
    assert next_attempt(replace(MAIL, attempts=91), now=NOW + timedelta(days=5), fraction=0.5) is None


def test_a_long_downtime_of_our_own_does_not_end_a_delivery_on_its_first_attempt() -> None:
    week_later = NOW + timedelta(days=7)

    tried = [
        next_attempt(replace(MAIL, attempts=n), now=week_later, fraction=0.5) is not None for n in range(1, 7)
    ]

    assert tried == [True, True, True, True, False, False]
