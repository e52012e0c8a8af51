"""The times that pages state, in whatever spelling, as moments in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ISO = re.compile(
    r"^\s*(?P<date>\d{4}-?\d{2}-?\d{2})"
    r"(?:[T ]+(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?\s*$",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"^\s*(\d{10})(\d{3})?\s*$")
_FIRST_YEAR = 1990  # older is a placeholder, not the time of a web page


def parse_time(text: str | None, zone: str | None = None) -> datetime | None:
    """The moment that `text` names, in UTC; None when it names none or a placeholder (before 1990).

    ISO 8601 in its common spellings, RFC 5322, seconds or milliseconds since 1970.

    Args:
        text: as it stands in the page.
        zone: IANA name in which a time without a zone is meant; None: UTC. A day alone is its midnight there.
    """
    if not text or len(text) > 64:
        return None
    try:
        moment = _iso(text) or _epoch(text) or _mail(text)
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(zone))
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= _FIRST_YEAR else None


def _iso(text: str) -> datetime | None:
    found = _ISO.match(text)
    if not found:
        return None
    day = datetime.strptime(found["date"].replace("-", ""), "%Y%m%d")  # noqa: DTZ007 - the zone follows
    if found["hour"] is None:
        return day
    moment = day + timedelta(
        hours=int(found["hour"]), minutes=int(found["minute"]), seconds=int(found["second"] or 0)
    )
    zone = (found["zone"] or "").upper().replace(":", "")
    if not zone:
        return moment
    if zone in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    minutes = int(zone[1:3]) * 60 + int(zone[3:5] or 0)
    offset = timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    return (moment - offset).replace(tzinfo=UTC)


def _epoch(text: str) -> datetime | None:
    found = _EPOCH.match(text)
    return datetime.fromtimestamp(int(found.group(1)), UTC) if found else None


def _mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
