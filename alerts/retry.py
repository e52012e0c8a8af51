"""When a delivery is tried again, and when it is given up: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.messages import Delivery

JITTER = 0.1  # a wait is at most this part shorter or longer
LONGEST_WISH = timedelta(hours=24)  # a longer Retry-After is cut to this
GREYLISTED = timedelta(minutes=5)  # most servers that put off what is new to them take it after so long
LONGEST_HOLD = timedelta(minutes=5)  # of other deliveries to a channel, where it voices no wish
FEWEST_TRIES = 5  # even when the time is over, as after a long downtime of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long to wait after each failed attempt, and for how long in all."""

    waits: tuple[timedelta, ...]  # after the first, second … attempt
    then: timedelta | None  # after all further ones; None: no further ones
    span: timedelta  # from the creation of the delivery


MAIL = Schedule(
    waits=tuple(timedelta(minutes=m) for m in (1, 5, 15, 30)),
    then=timedelta(minutes=30),
    span=timedelta(days=5),
)
"""Source: RFC 5321, section 4.5.4.1 asks for four to five days and then for at least 30 minutes between attempts.

The first waits serve greylisting; the later ones get a mail out within 33 minutes of a server's recovery.
"""

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

LONGEST_WAIT = max(LONGEST_WISH, *(wait * (1 + JITTER) for wait in (*MAIL.waits, *HOOK.waits)))
"""No delivery and no channel waits longer for its next attempt; what is dated beyond has seen another clock."""


def schedule_of(delivery: Delivery) -> Schedule:
    """A delivery with a recipient of its own is mail; all others go by the schedule of hooks."""
    return MAIL if delivery.recipient else HOOK


def next_attempt(
    delivery: Delivery,
    *,
    now: datetime,
    fraction: float,
    retry_after: timedelta | None = None,
    for_all: bool = False,
) -> datetime | None:
    """When to try again after a failure at `now`; None: give up.

    Args:
        delivery: its `attempts` (at least 1) count the one that just failed.
        fraction: 0 <= fraction < 1, spreads the wait evenly over plus and minus `JITTER`.
        retry_after: the other side's wish; it can lengthen a wait, up to 24 h, and never shorten it.
        for_all: any message would have failed just now. A mail that was `held_up` so and is now looked at for the
            first time comes again after `GREYLISTED`, however often it was tried in vain.
    """
    schedule = schedule_of(delivery)
    tried = max(delivery.attempts, 1)
    deadline = delivery.created_at + schedule.span
    if now >= deadline and tried >= FEWEST_TRIES:
        return None
    wait = schedule.waits[tried - 1] if tried <= len(schedule.waits) else schedule.then
    if wait is None:
        return None
    if schedule is MAIL and delivery.held_up and not for_all:
        wait = min(wait, GREYLISTED)
    wait *= 1 + JITTER * (2 * fraction - 1)
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_WISH))
    return min(now + wait, deadline) if now < deadline else now + wait


def hold(
    now: datetime, *, again_at: datetime | None, for_all: bool, retry_after: timedelta | None
) -> datetime | None:
    """Until when the other deliveries to a channel wait after one failed at `now`; None: they do not.

    Args:
        again_at: when that one is tried again; None: given up.
        for_all: the same would happen to any message just now. They wait for that one, and no longer than `LONGEST_HOLD`.
        retry_after: the other side's wish; it holds for all, up to 24 h.
    """
    waits = [min(retry_after, LONGEST_WISH)] if retry_after is not None else []
    if for_all:
        own = again_at - now if again_at is not None else LONGEST_HOLD
        waits.append(min(own, LONGEST_HOLD))
    longest = max(waits, default=timedelta(0))
    return now + longest if longest > timedelta(0) else None
