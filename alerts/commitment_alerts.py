"""When a commitment is told of: before, on and after its day, once a stage, and when the user ends it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.alert_memory import Memory
from alerts.alert_times import Times
from alerts.records import Commitment, CommitmentState

KIND = "commitment"
AFTER = (1, 7, 30, 90, 180)  # days after its day on which an open one is told again; then every YEAR
YEAR = 365
LATE = timedelta(days=1)  # after its slot: so late it is said
_NONE = -(10**9)  # the stage of a memory of which none was told


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A moment at which a commitment is to be told."""

    offset: timedelta  # from the beginning of its day; negative before
    moment: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A commitment that is to be told now."""

    after: Memory | None  # what is remembered then; None: it is over
    slot: datetime  # at which it was to be told
    meant_for: date | None = None  # told late: the day on which it was to be told
    merged: int = 0  # earlier stages that were missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do about one commitment for one channel."""

    after: Memory | None  # to be remembered though nothing is told; None: nothing
    due: Due | None = None
    waits_for: datetime | None = None  # when there is something to tell next, as far as it is known


def judge(
    commitment: Commitment,
    known: Memory | None,
    times: Times,
    before: Sequence[timedelta],
    now: datetime,
    *,
    subject: str,
) -> Verdict:
    """What to tell a channel of a commitment at `now`.

    An open one with a day is told at the first slot after each of its stages: those in `before`, the day after its
    day, and 7, 30, 90, 180 days, then years after it. Several stages that have passed are one; what was passed
    before the channel's alert was first seen is told once, by the last of them. Another day of the user's begins anew.
    One that is met, missed or dropped is told of once, to a channel that was told of it while it was open.

    Args:
        known: what is remembered for the channel.
        before: lengths of time before the beginning of its day, `timedelta(0)` for the day itself.
        subject: of the memory, see `subject_of`.
    """
    if commitment.state is not CommitmentState.OPEN:
        return _ended(known, times, now)
    if commitment.due is None:
        return Verdict(after=None)
    since = datetime.combine(commitment.due, time(), UTC)
    if known is None or known.since != since:
        known = Memory(
            channel_id=times.channel_id, kind=KIND, subject=subject, since=since, noticed_at=now, stage=_NONE
        )
    known = replace(known, over_at=None)
    passed: list[Stage] = []
    upcoming: datetime | None = None
    for stage in stages(commitment.due, before, ZoneInfo(times.zone)):
        if minutes(stage.offset) <= known.stage:
            continue
        slot = times.first(max(stage.moment, known.noticed_at))
        if slot > now:
            upcoming = slot
            break
        passed.append(stage)
    if not passed:
        return Verdict(after=known, waits_for=upcoming)
    last = passed[-1]
    slot = times.first(max(last.moment, known.noticed_at))
    missed = [one for one in passed[:-1] if one.moment >= known.noticed_at]
    told = replace(known, told_at=known.told_at or now, last_told_at=now, stage=minutes(last.offset))
    late = now - slot > LATE
    return Verdict(
        after=known,
        due=Due(
            after=told,
            slot=slot,
            meant_for=slot.astimezone(ZoneInfo(times.zone)).date() if late else None,
            merged=len(missed),
        ),
        waits_for=upcoming,
    )


def _ended(known: Memory | None, times: Times, now: datetime) -> Verdict:
    if known is None or known.told_at is None:
        return Verdict(after=None)
    ended = known if known.over_at is not None else replace(known, over_at=now)
    assert ended.over_at is not None
    slot = times.first(ended.over_at)
    if slot > now:
        return Verdict(after=ended, waits_for=slot)
    return Verdict(after=ended, due=Due(after=None, slot=slot))


def stages(due: date, before: Sequence[timedelta], zone: ZoneInfo) -> Iterator[Stage]:
    """All of them, without end, by time: offsets from the beginning of the day `due` in `zone`."""
    for span in sorted(set(before), reverse=True):
        yield _stage(due, -span, zone)
    for days in AFTER:
        yield _stage(due, timedelta(days=days), zone)
    years = 1
    while True:
        yield _stage(due, timedelta(days=years * YEAR), zone)
        years += 1


def _stage(due: date, offset: timedelta, zone: ZoneInfo) -> Stage:
    wall = datetime.combine(due, time()) + offset
    return Stage(offset=offset, moment=wall.replace(tzinfo=zone).astimezone(UTC))


def minutes(offset: timedelta) -> int:
    """An offset as a memory keeps it."""
    return int(offset.total_seconds() // 60)


def subject_of(initiative_id: str, commitment_id: str) -> str:
    """The subject of a memory; ids hold no slash."""
    return f"{initiative_id}/{commitment_id}"
