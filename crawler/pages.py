"""Reads the page of one article, if it may, and records what came of it; when to try again, and when to give up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler.budget import NOT_ASKED, over_budget
from crawler.errors import CrawlError, ForbiddenAddress, HostHeld, TemporaryFetchError
from crawler.failpoints import reach
from crawler.net.guard import parse
from crawler.ports import (
    ArticleStore,
    ChildCrashed,
    ChildrenLost,
    Clock,
    Extractor,
    Fetcher,
    PageCounts,
    Renderer,
)
from crawler.records import Article, Fetched, FullText, Page, Purpose, Request, Source, SourceKind, TextState
from crawler.site_memory import SiteMemory

_WAITS = (  # (age of the article, wait until the next try)
    (timedelta(minutes=5), timedelta(minutes=5)),
    (timedelta(minutes=45), timedelta(minutes=30)),
    (timedelta(hours=24), timedelta(hours=2)),
)
_MISSING_FOR = timedelta(
    minutes=45
)  # a page that is "not found" so long after its article is no slip of a cache
_AGAIN = timedelta(minutes=5)  # after which a page is read whose reader was stopped without its doing
_LATELY = timedelta(hours=24)  # for which a page that was passed over may still be read
_SOME = 500  # articles looked at together


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBudget:
    """How many pages a host may be asked for in 24 hours, and which articles it does not bind.

    Those that come near an initiative and those of sources with `full_text: always` are read and counted in any case.
    """

    most: int
    counts: PageCounts
    near: Callable[[Article], bool]  # may take some time over a long text; is called in a thread


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """What came of reading one page."""

    article_id: str
    state: TextState
    reason: str | None = None
    retry_at: datetime | None = None  # PENDING only; None: when the claim on the article runs out
    characters: int = 0  # of text
    left_out: tuple[str, ...] = ()  # paragraphs that recur on its host


class PageReader:
    """Fetches, extracts and records; one article at a time, as many at once as the caller likes.

    Args:
        sources: by id; the mapping is asked anew for each article, so an edited one is seen.
        renderer: for the pages of sources that need JavaScript; None: they are read as they come.
        budget: None: every page may be asked for.
        memory: None: texts are kept with all that recurs on their hosts.
    """

    def __init__(
        self,
        *,
        store: ArticleStore,
        fetcher: Fetcher,
        extractor: Extractor,
        sources: Mapping[str, Source],
        clock: Clock,
        renderer: Renderer | None = None,
        budget: PageBudget | None = None,
        memory: SiteMemory | None = None,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._extractor = extractor
        self._sources = sources
        self._clock = clock
        self._renderer = renderer
        self._budget = budget
        self._memory = memory

    async def read(self, article: Article) -> PageOutcome:
        """Read the page of a claimed article and store its text, or why there is none.

        After a crash of the extractor the store keeps its reason and the page, and quarantines the article at the
        third. The claim runs out before the next attempt, as it does when this process dies in the middle.
        """
        source = self._sources.get(article.source_id) or _unknown_source(article)
        page: Page | None = None
        fetched: Fetched | None = None
        begun, host = self._clock.now(), _host(article.url)
        if (passed_over := await self._count(article, source, host, begun)) is not None:
            outcome = PageOutcome(article_id=article.id, state=TextState.SKIPPED, reason=passed_over)
            await self._record(outcome, None)
            return outcome
        try:
            fetched = await self._fetcher.get(page_request(article, source))
            reach("page_fetched")
            if source.javascript and self._renderer is not None:
                fetched = await self._renderer.render(fetched, source)
            page = await self._extractor.read(
                fetched.body, url=fetched.url, content_type=fetched.content_type, source=source
            )
            reach("page_read")
        except ChildrenLost as error:
            outcome = PageOutcome(
                article_id=article.id,
                state=TextState.PENDING,
                reason=str(error),
                retry_at=self._clock.now() + _AGAIN,
            )
        except ChildCrashed as error:
            now = self._clock.now()
            await self._store.record_crash(article.id, reason=str(error), fetched=fetched, now=now)
            return PageOutcome(article_id=article.id, state=TextState.PENDING, reason=f"crashed: {error}")
        except CrawlError as error:
            if self._budget is not None and host is not None and error.cause in NOT_ASKED:
                await self._budget.counts.uncount_page(host, begun)
            outcome = after_failure(article, error, self._clock.now())
        else:
            gone: tuple[str, ...] = ()
            if self._memory is not None and host is not None:
                now = self._clock.now()
                page, gone = await self._memory.clean(article, page, host=host, source=source, now=now)
            outcome = replace(after_reading(article, page), left_out=gone)
        await self._record(outcome, page)
        return outcome

    async def reconsider(self) -> int:
        """Take up pages of the last 24 hours that were passed over and come near an initiative by now; how many.

        For after a change of the initiatives, or of the budget: where there is none any more, all are.
        """
        now, taken = self._clock.now(), 0
        passed_over = await self._store.skipped(now - _LATELY)
        for start in range(0, len(passed_over), _SOME):
            some = await self._store.by_ids(passed_over[start : start + _SOME])
            near = await asyncio.to_thread(_near_ones, self._budget, some)
            await self._store.read_after_all(near, now)
            taken += len(near)
        return taken

    async def _count(self, article: Article, source: Source, host: str | None, now: datetime) -> str | None:
        """Count the page its host is asked for; or why it must not be asked for."""
        budget = self._budget
        if budget is None or host is None:
            return None
        bound = source.full_text is not FullText.ALWAYS
        if await budget.counts.count_page(host, now, most=budget.most if bound else None):
            return None
        if await asyncio.to_thread(budget.near, article):
            await budget.counts.count_page(host, now, most=None)
            return None
        return over_budget(host, budget.most)

    async def _record(self, outcome: PageOutcome, page: Page | None) -> None:
        await self._store.record_page(
            outcome.article_id,
            state=outcome.state,
            page=worth_keeping(page),
            reason=outcome.reason,
            now=self._clock.now(),
            retry_at=outcome.retry_at,
        )


def page_request(article: Article, source: Source) -> Request:
    """The request for an article's page; the source's headers and credentials go to its own host only."""
    own = _origin(article.url) == _origin(source.url)
    return Request(
        url=article.url,
        purpose=Purpose.PAGE,
        headers=source.headers if own else (),
        auth=source.auth if own else None,
    )


def after_reading(article: Article, page: Page) -> PageOutcome:
    """READ with a text, REFUSED with the reason why there is none."""
    if page.refused is not None:
        return PageOutcome(article_id=article.id, state=TextState.REFUSED, reason=page.refused)
    return PageOutcome(article_id=article.id, state=TextState.READ, characters=len(page.text))


def after_failure(article: Article, error: CrawlError, now: datetime) -> PageOutcome:
    """PENDING with the time of the next try after temporary trouble, else FAILED."""
    retry_at = next_try(article, error, now) if isinstance(error, TemporaryFetchError) else None
    state = TextState.FAILED if retry_at is None else TextState.PENDING
    return PageOutcome(article_id=article.id, state=state, reason=str(error), retry_at=retry_at)


def next_try(article: Article, error: TemporaryFetchError, now: datetime) -> datetime | None:
    """When to ask for a page again, never before the server's wish; None: give up.

    Five minutes later for a fresh article, then half an hour, then every two hours for the first day. The
    age of the article decides, or the time since it was released from review, so neither a restart nor a second
    worker starts the count anew. A host that wants no request was not asked: it is when its time is over.
    """
    if isinstance(error, HostHeld) and error.retry_at is not None:
        return error.retry_at
    age = now - (article.held_ended or article.first_seen_at)
    if error.status in (404, 410) and age >= _MISSING_FOR:
        return None
    wait = next((wait for limit, wait in _WAITS if age < limit), None)
    if wait is None:
        return None
    return max(now + wait, error.retry_at or now)


def worth_keeping(page: Page | None) -> Page | None:
    """What the store is given: a readable page; of a paywalled stub its statements without the text."""
    if page is None or page.refused is None:
        return page
    return replace(page, text="") if page.paywalled else None


def _near_ones(budget: PageBudget | None, articles: Sequence[Article]) -> tuple[str, ...]:
    return tuple(article.id for article in articles if budget is None or budget.near(article))


def _host(url: str) -> str | None:
    """The host that is asked, by the name that the gate has for it; None: nobody is."""
    try:
        return parse(url).host
    except ForbiddenAddress:
        return None


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        return (parts.scheme, parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None


def _unknown_source(article: Article) -> Source:
    """Stands for a source that is no longer configured; its articles are still read."""
    return Source(id=article.source_id, kind=SourceKind.FEED, url="")
