"""HTML text as a tree, less what no reader sees: hidden elements, scripts, consent dialogs."""

from __future__ import annotations

import re
from typing import Any

from crawler.errors import ExtractionRefused

# lxml ships no types; an element of its HTML tree.
Element = Any

MAX_ATTRIBUTES = 1_000  # of one tag; libxml2 needs quadratic time in them
MAX_ELEMENTS = 60_000  # of one page; a long live blog has half of it, and the text reader slows down beyond

# A tag with all its attributes as a browser cuts it; linear, for no part is ever tried twice.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style)\b.*?(?:</(?:script|style)|\Z)|"
    r"<[a-zA-Z][^\s/>]*+(?:[\s/]++|[^\s/>=]++"
    r"""|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)*+""",
    re.DOTALL | re.IGNORECASE,
)
_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)""")

_UNREAD = (
    "//script | //style | //template | //noscript | //comment() | //iframe | //svg | //dialog[not(@open)]"
)
_HIDDEN = (
    "//*[@hidden or contains(translate(@style, ' ', ''), 'display:none')"
    " or contains(translate(@style, ' ', ''), 'visibility:hidden')]"
)
_CONSENT = re.compile(
    r"cookie|consent|gdpr|onetrust|didomi|usercentrics|qc-cmp|truste|cc-window|sp_message|privacy-?(?:banner|modal|notice)",
    re.IGNORECASE,
)
_STORY = ".//article | .//main | .//h1"
_SPACE = re.compile(r"\s+")


def parse(text: str) -> Element:
    """The tree of a page; elements nested more than 256 deep are lost to it.

    Raises:
        ExtractionRefused: there is no element in it, or a tag that only an attacker writes.
    """
    from lxml import etree, html

    if len(text) > MAX_ATTRIBUTES * 2:
        _refuse_monstrous_tags(text)
    parser = html.HTMLParser(encoding="utf-8", remove_pis=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise ExtractionRefused("it is empty or no HTML") from error
    size = int(tree.xpath("count(//*)"))
    if size > MAX_ELEMENTS:
        raise ExtractionRefused(f"it has {size} elements")
    return tree


def prune(tree: Element) -> None:
    """Take out, in place, what is not shown, and consent dialogs that hold no story."""
    for node in tree.xpath(_UNREAD):
        drop(node)
    for node in tree.xpath(_HIDDEN):
        if _is_aside(node):
            drop(node)
    for node in tree.xpath("//*[@id or @class]"):
        if _CONSENT.search(f"{node.get('id', '')} {node.get('class', '')}") and _is_aside(node):
            drop(node)


def drop(node: Element) -> None:
    """Remove an element and keep the text that follows it."""
    if node.getparent() is not None:
        node.drop_tree()


def one_line(text: str | None) -> str:
    """Without line breaks and runs of spaces."""
    return _SPACE.sub(" ", text or "").strip()


def text_of(node: Element) -> str:
    """The text of an element on one line."""
    return one_line(" ".join(node.itertext()))


def paragraphs(node: Element) -> str:
    """The text of an element, its blocks split by a blank line."""
    blocks = node.xpath(".//p | .//li | .//h2 | .//h3 | .//h4 | .//blockquote[not(.//p)] | .//pre")
    texts = [text_of(block) for block in blocks if not block.xpath("ancestor::li | ancestor::pre")]
    return "\n\n".join(text for text in texts if text) or text_of(node)


def _is_aside(node: Element) -> bool:
    return node.tag not in ("html", "body", "main", "article", "h1") and not node.xpath(_STORY)


def _refuse_monstrous_tags(text: str) -> None:
    for found in _TAG.finditer(text):
        tag = found.group()
        if len(tag) > MAX_ATTRIBUTES * 2 and not tag.startswith(("<!", "<s")):
            names = len(_VALUE.sub(" ", tag).split()) - 1
            if names > MAX_ATTRIBUTES:
                raise ExtractionRefused(f"one of its tags has {names} attributes")
