"""What a page says about itself: title, authors, times, address, language, who may read it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from crawler.extract import linked_data
from crawler.extract.document import Element, one_line, text_of
from crawler.extract.times import parse_time

MAX_TITLE = 1_024  # characters
MAX_URL = 2_048
MAX_AUTHORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The page's own statements, weighed against each other."""

    title: str  # "" when it names none
    heading: str  # its only or first `h1`, "" when there is none
    authors: tuple[str, ...]
    published_at: datetime | None
    updated_at: datetime | None
    canonical_url: str | None
    language: str | None  # declared, BCP 47 lower case
    site_name: str | None
    free: bool | None  # None: not said
    locked: tuple[str, ...]  # CSS selectors of parts that are not free
    is_article: bool | None  # declared so, declared something else, not said
    body: str  # the text in the JSON-LD, "" when there is none


def read_metadata(tree: Element, *, url: str | None, zone: str | None = None) -> Metadata:
    """Read a whole page, before anything is taken out of it.

    Args:
        url: the page's address, for relative links.
        zone: IANA zone of times that have none.
    """
    nodes = linked_data.nodes(tree)
    canonical = _canonical(tree, url)
    node = linked_data.article(nodes, canonical or url) or {}
    meta = _meta(tree)
    site = _site_name(meta, node)
    heading = _heading(tree)
    published = _time(_published(tree, meta, node, url), zone)
    updated = _time(_updated(tree, meta, node), zone)
    kind = meta.get("og:type", "").lower()
    return Metadata(
        title=_title(tree, meta, node, heading, site),
        heading=heading,
        authors=_authors(tree, meta, node, site),
        published_at=published,
        updated_at=updated if updated and (published is None or updated >= published) else None,
        canonical_url=canonical
        or _absolute(meta.get("og:url"), url)
        or _absolute(linked_data.string(node.get("url")), url),
        language=_language(tree, meta, node),
        site_name=site,
        free=_free(tree, meta, node),
        locked=linked_data.locked_selectors(node),
        is_article=True if node or kind == "article" else (False if kind == "website" else None),
        body=linked_data.body(node) if node else "",
    )


# -- title -----------------------------------------------------------------------------------------


def _title(
    tree: Element, meta: dict[str, str], node: linked_data.Node, heading: str, site: str | None
) -> str:
    """The heading that readers see when another statement bears it out, else the best of the statements.

    A page's first `h1` may be its logo, an `og:title` bait for social media, a `title` carries the site's name.
    """
    headline = linked_data.string(node.get("headline")) or linked_data.string(node.get("name"))
    shared = without_site(meta.get("og:title") or meta.get("twitter:title") or "", site)
    full = one_line(next(iter(tree.xpath("//head/title/text() | //title/text()")), ""))
    window = without_site(full, site)
    stated = [text for text in (headline, shared, window) if text]
    if heading and any(_agree(heading, text) for text in stated):
        return heading[:MAX_TITLE]
    if headline.endswith(("...", "…")) and shared.startswith(headline.rstrip(".… ")):
        return shared[:MAX_TITLE]
    return next(iter(stated), heading)[:MAX_TITLE]


def without_site(title: str, site: str | None) -> str:
    """A title less the site's name that many pages put behind or before it: "Board funds ferries | Harbour Desk"."""
    title = one_line(title)
    parts = re.split(r"\s+[|–—\-·•»:]\s+|\s*\|\s*", title)
    if len(parts) < 2:
        return title
    for part, rest in ((parts[-1], title[: title.rfind(parts[-1])]), (parts[0], title[len(parts[0]) :])):
        if site and _folded(part) in (_folded(site), _folded(site).removeprefix("the ")):
            return rest.strip(" |–—-·•»:")
    last = parts[-1]
    rest = title[: title.rfind(last)].rstrip(" |–—-·•»:")
    bar = title[len(rest) :].lstrip()[:1] in "|»"
    return rest if bar and len(rest.split()) >= 3 and len(last.split()) <= 5 else title


def _heading(tree: Element) -> str:
    inside = tree.xpath("//article//h1 | //main//h1") or tree.xpath("//h1")
    return next((text for text in map(text_of, inside[:5]) if text), "")[:MAX_TITLE]


def _agree(one: str, other: str) -> bool:
    first, second = set(_folded(one).split()), set(_folded(other).split())
    return (
        bool(first and second) and 2 * len(first & second) >= min(len(first), len(second)) and len(first) > 1
    )


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


# -- authors ---------------------------------------------------------------------------------------

_BY = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|från|text|written by|view all posts by|zeige alle beiträge von)[\s:]+",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:;|\||\s+and\s+|\s+und\s+|\s+et\s+|\s+&\s+|\s+y\s+)\s*", re.IGNORECASE)
_AUTHOR_META = (
    "author",
    "parsely-author",
    "sailthru.author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "citation_author",
)
_AUTHOR_PLACES = (
    "//*[contains(@itemprop, 'author')]//*[@itemprop='name']",
    "//*[@itemprop='author']",
    "//a[@rel='author']",
    "//*[contains(concat(' ', @class, ' '), ' author-name ') or contains(concat(' ', @class, ' '), ' byline__name ')]",
    "//*[contains(concat(' ', @class, ' '), ' byline ') or contains(concat(' ', @class, ' '), ' author ')]",
)


def _authors(
    tree: Element, meta: dict[str, str], node: linked_data.Node, site: str | None
) -> tuple[str, ...]:
    return (
        _people(linked_data.names(node.get("author") or node.get("creator")), site)
        or next(filter(None, (_people([meta.get(name, "")], site) for name in _AUTHOR_META)), ())
        or next(filter(None, (_people(_seen(tree, place), site) for place in _AUTHOR_PLACES)), ())
    )


def _seen(tree: Element, place: str) -> list[str]:
    """The texts at a place, if they stand side by side; further ones belong to other stories on the page."""
    found = tree.xpath(place)[:MAX_AUTHORS]
    near = [node for node in found if node.getparent() is found[0].getparent()]
    return [one_line(node.get("content")) or text_of(node) for node in near]


def _people(given: Iterable[str], site: str | None) -> tuple[str, ...]:
    people: dict[str, None] = {}
    for text in given:
        for part in _split_names(_BY.sub("", one_line(text))):
            name = _BY.sub("", part).strip(" ,.·-–—")
            if _is_name(name) and name.casefold() != (site or "").casefold():
                people.setdefault(name)
    return tuple(people)[:MAX_AUTHORS]


def _split_names(text: str) -> Iterator[str]:
    for part in _SPLIT.split(text):
        pieces = part.split(", ")
        # "Ann Lee, Bo Ek" are two people; "Lee, Ann" is one, and "Ann Lee, Reuters" is left as it is said.
        yield from (
            pieces if len(pieces) > 1 and all(1 < len(piece.split()) < 5 for piece in pieces) else [part]
        )


def _is_name(text: str) -> bool:
    return (
        1 < len(text) <= 80
        and len(text.split()) <= 8
        and "@" not in text
        and "://" not in text
        and not text.isdigit()
    )


# -- times -----------------------------------------------------------------------------------------

_PUBLISHED_META = (
    "article:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "og:published_time",
    "pubdate", "publishdate", "publish-date", "publish_date", "published_time", "cxenseparse:recs:publishtime",
    "dc.date.issued", "dcterms.created", "dcterms.issued", "dc.date", "dcterms.date", "dc.date.created",
    "citation_publication_date", "article.published", "rnews:datepublished", "date", "ptime", "originalpublicationdate",
)  # fmt: skip
_UPDATED_META = (
    "article:modified_time", "datemodified", "og:updated_time", "dcterms.modified", "dc.date.modified", "lastmod",
    "last-modified", "article.updated", "rnews:datemodified", "utime",
)  # fmt: skip
_DAY_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-]([01]?\d)[/-]([0-3]?\d)(?:/|-|$)")


def _published(tree: Element, meta: dict[str, str], node: linked_data.Node, url: str | None) -> Iterator[str]:
    yield linked_data.string(node.get("datePublished"))
    yield from (meta.get(name, "") for name in _PUBLISHED_META)
    yield linked_data.string(node.get("dateCreated"))
    yield from _stamps(tree, "//*[@itemprop='datePublished']")
    yield from _stamps(tree, "//time[@pubdate] | //abbr[contains(@class, 'published')]")
    yield from _stamps(tree, "//article//time[not(ancestor::aside)] | //main//time[not(ancestor::aside)]")
    yield from _stamps(tree, "//header//time | //h1/following::time[position() < 3]")
    if found := _DAY_IN_URL.search(urlsplit(url or "").path):
        yield "-".join(part.zfill(2) for part in found.groups())


def _updated(tree: Element, meta: dict[str, str], node: linked_data.Node) -> Iterator[str]:
    yield linked_data.string(node.get("dateModified"))
    yield from (meta.get(name, "") for name in _UPDATED_META)
    yield from _stamps(tree, "//*[@itemprop='dateModified']")


def _stamps(tree: Element, place: str) -> list[str]:
    found = tree.xpath(place)[:3]
    return [
        node.get("datetime") or node.get("content") or node.get("title") or text_of(node)[:64]
        for node in found
    ]


def _time(stated: Iterable[str], zone: str | None) -> datetime | None:
    """The first time that can be read; one that is a day only gives way to a later statement of an hour of it."""
    day: datetime | None = None
    for text in stated:
        moment = parse_time(text, zone)
        if moment is None:
            continue
        exact = ":" in text or len(text.strip()) > 10
        if day is None:
            if exact:
                return moment
            day = moment
        elif exact and abs((moment - day).total_seconds()) < 36 * 3600:
            return moment
    return day


# -- the rest --------------------------------------------------------------------------------------


def _meta(tree: Element) -> dict[str, str]:
    """Lower-case name or property → content; the first that says something counts."""
    found: dict[str, str] = {}
    for node in tree.xpath("//meta[@content]"):
        content = one_line(node.get("content"))
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if content and (name := node.get(attribute)):
                found.setdefault(name.strip().lower(), content)
    return found


def _site_name(meta: dict[str, str], node: linked_data.Node) -> str | None:
    name = (
        meta.get("og:site_name")
        or next(iter(linked_data.names(node.get("publisher"))), "")
        or meta.get("application-name")
    )
    return name[:200] if name else None


def _canonical(tree: Element, url: str | None) -> str | None:
    """The first usable `rel=canonical`; one that names the home page for an inner page is a mistake of its maker."""
    for href in tree.xpath("//link[translate(@rel, 'CANOIL', 'canoil')='canonical']/@href"):
        address = _absolute(href, url)
        if address and not (
            urlsplit(address).path in ("", "/") and urlsplit(url or "").path not in ("", "/")
        ):
            return address
    return None


def _absolute(href: str | None, base: str | None) -> str | None:
    """An http address without control characters, or None."""
    if not href or len(href) > MAX_URL:
        return None
    try:
        address = urljoin(base or "", href.strip())
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    fit = (
        parts.scheme in ("http", "https")
        and host
        and "@" not in parts.netloc
        and re.search(r"[\s\x00-\x1f]", address) is None
    )
    return address if fit else None


def _language(tree: Element, meta: dict[str, str], node: linked_data.Node) -> str | None:
    stated = (
        tree.get("lang"),
        tree.get("{http://www.w3.org/XML/1998/namespace}lang") or tree.get("xml:lang"),
        linked_data.string(node.get("inLanguage")),
        meta.get("content-language"),
        meta.get("og:locale"),
        meta.get("language"),
    )
    for text in stated:
        code = (text or "").strip().lower().replace("_", "-").split(",")[0].strip()
        if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", code):
            return code
    return None


def _free(tree: Element, meta: dict[str, str], node: linked_data.Node) -> bool | None:
    if (said := linked_data.is_free(node)) is not None:
        return said
    if meta.get("article:content_tier", "").lower() == "locked":
        return False
    stated = meta.get("isaccessibleforfree", "").lower()
    if not stated:
        stated = next(iter(tree.xpath("//*[@itemprop='isAccessibleForFree']/@content")), "").lower()
    return {"false": False, "true": True}.get(stated)
