"""Reading an article's page: what is recorded, when it is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from crawler.errors import (
    BlockedError,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    HostHeld,
    TemporaryFetchError,
    TooLarge,
)
from crawler.pages import PageReader, after_failure, next_try, page_request
from crawler.ports import ArticleStore, ChildCrashed, ChildrenLost
from crawler.records import Article, Fetched, Page, Purpose, Request, Source, SourceKind, TextState
from crawler.secret import Secret

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ARTICLE = Article(
    id="a1", source_id="desk", url="https://desk.example/a", canonical_url="https://desk.example/a",
    title="Ferries", first_seen_at=NOON,
)  # fmt: skip
SOURCE = Source(
    id="desk",
    kind=SourceKind.FEED,
    url="https://desk.example/rss",
    headers=(("cookie", "a=b"),),
    auth=Secret("Basic x"),
)
READ = Page(title="Ferries", text="The board met.")


class FixedClock:
    def now(self) -> datetime:
        return NOON


@dataclass
class FakeFetcher:
    raises: Exception | None = None
    asked: list[Request] = field(default_factory=list)

    async def get(self, request: Request) -> Fetched:
        self.asked.append(request)
        if self.raises:
            raise self.raises
        return Fetched(url=request.url, status=200, headers=(), body=b"<html>", content_type="text/html")


@dataclass
class FakeExtractor:
    answer: Page | Exception = READ

    async def read(self, body: bytes, *, url: str, content_type: str | None, source: Source) -> Page:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class RecordedPages:
    """The methods of an article store that a page reader calls."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    crashes: list[dict[str, Any]] = field(default_factory=list)

    async def record_page(self, article_id: str, **values: Any) -> None:
        self.calls.append({"id": article_id, **values})

    async def record_crash(self, article_id: str, **values: Any) -> None:
        self.crashes.append({"article_id": article_id, **values})


def reader(
    store: RecordedPages, *, fetcher: FakeFetcher | None = None, extractor: FakeExtractor | None = None
) -> PageReader:
    return PageReader(
        store=cast(ArticleStore, store),
        fetcher=fetcher or FakeFetcher(),
        extractor=extractor or FakeExtractor(),
        sources={"desk": SOURCE},
        clock=FixedClock(),
    )


async def test_a_page_that_is_read_is_stored() -> None:
    """Asked for as a page, so that robots.txt binds, and recorded with its text."""
    store, fetcher = RecordedPages(), FakeFetcher()

    outcome = await reader(store, fetcher=fetcher).read(ARTICLE)

    assert (outcome.state, outcome.characters) == (TextState.READ, len(READ.text))
    assert fetcher.asked[0].purpose is Purpose.PAGE
    assert store.calls == [
        {"id": "a1", "state": TextState.READ, "page": READ, "reason": None, "now": NOON, "retry_at": None}
    ]


async def test_a_refused_page_leaves_its_reason_and_no_text() -> None:
    """An error page adds nothing to the article."""
    store = RecordedPages()
    page = Page(title="Not found", refused="not found: the page says so")

    outcome = await reader(store, extractor=FakeExtractor(page)).read(ARTICLE)

    assert outcome.state is TextState.REFUSED
    assert (store.calls[0]["page"], store.calls[0]["reason"]) == (None, "not found: the page says so")


async def test_a_paywalled_stub_leaves_the_fact_that_it_is_one() -> None:
    """The free sentences are no article text; that it is behind a paywall is told to readers."""
    store = RecordedPages()
    page = Page(
        title="Ferries",
        text="The first line.",
        paywalled=True,
        refused="paywall: only 15 characters are free",
    )

    await reader(store, extractor=FakeExtractor(page)).read(ARTICLE)

    assert store.calls[0]["state"] is TextState.REFUSED
    assert (store.calls[0]["page"].paywalled, store.calls[0]["page"].text) == (True, "")


@pytest.mark.parametrize(
    "error",
    [
        BlockedError("robots.txt disallows it"),
        GoneError("gone"),
        ForbiddenAddress("private address"),
        TooLarge("12 MiB"),
    ],
)
async def test_what_will_not_change_is_given_up(error: CrawlError) -> None:
    """Blocked, gone, forbidden and too large pages fail at once, with the reason."""
    store = RecordedPages()
    outcome = await reader(store, fetcher=FakeFetcher(error)).read(ARTICLE)
    assert (outcome.state, outcome.reason, outcome.retry_at) == (TextState.FAILED, str(error), None)
    assert store.calls[0]["page"] is None


async def test_temporary_trouble_is_tried_again() -> None:
    """A fresh article in five minutes."""
    store = RecordedPages()
    outcome = await reader(store, fetcher=FakeFetcher(TemporaryFetchError("503", status=503))).read(ARTICLE)
    assert (outcome.state, outcome.retry_at) == (TextState.PENDING, NOON + timedelta(minutes=5))
    assert store.calls[0]["retry_at"] == outcome.retry_at


async def test_a_crash_is_left_to_the_stores_count() -> None:
    """Its reason and the page are kept and nothing else: the store counts, and quarantines after three."""
    store = RecordedPages()
    outcome = await reader(store, extractor=FakeExtractor(ChildCrashed("signal 11"))).read(ARTICLE)
    assert outcome.reason == "crashed: signal 11"
    assert store.calls == []
    (crash,) = store.crashes
    assert (crash["article_id"], crash["reason"]) == (ARTICLE.id, "signal 11")
    assert crash["fetched"].body == b"<html>"


async def test_children_that_are_lost_are_no_fault_of_the_page() -> None:
    """It is read again a little later, and the attempt does not count."""
    store = RecordedPages()
    outcome = await reader(store, extractor=FakeExtractor(ChildrenLost("stopped"))).read(ARTICLE)
    assert store.crashes == []
    assert (outcome.state, outcome.retry_at) == (TextState.PENDING, NOON + timedelta(minutes=5))
    assert store.calls[0]["retry_at"] == outcome.retry_at


async def test_an_article_of_a_removed_source_is_still_read() -> None:
    """Without that source's headers."""
    fetcher = FakeFetcher()
    store = RecordedPages()
    lost = Article(
        id="x", source_id="gone", url="https://g.example/x", canonical_url="", title="", first_seen_at=NOON
    )
    assert (await reader(store, fetcher=fetcher).read(lost)).state is TextState.READ
    assert (fetcher.asked[0].headers, fetcher.asked[0].auth) == ((), None)


@pytest.mark.parametrize(
    ("minutes", "wait"),
    [(0, 5), (4, 5), (5, 30), (35, 30), (60, 120), (23 * 60, 120), (24 * 60, None), (9999, None)],
)
def test_tries_grow_rarer_and_end_after_a_day(minutes: int, wait: int | None) -> None:
    """Five minutes, half an hour, then every two hours, by the article's age."""
    now = NOON + timedelta(minutes=minutes)
    expected = None if wait is None else now + timedelta(minutes=wait)
    assert next_try(ARTICLE, TemporaryFetchError("no connection"), now) == expected


def test_the_servers_wish_is_kept() -> None:
    """Retry-After may only postpone."""
    wish = NOON + timedelta(hours=3)
    assert next_try(ARTICLE, TemporaryFetchError("429", status=429, retry_at=wish), NOON) == wish
    early = TemporaryFetchError("429", status=429, retry_at=NOON + timedelta(seconds=1))
    assert next_try(ARTICLE, early, NOON) == NOON + timedelta(minutes=5)


def test_a_missing_page_is_given_up_within_the_hour() -> None:
    """404 may be a cache that lags behind its feed, but not for long."""
    missing = TemporaryFetchError("404", status=404)
    assert after_failure(ARTICLE, missing, NOON).state is TextState.PENDING
    assert after_failure(ARTICLE, missing, NOON + timedelta(minutes=45)).state is TextState.FAILED


def test_credentials_go_to_the_sources_own_host_only() -> None:
    """An entry that links elsewhere does not carry the feed's secret there."""
    own = page_request(ARTICLE, SOURCE)
    assert (own.headers, own.auth) == (SOURCE.headers, SOURCE.auth)
    for url in (
        "https://other.example/a",
        "http://desk.example/a",
        "https://desk.example:8443/a",
        "https://[bad/",
    ):
        foreign = page_request(
            Article(id="b", source_id="desk", url=url, canonical_url=url, title="", first_seen_at=NOON),
            SOURCE,
        )
        assert (foreign.headers, foreign.auth) == ((), None)


def test_a_page_whose_host_wants_no_request_is_asked_for_when_that_is_over() -> None:
    """Nothing was asked, so nothing failed, however old the article is."""
    now = NOON + timedelta(days=3)

    outcome = after_failure(ARTICLE, HostHeld.by("news.example", now=now, wait=timedelta(hours=1)), now)

    assert (outcome.state, outcome.retry_at) == (TextState.PENDING, now + timedelta(hours=1))


def test_an_article_that_was_held_for_review_has_its_day_of_tries_from_its_release() -> None:
    """A flood that is released after a week is read like news."""
    released = replace(ARTICLE, held_since=NOON, held_ended=NOON + timedelta(days=6))
    now = NOON + timedelta(days=6, minutes=1)

    assert next_try(released, TemporaryFetchError("no connection"), now) == now + timedelta(minutes=5)
    assert next_try(ARTICLE, TemporaryFetchError("no connection"), now) is None
