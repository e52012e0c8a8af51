"""Entries that left a feed before they were seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from crawler.gaps import filled_by, noticed, rhythm_for, scrolled, sitemaps_beside
from crawler.records import GapCause, PollState, Source, SourceGap, SourceKind

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FULL = [NOW - number * 10 * MINUTE for number in range(20)]  # reaches back 190 minutes
SITE = "https://www.times.example"


def state(last: timedelta = 6 * HOUR, **facts: object) -> PollState:
    plain = {"source_id": "times", "last_success_at": NOW - last, "listed": 20}
    return PollState(**(plain | facts))  # type: ignore[arg-type]  # a table of facts


def test_a_full_list_without_a_known_entry_may_have_lost_some() -> None:
    """From the last poll to the oldest entry listed."""
    gap = noticed(state(), FULL, known=(), now=NOW)

    assert gap is not None
    assert (gap.start, gap.end, gap.cause) == (NOW - 6 * HOUR, NOW - 190 * MINUTE, GapCause.SCROLLED)
    assert (gap.noticed_at, gap.filled_at) == (NOW, None)


@pytest.mark.parametrize(
    ("before", "dates", "known"),
    [
        (state(), FULL, FULL[-1:]),
        (state(), FULL[:8], ()),
        (state(3 * HOUR), FULL, ()),
        (PollState(source_id="times"), FULL, ()),
        (state(listed=2), FULL[:2], ()),
        (state(), [], ()),
        (state(failures=2), FULL, FULL[-3:]),
        (state(), [None, *FULL], (None,)),
    ],
    ids=[
        "one is known",
        "the list is not full",
        "it reaches back",
        "first list",
        "a short list",
        "empty",
        "hours away",
        "one without a date is known",
    ],
)
def test_nothing_is_missed_while_the_list_reaches_back(
    before: PollState, dates: list[datetime | None], known: Sequence[datetime | None]
) -> None:
    """No warning without a reason."""
    assert noticed(before, dates, known=known, now=NOW) is None


def test_a_list_a_little_shorter_than_the_last_is_full_all_the_same() -> None:
    """One entry of twenty was taken back."""
    assert noticed(state(), FULL[:19], known=(), now=NOW) is not None


def test_a_few_entries_that_are_always_renewed_are_no_loss() -> None:
    """A forecast is told of three times, then it is known for what it is; a full list never is."""
    forecast = [NOW - number * HOUR for number in range(4)]
    gap = noticed(state(listed=4, scrolled=2), forecast, known=(), now=NOW)

    assert gap is not None
    assert noticed(state(listed=4, scrolled=3), forecast, known=(), now=NOW) is None
    assert noticed(state(scrolled=9), FULL, known=(), now=NOW) is not None
    assert [scrolled(state(scrolled=2), *told) for told in ((gap, 0), (None, 0), (None, 1))] == [3, 2, 0]


def test_a_source_that_wakes_up_has_lost_nothing() -> None:
    """An hourly feed after a quiet weekend, a dormant one after a year: all but the newest entry is known."""
    for silence in (3 * DAY, 365 * DAY):
        old = [NOW - silence - number * HOUR for number in range(19)]
        assert noticed(state(interval=HOUR / 2), [NOW, *old], known=old, now=NOW) is None
    pins = [NOW - 30 * DAY] * 5
    assert noticed(state(interval=HOUR / 2), [*pins, *FULL[:15]], known=pins, now=NOW) is not None


def test_an_entry_pinned_to_the_top_proves_nothing() -> None:
    """It is far older than the last poll, by the habits of the source."""
    pinned = NOW - 30 * DAY
    weekly = state(interval=2 * DAY)

    assert noticed(state(), [pinned, *FULL], known=(pinned,), now=NOW) is not None
    assert noticed(weekly, [pinned, *FULL], known=(pinned,), now=NOW) is None


def test_a_source_that_comes_back_says_from_when_its_list_is_whole() -> None:
    """Three weeks without an answer, and a list of some hours."""
    gap = noticed(state(21 * DAY, failures=30), FULL[:8], known=(), now=NOW)

    assert gap is not None
    assert (gap.start, gap.end, gap.cause) == (NOW - 21 * DAY, NOW - 70 * MINUTE, GapCause.AWAY)
    assert gap.filled_at is None


def test_a_source_that_comes_back_with_everything_was_away_and_lost_nothing() -> None:
    """Readers learn when it was away, and that it is caught up."""
    gap = noticed(state(3 * DAY, failures=9), [*FULL, NOW - 4 * DAY], known=(NOW - 4 * DAY,), now=NOW)

    assert gap is not None
    assert (gap.start, gap.end, gap.filled_at) == (NOW - 3 * DAY, NOW, NOW)


def test_a_corrected_address_was_away_as_long_as_the_old_one_was_silent() -> None:
    """Its first list is compared with the last one of the old address."""
    gap = noticed(state(9 * DAY, listed=None), FULL, known=(), now=NOW)

    assert gap is not None
    assert gap.cause is GapCause.AWAY


def test_a_list_must_be_read_four_times_while_it_scrolls_by() -> None:
    """By its own dates, else by the time since the last poll."""
    assert rhythm_for(FULL, now=NOW, last=NOW - DAY) == 190 * MINUTE / 4
    assert rhythm_for([None] * 20, now=NOW, last=NOW - DAY) == 6 * HOUR
    assert rhythm_for([None] * 20, now=NOW, last=NOW + HOUR) == timedelta()  # the clock was set back since


def source(source_id: str, kind: SourceKind, url: str, **facts: object) -> Source:
    return Source(id=source_id, kind=kind, url=url, **facts)  # type: ignore[arg-type]  # fields by name


FEED = source("times", SourceKind.FEED, "https://feeds.times.example/all.xml")
MAP = source("map", SourceKind.SITEMAP, f"{SITE}/news-sitemap.xml")
OTHERS = (
    source("paused", SourceKind.SITEMAP, f"{SITE}/other.xml", paused=True),
    source("post", SourceKind.SITEMAP, "https://post.example/news-sitemap.xml"),
)


def test_the_news_sitemap_of_the_same_site_is_asked_for_what_was_missed() -> None:
    """By the host of the feed, or of the site that the feed names."""
    elsewhere = source("times", SourceKind.FEED, "https://proxy.example/times")

    assert sitemaps_beside(FEED, None, (FEED, MAP, *OTHERS)) == ("map",)
    assert sitemaps_beside(elsewhere, f"{SITE}/", (MAP, *OTHERS)) == ("map",)
    assert sitemaps_beside(elsewhere, None, (MAP, *OTHERS)) == ()


def test_a_sitemap_that_reaches_back_fills_the_gap() -> None:
    """One that begins later, and one of another site, do not."""
    gap = SourceGap(
        source_id="times",
        start=NOW - 6 * HOUR,
        end=NOW - 3 * HOUR,
        cause=GapCause.SCROLLED,
        noticed_at=NOW,
    )
    every = (FEED, MAP, *OTHERS)

    assert filled_by(MAP, [NOW, NOW - 7 * HOUR], [gap], every) == (gap,)
    assert filled_by(MAP, [NOW, NOW - 5 * HOUR], [gap], every) == ()
    assert filled_by(OTHERS[1], [NOW, NOW - 7 * HOUR], [gap], every) == ()
    assert filled_by(FEED, [NOW, NOW - 7 * HOUR], [gap], every) == ()
