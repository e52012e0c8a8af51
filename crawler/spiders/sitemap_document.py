"""Bytes of a sitemap or sitemap index → its links with times and titles, whatever is broken in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lxml import etree

from crawler.errors import Cause, NotAFeedError

MAX_LINKS = 50_000  # the protocol's own limit

_FEEDS = ("rss", "feed", "rdf")
_ADDRESS = re.compile(r"https?://\S{1,2000}")
_W3C = re.compile(
    r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)"
    r"(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?)?)?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One `url` or `sitemap` element."""

    location: str
    modified_at: datetime | None = None
    published_at: datetime | None = None  # news:publication_date
    title: str = ""  # news:title
    language: str | None = None  # news:language
    publication: str | None = None  # news:name

    @property
    def time(self) -> datetime | None:
        """What it is sorted by."""
        return self.published_at or self.modified_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapDocument:
    """A sitemap, or an index of sitemaps, in document order."""

    index: bool
    links: tuple[Link, ...]
    cut: bool = False  # more links than are read


def read_sitemap(body: bytes, *, where: str, zone: str | None = None) -> SitemapDocument:
    """The links in a sitemap, an index of sitemaps or a plain text with an address a line. No entity is expanded and nothing is loaded from outside.

    Args:
        where: named in errors.
        zone: for times that have none; UTC when None or unknown.
    Raises:
        NotAFeedError: it is no plain list of addresses, and the root is neither `urlset` nor `sitemapindex`.
    """
    local = _zone(zone)
    if body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"http://", b"https://")):
        return _plain(body)
    root: str | None = None
    links: list[Link] = []
    values: dict[str, str] = {}
    cut = False
    try:
        events = etree.iterparse(
            BytesIO(body),
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            recover=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        for event, element in events:
            name = _name(element)
            if event == "start":
                if root is None:
                    root = name
                    if root not in ("urlset", "sitemapindex"):
                        break
                elif name in ("url", "sitemap"):
                    values = {}
                continue
            if name in ("url", "sitemap"):
                if link := _link(values, name, local):
                    links.append(link)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
                if len(links) >= MAX_LINKS:
                    cut = True
                    break
            elif element.text:
                values.setdefault(f"{_name(element.getparent())}/{name}", " ".join(element.text.split()))
    except etree.XMLSyntaxError:
        pass  # what was read before the break is kept
    if root not in ("urlset", "sitemapindex"):
        if root in _FEEDS:
            told = f"{where} is a feed (<{root}>) and no sitemap; write `feed:` instead of `sitemap:`"
            raise NotAFeedError(told, cause=Cause.FEED)
        seen = f"its first element is <{root[:40]}>" if root else "it holds no XML"
        raise NotAFeedError(f"{where} is no sitemap: {seen}")
    return SitemapDocument(index=root == "sitemapindex", links=tuple(links), cut=cut)


def w3c_time(text: str, zone: ZoneInfo) -> datetime | None:
    """A W3C date or time in UTC; a day or month stands for its beginning. None: no such time."""
    found = _W3C.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups()[:6])
    try:
        local = datetime(
            year or 0, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=zone
        )
        offset = found[7]
        if offset and offset[0] in "+-":
            shift = datetime.strptime(offset.replace(":", ""), "%z").tzinfo
            local = local.replace(tzinfo=shift)
        elif offset:
            local = local.replace(tzinfo=UTC)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _plain(body: bytes) -> SitemapDocument:
    lines = (line.strip() for line in body.decode("utf-8-sig", "replace").splitlines())
    links = dict.fromkeys(line for line in lines if _ADDRESS.fullmatch(line))
    kept = tuple(Link(location=link) for link in list(links)[:MAX_LINKS])
    return SitemapDocument(index=False, links=kept, cut=len(links) > MAX_LINKS)


def _link(values: dict[str, str], kind: str, zone: ZoneInfo) -> Link | None:
    """The link in one `url` or `sitemap` element; `values` by the names of parent and element."""
    location = values.get(f"{kind}/loc", "")
    if not location.startswith(("http://", "https://")):
        return None
    published = values.get("news/publication_date")
    modified = values.get(f"{kind}/lastmod")
    return Link(
        location=location,
        modified_at=w3c_time(modified, zone) if modified else None,
        published_at=w3c_time(published, zone) if published else None,
        title=values.get("news/title", ""),
        language=values.get("publication/language", "").lower() or None,
        publication=values.get("publication/name"),
    )


def _name(element: etree._Element | None) -> str:
    tag = element.tag if element is not None else None
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
