"""Whether a selector can be read at all, told before any page is asked for. Pure."""

from __future__ import annotations

import re

from crawler.records import Selector

_NAMES = (
    "last position count id local-name namespace-uri name string concat starts-with contains substring-before "
    "substring-after substring string-length normalize-space translate boolean not true false lang number sum floor "
    "ceiling round text node comment processing-instruction and or div mod"
)
_CORE = frozenset(_NAMES.split())
_OF_LISTINGS = _CORE | {"has-class", "re:test", "re:match", "re:replace"}  # Scrapy's selectors know these too
_VALUES = _CORE - {"id", "text", "node", "comment", "processing-instruction", "and", "or", "div", "mod"}
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALL = re.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_PREFIX = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*):(?!:)")
_AXIS = re.compile(r"^.*::")


def unreadable(selector: Selector, *, listing: bool = False) -> str | None:
    """Why `selector` cannot be used, in words; None when it can.

    Args:
        listing: it is used on list pages, where Scrapy's further functions are at hand.
    """
    if selector.css is not None:
        return _css(selector.css)
    return _xpath(selector.xpath or "", _OF_LISTINGS if listing else _CORE)


def finds_no_element(selector: Selector, *, href: bool = False) -> bool:
    """Whether it gives a text, number or truth, and so can never give an element.

    Args:
        href: the address of a link will do, since its element is known then.
    """
    if selector.css is not None:
        attribute = re.search(r"::(?:text|attr\(\s*([^)\s]*)\s*\))\s*$", selector.css)
        return attribute is not None and not (href and attribute[1] == "href")
    text = selector.xpath or ""
    call = re.match(r"\s*([a-z-]+)\s*\(", text)
    last = re.search(r"/(@[\w:-]+|text\(\))\s*$", text)
    if last is not None:
        return not (href and last[1] == "@href")
    return call is not None and call[1] in _VALUES


def _css(text: str) -> str | None:
    from cssselect import SelectorError
    from parsel.csstranslator import HTMLTranslator

    try:
        HTMLTranslator().css_to_xpath(text)
    except (SelectorError, ValueError) as error:
        return _plain(str(error))
    except RecursionError:
        return "it is nested too deeply"
    return None


def _xpath(text: str, known: frozenset[str]) -> str | None:
    from lxml import etree

    try:
        etree.XPath(text, namespaces={"re": "http://exslt.org/regular-expressions"})
    except etree.XPathError as error:
        return str(error).lower() or "it is no XPath"
    bare = _STRING.sub("''", text)
    for prefix in _PREFIX.findall(bare):
        if prefix != "re":
            return f"the name {prefix}: stands for nothing here; write local-name() instead"
    for call in _CALL.findall(bare):
        name = _AXIS.sub("", call)
        if name not in known:
            return f"there is no function {name}()"
    return None


def _plain(reason: str) -> str:
    """cssselect's own words, without the names of its tokens."""
    reason = re.sub(r"<EOF at \d+>", "the end", reason)
    reason = re.sub(r"<\w+ ('[^']*'|\"[^\"]*\") at (\d+)>", r"\1 at character \2", reason)
    return reason[:1].lower() + reason[1:]
