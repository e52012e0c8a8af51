"""Keeps secrets out of what libraries and other servers say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from alerts.safe import one_line

LONGEST = 300
_SHORTEST = 4  # a shorter text is no secret worth hiding, and would black out ordinary words


def told(text: str, secrets: Iterable[str], limit: int = LONGEST) -> str:
    """`text` on one line with every secret in it as `***`."""
    clean = one_line(text)
    for secret in sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True):
        clean = re.sub(re.escape(secret), "***", clean, flags=re.IGNORECASE)
    return one_line(clean, limit)


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
