"""What people are told of a source: its state, whether it needs them, what was seen, and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler import care, poll_state, wording
from crawler.care import Habits, Need, judge
from crawler.errors import (
    BlockedError,
    Cause,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    HostHeld,
    NotAFeedError,
    TemporaryFetchError,
    TooLarge,
)
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
    ill = {"failures": 12, "last_success_at": NOON - 2 * DAY} if label in care.TROUBLED else {}
    return replace(WELL, **({"state": label, "since": NOON - 2 * DAY, "problem": problem} | ill | more))


def failed(error: CrawlError, **more: Any) -> PollState:
    """A source that was well until two days ago, as its twelfth failed poll leaves it."""
    before = replace(WELL, failures=11, last_success_at=NOON - 2 * DAY)
    return replace(poll_state.failure(before, error, NOON), **more)


def waits(cause: Cause) -> PollState:
    """As `failed`, by what may pass."""
    return failed(TemporaryFetchError("told elsewhere", cause=cause))


def blocked(cause: Cause) -> PollState:
    """As `failed`, by a host that does not want us."""
    return failed(BlockedError("told elsewhere", cause=cause))


def no_feed(cause: Cause) -> PollState:
    """As `failed`, by a document that is no feed."""
    return failed(NotAFeedError("told elsewhere", cause=cause))


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
        failed(GoneError("times.example answers 410 (gone)")),
        FEED,
        "last good answer 23 Nov 2026 12:00 UTC",
        "remove its entry, or look for its successor: `tidings sources add https://times.example/`; "
        "`tidings sources resume times` asks it again",
        Need.NOW,
    ),
    (
        blocked(Cause.STATUS),
        FEED,
        "12 polls in a row failed",
        "ask its publisher",
        Need.NOW,
    ),
    (blocked(Cause.LOGIN), FEED, "", "`auth_file`", Need.NOW),
    (blocked(Cause.LEGAL), FEED, "", "by law", Need.NOW),
    (
        blocked(Cause.ROBOTS),
        SITE,
        "",
        "or use a feed of the site: `tidings sources add https://council.example/`",
        Need.NOW,
    ),
    (
        failed(NotAFeedError("the document is an HTML page titled “News”, not a feed")),
        FEED,
        "12 polls in a row failed",
        "look for the present feed of the site: `tidings sources add https://times.example/`",
        Need.NOW,
    ),
    (
        no_feed(Cause.SITEMAP),
        FEED,
        "",
        "write `sitemap:` instead of `feed:`",
        Need.NOW,
    ),
    (
        no_feed(Cause.OPML),
        FEED,
        "",
        "`tidings sources import FILE.opml`",
        Need.NOW,
    ),
    (
        no_feed(Cause.CHALLENGE),
        FEED,
        "",
        "ask its publisher",
        Need.NOW,
    ),
    (
        failed(NotAFeedError("the selector 'h2 a' finds no link on council.example/press")),
        SITE,
        "",
        "`tidings try site council`",
        Need.NOW,
    ),
    (waits(Cause.NAME), FEED, "", "spelling", Need.NOW),
    (waits(Cause.NETWORK), FEED, "", "network", Need.NOW),
    (waits(Cause.CERTIFICATE), FEED, "", "clock", Need.NOW),
    (waits(Cause.TLS), FEED, "", "tell them", Need.NOW),
    (
        waits(Cause.SLOW),
        FEED,
        "",
        "raise `polling.timeout` (now 30s)",
        Need.NOW,
    ),
    (
        waits(Cause.BROKEN),
        FEED,
        "",
        "its publisher must mend it",
        Need.NOW,
    ),
    (waits(Cause.MISSING), FEED, "", "`tidings sources add", Need.NOW),
    (waits(Cause.BUSY), FEED, "", "less often: `every: 1h`", Need.NOW),
    (failed(HostHeld.by("times.example", now=NOON, wait=HOUR)), FEED, "", "`polling.bridges`", Need.NOW),
    (waits(Cause.STATUS), FEED, "", "`headers`", Need.NOW),
    (waits(Cause.REDIRECTS), FEED, "", "put the one where it ends into its entry", Need.NOW),
    (waits(Cause.HOPS), FEED, "", "into its entry, or raise `polling.max_redirects`", Need.NOW),
    (failed(ForbiddenAddress("not public")), FEED, "", "`polling.allow_private`", Need.NOW),
    (failed(ForbiddenAddress("port 8080", cause=Cause.PORT)), FEED, "", "`polling.ports`", Need.NOW),
    (failed(TooLarge("more than 10 MiB")), FEED, "", "smaller feed", Need.NOW),
    (failed(TooLarge("more than 10 MiB")), FEED, "", "or raise `polling.max_size`", Need.NOW),
    (failed(TooLarge("unpacks", cause=Cause.RATIO)), FEED, "", "or raise `polling.max_ratio`", Need.NOW),
    (failed(TooLarge("headers", cause=Cause.HEADERS)), FEED, "", "raise `polling.max_headers`", Need.NOW),
    (failed(CrawlError("stopped", cause=Cause.SPIDER)), SITE, "", "`tidings try site", Need.NOW),
    (
        failed(CrawlError("its document could not be read: KeyError: 'x'")),
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
    source = replace(FEED, url="https://times.example/news")

    told = judge(source, no_feed(Cause.LINKED), HABITS, now=NOON)
    with_a_token = judge(FEED, no_feed(Cause.LINKED), HABITS, now=NOON)

    assert "`tidings sources add https://times.example/news`" in (told.remedy or "")
    assert "`tidings sources add https://times.example/`" in (with_a_token.remedy or "")


@pytest.mark.parametrize("label", sorted(care.TROUBLED))
def test_trouble_remembered_by_an_older_version_has_the_general_remedy(label: SourceState) -> None:
    """Its words may name a cause, but it is not read back from them."""
    told = judge(FEED, state(label, "a.example answers 404 (not found)"), HABITS, now=NOON)
    unknown = judge(FEED, state(label, "for a reason of its own"), HABITS, now=NOON)

    assert told.cause is None
    assert told.remedy == unknown.remedy


def test_the_cause_is_told_only_of_trouble() -> None:
    """A source that is paused meanwhile may long be well again."""
    ill = waits(Cause.NETWORK)

    assert judge(FEED, ill, HABITS, now=NOON).cause is Cause.NETWORK
    assert judge(FEED, replace(ill, operator_paused=True), HABITS, now=NOON).cause is None


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
    ("failures", "good", "cause", "need"),
    [
        (1, NOON - HOUR, Cause.BROKEN, Need.NOTHING),
        (1, NOON - HOUR, None, Need.NOTHING),
        (3, NOON - HOUR, Cause.BROKEN, Need.NOW),
        (1, NOON - 7 * HOUR, Cause.BROKEN, Need.NOW),
        (1, None, Cause.MISSING, Need.NOW),
        (1, NOON - HOUR, Cause.ADDRESS, Need.NOW),
        (1, NOON - HOUR, Cause.PORT, Need.NOW),
        (1, NOON - HOUR, Cause.LARGE, Need.NOW),
        (1, NOON - HOUR, Cause.RATIO, Need.NOW),
        (1, NOON - HOUR, Cause.HEADERS, Need.NOW),
    ],
)
def test_a_failure_that_may_pass_by_itself_needs_nobody(
    failures: int, good: datetime | None, cause: Cause | None, need: Need
) -> None:
    """A new source that never answered, and what our own limits refuse, do at once."""
    ill = state(SourceState.FAILING, "told elsewhere", cause=cause, failures=failures, last_success_at=good)

    told = judge(FEED, ill, HABITS, now=NOON)

    assert told.need is need
    if need is Need.NOTHING:
        assert told.remedy == "nothing to do yet: it is asked again 25 Nov 2026 13:00 UTC"


def test_without_a_contact_a_blocked_source_asks_for_one_first() -> None:
    """A publisher lets in whom he can write to."""
    without = judge(FEED, blocked(Cause.STATUS), replace(HABITS, contact=False), now=NOON)

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
