"""Counts, times and what happened to a story in words: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts import recent_words
from alerts.records import (
    CommitmentLine,
    CommitmentState,
    Flood,
    Found,
    FoundBy,
    Section,
    Story,
    Telling,
)
from alerts.safe import one_line

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SLOW = timedelta(hours=12)  # found so long after publication: both times are told
AHEAD = timedelta(minutes=10)  # dated so long after it was found: a reader is told so


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 story`, `3 stories`, `1,204 stories`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str], most: int = 8) -> str:
    """`a, b and c`; past `most` items `a, b and 7 more`."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def sources(names: Sequence[str], *, parts: bool = False) -> str:
    """`The Delhi Observer`, `78 sources: A, B, C and 75 more`; with `parts` `78 sources, each in part: A, B, …`."""
    if len(names) == 1:
        return f"{names[0]}, in part" if parts else names[0]
    return f"{count(len(names), 'source')}{', each in part' if parts else ''}: {listed(names, 4)}"


def moment(when: datetime, zone: str) -> str:
    """`Wed 25 Nov 2026, 07:30 EST`, in the reader's zone."""
    local = when.astimezone(ZoneInfo(zone))
    name = local.tzname() or ""
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {name if name.isalpha() else 'UTC' + local.strftime('%z')}"


@lru_cache(maxsize=1024)  # each time of a telling is told alone and with the find
def short_moment(when: datetime, zone: str, now: datetime) -> str:
    """`Tue 24 Nov, 18:40`; with its year when that is not the year of `now`."""
    local = when.astimezone(ZoneInfo(zone))
    year = "" if local.year == now.astimezone(ZoneInfo(zone)).year else f" {local.year}"
    day = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year}"
    return f"{day}, {local.hour:02}:{local.minute:02}"


def span(start: datetime, end: datetime, zone: str, now: datetime) -> tuple[str, str]:
    """`("Tue 24 Nov, 18:40", "20:10")`: the end with its day where that is another one."""
    local = ZoneInfo(zone)
    last = end.astimezone(local)
    same = start.astimezone(local).date() == last.date()
    return short_moment(start, zone, now), f"{last:%H:%M}" if same else short_moment(end, zone, now)


def day(value: date) -> str:
    """`31 Dec 2025`."""
    return f"{value.day} {value:%b %Y}"


def ago(span: timedelta) -> str:
    """`6 days`, `3 weeks`, `2 years`: a length of time, rounded down."""
    days = max(span.days, 0)
    if days >= 730:
        return count(days // 365, "year")
    if days >= 60:
        return count(days // 30, "month")
    if days >= 21:
        return count(days // 7, "week")
    return count(days, "day") if days else count(int(span.total_seconds() // 3600), "hour")


def times(telling: Telling, zone: str, now: datetime) -> str:
    """When it was published, and when it was found where that differs as a reader would want to know.

    `Tue 24 Nov, 18:40`; `Tue 24 Nov, 02:10, found Tue 24 Nov, 18:40`; `no date, found …`; `dated ahead, Sat 28 Nov,
    12:00, found …`.
    """
    behind = None if telling.published is None else telling.found - telling.published
    published = "no date" if telling.published is None else short_moment(telling.published, zone, now)
    if behind is not None and -AHEAD <= behind <= SLOW:
        return published
    ahead = "dated ahead, " if behind is not None and behind < -AHEAD else ""
    return f"{ahead}{published}, found {short_moment(telling.found, zone, now)}"


def lateness(story: Story, zone: str, now: datetime) -> str:
    """`published 6 days ago, found today`, or "" for a story found in time."""
    if story.late is None:
        return ""
    found = story.lead.found.astimezone(ZoneInfo(zone)).date()
    behind = (now.astimezone(ZoneInfo(zone)).date() - found).days
    when = {0: "today", 1: "yesterday"}.get(behind, f"on {day(found)}")
    return f"published {ago(story.late + (now - story.lead.found))} ago, found {when}"


def found(how: Found | None, zone: str, now: datetime) -> str:
    """`found by your edit of 24 Nov`, `found by rematch of 24 Nov`; "" for what was found as it came."""
    if how is None:
        return ""
    local = how.at.astimezone(ZoneInfo(zone))
    year = "" if local.year == now.astimezone(ZoneInfo(zone)).year else f" {local.year}"
    what = "your edit" if how.by is FoundBy.EDIT else "rematch"
    return f"found by {what} of {local.day} {local:%b}{year}"


def standing(line: CommitmentLine) -> str:
    """Where a commitment stands: `overdue by 329 days`, `due in 6 days`, `met`."""
    if line.state is not CommitmentState.OPEN:
        return str(line.state)
    if line.days is None:
        return "open, no date"
    if line.days < 0:
        return f"overdue by {count(-line.days, 'day')}"
    return "due today" if line.days == 0 else f"due in {count(line.days, 'day')}"


def outlets_of(stories: Iterable[Story]) -> int:
    """How many different outlets told them."""
    return len({name for story in stories for name in story.outlets})


def new_outlets_of(stories: Iterable[Story]) -> int:
    """How many different outlets told one of them that had not told it before."""
    return len({name for story in stories for name in story.new_outlets})


def spread(story: Story) -> str:
    """How far a story went: `Reuters, in 12 outlets`, `5 outlets, 3 independent reports`; "" for a single report."""
    if len(story.outlets) <= 1 and story.reports <= 1:
        return ""
    outlets = count(len(story.outlets), "outlet")
    if story.reports == 1 and story.agencies:
        return f"{one_line(story.agencies[0].name, 40)}, in {outlets}"
    many = [one for one in story.agencies if one.outlets > 1]
    shares = listed([f"{one_line(one.name, 40)} in {one.outlets:,} of them" for one in many], 3)
    return f"{outlets}, {count(story.reports, 'independent report')}{f' ({shares})' if shares else ''}"


def first_teller(story: Story) -> str:
    """The agency or outlet that told a story first, where its entry does not say so anyway; else ""."""
    if len(story.outlets) <= 1:
        return ""
    teller = one_line(story.told_first, 60)
    said = teller.casefold() in one_line(story.lead.source).casefold()  # as "Deccan Wire" by its service
    alone = story.reports == 1 and bool(story.agencies)
    return "" if said or alone else teller


def command(story: Story) -> str:
    """The command that lists every telling of a story."""
    return f"tidings stories show {one_line(story.id)}"


def grown(story: Story) -> str:
    """How a told story goes on: `also now in`, `in` what the archive gave, `again in` outlets that had told it."""
    if story.found is not None:
        return "in"
    return "also now in" if story.new_outlets else "again in"


def told_again(stories: Sequence[Story]) -> str:
    """The heading over stories that were told before."""
    if any(story.new_outlets for story in stories):
        return "Told before, also now in further outlets"
    return "Told before, reported on again"


def in_all(story: Story) -> str:
    """How far a story went that was told before: `15 outlets, 3 independent reports`; "" where nothing adds up."""
    if story.all_outlets <= len(story.outlets):
        return ""
    return f"{count(story.all_outlets, 'outlet')}, {count(story.all_reports, 'independent report')}"


def summary(section: Section) -> str:
    """`3 stories, 11 outlets`, `1 story updated`, `also now in 2 outlets`, `quiet for 19 days`, `nothing new`; several
    of them as it is."""
    if part_silent := section.silent_for:
        return recent_words.quiet(part_silent)
    words = []
    if section.new:
        words.append(
            f"{count(len(section.new), 'story', 'stories')}, {count(outlets_of(section.new), 'outlet')}"
        )
    updated = sum(bool(story.updates) for story in section.told_before)
    if updated:
        words.append(f"{updated:,} updated" if words else f"{count(updated, 'story', 'stories')} updated")
    more = [story for story in section.told_before if not story.updates]
    if more and not section.new:
        number = new_outlets_of(more)
        words.append(f"also now in {count(number, 'outlet')}" if number else "further reports")
    return ", ".join(words) or "nothing new"


def flood(found: Flood, zone: str) -> str:
    """What is held, since when, and until when: the first words of its block."""
    matching = count(len(found.matching), "of them matches", "of them match")
    return (
        f"{count(found.articles, 'entry', 'entries')} came at once on {moment(found.since, zone)} and look like "
        f"a renewal of the feed, not like news; {matching} what you follow. "
        f"Unless someone releases them, they count as known on {moment(found.until, zone)}."
    )


def release(found: Flood) -> str:
    """The command that ends the review."""
    return f"tidings sources release {one_line(found.source_id)} --as new"


def left_out(number: int, initiative: str) -> str:
    """What was matched and is told to nobody, because of a judgement."""
    are = "is" if number == 1 else "are"
    return (
        f"{count(number, 'match', 'matches')} {are} left out: judged not to be about "
        f"{one_line(initiative, 80)}. `tidings judgements list` has {'it' if number == 1 else 'them'}."
    )
