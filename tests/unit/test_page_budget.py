"""How many pages a host is asked for, which articles are not bound by that, and what is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler.budget import first_hour, hour_of, over_budget
from crawler.errors import BlockedError, Cause, CrawlError, ForbiddenAddress, HostHeld, TemporaryFetchError
from crawler.pages import PageBudget, PageOutcome, PageReader
from crawler.records import (
    Article,
    Edit,
    Fetched,
    FullText,
    Page,
    Poll,
    PollState,
    Request,
    Source,
    SourceKind,
    SourceState,
    TextState,
)
from tests.fakes.articles import MemoryArticles
from tests.fakes.clock import FixedClock
from tests.fakes.hosts import MemoryHosts

NOON = datetime(2026, 3, 4, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAIN = Source(id="plain", kind=SourceKind.FEED, url="https://desk.example/rss")
ALWAYS = replace(PLAIN, id="always", full_text=FullText.ALWAYS)


def article(number: int, title: str = "Notes", source: str = "plain") -> Article:
    url = f"https://Desk.example./{number}"
    return Article(
        id=f"{number:016x}", source_id=source, url=url, canonical_url=url, title=title, first_seen_at=NOON
    )


def is_near(article: Article) -> bool:
    return "ferry" in article.title


class Room:
    """A reader with a budget of two pages, over stores in memory."""

    def __init__(self, *, most: int = 2, raises: CrawlError | None = None) -> None:
        self.raises = raises
        self.clock = FixedClock(NOON)
        self.asked: list[str] = []
        self.articles = MemoryArticles()
        self.hosts = MemoryHosts()
        self.reader = PageReader(
            store=self.articles,
            fetcher=self,
            extractor=self,
            sources={"plain": PLAIN, "always": ALWAYS},
            clock=self.clock,
            budget=PageBudget(most=most, counts=self.hosts, near=is_near),
        )

    async def get(self, request: Request) -> Fetched:
        self.asked.append(request.url)
        if self.raises is not None:
            raise self.raises
        return Fetched(url=request.url, status=200, headers=(), body=b"<html>")

    async def read(self, body: bytes, *, url: str, content_type: str | None, source: Source) -> Page:
        return Page(title="Notes", text=f"The page of {url}.")

    async def go(self, *wanted: Article) -> list[PageOutcome]:
        state = PollState(source_id="plain", state=SourceState.OK, last_polled_at=self.clock.now())
        await self.articles.record_poll(Poll(state=state, articles=wanted))
        return [await self.reader.read(one) for one in wanted]


async def test_past_the_budget_a_page_is_passed_over_with_its_reason() -> None:
    """Nothing is asked of the host, and the article is as unread as before."""
    room = Room()
    outcomes = await room.go(*(article(number) for number in range(3)))
    assert [one.state for one in outcomes] == [TextState.READ, TextState.READ, TextState.SKIPPED]
    assert outcomes[2].reason == (
        "not read: 2 pages of desk.example were asked for in 24 h, "
        "and nothing in its title or summary comes near an initiative"
    )
    assert len(room.asked) == 2
    kept = room.articles.kept[article(2).id]
    assert (kept.page_due_at, kept.first_read_at, kept.article.text) == (None, None, "")


async def test_what_comes_near_and_what_is_always_read_is_never_refused_but_counts() -> None:
    """Two of them use the budget up for the others."""
    room = Room()
    outcomes = await room.go(
        article(1, "A ferry"),
        article(2, source="always"),
        article(3),
        article(4, "Another ferry"),
        article(5, source="always"),
    )
    assert [one.state is TextState.READ for one in outcomes] == [True, True, False, True, True]
    assert sum(room.hosts.pages.values()) == 4


async def test_hosts_have_budgets_of_their_own() -> None:
    """By the name that the gate has for them."""
    room = Room(most=1)
    other = replace(article(2), url="https://other.example/2")
    outcomes = await room.go(article(1), other, article(3))
    assert [one.state for one in outcomes] == [TextState.READ, TextState.READ, TextState.SKIPPED]
    assert {host for host, _ in room.hosts.pages} == {"desk.example", "other.example"}


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (HostHeld.by("desk.example", now=NOON, wait=HOUR), 0),
        (BlockedError("robots.txt disallows it", cause=Cause.ROBOTS), 0),
        (TemporaryFetchError("robots.txt cannot be had", cause=Cause.ROBOTS), 0),
        (ForbiddenAddress("not a public address"), 0),
        (BlockedError("403", status=403, cause=Cause.STATUS), 1),
        (TemporaryFetchError("503", status=503, cause=Cause.BROKEN), 1),
    ],
)
async def test_only_what_was_asked_for_counts(error: CrawlError, counted: int) -> None:
    """A host that is left alone for a while has its whole budget after that."""
    room = Room(raises=error)
    await room.go(article(1))
    assert sum(room.hosts.pages.values()) == counted


async def test_an_address_that_nobody_is_asked_at_counts_for_nobody() -> None:
    """Its trouble is told as it is."""
    room = Room(raises=ForbiddenAddress("only http and https addresses can be asked"))
    (outcome,) = await room.go(replace(article(1), url="ftp://desk.example/1"))
    assert outcome.state is TextState.FAILED
    assert not room.hosts.pages


async def test_an_edit_that_brings_an_article_near_has_its_page_read() -> None:
    """It was never read, so at once; one that does not is passed over again."""
    room = Room(most=0)
    await room.go(article(1), article(2))
    edits = tuple(
        Edit(article_id=article(number).id, title=title, summary="", content="", updated_at=None, reread=True)
        for number, title in ((1, "A ferry sinks"), (2, "Other notes"))
    )
    state = PollState(source_id="plain", state=SourceState.OK, last_polled_at=NOON)
    await room.articles.record_poll(Poll(state=state, edits=edits))

    due = await room.articles.claim_pending(NOON, 10, HOUR)
    outcomes = [await room.reader.read(one) for one in due]

    assert [one.state for one in outcomes] == [TextState.READ, TextState.SKIPPED]


async def test_what_was_passed_over_lately_and_is_near_now_is_taken_up() -> None:
    """After an edit of the initiatives; what is older than a day stays as it is."""
    room = Room(most=0)
    await room.go(*(article(number) for number in range(3)))
    for number in (0, 1):
        one = room.articles.kept[article(number).id]
        one.article = replace(one.article, title="A ferry")  # stands for rules that look for other words
    old = room.articles.kept[article(1).id]
    old.article = replace(old.article, first_seen_at=NOON - 24 * HOUR)

    assert await room.reader.reconsider() == 1

    assert [one.id for one in await room.articles.claim_pending(NOON, 10, HOUR)] == [article(0).id]


def test_the_hours_that_count_cover_a_whole_day() -> None:
    """So many in any 24 hours: the hour in which they begin counts as a whole."""
    east = timezone(timedelta(hours=5, minutes=30))
    assert hour_of(NOON) == hour_of(NOON.astimezone(east)) == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert first_hour(NOON) == datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("most", "words"),
    [
        (0, "no page of a.example may be asked for in 24 h"),
        (1, "1 page of a.example was asked for in 24 h"),
        (1200, "1,200 pages of a.example were asked for in 24 h"),
    ],
)
def test_the_reason_reads_well(most: int, words: str) -> None:
    """For every number."""
    assert over_budget("a.example", most).startswith(f"not read: {words}, and nothing")
