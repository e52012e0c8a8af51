"""The keys that stand beside the words of a search and narrow it as a whole: `since:30d`, `initiative:trust`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from alerts.errors import RuleError
from tidings.settings.typed import typed_duration

KEYS = ("since", "until", "initiative", "story")
_FILTER = re.compile(rf"(?<!\S)({'|'.join(KEYS)}):(\S+)")
_BEFORE, _BEHIND = re.compile(r"(\bAND|\bOR|\bNOT)\s+$"), re.compile(r"^\s+(AND\b|OR\b)")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One key and its value, as they were written."""

    key: str
    value: str
    at: int  # where the value stands in the query


def parted(query: str) -> tuple[str, tuple[Narrowed, ...]]:
    """The words of a query, each where it stood, and the keys beside them.

    Raises:
        RuleError: a key stands where it would narrow a part of the query only; `offset` counts in the query.
    """
    rest, found = query, []
    for start, end, one in _filters(query):
        rest = f"{rest[:start]}{' ' * (end - start)}{rest[end:]}"
        found.append(one)
    return rest, tuple(found)


def moment(given: str, now: datetime, *, last: bool, zone: str = "UTC") -> datetime:
    """What an age (`90d`) or a day in `zone` (IANA) means: the start of it, or with `last` the end of the day.

    Raises:
        ValueError: it is neither; the message says what may stand there.
    """
    try:
        day = date.fromisoformat(given)
    except ValueError:
        if not given[:1].isdigit() or given.count("-") == 2:
            raise ValueError(f"'{given}' is neither an age (90d) nor a day (2026-03-01)") from None
        return now - typed_duration(given)
    return datetime.combine(day, time.max if last else time.min, tzinfo=ZoneInfo(zone))


def _filters(query: str) -> Iterator[tuple[int, int, Narrowed]]:
    """Start and end of each, with the AND that joins it to the rest."""
    for found in _FILTER.finditer(query):
        if query.count('"', 0, found.start()) % 2:
            continue  # in a quotation
        start, end = found.span()
        before, behind = _BEFORE.search(query[:start]), _BEHIND.match(query[end:])
        joins = {one[1] for one in (before, behind) if one is not None}
        if joins - {"AND"}:
            raise RuleError(
                f"“{found[0]}” stands beside {', '.join(sorted(joins - {'AND'}))}, and narrows the query as a whole",
                "write it apart from the words",
                offset=start,
            )
        if behind is not None:
            end += behind.end()
        elif before is not None:
            start = before.start()
        yield start, end, Narrowed(found[1], found[2], found.start(2))
