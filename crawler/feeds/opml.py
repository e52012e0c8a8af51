"""Lists of feeds as other readers exchange them: OPML read leniently, written well-formed. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from crawler.feeds.encoding import decode, unpack
from crawler.feeds.links import absolute
from crawler.feeds.repair import repair, root_name
from crawler.feeds.text import one_line, plain_title

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_TAG = re.compile(r"<(/?)outline\b", re.I)
_NAME = re.compile(
    r"(?:^|(?<=[\s\"']))(text|title|type|xmlUrl|htmlUrl|url|description|category|language|version|created|"
    r"isComment|isBreakpoint|[A-Za-z_][\w.:-]*)\s*=\s*([\"'])",
    re.I,
)
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
}
_FEED_TYPES = {"rss", "atom", "feed", "rss1", "rss2", ""}

Event = Mapping[str, str] | None  # the attributes of an outline that begins, lower-case names; None: one ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list."""

    title: str  # plain text, one line; "" when the list gives none
    url: str  # of the feed; http or https
    site_url: str | None = None
    folders: tuple[str, ...] = ()  # names of the folders around it, outermost first


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """The feeds that `body` lists, in its order; an address that comes twice in one folder is kept once.

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
    return tuple(dict.fromkeys(_feeds(_scan(text) if broken else _events(text))))


def write_opml(outlines: Sequence[Outline], *, title: str) -> str:
    """A well-formed OPML 2.0 document; feeds of one folder stand together, those without one first."""
    tree: dict[tuple[str, ...], list[Outline]] = {}
    for outline in outlines:
        tree.setdefault(outline.folders, []).append(outline)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
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
    name = quoteattr(one_line(outline.title) or outline.url)
    site = f" htmlUrl={quoteattr(outline.site_url)}" if outline.site_url else ""
    return f'<outline type="rss" text={name} title={name} xmlUrl={quoteattr(outline.url)}{site}/>'


def _feeds(events: Iterator[Event]) -> Iterator[Outline]:
    folders: list[str | None] = []  # None for a feed that is still open
    for attributes in events:
        if attributes is None:
            if folders:
                folders.pop()
            continue
        name = plain_title(attributes.get("text") or attributes.get("title") or "")
        address = attributes.get("xmlurl", "")
        if not address and attributes.get("url") and attributes.get("type", "").lower() in _FEED_TYPES:
            address = attributes["url"]
        if address.startswith("feed:"):
            address = address.removeprefix("feed:").removeprefix("//")
            address = address if "://" in address else f"http://{address}"
        url = absolute(address, "")
        if url:
            yield Outline(
                title=name,
                url=url,
                site_url=absolute(attributes.get("htmlurl"), ""),
                folders=tuple(folder for folder in folders if folder),
            )
        folders.append(None if url else name)


def _events(text: str) -> Iterator[Event]:
    found: list[Event] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.lower() == "outline":
            found.append({key.lower(): value for key, value in attributes.items()})

    def end(name: str) -> None:
        if name.lower() == "outline":
            found.append(None)

    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler, reader.EndElementHandler = start, end
    reader.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace"), True)
    yield from found


def _scan(text: str) -> Iterator[Event]:
    """Outlines by their attribute names: a value ends at the last quote before the next name or tag."""
    text = _COMMENT.sub("", text)
    tags = list(_TAG.finditer(text))
    for tag, following in zip(tags, [*tags[1:], None], strict=True):
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
    for name, following in zip(names, [*names[1:], None], strict=True):
        value = part[name.end() : following.start() if following else len(part)]
        close = value.rfind(name[2])
        found.setdefault(name[1].lower(), html.unescape(value[:close] if close >= 0 else value))
    return found
