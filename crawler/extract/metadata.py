"""What a page says about itself: title, authors, times, address, language, who may read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from crawler.extract import linked_data, titles
from crawler.extract.authors import META as AUTHOR_META
from crawler.extract.authors import Signed, bylines, choose_authors
from crawler.extract.document import Element, one_line
from crawler.extract.moments import Stated, choose_moment
from crawler.extract.statements import Statements, collect, stamp
from crawler.extract.titles import Named, choose_title
from crawler.records import Candidate

MAX_URL = 2_048

_PUBLISHED_META = (
    "article:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "og:published_time",
    "pubdate", "publishdate", "publish-date", "publish_date", "published_time", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "og:article:published_time", "og:pubdate", "article_date_original", "dc.date.issued",
    "dcterms.created", "dcterms.issued", "dc.date", "dcterms.date", "dc.date.created", "citation_publication_date",
    "citation_online_date", "article.published", "rnews:datepublished", "date", "ptime", "originalpublicationdate",
    "article:published", "publication_date",
)  # fmt: skip
_UPDATED_META = (
    "article:modified_time", "datemodified", "og:updated_time", "dcterms.modified", "dc.date.modified", "lastmod",
    "last-modified", "article.updated", "rnews:datemodified", "utime", "modified_time",
)  # fmt: skip
_SIGNED_CARD = re.compile(r"written|by\b|verfasst|geschrieben|escrito|écrit|scritto|autor", re.IGNORECASE)
_DAY_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-]([01]?\d)[/-]([0-3]?\d)(?:/|-|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The page's own statements, weighed against each other."""

    title: str  # "" when it names none
    heading: str  # its `h1` that repeats the title, else the first, "" when there is none
    authors: tuple[str, ...]
    published_at: datetime | None
    updated_at: datetime | None
    canonical_url: str | None
    language: str | None  # declared, BCP 47 lower case
    site_name: str | None
    free: bool | None  # None: not said
    locked: tuple[str, ...]  # CSS selectors of parts that are not free
    is_article: bool | None  # declared so, declared something else, not said
    is_video: bool  # declared so, and no article
    body: str  # the text in the JSON-LD, "" when there is none
    updates: tuple[linked_data.Update, ...]  # of a live blog, as the JSON-LD lists them
    translations: tuple[tuple[str, str], ...]  # (language, address) of this page in other languages
    candidates: tuple[Candidate, ...]  # what the choice was made from


def read_metadata(tree: Element, *, url: str | None, zone: str | None = None) -> Metadata:
    """Read a whole page, before anything is taken out of it.

    Args:
        url: the page's address, for relative links.
        zone: IANA zone of times that have none.
    """
    said = collect(tree)
    canonical = _canonical(said, url)
    node = linked_data.article(said.nodes, canonical, url, title=said.window) or {}
    site = _site_name(said.meta, node)
    title = choose_title(_names(said, node), site=site)
    published = choose_moment("published", _published(said, node, url), zone=zone)
    updated = choose_moment("updated", _updated(said, node), zone=zone, not_before=published.value)
    authors = choose_authors(_signed(tree, said, node, title.value), site=site)
    return Metadata(
        title=title.value,
        heading=_heading(said, title.value)[: titles.MAX_TITLE],
        authors=authors.names,
        published_at=published.value,
        updated_at=updated.value,
        canonical_url=canonical
        or _absolute(said.meta.get("og:url"), url)
        or _absolute(linked_data.string(node.get("url")), url),
        language=_language(said, node),
        site_name=site,
        free=_free(said, node),
        locked=linked_data.locked_selectors(node),
        is_article=_is_article(said.meta, node),
        is_video=not node and _is_video(said),
        body=linked_data.body(node) if node else "",
        updates=linked_data.updates(node),
        translations=tuple(
            (language, address)
            for language, href in said.translations
            if (address := _absolute(href, url)) is not None
        ),
        candidates=(*title.candidates, *published.candidates, *updated.candidates, *authors.candidates),
    )


def _names(said: Statements, node: linked_data.Node) -> Iterator[Named]:
    yield Named(titles.HEADLINE, _headline(said, node))
    for origin in titles.STATED:
        yield Named(origin, said.meta.get(origin.removesuffix(" meta"), ""))
    for place in said.properties.get("headline", [])[:1]:
        yield Named(
            "itemprop headline", one_line(place.get("content")) or one_line(" ".join(place.itertext()))
        )
    yield Named(titles.WINDOW, said.window)
    for heading in said.headings[:5]:
        yield Named(titles.HEADING, heading)
    for heading in said.subheadings[:1]:
        yield Named(titles.SUBHEADING, heading)


def _heading(said: Statements, title: str) -> str:
    same = (text for text in said.headings if titles.folded(text) == titles.folded(title))
    return next(same, next(iter(said.headings), ""))


def _headline(said: Statements, node: linked_data.Node) -> str:
    """The headline in the JSON-LD; its name where the window's title bears out only that."""
    headline, name = linked_data.string(node.get("headline")), linked_data.string(node.get("name"))
    window = titles.folded(said.window)
    if name and (not headline or (titles.folded(headline) not in window and titles.folded(name) in window)):
        return name
    return headline


def _signed(tree: Element, said: Statements, node: linked_data.Node, title: str) -> Iterator[Signed]:
    if names := linked_data.names(node.get("author") or node.get("creator")):
        yield Signed("JSON-LD author", tuple(names))
    for name in AUTHOR_META:
        if text := said.meta.get(name):
            yield Signed(name, (text,))
    if _SIGNED_CARD.match(said.meta.get("twitter:label1", "")) and (text := said.meta.get("twitter:data1")):
        yield Signed("twitter:data1", (text,))
    yield from bylines(tree, title)


def _published(said: Statements, node: linked_data.Node, url: str | None) -> Iterator[Stated]:
    yield Stated("JSON-LD datePublished", linked_data.string(node.get("datePublished")))
    yield from (Stated(name, said.meta.get(name, "")) for name in _PUBLISHED_META)
    yield Stated("JSON-LD dateCreated", linked_data.string(node.get("dateCreated")))
    places = said.properties.get("datepublished", [])[:3]
    yield from (Stated("itemprop datePublished", stamp(place)) for place in places)
    page = linked_data.page(said.nodes) or {}
    yield Stated("JSON-LD page's datePublished", linked_data.string(page.get("datePublished")))
    marked = [time for time in said.times if time.get("pubdate") is not None]
    yield from (Stated("time pubdate", stamp(time)) for time in marked[:3])
    yield from (Stated("time in the story", stamp(time)) for time in said.story_times[:3])
    yield from (Stated("time", stamp(time)) for time in said.times[:2])
    if found := _DAY_IN_URL.search(urlsplit(url or "").path):
        yield Stated("address", "-".join(part.zfill(2) for part in found.groups()))


def _updated(said: Statements, node: linked_data.Node) -> Iterator[Stated]:
    yield Stated("JSON-LD dateModified", linked_data.string(node.get("dateModified")))
    yield from (Stated(name, said.meta.get(name, "")) for name in _UPDATED_META)
    places = said.properties.get("datemodified", [])[:3]
    yield from (Stated("itemprop dateModified", stamp(place)) for place in places)


# -- the rest --------------------------------------------------------------------------------------


def _is_article(meta: dict[str, str], node: linked_data.Node) -> bool | None:
    kind = meta.get("og:type", "").lower()
    if node or kind == "article":
        return True
    return False if kind == "website" else None


def _is_video(said: Statements) -> bool:
    return said.meta.get("og:type", "").lower().startswith("video") or any(
        "videoobject" in linked_data.kinds(node) for node in said.nodes
    )


def _site_name(meta: dict[str, str], node: linked_data.Node) -> str | None:
    name = (
        meta.get("og:site_name")
        or next(iter(linked_data.names(node.get("publisher"))), "")
        or meta.get("application-name")
    )
    return name[:200] if name else None


def _canonical(said: Statements, url: str | None) -> str | None:
    """The first usable `rel=canonical`; one that names the home page for an inner page is a mistake of its maker."""
    for href in said.canonical:
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


def _language(said: Statements, node: linked_data.Node) -> str | None:
    stated = (
        said.language,
        linked_data.string(node.get("inLanguage")),
        said.meta.get("content-language"),
        said.meta.get("og:locale"),
        said.meta.get("language"),
    )
    for text in stated:
        code = (text or "").strip().lower().replace("_", "-").split(",")[0].strip()
        if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", code):
            return code
    return None


def _free(said: Statements, node: linked_data.Node) -> bool | None:
    if (stated := linked_data.is_free(node)) is not None:
        return stated
    if said.meta.get("article:content_tier", "").lower() == "locked":
        return False
    places = said.properties.get("isaccessibleforfree", [])
    text = said.meta.get("isaccessibleforfree") or next((p.get("content") or "" for p in places), "")
    return {"false": False, "true": True}.get(text.lower())
