"""Times, lengths, numbers and addresses in the words that people are told of sources. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s\"'<>“”‘’«»`\\]+", re.IGNORECASE)
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


def place_of(url: str) -> str:
    """An address without user name, query and fragment, so without what may be a key; a path stays as it is."""
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def shown(url: str) -> str:
    """An address for a line of text: `place_of` it, and "?…" where there was more."""
    return place_of(url) + ("?…" if "://" in url and urlsplit(url).query else "")


def addresses_shown(text: str) -> str:
    """`text` with each address in it as `shown` has it; of one that cannot be taken apart only the scheme stays."""
    return _ADDRESS.sub(_shown, text) if "://" in text else text


def _shown(found: re.Match[str]) -> str:
    try:
        return shown(found[0])
    except ValueError:  # brackets that enclose no address
        return found[0].partition(":")[0] + "://…"
