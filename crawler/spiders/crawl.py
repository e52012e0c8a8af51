"""One crawl in the spider process: which spider runs, and how the visit ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.settings import Settings

from crawler.errors import Cause, CrawlError, NotAFeedError, Unchanged
from crawler.records import Entry, SourceKind
from crawler.spiders.list_page import place
from crawler.spiders.loading import spider_of, told
from crawler.spiders.politeness import GuardedHandler, settings_of
from crawler.spiders.rendering import RenderingHandler
from crawler.spiders.visit import Visit, VisitCrawler

if TYPE_CHECKING:
    from twisted.python.failure import Failure


class Crawl:
    """Runs the spider of a visit.

    Raises:
        NotAFeedError: a user's spider that cannot be loaded.
    """

    def __init__(self, visit: Visit, user_agent: str) -> None:
        self._visit = visit
        settings = Settings()
        handler = RenderingHandler if visit.source.javascript else GuardedHandler
        settings.setdict(settings_of(visit, user_agent, handler), priority="cmdline")
        self._crawler = VisitCrawler(spider_of(visit.source, visit.modules), settings, visit)

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
            words = f"the spider of {source.id} cannot start: {told(error)}"
            raise CrawlError(words, cause=Cause.SPIDER) from error
        if self._visit.entries:
            return
        if self._visit.unchanged:
            renewed = self._visit.validators()
            raise Unchanged(etag=renewed.etag, fresh_for=renewed.fresh_for)
        if self._visit.failures:
            raise self._explained(self._visit.failures[0])
        if source.kind is SourceKind.SITE:
            raise NotAFeedError(f"{place(source.url)} lists no article")

    async def stop(self) -> None:
        """End early; what is under way is finished first."""
        self._visit.stopping = True
        await self._crawler.stop_async()

    def _explained(self, failure: CrawlError) -> CrawlError:
        """With what a page that is made by scripts did not get: it may be why nothing is found on it."""
        missing = list(dict.fromkeys(self._visit.missing))
        if not isinstance(failure, NotAFeedError) or not missing:
            return failure
        words = f"{failure}; its scripts did not get all they asked for: {'; '.join(missing)}"
        return NotAFeedError(words, cause=failure.cause)

    def _item(self, item: object) -> None:
        visit = self._visit
        if (wrong := _wrong(item)) is not None:
            visit.failed(CrawlError(f"the spider of {visit.source.id} yields {wrong}", cause=Cause.SPIDER))
            return
        assert isinstance(item, Entry)
        if visit.entries < visit.max_entries:
            visit.entries += 1
            visit.found(item)

    def _closed(self, reason: str) -> None:
        visit = self._visit
        if reason != "finished" and visit.sitemaps is not None:
            visit.is_whole = False  # some of them may not have been read to the end
        if reason == "closespider_pagecount":
            visit.problems.append(f"the visit stopped after {visit.max_pages} pages; there may be more")
        elif reason == "closespider_itemcount":
            visit.problems.append(f"the visit stopped after {visit.max_entries} entries; there may be more")

    def _error(self, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, CrawlError):
            self._visit.failed(error)
        elif error is not None:
            words = f"the spider of {self._visit.source.id} failed: {told(error)}"
            self._visit.failed(CrawlError(words, cause=Cause.SPIDER))


def _wrong(item: object) -> str | None:
    """Why an item is none that can be taken, with the remedy; None when it can."""
    if not isinstance(item, Entry):
        kind = type(item).__name__
        return (
            f"{kind}; yield crawler.records.Entry, or self.entry(link, title) of a spider "
            "derived from crawler.spiders.base.TidingsSpider"
        )
    if item.link is None and not item.id:
        return "an entry without a link; give each one the address of its article"
    if item.link is not None and not item.link.startswith(("http://", "https://")):
        return (
            f"an entry with the link '{item.link[:80]}', which is no whole address; use response.urljoin(…)"
        )
    return None
