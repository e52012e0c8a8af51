"""One entry of a plain feed → the row that feedparser would make of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from crawler.feeds.fast_tree import (
    Place,
    Tree,
    add_link,
    join,
    kind_of,
    leaf,
    looks_like_html,
    mend,
    set_link,
)
from crawler.feeds.namespaces import Odd

# Elements that feedparser acts on and this reader does not repeat.
DECLINED = frozenset(
    (
        *(
            "abstract",
            "authors",
            "body",
            "channel",
            "date",
            "feed",
            "fullitem",
            "guidislink",
            "items",
            "links",
        ),
        *("math", "newlocation", "rdf_rdf", "rss", "svg", "tags", "textinput", "xhtml_body"),
    )
)
# Elements that change nothing that is read, unless they hold others.
LEAVES = frozenset(
    (
        *(
            "copyright",
            "info",
            "rights",
            "subtitle",
            "tagline",
            "webmaster",
            "dc_contributor",
            "dc_publisher",
        ),
        *("dc_rights", "feedburner_browserfriendly", "itunes_subtitle"),
    )
)
_DATES = {
    **dict.fromkeys(("published", "issued", "pubdate", "dcterms_issued"), "published"),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc_date", "dcterms_modified"), "updated"),
    **dict.fromkeys(("created", "dcterms_created"), "created"),
}
_OF_PERSON = ("name", "email", "uri", "url", "homepage")
_OF_SOURCE = ("id", "link", "updated", "published", "icon", "logo", "generator", "category")
_MAIL = re.compile(
    r"([a-zA-Z0-9\_\-\.\+]+)@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)|(([a-zA-Z0-9\-]+\.)+))"
    r"([a-zA-Z]{2,4}|[0-9]{1,3})(\]?)(\?subject=\S+)?"
)


def declined(name: str) -> bool:
    """Whether an element, or the key that feedparser would keep it under, is none that is repeated here."""
    return name in DECLINED or name.endswith(("_detail", "_parsed"))


def read_entry(tree: Tree, element: Any, place: Place) -> dict[str, Any]:
    """The row of one entry.

    Raises:
        Odd: it holds something that is not repeated here.
    """
    attributes = tree.attributes(element)
    if any(name in ("href", "lastmod") or name[0] == "{" for name in attributes):
        raise Odd  # rdf:about among others
    entry = _Entry(tree)
    entry.read(element, tree.within(attributes, place))
    return entry.row


class _Entry:
    """The state of feedparser inside an entry."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.row: dict[str, Any] = {}
        self.depths: dict[str, int] = {}
        self.title_depth = -1  # of the last title; deeper ones do not count
        self.has_content = False
        self.named_by_text = False

    def read(self, element: Any, place: Place) -> None:
        tree, names = self.tree, self.tree.names
        for one in element:
            name = names.get(one.tag) or tree.name(one)
            if act := _ACTS.get(name):
                attributes = tree.attributes(one)
                act(self, one, name, attributes, tree.within(attributes, place) if attributes else place)
            elif declined(name):
                raise Odd
            elif len(one):
                here = tree.within(tree.attributes(one), place)
                self.read(one, Place(here.depth + 1, here.base, here.language))

    def store(self, key: str, value: str, depth: int) -> None:
        """The outermost wins, and of those on one level the last."""
        before = self.depths.get(key)
        if before is None or depth <= before:
            self.depths[key] = depth
            self.row[key] = value

    def title(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        detail = {"type": kind_of(attributes, "text/plain"), "language": place.language}
        value = mend(leaf(one))
        if not -1 < self.title_depth <= place.depth:
            self.store("title", value, place.depth)
            self.row["title_detail"] = detail
        if value and name != "media_title":
            self.title_depth = place.depth

    def description(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        if "summary" in self.row and not self.has_content:
            self.content(one, name, attributes, place)
            return
        kind = kind_of(attributes, "text/plain" if name in ("summary", "itunes_summary") else "text/html")
        value = leaf(one)
        if kind == "text/plain" and self.tree.root.tag == "rss" and looks_like_html(value):
            kind = "text/html"
        value = mend(value)
        self.store("summary", value, place.depth)
        self.row["summary_detail"] = {"type": kind, "value": value}

    def content(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        kind_of(attributes, "text/html")
        self.has_content = True
        value = mend(leaf(one))
        self.row.setdefault("content", []).append({"value": value})
        self.row.setdefault("summary", value)

    def date(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        self.store(_DATES[name], mend(leaf(one)), place.depth)

    def link(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        address = add_link(self.row, one, attributes, place.base)
        if address is not None:
            by_text = "href" not in attributes
            set_link(self.row, address.replace("&amp;", "&") if by_text else address, attributes)

    def identity(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        is_link = attributes.get("ispermalink", "true") == "true"
        value = leaf(one)
        value = mend(join(place.base, value) if is_link and value else value)
        self.store("id", value, place.depth)
        self.row.setdefault("guidislink", is_link and "link" not in self.row)
        if is_link:
            self.row.setdefault("link", value)

    def original(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        if attributes:
            raise Odd
        self.store("feedburner_origlink", mend(leaf(one)), place.depth)

    def author(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        if place.depth != 1:
            raise Odd
        person: dict[str, str] = {}
        self.row.setdefault("authors", []).append(person)
        if not len(one):
            value = mend(leaf(one))
            self.store("author", value, place.depth)
            self.named_by_text = self.named_by_text or bool(value)
            person.update(_written_person(value))
            return
        if self.named_by_text or (one.text or "").strip():
            raise Odd  # feedparser gives a name in text and one in an element to both authors
        person.update(self.parts_of_person(one))
        called, mail = person.get("name", ""), person.get("email", "")
        if not called and "author" in self.row:
            raise Odd  # feedparser gives it the name of the one before
        self.row["author"] = f"{called} ({mail})" if called and mail else called or mail

    def other_person(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        self.parts_of_person(one)

    def parts_of_person(self, one: Any) -> dict[str, str]:
        parts: dict[str, str] = {}
        for part in one:
            name = self.tree.name(part)
            if (part.tail or "").strip() or declined(name):
                raise Odd
            if name in _OF_PERSON:
                parts[name] = leaf(part)
            elif len(part) or "_" not in name or name in _ACTS or name.startswith("itunes_"):
                raise Odd
            elif len(part.attrib) and leaf(part):
                raise Odd  # feedparser adds its text to the person's
        return parts

    def owner(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        if len(one):
            raise Odd  # feedparser counts the owner's name among the authors
        leaf(one)

    def source(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        self.title_depth = -1
        for part in one:
            inner = self.tree.name(part)
            if inner == "author":
                self.parts_of_person(part)
            elif inner == "title":
                kind_of(self.tree.attributes(part), "text/plain")
                if leaf(part):
                    self.title_depth = place.depth + 1
            elif len(part) or (inner not in _OF_SOURCE and inner not in LEAVES):
                raise Odd

    def image(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        leaf(one)
        self.title_depth = -1

    def nothing(self, one: Any, name: str, attributes: dict[str, str], place: Place) -> None:
        leaf(one)


_ACTS: dict[str, Callable[[_Entry, Any, str, dict[str, str], Place], None]] = {
    **dict.fromkeys(("title", "dc_title", "media_title"), _Entry.title),
    **dict.fromkeys(("description", "dc_description", "media_description"), _Entry.description),
    **dict.fromkeys(("summary", "itunes_summary"), _Entry.description),
    **dict.fromkeys(("content", "content_encoded"), _Entry.content),
    **dict.fromkeys(_DATES, _Entry.date),
    **dict.fromkeys(("id", "guid"), _Entry.identity),
    **dict.fromkeys(("author", "managingeditor", "dc_author", "dc_creator", "itunes_author"), _Entry.author),
    **dict.fromkeys(LEAVES, _Entry.nothing),
    "contributor": _Entry.other_person,
    "feedburner_origlink": _Entry.original,
    "image": _Entry.image,
    "itunes_owner": _Entry.owner,
    "link": _Entry.link,
    "source": _Entry.source,
}


def _written_person(text: str) -> dict[str, str]:
    """Name and address out of one line: `a@b.example (Ann)`, `Ann <a@b.example>`."""
    person: dict[str, str] = {}
    if "@" in text and (found := _MAIL.search(text)):
        person["email"] = found[0]
        for gone in (found[0], "()", "<>", "&lt;&gt;"):
            text = text.replace(gone, "")
        text = text.strip().removeprefix("(").removesuffix(")").strip()
    if text:
        person["name"] = text
    return person
