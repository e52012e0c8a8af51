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

_TYPE = re.compile(r"(?:application|text)/(?:x[-.])?(?:rss|atom|rdf)(?:\+xml)?|application/feed\+json")
_ANY_TYPE = frozenset({"application/json", "application/xml", "text/xml"})  # of feeds, and of much else
_NO_FEED = re.compile(r"wp-json|oembed|sitemap|opensearch|wlwmanifest|xmlrpc|manifest\.json", re.I)
_RELATIONS = frozenset({"alternate", "alternative", "feed", "rss", "atom", "service.feed"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.I)
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
    r"(?:/(?:feed|rss|atom)s?(?:[/.?]|$)|\.(?:rss|atom|rdf)(?:\?|$)|(?:rss|feed|atom)\.xml|feeds?\.|[?&]feed=(?:rss|atom|rdf))",
    re.I,
)
_COMMENTS = re.compile(
    r"comment|kom+ent|coment[aá]rio|reacties|respuestas|yorum|комментар|коментар|σχόλια|تعليق|תגובות|टिप्पणि|"
    r"ความคิดเห็น|bình luận|コメント|评论|評論|留言|댓글",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed."""

    url: str
    title: str = ""
    type: str | None = None  # media type as the page states it; None: a plain link


def candidates(body: bytes, *, url: str, content_type: str | None = None) -> tuple[Candidate, ...]:
    """Feeds that the HTML page `body` from `url` names, the likeliest first, each address once.

    Alternate links of a feed's media type come first, then those of a type that much else has too, then feeds of
    comments, then plain links whose address looks like a feed; each in the page's order. An address that is the page
    itself is left out.
    """
    page = body[:LONGEST_PAGE]
    if "charset" not in (content_type or "").lower() and (stated := _META_CHARSET.search(page[:4096])):
        content_type = f"text/html; charset={stated[1].decode('ascii')}"
    return candidates_in(decode(page, content_type).text, url)


def candidates_in(text: str, url: str) -> tuple[Candidate, ...]:
    """`candidates` of a page that is decoded already."""
    from lxml import etree

    reader = _Links()
    parser = etree.HTMLParser(target=reader, encoding="utf-8", no_network=True)
    with suppress(etree.XMLSyntaxError):  # an empty page
        etree.fromstring(clean(text[:LONGEST_PAGE]).encode(), parser)
    base = absolute(reader.base, url) or url
    ranked = sorted(
        (rank, place, Candidate(url=target, title=title, type=kind or None))
        for place, (tag, href, title, kind, relations) in enumerate(reader.links)
        if (target := _target(href, base))
        and (rank := _rank(tag, target, title, kind, relations)) is not None
    )
    found: dict[str, Candidate] = {}
    for _, _, one in ranked:
        if one.url != url:
            found.setdefault(one.url, one)
    return tuple(found.values())


def _target(href: str, base: str) -> str | None:
    """Where a link leads; `feed:` is no scheme but a hint, and a place inside a document is no other one."""
    address = href.strip()
    if address[:5].lower() == "feed:":
        address = address[5:] if "://" in address[5:] else f"http:{address[5:]}"
    return absolute(address.partition("#")[0], base)


def _rank(tag: str, target: str, title: str, kind: str, relations: frozenset[str]) -> int | None:
    """How likely a link leads to a feed, 0 the likeliest; None: it does not look so."""
    if _NO_FEED.search(target):
        return None
    typed, looks = _TYPE.fullmatch(kind) is not None, _LOOKS_LIKE_FEED.search(target) is not None
    if tag == "a":
        return 4 if typed or looks else None
    related = bool(relations & _RELATIONS)
    stated = (typed and (related or not relations)) or (related and kind in _ANY_TYPE)
    if not stated and not (related and not kind and (looks or "feed" in relations)):
        return None
    if _COMMENTS.search(target + title):
        return 3
    return 0 if typed else 1 if looks else 2


def well_known(url: str) -> tuple[str, ...]:
    """Addresses where the site of `url` may keep a feed, likeliest first; to be tried one at a time."""
    return tuple(urljoin(url, f"/{path}") for path in _WELL_KNOWN)


class _Links:
    """Collects links of an HTML page; a target for lxml's parser."""

    def __init__(self) -> None:
        self.base: str | None = None  # the first one holds for the whole page
        self.links: list[tuple[str, str, str, str, frozenset[str]]] = []  # tag, href, title, type, relations

    def start(self, tag: str, given: Any) -> None:
        if tag not in ("link", "a", "base") or not (href := given.get("href")):
            return
        if tag == "base":
            self.base = self.base or href
            return
        kind = given.get("type", "").partition(";")[0].strip().lower()
        relations = frozenset(given.get("rel", "").lower().split())
        self.links.append((tag, href, plain_title(given.get("title", "")), kind, relations))

    def close(self) -> None:
        pass
