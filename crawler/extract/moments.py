"""When a page was published and updated: a choice among its statements, with reasons; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.extract.times import parse_time
from crawler.records import Candidate

_SAME_DAY = timedelta(hours=36)  # a day in one zone and a time in another may still be one
_ZONES = timedelta(hours=14, minutes=1)  # no zone is farther from UTC
_QUARTER = 15 * 60  # seconds; offsets of zones are multiples of it
_ZONED = re.compile(r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}|\b[ECMP][SD]T)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement of a time, as the page spells it."""

    origin: str  # "JSON-LD datePublished", "article:published_time", "time" …
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The choice and everything it was made from."""

    value: datetime | None  # UTC
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    stated: Stated
    moment: datetime
    hour: bool  # it names one
    zoned: bool


def choose_moment(
    field: str, stated: Iterable[Stated], *, zone: str | None, not_before: datetime | None = None
) -> Moment:
    """The first time that can be read, in the order of their worth; a later one may make it more exact.

    A day without an hour gives way to the first hour of about that day. A time without a zone gives way to the same
    clock time with one.

    Args:
        field: "published" or "updated".
        zone: IANA zone of times that have none.
        not_before: an earlier moment is passed over.
    """
    reads: list[_Read] = []
    told: list[Candidate] = []
    for one in dict.fromkeys(item for item in stated if item.text):
        moment = parse_time(one.text, zone)
        if moment is None or (not_before is not None and moment < not_before):
            why = "it names no time" if moment is None else "it is before the publication"
            told.append(
                Candidate(field=field, origin=one.origin, value=one.text[:100], chosen=False, why=why)
            )
        else:
            reads.append(
                _Read(one, moment, ":" in one.text or len(one.text.strip()) > 10, _is_zoned(one.text))
            )
    if not reads:
        return Moment(value=None, candidates=tuple(told))
    chosen, why = _most_exact(reads)
    for read in reads:
        told.append(
            Candidate(
                field=field,
                origin=read.stated.origin,
                value=read.stated.text[:100],
                chosen=read is chosen,
                why=why if read is chosen else _passed(read, chosen),
            )
        )
    return Moment(value=chosen.moment, candidates=tuple(told))


def _most_exact(reads: list[_Read]) -> tuple[_Read, str]:
    first = reads[0]
    if not first.hour:
        for other in reads[1:]:
            if other.hour and abs(other.moment - first.moment) < _SAME_DAY:
                return other, f"the hour of the day that {first.stated.origin} names"
    elif not first.zoned:
        for other in reads[1:]:
            if other.hour and other.zoned and _same_clock(first, other):
                return other, f"the zone of the time that {first.stated.origin} names"
    return first, "the strongest statement"


def _same_clock(naive: _Read, zoned: _Read) -> bool:
    """Whether two times differ by no more than a zone's offset."""
    apart = abs(naive.moment - zoned.moment)
    return apart < _ZONES and apart.total_seconds() % _QUARTER < 1


def _is_zoned(text: str) -> bool:
    return (len(text) > 10 and _ZONED.search(text[10:]) is not None) or text.strip().isdigit()


def _passed(read: _Read, chosen: _Read) -> str:
    if read.moment == chosen.moment:
        return "it says the same"
    return f"{chosen.stated.origin} is preferred"
