"""One poll of one source: what is stored, what is planned, and what becomes of every kind of trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from crawler.asking import LARGE_DOCUMENT
from crawler.errors import (
    BlockedError,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    HostHeld,
    NotAFeedError,
    TemporaryFetchError,
    TooLarge,
    Unchanged,
)
from crawler.feeds.parse import parse_job
from crawler.poll import Poller, PollPolicy
from crawler.ports import ChildCrashed
from crawler.records import (
    Article,
    Entry,
    Feed,
    Fetched,
    FullText,
    Listed,
    PollOutcome,
    PollResult,
    PollState,
    Request,
    Source,
    SourceKind,
    SourceState,
    TextState,
)
from crawler.secret import Secret
from tests.fakes.articles import MemoryArticles
from tests.fakes.clock import FixedClock

T = TypeVar("T")
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://news.example/rss"
MOVED = "https://new.example/feed"


class Web:
    """A fetcher that answers from a list of answers by address, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Fetched | CrawlError] = {}
        self.asked: list[Request] = []

    async def get(self, request: Request) -> Fetched:
        self.asked.append(request)
        answer = self.answers[request.url]
        if isinstance(answer, CrawlError):
            raise answer
        return answer


class Listings:
    """A lister with one answer."""

    def __init__(self) -> None:
        self.answer: Feed | Listed | Exception = Feed(title="L", format="listing", entries=())
        self.asked: list[tuple[str | None, str | None]] = []

    async def list(
        self, source: Source, *, etag: str | None = None, last_modified: str | None = None
    ) -> Listed:
        self.asked.append((etag, last_modified))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, Listed) else Listed(feed=self.answer)


class Children:
    """An isolation that runs the work here, or crashes."""

    def __init__(self) -> None:
        self.crash = False
        self.runs = 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.runs += 1
        if self.crash:
            raise ChildCrashed("the child process died")
        return work(*args)


class Room:
    """A poller with everything around it in memory."""

    def __init__(self, source: Source | None = None, articles: MemoryArticles | None = None) -> None:
        self.source = source or Source(id="s", kind=SourceKind.FEED, url=URL)
        self.web, self.lister, self.children = Web(), Listings(), Children()
        self.articles = articles or MemoryArticles()
        self.clock = FixedClock(NOON)
        self.poller = Poller(
            sources=lambda: {self.source.id: self.source},
            states=self.articles.sources,
            articles=self.articles,
            fetcher=self.web,
            lister=self.lister,
            isolation=self.children,
            clock=self.clock,
            policy=PollPolicy(jitter=lambda: 0.0),
        )

    async def poll(self, answer: Fetched | CrawlError | None = None, url: str = URL) -> PollOutcome:
        if answer is not None:
            self.web.answers[url] = answer
        return await self.poller.poll(self.source.id)

    async def state(self) -> PollState:
        return await self.articles.sources.state(self.source.id)

    async def remember(self, state: PollState) -> None:
        self.articles.sources.polled(state, NOON)

    @property
    def stored(self) -> list[Article]:
        return [one.article for one in self.articles.kept.values()]


def item(number: int, *, at: datetime | None = NOON - HOUR, title: str = "", body: str = "") -> str:
    date = f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if at else ""
    return (
        f"<item><title>{title or f'Item {number}'}</title><link>https://news.example/{number}</link>"
        f"<guid>https://news.example/{number}</guid>{date}<description>{body}</description></item>"
    )


def answer(*items: str, head: str = "", url: str = URL, **more: object) -> Fetched:
    body = f'<rss version="2.0"><channel><title>News</title>{head}{"".join(items)}</channel></rss>'.encode()
    facts: dict[str, object] = {"url": url, "status": 200, "headers": (), "body": body, "etag": '"1"'}
    return Fetched(**(facts | more))  # type: ignore[arg-type]  # a table of facts


async def test_entries_and_validators_are_stored_together() -> None:
    """One `record_poll` holds articles, keys, sightings and the state with the validators."""
    room = Room()

    outcome = await room.poll(answer(item(1), item(2), last_modified="Wed, 25 Nov 2026 11:00:00 GMT"))

    (poll,) = room.articles.polls
    assert (outcome.result, outcome.listed, outcome.new, outcome.status) == (PollResult.NEW, 2, 2, 200)
    assert (len(poll.articles), len(poll.keys), len(poll.sightings)) == (2, 2, 2)
    assert (poll.state.etag, poll.state.last_modified) == ('"1"', "Wed, 25 Nov 2026 11:00:00 GMT")
    assert (poll.state.state, poll.state.title, poll.state.last_new_at) == (SourceState.OK, "News", NOON)
    assert poll.state.next_poll_at is not None
    assert poll.state.next_poll_at >= NOON + 15 * MINUTE


async def test_validators_go_back_byte_for_byte_and_the_newest_are_kept() -> None:
    """On 200 with the same bytes, on 304 with and without validators; dropped ones are dropped."""
    room = Room()
    await room.poll(answer(item(1), etag='W/"5f1c-gzip"', last_modified="Monday, 02-Mar-26 08:01:00 GMT"))
    outcome = await room.poll(answer(item(1), etag='W/"2"'))

    assert (room.web.asked[1].etag, room.web.asked[1].last_modified) == (
        'W/"5f1c-gzip"',
        "Monday, 02-Mar-26 08:01:00 GMT",
    )
    assert outcome.result is PollResult.UNCHANGED
    assert ((await room.state()).etag, (await room.state()).last_modified) == ('W/"2"', None)

    await room.poll(Unchanged(etag='"3"'))
    assert (await room.state()).etag == '"3"'
    await room.poll(Unchanged())
    assert (await room.state()).etag == '"3"'


async def test_known_entries_are_listed_again_but_not_new() -> None:
    """Their keys are touched once a day, nothing else is stored."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(DAY)
    outcome = await room.poll(answer(item(2), item(1)))

    last = room.articles.polls[-1]
    assert (outcome.new, outcome.listed) == (1, 2)
    assert (len(last.articles), len(last.sightings), len(last.edits), len(last.keys)) == (1, 1, 0, 2)


async def test_an_edit_attaches_to_its_article() -> None:
    """A corrected headline is no news; its page is to be read again."""
    room = Room()
    await room.poll(answer(item(1, title="Councl votes")))
    outcome = await room.poll(answer(item(1, title="Council votes")))

    (edit,) = room.articles.polls[-1].edits
    assert (outcome.result, outcome.new) == (PollResult.NOTHING_NEW, 0)
    assert (edit.title, edit.reread) == ("Council votes", True)
    assert [one.title for one in room.stored] == ["Council votes"]


async def test_a_first_poll_knows_old_entries_without_telling_them() -> None:
    """Older than `backfill`: backfilled. Undated ones may be new: told, but only the first 50."""
    room = Room()
    undated = [item(100 + number, at=None) for number in range(60)]
    await room.poll(answer(item(1), item(2, at=NOON - 4 * DAY), *undated))
    await room.poll(answer(item(3, at=NOON - 9 * DAY)))

    held = {one.title for one in room.stored if one.backfilled}
    assert held == {"Item 2", *(f"Item {number}" for number in range(150, 160))}


async def test_a_future_date_counts_as_first_seen() -> None:
    """It must not stand first in every list for years."""
    room = Room()
    await room.poll(answer(item(1, at=datetime(2064, 2, 6, tzinfo=UTC))))

    assert [one.published_at for one in room.stored] == [NOON]


@pytest.mark.parametrize(
    ("full_text", "length", "expected"),
    [
        (FullText.AUTO, 1_499, TextState.PENDING),
        (FullText.AUTO, 1_500, TextState.FEED),
        (FullText.ALWAYS, 9_000, TextState.PENDING),
        (FullText.NEVER, 10, TextState.FEED),
    ],
)
async def test_the_page_is_read_when_the_feed_gives_too_little(
    full_text: FullText, length: int, expected: TextState
) -> None:
    """`auto` is content with 1,500 characters."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, full_text=full_text))
    await room.poll(answer(item(1, body="x" * length)))

    (stored,) = room.stored
    assert stored.text_state is expected
    assert (stored.text != "") is (expected is TextState.FEED)


async def test_entries_without_a_page_have_addresses_of_their_own() -> None:
    """No page is read for them, and they are not taken for one article."""
    room = Room()
    items = [f"<item><title>Note {n}</title><guid isPermaLink='false'>{n}</guid></item>" for n in range(2)]
    await room.poll(answer(*items))

    assert len({one.canonical_url for one in room.stored}) == 2
    assert {one.text_state for one in room.stored} == {TextState.FEED}
    assert all(one.url.startswith(f"{URL}#") for one in room.stored)


@pytest.mark.parametrize(
    ("error", "state", "status"),
    [
        (TemporaryFetchError("no answer"), SourceState.FAILING, None),
        (TemporaryFetchError("busy", status=503), SourceState.FAILING, 503),
        (BlockedError("not wanted", status=403), SourceState.BLOCKED, 403),
        (GoneError("gone"), SourceState.GONE, 410),
        (ForbiddenAddress("private address"), SourceState.FAILING, None),
        (TooLarge("over 10 MiB"), SourceState.FAILING, None),
        (NotAFeedError("a page"), SourceState.NOT_A_FEED, None),
    ],
)
async def test_every_failure_is_an_outcome(error: CrawlError, state: SourceState, status: int | None) -> None:
    """Its state, since when, in words, with the validators kept; never an exception."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(HOUR)
    outcome = await room.poll(error)
    after = await room.state()

    assert (outcome.result, outcome.problem, outcome.status) == (PollResult.FAILED, str(error), status)
    assert (after.state, after.since, after.problem, after.failures) == (state, NOON + HOUR, str(error), 1)
    assert after.etag == '"1"'
    assert (after.next_poll_at is None) is (state is SourceState.GONE)


async def test_a_page_instead_of_a_feed_loses_nothing_known() -> None:
    """After a challenge page the entries seen before are still known."""
    room = Room()
    await room.poll(answer(item(1)))
    page = await room.poll(answer(body=b"<html><title>Just a moment...</title></html>"))
    again = await room.poll(answer(item(1)))

    assert (page.result, (page.problem or "")[:16]) == (PollResult.FAILED, "a challenge page")
    assert (again.result, again.new) == (PollResult.UNCHANGED, 0)
    assert (await room.state()).state is SourceState.OK


async def test_a_fault_of_our_own_is_a_failure_that_is_told_and_backs_off() -> None:
    """Its words are those of the log alone."""
    room = Room()
    outcome = await room.poller.broke("s", TypeError("S3CRET"))

    state = await room.state()
    assert (outcome.result, state.state, state.failures) == (PollResult.FAILED, SourceState.FAILING, 1)
    assert state.problem is not None
    assert state.problem.startswith("a fault of tidings itself, TypeError")
    assert state.next_poll_at is not None
    assert state.next_poll_at > room.clock.now()


async def test_failures_back_off_and_success_ends_it() -> None:
    """Doubled each time; the first good answer counts from nothing again."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, every=HOUR))
    await room.poll(answer(item(1)))
    waits = []
    for _ in range(3):
        await room.poll(TemporaryFetchError("no", status=500))
        waits.append(((await room.state()).next_poll_at or NOON) - NOON)
    await room.poll(answer(item(1)))

    assert waits == [2 * HOUR, 4 * HOUR, 8 * HOUR]
    assert (await room.state()).failures == 0
    assert (await room.state()).next_poll_at == NOON + HOUR


async def test_a_host_that_cannot_be_reached_is_tried_sooner_than_one_that_answers_errors() -> None:
    """When our own network is away, an hour is not lost for each feed."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, every=HOUR))
    waits = []
    for _ in range(3):
        await room.poll(TemporaryFetchError("the name feeds.example does not resolve"))
        waits.append(((await room.state()).next_poll_at or NOON) - NOON)

    assert waits == [HOUR / 2, HOUR, 2 * HOUR]


async def test_retry_after_binds_the_next_poll() -> None:
    """Even one asked for by hand is skipped until then."""
    room = Room()
    await room.poll(TemporaryFetchError("slow down", status=429, retry_at=NOON + 5 * HOUR))
    early = await room.poll()
    state = await room.state()

    assert (state.not_before, state.next_poll_at) == (NOON + 5 * HOUR, NOON + 5 * HOUR)
    assert (early.result, len(room.web.asked)) == (PollResult.SKIPPED, 1)


async def test_the_wishes_of_a_feed_hold_while_it_is_unchanged() -> None:
    """`ttl` and `skipHours` are remembered for the polls that bring no document."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, every=MINUTE))
    await room.poll(answer(item(1), head="<ttl>120</ttl><skipHours><hour>14</hour></skipHours>"))
    await room.poll(Unchanged(fresh_for=MINUTE))

    assert (await room.state()).next_poll_at == NOON + 3 * HOUR


async def test_not_modified_renews_the_freshness_of_what_it_confirms() -> None:
    """A 304 that says nothing is fresh as long as the body was; one that says so is not fresh at all."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, every=MINUTE))
    await room.poll(answer(item(1), fresh_for=6 * HOUR))
    room.clock.advance(7 * HOUR)
    await room.poll(Unchanged())
    assert (await room.state()).next_poll_at == NOON + 13 * HOUR

    room.clock.advance(6 * HOUR)
    await room.poll(Unchanged(fresh_for=timedelta(0)))
    assert (await room.state()).next_poll_at == NOON + 13 * HOUR + MINUTE


async def test_a_poll_that_comes_late_still_keeps_out_of_the_hours_to_be_skipped() -> None:
    """After a night off, the poll that was due before it waits for the end of such an hour."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, every=HOUR))
    await room.poll(answer(item(1), head="<skipHours><hour>14</hour></skipHours>"))
    room.clock.advance(2 * HOUR + 20 * MINUTE)
    late = await room.poll()

    assert (late.result, len(room.web.asked)) == (PollResult.SKIPPED, 1)
    assert (await room.state()).next_poll_at == NOON + 3 * HOUR + 20 * MINUTE
    room.clock.advance(HOUR)
    assert (await room.poll(answer(item(2)))).result is PollResult.NEW


async def test_a_failing_feed_keeps_its_quiet_hours() -> None:
    """What the feed asked for holds while it fails."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL, every=HOUR))
    await room.poll(answer(item(1), head="<skipHours><hour>14</hour></skipHours>"))
    await room.poll(TemporaryFetchError("busy", status=503))

    assert (await room.state()).next_poll_at == NOON + 3 * HOUR


async def test_silence_is_measured_where_other_sources_told_everything_first() -> None:
    """A feed of known entries is asked less and less, as one of its own would be."""
    room = Room()
    await room.poll(answer(item(1)))
    await room.remember(PollState(source_id="s"))
    await room.poll(answer(item(1), item(1)))

    assert (await room.state()).last_new_at == NOON


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"paused": True}, {}),
        ({}, {"operator_paused": True}),
        ({}, {"state": SourceState.GONE}),
        ({}, {"not_before": NOON + HOUR}),
    ],
)
async def test_a_source_that_is_not_to_be_asked_is_skipped(
    change: dict[str, object], state: dict[str, object]
) -> None:
    """Paused by either hand, gone, or by the server's wish; the claim goes back."""
    room = Room(replace(Source(id="s", kind=SourceKind.FEED, url=URL), **change))  # type: ignore[arg-type]  # table
    await room.articles.sources.sync([room.source], NOON)
    room.articles.sources.kept["s"].state = PollState(source_id="s", **state)  # type: ignore[arg-type]  # table
    room.articles.sources.kept["s"].claimed_until = NOON + HOUR

    outcome = await room.poll()

    assert (outcome.result, room.web.asked) == (PollResult.SKIPPED, [])
    assert room.articles.sources.kept["s"].claimed_until is None
    assert (await room.poller.poll("unknown")).result is PollResult.SKIPPED


# -- moves -----------------------------------------------------------------------------------------


async def test_a_permanent_move_to_a_feed_is_followed_from_then_on() -> None:
    """The new address is polled with the validators; credentials stay with the configured host."""
    source = Source(id="s", kind=SourceKind.FEED, url=URL, auth=Secret("Basic x"), headers=(("X-Key", "1"),))
    room = Room(source)
    await room.poll(answer(item(1), url=MOVED, moved_to=MOVED))
    room.web.answers[MOVED] = Unchanged()
    await room.poll()

    assert [one.url for one in room.web.asked] == [URL, MOVED]
    assert (room.web.asked[0].auth, room.web.asked[0].headers) == (Secret("Basic x"), (("X-Key", "1"),))
    assert (room.web.asked[1].auth, room.web.asked[1].headers, room.web.asked[1].etag) == (None, (), '"1"')
    assert ((await room.state()).state, (await room.state()).moved_to) == (SourceState.MOVED, MOVED)


@pytest.mark.parametrize("target", ["http://news.example/rss", "http://other.example/"])
async def test_a_move_never_gives_up_https(target: str) -> None:
    """It would hand the feed to whoever sits in between."""
    room = Room()
    await room.poll(answer(item(1), url=target, moved_to=target))

    assert (await room.state()).moved_to is None


async def test_a_move_to_a_page_is_not_adopted() -> None:
    """An expired domain that now sells something else does not take the subscription with it."""
    room = Room()
    await room.poll(answer(url=MOVED, moved_to=MOVED, body=b"<html><title>Buy this domain</title></html>"))

    assert ((await room.state()).moved_to, (await room.state()).state) == (None, SourceState.NOT_A_FEED)


async def test_the_configured_address_is_asked_when_the_new_one_breaks() -> None:
    """At once when it is gone or a page, after three failures in a row when it only fails."""
    room = Room()
    await room.remember(PollState(source_id="s", moved_to=MOVED, etag='"9"', last_success_at=NOON))
    room.web.answers[MOVED] = GoneError("gone")
    outcome = await room.poll(answer(item(1)))

    assert outcome.result is PollResult.NEW
    assert [(one.url, one.etag) for one in room.web.asked] == [(MOVED, '"9"'), (URL, None)]
    assert (await room.state()).moved_to is None

    await room.remember(PollState(source_id="s", moved_to=MOVED, last_success_at=NOON))
    room.web.answers[MOVED] = TemporaryFetchError("no answer")
    for _ in range(3):
        await room.poll()
    assert (await room.state()).moved_to is None


# -- labels ----------------------------------------------------------------------------------------


async def test_a_silent_source_is_quiet() -> None:
    """Judged by its own rhythm, also while it only says "not modified"."""
    room = Room()
    await room.poll(answer(*(item(n, at=NOON - 20 * DAY - n * HOUR) for n in range(10))))
    assert (await room.state()).state is SourceState.QUIET

    await room.poll(answer(*(item(n, at=NOON - n * HOUR) for n in range(20, 40))))
    assert (await room.state()).state is SourceState.OK
    room.clock.advance(40 * DAY)
    await room.poll(Unchanged())
    assert (await room.state()).state is SourceState.QUIET


async def test_a_renewed_feed_is_marked_for_a_week() -> None:
    """60 old entries under new ids and addresses are stored, and the source is marked from that moment."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(HOUR)
    outcome = await room.poll(answer(*(item(n, at=NOON - n * DAY) for n in range(100, 160))))
    state = await room.state()

    assert (outcome.new, state.state, state.since) == (60, SourceState.FLOODING, NOON + HOUR)
    assert {one.held_since for one in room.stored[1:]} == {state.since}
    room.clock.advance(6 * DAY)
    await room.poll(Unchanged())
    assert (await room.state()).state is SourceState.FLOODING
    room.clock.advance(2 * DAY)
    await room.poll(Unchanged())
    assert (await room.state()).state is not SourceState.FLOODING


# -- documents and listings ------------------------------------------------------------------------


async def test_large_documents_are_parsed_in_a_child() -> None:
    """A child that dies over one is trouble with that source alone."""
    room = Room()
    large = answer(item(1, body="x" * LARGE_DOCUMENT))
    assert (await room.poll(large)).new == 1
    assert room.children.runs == 1

    room.children.crash = True
    outcome = await room.poll(answer(item(2, body="y" * LARGE_DOCUMENT)))
    assert (outcome.result, (await room.state()).state) == (PollResult.FAILED, SourceState.FAILING)
    assert parse_job(large.body, URL, None, None, None).title == "News"


async def test_visits_of_sites_are_conditional_where_they_can_be() -> None:
    """Validators and freshness of a visit are kept like those of a feed, and go back with the next."""
    room = Room(Source(id="s", kind=SourceKind.SITEMAP, url="https://site.example/news.xml"))
    feed = Feed(title="Map", format="sitemap", entries=())
    room.lister.answer = Listed(feed=feed, etag='"1"', last_modified="yesterday", fresh_for=5 * HOUR)

    await room.poll()
    assert (await room.state()).not_before == NOON + 5 * HOUR
    room.clock.advance(6 * HOUR)
    room.lister.answer = Unchanged(etag='"2"')
    assert (await room.poll()).result is PollResult.UNCHANGED
    room.clock.advance(6 * HOUR)
    await room.poll()

    assert room.lister.asked == [(None, None), ('"1"', "yesterday"), ('"2"', "yesterday")]


async def test_a_source_whose_host_wants_no_request_waits_and_has_not_failed() -> None:
    """What the host told another source; its own state, validators and adopted address stay."""
    room = Room()
    held = HostHeld.by("news.example", now=NOON, wait=2 * HOUR)
    assert (await room.poll(held)).result is PollResult.SKIPPED  # before its first poll, too
    room.clock.advance(3 * HOUR)
    await room.poll(answer(item(1), moved_to=MOVED))
    before = await room.state()

    outcome = await room.poll(HostHeld.by("new.example", now=NOON, wait=5 * HOUR), url=MOVED)

    after = await room.state()
    assert outcome.result is PollResult.SKIPPED
    assert "wants no request for another 18001 s" in (outcome.problem or "")
    assert (after.next_poll_at, after.not_before) == (NOON + 5 * HOUR, NOON + 5 * HOUR)
    assert replace(after, next_poll_at=None, not_before=None) == replace(
        before, next_poll_at=None, not_before=None
    )


async def test_sites_without_feeds_take_the_same_path() -> None:
    """What a listing names is new, known or edited by the same rules; its failures are outcomes too."""
    room = Room(Source(id="s", kind=SourceKind.SITE, url="https://site.example/press"))
    entries = tuple(Entry(id=None, link=f"https://site.example/{n}", title=f"T{n}") for n in range(3))
    room.lister.answer = Feed(title="Press", format="listing", entries=entries)

    assert (await room.poll()).new == 3
    assert (await room.poll()).result is PollResult.NOTHING_NEW
    assert (await room.state()).next_poll_at == NOON + HOUR
    for trouble in (NotAFeedError("its selector finds nothing"), ChildCrashed("the child died")):
        room.lister.answer = trouble
        assert (await room.poll()).result is PollResult.FAILED


@pytest.mark.parametrize(
    "brought",
    [answer(item(1), item(2)), Unchanged(etag='"1"'), TemporaryFetchError("down"), HostHeld("wait")],
    ids=["a list", "not modified", "a failure", "a wish to wait"],
)
async def test_what_an_address_answers_after_it_was_changed_says_nothing_of_the_new_one(
    brought: Fetched | CrawlError,
) -> None:
    """Whatever it is: the new address is asked next, without validators, and waits for no more than the claim."""
    room = Room()
    old, new = room.source, replace(room.source, url="https://news.example/other")
    stored = room.articles.sources
    await stored.sync([old], NOON)
    await room.poll(answer(item(1)))
    room.clock.advance(HOUR)
    assert await stored.claim_due(room.clock.now(), 1, 10 * MINUTE) == ("s",)

    class Slow(Web):
        """A fetcher during whose request the configuration changes."""

        async def get(self, request: Request) -> Fetched:
            await stored.sync([new], room.clock.now())
            return await super().get(request)

    slow = Slow()
    slow.answers[URL] = brought
    room.poller._asker._fetcher = slow
    await room.poll()

    state = await room.state()
    assert (state.state, state.etag, state.listed, state.failures) == (SourceState.NEW, None, None, 0)
    assert (state.next_poll_at, state.not_before) == (None, None)
    assert len(room.stored) == (2 if isinstance(brought, Fetched) else 1)
    assert await stored.claim_due(room.clock.now() + 10 * MINUTE, 1, HOUR) == ("s",)
