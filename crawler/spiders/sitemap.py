"""Sitemaps and sitemap indexes: news ones with titles and times, others with links and lastmod."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.errors import NotAFeedError
from crawler.net.limits import gunzip
from crawler.records import Entry, Looked
from crawler.spiders import validators
from crawler.spiders.base import TidingsSpider
from crawler.spiders.list_page import place, short
from crawler.spiders.sitemap_document import Link, SitemapDocument, read_sitemap
from crawler.spiders.validators import Validators
from crawler.spiders.visit import FIRST, KNOWN, visit_of

MAX_SITEMAPS = 10  # of one index, newest first
MAX_DEPTH = 2  # an index of indexes is read, one below that is not

_HTML = re.compile(r"<!doctype\s+html|<html\b|<head\b|<body\b", re.IGNORECASE)
_NEVER = datetime.min.replace(tzinfo=UTC)


class SitemapSpider(TidingsSpider):
    """Yields an entry for each link, newest first; an index is followed to its newest sitemaps.

    Of an index each sitemap is asked for with the validators of the last visit, since the index itself may stay as it
    is while they change, and the dates in it may stand still.
    """

    async def start(self) -> AsyncIterator[Request]:
        assert self.source is not None
        yield Request(self.source.url, callback=self.parse, dont_filter=True, meta={FIRST: True})

    def parse(
        self, response: Response, depth: int = 0, address: str | None = None, **_: Any
    ) -> Iterator[Entry | Request]:
        """
        Args:
            address: as the index above names this sitemap; None: there is none above.
        """
        assert self.source is not None
        visit = visit_of(self.crawler)
        where = place(response.url)
        if address is not None and response.status == 304:
            visit.unchanged += 1
            visit.looked.append(Looked(place=where, rule="sitemap", found=0, note="not modified"))
            self._keep(address, visit.known[address].renewed(validators.of(response)))
            return
        document = self._read(response, where)
        rule = "index" if document.index else "sitemap"
        dated = sum(1 for link in document.links if link.time is not None)
        first = short(document.links[0].location) if document.links else ""
        note = f"{dated} with a time"
        visit.looked.append(
            Looked(place=where, rule=rule, found=len(document.links), sample=first, note=note)
        )
        if document.cut:
            visit.problems.append(f"{where} lists more than {len(document.links)} links; the rest is ignored")
            visit.is_whole = False
        if document.index:
            visit.sitemaps = visit.sitemaps or {}
            yield from self._sitemaps(document, where, depth)
            return
        if address is not None:
            self._keep(address, validators.of(response))
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

    def _read(self, response: Response, where: str) -> SitemapDocument:
        assert self.source is not None
        body = gunzip(response.body, limits=visit_of(self.crawler).limits, host=where.partition("/")[0])
        try:
            return read_sitemap(body, where=where, zone=self.source.zone)
        except NotAFeedError as error:
            text = body[:200_000].decode("utf-8", "replace")
            is_page = _HTML.search(text, 0, 4096) is not None
            told = visit_of(self.crawler).readers.instead(text, "the sitemap") if is_page else None
            if told is None:
                raise
            raise NotAFeedError(f"{told} ({where})", cause=told.cause) from error

    def _keep(self, address: str, found: Validators) -> None:
        visit = visit_of(self.crawler)
        if visit.sitemaps is not None:
            visit.sitemaps[address] = found

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
            known = visit.known.get(link.location)
            yield Request(
                link.location,
                callback=self.parse,
                cb_kwargs={"depth": depth + 1, "address": link.location},
                headers=known.headers() if known is not None else None,
                meta={KNOWN: True, "handle_httpstatus_list": [304]} if known is not None else None,
                priority=-number,
            )


def newest_first(links: Sequence[Link]) -> list[Link]:
    """By publication or change; those without a time stay behind, in their own order."""
    return sorted(links, key=lambda link: link.time or _NEVER, reverse=True)
