"""HTML text as a tree, less what no reader sees: hidden elements, scripts, consent dialogs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any, cast

from crawler.errors import ExtractionRefused

# lxml ships no types; an element of its HTML tree.
Element = Any

MAX_ATTRIBUTES = 1_000  # of one tag; libxml2 needs quadratic time in them
MAX_ELEMENTS = 60_000  # of one page; a long live blog has half of it, and the text reader slows down beyond

# What no tag is in, or a tag with all its attributes as a browser cuts it; linear, for no part is ever tried twice.
_NO_TAG = (
    r"<!--[^-]*+(?:-(?!->)[^-]*+)*+(?:-->|\Z)|"
    r"<(?:script|style)\b[^<]*+(?:<(?!/(?:script|style))[^<]*+)*+(?:</(?:script|style)|\Z)"
)
_PIECE = r"""[\s/]++|[^\s/>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+"""
_TAG = re.compile(rf"{_NO_TAG}|<[a-z][^\s/>]*+(?:{_PIECE})*+", re.IGNORECASE)
# Everything up to the first tag that has more pieces than a harmless one.
_HARMLESS = re.compile(
    rf"(?:[^<]++|{_NO_TAG}|<[a-z][^\s/>]*+(?:{_PIECE}){{0,{2 * MAX_ATTRIBUTES}}}+(?![^>])|<(?![a-z]))*+",
    re.IGNORECASE,
)
_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)""")

_UNREAD = ("script", "style", "template", "iframe", "svg")
_HIDDEN = (
    "//*[@hidden or (@style and (contains(translate(@style, ' ', ''), 'display:none')"
    " or contains(translate(@style, ' ', ''), 'visibility:hidden')))]"
)
_CONSENT = re.compile(
    r"cookie|consent|gdpr|onetrust|didomi|usercentrics|qc-cmp|truste|cc-window|sp_message|privacy-?(?:banner|modal|notice)",
    re.IGNORECASE,
)
_CONSENT_STEMS = (
    *("cookie", "consent", "gdpr", "onetrust", "didomi", "usercentrics"),
    *("qc-cmp", "truste", "cc-window", "sp_message", "privacy"),
)
_STORY = ".//article | .//main | .//h1"
_SCRIPTLESS = 0.5  # of the words of a page; a `noscript` with more of them holds the story
_NESTED = 20  # parts that hold most of a page, one in the other; a page with more was made to be slow
_STORY_SHARE = 0.8  # of the words of a page; what has more of them is the story, hidden until a script runs
_MANY = 40  # names that speak of consent on one page; a page with more of them was made to be slow
_TURNS = 20  # parts of a story shown in turn that are looked at
_PAGE = 100  # characters of one of several parts of a story that are shown in turn
_SPACE = re.compile(r"\s+")


@cache
def finder(xpath: str) -> Callable[..., Any]:
    """A path that is read once and then used on any number of trees; its variables are given by name."""
    from lxml import etree

    return cast("Callable[..., Any]", etree.XPath(xpath, smart_strings=False))


def parse(text: str) -> Element:
    """The tree of a page; elements nested more than 256 deep are lost to it.

    Raises:
        ExtractionRefused: there is no element in it, or a tag that only an attacker writes.
    """
    from lxml import etree, html

    if len(text) > MAX_ATTRIBUTES * 2:
        _refuse_monstrous_tags(text)
    parser = etree.HTMLParser(encoding="utf-8", remove_pis=True, remove_comments=True)
    # All of one class, which the readers of dates and texts insist on: lxml.html looks for one by the tag, in Python.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise ExtractionRefused("it is empty or no HTML") from error
    size = int(tree.xpath("count(//*)"))
    if size > MAX_ELEMENTS:
        raise ExtractionRefused(f"it has {size} elements")
    return tree


def prune(tree: Element) -> frozenset[str]:
    """Take out, in place, what is not shown, and consent dialogs; what holds most of a page's words stays.

    Returns:
        The classes and ids that the page had, as they are written.
    """
    from lxml import etree

    etree.strip_elements(tree, *_UNREAD, with_tail=False)
    for node in finder("//dialog[not(@open)]")(tree):
        drop(node)
    names = frozenset((*finder("//@class")(tree), *finder("//@id")(tree)))
    whole = 0
    kept = 0
    for node in [*finder("//noscript")(tree), *_hidden(tree), *_consent(tree, names)]:
        whole = whole or _size(tree)
        share = _SCRIPTLESS if node.tag == "noscript" else _STORY_SHARE
        if kept < _NESTED and _size(node) > whole * share:
            kept += 1
            if node.tag == "noscript":
                node.tag = "div"
        else:
            drop(node)
    return names


def drop(node: Element) -> None:
    """Remove an element and keep the text that follows it."""
    parent = node.getparent()
    if parent is None:
        return
    if node.tail:
        before = node.getprevious()
        if before is None:
            parent.text = (parent.text or "") + node.tail
        else:
            before.tail = (before.tail or "") + node.tail
    parent.remove(node)


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


def _size(node: Element) -> int:
    return int(finder("string-length(normalize-space())")(node))


def _hidden(tree: Element) -> Iterator[Element]:
    for node in finder(_HIDDEN)(tree):
        if _is_aside(node) and not _is_another_page(node):
            yield node


def _consent(tree: Element, names: frozenset[str]) -> Iterator[Element]:
    everything = "\n".join(names).lower()
    stems = [
        stem for stem in _CONSENT_STEMS if stem in everything
    ]  # much faster than the pattern, and rarely one
    telling = [
        name for name in names if any(stem in name.lower() for stem in stems) and _CONSENT.search(name)
    ]
    wanted = frozenset(sorted(telling)[:_MANY])
    for node in list(tree.iter()) if wanted else ():
        if (node.get("class") in wanted or node.get("id") in wanted) and _is_aside(node):
            yield node


def _is_another_page(node: Element) -> bool:
    """Whether it is one of several parts of which a script shows one after the other: a part like it is shown."""
    name = (node.get("class") or "").split()[:1]
    if not name or node.tag not in ("div", "section") or _size(node) < _PAGE:
        return False
    around = node.getparent()
    return around is not None and any(
        other.tag == node.tag
        and (other.get("class") or "").split()[:1] == name
        and "none" not in (other.get("style") or "")
        and other.get("hidden") is None
        and _size(other) >= _PAGE
        for other in islice(around, _TURNS)
        if other is not node
    )


def _is_aside(node: Element) -> bool:
    return node.tag not in ("html", "body", "main", "article", "h1") and not finder(_STORY)(node)


def _refuse_monstrous_tags(text: str) -> None:
    harmless = _HARMLESS.match(text)
    for found in _TAG.finditer(text, harmless.end() if harmless else 0):
        tag = found.group()
        if len(tag) > MAX_ATTRIBUTES * 2 and not tag.startswith(("<!", "<s")):
            names = len(_VALUE.sub(" ", tag).split()) - 1
            if names > MAX_ATTRIBUTES:
                raise ExtractionRefused(f"one of its tags has {names} attributes")
