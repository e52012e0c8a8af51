"""Hostile text and links made harmless for mail, headers and pages: pure.

Everything that feeds and pages give passes here before it is shown: no line breaks, no control or
direction characters, no lone surrogates, and links to http and https only, with their real host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

LONGEST_URL = 2048

_SPACES = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
# The last two of each plane are no characters, which a page must not have.
_NO_CHARACTERS = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    f"\ufeff\ufff9-\ufffb\ufdd0-\ufdef{_NO_CHARACTERS}\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_IN_URL = re.compile(r"[\\\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address that may be clicked, and the host it really leads to."""

    href: str  # ASCII; no quotes, brackets, spaces or controls
    host: str  # as the network sees it: punycode, without port and leading "www."


def one_line(text: str, limit: int | None = None) -> str:
    """`text` on one line, without controls, direction marks and noncharacters.

    White space of every kind, line separators included, becomes one space. With `limit`, at most so
    many characters, cut between words where that is possible, the cut shown by "…". The joiners U+200C
    and U+200D stay: Indic and Persian scripts and emoji need them.
    """
    if text.isascii() and text.isprintable():  # most of what is shown: only spaces can be too many
        clean = text.strip() if "  " not in text else _SPACES.sub(" ", text).strip()
    else:
        clean = _SPACES.sub(" ", _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", text))).strip()
    if limit is None or len(clean) <= limit:
        return clean
    kept = clean[: limit - 1]
    at_word = kept.rfind(" ", limit * 2 // 3)
    return (kept[:at_word] if at_word > 0 else kept).rstrip(" ,;:-–—") + "…"


def masked(address: str) -> str:
    """A mail address so that its owner knows it, and nobody else learns it: `d…@example.org`."""
    local, at, host = address.rpartition("@")
    return f"{local[:1]}…{at}{host}"


@lru_cache(maxsize=8192)
def link(url: str) -> Link | None:
    """The address when it is safe to click, else None: then it is no link, and its text is not shown.

    Refused are schemes other than http and https, user names, backslashes, controls, direction marks,
    hosts that cannot be written in ASCII, and addresses of more than 2,048 characters.
    """
    url = url.strip(" ")
    if len(url) > LONGEST_URL or _NOT_IN_URL.search(url) or _INVISIBLE.search(url) or _SURROGATES.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:  # bad port, bad brackets, no IDNA form
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or "%" in host:
        return None
    if ":" in host:
        host = f"[{host}]"
    elif not re.fullmatch(r"[a-z0-9._-]+", host):
        return None
    rest = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        rest += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]|")
    if parts.fragment:
        rest += "#" + quote(parts.fragment, safe="/%:@!$&'()*+,;=~-._?")
    netloc = host if port is None else f"{host}:{port}"
    return Link(
        href=f"{parts.scheme}://{netloc}{rest.replace(chr(39), '%27')}", host=host.removeprefix("www.")
    )
