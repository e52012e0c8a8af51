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


def new_outlets_of(stories: Iterable[Story]) -> int:
    """How many different outlets told one of them that had not told it before."""
    return len({name for story in stories for name in story.new_outlets})


def spread(story: Story) -> str:
    """How far a story went: `Reuters, in 12 outlets`, `5 outlets, 3 independent reports`; "" for a single report."""
    outlets = count(len(story.outlets), "outlet")
    if len(story.outlets) <= 1 and story.reports <= 1:
        return ""
    if story.reports == 1 and story.agencies:
        return f"{one_line(story.agencies[0].name, 40)}, in {outlets}"
    many = [one for one in story.agencies if one.outlets > 1]
    shares = listed([f"{one_line(one.name, 40)} in {one.outlets:,} of them" for one in many], 3)
    return f"{outlets}, {count(story.reports, 'independent report')}{f' ({shares})' if shares else ''}"


def first_teller(story: Story) -> str:
    """The agency or outlet that told a story first, where its entry does not say so anyway; else ""."""
    teller = one_line(story.told_first, 60)
    said = teller.casefold() in one_line(story.lead.source).casefold()  # as "Deccan Wire" by its service
    alone = story.reports == 1 and bool(story.agencies)
    return "" if len(story.outlets) <= 1 or said or alone else teller


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
    """`3 stories, 11 outlets`, `1 story updated`, `also now in 2 outlets`, `nothing new`; several of them as it is."""
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


def subject(digest: Digest) -> str:
    """One line that tells: the title of a single story, else what each initiative has."""
    stories = {s.id: s for part in digest.sections for s in part.new}
    before = {s.id: s for part in digest.sections for s in part.told_before}
    updated = [s for s in before.values() if s.updates]
    if len(stories) == 1:
        more = f" · {len(updated):,} updated" if updated else ""
        title = one_line(next(iter(stories.values())).lead.title, SUBJECT - len(more))
        return (title or f"1 story · {one_line(digest.title, 80)}") + more
    if not stories and len(before) == 1:
        return _told_before(next(iter(before.values())), digest)
    parts = [
        f"{short_name(part)}: {summary(part)}" for part in digest.sections if part.new or part.told_before
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


def _told_before(story: Story, digest: Digest) -> str:
    """The subject of a digest that tells of nothing but one story of before."""
    how = f"{grown(story)[:1].upper()}{grown(story)[1:]} "
    told = how + listed([one_line(o, 40) for o in story.new_outlets or story.outlets], 3)
    if story.updates:
        told = "Updated"
    elif story.found is not None:
        told = f"Told before, {found(story.found, digest.zone, digest.until)}"
    title = story.updates[-1].telling.title if story.updates else story.headline.title
    return f"{told}: {one_line(title, SUBJECT - len(told) - 2)}"


def overview(digest: Digest) -> str:
    """The first sentence of a digest: `3 new stories from 11 outlets. 1 earlier story updated. 1 commitment overdue.`"""
    new = [s for part in digest.sections for s in part.new]
    before = {s.id: s for part in digest.sections for s in part.told_before}
    again = {
        s.id: "found anew"
        if s.found is not None
        else "now in further outlets"
        if s.new_outlets
        else "reported on again"
        for s in before.values()
        if not s.updates
    }
    words = []
    if digest.stories:
        noun = ("new story", "new stories")
        outlets = count(outlets_of(new), "outlet")
        words.append(f"{count(digest.stories, *noun)} from {outlets}{_found_late(digest, new)}.")
    else:
        words.append("No new stories.")
    if updated := sum(bool(s.updates) for s in before.values()):
        words.append(f"{count(updated, 'earlier story', 'earlier stories')} updated.")
    for what in ("now in further outlets", "reported on again", "found anew"):
        if number := sum(how == what for how in again.values()):
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
