"""What people are told of a source: its state, whether it needs them, what was seen, and what to do."""

from __future__ import annotations

import errno
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from crawler import care, wording
from crawler.care import Habits, Need, judge
from crawler.causes import Cause, cause_of
from crawler.errors import CrawlError
from crawler.feeds.verdict import why_not
from crawler.net import answers
from crawler.net.failures import explain
from crawler.net.guard import AddressGuard, RefusedAddress
from crawler.records import GapCause, PollState, Source, SourceGap, SourceKind, SourceState

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = Source(id="times", kind=SourceKind.FEED, url="https://times.example/rss.xml?key=geheim")
SITE = Source(id="council", kind=SourceKind.SITE, url="https://council.example/press")
HABITS = Habits(floor=15 * MINUTE, timeout=30 * timedelta(seconds=1), contact=True)
WELL = PollState(
    source_id="times",
    state=SourceState.OK,
    since=NOON - 30 * DAY,
    etag='"1"',
    next_poll_at=NOON + HOUR,
    last_polled_at=NOON,
    last_success_at=NOON,
    last_new_at=NOON - 2 * HOUR,
    interval=90 * MINUTE,
)


def state(label: SourceState, problem: str | None = None, **more: Any) -> PollState:
    """A source that was well until two days ago."""
    ill = {"failures": 12, "last_success_at": NOON - 2 * DAY} if label in FAILED else {}
    return replace(WELL, **({"state": label, "since": NOON - 2 * DAY, "problem": problem} | ill | more))


FAILED = {SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED}
HELD_BACK = "60 new entries came at once and look like a renewal of the feed; held for review"

TABLE = [
    # state, source, what was seen, what to do, whom it needs
    (WELL, FEED, "usually a new entry every 3 hours", None, Need.NOTHING),
    (PollState(source_id="times"), FEED, "not asked yet", "`tidings run` or `tidings once`", Need.NOTHING),
    (
        state(SourceState.QUIET, "nothing new since 02 Nov 2026, far longer than usual"),
        FEED,
        "last new entry 25 Nov 2026 10:00 UTC",
        "`tidings sources add https://times.example/`",
        Need.SOMETIME,
    ),
    (
        state(SourceState.MOVED, "moved", moved_to="https://new.example/feed"),
        FEED,
        "",
        "put https://new.example/feed into its entry",
        Need.SOMETIME,
    ),
    (
        state(SourceState.MOVED, "moved", moved_to="https://new.example/feed?token=geheim"),
        FEED,
        "",
        "`tidings sources test times` shows the whole of it",
        Need.SOMETIME,
    ),
    (
        state(SourceState.GONE, "times.example answers 410 (gone)", next_poll_at=None),
        FEED,
        "last good answer 23 Nov 2026 12:00 UTC",
        "remove its entry, or look for its successor: `tidings sources add https://times.example/`; "
        "`tidings sources resume times` asks it again",
        Need.NOW,
    ),
    (
        state(SourceState.BLOCKED, "times.example answers 403 (forbidden)"),
        FEED,
        "12 polls in a row failed",
        "ask its publisher",
        Need.NOW,
    ),
    (state(SourceState.BLOCKED, "times.example answers 401 (x)"), FEED, "", "`auth_file`", Need.NOW),
    (state(SourceState.BLOCKED, "times.example answers 451 (x)"), FEED, "", "by law", Need.NOW),
    (
        state(SourceState.BLOCKED, "robots.txt of council.example does not allow this page"),
        SITE,
        "",
        "or use a feed of the site: `tidings sources add https://council.example/`",
        Need.NOW,
    ),
    (
        state(SourceState.NOT_A_FEED, "the document is an HTML page titled “News”, not a feed"),
        FEED,
        "12 polls in a row failed",
        "look for the present feed of the site: `tidings sources add https://times.example/`",
        Need.NOW,
    ),
    (
        state(SourceState.NOT_A_FEED, why_not("<urlset></urlset>", "https://times.example/")),
        FEED,
        "",
        "write `sitemap:` instead of `feed:`",
        Need.NOW,
    ),
    (
        state(SourceState.NOT_A_FEED, why_not("<opml></opml>", "https://times.example/")),
        FEED,
        "",
        "`tidings sources import FILE.opml`",
        Need.NOW,
    ),
    (
        state(SourceState.NOT_A_FEED, "a challenge page came instead of the feed; the host wants a browser"),
        FEED,
        "",
        "ask its publisher",
        Need.NOW,
    ),
    (
        state(SourceState.NOT_A_FEED, "the selector 'h2 a' finds no link on council.example/press"),
        SITE,
        "",
        "`tidings try site council`",
        Need.NOW,
    ),
    (state(SourceState.FAILING, "the name a.example does not resolve"), FEED, "", "spelling", Need.NOW),
    (state(SourceState.FAILING, "a.example refused the connection"), FEED, "", "network", Need.NOW),
    (state(SourceState.FAILING, "the certificate of a is not accepted: x"), FEED, "", "clock", Need.NOW),
    (state(SourceState.FAILING, "no TLS with a.example"), FEED, "", "tell them", Need.NOW),
    (
        state(SourceState.FAILING, "a.example does not finish its answer within 30 s"),
        FEED,
        "",
        "raise `polling.timeout` (now 30s)",
        Need.NOW,
    ),
    (
        state(SourceState.FAILING, "a.example answers 503 (x)"),
        FEED,
        "",
        "its publisher must mend it",
        Need.NOW,
    ),
    (state(SourceState.FAILING, "a.example answers 404 (x)"), FEED, "", "`tidings sources add", Need.NOW),
    (state(SourceState.FAILING, "a.example answers 429 (x)"), FEED, "", "less often: `every: 1h`", Need.NOW),
    (state(SourceState.FAILING, "a.example answers 406 (x)"), FEED, "", "`headers`", Need.NOW),
    (state(SourceState.FAILING, "a.example redirects in a circle"), FEED, "", "browser", Need.NOW),
    (state(SourceState.FAILING, "10.0.0.1 is not a public address"), FEED, "", "allow_private", Need.NOW),
    (state(SourceState.FAILING, "a.example sends more than 10 MiB"), FEED, "", "smaller feed", Need.NOW),
    (state(SourceState.FAILING, "the spider of council failed: x"), SITE, "", "`tidings try site", Need.NOW),
    (
        state(SourceState.FAILING, "its document could not be read: KeyError: 'x'"),
        FEED,
        "",
        "`tidings sources test times`",
        Need.NOW,
    ),
    (
        replace(WELL, operator_paused=True),
        FEED,
        "last asked 25 Nov 2026 12:00 UTC",
        "`tidings sources resume times`",
        Need.NOTHING,
    ),
    (WELL, replace(FEED, paused=True), "last asked", "remove `paused: true`", Need.NOTHING),
]


@pytest.mark.parametrize(("remembered", "source", "seen", "remedy", "need"), TABLE)
def test_each_state_has_its_evidence_and_its_remedy(
    remembered: PollState, source: Source, seen: str, remedy: str | None, need: Need
) -> None:
    """No text of them holds the query of an address."""
    told = judge(source, replace(remembered, source_id=source.id), HABITS, now=NOON)

    assert seen in "\n".join(told.evidence)
    assert (told.remedy is None) == (remedy is None)
    assert (remedy or "") in (told.remedy or "")
    assert told.need is need
    assert "geheim" not in f"{told.problem} {told.evidence} {told.remedy}"


@pytest.mark.parametrize("label", SourceState)
def test_every_state_but_a_healthy_one_has_a_remedy(label: SourceState) -> None:
    """Whatever the reason is, known or not."""
    paused = label is SourceState.PAUSED

    told = judge(FEED, state(label, "for a reason of its own", operator_paused=paused), HABITS, now=NOON)

    assert (told.remedy is None) == (told.state is SourceState.OK)


def test_a_move_is_told_without_its_query() -> None:
    """Also while the source is quiet."""
    moved = state(SourceState.MOVED, "moved", moved_to="https://new.example:8443/feed?token=geheim")
    quiet = replace(moved, state=SourceState.QUIET)

    assert judge(FEED, moved, HABITS, now=NOON).problem == "moved for good to https://new.example:8443/feed?…"
    assert "answers at https://new.example:8443/feed?…" in judge(FEED, quiet, HABITS, now=NOON).evidence


def test_a_page_that_links_to_a_feed_is_where_it_is_found() -> None:
    """The configured address is that of the page."""
    page = "<html><head><link rel=alternate type='application/rss+xml' href='/rss'></head></html>"
    source = replace(FEED, url="https://times.example/news")
    ill = state(SourceState.NOT_A_FEED, why_not(page, source.url))

    assert "`tidings sources add https://times.example/news`" in (
        judge(source, ill, HABITS, now=NOON).remedy or ""
    )


def test_a_flood_says_how_it_ends_and_when_by_itself() -> None:
    """Both ways to release it, and the day on which what is held counts as known."""
    told = judge(FEED, state(SourceState.FLOODING, HELD_BACK, since=NOON - DAY), HABITS, now=NOON, held=60)

    assert (told.state, told.need) == (SourceState.FLOODING, Need.NOW)
    assert "60 articles held for review" in told.evidence
    assert "`tidings sources release times --as new`" in (told.remedy or "")
    assert "`--as known`" in (told.remedy or "")
    assert "by itself on 01 Dec 2026 12:00 UTC" in (told.remedy or "")


def test_a_flood_whose_time_is_over_is_none() -> None:
    """Also before the next poll has said so."""
    told = judge(FEED, state(SourceState.FLOODING, HELD_BACK, since=NOON - 8 * DAY), HABITS, now=NOON)

    assert (told.state, told.problem, told.remedy) == (SourceState.OK, None, None)


def test_what_is_held_is_told_in_every_other_state_too() -> None:
    """A source that is gone since has its articles waiting all the same."""
    told = judge(FEED, state(SourceState.GONE, "gone"), HABITS, now=NOON, held=1)

    assert "1 article held for review" in told.evidence
    assert "look for its successor" in (told.remedy or "")
    assert "`tidings sources release times --as new`" in (told.remedy or "")


@pytest.mark.parametrize(
    ("failures", "good", "problem", "need"),
    [
        (1, NOON - HOUR, "a.example answers 503 (x)", Need.NOTHING),
        (3, NOON - HOUR, "a.example answers 503 (x)", Need.NOW),
        (1, NOON - 7 * HOUR, "a.example answers 503 (x)", Need.NOW),
        (1, None, "a.example answers 404 (x)", Need.NOW),
        (1, NOON - HOUR, "a.example sends more than 10 MiB", Need.NOW),
    ],
)
def test_a_failure_that_may_pass_by_itself_needs_nobody(
    failures: int, good: datetime | None, problem: str, need: Need
) -> None:
    """A new source that never answered, and what our own limits refuse, do at once."""
    ill = state(SourceState.FAILING, problem, failures=failures, last_success_at=good)

    told = judge(FEED, ill, HABITS, now=NOON)

    assert told.need is need
    if need is Need.NOTHING:
        assert told.remedy == "nothing to do yet: it is asked again 25 Nov 2026 13:00 UTC"


def test_without_a_contact_a_blocked_source_asks_for_one_first() -> None:
    """A publisher lets in whom he can write to."""
    blocked = state(SourceState.BLOCKED, "times.example answers 403 (forbidden)")

    without = judge(FEED, blocked, replace(HABITS, contact=False), now=NOON)

    assert (without.remedy or "").startswith("say who asks: set `polling.contact`")


def gap(cause: GapCause, **more: Any) -> SourceGap:
    start, end = NOON - DAY, NOON - 20 * HOUR
    return SourceGap(source_id="times", start=start, end=end, cause=cause, noticed_at=NOON - HOUR, **more)


BETWEEN = "between 24 Nov 2026 12:00 UTC and 24 Nov 2026 16:00 UTC"


@pytest.mark.parametrize(
    ("missed", "interval", "source", "seen", "remedy"),
    [
        (gap(GapCause.SCROLLED), 11 * MINUTE, FEED, "it may have missed entries " + BETWEEN, "`every: 10m`"),
        (gap(GapCause.SCROLLED), MINUTE, FEED, "more came than its list holds", "`every: 5m`"),
        (gap(GapCause.SCROLLED), HOUR, FEED, "it may have missed", "it is asked more often since"),
        (gap(GapCause.SCROLLED), HOUR, replace(FEED, every=6 * HOUR), "it may have", "`every: 1h`"),
        (gap(GapCause.AWAY), HOUR, FEED, "it did not answer", "`sitemap:`"),
        (gap(GapCause.AWAY, filled_at=NOON), HOUR, FEED, f"it did not answer {BETWEEN}; nothing", None),
        (gap(GapCause.SCROLLED, filled_at=NOON), HOUR, FEED, "found later in a sitemap", None),
    ],
)
def test_a_time_that_may_be_missing_is_told_for_a_week(
    missed: SourceGap, interval: timedelta, source: Source, seen: str, remedy: str | None
) -> None:
    """With what keeps it from happening again; a time that was filled since asks for nothing."""
    learned = replace(WELL, interval=interval)

    told = judge(source, learned, HABITS, now=NOON, gaps=[missed])
    later = judge(source, learned, HABITS, now=NOON + 8 * DAY, gaps=[missed])

    assert seen in told.evidence[-1]
    assert (remedy or "") in (told.remedy or "")
    assert told.need is (Need.SOMETIME if remedy else Need.NOTHING)
    assert told.gaps == (missed,)
    assert (later.gaps, later.need) == ((), Need.NOTHING)


def test_a_gap_of_another_source_is_not_told() -> None:
    """The store gives those of all."""
    other = replace(gap(GapCause.SCROLLED), source_id="other")

    assert judge(FEED, WELL, HABITS, now=NOON, gaps=[other]).gaps == ()


def test_the_site_of_a_host_for_feeds_is_not_guessed() -> None:
    """feeds.example.org is no front page."""
    source = replace(FEED, url="https://feeds.example.org/all")

    told = judge(source, state(SourceState.GONE, "gone"), HABITS, now=NOON)

    assert "`tidings sources add SITE`" in (told.remedy or "")


# -- the cause is read back from the sentence that tells it --------------------------------------------


def certificate() -> Exception:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "certificate has expired"
    return error


def connector(error: OSError) -> aiohttp.ClientConnectorError:
    key: Any = SimpleNamespace(host="a.example", port=443, ssl=True, is_ssl=True)
    return aiohttp.ClientConnectorError(key, error)


FAULTS = [
    (certificate(), Cause.CERTIFICATE),
    (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), Cause.TLS),
    (connector(ConnectionRefusedError(errno.ECONNREFUSED, "x")), Cause.NETWORK),
    (connector(OSError(errno.ENETUNREACH, "x")), Cause.NETWORK),
    (connector(OSError("several")), Cause.NETWORK),
    (connector(OSError(errno.EPIPE, "x")), Cause.NETWORK),
    (connector(RefusedAddress()), Cause.ADDRESS),
    (aiohttp.ConnectionTimeoutError(), Cause.NETWORK),
    (TimeoutError(), Cause.SLOW),
    (aiohttp.ServerDisconnectedError(), Cause.NETWORK),
    (aiohttp.ClientPayloadError(), Cause.NETWORK),
    (ConnectionResetError(errno.ECONNRESET, "x"), Cause.NETWORK),
    (aiohttp.ClientError(), Cause.BROKEN),
    (UnicodeError(), Cause.ADDRESS),
]


@pytest.mark.parametrize(("fault", "cause"), FAULTS)
def test_the_cause_of_a_failed_connection_is_read_back(fault: Exception, cause: Cause) -> None:
    """From the very sentences that the fetcher tells."""
    told = explain(fault, host="a.example", connect=10 * timedelta(seconds=1), total=timedelta(seconds=30))

    assert cause_of(str(told)) is cause


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, Cause.STATUS),
        (401, Cause.LOGIN),
        (403, Cause.STATUS),
        (404, Cause.MISSING),
        (429, Cause.BUSY),
        (451, Cause.LEGAL),
        (500, Cause.SERVER),
        (503, Cause.SERVER),
        (599, Cause.SERVER),
    ],
)
def test_the_cause_of_a_status_is_read_back(status: int, cause: Cause) -> None:
    """Whatever the host is called."""
    told = answers.trouble(status, (), host="xn--404-5xx.example", now=NOON)

    assert cause_of(str(told)) is cause


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/",
        "http://a.example:22/",
        "ftp://a.example/",
        "http://u:p@a.example/",
        "http://a b/",
        "http://a.example/" + 2048 * "x",
        "http://a\x00.example/",
    ],
)
def test_what_the_guard_refuses_is_a_matter_of_the_address(address: str) -> None:
    """Only its owner can correct it."""
    with pytest.raises(CrawlError) as refused:
        AddressGuard(()).target(address)

    assert cause_of(str(refused.value)) is Cause.ADDRESS


def test_a_title_in_a_problem_decides_nothing() -> None:
    """A page may be titled like one of our own sentences."""
    page = "<html><head><title>a.example answers 404</title></head></html>"

    assert cause_of(why_not(page, "https://a.example/")) is Cause.OTHER
    assert cause_of(None) is Cause.OTHER


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "minute"),
        (MINUTE, "minute"),
        (20 * MINUTE, "20 minutes"),
        (HOUR, "hour"),
        (90 * MINUTE, "90 minutes"),
        (3 * HOUR, "3 hours"),
        (DAY, "day"),
        (36 * HOUR, "36 hours"),
        (12 * DAY, "12 days"),
    ],
)
def test_a_rhythm_is_told_in_words(length: timedelta, words: str) -> None:
    """To go behind `every`."""
    assert wording.span(length) == words


def test_a_duration_is_written_as_in_yaml() -> None:
    """So that it can be copied."""
    assert [wording.duration(one) for one in (30 * timedelta(seconds=1), 10 * MINUTE, 2 * HOUR)] == [
        "30s",
        "10m",
        "2h",
    ]


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    """Neither user name nor query nor fragment."""
    assert wording.shown("https://u:p@a.example:8443/x?key=1#y") == "https://a.example:8443/x?…"
    assert care.RECENT == 7 * DAY
