"""Who of a digest's channels was told the same before, and is told the same now; and when an immediate one speaks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import slots
from alerts.plans import DigestPlan
from alerts.records import DigestSlot, Flood, Initiative, MatchedArticle

AGAIN = timedelta(days=1)  # "also now in" of a plan told immediately: once a day at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Channels whose readers are told the same."""

    channels: tuple[str, ...]
    matched: tuple[MatchedArticle, ...]  # what there is to tell them


def together(to_tell: Mapping[str, tuple[MatchedArticle, ...]]) -> tuple[Readers, ...]:
    """The channels in groups to which there is the same to tell, down to the message that told it first; in their order."""
    groups: dict[tuple[MatchedArticle, ...], list[str]] = {}
    for channel_id, matched in to_tell.items():
        groups.setdefault(matched, []).append(channel_id)
    return tuple(Readers(channels=tuple(names), matched=matched) for matched, names in groups.items())


def live(plan: DigestPlan, initiatives: Mapping[str, Initiative]) -> tuple[str, ...]:
    """Initiatives of a plan that are told: in force, and not paused."""
    return tuple(one for one in plan.initiatives if one in initiatives and not initiatives[one].paused)


def left_to_timed(plan: DigestPlan, channel_id: str, plans: Iterable[DigestPlan]) -> frozenset[str]:
    """Initiatives whose stories, told immediately once, go on in a timed digest to the same channel."""
    if not plan.immediately:
        return frozenset()
    return frozenset(
        initiative
        for other in plans
        if not other.immediately and not other.paused and channel_id in other.to
        for initiative in other.initiatives
    )


def to_tell(
    matched: Iterable[MatchedArticle], live: Collection[str], left: Collection[str]
) -> tuple[MatchedArticle, ...]:
    """What of `matched` is told: of live initiatives, and no further outlets or changes of those that are `left`."""
    return tuple(
        one
        for one in matched
        if one.match.initiative_id in live and (one.told_at is None or one.match.initiative_id not in left)
    )


def speaks_at(plan: DigestPlan, groups: Sequence[Readers], held: Sequence[Flood]) -> DigestSlot | None:
    """When a plan told immediately speaks: `gather` after a new story or flood, or a day after a told one grew or
    changed. None: there is nothing to tell."""
    moments = [
        (moment, one.told_at is None)
        for group in groups
        for one in group.matched
        if (moment := _news_since(one)) is not None
    ]
    new = [*(moment for moment, is_new in moments if is_new), *(flood.since for flood in held)]
    if new:
        return slots.immediate(plan, min(new))
    grown = [moment for moment, _ in moments]
    return slots.immediate(plan, min(grown) + AGAIN - plan.gather) if grown else None


def _news_since(one: MatchedArticle) -> datetime | None:
    """When it changed, or else matched."""
    return max((change.at for change in one.changes), default=one.match.matched_at)
