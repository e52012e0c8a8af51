"""Addresses in feeds and pages: absolute, http or https, or nothing. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit

LONGEST_URL = 2_048  # characters
_TIDY = re.compile(  # an address that joining and cleaning would give back as it is
    r"https?://[a-z0-9][a-z0-9.-]*(?:/[\w.,~/%+@!$*:-]*)?(?:\?[\w.,~/%+@!$*:=&;-]+)?(?:\#[\w.,~/%+@!$*:=&;?-]+)?",
    re.A,
)
_DOTS = re.compile(r"/\.\.?(?:[/?#]|$)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")


def is_tidy(address: str) -> bool:
    """Whether `address` is absolute and plain, so that no joining would change it."""
    return _TIDY.fullmatch(address) is not None and not _DOTS.search(address)


def absolute(link: str | None, base: str) -> str | None:
    """`link` against `base`, as an http or https address without spaces; None for all else."""
    if link and len(link) <= LONGEST_URL and is_tidy(link):
        return link
    text = "".join((link or "").split("\n")).strip().replace("\r", "").replace("\t", "")
    if not text:
        return None
    try:
        joined = urljoin(base, text)
        parts = urlsplit(joined)
        parts.port  # noqa: B018  # raises on a wrong port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return None
    if "@" in parts.netloc:  # a name and password in content are a disguise, or a leak
        joined = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    tidy = _UNSAFE.sub(lambda found: quote(found[0], safe=""), joined)
    return tidy if len(tidy) <= LONGEST_URL else None
