"""When a delivery is tried again, and when it is given up: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.messages import Delivery

JITTER = 0.1  # a wait is at most this part shorter or longer
LONGEST_WISH = timedelta(hours=24)  # a longer Retry-After is cut to this
FEWEST_TRIES = 5  # even when the time is over, as after a long downtime of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long to wait after each failed attempt, and for how long in all."""

    waits: tuple[timedelta, ...]  # after the first, second … attempt
    then: timedelta | None  # after all further ones; None: no further ones
    span: timedelta  # from the creation of the delivery


MAIL = Schedule(
    waits=tuple(timedelta(minutes=m) for m in (1, 5, 15, 30)),
    then=timedelta(hours=1),
    span=timedelta(days=5),
)
"""Source: RFC 5321, section 4.5.4.1 asks for four to five days; the first waits serve greylisting."""

HOOK = Schedule(
    waits=(
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        *(timedelta(hours=h) for h in (2, 5, 10, 14, 20, 24)),
    ),
    then=None,
    span=timedelta(hours=76),
)
"""Source: Standard Webhooks 1.0.0, "Deliverability and reliability"; ten attempts in 75 h 35 min 5 s."""


def schedule_of(delivery: Delivery) -> Schedule:
    """A delivery with a recipient of its own is mail; all others go by the schedule of hooks."""
    return MAIL if delivery.recipient else HOOK


def next_attempt(
    delivery: Delivery,
    *,
    now: datetime,
    fraction: float,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """When to try again after a failure at `now`; None: give up.

    Args:
        delivery: its `attempts` (at least 1) count the one that just failed.
        fraction: 0 <= fraction < 1, spreads the wait evenly over plus and minus `JITTER`.
        retry_after: the other side's wish; it can lengthen a wait, up to 24 h, and never shorten it.
    """
    schedule = schedule_of(delivery)
    tried = max(delivery.attempts, 1)
    deadline = delivery.created_at + schedule.span
    if now >= deadline and tried >= FEWEST_TRIES:
        return None
    wait = schedule.waits[tried - 1] if tried <= len(schedule.waits) else schedule.then
    if wait is None:
        return None
    wait *= 1 + JITTER * (2 * fraction - 1)
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_WISH))
    return min(now + wait, deadline) if now < deadline else now + wait
