"""A page as a row of blocks of text and the parts of the page that hold them: all that judging a text needs.

The tree is walked once. What follows (candidates, choice, cleaning) works on these plain values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.extract.document import Element
from crawler.extract.names import kind_of

_UNSEEN = frozenset(
    ("script", "style", "template", "noscript", "iframe", "svg", "button", "select", "textarea", "input",
     "object", "audio", "video", "canvas", "map", "datalist", "dialog", "title", "meta", "link", "label", "progress",
     "rt", "rp")
)  # fmt: skip
_PLAIN = frozenset(
    ("a", "b", "strong", "i", "em", "span", "u", "small", "sup", "sub", "q", "cite", "code", "font")
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = {
    "p": "p", "li": "li", "dd": "li", "dt": "li", "pre": "pre", "blockquote": "quote", "td": "cell", "th": "cell",
    "figcaption": "text", "caption": "text", "summary": "text",
    **dict.fromkeys(_HEADINGS, "heading"),
    **dict.fromkeys(
        ("div", "section", "article", "main", "body", "head", "html", "header", "footer", "aside", "nav", "form", "ul", "ol",
         "dl", "table", "thead", "tbody", "tfoot", "tr", "figure", "fieldset", "details", "address", "center", "hgroup",
         "menu", "hr", "legend", "search", "frameset", "noframes"),
        "text",
    ),
}  # fmt: skip
_PLAIN_PARTS = {
    "nav": "navigation", "footer": "footer", "aside": "aside", "figcaption": "caption", "menu": "navigation",
    "form": "form", "address": "byline", "time": "byline", "caption": "",
}  # fmt: skip
_ROLES = {
    "navigation": "navigation", "complementary": "aside", "contentinfo": "footer", "search": "form",
    "dialog": "dialog", "alertdialog": "dialog", "banner": "navigation", "toolbar": "navigation", "menu": "navigation",
}  # fmt: skip
_NEVER_ASIDE = frozenset(("html", "body", "main", "h1", "table", "tr", "tbody"))
_UNPRINTED = dict.fromkeys((0xAD, 0x200B, 0xFEFF))  # places where a word may be parted, and marks of nothing
_CJK = "\u2e80"  # from here on a letter says as much as three of an alphabet
_WIDE = 3
_MOST = 1_000
_CELL = 350  # characters; a longer one is a column of a page
SENTENCE = 40  # characters; a block with fewer is a label more often than a sentence


class Block(NamedTuple):
    """A paragraph, list item, heading, table row … on one line; made by `block`."""

    text: str
    kind: str  # "p", "li", "heading", "quote", "pre", "cell" or "text"
    linked: int  # characters that stand in links
    size: int  # its characters; those of scripts that write a word with one or two of them count for three
    prose: int  # of them, what reads like a story; 0 for headings, labels and links

    @property
    def leads_away(self) -> bool:
        """Most of it is links."""
        return self.linked * 2 > len(self.text)

    @property
    def counted(self) -> int:
        """Its prose, as far as one block counts: a consent text in one block is not a story."""
        return min(self.prose, _MOST)


def block(text: str, kind: str, linked: int = 0) -> Block:
    """A block with what can be counted of it."""
    length = len(text)
    size = length * _WIDE if length and text[length // 2] >= _CJK else length
    if kind == "heading" or linked * 2 > length or size < SENTENCE:
        return Block(text, kind, linked, size, 0)
    return Block(text, kind, linked, size, size - size * linked // length)


class Part(NamedTuple):
    """An element that holds blocks: those from `start` to before `end`."""

    start: int
    end: int
    tag: str
    kind: str  # what its name says that it is, "" when it says nothing; see `names.kind_of`
    story: str  # where the story is said to be: "articleBody", "named", "article", "main" or ""
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Blocks in the order of the page; parts, outer ones before those in them."""

    blocks: Sequence[Block]
    parts: Sequence[Part]


@dataclass(slots=True)
class _Walk:
    blocks: list[Block] = field(default_factory=list)
    parts: list[Part | None] = field(default_factory=list)
    text: list[str] = field(default_factory=list)  # of the block that has not ended yet
    linked: int = 0
    in_link: int = 0

    def end_block(self, kind: str) -> None:
        whole = "".join(self.text)
        linked, self.linked = self.linked, 0
        self.text.clear()
        if whole.isspace():
            return
        if not whole.isascii():
            whole = whole.translate(_UNPRINTED)
        if "\n" in whole and kind != "pre":
            pieces = list(_between_empty_lines(whole))
            if len(pieces) > 1:
                total = sum(map(len, pieces))
                self.blocks.extend(block(piece, kind, linked * len(piece) // total) for piece in pieces)
                return
        if line := " ".join(whole.split()):
            self.blocks.append(block(line, kind, min(linked, len(line))))


def outline(tree: Element) -> Outline:
    """Of a whole page, or of any element of one."""
    walk = _Walk()
    _visit(tree, walk, "text", 0)
    walk.end_block("text")
    return Outline(blocks=walk.blocks, parts=[part for part in walk.parts if part is not None])


def _visit(node: Element, walk: _Walk, kind: str, depth: int) -> None:
    """Blocks and parts of an element, without what follows it; `depth` is at most 256, see `document.parse`."""
    tag = node.tag
    if tag in _UNSEEN or not isinstance(tag, str):
        return
    own = _BLOCKS.get(tag)
    if own is None and tag == "br":
        walk.text.append("\n")
        return
    if tag == "nav" and node.find(".//p") is None:
        walk.text.append("\n\n")
        return
    label, story = _meaning(node, tag)
    if own is None and label and (label in ("hidden", "share") or node.find(".//div") is not None):
        own = "text"
    at = -1
    if own is not None:
        if walk.text:
            walk.end_block(kind)
        if own != "text" or kind not in ("li", "quote", "cell"):
            kind = own
        at = len(walk.parts)
        walk.parts.append(None)
        start = len(walk.blocks)
    link = tag == "a" and node.get("href") is not None
    walk.in_link += link
    if text := node.text:
        _say(walk, text, kind)
    for child in node:
        if child.tag in _PLAIN and not len(child) and not child.keys():
            if text := child.text:
                _say(walk, text, kind)
        else:
            _visit(child, walk, kind, depth + 1)
        if text := child.tail:
            _say(walk, text, kind)
    walk.in_link -= link
    if at >= 0:
        if walk.text:
            walk.end_block(kind)
        if tag == "tr" and _join_cells(walk, start):
            del walk.parts[at + 1 :]
        end = len(walk.blocks)
        if end > start:
            walk.parts[at] = Part(start, end, tag, label, story if own == "text" else "", depth)


def _meaning(node: Element, tag: str) -> tuple[str, str]:
    """What an element says that it is, besides and for the story; see `Part.kind` and `Part.story`."""
    label = _PLAIN_PARTS.get(tag, "")
    story = ""
    name, identity = node.get("class"), node.get("id")
    if name or identity:
        named, story = kind_of(f"{name or ''} {identity or ''}")
        label = label or named
    if not label and (role := node.get("role")):
        label = _ROLES.get(role, "")
    if (item := node.get("itemprop")) and "articlebody" in item.lower():
        story = "articleBody"
    elif tag in ("article", "main"):
        story = story or tag
        if tag == "main" or label not in ("related", "comment", "offer"):
            label = ""
    return "" if tag in _NEVER_ASIDE else label, story


def _say(walk: _Walk, text: str, kind: str) -> None:
    if not walk.text and text.isspace():
        return
    if "\n" in text and kind != "pre":
        text = text.replace("\n", " ")  # a break of the source is a space; those that are left come from `br`
    walk.text.append(text)
    if walk.in_link:
        walk.linked += len(text.strip())


def _between_empty_lines(text: str) -> Iterator[str]:
    """The pieces of a text, each on one line."""
    piece: list[str] = []
    for line in (*text.split("\n"), ""):
        if words := line.split():
            piece.extend(words)
        elif piece:
            yield " ".join(piece)
            piece.clear()


def _join_cells(walk: _Walk, start: int) -> bool:
    """Make one block of the cells of a row of data; those of a table that only places things stay apart."""
    cells = walk.blocks[start:]
    if len(cells) < 2 or not all(cell.kind == "cell" and len(cell.text) < _CELL for cell in cells):
        return False
    del walk.blocks[start:]
    walk.blocks.append(block(" | ".join(c.text for c in cells), "cell", sum(c.linked for c in cells)))
    return True
