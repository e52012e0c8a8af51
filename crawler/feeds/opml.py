"""Lists of feeds as other readers exchange them: OPML read leniently, written well-formed. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from crawler.feeds.encoding import decode, unpack
from crawler.feeds.links import absolute
from crawler.feeds.repair import repair, root_name
from crawler.feeds.text import one_line, plain_title
from crawler.records import SourceKind

NAMESPACE = "urn:tidings:opml"  # of the attributes that only our own lists have: id and kind

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_TAG = re.compile(r"<(/?)(?:[a-z]+:)?outline\b", re.I)
_SCHEMELESS = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:[/?]|$)", re.I)
_NAME = re.compile(
    r"(?:^|(?<=[\s\"']))(text|title|type|xmlUrl|htmlUrl|url|description|category|language|version|created|"
    r"isComment|isBreakpoint|[A-Za-z_][\w.:-]*)\s*=\s*([\"'])",
    re.I,
)
_UNQUOTED = re.compile(r"\b([A-Za-z]+)\s*=\s*([^\s\"'>]+)")
_KNOWN = {
    "text",
    "title",
    "type",
    "xmlurl",
    "htmlurl",
    "url",
    "description",
    "category",
    "language",
    "version",
    "tidings:id",
    "tidings:kind",
}
_FEED_TYPES = {"rss", "atom", "feed", "rss1", "rss2", ""}

Event = Mapping[str, str] | None  # the attributes of an outline that begins, lower-case names; None: one ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One source of a list."""

    title: str  # plain text, one line; "" when the list gives none
    url: str  # of the feed or sitemap; http or https
    site_url: str | None = None
    folders: tuple[str, ...] = ()  # names of the folders around it, outermost first
    tags: tuple[str, ...] = ()  # words of its `category`
    language: str | None = None  # as the list states it
    id: str | None = None  # in lists that Tidings wrote
    kind: SourceKind = SourceKind.FEED  # or SITEMAP, in lists that Tidings wrote


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """The sources that `body` lists, in its order; an address that comes twice in one folder is kept once.

    Half of the lists in use are no well-formed XML (bare `&`, quotes or `<` inside values); they are read by
    their attribute names instead. Outlines without an http or https address are folders or are left out.

    Raises:
        ValueError: it is no OPML at all.
    """
    data, _ = unpack(body)
    text, problems = repair(decode(data, None).text)
    if root_name(text) != "opml" and not _TAG.search(text):
        raise ValueError("the file is no OPML: it has neither an <opml> nor an <outline> element")
    broken = any(problem.startswith("not well-formed") for problem in problems)
    found: dict[tuple[str, tuple[str, ...]], Outline] = {}
    for outline in _feeds(_scan(text) if broken else _events(text)):
        found.setdefault((outline.url, outline.folders), outline)
    return tuple(found.values())


def write_opml(outlines: Sequence[Outline], *, title: str) -> str:
    """A well-formed OPML 2.0 document; sources of one folder stand together, those without one first.

    What `read_opml` reads of it is what was given. Tags stand in `category`, the language in `language`; the id, and
    the kind of what is no feed, in attributes of our own namespace, which other readers pass over.
    """
    tree: dict[tuple[str, ...], list[Outline]] = {}
    for outline in outlines:
        tree.setdefault(outline.folders, []).append(outline)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:tidings="{NAMESPACE}">',
        f"  <head><title>{html.escape(one_line(title), quote=False)}</title></head>",
        "  <body>",
    ]
    open_folders: tuple[str, ...] = ()
    for folders in sorted(tree):
        shared = 0
        while shared < min(len(folders), len(open_folders)) and folders[shared] == open_folders[shared]:
            shared += 1
        lines += ["  " * (depth + 2) + "</outline>" for depth in range(len(open_folders) - 1, shared - 1, -1)]
        for depth in range(shared, len(folders)):
            lines.append("  " * (depth + 2) + f"<outline text={quoteattr(folders[depth])}>")
        lines += ["  " * (len(folders) + 2) + _line(outline) for outline in tree[folders]]
        open_folders = folders
    lines += ["  " * (depth + 2) + "</outline>" for depth in range(len(open_folders) - 1, -1, -1)]
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _line(outline: Outline) -> str:
    """One outline; `title` is left out where the source has no name of its own and `text` shows its id."""
    title = one_line(outline.title)
    feed = outline.kind is SourceKind.FEED
    attributes = {
        "type": "rss" if feed else "link",
        "text": title or outline.id or outline.url,
        "title": title,
        "xmlUrl" if feed else "url": outline.url,
        "htmlUrl": outline.site_url,
        "category": ",".join(outline.tags),
        "language": outline.language,
        "tidings:id": outline.id,
        "tidings:kind": None if feed else outline.kind.value,
    }
    return (
        f"<outline {' '.join(f'{name}={quoteattr(value)}' for name, value in attributes.items() if value)}/>"
    )


def _feeds(events: Iterator[Event]) -> Iterator[Outline]:
    folders: list[str | None] = []  # None for a source that is still open
    for attributes in events:
        if attributes is None:
            if folders:
                folders.pop()
            continue
        outline = _outline(attributes, tuple(folder for folder in folders if folder))
        if outline:
            yield outline
        folders.append(None if outline else _name(attributes))


def _name(attributes: Mapping[str, str]) -> str:
    return plain_title(attributes.get("text") or attributes.get("title") or "")


def _outline(attributes: Mapping[str, str], folders: tuple[str, ...]) -> Outline | None:
    """The source that an outline is; None for a folder, and for an address that is none of the web."""
    kind = _kind(attributes.get("tidings:kind", ""))
    address = attributes.get("xmlurl", "").strip()
    of_feed = attributes.get("type", "").strip().lower() in _FEED_TYPES or kind is SourceKind.SITEMAP
    if not address and of_feed:
        address = attributes.get("url", "").strip()
    url = absolute(_with_scheme(address), "")
    if kind is None or url is None:
        return None
    own = one_line(attributes.get("tidings:id", "")) or None
    return Outline(
        title=plain_title(attributes.get("title", "")) if own else _name(attributes),
        url=url,
        site_url=absolute(attributes.get("htmlurl"), ""),
        folders=folders,
        tags=_tags(attributes.get("category", "")),
        language=one_line(attributes.get("language", "")) or None,
        id=own,
        kind=kind,
    )


def _kind(stated: str) -> SourceKind | None:
    """None for kinds that no list can hold."""
    if not stated.strip():
        return SourceKind.FEED
    return next(
        (kind for kind in (SourceKind.FEED, SourceKind.SITEMAP) if kind.value == stated.strip()), None
    )


def _with_scheme(address: str) -> str:
    """`feed:` links, addresses that begin with `//` or with the host, as what they mean."""
    if address[:5].lower() == "feed:":
        address = address[5:]
    address = address.removeprefix("//")
    return f"http://{address}" if _SCHEMELESS.match(address) else address


def _tags(category: str) -> tuple[str, ...]:
    """Words and slash-delimited paths, parted by commas, as the steps of all of them."""
    steps = (plain_title(step) for path in category.split(",") for step in path.split("/"))
    return tuple(dict.fromkeys(step for step in steps if step))


def _events(text: str) -> Iterator[Event]:
    found: list[Event] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.lower().rpartition(":")[2] == "outline":
            found.append({key.lower(): value for key, value in attributes.items()})

    def end(name: str) -> None:
        if name.lower().rpartition(":")[2] == "outline":
            found.append(None)

    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler, reader.EndElementHandler = start, end
    reader.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace"), True)
    yield from found


def _scan(text: str) -> Iterator[Event]:
    """Outlines by their attribute names: a value ends at the last quote before the next name or tag."""
    text = _COMMENT.sub("", text)
    tags = list(_TAG.finditer(text))
    for tag, following in zip_longest(tags, tags[1:]):
        if tag[1]:
            yield None
            continue
        end = following.start() if following else len(text)
        part = re.sub(r"</(?:body|opml)\b.*", "", text[tag.end() : end], flags=re.S | re.I).rstrip()
        yield _attributes(part)
        if part.endswith("/>"):
            yield None


def _attributes(part: str) -> dict[str, str]:
    names = [found for found in _NAME.finditer(part) if found[1].lower() in _KNOWN]
    found: dict[str, str] = {}
    for name, following in zip_longest(names, names[1:]):
        value = part[name.end() : following.start() if following else len(part)]
        close = value.rfind(name[2])
        found.setdefault(name[1].lower(), html.unescape(value[:close] if close >= 0 else value))
    if "xmlurl" not in found:
        bare = {one[1].lower(): html.unescape(one[2]) for one in _UNQUOTED.finditer(part)}
        return {name: value for name, value in bare.items() if name in _KNOWN} | found
    return found
