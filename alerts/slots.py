"""Which slots of a digest have passed, and which come next: pure arithmetic on wall clocks and zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from alerts.plans import DigestPlan
from alerts.records import DigestSlot

_GRID = datetime.combine(date(1970, 1, 5), time())  # `every` counts from this Monday, on the local clock
_RECENT = timedelta(days=15)  # in which each plan has a slot
_REACH = timedelta(
    days=3
)  # a slot is told at most so long after its wall time: a skipped day and quiet hours


def passed(plan: DigestPlan, since: datetime, now: datetime) -> tuple[DigestSlot, ...]:
    """Slots with `since` < due <= `now`, oldest first; consecutive windows give each slot exactly once.

    A slot is keyed by its local date and time, whatever the clock does: in an hour that a clock change
    skips it is due at the end of the gap, in an hour that comes twice it is due the first time only.
    Within quiet hours it is due when they end. A plan told immediately has none, see `immediate`.
    """
    wall = _wall(since, plan) - _REACH
    until = _wall(now, plan) + timedelta(days=1)
    return tuple(slot for slot in _slots(plan, wall, until) if since < slot.due <= now)


def upcoming(plan: DigestPlan, now: datetime, count: int) -> tuple[DigestSlot, ...]:
    """The next `count` slots due after `now`, oldest first; fewer when the plan has no more."""
    step = plan.every or timedelta(days=1)
    wall = _wall(now, plan)
    horizon = wall + min((count + 1) * 7 * step, timedelta(days=400_000)) + timedelta(days=8)
    later = (slot for slot in _slots(plan, wall - _REACH, horizon) if slot.due > now)
    return tuple(islice(later, count))


def last_past(plan: DigestPlan, since: datetime, until: datetime) -> tuple[DigestSlot, datetime] | None:
    """The last slot due in `since` < due <= `until`, and up to when it told; None: there was none.

    One told immediately tells all the time, but within quiet hours and on days that are not in the plan.
    """
    if not plan.immediately:
        slots = passed(plan, max(since, until - _RECENT), until)
        return (slots[-1], slots[-1].due) if slots else None
    edge = until
    while edge > since:
        slot = immediate(plan, edge - plan.gather)
        if slot.due == edge:
            return slot, edge
        edge -= timedelta(minutes=1)
    return None


def immediate(plan: DigestPlan, first_match: datetime) -> DigestSlot:
    """The slot of a plan told immediately: `gather` after its first untold match.

    Quiet hours and days that are not in the plan hold it back until they end. The key is the local time
    at which it would have been due; in the second pass of a repeated hour the offset is added to it.
    """
    zone = ZoneInfo(plan.zone)
    nominal = first_match + plan.gather
    local = nominal.astimezone(zone)
    key = local.replace(tzinfo=None).isoformat(timespec="milliseconds")
    if local.fold:
        key += local.strftime("%z")
    return DigestSlot(digest_id=plan.id, key=key, due=_held_back(nominal, plan, zone))


def _slots(plan: DigestPlan, first: datetime, last: datetime) -> Iterator[DigestSlot]:
    zone = ZoneInfo(plan.zone)
    for wall in _wall_times(plan, first, last):
        due = _instant(wall, zone)
        if plan.quiet is not None:
            due = _after_quiet(due, plan.quiet, zone)
        key = wall.isoformat(timespec="seconds" if wall.second else "minutes")
        yield DigestSlot(digest_id=plan.id, key=key, due=due)


def _wall_times(plan: DigestPlan, first: datetime, last: datetime) -> Iterator[datetime]:
    """Local times of the plan from `first` to `last`, ascending; naive, as a clock on the wall shows them."""
    if plan.every is not None:
        if plan.every < timedelta(seconds=1):
            raise ValueError(f"digest {plan.id}: every {plan.every} is shorter than a second")
        wall = _GRID - (_GRID - first) // plan.every * plan.every
        while wall <= last:
            if wall.weekday() in plan.days:
                yield wall
            wall += plan.every
        return
    times = sorted(set(plan.at))
    for offset in range((last.date() - first.date()).days + 1):
        day = first.date() + timedelta(days=offset)
        if day.weekday() in plan.days:
            yield from (datetime.combine(day, at) for at in times)


def _wall(instant: datetime, plan: DigestPlan) -> datetime:
    return instant.astimezone(ZoneInfo(plan.zone)).replace(tzinfo=None)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a clock in `zone` shows `wall` for the first time; the end of the gap when it never does."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # In a gap the two folds are the two offsets, and the change lies between the instants they give.
    low, high = (int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (1, 0))
    new_offset = instant.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == new_offset:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def _after_quiet(instant: datetime, quiet: tuple[time, time], zone: ZoneInfo) -> datetime:
    """`instant`, or the end of the quiet hours that it falls into."""
    start, end = quiet
    local = instant.astimezone(zone)
    clock = local.time()
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside:
        return instant
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    wall = datetime.combine(day, end)
    over = _instant(wall, zone)
    return over if over >= instant else wall.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _held_back(instant: datetime, plan: DigestPlan, zone: ZoneInfo) -> datetime:
    """The first moment from `instant` on that is outside quiet hours and on a day of the plan."""
    for _ in range(9):  # at most a week of wrong days, and quiet hours at either end
        if plan.quiet is not None:
            instant = _after_quiet(instant, plan.quiet, zone)
        local = instant.astimezone(zone)
        if local.weekday() in plan.days:
            break
        instant = _instant(datetime.combine(local.date() + timedelta(days=1), time()), zone)
    return instant
