"""Times, lengths, numbers and addresses in the words that people are told of sources. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def moment(when: datetime) -> str:
    """A time in UTC, to the minute: `24 Nov 2026 12:00 UTC`."""
    return f"{when.astimezone(UTC):%d %b %Y %H:%M} UTC"


def span(length: timedelta) -> str:
    """A length of time to go behind `every`, rounded: `minute`, `90 minutes`, `hour`, `3 hours`, `12 days`."""
    unit, name = (
        (_DAY, "day")
        if length >= 2 * _DAY
        else (_HOUR, "hour")
        if length >= 2 * _HOUR
        else (_MINUTE, "minute")
    )
    number = max(round(length / unit), 1)
    if (number, name) in ((60, "minute"), (24, "hour")):
        number, name = 1, "hour" if name == "minute" else "day"
    return name if number == 1 else f"{number} {name}s"


def duration(length: timedelta) -> str:
    """A length of time as it stands in YAML: `30s`, `10m`, `2h`."""
    seconds = int(length.total_seconds())
    for number, letter in ((3600, "h"), (60, "m")):
        if seconds and seconds % number == 0:
            return f"{seconds // number}{letter}"
    return f"{seconds}s"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 article`, `60 articles`, `2 entries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shown(url: str) -> str:
    """An address without user name, query and fragment, which may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" + ("?…" if parts.query else "")
