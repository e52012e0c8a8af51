"""The last days of an initiative in words, and as a line of blocks for plain text: pure."""

from __future__ import annotations

from datetime import date, timedelta

from alerts.recent import Recent

BLOCKS = "▁▂▃▄▅▆▇█"
NONE = "·"  # a day without a story
FEW = 4  # stories that fill the height; where no day has so many, one story is no tower


def facts(found: Recent) -> str:
    """What the plot shows, for those who do not see it: `41 stories in 30 days, most 7 on 14 Nov`.

    Where less than that was watched it says since when: `no story since 17 Nov`, on the first day `3 stories today`.
    """
    total, most = sum(found.days), max(found.days, default=0)
    span = f"in {len(found.days)} days" if found.since is None else f"since {_day(found.since)}"
    first = len(found.known) == 1
    if first:
        span = "today"
    if not total:
        return f"no story {span}"
    stories = f"{total:,} {'story' if total == 1 else 'stories'} {span}"
    back = found.days[::-1].index(most)
    if first:
        return stories
    when = "today" if back == 0 else f"on {_day(found.last_day - timedelta(days=back))}"
    if total == 1:
        return f"{stories}, {when}"
    if total == most:
        return f"{stories}, all {when}"
    return f"{stories}, {f'most {most:,}' if most > 1 else 'the last'} {when}"


def sparkline(found: Recent) -> str:
    """One sign for each day that is known, the oldest first: `··▂·▁█▁`."""
    most = max(FEW, *found.days)
    top = len(BLOCKS) - 1
    return "".join(NONE if number == 0 else BLOCKS[round(top * number / most)] for number in found.known)


def quiet(days: int) -> str:
    """`quiet for 19 days`."""
    return f"quiet for {days:,} {'day' if days == 1 else 'days'}"


def silence(days: int, usual: int | None) -> str:
    """`No report for 19 days; its pauses are usually no longer than 6.`"""
    said = f"No report for {days:,} {'day' if days == 1 else 'days'}"
    return f"{said}." if usual is None else f"{said}; its pauses are usually no longer than {usual:,}."


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
