"""One text → one typed value, or a fault that says what is wrong and how it should look."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from crawler.errors import ForbiddenAddress
from crawler.net.guard import parse
from tidings.settings.models.faults import fault, suggestion

E = TypeVar("E", bound=StrEnum)

DURATION = r"^[0-9]+[smhd]$"
SIZE = r"^[0-9]+ ?(B|[kKMG]i?B)$"
CLOCK_TIME = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"
QUIET = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]\s*[-–]\s*([01]?[0-9]|2[0-3]):[0-5][0-9]$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"
ADDRESS = r"[^@\s<>,;]+@[^@\s<>,;]+"
DOTTED = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$"
MOST_PAGES = 1_000_000
LONGEST_PUBLIC = 300
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed
HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_GROUPS = {"daily": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_LONGEST = timedelta(days=36_500)
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def text(value: object) -> str:
    """A text on one line, not empty; surrounding white space is dropped."""
    if value is None:
        raise fault("nothing stands here", "write a text, or remove the line")
    if isinstance(value, dict):
        raise fault("a 'key: value' stands where a text is expected", "quote the text")
    if not isinstance(value, str):
        raise fault("a list stands where one text is expected", "write one text without a dash")
    stripped = " ".join(value.split())
    if CONTROL.search(stripped):
        raise fault("the text holds an invisible control character", "write it without escapes such as \\0")
    if not stripped:
        raise fault("the text is empty", "write something between the quotes, or remove the line")
    return stripped


def settled(value: object) -> str:
    """A text in which `${NAME}` would stand unfilled, which is an error."""
    written = text(value)
    found = _PLACEHOLDER.search(written)
    if found:
        raise fault(
            f"{found[0]} is not filled in here; only secrets are taken from the environment",
            "write the value itself",
        )
    return written


def identifier(value: object) -> str:
    """An id: letters of any script, digits, `-`, `_` and `.`, at most 80."""
    name = text(value)
    bad = next((one for one in name if unicodedata.category(one)[0] not in "LMN" and one not in "-_."), None)
    if bad is not None:
        sign = "a space" if bad == " " else f"'{bad}'"
        better = re.sub(r"[^\w.-]+", "-", name.lower()).strip("-.")
        raise fault(
            f"the id {shown(name)} holds {sign}", f"use letters, digits and hyphens, such as '{better[:60]}'"
        )
    if len(name) > 80:
        raise fault(f"the id '{name[:20]}…' has {len(name)} characters", "use 80 at most")
    if name in ("all", ".", ".."):
        raise fault(f"'{name}' cannot be an id", "choose another word")
    return name


def duration(value: object) -> timedelta:
    """`30s`, `15m`, `6h`, `30d`; `0s` too."""
    written = text(value)
    if not re.match(DURATION, written):
        raise fault(
            f"{shown(written)} is no duration", "write a number and s, m, h or d, such as 30s, 15m, 6h or 30d"
        )
    seconds = int(written[:-1]) * _UNITS[written[-1]] if len(written) < 15 else None
    if seconds is None or seconds > _LONGEST.total_seconds():
        raise fault(f"'{written[:20]}' is longer than a hundred years", "write a shorter one")
    return timedelta(seconds=seconds)


def lasting_duration(value: object) -> timedelta:
    """A duration longer than nothing."""
    result = duration(value)
    if not result:
        raise fault("zero makes no sense here", "write a duration such as 30m")
    return result


def size(value: object, *, least: str, most: str) -> int:
    """`500kB`, `10MiB`: a number of bytes within bounds, both included."""
    written = text(value)
    number = _bytes(written)
    if number is None:
        raise fault(
            f"{shown(written)} is no size",
            f"write a number and kB, MB, KiB or MiB, such as {_meant(written)}",
        )
    if not (_bytes(least) or 0) <= number <= (_bytes(most) or 0):
        raise fault(f"{shown(written)} is out of range", f"write a size from {least} to {most}")
    return number


def _bytes(written: str) -> int | None:
    """The number of bytes that a size says, letter case aside; None when it is none."""
    found = re.fullmatch(r"([0-9]{1,15}) ?([kmg]?i?)b", written.lower())
    if found is None or found[2] not in _SIZES:
        return None
    return int(found[1]) * _SIZES[found[2]]


def _meant(written: str) -> str:
    """A size that was meant by a number with half a unit."""
    found = re.fullmatch(r"([0-9]{1,9}) ?([kmg])i?", written.lower())
    return f"{found[1]}{found[2].upper()}iB" if found else "10MiB"


def retention(value: object) -> timedelta | None:
    """A duration, or `forever`, which is None."""
    if isinstance(value, str) and value.strip() == "forever":
        return None
    written = text(value)
    if not re.match(DURATION, written):
        raise fault(
            f"{shown(written)} is no time to keep things", "write a duration such as 400d, or forever"
        )
    return lasting_duration(written)


def clock_time(value: object) -> time:
    """`07:30`, local, 24 hours."""
    written = text(value)
    if not re.match(CLOCK_TIME, written):
        raise fault(
            f"{shown(written)} is no time of day",
            'write hours and minutes from "00:00" to "23:59", such as "07:30"',
        )
    hours, minutes = written.split(":")
    return time(int(hours), int(minutes))


def quiet_hours(value: object) -> tuple[time, time]:
    """`22:00-07:00`: from, to; may pass midnight."""
    written = text(value)
    if not re.match(QUIET, written):
        raise fault(
            f"{shown(written)} is no span of the day", 'write two times with a hyphen, such as "22:00-07:00"'
        )
    start, end = (clock_time(part) for part in re.split(r"[-–]", written))
    if start == end:
        raise fault(
            f"{shown(written)} begins and ends at the same minute", 'write two times, such as "22:00-07:00"'
        )
    return start, end


def days(value: object) -> frozenset[int]:
    """`daily`, `weekdays`, `weekends` or names of days; 0 is Monday."""
    chosen: set[int] = set()
    for item in value if isinstance(value, list) else [value]:
        word = text(item).lower()
        if word in _DAY_GROUPS:
            chosen.update(_DAY_GROUPS[word])
        elif word in WEEK or word in _FULL_DAYS:
            chosen.add(WEEK.index(word[:3]))
        else:
            raise fault(
                f"{shown(text(item))} is no day", "write daily, weekdays, or a list such as [mon, thu]"
            )
    if not chosen:
        raise fault("the list of days is empty", "write daily, weekdays, or a list such as [mon, thu]")
    return frozenset(chosen)


def zone(value: object) -> str:
    """The name of an IANA time zone that this machine knows."""
    name = text(value)
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise fault(f"{shown(name)} is no time zone", _zone_remedy(name)) from None


def _zone_remedy(name: str) -> str:
    guess = name.replace(" ", "_")
    known = _zones()
    for candidate in known:
        if candidate.lower().endswith("/" + guess.lower().rpartition("/")[2]):
            return f"did you mean '{candidate}'?"
    near = suggestion(guess, known, what="zones")
    return near if near.startswith("did") else "write a name such as Europe/Berlin or America/New_York"


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def day(value: object) -> date:
    """`2025-12-31`."""
    written = text(value)
    if not re.match(DAY, written):
        raise fault(f"{shown(written)} is no date", "write year-month-day, such as 2025-12-31")
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise fault(f"the date {written} does not exist", "look at the month and the day") from None


def moment(value: object) -> datetime:
    """A day (its first minute) or an ISO 8601 time; without a zone it is UTC."""
    written = text(value)
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        raise fault(
            f"{shown(written)} is no date or time", "write 2025-12-31, or 2025-12-31T07:30Z with a time"
        ) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def count(value: object, *, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number within bounds, both included."""
    written = text(value)
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise fault(f"{shown(written)} is no whole number", f"write digits only, such as {max(least, 1)}")
    number = int(written)
    if not least <= number <= most:
        raise fault(f"{number} is out of range", f"write a number from {least} to {most}")
    return number


def most_pages(value: object) -> int | None:
    """A number of pages, or `unlimited`, which is None."""
    written = text(value)
    if written == "unlimited":
        return None
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise fault(f"{shown(written)} is no number of pages", "write digits only, such as 200, or unlimited")
    return count(written, most=MOST_PAGES)


def yes_no(value: object) -> bool:
    """`true` or `false`, nothing else."""
    written = text(value)
    lowered = written.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    meant = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}.get(
        lowered
    )
    raise fault(
        f"{shown(written)} is neither true nor false", f"write {meant}" if meant else "write true or false"
    )


def choice(value: object, known: type[E]) -> E:
    """One word of an enumeration."""
    written = text(value)
    try:
        return known(written.lower())
    except ValueError:
        words = [str(one) for one in known]
        raise fault(f"{shown(written)} is not one of {', '.join(words)}", _near(written, words)) from None


def _near(written: str, words: Iterable[str]) -> str:
    near = suggestion(written, words, what="choices")
    return near if near.startswith("did") else "write one of them"


def web_address(value: object) -> str:
    """An absolute http(s) address without user name or password."""
    written = settled(value)
    try:
        parts = urlsplit(written)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host, parts = None, None
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not host
        or " " in written
        or not written.isprintable()
    ):
        raise fault("this is no web address", "write it in full, such as https://example.org/rss.xml")
    if parts.username is not None or parts.password is not None:
        raise fault("the address holds a user name or password", "take it out and use auth_file")
    return written


def public_address(value: object) -> str:
    """`https://example.org/tidings`: where others reach this installation, in ASCII, without a slash at the end."""
    written = web_address(value)
    parts = urlsplit(written)
    try:
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        host = ""
    if parts.scheme != "https":
        raise fault("links in mails need https", "write the https address of your reverse proxy")
    if parts.query or parts.fragment or not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/*", parts.path):
        raise fault(
            "the address holds more than host and path",
            "write host and path only, such as https://news.example.org/tidings",
        )
    if not host or len(written) > LONGEST_PUBLIC:
        raise fault("this is no web address", "write it in full, such as https://news.example.org/tidings")
    shown_host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return f"https://{shown_host}{port}{parts.path.rstrip('/')}"


def language(value: object) -> str:
    """A language tag in lower case, such as `en` or `pt-br`."""
    written = text(value)
    if not re.match(LANGUAGE, written):
        raise fault(f"{shown(written)} is no language", "write its code, such as en, hi or pt-br")
    return written.lower().replace("_", "-")


def network(value: object) -> str:
    """An IP address or network."""
    written = text(value)
    try:
        return str(ipaddress.ip_network(written))
    except ValueError as error:
        remedy = "write an address or a network, such as 127.0.0.0/8"
        if "host bits" in str(error):
            remedy = f"write the network {ipaddress.ip_network(written, strict=False)}"
        raise fault(f"{shown(written)} is no network of IP addresses", remedy) from None


def host(value: object) -> str:
    """A host by its name or address, in lower case and ASCII, without scheme, port and path."""
    written = settled(value)
    with suppress(ValueError):
        return str(ipaddress.ip_address(written.strip("[]")))
    alone = re.sub(r"^[a-z]+://", "", written, flags=re.IGNORECASE)
    alone = re.split(r"[/?#]", re.sub(r"^[^/?#]*@", "", alone), maxsplit=1)[0]
    alone = re.sub(r":[0-9]*$", "", alone)
    try:
        name = parse(f"http://{alone}/").host if alone else ""
    except ForbiddenAddress:
        name = ""
    if not name or alone != written:
        raise fault(
            f"{shown(written)} is no host", f"write its name alone, such as {name or 'rsshub.example.org'}"
        )
    return name


def dotted_path(value: object) -> str:
    """The path of a Python class: `my_spiders.council.CouncilSpider`."""
    written = text(value)
    if not re.match(DOTTED, written):
        raise fault(
            f"{shown(written)} is no path of a spider",
            "write its file, such as spiders/council.py, or module and class, such as my_spiders.CouncilSpider",
        )
    return written


def bind_address(value: object) -> tuple[str, int]:
    """`127.0.0.1:8787` or `[::1]:8787`: host and port."""
    written = text(value)
    host, colon, port = written.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535 or (":" in host and not bracketed):
        raise fault(
            f"{shown(written)} is no address to listen on", 'write host and port, such as "127.0.0.1:8787"'
        )
    return host.strip("[]"), int(port)


def shown(written: str) -> str:
    """A text in a message: in quotes, shortened where it is long."""
    return f"'{written}'" if len(written) <= 60 else f"'{written[:57]}…'"
