"""The article's text out of the tree of its page."""

from __future__ import annotations

import logging
import re
from typing import Any

from crawler.extract import selectors
from crawler.extract.document import Element, drop, one_line, paragraphs, text_of
from crawler.extract.refuse import says_locked
from crawler.records import Selector

log = logging.getLogger(__name__)

MAX_TEXT = 200_000  # characters
SCANT = 250  # characters; below this the reader may have missed a short article
_LONG = 500  # characters; JSON-LD with less is a summary

_OFFER = re.compile(
    r"\bsubscri(?:be|ption)|\bsign (?:in|up)\b|\blog in\b|\balready a (?:member|subscriber)|\bunlock\b|\bfree trial\b|"
    r"\babonn|\bweiterlesen\b|\bs'inscrire\b|\bsuscr[ií]b|\bassine\b|\babbonat|\bprenumer|सदस्यता",
    re.IGNORECASE,
)
_OFFER_CLASS = (
    "//*[contains(@class, 'paywall') or contains(@id, 'paywall') or contains(@class, 'subscribe-')]"
)
_MAX_OFFER = 800  # characters; more than that in a locked part is the story itself, given to everyone


def read_body(tree: Element, *, rule: Selector | None, stated: str, title: str) -> str:
    """Plain text, paragraphs split by a blank line; "" when the page holds none.

    Args:
        tree: the page, pruned; it is not changed.
        rule: where the source's own rules find the text; nothing else is tried then.
        stated: the text in the page's JSON-LD, used where the page itself shows little of it.
        title: left out where the text repeats it as its first paragraph.
    """
    if rule is not None:
        text = selectors.body(tree, rule)
    else:
        text = _longest_story(tree)
        if len(stated) >= _LONG and len(text) * 2 < len(stated):
            text = stated
    return _without_title(text, title)[:MAX_TEXT].strip()


def drop_offers(tree: Element, locked: tuple[str, ...]) -> bool:
    """Take out offers to subscribe, in place; True when one says that it stands for the rest of the story.

    Args:
        locked: CSS selectors of the parts that the page declares not free.
    """
    found = list(tree.xpath(_OFFER_CLASS))
    for css in locked:
        if xpath := selectors.css_to_xpath(css):
            found.extend(tree.xpath(xpath))
    offered = False
    for node in found:
        if node.tag in ("html", "body", "main", "article"):
            continue
        text = text_of(node)
        if len(text) <= _MAX_OFFER and _OFFER.search(text):
            drop(node)
            offered = offered or says_locked(text)
    return offered


def _longest_story(tree: Element) -> str:
    text = _main_text(tree)
    if len(text) >= SCANT:
        return text
    stories = [paragraphs(node) for node in tree.xpath("//article[not(ancestor::article)]")]
    if len(stories) != 1 and not text:
        stories = [paragraphs(node) for node in tree.xpath("//main")]
    # Several `article` elements are a list of teasers; exactly one is the story.
    return max(text, stories[0], key=len) if len(stories) == 1 and len(stories[0]) < 4 * _LONG else text


def _main_text(tree: Element) -> str:
    import trafilatura

    try:
        document: Any = trafilatura.bare_extraction(
            tree, fast=True, include_comments=False, deduplicate=False, with_metadata=False
        )
    except MemoryError:
        raise
    except (
        Exception
    ) as error:  # it promises None for what it cannot read, and hostile trees find what it forgot
        log.info("the text reader failed on a page", extra={"problem": repr(error)})
        return ""
    lines = (document.text or "").splitlines() if document is not None else []
    return "\n\n".join(line for line in map(one_line, lines) if line)


def _without_title(text: str, title: str) -> str:
    first, _, rest = text.partition("\n\n")
    return rest if title and one_line(first).casefold() == title.casefold() else text
