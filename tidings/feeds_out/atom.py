"""A feed as Atom (RFC 4287). Pure."""

from __future__ import annotations

from typing import Any

from lxml import etree

from alerts.envelope import stamp
from tidings import __version__
from tidings.feeds_out.addresses import Addresses
from tidings.feeds_out.records import FeedEntry, Form, OutgoingFeed

SPACE = "http://www.w3.org/2005/Atom"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(feed: OutgoingFeed, addresses: Addresses | None) -> bytes:
    """UTF-8; the same bytes for the same feed. `addresses`: where it lies, None: not known."""
    root = etree.Element(f"{{{SPACE}}}feed", {_LANGUAGE: "en"}, nsmap={None: SPACE})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.about)
    _text(root, "updated", stamp(feed.updated))
    if addresses is not None:
        _add(root, "link", rel="self", type=Form.ATOM.media_type, href=addresses.atom)
        _add(root, "link", rel="alternate", type=Form.JSON.media_type, href=addresses.json)
        if addresses.page is not None:
            _add(root, "link", rel="alternate", type="text/html", href=addresses.page)
    _text(_add(root, "author"), "name", "Tidings")
    _text(root, "generator", "Tidings", version=__version__)
    for one in feed.entries:
        _entry(root, one)
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def _entry(root: Any, one: FeedEntry) -> None:
    entry = _add(root, "entry")
    language = {_LANGUAGE: one.language} if one.language else {}
    _text(entry, "id", one.id)
    _text(entry, "title", one.title, **language)
    _text(entry, "updated", stamp(one.updated))
    _text(entry, "published", stamp(one.published))
    if one.link is not None:
        _add(entry, "link", rel="alternate", href=one.link)
    for other in one.related:
        _add(entry, "link", rel="related", href=other.href, title=other.title)
    for name in one.authors:
        _text(_add(entry, "author"), "name", name)
    for category in one.categories:
        _add(entry, "category", term=category.term, scheme=category.scheme, label=category.label)
    _text(entry, "summary", one.summary, type="text", **language)
    _text(entry, "content", one.html, type="html")


def _add(parent: Any, name: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{SPACE}}}{name}", attributes)


def _text(parent: Any, name: str, text: str, **attributes: str) -> None:
    _add(parent, name, **attributes).text = text
