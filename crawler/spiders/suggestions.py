"""Which links of a list page look like those of articles, for a person whose selector finds none. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from scrapy.http import TextResponse

from crawler.wording import counted

_MOST = 3  # suggestions
_STEPS = 3  # elements above a link that are named
_ENOUGH = 2  # links alike
_LINKS = 5_000  # looked at
_NAME = re.compile(r"[A-Za-z_][\w-]{0,40}")
_OUTER = frozenset({"html", "body"})
_PATH = "//a[@href][not(ancestor::nav or ancestor::footer or ancestor::aside or ancestor::form)]"


def suggestions(response: TextResponse, *, browser: bool = False) -> tuple[str, ...]:
    """Groups of links that stand alike, those with the most words first, each with a selector and an example.

    Args:
        browser: whether the page was read by a browser.
    """
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    scripts = "a list that a browser shows and this page lacks is made by JavaScript: `javascript: true`"
    more = (scripts,) if not browser and response.css("script[src]") else ()
    anchors = response.xpath(_PATH)[:_LINKS]
    for anchor in anchors:
        words = " ".join(" ".join(anchor.xpath(".//text()").getall()).split())
        if words:
            groups[_way_to(anchor.root)].setdefault(anchor.attrib["href"], words)
    alike = [(way, list(links.values())) for way, links in groups.items() if len(links) >= _ENOUGH]
    alike.sort(key=lambda group: sum(min(len(words.split()), 12) for words in group[1]), reverse=True)
    if not alike:
        return (
            f"the page holds {counted(len(anchors), 'link')} outside navigation, no two of them alike",
            *more,
        )
    return (
        *(
            f"css '{way}' would find {counted(len(words), 'link')}, such as “{words[0][:80]}”"
            for way, words in alike[:_MOST]
        ),
        *more,
    )


def _way_to(element: Any) -> str:
    """A CSS selector of the link and what is around it."""
    steps = [_step(element)]
    above = element.getparent()
    while above is not None and above.tag not in _OUTER and len(steps) <= _STEPS:
        steps.append(_step(above))
        above = above.getparent()
    return " ".join(reversed(steps))


def _step(element: Any) -> str:
    name = element.tag if isinstance(element.tag, str) and _NAME.fullmatch(element.tag) else "*"
    first = (element.get("class") or "").split()[:1]
    return f"{name}.{first[0]}" if first and _NAME.fullmatch(first[0]) else name
