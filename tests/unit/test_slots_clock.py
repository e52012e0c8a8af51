"""Each slot of a digest comes exactly once, whatever clocks, zones and quiet hours do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.plans import DigestPlan
from alerts.slots import immediate, passed, upcoming

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # moves by half an hour
    "Pacific/Apia",  # skipped 30 December 2011
    "Africa/Casablanca",
    "America/Sao_Paulo",  # changed at midnight
    "Asia/Kathmandu",
    "Asia/Tehran",
    "America/St_Johns",
    "Antarctica/Troll",  # moves by two hours
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def plan(**changes: object) -> DigestPlan:
    values: dict[str, object] = {"id": "morning", "to": ("desk",), "initiatives": ("trust",)}
    return DigestPlan(**(values | changes))  # type: ignore[arg-type]  # keyword table of a test


def told(a_plan: DigestPlan, since: str, now: str) -> list[tuple[str, str]]:
    return [(slot.key, f"{slot.due:%Y-%m-%dT%H:%M:%S}") for slot in passed(a_plan, utc(since), utc(now))]


def test_a_daily_slot_is_keyed_by_local_time_and_due_in_utc() -> None:
    """07:30 in New York is 12:30 UTC in winter."""
    morning = plan(at=(time(7, 30),), zone="America/New_York")

    assert told(morning, "2026-11-24T12:30", "2026-11-25T12:30") == [
        ("2026-11-25T07:30", "2026-11-25T12:30:00")
    ]


def test_a_slot_is_not_passed_a_moment_before_its_time() -> None:
    morning = plan(at=(time(7, 30),))

    assert told(morning, "2026-11-24T07:30", "2026-11-25T07:29:59") == []


@pytest.mark.parametrize(
    ("zone", "day", "at", "due"),
    [
        ("America/New_York", "2026-03-08", time(2, 30), "2026-03-08T07:00:00"),  # 02:00 becomes 03:00
        ("Europe/London", "2026-03-29", time(1, 15), "2026-03-29T01:00:00"),
        ("Australia/Lord_Howe", "2026-10-04", time(2, 10), "2026-10-03T15:30:00"),
        ("America/Sao_Paulo", "2018-11-04", time(0, 0), "2018-11-04T03:00:00"),  # midnight never came
        ("Pacific/Apia", "2011-12-30", time(7, 30), "2011-12-30T10:00:00"),  # a whole day never came
        ("Antarctica/Troll", "2026-03-29", time(2, 30), "2026-03-29T01:00:00"),
    ],
)
def test_a_slot_in_a_skipped_hour_is_told_at_its_end(zone: str, day: str, at: time, due: str) -> None:
    """The gap ends at the instant of the change; the key stays the time that the user wrote."""
    start = datetime.fromisoformat(due).replace(tzinfo=UTC)

    slots = passed(plan(at=(at,), zone=zone), start - timedelta(hours=12), start + timedelta(hours=12))

    assert [(s.key, f"{s.due:%Y-%m-%dT%H:%M:%S}") for s in slots if s.key.startswith(day)] == [
        (f"{day}T{at:%H:%M}", due)
    ]


def test_a_slot_in_a_repeated_hour_is_told_once_the_first_time() -> None:
    night = plan(at=(time(1, 30),), zone="America/New_York")

    assert told(night, "2026-11-01T00:00", "2026-11-02T00:00") == [
        ("2026-11-01T01:30", "2026-11-01T05:30:00")
    ]


def test_two_slots_in_one_skipped_hour_are_two_keys_due_together() -> None:
    night = plan(at=(time(2, 10), time(2, 50)), zone="America/New_York")

    slots = told(night, "2026-03-08T00:00", "2026-03-08T23:00")

    assert slots == [("2026-03-08T02:10", "2026-03-08T07:00:00"), ("2026-03-08T02:50", "2026-03-08T07:00:00")]


def test_days_are_days_of_the_local_calendar() -> None:
    """Monday 07:30 in Kathmandu is still Monday there although Sunday evening elsewhere."""
    weekly = plan(at=(time(1, 0),), zone="Asia/Kathmandu", days=frozenset({0}))

    assert told(weekly, "2026-11-20T00:00", "2026-11-27T00:00") == [
        ("2026-11-23T01:00", "2026-11-22T19:15:00")
    ]


def test_every_follows_the_wall_clock() -> None:
    """Every 6 hours means midnight, six, noon and six, on both sides of a clock change."""
    often = plan(every=timedelta(hours=6), zone="America/New_York")

    keys = [key for key, _ in told(often, "2026-10-31T03:00", "2026-11-02T04:59")]

    assert keys == [
        "2026-10-31T00:00",
        "2026-10-31T06:00",
        "2026-10-31T12:00",
        "2026-10-31T18:00",
        "2026-11-01T00:00",
        "2026-11-01T06:00",
        "2026-11-01T12:00",
        "2026-11-01T18:00",
    ]


def test_every_week_is_monday_midnight() -> None:
    weekly = plan(every=timedelta(days=7))

    assert [slot.key for slot in upcoming(weekly, utc("2026-11-25T10:00"), 2)] == [
        "2026-11-30T00:00",
        "2026-12-07T00:00",
    ]


def test_quiet_hours_hold_back_until_they_end() -> None:
    """Hourly slots of the night are all due at seven, in order; those outside are untouched."""
    hourly = plan(every=timedelta(hours=1), quiet=(time(22), time(7)))

    slots = told(hourly, "2026-11-24T20:30", "2026-11-25T08:30")

    assert [key for key, due in slots if due == "2026-11-25T07:00:00"] == [
        *(f"2026-11-24T{hour}:00" for hour in (22, 23)),
        *(f"2026-11-25T{hour:02}:00" for hour in range(8)),
    ]
    assert [key for key, due in slots if due != "2026-11-25T07:00:00"] == [
        "2026-11-24T21:00",
        "2026-11-25T08:00",
    ]


def test_quiet_hours_that_end_in_a_skipped_hour_end_with_it() -> None:
    night = plan(at=(time(1, 0),), quiet=(time(0), time(2, 30)), zone="America/New_York")

    assert told(night, "2026-03-08T00:00", "2026-03-08T23:00") == [
        ("2026-03-08T01:00", "2026-03-08T07:00:00")
    ]


def test_upcoming_lists_the_next_slots_only() -> None:
    twice = plan(at=(time(16), time(7, 30)), days=frozenset(range(5)))

    slots = upcoming(twice, utc("2026-11-27T07:30"), 3)

    assert [slot.key for slot in slots] == ["2026-11-27T16:00", "2026-11-30T07:30", "2026-11-30T16:00"]


def test_a_plan_without_days_has_no_slots() -> None:
    never = plan(at=(time(7),), days=frozenset())

    assert upcoming(never, utc("2026-11-25T00:00"), 3) == ()
    assert passed(never, utc("2026-11-01T00:00"), utc("2026-11-25T00:00")) == ()


def test_an_immediate_plan_has_no_timed_slots() -> None:
    now = plan(immediately=True)

    assert passed(now, utc("2026-11-01T00:00"), utc("2026-11-25T00:00")) == ()
    assert upcoming(now, utc("2026-11-25T00:00"), 1) == ()


def test_immediately_waits_to_gather() -> None:
    slot = immediate(plan(immediately=True, zone="America/New_York"), utc("2026-11-25T15:00:03"))

    assert slot.key == "2026-11-25T10:05:03.000"
    assert slot.due == utc("2026-11-25T15:05:03")


def test_immediately_keeps_quiet_hours_and_days() -> None:
    """A match on Friday night is told on Monday at seven when weekends and nights are off."""
    desk = plan(immediately=True, days=frozenset(range(5)), quiet=(time(22), time(7)))

    assert immediate(desk, utc("2026-11-27T23:00")).due == utc("2026-11-30T07:00")


def test_immediate_keys_differ_in_the_two_passes_of_a_repeated_hour() -> None:
    now = plan(immediately=True, zone="America/New_York")

    keys = {immediate(now, utc(f"2026-11-01T0{hour}:00")).key for hour in (5, 6)}

    assert keys == {"2026-11-01T01:05:00.000", "2026-11-01T01:05:00.000-0500"}


def test_every_shorter_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than a second"):
        passed(plan(every=timedelta(0)), utc("2026-11-25T00:00"), utc("2026-11-25T01:00"))


plans = st.builds(
    plan,
    zone=st.sampled_from(ZONES),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    quiet=st.none() | st.tuples(st.times(), st.times()),
) | st.builds(plan, zone=st.sampled_from(ZONES), quiet=st.none() | st.tuples(st.times(), st.times()))


@settings(max_examples=150, deadline=None)
@given(
    base=plans,
    shape=st.lists(st.times().map(lambda t: t.replace(second=0, microsecond=0)), min_size=1, max_size=4)
    | st.sampled_from([timedelta(minutes=50), timedelta(hours=7), timedelta(hours=24), timedelta(days=5)]),
    start=st.datetimes(datetime(2010, 1, 1), datetime(2031, 1, 1)),  # noqa: DTZ001 - hypothesis adds the zone
    steps=st.lists(st.timedeltas(timedelta(seconds=1), timedelta(days=4)), min_size=2, max_size=12),
)
def test_each_slot_comes_once_however_time_is_cut(
    base: DigestPlan, shape: object, start: datetime, steps: list[timedelta]
) -> None:
    """Many short windows give the same slots as one long window, each once, never before their wall time."""
    timing = {"every": shape} if isinstance(shape, timedelta) else {"at": tuple(shape)}  # type: ignore[call-overload]  # list of times
    a_plan = plan(zone=base.zone, days=base.days, quiet=base.quiet, **timing)
    cuts = [start.replace(tzinfo=UTC)]
    for step in steps:
        cuts.append(cuts[-1] + step)

    pieces = [slot for a, b in pairwise(cuts) for slot in passed(a_plan, a, b)]
    whole = passed(a_plan, cuts[0], cuts[-1])

    assert tuple(pieces) == whole
    assert len({slot.key for slot in whole}) == len(whole)
    assert [slot.due for slot in whole] == sorted(slot.due for slot in whole)
    assert upcoming(a_plan, cuts[0], len(whole)) == whole


@pytest.mark.parametrize("zone", ZONES)
def test_three_years_have_a_slot_for_each_day(zone: str) -> None:
    """07:30 and 02:30 each day for three years: 2,192 keys, none twice."""
    daily = plan(at=(time(2, 30), time(7, 30)), zone=zone)

    slots = passed(daily, utc("2024-12-31T20:00"), utc("2027-12-31T20:00"))

    assert len({slot.key for slot in slots}) == len(slots)
    assert abs(len(slots) - 2 * 1095) <= 2
