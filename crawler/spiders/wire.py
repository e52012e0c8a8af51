"""What crosses the pipe to the spider process: one JSON object a line, records in and out of plain values."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crawler import errors
from crawler.errors import BlockedError, Cause, CrawlError, TemporaryFetchError, Unchanged
from crawler.net.limits import Limits
from crawler.ports import RobotsFile
from crawler.records import Entry, ListingRules, Looked, Selector, Source, SourceKind
from crawler.secret import Secret

MAX_LINE = 16 * 1024 * 1024  # bytes of one message
MAX_TITLE, MAX_SUMMARY, MAX_CONTENT, MAX_NAME = 1024, 20_000, 200_000, 200  # characters
MAX_AUTHORS = 20
MAX_LOOKED = 100  # rules and pages
_PLACES = ("links", "follow", "item", "title", "summary", "published")  # selectors of a listing

FORMATS = {SourceKind.SITE: "listing", SourceKind.SITEMAP: "sitemap", SourceKind.SPIDER: "spider"}

# Controls, bidirectional overrides and halves of surrogate pairs: never part of a text.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How the spider process behaves, fixed for its life."""

    user_agent: str
    allow_private: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # folders searched for users' own spiders
    limits: Limits = field(default_factory=Limits)  # of one answer
    pages: int = 200  # answers read in one visit
    entries: int = 2000  # kept of one visit
    memory: int = 2 * 1024**3  # bytes of address space


def setup_out(setup: Setup) -> dict[str, Any]:
    """The first message of all."""
    limits = setup.limits
    return {
        **dataclasses.asdict(setup),
        "limits": {
            **dataclasses.asdict(limits),
            "connect": limits.connect.total_seconds(),
            "total": limits.total.total_seconds(),
            "ports": sorted(limits.ports),
        },
    }


def setup_in(data: Mapping[str, Any]) -> Setup:
    """The setup as it was sent."""
    limits = data["limits"]
    return Setup(
        **{
            **data,
            "allow_private": tuple(data["allow_private"]),
            "modules": tuple(data["modules"]),
            "limits": Limits(
                **{
                    **limits,
                    "connect": timedelta(seconds=limits["connect"]),
                    "total": timedelta(seconds=limits["total"]),
                    "ports": frozenset(limits["ports"]),
                }
            ),
        }
    )


def encode(message: Mapping[str, Any]) -> bytes:
    """One line; non-ASCII is escaped, so a line break never stands inside."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message in a line.

    Raises:
        ValueError: it is no JSON object.
    """
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a message on the pipe is no object")
    return message


# -- sources ---------------------------------------------------------------------------------------


def source_out(source: Source) -> dict[str, Any]:
    """What a spider needs of its source; the secret goes along, the pipe is private to the two processes."""
    listing = source.listing
    return {
        "id": source.id,
        "kind": source.kind.value,
        "url": source.url,
        "language": source.language,
        "zone": source.zone,
        "headers": [list(pair) for pair in source.headers],
        "auth": source.auth.reveal() if source.auth else None,
        "javascript": source.javascript,
        "listing": listing
        and {
            "pages": listing.pages,
            "only": list(listing.only),
            "skip": list(listing.skip),
            **{name: _selector_out(getattr(listing, name)) for name in _PLACES},
        },
    }


def source_in(data: Mapping[str, Any]) -> Source:
    """The source as it was sent."""
    listing = data["listing"]
    return Source(
        id=data["id"],
        kind=SourceKind(data["kind"]),
        url=data["url"],
        language=data["language"],
        zone=data["zone"],
        headers=tuple((name, value) for name, value in data["headers"]),
        auth=Secret(data["auth"]) if data["auth"] is not None else None,
        javascript=data["javascript"],
        listing=listing
        and ListingRules(
            pages=listing["pages"],
            only=tuple(listing["only"]),
            skip=tuple(listing["skip"]),
            **{name: listing[name] and _selector(listing[name]) for name in _PLACES},
        ),
    )


# -- entries ---------------------------------------------------------------------------------------


def entry_out(entry: Entry) -> dict[str, Any]:
    """An entry, cleaned and cut to size on its way out."""
    return {
        "id": entry.id and _line(entry.id)[:MAX_TITLE],
        "link": entry.link,
        "title": _line(entry.title)[:MAX_TITLE],
        "summary": clean(entry.summary)[:MAX_SUMMARY],
        "content": clean(entry.content)[:MAX_CONTENT],
        "authors": [_line(author)[:MAX_NAME] for author in entry.authors[:MAX_AUTHORS]],
        "published_at": _time_out(entry.published_at),
        "updated_at": _time_out(entry.updated_at),
        "language": entry.language,
    }


def entry_in(data: Mapping[str, Any]) -> Entry:
    """The entry as it was sent."""
    return Entry(
        id=data["id"],
        link=data["link"],
        title=data["title"],
        summary=data["summary"],
        content=data["content"],
        authors=tuple(data["authors"]),
        published_at=_time_in(data["published_at"]),
        updated_at=_time_in(data["updated_at"]),
        language=data["language"],
    )


def clean(text: str) -> str:
    """A text without controls and half characters."""
    return _UNPRINTABLE.sub("", text)


# -- pages -----------------------------------------------------------------------------------------


def body_out(body: bytes) -> str:
    """A page's body, in a third more than its size, whatever is in it."""
    return base64.b64encode(body).decode("ascii")


def body_in(text: str) -> bytes:
    """The body as it was sent."""
    return base64.b64decode(text)


# -- robots.txt --------------------------------------------------------------------------------------


def robots_out(file: RobotsFile) -> dict[str, Any]:
    """What an origin's robots.txt was."""
    return {
        "origin": file.origin,
        "text": file.text,
        "problem": file.problem,
        "fetched_at": _time_out(file.fetched_at),
        "until": _time_out(file.until),
    }


def robots_in(data: Mapping[str, Any]) -> RobotsFile:
    """The same on this side."""
    return RobotsFile(
        origin=data["origin"],
        text=data["text"],
        problem=data["problem"],
        fetched_at=datetime.fromisoformat(data["fetched_at"]),
        until=datetime.fromisoformat(data["until"]),
    )


def looked_out(looked: Looked) -> dict[str, Any]:
    """How a rule did, as plain values."""
    return {
        name: clean(value) if isinstance(value, str) else value
        for name, value in dataclasses.asdict(looked).items()
    }


def looked_in(data: Mapping[str, Any]) -> Looked:
    """The same on this side."""
    return Looked(**data)


# -- errors ----------------------------------------------------------------------------------------


def error_out(error: CrawlError) -> dict[str, Any]:
    """A typed error with what its type carries."""
    return {
        "type": next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__),
        "message": str(error),
        "cause": error.cause,
        "hints": [clean(hint)[:MAX_TITLE] for hint in error.hints],
        "status": error.status,
        "retry_at": _time_out(getattr(error, "retry_at", None)),
        "etag": getattr(error, "etag", None),
        "last_modified": getattr(error, "last_modified", None),
        "fresh_for": delta_out(getattr(error, "fresh_for", None)),
    }


def error_in(data: Mapping[str, Any]) -> CrawlError:
    """The same error on this side; a type this side does not know becomes its base, and such a cause OTHER."""
    error = _error(data)
    error.hints = tuple(data.get("hints", ()))
    return error


def _error(data: Mapping[str, Any]) -> CrawlError:
    kind = getattr(errors, str(data["type"]), CrawlError)
    message = str(data["message"])
    if not (isinstance(kind, type) and issubclass(kind, CrawlError)):
        return CrawlError(message)
    cause = next((one for one in Cause if one == data["cause"]), Cause.OTHER)
    if issubclass(kind, Unchanged):
        return kind(
            etag=data["etag"],
            last_modified=data["last_modified"],
            fresh_for=delta_in(data["fresh_for"]),
        )
    if issubclass(kind, (TemporaryFetchError, BlockedError)):
        return kind(message, cause=cause, status=data["status"], retry_at=_time_in(data["retry_at"]))
    return kind(message, cause=cause)


def delta_out(delta: timedelta | None) -> float | None:
    """Seconds, or None."""
    return None if delta is None else delta.total_seconds()


def delta_in(seconds: float | None) -> timedelta | None:
    """The time of so many seconds, or None."""
    return None if seconds is None else timedelta(seconds=seconds)


def _selector_out(selector: Selector | None) -> list[str | None] | None:
    return None if selector is None else [selector.css, selector.xpath]


def _selector(pair: list[str | None]) -> Selector:
    return Selector(css=pair[0], xpath=pair[1])


def _line(text: str) -> str:
    return clean(" ".join(text.split()))


def _time_out(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time_in(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
