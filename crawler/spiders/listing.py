"""A site without a feed: the links that a selector finds on its list pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urldefrag, urlsplit

from scrapy import Request
from scrapy.http import Response, TextResponse
from scrapy.selector import Selector as Node

from crawler.errors import NotAFeedError
from crawler.records import Entry, ListingRules, Selector
from crawler.spiders.base import TidingsSpider
from crawler.spiders.visit import FIRST, visit_of

_HREF = re.compile(r"(::attr\(\s*href\s*\)|/@href)\s*$")  # we take the element and read its href ourselves


class ListingSpider(TidingsSpider):
    """Yields an entry for each article link of `source.listing`, in the order of the page."""

    async def start(self) -> AsyncIterator[Request]:
        assert self.source is not None
        yield Request(self.source.url, callback=self.parse, dont_filter=True, meta={FIRST: True})

    def parse(self, response: Response, page: int = 1, **_: Any) -> Iterator[Entry | Request]:
        assert self.source is not None
        rules = self.source.listing
        where = place(response.url)
        if rules is None:
            raise NotAFeedError(f"no selector says where {where} lists its articles; give `links`")
        if not isinstance(response, TextResponse):
            kind = (response.headers.get("Content-Type") or b"").decode("latin-1") or "something else"
            raise NotAFeedError(f"{where} is no HTML page but {kind[:60]}")
        if page == 1:
            title = " ".join(" ".join(response.css("head > title ::text").getall()).split())
            visit = visit_of(self.crawler)
            visit.title = title or None
            visit.language = response.css("html::attr(lang)").get()
        entries = list_entries(response, rules)
        if not entries:
            raise NotAFeedError(f"the selector {shown(rules.links)} finds no link on {where}")
        yield from entries
        yield from self._next(response, rules, page)

    def _next(self, response: TextResponse, rules: ListingRules, page: int) -> Iterator[Request]:
        if rules.follow is None or page >= rules.pages:
            return
        for node in select(response, rules.follow):
            link, _, _ = link_of(node, response)
            if link is not None:
                yield Request(link, callback=self.parse, cb_kwargs={"page": page + 1})
                return


def list_entries(response: TextResponse, rules: ListingRules) -> list[Entry]:
    """The article links of a list page, each once: an image and a headline with one link are one article.

    Raises:
        NotAFeedError: the selector cannot be read.
    """
    titles: dict[str, str] = {}
    spare: dict[str, str] = {}
    for node in select(response, rules.links):
        link, text, attribute = link_of(node, response)
        if link is not None:
            titles[link] = titles.get(link) or text
            spare[link] = spare.get(link) or attribute
    return [Entry(id=None, link=link, title=title or spare[link]) for link, title in titles.items()]


def select(response: TextResponse, selector: Selector) -> list[Any]:
    """Elements that a selector finds, in document order.

    Raises:
        NotAFeedError: the selector cannot be read.
    """
    text = _HREF.sub("", selector.css or selector.xpath or "")
    try:
        found = response.css(text) if selector.css is not None else response.xpath(text)
        return list[Any](found)
    except (ValueError, SyntaxError, RuntimeError) as error:  # of libxml2 and, the latter two, cssselect
        raise NotAFeedError(f"the selector {shown(selector)} cannot be read: {error}") from error


def link_of(node: Node, response: TextResponse) -> tuple[str | None, str, str]:
    """Absolute http(s) link of an element (itself a link, in one, or with one inside), its text, and what its
    attributes say instead."""
    found = node.xpath("(self::*[@href] | ancestor::a[@href][1] | .//a[@href])[1]")
    if not found:
        return None, "", ""
    anchor = found[0]
    try:
        link = urldefrag(response.urljoin(anchor.attrib["href"].strip())).url
        scheme, host = urlsplit(link)[:2]
    except ValueError:
        return None, "", ""
    if scheme not in ("http", "https") or not host or link == urldefrag(response.url).url:
        return None, "", ""
    attribute = anchor.attrib.get("title") or anchor.attrib.get("aria-label")
    attribute = attribute or anchor.xpath(".//img/@alt").get() or ""
    return link, " ".join(" ".join(anchor.xpath(".//text()").getall()).split()), attribute


def shown(selector: Selector) -> str:
    """A selector as an error names it."""
    if selector.css is not None:
        return f"css {selector.css!r}"
    return f"xpath {selector.xpath!r}"


def place(url: str) -> str:
    """Host and path: an address without what may be secret."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"
