"""Keeps secrets out of words: those of other servers, of libraries, of pages. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from crawler.errors import CrawlError
from crawler.records import Source

SHORTEST = 4  # a shorter text is no secret worth hiding, and would black out ordinary words
SHORTEST_OF_SOURCE = 8  # headers and queries hold ordinary words as well, such as `format=atom`
E = TypeVar("E", bound=CrawlError)


def without(text: str, secrets: Iterable[str], *, shortest: int = SHORTEST) -> str:
    """`text` with every secret in it as `***`, also where it is written as in an address or in base64."""
    spelt = {one for secret in secrets if len(secret) >= shortest for one in spellings(secret)}
    for one in sorted(spelt, key=len, reverse=True):
        text = re.sub(re.escape(one), "***", text, flags=re.IGNORECASE)
    return text


def spellings(secret: str) -> Iterator[str]:
    """The ways in which others write a text: as it is, in an address, in base64 alone."""
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield base64.b64encode(secret.encode()).decode()


def secrets_of(source: Source) -> Iterator[str]:
    """What a source sends to its host, of which anything may be a key."""
    if source.auth is not None:
        whole = source.auth.reveal()
        yield from (whole, whole.partition(" ")[2].strip())
    for _, value in source.headers:
        yield value
    try:
        parts = urlsplit(source.url)
    except ValueError:
        return
    for _, value in parse_qsl(parts.query):
        yield value
    if parts.fragment:
        yield parts.fragment


def masked(error: E, source: Source) -> E:
    """The same error, in words without the secrets of the source that they are about."""
    secrets = tuple(secrets_of(source))
    error.args = (without(str(error), secrets, shortest=SHORTEST_OF_SOURCE), *error.args[1:])
    error.hints = tuple(without(one, secrets, shortest=SHORTEST_OF_SOURCE) for one in error.hints)
    return error
