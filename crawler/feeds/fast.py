"""A fast way through plain feeds: RSS 0.9x to 2.0 and Atom 1.0, well-formed and without surprises. Pure.

It builds the rows that feedparser would build, as far as they are read, or declines. A rule here repeats what
feedparser does, quirks included, so that one document has one reading whichever way it takes; what is rare is
declined, not repeated. `tests/integration/test_feeds_parity.py` holds both readings against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawler.feeds.fast_entry import DECLINED, LEAVES, declined, read_entry
from crawler.feeds.fast_tree import ENTRIES, Place, Tree, add_link, join, kind_of, leaf, mend, set_link
from crawler.feeds.namespaces import Odd

MOST_TAGS = 400_000  # in a document whose tree is built; about 60 MiB

_ATOM = "{http://www.w3.org/2005/Atom}feed"
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_APART = {  # have a title and a link of their own
    "image": ("url", "title", "link", "description", "width", "height"),
    "textinput": ("title", "link", "description", "name"),
}
_SUMMARIES = frozenset(("summary", "itunes_summary"))
_DESCRIPTIONS = _SUMMARIES | {"description", "dc_description", "media_description"}
# Read of the feed, or changing what is read, wherever they stand in it.
_TELLING = frozenset(
    (
        *("title", "dc_title", "media_title", "link", "language", "dc_language", "ttl", "id", "guid"),
        *("content", "content_encoded", "image", "source"),
    )
)


@dataclass(frozen=True, slots=True)
class Rows:
    """What feedparser would give of a document, as far as it is read."""

    version: str
    head: dict[str, Any]
    entries: list[dict[str, Any]]
    skips: bool  # there is a `<skipHours>` or `<skipDays>` to be read


def read_plain(text: str, base: str, most: int, data: bytes | None = None) -> Rows | None:
    """The rows of a feed; None when it is not plain enough to be read here.

    Args:
        text: the whole document.
        base: http or https address that relative links start from.
        most: entries; a document with more is declined.
        data: the document in UTF-8, where that is at hand.
    """
    if data is None:
        data = text.encode("utf-8", "replace")
    if b"<!DOCTYPE" in data or (len(data) > 4 * MOST_TAGS and data.count(b"<") > MOST_TAGS):
        return None
    try:
        return _read(Tree(text, data), join(base, base), most)
    except Odd:
        return None


def _read(tree: Tree, base: str, most: int) -> Rows:
    root = tree.root
    attributes = tree.attributes(root)
    place = tree.within(attributes, Place(1, base, None))
    head: dict[str, Any] = {"language": place.language} if place.language else {}
    if root.tag == _ATOM:
        version, channel = "atom10", root
    elif root.tag == "rss" and len(root) == 1 and root[0].tag == "channel":
        stated = attributes.get("version", "")
        version = _RSS_VERSIONS.get(stated) or ("rss20" if stated.startswith("2.") else "rss")
        channel = root[0]
        attributes = tree.attributes(channel)
        place = tree.within(attributes, place)
    else:
        raise Odd
    if "lastmod" in attributes or "href" in attributes:
        raise Odd
    entries = [one for one in channel if tree.name(one) in ENTRIES]
    if len(entries) > most or len(entries) != tree.entries_anywhere():
        raise Odd  # an entry inside something else
    _read_head(tree, channel, head, place)
    return Rows(version, head, [read_entry(tree, one, place) for one in entries], tree.skips)


def _read_head(tree: Tree, channel: Any, head: dict[str, Any], place: Place) -> None:
    """What stands between the entries, into `head`."""
    began = summed_up = False
    for one in channel:
        name = tree.name(one)
        if name in ENTRIES:
            began = True
            continue
        attributes = tree.attributes(one)
        base = tree.within(attributes, place).base
        if name == "title":
            if "title" in head or began:
                raise Odd
            kind_of(attributes, "text/plain")
            head["title"] = mend(leaf(one))
        elif name == "link":
            if (address := add_link(head, one, attributes, base)) is not None:
                set_link(head, address, attributes)
        elif name in ("id", "guid"):
            value = leaf(one)
            if attributes.get("ispermalink", "true") == "true":
                head.setdefault("link", mend(join(base, value)) if value else "")
        elif name in ("ttl", "language", "dc_language"):
            if attributes:
                raise Odd
            head[name.removeprefix("dc_")] = mend(leaf(one))
        elif name in _APART:
            if any(len(part) or tree.name(part) not in _APART[name] for part in one):
                raise Odd
        elif name in _DESCRIPTIONS:
            leaf(one)
            if summed_up:
                raise Odd  # feedparser takes it for the content of the first entry
            summed_up = name in _SUMMARIES
        elif name in _TELLING or declined(name):
            raise Odd
        elif len(one):
            inner = {tree.name(part) for part in one.iterdescendants()}
            if name in LEAVES or not inner.isdisjoint(_TELLING | _DESCRIPTIONS | DECLINED):
                raise Odd
