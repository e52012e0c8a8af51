"""What differs between two states of the rules and the digests: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from alerts.meaning import prints
from alerts.plans import DigestPlan
from alerts.records import Initiative, Watchlist

_NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The rules and the digests as they stood, or as they will stand."""

    watchlists: tuple[Watchlist, ...] = ()
    digests: tuple[DigestPlan, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NONE)  # of each source


class Change(StrEnum):
    """What an edit does to an initiative or to a digest."""

    ADDED = "added"
    REMOVED = "removed"
    EDITED = "edited"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One initiative in both states, each with its watchlist."""

    id: str
    before: tuple[Initiative, Watchlist] | None
    after: tuple[Initiative, Watchlist] | None
    change: Change

    @property
    def shown(self) -> Initiative:
        """As it is, or else as it was."""
        held = self.after or self.before
        assert held is not None
        return held[0]

    @property
    def paused(self) -> tuple[bool, bool]:
        """Whether it matches and is not told, before and after; in a state without it as in the other."""
        was, now = self.before or self.after, self.after or self.before
        assert was is not None
        assert now is not None
        return was[0].paused, now[0].paused

    @property
    def watchlists(self) -> frozenset[str]:
        """Ids of the watchlists in which it stands."""
        return frozenset(held[1].id for held in (self.before, self.after) if held is not None)


def pairs(before: State, after: State) -> tuple[Pair, ...]:
    """All initiatives in the order of the edited state; those that are removed follow."""
    old, new = _by_id(before), _by_id(after)
    was, now = (prints(state.watchlists, state.tags) for state in (before, after))
    return tuple(
        Pair(
            id=name,
            before=old.get(name),
            after=new.get(name),
            change=_change(was.get(name), now.get(name)),
        )
        for name in dict.fromkeys((*new, *old))
    )


def _change(was: object, now: object) -> Change:
    """Of what has `was` before and `now` after; None: it is not there."""
    if was is None:
        return Change.ADDED
    if now is None:
        return Change.REMOVED
    return Change.UNCHANGED if was == now else Change.EDITED


def _by_id(state: State) -> dict[str, tuple[Initiative, Watchlist]]:
    return {one.id: (one, watchlist) for watchlist in state.watchlists for one in watchlist.initiatives}


def concerned(
    pairs: Sequence[Pair], before: State, after: State
) -> Iterator[tuple[DigestPlan | None, DigestPlan | None]]:
    """The digests whose mails the edit may change."""
    moved = {one.id for one in pairs if one.change is not Change.UNCHANGED or one.paused[0] != one.paused[1]}
    old, new = ({plan.id: plan for plan in state.digests} for state in (before, after))
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        told = {one for plan in (was, now) if plan is not None for one in plan.initiatives}
        if plan_change(was, now) is not Change.UNCHANGED or told & moved:
            yield was, now


def plan_change(was: DigestPlan | None, now: DigestPlan | None) -> Change:
    """What an edit does to a digest; one that tells other initiatives is edited."""
    return _change(
        *(plan and replace(plan, initiatives=tuple(sorted(plan.initiatives))) for plan in (was, now))
    )
