"""A site without a feed: the articles that its list pages link to, page after page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response, TextResponse

from crawler.errors import Cause, NotAFeedError
from crawler.records import Entry, ListingRules, Looked
from crawler.spiders import empty_page
from crawler.spiders.base import TidingsSpider
from crawler.spiders.list_page import ListPage, link_of, place, read_list, select, short, shown
from crawler.spiders.suggestions import suggestions
from crawler.spiders.visit import FIRST, visit_of


class ListingSpider(TidingsSpider):
    """Yields an entry for each article of `source.listing`, in the order of the page."""

    async def start(self) -> AsyncIterator[Request]:
        assert self.source is not None
        yield Request(self.source.url, callback=self.parse, dont_filter=True, meta={FIRST: True})

    def parse(self, response: Response, page: int = 1, **_: Any) -> Iterator[Entry | Request]:
        assert self.source is not None
        rules = self.source.listing
        visit = visit_of(self.crawler)
        where = place(response.url)
        if rules is None:
            raise NotAFeedError(f"no selector says where {where} lists its articles; give `links`")
        if not isinstance(response, TextResponse):
            kind = (response.headers.get("Content-Type") or b"").decode("latin-1") or "something else"
            raise NotAFeedError(f"{where} is no HTML page but {kind[:60]}")
        found = self._read(response, rules, where, page)
        if page == 1:
            title = " ".join(" ".join(response.css("head > title ::text").getall()).split())
            visit.title = title or None
            visit.language = response.css("html::attr(lang)").get()
            visit.lacks.extend(found.lacks)
        visit.looked.extend(found.looked)
        yield from found.entries
        yield from self._next(response, rules, page, where)

    def _read(self, response: TextResponse, rules: ListingRules, where: str, page: int) -> ListPage:
        assert self.source is not None
        readers = visit_of(self.crawler).readers
        try:
            found = read_list(
                response,
                rules,
                date=readers.date,
                zone=self.source.zone,
                language=self.source.language,
            )
        except NotAFeedError as nothing:
            if nothing.cause is not Cause.SELECTOR:
                raise
            came = empty_page.why_empty(response, where, readers, browser=self.source.javascript)
            if came is not None:
                raise came from None
            nothing.hints = suggestions(response, browser=self.source.javascript)
            raise
        if page == 1 and (told := empty_page.not_the_list(response, self.source.url, where, readers)):
            raise told
        return found

    def _next(self, response: TextResponse, rules: ListingRules, page: int, where: str) -> Iterator[Request]:
        if rules.follow is None or page >= rules.pages:
            return
        links = [found[0] for node in select(response, rules.follow) if (found := link_of(node, response))]
        visit_of(self.crawler).looked.append(
            Looked(
                place=where,
                rule="follow",
                selector=shown(rules.follow),
                found=len(links),
                sample=short(links[0]) if links else "",
                note="" if links else "the list ends here",
            )
        )
        for link in links[:1]:
            yield Request(link, callback=self.parse, cb_kwargs={"page": page + 1})
