"""The subject of a digest and its first sentence: pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alerts import coverage_words, wording
from alerts.records import Digest, Section, Story
from alerts.safe import one_line

SUBJECT = 180  # characters of a subject at most
SHORT_NAME = 28


def subject(digest: Digest) -> str:
    """One line that tells: the title of a single story, else what each initiative has."""
    stories = {s.id: s for part in digest.sections for s in part.new}
    before = {s.id: s for part in digest.sections for s in part.told_before}
    updated = [s for s in before.values() if s.updates]
    silent = [_told_short(part) for part in digest.sections if part.silent_for]
    if len(stories) == 1:
        more = f" · {len(updated):,} updated" if updated else ""
        title = one_line(next(iter(stories.values())).lead.title, SUBJECT - len(more))
        return _with((title or f"1 story · {one_line(digest.title, 80)}") + more, silent)
    if not stories and len(before) == 1:
        return _with(_told_before(next(iter(before.values())), digest), silent)
    news = [_told_short(part) for part in digest.sections if part.new or part.told_before]
    if not news and digest.held:
        names = wording.listed([one_line(flood.source, 40) for flood in digest.held], 2)
        return _joined([f"Held for review: {names}", *(silent or [one_line(digest.title, 80)])])
    if not news:
        return _joined(["Nothing new", *(silent or [one_line(digest.title, 80)])])
    return _joined([*news, *silent])


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
        outlets = wording.count(wording.outlets_of(new), "outlet")
        words.append(f"{wording.count(digest.stories, *noun)} from {outlets}{_found_late(digest, new)}.")
    else:
        words.append("No new stories.")
    if updated := sum(bool(s.updates) for s in before.values()):
        words.append(f"{wording.count(updated, 'earlier story', 'earlier stories')} updated.")
    for what in ("now in further outlets", "reported on again", "found anew"):
        if number := sum(how == what for how in again.values()):
            words.append(f"{wording.count(number, 'earlier story', 'earlier stories')} {what}.")
    if digest.held:
        number = sum(len(flood.matching) for flood in digest.held)
        words.append(f"{wording.count(number, 'article')} held for review.")
    if overdue := sum(line.overdue for part in digest.sections for line in part.commitments):
        words.append(f"{wording.count(overdue, 'commitment')} overdue.")
    if silent := sum(part.silent_for is not None for part in digest.sections):
        words.append(f"{wording.count(silent, 'initiative')} unusually quiet.")
    if failing := coverage_words.failing(digest.coverage.failing):
        words.append(f"{failing}.")
    return " ".join(words)


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


def _told_short(part: Section) -> str:
    return f"{short_name(part)}: {wording.summary(part)}"


def _joined(parts: Sequence[str]) -> str:
    """As many as there is room for, and how many initiatives more."""
    shown = list(parts)
    while len(" · ".join(shown)) > SUBJECT - 30 and len(shown) > 1:
        shown = shown[:-1]
    if len(shown) < len(parts):
        shown.append(wording.count(len(parts) - len(shown), "more initiative"))
    return one_line(" · ".join(shown), SUBJECT)


def _with(title: str, silent: Sequence[str]) -> str:
    """A headline, and what is silent where both have room."""
    both = " · ".join([title, *silent])
    return both if len(both) <= SUBJECT else title


def _told_before(story: Story, digest: Digest) -> str:
    """The subject of a digest that tells of nothing but one story of before."""
    how = f"{wording.grown(story)[:1].upper()}{wording.grown(story)[1:]} "
    told = how + wording.listed([one_line(o, 40) for o in story.new_outlets or story.outlets], 3)
    if story.updates:
        told = "Updated"
    elif story.found is not None:
        told = f"Told before, {wording.found(story.found, digest.zone, digest.until)}"
    title = story.updates[-1].telling.title if story.updates else story.headline.title
    return f"{told}: {one_line(title, SUBJECT - len(told) - 2)}"


def _found_late(digest: Digest, stories: Sequence[Story]) -> str:
    """`, 2 of them found by your edit of 24 Nov`; "" when all were found as they came."""
    as_it_came = {story.id for story in stories if story.found is None}
    late = {
        story.id: wording.found(story.found, digest.zone, digest.until)
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
