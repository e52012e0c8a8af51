"""The page of an article whose site needs JavaScript is read as it stands after its scripts ran."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from crawler.errors import TemporaryFetchError
from crawler.pages import PageReader
from crawler.ports import ArticleStore
from crawler.records import Fetched, Page, Source, SourceKind, TextState
from tests.unit.test_pages_reader import ARTICLE, READ, FakeFetcher, FixedClock, RecordedPages

SITE = Source(id="desk", kind=SourceKind.SITE, url="https://desk.example/", javascript=True)


@dataclass
class FakeRenderer:
    raises: Exception | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def render(self, page: Fetched, source: Source) -> Fetched:
        self.asked.append((page.url, source.id))
        if self.raises:
            raise self.raises
        return replace(page, body=b"<html>filled", content_type="text/html; charset=utf-8")


@dataclass
class NotingExtractor:
    bodies: list[tuple[bytes, str | None]] = field(default_factory=list)

    async def read(self, body: bytes, *, url: str, content_type: str | None, source: Source) -> Page:
        self.bodies.append((body, content_type))
        return READ


def reader(renderer: FakeRenderer, extractor: NotingExtractor, source: Source) -> PageReader:
    return PageReader(
        store=cast(ArticleStore, RecordedPages()),
        fetcher=FakeFetcher(),
        extractor=extractor,
        sources={"desk": source},
        clock=FixedClock(),
        renderer=renderer,
    )


@pytest.mark.parametrize("needed", [True, False])
async def test_the_scripts_of_a_page_run_where_its_source_says_so(needed: bool) -> None:
    renderer, extractor = FakeRenderer(), NotingExtractor()

    outcome = await reader(renderer, extractor, replace(SITE, javascript=needed)).read(ARTICLE)

    assert outcome.state is TextState.READ
    assert renderer.asked == ([(ARTICLE.url, "desk")] if needed else [])
    filled, plain = (b"<html>filled", "text/html; charset=utf-8"), (b"<html>", "text/html")
    assert extractor.bodies == [filled if needed else plain]


async def test_a_browser_that_fails_is_asked_again_later() -> None:
    renderer = FakeRenderer(raises=TemporaryFetchError("the browser cannot show it"))

    outcome = await reader(renderer, NotingExtractor(), SITE).read(ARTICLE)

    assert (outcome.state, outcome.reason) == (TextState.PENDING, "the browser cannot show it")
    assert outcome.retry_at is not None
