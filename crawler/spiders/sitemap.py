"""Sitemaps and sitemap indexes: news ones with titles and times, others with links and lastmod."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.net.limits import gunzip
from crawler.records import Entry
from crawler.spiders.base import TidingsSpider
from crawler.spiders.listing import place
from crawler.spiders.sitemap_document import Link, SitemapDocument, read_sitemap
from crawler.spiders.visit import FIRST, visit_of

MAX_SITEMAPS = 10  # of one index, newest first
MAX_DEPTH = 2  # an index of indexes is read, one below that is not

_NEVER = datetime.min.replace(tzinfo=UTC)


class SitemapSpider(TidingsSpider):
    """Yields an entry for each link, newest first; an index is followed to its newest sitemaps."""

    async def start(self) -> AsyncIterator[Request]:
        assert self.source is not None
        yield Request(self.source.url, callback=self.parse, dont_filter=True, meta={FIRST: True})

    def parse(self, response: Response, depth: int = 0, **_: Any) -> Iterator[Entry | Request]:
        assert self.source is not None
        visit = visit_of(self.crawler)
        where = place(response.url)
        body = gunzip(response.body, limits=visit.limits, host=where.partition("/")[0])
        document = read_sitemap(body, where=where, zone=self.source.zone)
        if document.cut:
            visit.problems.append(f"{where} lists more than {len(document.links)} links; the rest is ignored")
        if document.cut or document.index:
            visit.is_whole = False
        if document.index:
            yield from self._sitemaps(document, where, depth)
            return
        links = newest_first(document.links)
        if len(links) > visit.max_entries:
            visit.problems.append(
                f"{where} lists {len(links)} links; the newest {visit.max_entries} are kept"
            )
        visit.title = visit.title or next((link.publication for link in links if link.publication), None)
        for link in links[: visit.max_entries]:
            yield Entry(
                id=None,
                link=link.location,
                title=link.title,
                published_at=link.published_at,
                updated_at=link.modified_at,
                language=link.language,
            )

    def _sitemaps(self, document: SitemapDocument, where: str, depth: int) -> Iterator[Request]:
        visit = visit_of(self.crawler)
        if depth >= MAX_DEPTH:
            visit.problems.append(f"{where} is an index too deep below another to be read")
            return
        if len(document.links) > MAX_SITEMAPS:
            visit.problems.append(
                f"{where} lists {len(document.links)} sitemaps; the newest {MAX_SITEMAPS} are read"
            )
        for number, link in enumerate(newest_first(document.links)[:MAX_SITEMAPS]):
            yield Request(
                link.location, callback=self.parse, cb_kwargs={"depth": depth + 1}, priority=-number
            )


def newest_first(links: Sequence[Link]) -> list[Link]:
    """By publication or change; those without a time stay behind, in their own order."""
    return sorted(links, key=lambda link: link.time or _NEVER, reverse=True)
