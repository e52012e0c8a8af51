"""Elements of a well-formed feed with names, attributes, addresses and texts as feedparser has them. Pure."""

from __future__ import annotations

import contextlib
import html.entities
import re
from typing import Any, NamedTuple
from urllib.parse import urljoin

from crawler.feeds.links import is_tidy
from crawler.feeds.namespaces import KNOWN, Odd, prefixes
from crawler.feeds.repair import has_long_name
from crawler.feeds.text import WINDOWS_1252

ENTRIES = ("item", "entry")
_XML = "{http://www.w3.org/XML/1998/namespace}"
_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
}
_PAGES = ("html", "text/html", "xhtml", "application/xhtml+xml")
_READ = frozenset(
    ("base", "href", "ispermalink", "lang", "lastmod", "mode", "rel", "type", "uri", "url", "version")
)
_PERSONS = frozenset(
    ("author", "creator", "contributor", "publisher", "owner", "name", "email", "managingeditor", "webmaster")
)
_LONG = 90  # characters of a name that may have been 1,000 in the source
_C1 = re.compile(b"\xc2[\x80-\x9f]")  # in UTF-8, where it is found sooner
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
_ENTITY_LIKE = re.compile(r"&([A-Za-z0-9_]+);")


class Place(NamedTuple):
    """Where in the document an element stands."""

    depth: int  # an entry's or feed's own children: 1
    base: str
    language: str | None


class Tree:
    """A parsed document.

    Raises, here and in each method:
        Odd: something is not as plain feeds have it.
    """

    def __init__(self, text: str, data: bytes) -> None:
        """`data` is `text` in UTF-8."""
        self.root = _parse(data)
        self._prefixes = prefixes(text)
        self.names: dict[str, str] = {}  # tags met so far → what `name` gives
        local = {tag: tag.rpartition("}")[2].lower() for tag in {one.tag for one in self.root.iter()}}
        self.skips = not {"skiphours", "skipdays"}.isdisjoint(local.values())
        self._entry_tags = [tag for tag, name in local.items() if name in ENTRIES]
        persons = [tag for tag, name in local.items() if name in _PERSONS]
        long = persons and any(len(one.text or "") > _LONG for one in self.root.iter(*persons))
        if long and has_long_name(text):
            raise Odd

    def entries_anywhere(self) -> int:
        """How many elements are called like entries, whatever they stand in."""
        return sum(1 for _ in self.root.iter(*self._entry_tags)) if self._entry_tags else 0

    def name(self, element: Any) -> str:
        """`prefix_local`, lower case; no prefix for the feed formats' own elements."""
        tag: str = element.tag
        known = self.names.get(tag)
        if known is None:
            space, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
            prefix = self._prefixes.get(space) if space else ""
            if prefix is None:
                raise Odd
            known = self.names[tag] = f"{prefix}_{local.lower()}" if prefix else local.lower()
        return known

    def attributes(self, element: Any) -> dict[str, str]:
        """Attributes by lower-case name; relations and types in lower case too."""
        found: dict[str, str] = {}
        for key, value in element.items():
            name = key.lower()
            if key[0] == "{":
                space, _, local = key[1:].partition("}")
                name = f"xml:{local}" if key.startswith(_XML) else key
                if not KNOWN.get(space.lower()) and local.lower() in _READ:
                    raise Odd  # feedparser takes it for one without a namespace
            if name in found:
                raise Odd
            found[name] = value.lower() if name in ("rel", "type") else value
        return found

    def within(self, attributes: dict[str, str], place: Place) -> Place:
        """The place with the base address and the language that an element sets for itself."""
        if not attributes:
            return place
        depth, base, language = place
        if own := attributes.get("xml:base", attributes.get("base")):
            base = join(base, own)
            if not base.startswith(("http://", "https://")):
                raise Odd
        spoken = attributes.get("xml:lang", attributes.get("lang"))
        return Place(depth, base, language if spoken is None else spoken or None)


def _parse(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Odd from error
    if root.xpath("boolean(//*[@*[501]])"):
        raise Odd
    return root


def add_link(row: dict[str, Any], element: Any, attributes: dict[str, str], base: str) -> str | None:
    """Add a link to `links` of a row; the address where it is the row's own, "" when that is empty."""
    text = leaf(element)
    if "url" in attributes or "uri" in attributes:
        raise Odd
    relation = attributes.setdefault("rel", "alternate")
    kind = attributes.setdefault("type", "application/atom+xml" if relation == "self" else "text/html")
    row.setdefault("links", []).append(attributes)
    if "href" not in attributes:
        return mend(join(base, text)) if text else ""
    attributes["href"] = join(base, attributes["href"])
    return attributes["href"] if relation == "alternate" and kind in _PAGES else None


def set_link(row: dict[str, Any], address: str, attributes: dict[str, str]) -> None:
    """Make `address` the row's own link; one that stood as text is read for `&amp;` taken for an entity."""
    if "href" not in attributes:
        address = _ENTITY_LIKE.sub(r"&\g<1>", address)
        if address:
            attributes["href"] = address
    row["link"] = address


def leaf(element: Any) -> str:
    """The text of an element that may hold nothing else."""
    if len(element):
        raise Odd
    text: str = element.text or ""
    return text.strip()


def kind_of(attributes: dict[str, str], usual: str) -> str:
    """The media type of a text, plain or HTML."""
    stated = _TYPES.get(attributes.get("type", usual))
    if stated is None or "mode" in attributes:
        raise Odd
    return stated


def mend(text: str) -> str:
    """Text that was UTF-8, read as Latin-1 and written again, or windows-1252 read as Latin-1."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("latin-1").decode("utf-8")
    return text.translate(WINDOWS_1252) if _C1.search(text.encode()) else text


def join(base: str, address: str) -> str:
    """An address against a base, surplus slashes after the scheme left out; "" when it cannot be read."""
    if is_tidy(address):
        return address
    try:
        return urljoin(base, _SLASHES.sub(r"\1\3", address))
    except ValueError:
        return ""


def looks_like_html(text: str) -> bool:
    """Whether text said to be plain is escaped HTML: it has references, and HTML knows them all.

    Its tags need no look: text with tags is read as HTML whatever it is said to be.
    """
    names = re.findall(r"&(\w+);", text)
    return bool(re.search(r"&#?\w+;", text)) and all(name in html.entities.entitydefs for name in names)
