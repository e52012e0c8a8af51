"""What a poll notices beside the news: floods, entries that were missed, and what fills the gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from crawler.errors import HostHeld, TemporaryFetchError, Unchanged
from crawler.records import Entry, Feed, GapCause, PollResult, Source, SourceKind, SourceState
from tests.unit.test_poll_outcomes import DAY, HOUR, MINUTE, NOON, URL, Room, answer, item


async def test_a_renewed_feed_is_stored_and_held_for_review() -> None:
    """Other ids, other addresses, the same old news: nothing of it is told before someone says so."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(HOUR)
    old = [item(100 + number, at=NOON - 30 * DAY) for number in range(60)]
    fresh = item(2, at=NOON + 30 * MINUTE)

    outcome = await room.poll(answer(item(1), fresh, *old))

    held = [one for one in room.stored if one.held_since == NOON + HOUR]
    state = await room.state()
    assert (outcome.new, len(held)) == (61, 60)
    assert "Item 2" not in {one.title for one in held}
    assert (state.state, state.since) == (SourceState.FLOODING, NOON + HOUR)
    assert "60 new entries came at once" in (state.problem or "")
    assert "02 Dec 2026" in (state.problem or "")


async def test_titles_that_were_listed_before_make_a_renewal_whatever_its_dates() -> None:
    """Everything dated today, under new ids and addresses."""
    room = Room()
    await room.poll(answer(*(item(number, at=NOON - 2 * DAY) for number in range(60))))
    room.clock.advance(HOUR)
    again = [item(1_000 + number, at=NOON, title=f"ITEM  {number}") for number in range(60)]

    await room.poll(answer(*again))

    assert sum(one.held_since is not None for one in room.stored) == 60
    assert (await room.state()).state is SourceState.FLOODING


async def test_released_articles_are_no_longer_held_and_the_source_is_well() -> None:
    """As known they are never told, as new they are."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(HOUR)
    await room.poll(answer(*(item(100 + number, at=NOON - 30 * DAY) for number in range(60))))

    (flood,) = await room.articles.held()
    assert (flood.source_id, flood.articles) == ("s", 60)
    assert await room.articles.release_held("s", as_new=False, now=NOON + 2 * HOUR) == 60
    assert await room.articles.held() == ()
    assert (await room.state()).state is SourceState.OK
    assert sum(one.backfilled for one in room.stored) == 60


async def test_entries_that_left_the_list_unseen_are_missed_and_it_is_asked_sooner() -> None:
    """Two polls that share no entry although the list is full."""
    room = Room(Source(id="s", kind=SourceKind.FEED, url=URL))
    await room.poll(answer(*(item(number, at=NOON - number * 4 * HOUR) for number in range(1, 11))))
    before = (await room.state()).interval
    room.clock.advance(12 * HOUR)
    burst = [item(100 + number, at=NOON + 12 * HOUR - number * 10 * MINUTE) for number in range(10)]

    outcome = await room.poll(answer(*burst))

    (gap,) = room.articles.sources.missed
    state = await room.state()
    assert (gap.start, gap.end) == (NOON, NOON + 12 * HOUR - 90 * MINUTE)
    assert gap.cause is GapCause.SCROLLED
    assert "may be missed: its list was full of new entries" in (outcome.warning or "")
    assert before is not None
    assert state.interval is not None
    assert state.interval <= 90 * MINUTE / 4 < before
    assert (state.state, outcome.result) == (SourceState.OK, PollResult.NEW)


async def test_a_news_sitemap_of_the_site_is_asked_at_once_and_fills_the_gap() -> None:
    """Though its own rhythm would wait longer; the gap is closed when it reaches back."""
    room = Room()
    sitemap = Source(id="map", kind=SourceKind.SITEMAP, url="https://news.example/news-sitemap.xml")
    sources = {"s": room.source, "map": sitemap}
    room.poller._sources = sources
    await room.articles.sources.sync(list(sources.values()), NOON)
    room.lister.answer = Feed(title="Map", format="sitemap", entries=())
    await room.poller.poll("map")
    await room.poll(answer(*(item(number, at=NOON - HOUR) for number in range(10))))
    room.clock.advance(6 * HOUR)
    later = NOON + 6 * HOUR
    asleep = replace(await room.articles.sources.state("map"), next_poll_at=later + 9 * HOUR)
    room.articles.sources.polled(asleep, later)

    await room.poll(answer(*(item(100 + number, at=later - MINUTE) for number in range(10))))
    assert (await room.articles.sources.state("map")).next_poll_at == later

    room.lister.answer = Feed(
        title="Map",
        format="sitemap",
        entries=tuple(
            Entry(id=None, link=f"https://news.example/{number}", title=f"Item {number}", published_at=at)
            for number, at in ((50, NOON + HOUR), (1, NOON - HOUR))
        ),
    )
    outcome = await room.poller.poll("map")

    (gap,) = room.articles.sources.missed
    assert (outcome.new, gap.source_id, gap.filled_at) == (1, "s", later)


async def test_a_source_that_comes_back_says_what_was_missed() -> None:
    """After two weeks of errors its list begins yesterday."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(DAY)
    await room.poll(TemporaryFetchError("no answer"))
    room.clock.advance(13 * DAY)

    outcome = await room.poll(answer(item(2, at=NOON + 13 * DAY)))

    (gap,) = room.articles.sources.missed
    assert (gap.start, gap.end, gap.cause) == (NOON, NOON + 13 * DAY, GapCause.AWAY)
    assert outcome.warning == (
        "answers again, after 14 days without; "
        "entries of 25 Nov 2026 12:00 to 08 Dec 2026 12:00 UTC may be missed: it did not answer"
    )
    assert (await room.poll(answer(item(3), item(2)))).warning is None


async def test_a_source_that_comes_back_with_all_of_it_says_so() -> None:
    """Three days away, and its list reaches back."""
    room = Room()
    await room.poll(answer(item(1)))
    room.clock.advance(DAY)
    await room.poll(TemporaryFetchError("no answer"))
    room.clock.advance(2 * DAY)

    outcome = await room.poll(answer(item(2, at=NOON + DAY), item(1)))

    assert (
        outcome.warning == "answers again, after 3 days without; its list reaches back, so nothing is missed"
    )


async def test_a_corrected_address_tells_what_came_while_the_old_one_failed() -> None:
    """Not only the `backfill` of a first poll; what is older than the last answer is known."""
    room = Room()
    await room.poll(answer(item(1)))
    moved = replace(room.source, url="https://news.example/new.xml")
    await room.articles.sources.sync([room.source], NOON)
    await room.articles.sources.sync([moved], NOON)
    room.source = moved
    room.clock.advance(20 * DAY)
    entries = [item(50, at=NOON + 19 * DAY), item(51, at=NOON + DAY), item(52, at=NOON - 9 * DAY)]

    await room.poll(answer(*entries, url=moved.url), url=moved.url)

    told = {one.title for one in room.stored if not one.backfilled}
    assert told == {"Item 1", "Item 50", "Item 51"}


async def test_days_that_a_feed_wants_skipped_hold_for_its_next_polls() -> None:
    """They are remembered with the source, and do not bind a person who asks."""
    room = Room()
    wednesday = "<skipDays><day>Wednesday</day></skipDays>"
    await room.poll(answer(item(1), head=wednesday))
    state = await room.state()
    assert state.next_poll_at == NOON + timedelta(hours=12, minutes=30)

    room.articles.sources.polled(replace(state, next_poll_at=NOON), NOON)
    assert (await room.poll(answer(item(2)))).result is PollResult.SKIPPED
    assert (await room.poller.poll("s", asked=True)).result is PollResult.NEW


async def test_an_entry_known_from_another_source_says_nothing_of_what_this_one_missed() -> None:
    """A planet told one of them meanwhile."""
    room = Room()
    planet = Source(id="planet", kind=SourceKind.FEED, url="https://planet.example/rss")
    room.poller._sources = {"s": room.source, "planet": planet}
    await room.poll(answer(*(item(number, at=NOON - HOUR) for number in range(20))))
    room.clock.advance(DAY)
    now = NOON + DAY
    room.web.answers[planet.url] = answer(item(105, at=now - HOUR), url=planet.url)
    await room.poller.poll("planet")

    await room.poll(answer(*(item(number, at=now - HOUR) for number in range(100, 120)), etag='"2"'))

    (gap,) = room.articles.sources.missed
    assert (gap.source_id, gap.start) == ("s", NOON)


async def test_a_wish_of_the_host_is_no_freshness_of_the_feed() -> None:
    """After three days of waiting, a "not modified" that says nothing is followed by the usual poll."""
    room = Room()
    await room.poll(answer(item(1)))
    await room.poll(HostHeld.by("news.example", now=NOON, wait=3 * DAY))
    room.clock.advance(3 * DAY + HOUR)

    await room.poll(Unchanged())

    state = await room.state()
    assert state.not_before is None
    assert state.next_poll_at is not None
    assert state.next_poll_at < NOON + 4 * DAY
