"""When a page is fetched: a host has a budget, what comes near an initiative has none, and what was not read is said."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from crawler.records import Page, Post, TextState
from tests.acceptance.conftest import configure, tidings
from tests.acceptance.world import (
    HOUR,
    MINUTE,
    NOON,
    World,
    desk,
    page,
    plain,
    settings,
)
from tidings.opening import open_stores
from tidings.settings import Settings
from tidings.state_of_things import take

FAR = [f"far{number}" for number in range(28)]


def words(slug: str, number: int) -> str:
    """As many words of nobody's language as asked for, different for each article."""
    return " ".join(
        hashlib.sha256(f"{slug}{place}".encode())
        .hexdigest()[:9]
        .translate(str.maketrans("0123456789", "ghijklmnop"))
        for place in range(number)
    )


def put(world: World, slug: str, published: datetime, title: str = "") -> None:
    """A short item, whose page holds more of it."""
    world.press.add("times", slug, published, title=title or f"Notes on {slug}", text=words(slug, 12))
    paragraphs = [f"The {slug} report. {words(f'{slug}{part}', 60)}." for part in range(6)]
    world.press.pages[f"/{slug}"] = page(title or f"Notes on {slug}", *paragraphs)


def configured(world: World, *, terms: str = "semiconductor", most: str = "5") -> Settings:
    """One daily digest, and a budget of five pages unless told otherwise."""
    files = desk(world.mailbox.port, hook=world.press.hook, daily='at: "18:00", zone: UTC')
    files["tidings"] = files["tidings"].replace("host_delay", f"pages_per_host: {most}, host_delay")
    files["watchlists__chips"] = files["watchlists__chips"].replace("[semiconductor]", f"[{terms}]")
    configure(world.folder / "config", sources=world.press.sources(), **files)
    return settings(world.folder)


def fetched(world: World) -> list[str]:
    """Slugs whose page was asked for, each as often as it was."""
    return sorted(
        path[1:]
        for path, times in world.press.asked.items()
        if path in world.press.pages
        for _ in range(times)
    )


async def test_a_host_is_asked_for_its_budget_and_for_what_comes_near(world: World) -> None:
    """Of 30 short items, five pages and those of the two near ones; the others are explained and counted."""
    for slug in FAR:
        put(world, slug, NOON - HOUR)
    configured(world)
    async with world.running() as app:
        await world.live(app, NOON)
        put(world, "near1", NOON, "A Semiconductor plant for the coast")
        put(world, "near2", NOON, "Semiconductors, again")
        await world.live(app, NOON + 7 * HOUR)

    asked = fetched(world)
    assert len(asked) == len(set(asked)) == 7
    assert {"near1", "near2"} < set(asked)
    (mail,) = world.mailbox.mails
    said = " ".join(plain(mail).split())
    assert (
        "23 of 30 articles were judged on title and summary only: 23 over the budget of their host." in said
    )
    (hook,) = [json.loads(body)["data"]["coverage"] for _, body in world.press.hooks]
    assert (hook["judged"], hook["unread"], hook["without_page"]) == (30, 0, {"budget": 23})
    async with open_stores(settings(world.folder)) as stores:
        status = "\n".join((await take(settings(world.folder), stores, world.clock.time)).lines())
    assert "7 read, 23 over the budget of their host" in status
    skipped, read = next(one for one in FAR if one not in asked), asked[0]
    assert "page: not read: 5 pages of 127.0.0.1 were asked for in 24 h, and nothing in its title" in explain(
        world, skipped
    )
    assert "page: read at 2026-11-24 12:" in explain(world, read)


async def test_a_new_initiative_reads_what_was_passed_over_today(world: World) -> None:
    """What comes near it is read and told; an edit of the title does the same; what is older stays as it is."""
    for slug in FAR:
        put(world, slug, NOON - HOUR)
    configured(world)
    async with world.running() as app:
        await world.live(app, NOON + 10 * MINUTE)
        before = fetched(world)
        first, second, *_ = (slug for slug in FAR if slug not in before)
        await app.apply(configured(world, terms=f"semiconductor, {first}"))
        await world.live(app, NOON + 20 * MINUTE)
        assert fetched(world) == sorted([*before, first])

        items = world.press.feeds["times"]
        place = next(place for place, item in enumerate(items) if item.slug == second)
        changed = f"Notes on {second}: a semiconductor law"
        items[place] = type(items[place])(
            slug=second, title=changed, published=NOON - HOUR, text=items[place].text
        )
        await world.live(app, NOON + 7 * HOUR)
        assert fetched(world) == sorted([*before, first, second])

        world.clock.time += 25 * HOUR
        third = next(slug for slug in FAR if slug not in fetched(world))
        await app.apply(configured(world, terms=f"semiconductor, {third}"))
        await app.settle()
        assert third not in fetched(world)


async def test_the_budget_outlives_a_restart_and_comes_back_after_a_day(world: World) -> None:
    """It is counted in the database. Without a budget all that was passed over is read."""
    for slug in FAR[:9]:
        put(world, slug, NOON - HOUR)
    configured(world)
    async with world.running() as app:
        await world.live(app, NOON)
    async with world.running() as app:
        put(world, "late", NOON)
        await world.live(app, NOON + 20 * MINUTE)
    assert len(fetched(world)) == 5

    async with world.running() as app:
        put(world, "tomorrow", NOON + 25 * HOUR)
        world.clock.time = NOON + 25 * HOUR
        await app.settle()
    assert set(fetched(world)) - set(FAR) == {"tomorrow"}

    for slug in FAR[9:20]:
        put(world, slug, NOON + 25 * HOUR)
    async with world.running() as app:
        await world.live(app, NOON + 26 * HOUR)
        assert len(fetched(world)) == 10  # five a day
        await app.apply(configured(world, most="unlimited"))
        await world.live(app, NOON + 26 * HOUR + 20 * MINUTE)
    assert set(FAR[9:20]) <= set(fetched(world))


def explain(world: World, slug: str) -> str:
    url = f"http://127.0.0.1:{world.press.port}/{slug}"
    done = tidings("--config", world.folder / "config", "--state", world.folder / "state", "explain", url)
    assert done.code == 0, done.err
    return done.out


async def test_explain_names_the_entry_of_a_live_blog_in_which_a_term_stands(world: World) -> None:
    """By its time and title, for the version of the text that was matched."""
    put(world, "live", NOON - HOUR)
    in_force = configured(world)
    text = "Ferries are late again.\n\nMinisters speak of a semiconductor plant."
    second = text.index("Ministers")
    posts = (
        Post(start=0, end=second - 2, posted_at=NOON - 2 * HOUR, title="Ferries"),
        Post(start=second, end=len(text), posted_at=NOON - HOUR, title="Ministers arrive"),
    )
    async with world.running() as app:
        await app.settle()
        async with open_stores(in_force) as stores:
            life = await stores.lookup.find(f"http://127.0.0.1:{world.press.port}/live")
            assert life is not None
            await stores.articles.record_page(
                life.article.id,
                state=TextState.READ,
                page=Page(text=text, posts=posts),
                reason=None,
                now=NOON,
            )
        await app.settle()

    said = explain(world, "live")

    assert "'semiconductor' in text, in the entry of 24 Nov 2026, 11:00 UTC, “Ministers arrive”: " in said
