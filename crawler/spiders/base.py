"""The class from which users' own spiders are made: yield `crawler.records.Entry`, follow what you like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

import scrapy
from scrapy.crawler import Crawler

from crawler.records import Entry, Source
from crawler.spiders.visit import VisitCrawler


class TidingsSpider(scrapy.Spider):
    """Lists the articles of one site. Their pages are read elsewhere, so do not follow into them.

    A subclass sets `start_urls` or overrides `start()`, and its callbacks yield entries and requests:

        class CouncilSpider(TidingsSpider):
            start_urls = ["https://example.org/council"]

            def parse(self, response):
                for row in response.css("li.paper"):
                    yield self.entry(response.urljoin(row.css("a::attr(href)").get()), row.css("a::text").get())

    Pacing, robots.txt, size and time limits and the address guard are set by the process and not by the
    spider; its own `custom_settings` cannot loosen them.
    """

    name = "tidings"
    source: Source | None = None  # the entry of sources.yaml; None when run by `scrapy runspider`

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = cls.__name__

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        if isinstance(crawler, VisitCrawler):
            spider.source = crawler.visit.source
        return spider

    def entry(
        self,
        link: str,
        title: str | None = None,
        *,
        id: str | None = None,
        summary: str | None = None,
        content: str | None = None,
        authors: Sequence[str] = (),
        published_at: datetime | None = None,
        updated_at: datetime | None = None,
        language: str | None = None,
    ) -> Entry:
        """One article, to be yielded.

        Args:
            link: its whole address; `response.urljoin` makes one.
            id: what the site itself knows it by, where an address may change.
            summary, content: plain text; `content` is all of it, so that its page need not be read.
            published_at, updated_at: aware.
            language: where it is another than the source's.
        Raises:
            ValueError: a time without a zone.
        """
        return Entry(
            id=id,
            link=link,
            title=" ".join((title or "").split()),
            summary=(summary or "").strip(),
            content=(content or "").strip(),
            authors=tuple(authors),
            published_at=published_at,
            updated_at=updated_at,
            language=language,
        )
