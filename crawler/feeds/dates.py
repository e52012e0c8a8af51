"""Dates as feeds write them → UTC; what cannot be read is None, never a guess. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from crawler.feeds.months import month_of

LATEST_YEAR = 2199  # beyond it a date is a placeholder
_PLACEHOLDERS = timedelta(days=1)  # after 1970-01-01: an unset counter, whatever the zone

_OFFSETS = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0.0),
    **dict.fromkeys(("CET", "MEZ", "MET", "BST", "WEST", "WAT"), 1.0),
    **dict.fromkeys(("CEST", "MESZ", "MEST", "EET", "SAST", "CAT"), 2.0),
    **dict.fromkeys(("EEST", "MSK", "TRT", "EAT"), 3.0),
    **{"IRST": 3.5, "MSD": 4.0, "GST": 4.0, "PKT": 5.0, "UZT": 5.0, "IST": 5.5, "NPT": 5.75},
    **{"ICT": 7.0, "WIB": 7.0, "HKT": 8.0, "SGT": 8.0, "MYT": 8.0, "PHT": 8.0, "AWST": 8.0, "WITA": 8.0},
    **{"JST": 9.0, "KST": 9.0, "WIT": 9.0, "ACST": 9.5, "AEST": 10.0, "ACDT": 10.5, "AEDT": 11.0},
    **{"NZST": 12.0, "NZDT": 13.0, "BRT": -3.0, "ART": -3.0, "CLT": -4.0, "COT": -5.0, "PET": -5.0},
    **{"NST": -3.5, "NDT": -2.5, "AST": -4.0, "ADT": -3.0, "EST": -5.0, "EDT": -4.0, "CST": -6.0},
    **{"CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0, "AKST": -9.0, "AKDT": -8.0},
    **{"HST": -10.0},
}  # hours; IST and CST mean other hours where the source's own zone says so

_TIME = re.compile(
    r"(?<![\d:])(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?![\d:])|h(\d{2})\b)"
    r"\s*(?:([ap])\.?\s?m\b\.?)?",
    re.I,
)
_EAST_TIME = re.compile(
    r"(上午|下午|오전|오후|午前|午後)?\s*(\d{1,2})\s*[時时시点點:]\s*(?:(\d{1,2})\s*[分분:]?(?:\s*(\d{1,2})\s*[秒초]?)?)?"
)
_HALVES = {"上午": "a", "오전": "a", "午前": "a", "下午": "p", "오후": "p", "午後": "p"}
_OFFSET = re.compile(r"(?:(?<=\s)|^|(?<=GMT)|(?<=UTC)|(?<=Z))([+\-−])(\d{1,2}):?(\d{2})?(?![\d/.:-])")
_ZONE_NAME = re.compile(r"\b([A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?)\b")
_WORD = re.compile(r"(?<![A-Za-z])([A-Z]{1,5})(?![A-Za-z])")
_BRACKETS = re.compile(r"\([^()]*\)")

# The two forms that nearly all feeds write, read without the rest of this page.
_USUAL_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_USUAL_TIME = r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)"
_USUAL_OFFSET = r"(?:GMT|UTC|Z|([+-])(0\d|1[0-5]):?([0-5]\d))"
_MAIL_DATE = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(0?[1-9]|[12]\d|3[01]) ({'|'.join(_USUAL_MONTHS)}) "
    rf"((?:19|20)\d\d) {_USUAL_TIME} {_USUAL_OFFSET}",
    re.A,
)
_ISO_DATE = re.compile(
    rf"((?:19|20)\d\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{_USUAL_TIME}(?:\.\d{{1,9}})?{_USUAL_OFFSET}",
    re.A,
)

_YMD = re.compile(r"(?<!\d)(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})(?!\d)")
_EAST = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号號]?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})(?!\d)")
_NAME = r"(?:de\s+|of\s+|d['’]|ngày\s+)?([^\d\s.,:;/()'’-]{2,}(?:\s\d{1,2}(?=,\s))?)"
_DAY = r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª|e|:?a)?"
_DMY = re.compile(rf"{_DAY}[\s./,-]*{_NAME}[\s./,'’-]*(?:de\s+|del\s+)?(\d{{4}}|\d{{2}})(?!\d)", re.I)
_MDY = re.compile(rf"{_NAME}[\s./-]*{_DAY}[\s./,-]+(?:de\s+)?(\d{{4}})(?!\d)", re.I)
_Y_NAME_D = re.compile(rf"(?<!\d)(\d{{4}})[\s./-]*{_NAME}[\s./-]*(\d{{1,2}})(?!\d)", re.I)


def parse_date(raw: str | None, *, zone: str | None = None, language: str | None = None) -> datetime | None:
    """The moment that `raw` names, in UTC, whole seconds; None when it names none for sure.

    Reads RFC 822 and ISO 8601 with their usual mistakes, seconds and milliseconds since 1970, numbers packed
    as YYYYMMDD, month names in two dozen languages and 2026年11月20日. A date without a time is midnight.

    Args:
        zone: IANA zone for times that carry none, and the judge over ambiguous names such as IST; without
            it such times are UTC. The zone's own offset on that day is used.
        language: BCP 47; with `zone` it decides what 3/4/2026 means. When neither does, that is no date.
    Raises:
        zoneinfo.ZoneInfoNotFoundError: `zone` is no IANA zone.
    """
    if raw and (usual := _usual(raw)):
        return usual if _plausible(usual) else None
    text = " ".join(unicodedata.normalize("NFKC", raw or "").split())
    if not text or len(text) > 100 or not any(sign.isdigit() for sign in text):
        return None
    own = ZoneInfo(zone) if zone else None
    try:
        moment = _counted(text) or _packed(text, own) or _written(text, own, zone, language)
        return moment if moment and _plausible(moment) else None
    except (ValueError, OverflowError):
        return None  # 31 February, 25 o'clock


def _usual(text: str) -> datetime | None:
    """A date as the standards want it."""
    if found := _ISO_DATE.fullmatch(text):
        year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    elif found := _MAIL_DATE.fullmatch(text):
        day, name, year, hour, minute, second, sign, hours, minutes = found.groups()
        month = str(_USUAL_MONTHS.index(name) + 1)
    else:
        return None
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None  # 31 February
    if sign is None:
        return moment
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return moment - span if sign == "+" else moment + span


def _plausible(moment: datetime) -> bool:
    return datetime(1970, 1, 1, tzinfo=UTC) + _PLACEHOLDERS < moment and moment.year <= LATEST_YEAR


def _counted(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970, for years from 2001 on (nine digits or more)."""
    if not re.fullmatch(r"\d{9,13}(?:\.\d+)?", text):
        return None
    seconds = int(text.partition(".")[0])
    return datetime.fromtimestamp(seconds // 1000 if seconds >= 10**11 else seconds, UTC)


def _packed(text: str, own: tzinfo | None) -> datetime | None:
    found = _PACKED.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, utc = found.groups()
    local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001  # zone follows
    return _in_zone(local, UTC if utc else own or UTC)


def _written(text: str, own: ZoneInfo | None, zone: str | None, language: str | None) -> datetime | None:
    hour, minute, second, has_half, before, after = _time(text)
    offset, rest = _zone(after, own)
    if offset is None and not after:
        offset, before = _zone(before, own)
    date = _date(f"{before} {rest}", zone, language, half_days=has_half)
    if date is None:
        return None
    year, month, day = date
    extra = timedelta()
    if (hour, minute, second) == (24, 0, 0):
        hour, extra = 0, timedelta(days=1)
    local = datetime(year, month, day, hour, minute, min(second, 59)) + extra  # noqa: DTZ001  # zone follows
    if isinstance(offset, str):
        offset = _named(offset, own, local)
    return _in_zone(local, offset or own or UTC)


def _in_zone(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _time(text: str) -> tuple[int, int, int, bool, str, str]:
    """Hour, minute, second, whether am or pm was said, and the text before and after the time."""
    if (east := _EAST.search(text)) and (found := _EAST_TIME.search(text, east.end())):
        hour, minute, second = int(found[2]), int(found[3] or 0), int(found[4] or 0)
        half = _HALVES.get(found[1] or "", "")
    elif found := _TIME.search(text):
        hour, minute = int(found[1]), int(found[2] or found[4])
        second, half = int(found[3] or 0), (found[5] or "").lower()
    else:
        return 0, 0, 0, False, text, ""
    if half and not 1 <= hour <= 12:
        half = ""  # "14:05 PM"
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    before, after = text[: found.start()], text[found.end() :]
    return hour, minute, second, bool(half), before.removesuffix("T"), after


def _zone(text: str, own: ZoneInfo | None) -> tuple[tzinfo | str | None, str]:
    """An offset or a zone's name in `text`, and the text without it."""
    if found := _OFFSET.search(text):
        hours, minutes = int(found[2]), int(found[3] or 0)
        rest = (
            _BRACKETS.sub(" ", re.sub(r"\b(?:GMT|UTC)\b", " ", text[: found.start()])) + text[found.end() :]
        )
        if hours > 15 or minutes > 59:
            return None, rest
        span = timedelta(hours=hours, minutes=minutes)
        return timezone(span if found[1] == "+" else -span), _BRACKETS.sub(" ", rest)
    if found := _ZONE_NAME.search(text):
        try:
            return ZoneInfo(found[1]), text[: found.start()] + text[found.end() :]
        except (KeyError, ValueError):
            pass
    for found in _WORD.finditer(text):
        if found[1] in _OFFSETS:
            return found[1], text[: found.start()] + " " + text[found.end() :]
    return None, text


def _named(name: str, own: ZoneInfo | None, local: datetime) -> tzinfo:
    """The zone that an abbreviation means: the source's own where that uses it, else the usual one."""
    if own is not None:
        for month in (1, 7):
            there = datetime(local.year, month, 1, tzinfo=own)
            span = there.utcoffset()
            if there.tzname() == name and span is not None:
                return timezone(span)
    return timezone(timedelta(hours=_OFFSETS[name]))


def _date(
    text: str, zone: str | None, language: str | None, *, half_days: bool
) -> tuple[int, int, int] | None:
    if found := _EAST.search(text) or _YMD.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    for found in _DMY.finditer(text):
        if month := month_of(found[2]):
            return _year(found[3]), month, int(found[1])
    for found in _MDY.finditer(text):
        if month := month_of(found[1]):
            return _year(found[3]), month, int(found[2])
    for found in _Y_NAME_D.finditer(text):
        if month := month_of(found[2]):
            return _year(found[1]), month, int(found[3])
    if found := _NUMBERS.search(text):
        return _numbers(found, zone, language, half_days=half_days)
    return None


def _numbers(
    found: re.Match[str], zone: str | None, language: str | None, *, half_days: bool
) -> tuple[int, int, int] | None:
    """Day, month, year or month, day, year: by the numbers, the sign, the zone, the language; else None."""
    first, second, year = int(found[1]), int(found[3]), _year(found[4])
    if first > 12 or found[2] == ".":
        return year, second, first
    if second > 12 or first == second:
        return year, first, second
    spoken = (language or "").lower()
    if zone:
        american = zone.startswith(("America/", "US/"))
    elif spoken in ("en-us", "en-ph") or (half_days and spoken in ("", "en")):
        american = True
    elif spoken and spoken != "en":
        american = False
    else:
        return None
    return (year, first, second) if american else (year, second, first)


def _year(digits: str) -> int:
    """Two digits are 1969 to 2068, as RFC 2822 readers have it; Thai years are brought down to ours."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 69 else 1900)
    return year - 543 if 2500 <= year <= 2643 else year
