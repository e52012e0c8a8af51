"""`sources test` asks as the next poll would, keeps no article and no validator, and lets hosts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from crawler.asking import Asker
from crawler.care import Habits
from crawler.errors import Cause, CrawlError, GoneError, NotAFeedError, TemporaryFetchError, Unchanged
from crawler.records import Feed, Fetched, PollState, Source, SourceKind, SourceState
from crawler.secret import Secret
from tests.unit.test_poll_outcomes import DAY, HOUR, MINUTE, MOVED, NOON, URL, Listings, Web
from tidings.finding import find_feeds, guesses, probe
from tidings.trial import Reply, ask

FEED = Source(id="s", kind=SourceKind.FEED, url=URL, auth=Secret("Bearer geheim"), headers=(("X-A", "1"),))
HABITS = Habits(floor=15 * MINUTE, timeout=timedelta(seconds=30), contact=True)
POLLED = PollState(
    source_id="s",
    state=SourceState.OK,
    since=NOON - DAY,
    etag='"1"',
    last_modified="then",
    next_poll_at=NOON + 5 * MINUTE,
    last_polled_at=NOON - HOUR,
    last_success_at=NOON - HOUR,
)
BODY = b"<rss version='2.0'><channel><title>T</title><item><title>A</title></item></channel></rss>"


def answer(body: bytes = BODY, url: str = URL, **more: Any) -> Fetched:
    return Fetched(url=url, status=200, headers=(), body=body, **more)


async def asked(
    state: PollState,
    *answers: tuple[str, Fetched | CrawlError],
    source: Source = FEED,
    now: datetime = NOON,
    within_floor: bool = False,
) -> tuple[Reply, Web]:
    web = Web()
    web.answers = dict(answers)
    tested = await ask(
        source,
        state,
        asker=Asker(fetcher=web, lister=Listings(), isolation=None),
        habits=HABITS,
        now=now,
        within_floor=within_floor,
    )
    return tested, web


async def test_it_is_asked_with_what_a_poll_would_send() -> None:
    """Validators, headers and credentials."""
    _, web = await asked(POLLED, (URL, answer()))

    (request,) = web.asked
    assert (request.etag, request.last_modified) == ('"1"', "then")
    assert (request.headers, request.auth) == (FEED.headers, FEED.auth)


async def test_neither_validators_nor_entries_are_kept() -> None:
    """An answer that was not stored must come again."""
    tested, _ = await asked(POLLED, (URL, answer(etag='"2"', last_modified="now")))

    assert tested.feed is not None
    assert replace(tested.after, last_polled_at=None, next_poll_at=None) == replace(
        POLLED, last_polled_at=None, next_poll_at=None
    )
    assert (tested.after.last_polled_at, tested.after.next_poll_at) == (NOON, NOON + 15 * MINUTE)


@pytest.mark.parametrize(
    ("said", "until"),
    [
        (answer(fresh_for=2 * HOUR), NOON + 2 * HOUR),
        (Unchanged(fresh_for=2 * HOUR), NOON + 2 * HOUR),
        (TemporaryFetchError("busy", status=503, retry_at=NOON + DAY), NOON + DAY),
    ],
)
async def test_a_wish_of_the_server_is_remembered(said: Fetched | CrawlError, until: datetime) -> None:
    """It binds the next poll as if that had been one."""
    tested, _ = await asked(POLLED, (URL, said))

    assert tested.after.not_before == tested.after.next_poll_at == until
    again, web = await asked(tested.after, (URL, said), now=NOON + HOUR, within_floor=True)
    assert (again.not_asked is None, web.asked) == (False, [])


async def test_a_later_plan_stays() -> None:
    """A test never brings a poll forward."""
    tested, _ = await asked(replace(POLLED, next_poll_at=NOON + DAY), (URL, answer()))

    assert tested.after.next_poll_at == NOON + DAY


async def test_a_source_that_was_never_polled_stays_due() -> None:
    """Its first poll comes when it would have come; only a wish to wait is remembered."""
    new = PollState(source_id="s")

    well, web = await asked(new, (URL, answer(fresh_for=HOUR)))
    busy, _ = await asked(new, (URL, TemporaryFetchError("busy", status=429, retry_at=NOON + HOUR)))

    assert well.after is new
    assert web.asked[0].etag is None
    assert busy.after.not_before == NOON + HOUR


async def test_a_410_is_kept() -> None:
    """No request comes after it."""
    tested, _ = await asked(POLLED, (URL, GoneError("gone")))

    assert tested.after.state is SourceState.GONE
    assert tested.failed
    again, web = await asked(tested.after, (URL, answer()), within_floor=True)
    assert (again.failed, web.asked) == (True, [])


@pytest.mark.parametrize(
    ("state", "source", "within_floor", "requests"),
    [
        (replace(POLLED, last_polled_at=NOON - 5 * MINUTE), FEED, False, 0),
        (replace(POLLED, last_polled_at=NOON - 5 * MINUTE), FEED, True, 1),
        (replace(POLLED, last_polled_at=NOON - 5 * MINUTE), replace(FEED, every=5 * MINUTE), False, 1),
        (replace(POLLED, last_polled_at=NOON - 16 * MINUTE), replace(FEED, every=DAY), False, 1),
        (
            replace(POLLED, last_polled_at=NOON, failures=1, cause=Cause.NETWORK),
            FEED,
            False,
            1,
        ),
        (
            replace(POLLED, last_polled_at=NOON, failures=1, cause=Cause.BROKEN),
            FEED,
            False,
            0,
        ),
        (replace(POLLED, operator_paused=True), FEED, True, 0),
        (POLLED, replace(FEED, paused=True), True, 0),
        (replace(POLLED, not_before=NOON + MINUTE), FEED, True, 0),
    ],
)
async def test_a_host_is_let_alone_within_the_floor_and_when_it_says_so(
    state: PollState, source: Source, within_floor: bool, requests: int
) -> None:
    """But where nobody answered the last time, asking again troubles no one."""
    tested, web = await asked(state, (URL, answer()), source=source, within_floor=within_floor)

    assert len(web.asked) == requests
    assert (tested.not_asked is None) == bool(requests)
    if not requests:
        assert tested.after is state


async def test_an_adopted_address_is_asked_without_the_credentials_of_the_old() -> None:
    """And shown whole."""
    state = replace(POLLED, moved_to=MOVED)

    tested, web = await asked(state, (MOVED, answer(url=MOVED)))

    assert (web.asked[0].url, web.asked[0].auth, web.asked[0].headers) == (MOVED, None, ())
    assert (tested.care.state, tested.moved_to) == (SourceState.MOVED, MOVED)


async def test_an_adopted_address_of_no_use_makes_the_configured_one_be_asked() -> None:
    """As in a poll, and unconditionally, since the validators were of the other."""
    state = replace(POLLED, moved_to=MOVED)

    tested, web = await asked(state, (MOVED, NotAFeedError("a page")), (URL, answer()))

    assert [(one.url, one.etag) for one in web.asked] == [(MOVED, '"1"'), (URL, None)]
    assert (tested.care.state, tested.moved_to) == (SourceState.OK, None)


async def test_a_site_without_a_feed_is_listed() -> None:
    """By its lister, with the validators of the last visit."""
    source = Source(id="s", kind=SourceKind.SITE, url="https://council.example/press")
    lister = Listings()
    lister.answer = Feed(title="", format="listing", entries=())

    tested = await ask(
        source,
        POLLED,
        asker=Asker(fetcher=Web(), lister=lister, isolation=None),
        habits=HABITS,
        now=NOON,
    )

    assert lister.asked == [('"1"', "then")]
    assert tested.feed is lister.answer


# -- looking for feeds -----------------------------------------------------------------------------

PAGE = "https://news.example/"
HTML = b"<html><head>%b</head></html>"


def named(*urls: str) -> bytes:
    return HTML % b"".join(
        b"<link rel=alternate type=application/rss+xml href='%b'>" % url.encode() for url in urls
    )


async def test_a_page_keeps_the_order_of_its_feeds_whatever_they_answer() -> None:
    """So that a number means the same the next time."""
    web = Web()
    web.answers = {PAGE: answer(named(MOVED, URL), PAGE), MOVED: TemporaryFetchError("no"), URL: answer()}

    search = await find_feeds(PAGE, web)
    second = await find_feeds(PAGE, web, only=2)

    assert [one.url for one in search.options] == [MOVED, URL]
    assert (search.options[0].refused, search.options[0].found) == ("no", None)
    assert [one.url for one in search.found] == [one.url for one in second.found] == [URL]
    assert [one.url for one in web.asked] == [PAGE, MOVED, URL, PAGE, URL]


async def test_guesses_leave_out_what_was_asked() -> None:
    """One address is asked once."""
    everything = guesses(PAGE, ())

    assert guesses(PAGE, everything[:2]) == everything[2:]


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [
        (TemporaryFetchError("not there", status=404), True),
        (NotAFeedError("a page"), True),
        (GoneError("gone"), True),
        (TemporaryFetchError("too many", status=429), False),
        (TemporaryFetchError("no connection"), False),
    ],
)
async def test_guessing_ends_where_a_host_does_not_want_it(fault: CrawlError, goes_on: bool) -> None:
    """A missing page is no refusal."""
    web = Web()
    web.answers = {MOVED: fault, URL: answer()}

    if goes_on:
        found = await probe((MOVED, URL), web)
        assert found is not None
        assert found.url == URL
    else:
        with pytest.raises(TemporaryFetchError):
            await probe((MOVED, URL), web)
        assert len(web.asked) == 1
