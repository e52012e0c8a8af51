"""Keeps secrets out of what libraries and other servers say."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from alerts.safe import one_line
from crawler.redact import without

LONGEST = 300


def told(text: str, secrets: Iterable[str], limit: int = LONGEST) -> str:
    """`text` on one line with every secret in it as `***`."""
    return one_line(without(one_line(text), secrets), limit)


def secrets_of(url: str) -> tuple[str, ...]:
    """Everything in an address that may be a token: user, password, path and its parts, query values, fragment."""
    try:
        parts = urlsplit(url)
        named = (parts.username, parts.password)
    except ValueError:
        return (url,)
    pieces = [url, parts.path, parts.query, parts.fragment, parts.path.lstrip("/"), *parts.path.split("/")]
    pieces += [name for name in named if name]
    for pair in parts.query.split("&"):
        pieces.append(pair.partition("=")[2])
    return tuple({spelling for piece in pieces for spelling in (piece, unquote(piece)) if spelling})


def host_of(url: str) -> str:
    """The host of an address, for errors; "the receiver" when it has none."""
    try:
        return one_line(urlsplit(url).hostname or "the receiver", 100)
    except ValueError:
        return "the receiver"
