"""Times without coverage as readers are told of them: one line for all sources that miss the same span. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.records import Gap

SPANS = 8  # lines of each kind at most; what is past them is told in one more


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time that some sources were not looked at."""

    start: datetime
    end: datetime
    sources: tuple[str, ...]  # names, at least one
    caught_up: bool
    parts: bool = False  # each of the sources misses a part of it only


def spans(gaps: Iterable[Gap]) -> tuple[Span, ...]:
    """The gaps by what they span, to the minute: first what is not covered, then what was caught up.

    Of more than `SPANS` different ones of a kind those of most sources stand alone, and one span tells of the others.
    """
    alike: dict[tuple[bool, datetime, datetime], list[Gap]] = defaultdict(list)
    for gap in gaps:
        alike[gap.caught_up, _minute(gap.start), _minute(gap.end)].append(gap)
    found: list[Span] = []
    for caught_up in (False, True):
        kind = [some for (caught, *_), some in alike.items() if caught is caught_up]
        if len(kind) > SPANS + 1:
            kind.sort(key=len, reverse=True)  # stable: among equals the first stay first
            kind[SPANS:] = [[gap for some in kind[SPANS:] for gap in some]]
        found += map(_span, kind)
    return tuple(found)


def uncovered(gaps: Iterable[Gap]) -> timedelta:
    """How much time they span together; what several miss at once counts once."""
    total, reached = timedelta(0), None
    for gap in sorted(gaps, key=lambda one: one.start):
        start = gap.start if reached is None else max(gap.start, reached)
        total += max(gap.end - start, timedelta(0))
        reached = gap.end if reached is None else max(gap.end, reached)
    return total


def _span(gaps: Sequence[Gap]) -> Span:
    start, end = min(gap.start for gap in gaps), max(gap.end for gap in gaps)
    return Span(
        start=start,
        end=end,
        sources=tuple(dict.fromkeys(gap.source for gap in gaps)),
        caught_up=gaps[0].caught_up,
        parts=any(_minute(gap.start) > _minute(start) or _minute(gap.end) < _minute(end) for gap in gaps),
    )


def _minute(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0)
