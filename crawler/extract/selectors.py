"""Values at the places that a source's own rules name."""

from __future__ import annotations

from crawler.errors import ExtractionRefused
from crawler.extract.document import Element, one_line, paragraphs, text_of
from crawler.records import Selector


def select(tree: Element, selector: Selector) -> list[Element | str]:
    """What a selector finds: elements, or texts where it asks for an attribute or text.

    Raises:
        ExtractionRefused: the selector cannot be read.
    """
    from lxml import etree

    try:
        found = tree.xpath(_xpath(selector))
    except etree.XPathError as error:
        raise ExtractionRefused(f"the selector {selector.css or selector.xpath!r} cannot be used") from error
    return found if isinstance(found, list) else [str(found)]


def first_value(tree: Element, selector: Selector | None) -> str:
    """The first text that a selector finds, on one line; an element's `datetime` or `content` before its text."""
    for found in select(tree, selector) if selector else ():
        text = _value(found)
        if text:
            return text
    return ""


def values(tree: Element, selector: Selector | None) -> tuple[str, ...]:
    """All different texts that a selector finds."""
    found = (_value(node) for node in (select(tree, selector) if selector else ()))
    return tuple(dict.fromkeys(text for text in found if text))


def body(tree: Element, selector: Selector) -> str:
    """The text of everything that a selector finds, blocks split by a blank line."""
    parts = (one_line(f) if isinstance(f, str) else paragraphs(f) for f in select(tree, selector))
    return "\n\n".join(part for part in parts if part)


def css_to_xpath(css: str) -> str | None:
    """CSS, with Scrapy's `::text` and `::attr(name)`, as XPath; None when it cannot be read."""
    from cssselect import SelectorError
    from parsel.csstranslator import HTMLTranslator

    try:
        return str(HTMLTranslator().css_to_xpath(css))
    except (SelectorError, ValueError, RecursionError):
        return None


def _xpath(selector: Selector) -> str:
    if selector.xpath is not None:
        return selector.xpath
    xpath = css_to_xpath(selector.css or "")
    if xpath is None:
        raise ExtractionRefused(f"the selector {selector.css!r} cannot be used")
    return xpath


def _value(found: Element | str) -> str:
    if isinstance(found, str):
        return one_line(found)
    return one_line(found.get("datetime") or found.get("content")) or text_of(found)
