"""From matches to a digest of stories: grouping, best telling, late marks, the cap. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from alerts import commitments, slots, wording
from alerts.evidence import best_snippet
from alerts.plans import DigestPlan
from alerts.recent import Recent
from alerts.records import (
    AgencyShare,
    Coverage,
    Digest,
    DigestSlot,
    Flood,
    Found,
    Initiative,
    MatchedArticle,
    Section,
    Story,
    Telling,
    Update,
)
from alerts.shares import shares
from crawler import provenance

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
    recent: Mapping[str, Recent] = MappingProxyType({}),
    left_out: Mapping[str, int] = MappingProxyType({}),
) -> Digest:
    """One digest over all of `passed` (at least one slot, oldest first): what was matched since `since`.

    Args:
        matched: everything matched in the window, and what has changed since it was told; a story with `told_at`
            goes under "updated" or "also now in".
        names: the initiatives in force; a paused one is left out.
        held: floods of which something matched since `since`; shown as a block each, not told.
        evidence: reports filed under (initiative id, commitment id), newest first.
        recent: the last days of initiatives, by their ids. One that is silent has a section of its own, and one that
            has nothing to say stands under `idle`; not in a digest told immediately or every so often, where that would
            be said many times a day.
        left_out: by initiative, how many matches are not told because of a judgement: said in a note.
    """
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    live = [
        initiative
        for initiative in (names.get(one) for one in plan.initiatives)
        if initiative is not None and not initiative.paused
    ]
    told_of = {initiative.id for initiative in live}
    by_story: dict[str, list[MatchedArticle]] = defaultdict(list)
    for one in matched:
        if one.match.initiative_id in told_of:
            by_story[one.story_id].append(one)
    stories = _stories(live, by_story)
    if not plan.at:
        recent = {name: replace(one, silent_for=None, usual=None) for name, one in recent.items()}
    sections = [_section(one, stories[one.id], evidence, today, recent.get(one.id)) for one in live]
    capped = _capped(sections, plan.max_stories)
    shown: list[Section] = []
    idle: list[Section] = []
    for part in capped:
        silent = bool(plan.at) and part.silent_for is not None
        (shown if silent or _says_something(part) else idle).append(part)
    following = slots.upcoming(plan, now, 1)
    return Digest(
        digest_id=plan.id,
        title=plan.title or plan.id,
        slot=passed[-1].due,
        since=since,
        until=now,
        zone=plan.zone,
        sections=tuple(shown),
        coverage=coverage,
        notes=(*_notes(plan, passed), *_left_out(live, left_out)),
        next_slot=following[0].due if following else None,
        held=tuple(held),
        idle=tuple(idle) if plan.at else (),
    )


def is_empty(digest: Digest) -> bool:
    """No story is told in it, none has changed, nothing newly held: commitments, silence and coverage are no news."""
    return not digest.held and not any(part.new or part.told_before for part in digest.sections)


def told(digest: Digest) -> tuple[str, ...]:
    """Ids of all stories in it, each once, in order."""
    every = (story.id for part in digest.sections for story in (*part.new, *part.told_before))
    return tuple(dict.fromkeys(every))


def threads(digest: Digest) -> tuple[str, ...]:
    """Of its mails: that of the digest, and that of an initiative where it has news of no other."""
    news = [part.initiative_id for part in digest.sections if part.new or part.told_before]
    return (f"digest-{digest.digest_id}", *(f"initiative-{one}" for one in news if len(news) == 1))


def refers_to(digest: Digest) -> tuple[str, ...]:
    """Keys of the messages that told first what is told of again in it, oldest first."""
    messages = {
        story.told_in for part in digest.sections for story in part.told_before if story.told_in is not None
    }
    return tuple(one.key for one in sorted(messages, key=lambda one: (one.at, one.key)))


def story_of(tellings: Sequence[MatchedArticle], others: Sequence[MatchedArticle] = ()) -> Story:
    """One story from the articles that matched an initiative (at least one): the best telling leads, the others follow it.

    Args:
        others: articles of the story that matched other initiatives of the digest; they are told, and do not lead.
    """
    every = _different((*tellings, *others))
    fresh = [one for one in every if not one.changes]
    told_now = {one.telling.article_id for one in fresh}
    basis = [*fresh, *(one for one in every if one.changes and one.telling.article_id not in told_now)]
    before = _different_tellings(telling for one in every for telling in one.earlier)
    come = provenance.trace(_traced(basis, before))
    repeats = come.repeats
    ranked = sorted(fresh or basis, key=lambda one: _rank(one, repeats))
    own = {one.telling.article_id for one in tellings}
    lead = next((one for one in ranked if one.telling.article_id in own), tellings[0])
    after = (one for one in ranked if one.telling.article_id != lead.telling.article_id)
    shown = [_placed(one.telling, come, repeats) for one in (lead, *after)]
    outlets = tuple(dict.fromkeys(one.source for one in shown))
    known = {name for article_id, name in come.outlets.items() if article_id not in told_now}
    told_before = [one.told_at for one in every if one.told_at is not None]
    first = min(told_before) if told_before else None
    if first is None and not fresh:  # it was told, as part of another story
        first = min(one.match.told_at or change.at for one in every for change in one.changes)
    return Story(
        id=lead.story_id,
        lead=shown[0],
        snippet=best_snippet(lead.match.evidence),
        evidence=lead.match.evidence,
        also=tuple(shown[1:]),
        outlets=outlets,
        reports=len(come.reports_of(one.article_id for one in shown)),
        agencies=_agencies(come, [one.article_id for one in shown]),
        told_first=come.told_first,
        commitments=tuple(dict.fromkeys(name for one in tellings for name in one.match.commitments)),
        first_told=first,
        told_in=next((one.told_in for one in every if one.told_in is not None), None),
        known=None if first is None else _known(before, first, repeats),
        earlier=before,
        new_outlets=tuple(name for name in outlets if name not in known) if fresh else (),
        all_outlets=len(set(come.outlets.values())),
        all_reports=len(come.reports),
        updates=_updates(every),
        late=_lateness(lead.telling) if fresh else None,
        found=_found(ranked) if fresh else None,
        watchlist_version=lead.match.watchlist_version,
        watchlist_since=lead.match.watchlist_since,
    )


def _different(articles: Iterable[MatchedArticle]) -> list[MatchedArticle]:
    """Each article once; a new telling stands for one that was told and has changed, with its changes beside it."""
    found: dict[tuple[str, bool], MatchedArticle] = {}
    for one in articles:
        found.setdefault((one.telling.article_id, bool(one.changes)), one)
    return list(found.values())


def _different_tellings(tellings: Iterable[Telling]) -> tuple[Telling, ...]:
    return tuple({one.article_id: one for one in tellings}.values())


def _traced(now: Sequence[MatchedArticle], before: Iterable[Telling]) -> list[provenance.Told]:
    here = {one.telling.article_id for one in now}
    return [
        *(replace(_of_telling(one.telling), copy_of=one.duplicate_of) for one in now),
        *(_of_telling(one) for one in before if one.article_id not in here),
    ]


def _of_telling(telling: Telling) -> provenance.Told:
    return provenance.Told(
        id=telling.article_id,
        outlet=telling.source,
        source_id=telling.source_id,
        url=telling.url,
        at=_when(telling),
        credit=telling.credit,
        copy_of=telling.copy_of,
        elsewhere=telling.elsewhere,
    )


def _placed(telling: Telling, come: provenance.Provenance, repeats: Container[str]) -> Telling:
    """With the name of its outlet, and whether it repeats another."""
    return replace(
        telling,
        source=come.outlets[telling.article_id],
        reprint=telling.article_id in repeats,
    )


def _agencies(come: provenance.Provenance, shown: Collection[str]) -> tuple[AgencyShare, ...]:
    """The agencies whose texts are shown, the one in most outlets first."""
    shares = [
        AgencyShare(
            name=report.agency,
            outlets=len({come.outlets[one] for one in report.tellings if one in shown}),
        )
        for report in come.reports_of(shown)
        if report.agency is not None
    ]
    return tuple(sorted(shares, key=lambda one: (-one.outlets, one.name)))


def _known(before: Sequence[Telling], first: datetime, repeats: Container[str]) -> Telling | None:
    """The telling that stood for a story when it was told first, as far as that can be told from what was told."""
    there = [one for one in before if one.found <= first] or before
    return min(
        there,
        key=lambda one: (one.article_id in repeats, one.paywalled, _when(one), one.article_id),
        default=None,
    )


def _updates(every: Iterable[MatchedArticle]) -> tuple[Update, ...]:
    """What has changed, each change once, oldest first."""
    found = {change: Update(telling=one.telling, change=change) for one in every for change in one.changes}
    return tuple(sorted(found.values(), key=lambda one: (one.change.at, one.change.article_id)))


def _rank(one: MatchedArticle, repeats: Container[str]) -> tuple[bool, bool, bool, datetime, int, str]:
    """Smallest is best: no reprint, open to all, told in full, earliest; then the longest."""
    return (
        one.telling.article_id in repeats,
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


def _stories(
    live: Sequence[Initiative], by_story: Mapping[str, Sequence[MatchedArticle]]
) -> dict[str, list[Story]]:
    """The stories of each initiative; one that meets several is told whole under the first of them."""
    found: dict[str, list[Story]] = {one.id: [] for one in live}
    for articles in by_story.values():
        place = ""
        for initiative in live:
            own = [one for one in articles if one.match.initiative_id == initiative.id]
            if own:
                found[initiative.id].append(replace(story_of(own, articles), above=place))
                place = place or initiative.name
    return found


def _section(
    initiative: Initiative,
    found: Iterable[Story],
    evidence: Mapping[tuple[str, str], tuple[Telling, ...]],
    today: date,
    recent: Recent | None,
) -> Section:
    stories = sorted(found, key=_weight)
    here = [story for story in stories if not story.above]
    before = [story for story in here if story.first_told is not None]
    return Section(
        initiative_id=initiative.id,
        name=initiative.name,
        stories=tuple(story for story in here if story.first_told is None),
        updated=tuple(story for story in before if story.updates),
        again=tuple(story for story in before if not story.updates),
        above=tuple(story for story in stories if story.above),
        commitments=commitments.lines(
            initiative,
            today=today,
            filed={name for story in stories for name in story.commitments},
            evidence=evidence,
        ),
        recent=recent,
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
    return bool(part.new or part.told_before or part.commitments)


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


def _left_out(live: Sequence[Initiative], numbers: Mapping[str, int]) -> Iterator[str]:
    """What people's judgements kept out, so that nothing is missing unsaid."""
    for one in live:
        if number := numbers.get(one.id, 0):
            yield wording.left_out(number, one.name)
