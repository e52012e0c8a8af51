"""From a visit to what is remembered of its source: real spider processes, a poller, stores in memory."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from crawler.care import Care, Habits, Need, judge
from crawler.errors import Cause, NotAFeedError
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard
from crawler.net.hosts import BEGINS, HostGate, Lease
from crawler.net.limits import Limits
from crawler.poll import Poller, PollPolicy
from crawler.poll_state import failure
from crawler.records import (
    ListingRules,
    PollResult,
    PollState,
    Purpose,
    Request,
    Selector,
    Source,
    SourceKind,
    SourceState,
)
from crawler.spiders.crew import SpiderCrew
from tests.fakes.net_site import Script, Seen, SetClock, SetMonotonic, Site, reply
from tests.fakes.stores import MemoryStores

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FLOOR, HOUR = timedelta(minutes=15), timedelta(hours=1)
HTML = "text/html; charset=utf-8"
PAGES, A_PAGE = 5, 10


def sheet(number: int, *, field: str = "time") -> bytes:
    """List page `number` of five, with ten articles."""
    rows = "".join(
        f'<li><a href="/n/{number}-{n}">Article {number}-{n}</a><{field}>2026-11-2{number}</{field}></li>'
        for n in range(A_PAGE)
    )
    return f'<ul>{rows}</ul><a class="next" href="/press?page={number + 1}">older</a>'.encode()


def listing(site: Site, *, pages: int = PAGES, published: str | None = None) -> Source:
    rules = ListingRules(
        links=Selector(css="li a"),
        follow=Selector(css="a.next"),
        pages=pages,
        published=Selector(css=published) if published else None,
    )
    return Source(id="press", kind=SourceKind.SITE, url=site.url("/press?page=1"), listing=rules)


class Desk:
    """A crew, a poller on it, and what they remember."""

    def __init__(self, source: Source, crew: SpiderCrew) -> None:
        self.source, self.crew = source, crew
        self.stores = MemoryStores()
        self.clock = SetClock(NOON)
        self.poller = Poller(
            sources={source.id: source},
            states=self.stores.sources,
            articles=self.stores.articles,
            fetcher=_Nobody(),
            lister=crew,
            isolation=None,
            clock=self.clock,
            policy=PollPolicy(floor=FLOOR, jitter=lambda: 0.0),
        )

    async def care(self) -> Care:
        """As `sources list` shows the source."""
        state = await self.stores.sources.state(self.source.id)
        habits = Habits(floor=FLOOR, timeout=timedelta(seconds=30), contact=True)
        return judge(self.source, state, habits, now=self.clock.now())

    def titles(self) -> list[str]:
        return sorted(kept.article.title for kept in self.stores.articles.kept.values())


class _Nobody:
    async def get(self, request: Request) -> object:
        raise AssertionError("a site is listed by spiders")


@asynccontextmanager
async def desk(
    source: Callable[[Site], Source], routes: dict[str, bytes | Script], **more: object
) -> AsyncIterator[tuple[Desk, Site]]:
    crew = SpiderCrew(
        gate=HostGate(timedelta(0), concurrency=10),
        user_agent="tidings/1.0",
        allow_private=("127.0.0.0/8",),
        limits=Limits(),
        **more,  # type: ignore[arg-type]  # test shorthand
    )
    async with Site(routes) as site:
        mine = Desk(source(site), crew)
        await mine.stores.sources.sync([mine.source], NOON)
        try:
            yield mine, site
        finally:
            await crew.close()


def sheets() -> dict[str, bytes | Script]:
    return {f"/press?page={n}": reply(body=sheet(n), content_type=HTML) for n in range(1, PAGES + 1)}


async def _stall(seen: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def until(reached: Callable[[], bool]) -> None:
    """Wait for something that happens in another process."""
    async with asyncio.timeout(20):
        while not reached():  # nothing in this process could set an event
            await asyncio.sleep(0.01)


async def test_a_killed_child_loses_nothing_and_tells_nothing_twice() -> None:
    """What it had handed over is stored at once; the next visit, a floor later, finds the rest."""
    async with desk(listing, {**sheets(), "/press?page=3": _stall}) as (mine, site):
        polling = asyncio.create_task(mine.poller.poll("press"))
        await until(lambda: "/press?page=3" in site.paths)
        assert mine.crew.pid is not None
        os.kill(mine.crew.pid, signal.SIGKILL)
        killed = await polling
        state = await mine.stores.sources.state("press")

        assert (killed.result, killed.new, killed.listed) == (PollResult.FAILED, 20, 20)
        assert len(mine.titles()) == 20
        assert (state.state, state.failures, state.last_success_at) == (SourceState.FAILING, 1, None)
        assert (state.etag, state.last_modified, state.cause) == (None, None, Cause.SPIDER)
        assert state.problem == (
            "the spider process ended (killed by SIGKILL) while it crawled press; "
            "what it had found is kept, the rest is looked for again"
        )
        assert state.next_poll_at == NOON + FLOOR

        site.routes["/press?page=3"] = sheets()["/press?page=3"]
        mine.clock.pass_(FLOOR)
        again = await mine.poller.poll("press")
        state = await mine.stores.sources.state("press")

    assert (again.result, again.new, again.listed) == (PollResult.NEW, 30, 50)
    assert mine.titles() == sorted(f"Article {page}-{n}" for page in range(1, 6) for n in range(A_PAGE))
    assert (state.state, state.failures, state.problem) == (SourceState.OK, 0, None)


async def test_a_site_that_is_only_ever_read_in_part_is_asked_again_soon_while_it_brings_news() -> None:
    """Failures add up only while nothing new comes."""
    async with desk(listing, {**sheets(), "/press?page=2": _stall}, visit=timedelta(seconds=1.5)) as (
        mine,
        _,
    ):
        waits, news = [], []
        for _ in range(2):
            outcome = await mine.poller.poll("press")
            state = await mine.stores.sources.state("press")
            assert state.next_poll_at is not None
            waits.append(state.next_poll_at - mine.clock.now())
            news.append(outcome.new)
            mine.clock.pass_(waits[-1])
        assert state.problem is not None
        assert state.problem.startswith(
            "the visit of press was stopped after 1.5 s; what it had found is kept"
        )

    assert news == [10, 0]
    assert waits == [FLOOR, 2 * FLOOR]


async def test_a_listing_whose_selectors_find_nothing_any_more_is_broken_and_not_quiet() -> None:
    async with desk(lambda site: listing(site, pages=1), sheets()) as (mine, site):
        await mine.poller.poll("press")
        site.routes["/press?page=1"] = reply(body=b"<main><p>renewed</main>" * 100, content_type=HTML)
        mine.clock.pass_(24 * HOUR)
        outcome = await mine.poller.poll("press")
        care = await mine.care()

    assert outcome.result is PollResult.FAILED
    assert (care.state, care.cause) == (SourceState.NOT_A_FEED, Cause.SELECTOR)
    assert care.problem == (
        f"css 'li a' finds no link on {site.address}/press; until 25 Nov 2026 it listed 10 articles"
    )


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        (Cause.SELECTOR, "compare its entry with the site: `tidings try site press` shows what is found"),
        (Cause.SCRIPT, "set `javascript: true` in its entry, so that a browser reads its pages"),
        (Cause.FEED, "write `feed:` instead of `site:` in its entry"),
        (Cause.SITEMAP, "write `sitemap:` instead of `site:` in its entry"),
        (Cause.CHALLENGE, "ask its publisher to let Tidings read it"),
        (Cause.CONSENT, "ask its publisher to let Tidings read it"),
    ],
)
def test_what_came_instead_of_a_list_has_its_remedy(cause: Cause, remedy: str) -> None:
    rules = ListingRules(links=Selector(css="li a"))
    source = Source(id="press", kind=SourceKind.SITE, url="https://example.org/press", listing=rules)
    failed = failure(PollState(source_id="press"), NotAFeedError("x", cause=cause), NOON)

    care = judge(source, failed, Habits(floor=FLOOR, timeout=FLOOR, contact=True), now=NOON)

    assert care.remedy is not None
    assert remedy in care.remedy


async def test_a_field_that_is_found_no_more_is_told_of_a_source_that_is_well() -> None:
    """Once as a warning of the poll, then wherever sources are listed, until it is found again."""
    async with desk(lambda site: listing(site, pages=1, published="time"), {}) as (mine, site):

        async def tagged(seen: Seen, writer: asyncio.StreamWriter) -> None:
            known = seen.header("If-None-Match") == '"b"'
            body = b"" if known else sheet(5, field="b")
            writer.write(reply(304 if known else 200, body, content_type=HTML, etag='"b"'))

        site.routes["/press?page=1"] = reply(body=sheet(5), content_type=HTML, etag='"a"')
        first = await mine.poller.poll("press")
        well = await mine.care()
        site.routes["/press?page=1"] = tagged
        mine.clock.pass_(HOUR)
        second = await mine.poller.poll("press")
        worse = await mine.care()
        mine.clock.pass_(HOUR)
        third = await mine.poller.poll("press")
        unchanged = await mine.care()
        site.routes["/press?page=1"] = reply(body=sheet(5), content_type=HTML)
        mine.clock.pass_(HOUR)
        await mine.poller.poll("press")
        mended = await mine.care()

    told = (
        f"css 'time' for published finds nothing in any of 10 articles on {site.address}/press; "
        "name the element around one article as `item`, or correct it"
    )
    assert (first.warning, well.problem, well.need) == (None, None, Need.NOTHING)
    assert (second.new, second.warning) == (0, told)
    assert (worse.state, worse.problem, worse.need) == (SourceState.OK, told, Need.SOMETIME)
    assert worse.remedy is not None
    assert "`tidings try site press`" in worse.remedy
    assert (third.result, third.warning) == (PollResult.UNCHANGED, None)
    assert unchanged.problem == told
    assert (mended.problem, mended.remedy) == (None, None)


async def test_a_visit_may_be_larger_than_what_is_left_of_the_childs_share() -> None:
    """It is finished by the child that began it, which then goes."""
    async with desk(listing, sheets(), pages=2) as (mine, _):
        outcome = await mine.poller.poll("press")

        assert outcome.new == PAGES * A_PAGE
        assert mine.crew.pid is None


class _Watched(HostGate):
    """A gate that remembers when it let a request begin."""

    def __init__(self, time: SetMonotonic) -> None:
        super().__init__(timedelta(seconds=1), monotonic=time.now, sleep=time.sleep)
        self.time = time
        self.began: list[float] = []

    async def lease(self, host: str, *, within: float = BEGINS) -> Lease:
        lease = await super().lease(host, within=within)
        self.began.append(self.time.now())
        return lease


async def test_pages_and_spiders_keep_one_distance_to_a_host() -> None:
    """Requests of both ways begin a second apart, by the daemon's one gate; none goes around it."""
    gate = _Watched(SetMonotonic())
    article = reply(body=b"<p>words</p>", content_type=HTML)
    async with Site({**sheets(), "/n/1": article, "/n/2": article, "/n/3": article}) as site:
        crew = SpiderCrew(gate=gate, user_agent="tidings/1.0", allow_private=("127.0.0.0/8",))
        try:
            async with HttpFetcher(
                guard=AddressGuard(("127.0.0.0/8",)),
                gate=gate,
                user_agent="tidings/1.0",
                clock=SetClock(NOON),
            ) as fetcher:
                asked = (Request(url=site.url(f"/n/{n}"), purpose=Purpose.PAGE) for n in (1, 2, 3))
                listed, *pages = await asyncio.gather(crew.list(listing(site)), *map(fetcher.get, asked))
        finally:
            await crew.close()

    assert (len(listed.feed.entries), len(pages)) == (PAGES * A_PAGE, 3)
    assert len(gate.began) == len(site.seen)
    assert min(later - earlier for earlier, later in itertools.pairwise(gate.began)) >= 1


@pytest.mark.parametrize("rows", [1, 3])
async def test_an_index_read_in_part_leaves_no_gap(rows: int) -> None:
    """A new sitemap whose entries are all new joins those that were not modified."""

    def urls(day: int) -> bytes:
        links = "".join(
            f"<url><loc>https://example.org/{day}-{n}</loc><lastmod>2026-11-{day}T12:0{n}:00Z</lastmod></url>"
            for n in range(rows)
        )
        return f"<urlset>{links}</urlset>".encode()

    async def old(seen: Seen, writer: asyncio.StreamWriter) -> None:
        known = seen.header("If-None-Match") == '"24"'
        writer.write(reply(304 if known else 200, b"" if known else urls(24), etag='"24"'))

    def index(site: Site, *names: str) -> bytes:
        maps = "".join(f"<sitemap><loc>{site.url(name)}</loc></sitemap>" for name in names)
        return reply(body=f"<sitemapindex>{maps}</sitemapindex>".encode())

    def source(site: Site) -> Source:
        return Source(id="press", kind=SourceKind.SITEMAP, url=site.url("/map.xml"))

    async with desk(source, {"/24.xml": old}) as (mine, site):
        site.routes["/map.xml"] = index(site, "/24.xml")
        first = await mine.poller.poll("press")
        site.routes["/map.xml"] = index(site, "/25.xml", "/24.xml")
        site.routes["/25.xml"] = reply(body=urls(25))
        mine.clock.pass_(HOUR)
        second = await mine.poller.poll("press")
        state = await mine.stores.sources.state("press")
        gaps = await mine.stores.sources.gaps(NOON)

    assert (first.new, second.new, second.warning) == (rows, rows, None)
    assert (state.state, gaps) == (SourceState.OK, ())
