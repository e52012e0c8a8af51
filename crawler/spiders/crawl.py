"""One crawl in the spider process: which spider runs, and how the visit ends."""

from __future__ import annotations

import importlib
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING

from scrapy import Spider, signals
from scrapy.settings import Settings

from crawler.errors import Cause, CrawlError, NotAFeedError
from crawler.records import Entry, Source, SourceKind
from crawler.spiders.listing import ListingSpider, place
from crawler.spiders.politeness import settings_of
from crawler.spiders.sitemap import SitemapSpider
from crawler.spiders.visit import Visit, VisitCrawler

if TYPE_CHECKING:
    from twisted.python.failure import Failure

FORMATS = {SourceKind.SITE: "listing", SourceKind.SITEMAP: "sitemap", SourceKind.SPIDER: "spider"}


class Crawl:
    """Runs the spider of a visit.

    Raises:
        NotAFeedError: a user's spider that cannot be loaded.
    """

    def __init__(self, visit: Visit, user_agent: str) -> None:
        self._visit = visit
        settings = Settings()
        settings.setdict(settings_of(visit, user_agent), priority="cmdline")
        self._crawler = VisitCrawler(spider_of(visit.source), settings, visit)

    async def run(self) -> None:
        """Crawl to the end.

        Raises:
            CrawlError: nothing was found, and why.
        """
        source, connect = self._visit.source, self._crawler.signals.connect
        connect(self._item, signal=signals.item_scraped)
        connect(self._error, signal=signals.spider_error)
        connect(self._closed, signal=signals.spider_closed)
        try:
            await self._crawler.crawl_async()
        except CrawlError:
            raise
        except Exception as error:  # users' spiders may raise anything while they are made
            told = f"the spider of {source.id} cannot start: {_told(error)}"
            raise CrawlError(told, cause=Cause.SPIDER) from error
        if self._visit.entries:
            return
        if self._visit.failures:
            raise self._visit.failures[0]
        if source.kind is SourceKind.SITE:
            raise NotAFeedError(f"{place(source.url)} lists no article")

    async def stop(self) -> None:
        """End early; what is under way is finished first."""
        await self._crawler.stop_async()

    def _item(self, item: object) -> None:
        visit = self._visit
        if not isinstance(item, Entry):
            kind = type(item).__name__
            told = f"the spider of {visit.source.id} yields {kind}; yield crawler.records.Entry"
            visit.failed(CrawlError(told, cause=Cause.SPIDER))
        elif visit.entries < visit.max_entries:
            visit.entries += 1
            visit.found(item)

    def _closed(self, reason: str) -> None:
        visit = self._visit
        if reason == "closespider_pagecount":
            visit.problems.append(f"the visit stopped after {visit.max_pages} pages; there may be more")
        elif reason == "closespider_itemcount":
            visit.problems.append(f"the visit stopped after {visit.max_entries} entries; there may be more")

    def _error(self, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, CrawlError):
            self._visit.failed(error)
        elif error is not None:
            told = f"the spider of {self._visit.source.id} failed: {_told(error)}"
            self._visit.failed(CrawlError(told, cause=Cause.SPIDER))


def spider_of(source: Source) -> type[Spider]:
    """The spider class for a source.

    Raises:
        NotAFeedError: a user's spider that cannot be loaded.
    """
    if source.kind is SourceKind.SITE:
        return ListingSpider
    if source.kind is SourceKind.SITEMAP:
        return SitemapSpider
    module, _, name = source.url.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # users' modules may raise anything while they are imported
        raise NotAFeedError(f"the spider {source.url} cannot be loaded: {_told(error)}") from error
    if not (isinstance(found, type) and issubclass(found, Spider)):
        raise NotAFeedError(f"{source.url} is no spider class")
    return found


def _told(error: BaseException) -> str:
    """An error of a user's code in one line, with the place where it happened."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return text
    return f"{text} ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})"
