"""Time zones as dates name them: offsets, IANA names, abbreviations. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

OFFSETS = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0.0),
    **dict.fromkeys(("CET", "MEZ", "MET", "BST", "WEST", "WAT"), 1.0),
    **dict.fromkeys(("CEST", "MESZ", "MEST", "EET", "SAST", "CAT"), 2.0),
    **dict.fromkeys(("EEST", "MSK", "МСК", "TRT", "EAT"), 3.0),
    **{"IRST": 3.5, "MSD": 4.0, "GST": 4.0, "PKT": 5.0, "UZT": 5.0, "IST": 5.5, "NPT": 5.75},
    **{"ICT": 7.0, "WIB": 7.0, "HKT": 8.0, "SGT": 8.0, "MYT": 8.0, "PHT": 8.0, "AWST": 8.0, "WITA": 8.0},
    **{"JST": 9.0, "KST": 9.0, "WIT": 9.0, "ACST": 9.5, "AEST": 10.0, "ACDT": 10.5, "AEDT": 11.0},
    **{"NZST": 12.0, "NZDT": 13.0, "BRT": -3.0, "ART": -3.0, "CLT": -4.0, "COT": -5.0, "PET": -5.0},
    **{"NST": -3.5, "NDT": -2.5, "AST": -4.0, "ADT": -3.0, "EST": -5.0, "EDT": -4.0, "CST": -6.0},
    **{"CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0, "AKST": -9.0, "AKDT": -8.0},
    **{"HST": -10.0},
}  # hours; some mean other hours where the source's own zone says so

# Names without a season → the zone that knows it.
_SEASONLESS = {
    **dict.fromkeys(("ET", "EST5EDT"), "America/New_York"),
    **dict.fromkeys(("CT", "CST6CDT"), "America/Chicago"),
    **dict.fromkeys(("MT", "MST7MDT"), "America/Denver"),
    **dict.fromkeys(("PT", "PST8PDT"), "America/Los_Angeles"),
}
# Abbreviations that these zones use for their own time, although the zone data do not know them (any more).
_LOCALLY = {
    "AST": ("Asia/Riyadh", "Asia/Baghdad", "Asia/Kuwait", "Asia/Qatar", "Asia/Bahrain", "Asia/Aden"),
    "BST": ("Asia/Dhaka", "Asia/Thimphu"),
    "CDT": ("Australia/Adelaide", "Australia/Darwin", "Australia/Broken_Hill"),
    "CST": ("Australia/Adelaide", "Australia/Darwin", "Australia/Broken_Hill"),
    "EDT": ("Australia/Sydney", "Australia/Melbourne", "Australia/Hobart", "Australia/Canberra"),
    "EST": ("Australia/Sydney", "Australia/Melbourne", "Australia/Hobart", "Australia/Canberra", "Australia/Brisbane"),
    "MST": ("Asia/Kuala_Lumpur", "Asia/Yangon"),
    "PST": ("Asia/Karachi", "Asia/Manila"),
}  # fmt: skip

_OFFSET = re.compile(r"(?:(?<=\s)|^|(?<=GMT)|(?<=UTC)|(?<=Z))([+\-−])(\d{1,2}):?(\d{2})?(?![\d/.:-])")
_ZONE_NAME = re.compile(r"\b([A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?)\b")
_WORD = re.compile(r"(?<![A-Za-zА-я])([A-ZМСК]{1,5}(?:\d[A-Z]{3})?)(?![A-Za-zА-я])")
_SMALL_WORD = re.compile(r"\s*\(?([a-z]{3,4})\b")
_BRACKETS = re.compile(r"\([^()]*\)")


def zone_in(text: str, *, after_time: bool) -> tuple[tzinfo | str | None, str]:
    """An offset, a zone or an abbreviation in `text`, and the text without it.

    Args:
        after_time: `text` stands behind a time, so that small letters and seasonless names (ET) may be a zone.
    """
    if found := _OFFSET.search(text):
        hours, minutes = int(found[2]), int(found[3] or 0)
        before = _BRACKETS.sub(" ", re.sub(r"\b(?:GMT|UTC)\b", " ", text[: found.start()]))
        if hours > 15 or minutes > 59:
            return None, before + text[found.end() :]
        span = timedelta(hours=hours, minutes=minutes)
        zone = timezone(span if found[1] == "+" else -span)
        return zone, _BRACKETS.sub(" ", before + text[found.end() :])
    if found := _ZONE_NAME.search(text):
        try:
            return ZoneInfo(found[1]), text[: found.start()] + text[found.end() :]
        except (KeyError, ValueError):
            pass
    for found in _WORD.finditer(text):
        rest = text[: found.start()] + " " + text[found.end() :]
        if found[1] in OFFSETS:
            return found[1], rest
        if after_time and found[1] in _SEASONLESS:
            return ZoneInfo(_SEASONLESS[found[1]]), rest
    small = _SMALL_WORD.match(text) if after_time else None
    if small and small[1].upper() in OFFSETS:
        return small[1].upper(), text[small.end() :]
    return None, text


def named(name: str, own: ZoneInfo | None, local: datetime) -> tzinfo:
    """The zone that the abbreviation `name` means: the source's own where that uses it, else the usual one.

    Args:
        local: the time it stands beside, naive.
    """
    if own is not None:
        for month in (1, 7):
            there = datetime(local.year, month, 1, tzinfo=own)
            span = there.utcoffset()
            if there.tzname() == name and span is not None:
                return timezone(span)
        if own.key in _LOCALLY.get(name, ()):
            return own
    return timezone(timedelta(hours=OFFSETS[name]))
