"""Pure: what the headers and the status of an answer mean to a poller."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from crawler.errors import BlockedError, Cause, CrawlError, GoneError, TemporaryFetchError

MAX_RETRY_AFTER = timedelta(days=7)
MAX_FRESH = timedelta(days=31)
ABSURD_FRESH = timedelta(days=30)  # what a longer wish counts as: so the next request comes within MAX_FRESH
PLAUSIBLE_SKEW = timedelta(days=1)  # of a server's clock against ours
MOVES = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
_TOO_MUCH = frozenset({403, 429, 503})
_CAUSES = {401: Cause.LOGIN, 404: Cause.MISSING, 429: Cause.BUSY, 451: Cause.LEGAL}

_SECONDS = re.compile(r"[0-9]+")
_SEVERAL_SECONDS = re.compile(r"[0-9]+(\s*,\s*[0-9]+)*")  # as a proxy joins them
_MAX_AGE = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?([0-9]+)', re.IGNORECASE)
_NOT_FRESH = re.compile(r"(?:^|[,\s])no-(?:cache|store)(?=$|[,\s])", re.IGNORECASE)

Headers = Sequence[tuple[str, str]]  # lower-case names, in order


def header(headers: Headers, name: str) -> str | None:
    """The first header of this lower-case name, or None."""
    return next((value for key, value in headers if key == name), None)


def every(headers: Headers, name: str) -> list[str]:
    """All headers of this lower-case name, in order."""
    return [value for key, value in headers if key == name]


def validator(raw: Sequence[tuple[bytes, bytes]], name: str) -> str | None:
    """A validator that can be sent back byte for byte, or None.

    Bytes that are no UTF-8 could only be sent back changed: an invented validator is worse than none.
    """
    for key, value in raw:
        if key.lower() == name.encode():
            try:
                return value.decode() or None
            except UnicodeDecodeError:
                return None
    return None


def retry_at(headers: Headers, now: datetime) -> datetime | None:
    """When Retry-After allows the next request, at most 7 days ahead; None: it does not say.

    A date is meant by the server's clock. Where that is behind ours the wait counts from the answer's own Date,
    since it would be over too early. Of several wishes the longest counts.
    """
    waits: list[timedelta] = []
    for value in every(headers, "retry-after"):
        if _SEVERAL_SECONDS.fullmatch(value.strip()):
            waits += map(_seconds, _SECONDS.findall(value))
        elif (then := http_date(value)) is not None:
            sent = http_date(header(headers, "date") or "")
            late = now - sent if sent is not None and now - PLAUSIBLE_SKEW < sent < now else timedelta(0)
            waits.append(then - now + late)
    return now + max(timedelta(0), min(max(waits), MAX_RETRY_AFTER)) if waits else None


def host_wait(status: int, headers: Headers, now: datetime) -> timedelta | None:
    """For how long an answer asks to leave its whole host alone: the Retry-After of one that says "too much".

    That is 429, 503, and the 403 by which some turn away who asks too often. None: it does not ask for it.
    """
    until = retry_at(headers, now) if status in _TOO_MUCH else None
    return None if until is None else until - now


def fresh_for(headers: Headers, now: datetime) -> timedelta | None:
    """How long an answer is fresh from now on, 0 to 31 days: max-age less Age, else Expires; None: not said.

    `no-cache`, `no-store` and an Expires that is no date say that it is not fresh at all (RFC 9111, 5.3).
    """
    control = ", ".join(every(headers, "cache-control"))
    if _NOT_FRESH.search(control):
        return timedelta(0)
    if found := _MAX_AGE.search(control):
        age = (header(headers, "age") or "").strip()
        passed = _seconds(age) if _SECONDS.fullmatch(age) else timedelta(0)
        return _clamp(_seconds(found[1]) - passed)
    given = header(headers, "expires")
    if given is None:
        return None
    expires = http_date(given)
    if expires is None:
        return timedelta(0)
    return _clamp(expires - (http_date(header(headers, "date") or "") or now))


def trouble(status: int, headers: Headers, *, host: str, now: datetime) -> CrawlError | None:
    """What a status above 399 asks of us; None when it is no error.

    401, 403, 451 and a challenge block, 410 ends it, everything else may pass: later, when the server says so.
    """
    if status < 400:
        return None
    said = f"{host} answers {status}{_phrase(status)}"
    if status == 410:
        return GoneError(f"{said}: it is not there any more and will not come back")
    wish = retry_at(headers, now)
    cause = _CAUSES.get(status, Cause.BROKEN if 500 <= status < 600 else Cause.STATUS)
    if header(headers, "cf-mitigated") == "challenge":
        cause = Cause.CHALLENGE
    if status in (401, 403, 451) or cause is Cause.CHALLENGE:
        return BlockedError(said, cause=cause, status=status, retry_at=wish)
    if status == 429 and (fresh := fresh_for(headers, now)):
        wish = max(wish or now, now + fresh)
    return TemporaryFetchError(said, cause=cause, status=status, retry_at=wish)


def http_date(text: str) -> datetime | None:
    """A date in any of HTTP's three forms, in UTC; None when it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


def _seconds(digits: str) -> timedelta:
    return timedelta(seconds=int(digits) if len(digits) <= 10 else 10**10)


def _clamp(fresh: timedelta) -> timedelta:
    return max(timedelta(0), fresh if fresh <= MAX_FRESH else ABSURD_FRESH)


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase.lower()})"
    except ValueError:
        return ""
