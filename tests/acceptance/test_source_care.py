"""A source that is renewed, goes away, comes back, or runs faster than it is asked: what its readers are told."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from tests.acceptance.conftest import configure
from tests.acceptance.world import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    Item,
    World,
    configured,
    desk,
    plain,
    settings,
    told,
)

HOURLY = "every: 1h"


def old(number: int, front: str) -> Item:
    published = NOON - timedelta(days=30 if front == "a" else 20, minutes=number)
    return Item(slug=f"{front}{number}", title=f"Semiconductor plant {number} opens", published=published)


def last(world: World) -> str:
    """The text of the last mail, in one line."""
    return " ".join(plain(world.mailbox.mails[-1]).split())


async def renewed(world: World) -> None:
    """A feed of sixty old entries gets other ids, addresses and dates for them, and one entry that is news."""
    world.press.feeds["times"] = [old(number, "a") for number in range(60)]
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 20 * MINUTE)
        world.press.feeds["times"] = [old(number, "b") for number in range(60)]
        world.press.add("times", "news", NOON + 25 * MINUTE)
        await world.live(app, NOON + 70 * MINUTE)


async def test_a_renewed_feed_is_one_block_of_the_next_digest(world: World) -> None:
    """Sixty old stories under new addresses make no mail of sixty stories; what is news is told."""
    await renewed(world)

    (mail,) = world.mailbox.mails
    assert told([mail]).news["news"] == 1
    assert "Held for review: times" in last(world)
    assert "60 entries came at once" in last(world)
    assert "60 of them match what you follow" in last(world)
    assert "tidings sources release times --as new" in last(world)
    assert "1 new story from 1 outlet. 60 articles held for review." in last(world)
    assert [one for one in world.reports if "60 new entries came at once" in (one.warning or "")]


async def test_what_is_held_is_told_when_it_is_released(world: World) -> None:
    """All of it, once, in the digest after the release, late as it is."""
    await renewed(world)
    async with world.running() as app:
        await app.stores.articles.release_held("times", as_new=True, now=world.clock.now())
        await world.live(app, NOON + 3 * HOUR)

    assert len(world.mailbox.mails) == 2
    assert set(told(world.mailbox.mails[1:]).news) == {f"b{number}" for number in range(60)}
    assert "Held for review" not in last(world)
    assert "60 new stories" in last(world)


async def test_what_nobody_releases_is_known_after_a_week(world: World) -> None:
    """No second block, no story, and the source is well again."""
    await renewed(world)
    async with world.running() as app:
        world.clock.time = NOON + 8 * DAY
        await app.tidy()
        await world.live(app, NOON + 8 * DAY + 2 * HOUR)
        assert await app.stores.articles.held() == ()
        (state,) = await app.stores.sources.states()

    assert len(world.mailbox.mails) == 1
    assert "review" not in (state.problem or "")


async def test_a_source_that_comes_back_tells_for_which_time_it_was_not_covered(world: World) -> None:
    """Ten days of errors; then a list that begins yesterday, of more than fifty entries, all of them told."""
    world.press.add("times", "before", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, daily="at: '11:00', when_empty: send")
    async with world.running() as app:
        await world.live(app, NOON + 20 * MINUTE)
        world.press.status["/feed/times"] = 500
        await world.live(app, NOON + DAY, step=HOUR)
        assert "Failing: times" in last(world)
        await world.live(app, NOON + 10 * DAY, step=6 * HOUR)
        back = world.clock.time
        world.press.feeds["times"] = []
        for number in range(60, 0, -1):
            world.press.add("times", f"n{number}", back - number * 20 * MINUTE)
        del world.press.status["/feed/times"]
        await world.live(app, back + 2 * DAY, step=HOUR)

    news = told(world.mailbox.mails).news
    assert {f"n{number}" for number in range(1, 61)} <= set(news)
    texts = [" ".join(plain(mail).split()) for mail in world.mailbox.mails]
    assert not [one for one in texts if "Held for review" in one]
    (noticed,) = [one for one in texts if "Not covered: times, Tue 24 Nov, 12:20 to Thu 3 Dec" in one]
    assert re.search(r"\d+ (h|min|days).* not covered at \d+ sources?, see below\.", noticed)
    (warning,) = [one.warning for one in world.reports if one.warning is not None]
    assert warning.startswith("answers again, after 10 days without; entries of 24 Nov 2026 12:20 to")


def sitemap(port: int, *items: tuple[str, datetime]) -> str:
    urls = "".join(
        f"<url><loc>http://127.0.0.1:{port}/{slug}</loc><news:news><news:publication><news:name>Times</news:name>"
        f"<news:language>en</news:language></news:publication><news:publication_date>{at.isoformat()}"
        f"</news:publication_date><news:title>{escape(f'Semiconductor plant {slug} opens')}</news:title>"
        f"</news:news></url>"
        for slug, at in items
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    )


async def test_what_scrolled_out_of_a_feed_is_fetched_from_the_sitemap_of_its_site(
    world: World, tmp_path: Path
) -> None:
    """The feed lists ten, fifteen came: the five that it lists no more are told all the same."""
    for number in range(10, 0, -1):
        world.press.add("times", f"a{number}", NOON - number * HOUR)
    port = world.press.port
    more = f'  - {{id: map, sitemap: "http://127.0.0.1:{port}/news.xml", every: 24h, full_text: never}}\n'
    configure(
        tmp_path / "config",
        sources=world.press.sources(more).replace("every: 10m", "every: 2h"),
        **desk(world.mailbox.port, hourly=HOURLY),
    )
    first = [(f"a{number}", NOON - number * HOUR) for number in range(1, 11)]
    world.press.pages["/news.xml"] = sitemap(port, *first)
    async with world.running(settings(tmp_path)) as app:
        await world.live(app, NOON + 10 * MINUTE)
        burst = [(f"b{number}", NOON + 30 * MINUTE + number * MINUTE) for number in range(15)]
        for slug, moment in burst:
            world.press.add("times", slug, moment)
        world.press.feeds["times"] = world.press.feeds["times"][:10]
        world.press.pages["/news.xml"] = sitemap(port, *reversed(burst), *first)
        await world.live(app, NOON + 5 * HOUR)
        (gap,) = await app.stores.sources.gaps(NOON - DAY)

    found = told(world.mailbox.mails).news
    assert {slug for slug, _ in burst} <= set(found)
    assert max(found.values()) == 1
    assert (gap.source_id, gap.start) == ("times", NOON)
    assert gap.filled_at is not None
    assert [one for one in world.reports if "its list was full of new entries" in (one.warning or "")]
