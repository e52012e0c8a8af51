"""What an index of sitemaps is conditional on: the validators of each of its sitemaps, as one text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from scrapy.http import Response

from crawler.net import answers

_MARK = "sitemaps:"  # no ETag begins like this: one is quoted
_LONGEST = 64 * 1024  # characters that are kept of one source


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """Of one document, byte for byte as they were received."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Of a request that is conditional on them."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value is not None}

    def renewed(self, by: Validators) -> Validators:
        """As a "not modified" leaves them, which may say nothing."""
        return Validators(etag=by.etag or self.etag, last_modified=by.last_modified or self.last_modified)


def of(response: Response) -> Validators:
    """Those of an answer."""
    raw = [(name, value) for name, values in response.headers.items() for value in values]
    return Validators(
        etag=answers.validator(raw, "etag"), last_modified=answers.validator(raw, "last-modified")
    )


def pack(by_address: Mapping[str, Validators]) -> str | None:
    """One text for all that have any; None where there are none."""
    kept = {
        address: [one.etag, one.last_modified]
        for address, one in by_address.items()
        if one.etag is not None or one.last_modified is not None
    }
    text = _MARK + json.dumps(kept, separators=(",", ":"))
    return text if kept and len(text) <= _LONGEST else None


def unpack(etag: str | None) -> dict[str, Validators] | None:
    """What `pack` made; None for an ETag of a server."""
    if etag is None or not etag.startswith(_MARK):
        return None
    try:
        found = json.loads(etag[len(_MARK) :])
        return {str(address): Validators(etag=one[0], last_modified=one[1]) for address, one in found.items()}
    except (ValueError, AttributeError, TypeError, LookupError):
        return {}
