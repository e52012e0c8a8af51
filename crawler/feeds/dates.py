"""Dates as feeds write them → UTC; what cannot be read is None, never a guess. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from crawler.feeds.eastern import plain_eastern
from crawler.feeds.months import join_names, month_of
from crawler.feeds.times import time_in
from crawler.feeds.zones import named, zone_in

LATEST_YEAR = 2199  # beyond it a date is a placeholder
_PLACEHOLDERS = timedelta(days=1)  # after 1970-01-01: an unset counter, whatever the zone

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
_VIETNAMESE = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})\s*(?:,|năm|/)?\s*(\d{4})(?!\d)", re.I)
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?\s?(Z|[+-]\d{2}:?\d{2})?")
_WEEK = re.compile(r"(\d{4})-?W(\d{2})-?([1-7])(?=T|\s|$)")
_ORDINAL = re.compile(r"(?<!\d)(\d{4})-(\d{3})(?=T|\s|$)")
_COUNTED = re.compile(r"(?:@|/Date\()?(\d{9,10}|\d{12,13}|\d{16}|\d{19})(?:\.\d+)?(?:[+-]\d{4})?(?:\)/)?")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})(?!\d)")
_NAME = r"(?:de\s+|of\s+|d['’]|ב(?=[א-ת]{2}))?([\u0e00-\u0e7f]{1,4}\.[\u0e00-\u0e7f]\.?|[^\d\s.,:;/()'’-]{2,})(?:/[^\d\s]+)?"
_DAY = r"(?<!\d)(\d{1,2})(?:(?:st|nd|rd|th|er|º|ª|e|:?a)(?![^\W\d_]))?"
_DMY = re.compile(
    rf"{_DAY}[\s./,-]*{_NAME}[\s./,'’-]*(?:de\s+|del\s+|năm\s+|พ\.?ศ\.?\s*|ค\.?ศ\.?\s*)?(\d{{4}}|\d{{2}})(?!\d)(?![:.]\d\d)",
    re.I,
)
_MDY = re.compile(rf"{_NAME}[\s./-]*{_DAY}[\s./,-]+(?:de\s+)?(\d{{4}})(?!\d)", re.I)
_OF_YEAR = r"(?<!\d)(\d{4})(?:ko|eko)?[\s./,-]*(?:(?:m|gada)\.?\s+)?"
_Y_NAME_D = re.compile(rf"{_OF_YEAR}{_NAME}[\s./-]*{_DAY}(?!\d)", re.I)
_Y_D_NAME = re.compile(rf"{_OF_YEAR}{_DAY}[\s.]*{_NAME}", re.I)
_NAMED = (
    (_DMY, (3, 2, 1)),
    (_MDY, (3, 1, 2)),
    (_Y_NAME_D, (1, 2, 3)),
    (_Y_D_NAME, (1, 3, 2)),
)  # year, month, day
_THAI = re.compile("[\u0e00-\u0e7f]")


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
    if not text or len(text) > 100:
        return None
    text = join_names(plain_eastern(text))
    if not any(sign.isdigit() for sign in text):
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
    """Seconds, or thousandths and less of them, since 1970, for years from 1973 on (nine digits or more)."""
    found = _COUNTED.fullmatch(text)
    if not found:
        return None
    count = int(found[1])
    while count >= 10**11:
        count //= 1000
    return datetime.fromtimestamp(count, UTC)


def _packed(text: str, own: tzinfo | None) -> datetime | None:
    found = _PACKED.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, said = found.groups()
    local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001  # zone follows
    offset = UTC if said == "Z" else zone_in(said, after_time=True)[0] if said else own
    return _in_zone(local, offset if isinstance(offset, tzinfo) else UTC)


def _written(text: str, own: ZoneInfo | None, zone: str | None, language: str | None) -> datetime | None:
    time = time_in(text)
    before, after = time.before, time.after
    offset, rest = zone_in(after, after_time=True)
    if offset is None and not after:
        offset, before = zone_in(before, after_time=False)
    day = _date(f"{before} {rest}", zone, language, half_days=time.has_half)
    if day is None:
        return None
    hour, extra = time.hour, timedelta()
    if (hour, time.minute, time.second) == (24, 0, 0):
        hour, extra = 0, timedelta(days=1)
    second = 59 if time.second == 60 else time.second  # a leap second
    local = datetime(*day, hour, time.minute, second) + extra  # noqa: DTZ001  # zone follows
    if isinstance(offset, str):
        offset = named(offset, own, local)
    return _in_zone(local, offset or own or UTC)


def _in_zone(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _date(
    text: str, zone: str | None, language: str | None, *, half_days: bool
) -> tuple[int, int, int] | None:
    if found := _WEEK.search(text):
        there = date.fromisocalendar(int(found[1]), int(found[2]), int(found[3]))
        return there.year, there.month, there.day
    if found := _ORDINAL.search(text):
        there = date(int(found[1]), 1, 1) + timedelta(days=int(found[2]) - 1)
        if int(found[2]) < 1 or there.year != int(found[1]):
            return None
        return there.year, there.month, there.day
    if found := _EAST.search(text) or _YMD.search(text):
        return _year(found[1]), int(found[2]), int(found[3])
    if found := _VIETNAMESE.search(text):
        return int(found[3]), int(found[2]), int(found[1])
    for pattern, (year, month, day) in _NAMED:
        for found in pattern.finditer(text):
            if number := month_of(found[month], language):
                return _year(found[year], thai=bool(_THAI.match(found[month]))), number, int(found[day])
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


def _year(digits: str, *, thai: bool = False) -> int:
    """Two digits are 1969 to 2068, as RFC 2822 readers have it; Thai years are brought down to ours."""
    year = int(digits)
    if len(digits) == 2 and thai and year >= 50:
        year += 2500
    elif len(digits) == 2:
        return year + (2000 if year < 69 else 1900)
    return year - 543 if 2500 <= year <= 2643 else year
