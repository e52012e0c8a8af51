"""When a source is asked again, and when its silence is unusual. Pure.

    next = max(now + interval, fresh until, retry at, ttl until), moved out of skipHours and skipDays, plus jitter

The interval is the source's own `every`, else what its past teaches, between floor and ceiling. Jitter is
0 to 10 % of the interval, added and never taken away. Everything that is remembered stands in `PollState`,
so a restart changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST_FRESH = 31 * DAY  # of a max-age
LONGEST_RETRY = 7 * DAY  # of a Retry-After; then the host is asked once
LONGEST_BACK_OFF = DAY
GIVEN_UP_AFTER = 30 * DAY  # of errors; from then on weekly
JITTER = 0.1
REACH = 20  # a learned interval is at most so many floors, however rarely a source speaks
PATIENCE = 10  # a silence is answered by intervals of a tenth of it
SHORTEST_RHYTHM, LONGEST_RHYTHM = timedelta(minutes=1), 30 * DAY
_SAMPLE = 20  # newest entries that the rhythm is read from
QUIET_AT_LEAST = 4 * DAY  # longer than a long weekend
QUIET_GAPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """The installation's limits on polling."""

    every: timedelta = timedelta(minutes=30)  # first guess
    floor: timedelta = timedelta(minutes=15)
    ceiling: timedelta = DAY
    jitter: Callable[[], float] = random.random  # a number in [0, 1) for each poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The next poll, and the moment before which the server wants none (None: it said nothing)."""

    next_poll_at: datetime
    not_before: datetime | None


def rhythm(
    previous: timedelta | None,
    published: Sequence[datetime],
    *,
    now: datetime,
    new: int,
    last_new_at: datetime | None,
) -> timedelta | None:
    """Half the usual time between two entries of a source: the interval its own past suggests.

    Read from the dates of its newest 20 entries; where fewer than three have one, from how many were new
    since the last that was. Half-way, in proportion, between that and what was learned before. Kept between a
    minute and 30 days, outside the installation's limits, so that it still tells the source's rhythm.

    Args:
        published: dates of the entries of one document, any order; those after `now` are ignored.
        new: entries that were new in this poll.
    Returns:
        None when nothing is known yet.
    """
    past = sorted((moment for moment in published if moment <= now), reverse=True)[:_SAMPLE]
    if len(past) >= 3:
        seen = (past[0] - past[-1]) / (len(past) - 1) / 2
    elif new and last_new_at is not None and last_new_at < now:
        seen = (now - last_new_at) / new / 2
    else:
        return previous
    seen = min(max(seen, SHORTEST_RHYTHM), LONGEST_RHYTHM)
    if previous is None:
        return seen
    previous = max(previous, SHORTEST_RHYTHM)
    return timedelta(seconds=(seen.total_seconds() * previous.total_seconds()) ** 0.5)


def interval(
    policy: PollPolicy,
    *,
    every: timedelta | None,
    learned: timedelta | None,
    silence: timedelta,
    validators: bool,
) -> timedelta:
    """Time until the next poll after one that went well.

    A source's own `every` is taken as it is. Else what was learned, or `policy.every` when nothing is; for a
    source that has been silent for long at least a tenth of its silence; between the floor and the ceiling,
    and at most 20 floors. A source that gives no validators is asked at most hourly.

    Args:
        silence: time since its last new entry.
        validators: whether it can answer "not modified".
    """
    if every is not None:
        return every
    wanted = max(learned or policy.every, silence / PATIENCE)
    top = max(min(policy.ceiling, REACH * policy.floor), policy.floor)
    wanted = min(max(wanted, policy.floor), top)
    return wanted if validators else max(wanted, HOUR)


def back_off(base: timedelta, failures: int, failing_for: timedelta) -> timedelta:
    """Time until the next try after `failures` in a row: doubled with each, up to 24 hours.

    Weekly once it has been failing for 30 days. Never shorter than `base`.
    """
    if failing_for >= GIVEN_UP_AFTER:
        return max(7 * DAY, base)
    return max(min(base * (1 << min(failures, 20)), LONGEST_BACK_OFF), base)


def plan(
    wait: timedelta,
    *,
    now: datetime,
    fresh_for: timedelta | None = None,
    ttl: timedelta | None = None,
    skip_hours: frozenset[int] = frozenset(),
    skip_days: frozenset[int] = frozenset(),
    retry_at: datetime | None = None,
    fraction: float,
) -> Plan:
    """The moment of the next poll: the latest of all wishes, out of the hours to skip, plus jitter.

    Args:
        wait: our own interval or back-off.
        fresh_for: the answer's max-age less its age; at most 31 days count.
        ttl: of the feed; at most 7 days count.
        skip_hours: UTC hours; all 24 of them mean nothing.
        skip_days: UTC days, Monday is 0; all seven mean nothing.
        retry_at: the server's Retry-After; at most 7 days count.
        fraction: in [0, 1), how much of the jitter to add.
    """
    wishes = []
    if fresh_for is not None and fresh_for > timedelta():
        wishes.append(now + min(fresh_for, LONGEST_FRESH))
    if retry_at is not None and retry_at > now:
        wishes.append(min(retry_at, now + LONGEST_RETRY))
    not_before = max(wishes, default=None)
    moment = max(now + wait, *wishes, now + min(ttl or timedelta(), 7 * DAY))
    moment = out_of(skip_hours, skip_days, moment + fraction * JITTER * wait)
    return Plan(next_poll_at=moment, not_before=not_before)


def out_of(skip_hours: frozenset[int], skip_days: frozenset[int], moment: datetime) -> datetime:
    """`moment`, or the same minute of the first hour after it that is not to be skipped.

    Args:
        skip_hours: UTC hours; all 24 of them mean nothing.
        skip_days: UTC days, Monday is 0; all seven mean nothing.
    """
    hours = skip_hours if len(skip_hours) < 24 else frozenset[int]()
    days = skip_days if len(skip_days) < 7 else frozenset[int]()
    utc = moment.astimezone(UTC)
    while utc.hour in hours or utc.weekday() in days:
        utc += HOUR
    return utc


def is_quiet(*, now: datetime, newest: datetime | None, learned: timedelta | None) -> bool:
    """Whether a source that answers has listed nothing new for far longer than it usually does.

    That is ten times its usual gap (twice the learned rhythm), and at least 4 days. A source of which no
    rhythm is known is never quiet.

    Args:
        newest: date of its newest entry, else when it last brought one.
    """
    if newest is None or learned is None:
        return False
    return now - newest > max(QUIET_AT_LEAST, QUIET_GAPS * 2 * learned)
