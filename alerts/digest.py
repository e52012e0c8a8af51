"""From matches to a digest of stories: grouping, best telling, late marks, the cap. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts import commitments, slots, wording
from alerts.plans import DigestPlan
from alerts.records import (
    Coverage,
    Digest,
    DigestSlot,
    Evidence,
    Field,
    Flood,
    Found,
    Initiative,
    MatchedArticle,
    Section,
    Story,
    Strength,
    Telling,
)
from alerts.shares import shares

LATE = timedelta(hours=48)  # found so long after publication: marked
FULL = 500  # characters; a text shorter than this is no full report


def compose(
    plan: DigestPlan,
    passed: Sequence[DigestSlot],
    since: datetime,
    matched: Sequence[MatchedArticle],
    names: Mapping[str, Initiative],
    evidence: Mapping[tuple[str, str], tuple[Telling, ...]],
    coverage: Coverage,
    now: datetime,
    held: Sequence[Flood] = (),
) -> Digest:
    """One digest over all of `passed` (at least one slot, oldest first): what was matched since `since`.

    Args:
        matched: everything matched in the window; a story with `told_at` goes under "also now in".
        names: the initiatives in force; a paused one is left out.
        held: floods of which something matched since `since`; shown as a block each, not told.
        evidence: reports filed under (initiative id, commitment id), newest first.
    """
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    by_initiative: dict[str, list[MatchedArticle]] = defaultdict(list)
    for one in matched:
        by_initiative[one.match.initiative_id].append(one)

    sections = []
    for initiative_id in plan.initiatives:
        initiative = names.get(initiative_id)
        if initiative is not None and not initiative.paused:
            sections.append(_section(initiative, by_initiative[initiative_id], evidence, today))
    following = slots.upcoming(plan, now, 1)
    return Digest(
        digest_id=plan.id,
        title=plan.title or plan.id,
        slot=passed[-1].due,
        since=since,
        until=now,
        zone=plan.zone,
        sections=tuple(part for part in _capped(sections, plan.max_stories) if _says_something(part)),
        coverage=coverage,
        notes=_notes(plan, passed),
        next_slot=following[0].due if following else None,
        held=tuple(held),
    )


def is_empty(digest: Digest) -> bool:
    """No story is told in it and nothing newly held; commitments and coverage alone do not make news."""
    return not digest.held and not any(
        part.stories or part.titles_only or part.again for part in digest.sections
    )


def told(digest: Digest) -> tuple[str, ...]:
    """Ids of all stories in it, each once, in order."""
    every = (
        story.id for part in digest.sections for story in (*part.stories, *part.titles_only, *part.again)
    )
    return tuple(dict.fromkeys(every))


def story_of(tellings: Sequence[MatchedArticle]) -> Story:
    """One story from its matched articles (at least one): the best telling leads, the others follow it."""
    ranked = sorted({one.telling.article_id: one for one in tellings}.values(), key=_rank)
    lead = ranked[0]
    before = [one.told_at for one in ranked if one.told_at is not None]
    return Story(
        id=lead.story_id,
        lead=lead.telling,
        snippet=_snippet(lead.match.evidence),
        evidence=lead.match.evidence,
        also=tuple(one.telling for one in ranked[1:]),
        outlets=tuple(dict.fromkeys(one.telling.source for one in ranked)),
        reports=len({one.duplicate_of or one.telling.article_id for one in ranked}),
        commitments=tuple(dict.fromkeys(name for one in ranked for name in one.match.commitments)),
        first_told=min(before) if before else None,
        late=_lateness(lead.telling),
        found=_found(ranked),
        watchlist_version=lead.match.watchlist_version,
        watchlist_since=lead.match.watchlist_since,
    )


def _rank(one: MatchedArticle) -> tuple[bool, bool, bool, datetime, int, str]:
    """Smallest is best: no reprint, open to all, told in full, earliest; then the longest."""
    return (
        one.telling.reprint or one.duplicate_of is not None,
        one.telling.paywalled,
        one.text_length < FULL,
        _when(one.telling),
        -one.text_length,
        one.telling.article_id,
    )


def _when(telling: Telling) -> datetime:
    """Time of publication, as far as it can be believed: never after we found it."""
    return telling.found if telling.published is None else min(telling.published, telling.found)


def _lateness(telling: Telling) -> timedelta | None:
    behind = telling.found - _when(telling)
    return behind if behind > LATE else None


def _found(tellings: Sequence[MatchedArticle]) -> Found | None:
    """How a story was found in the archive, by its last find; None when any part of it was found as it came."""
    how = [one.match.found for one in tellings]
    late = [one for one in how if one is not None]
    return max(late, key=lambda one: one.at) if len(late) == len(how) else None


def _snippet(evidence: Sequence[Evidence]) -> str:
    """Words around the best evidence: strong before weak, running text before the headline."""
    best = sorted(evidence, key=lambda e: (e.strength is not Strength.STRONG, e.field is Field.TITLE))
    return best[0].snippet if best else ""


def _section(
    initiative: Initiative,
    matched: Iterable[MatchedArticle],
    evidence: Mapping[tuple[str, str], tuple[Telling, ...]],
    today: date,
) -> Section:
    by_story: dict[str, list[MatchedArticle]] = defaultdict(list)
    for one in matched:
        by_story[one.story_id].append(one)
    stories = sorted((story_of(tellings) for tellings in by_story.values()), key=_weight)
    return Section(
        initiative_id=initiative.id,
        name=initiative.name,
        stories=tuple(story for story in stories if story.first_told is None),
        again=tuple(story for story in stories if story.first_told is not None),
        commitments=commitments.lines(
            initiative,
            today=today,
            filed={name for story in stories for name in story.commitments},
            evidence=evidence,
        ),
    )


def _weight(story: Story) -> tuple[bool, float, int, int, float, str]:
    """What was found as it came before finds in the archive, of which those of the last edit come first.

    Among those most independent reports first, then most outlets, then the newest.
    """
    edited = 0.0 if story.found is None else -story.found.at.timestamp()
    return (
        story.found is not None,
        edited,
        -story.reports,
        -len(story.outlets),
        -_when(story.lead).timestamp(),
        story.id,
    )


def _capped(sections: Sequence[Section], most: int) -> list[Section]:
    """At most `most` stories in full, dealt out one to each section in turn; the rest keeps its titles."""
    full = shares(most, [len(part.stories) for part in sections])
    return [
        replace(part, stories=part.stories[:number], titles_only=part.stories[number:])
        for part, number in zip(sections, full, strict=True)
    ]


def _says_something(part: Section) -> bool:
    return bool(part.stories or part.titles_only or part.again or part.commitments)


def _notes(plan: DigestPlan, passed: Sequence[DigestSlot]) -> tuple[str, ...]:
    """What happened to slots that were not told at their time."""
    notes = []
    missed = [
        wording.short_moment(slot.due, plan.zone, passed[-1].due)
        for slot in passed
        if slot.due < passed[-1].due
    ]
    if len(missed) == 1:
        notes.append(f"Also covers the slot of {missed[0]}, which was missed.")
    elif missed:
        notes.append(f"Also covers {len(missed)} missed slots, from {missed[0]} to {missed[-1]}.")
    together = len(passed) - len(missed)
    if together > 1 and plan.quiet is not None:
        start, end = (f"{at:%H:%M}" for at in plan.quiet)
        notes.append(f"Tells {together} slots together, held back by quiet hours ({start} to {end}).")
    return tuple(notes)
