"""The article reader behind its wall: the work is done where a crash does no harm."""

from __future__ import annotations

from crawler.extract.read import read_page
from crawler.ports import Isolation
from crawler.records import Page, Source


class PageExtractor:
    """Reads article pages in isolation; implements `crawler.ports.Extractor`."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation = isolation

    async def read(self, body: bytes, *, url: str, content_type: str | None, source: Source) -> Page:
        """The page, by the source's own rules where it has some; see `read_page`.

        Raises:
            ChildCrashed: the reader died or ran over its limits on this page.
        """
        return await self._isolation.run(read_page, body, url, content_type, source.article, source.zone)
