"""Where a site keeps its feeds: what its page says, and where such files usually lie. Pure."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from crawler.feeds.encoding import decode
from crawler.feeds.links import absolute
from crawler.feeds.text import clean, plain_title

LONGEST_PAGE = 2 << 20  # bytes of a page that are looked at

_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/json",
        "application/xml",
        "text/xml",
    }
)
_WELL_KNOWN = (
    "feed",
    "rss",
    "feed.xml",
    "rss.xml",
    "atom.xml",
    "index.xml",
    "feeds/posts/default",
    "?feed=rss2",
    "feed.json",
)
_LOOKS_LIKE_FEED = re.compile(
    r"(?:/(?:feed|rss|atom)s?(?:[/.?]|$)|\.(?:rss|atom|rdf)(?:\?|$)|(?:rss|feed|atom)\.xml|feeds?\.)", re.I
)
_COMMENTS = re.compile(r"comment|kommentar|comentario|commentaire", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed."""

    url: str
    title: str = ""
    type: str | None = None  # media type as the page states it; None: a plain link


def candidates(body: bytes, *, url: str, content_type: str | None = None) -> tuple[Candidate, ...]:
    """Feeds that the HTML page `body` from `url` names, the likeliest first, each address once.

    Alternate links of a feed's media type come first, in the page's order but feeds of comments last; then
    plain links whose address looks like a feed. An address that is the page itself is left out.
    """
    return candidates_in(decode(body[:LONGEST_PAGE], content_type).text, url)


def candidates_in(text: str, url: str) -> tuple[Candidate, ...]:
    """`candidates` of a page that is decoded already."""
    from lxml import etree

    reader = _Links(url)
    parser = etree.HTMLParser(target=reader, encoding="utf-8", no_network=True)
    with suppress(etree.XMLSyntaxError):  # an empty page
        etree.fromstring(clean(text[:LONGEST_PAGE]).encode(), parser)
    stated = sorted(reader.stated, key=lambda one: bool(_COMMENTS.search(one.url + one.title)))
    found: dict[str, Candidate] = {}
    for one in (*stated, *reader.plain):
        if one.url != url:
            found.setdefault(one.url, one)
    return tuple(found.values())


def well_known(url: str) -> tuple[str, ...]:
    """Addresses where the site of `url` may keep a feed, likeliest first; to be tried one at a time."""
    return tuple(urljoin(url, f"/{path}") for path in _WELL_KNOWN)


class _Links:
    """Collects links of an HTML page; a target for lxml's parser."""

    def __init__(self, url: str) -> None:
        self.base = url
        self.stated: list[Candidate] = []
        self.plain: list[Candidate] = []

    def start(self, tag: str, given: Any) -> None:
        if tag not in ("link", "a", "base"):
            return
        target = absolute(given.get("href"), self.base)
        if target is None:
            return
        if tag == "base":
            self.base = target
            return
        kind = given.get("type", "").partition(";")[0].strip().lower()
        title = plain_title(given.get("title", ""))
        relation = given.get("rel", "").lower().split()
        if kind in _TYPES and ("alternate" in relation or "feed" in relation):
            if "wp-json" not in target:  # WordPress' interface for programs
                self.stated.append(Candidate(url=target, title=title, type=kind))
        elif tag == "a" and (kind in _TYPES or _LOOKS_LIKE_FEED.search(target)):
            self.plain.append(Candidate(url=target, title=title))

    def close(self) -> None:
        pass
