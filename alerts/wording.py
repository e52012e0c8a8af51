"""Counts, times and subjects in words: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.records import (
    CommitmentLine,
    CommitmentState,
    Coverage,
    Digest,
    Flood,
    Found,
    FoundBy,
    Section,
    Story,
    Unread,
)
from alerts.safe import one_line

SUBJECT = 180  # characters of a subject at most
SHORT_NAME = 28


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 story`, `3 stories`, `1,204 stories`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str], most: int = 8) -> str:
    """`a, b and c`; past `most` items `a, b and 7 more`."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def moment(when: datetime, zone: str) -> str:
    """`Wed 25 Nov 2026, 07:30 EST`, in the reader's zone."""
    local = when.astimezone(ZoneInfo(zone))
    name = local.tzname() or ""
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {name if name.isalpha() else 'UTC' + local.strftime('%z')}"


def short_moment(when: datetime, zone: str, now: datetime) -> str:
    """`Tue 24 Nov, 18:40`; with its year when that is not the year of `now`."""
    local = when.astimezone(ZoneInfo(zone))
    year = "" if local.year == now.astimezone(ZoneInfo(zone)).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


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


def short_name(section: Section) -> str:
    """The word of a subject for an initiative: the word of its name that is its id, else a short name, else its id.

    The words of an id are spelled as the name spells them: `ai-roadmap` is "AI roadmap" where the name says AI.
    """
    name, wanted = one_line(section.name), section.initiative_id.casefold()
    same = [word.strip(",.:;()") for word in name.split() if word.strip(",.:;()").casefold() == wanted]
    if same:
        return same[0]
    if len(name) <= SHORT_NAME:
        return name
    spelled = {word.casefold(): word for word in re.findall(r"\w+", name)}
    words = (spelled.get(word.casefold(), word) for word in section.initiative_id.split("-") if word)
    return " ".join(words) or section.initiative_id


def outlets_of(stories: Iterable[Story]) -> int:
    """How many different outlets told them."""
    return len({name for story in stories for name in story.outlets})


def summary(section: Section) -> str:
    """`3 stories, 11 outlets`, `also now in 2 outlets`, `nothing new`."""
    new = (*section.stories, *section.titles_only)
    if new:
        return f"{count(len(new), 'story', 'stories')}, {count(outlets_of(new), 'outlet')}"
    if section.again:
        return f"also now in {count(outlets_of(section.again), 'outlet')}"
    return "nothing new"


def subject(digest: Digest) -> str:
    """One line that tells: the title of a single story, else what each initiative has."""
    stories = {s.id: s for part in digest.sections for s in (*part.stories, *part.titles_only)}
    again = {s.id: s for part in digest.sections for s in part.again}
    if len(stories) == 1:
        only = next(iter(stories.values()))
        return one_line(only.lead.title, SUBJECT) or f"1 story · {one_line(digest.title, 80)}"
    if not stories and len(again) == 1:
        only = next(iter(again.values()))
        told = f"Also now in {listed([one_line(o, 40) for o in only.outlets], 3)}: "
        if only.found is not None:
            told = f"Told before, {found(only.found, digest.zone, digest.until)}: "
        return told + one_line(only.lead.title, SUBJECT - len(told))
    parts = [
        f"{short_name(part)}: {summary(part)}"
        for part in digest.sections
        if part.stories or part.titles_only or part.again
    ]
    if not parts and digest.held:
        names = listed([one_line(flood.source, 40) for flood in digest.held], 2)
        return one_line(f"Held for review: {names} · {digest.title}", SUBJECT)
    if not parts:
        return f"Nothing new · {one_line(digest.title, 80)}"
    shown = parts
    while len(" · ".join(shown)) > SUBJECT - 30 and len(shown) > 1:
        shown = shown[:-1]
    if len(shown) < len(parts):
        shown = [*shown, f"{count(len(parts) - len(shown), 'more initiative')}"]
    return one_line(" · ".join(shown), SUBJECT)


def overview(digest: Digest) -> str:
    """The first sentence of a digest: `3 new stories from 11 outlets. 1 commitment overdue.`"""
    new = [s for part in digest.sections for s in (*part.stories, *part.titles_only)]
    again = {s.id: s.found is not None for part in digest.sections for s in part.again}
    words = []
    if digest.stories:
        noun = ("new story", "new stories")
        outlets = count(outlets_of(new), "outlet")
        words.append(f"{count(digest.stories, *noun)} from {outlets}{_found_late(digest, new)}.")
    else:
        words.append("No new stories.")
    for anew, what in ((False, "now in further outlets"), (True, "found anew")):
        if number := sum(late is anew for late in again.values()):
            words.append(f"{count(number, 'earlier story', 'earlier stories')} {what}.")
    if digest.held:
        number = sum(len(flood.matching) for flood in digest.held)
        words.append(f"{count(number, 'article')} held for review.")
    if overdue := sum(line.overdue for part in digest.sections for line in part.commitments):
        words.append(f"{count(overdue, 'commitment')} overdue.")
    if digest.coverage.failing:
        words.append(f"{count(len(digest.coverage.failing), 'source')} failing.")
    return " ".join(words)


def _found_late(digest: Digest, stories: Sequence[Story]) -> str:
    """`, 2 of them found by your edit of 24 Nov`; "" when all were found as they came."""
    as_it_came = {story.id for story in stories if story.found is None}
    late = {
        story.id: found(story.found, digest.zone, digest.until)
        for story in stories
        if story.id not in as_it_came
    }
    if not late:
        return ""
    ways = set(late.values())
    how = ways.pop() if len(ways) == 1 else "found in the archive"
    if digest.stories == 1:
        return f", {how}"
    return f", {'all' if len(late) == digest.stories else f'{len(late):,}'} of them {how}"


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


_UNREAD = {
    Unread.BUDGET: "over the budget of their host",
    Unread.PAYWALL: "behind paywalls",
    Unread.REFUSED: "without a readable page",
    Unread.UNREACHABLE: "unreachable",
    Unread.CRASHED: "crashing the reader",
    Unread.WAITING: "still awaited",
}


def unread_pages(found: Coverage) -> str:
    """How many articles were matched, and judged at all, without their page, and why: one sentence, or ""."""
    total = sum(number for _, number in found.without_page)
    why = ", ".join(f"{number:,} {_UNREAD[reason]}" for reason, number in found.without_page)
    were = "was" if total == 1 else "were"
    judged = f"{total:,} of {count(found.judged, 'article')} {were} judged"
    if not found.unread:
        return f"{judged} on title and summary only: {why}." if total else ""
    matched = (
        f"{count(found.unread, 'article was', 'articles were')} matched without the full page, "
        "on title and summary only"
    )
    return f"{matched}; in all {judged} so: {why}." if total else f"{matched}."


def coverage(found: Coverage, since: datetime, until: datetime, zone: str) -> str:
    """What was looked at in a window, in sentences; failures and gaps are also listed one by one."""
    words = [
        f"{count(found.checked, 'source')} checked from {moment(since, zone)} to {moment(until, zone)}.",
        f"{count(len(found.failing), 'source')} failing." if found.failing else "None failing.",
    ]
    if found.quiet:
        names = listed([one_line(name, 60) for name in found.quiet])
        words.append(f"Unusually quiet: {names}.")
    if unread := unread_pages(found):
        words.append(unread)
    if found.held:
        words.append(f"{count(found.held, 'article is', 'articles are')} held for review.")
    missing = [gap for gap in found.gaps if not gap.caught_up]
    words.append("Some time is not covered, see below." if missing else "No gaps.")
    return " ".join(words)
