"""Short lines that stand near a page's heading: datelines and bylines are among them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from crawler.extract.document import Element, finder, one_line, text_of
from crawler.extract.titles import folded

LONGEST = 160  # characters; a line that is longer is prose
_PROSE = 180  # characters; the day and the author stand before so long a paragraph, or not at all
_BELOW = 25  # elements with words of their own that are looked at
_ABOVE = 8

_PRECEDING = "preceding::*[text()[normalize-space()]][position() <= 8]"
_BLOCKS = frozenset({"p", "div", "li", "td", "header", "section", "article", "h2", "h3", "dd", "address"})
_UNLIKE = frozenset({"table", "figure", "aside", "nav", "footer", "form"})


def heading(tree: Element, title: str) -> Element | None:
    """The element of the page's heading: the one that says its title, else the first `h1` of its story, or of all."""
    first = inside = below = None
    wanted = folded(title)
    for node in tree.iter("h1", "h2"):
        text = text_of(node)
        same = bool(wanted) and folded(text) == wanted
        if node.tag == "h2":
            below = node if same and below is None else below
        elif same:
            return node
        elif text:
            first = node if first is None else first
            if inside is None and any(around.tag in ("article", "main") for around in node.iterancestors()):
                inside = node
    return next((node for node in (below, inside, first) if node is not None), None)


def lines_below(node: Element) -> Iterator[str]:
    """What follows an element, line by line, each once, as far as the first paragraph that is clearly the story."""
    for line in _lines(islice(_following(node), _BELOW)):
        if len(line) > _PROSE:
            return
        yield line


def lines_above(node: Element) -> Iterator[str]:
    """What stands before an element, the nearest first, each once."""
    near = finder(_PRECEDING)(node)
    return _lines(islice(reversed(near), _ABOVE))


def _following(node: Element) -> Iterator[Element]:
    """Elements with words of their own behind an element, in the order of the page; no tables, no pictures."""
    while node is not None and node.tag not in ("body", "html"):
        for sibling in node.itersiblings():
            yield from _speaking(sibling)
        node = node.getparent()


def _speaking(node: Element) -> Iterator[Element]:
    if node.tag in _UNLIKE:
        return
    if one_line(node.text) or any(one_line(child.tail) for child in node):
        yield node
    for child in node:
        yield from _speaking(child)


def _lines(near: Iterator[Element]) -> Iterator[str]:
    """The short lines that elements stand in: those of the block around, where it is short itself."""
    seen = set()
    for node in near:
        around = node
        while around is not None and around.tag not in _BLOCKS:
            around = around.getparent()
        line = "" if around is None else text_of(around)
        if not 0 < len(line) <= LONGEST:
            line = text_of(node)
        if line and line not in seen:
            seen.add(line)
            yield line
