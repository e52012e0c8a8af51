"""What an outlet changes after it was told is told once, to whoever was told it, whatever happens in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.acceptance.conftest import configure
from tests.acceptance.test_edits import life
from tests.acceptance.world import DAY, HOUR, World, long_text, of_digest, plain, settings, told
from tests.acceptance.world import desk as desk_of
from tidings.app import App
from tidings.settings import Settings

MORNING = datetime.fromisoformat("2026-11-25T07:00:00+00:00")
FIRST = "Fire at semiconductor plant kills 12"
CORRECTED = "Fire at semiconductor plant kills 15"
TEXT = "Officials said that 12 workers died in the fire at the semiconductor plant. " + long_text("plant")
NEWS = Counter({"fire": 1, "other": 1})


@pytest.fixture
def desk(world: World) -> Settings:
    """Two digests with readers of their own, one at seven in the morning and one at six in the evening."""
    world.clock.time = MORNING - HOUR
    world.press.add("times", "fire", world.clock.time, title=FIRST, text=TEXT)
    world.press.add("times", "other", world.clock.time)
    return shared(world, "desk", "night")


def shared(world: World, morning: str, evening: str) -> Settings:
    """The two digests, each told to the mail channel of this name."""
    files = desk_of(world.mailbox.port, morning="at: ['07:00']", evening="at: ['18:00']")
    channel = next(line for line in files["tidings"].splitlines() if line.startswith("  desk:"))
    files["tidings"] += channel.replace("desk:", "night:").replace("desk@", "night@") + "\n"
    for name, to in (("morning", morning), ("evening", evening)):
        files["watchlists__chips"] = files["watchlists__chips"].replace(
            f"{{id: {name}, to: [desk]", f"{{id: {name}, to: [{to}]"
        )
    configure(world.folder / "config", sources=world.press.sources(), **files)
    return settings(world.folder)


def edit(world: World, title: str, text: str = TEXT) -> None:
    """The outlet changes its report."""
    items = world.press.feeds["times"]
    (at,) = (at for at, item in enumerate(items) if item.slug == "fire")
    items[at] = replace(items[at], title=title, text=text)


async def to(world: World, app: App, moment: datetime) -> None:
    """Live to a moment, and get the mail that is due then."""
    await world.live(app, moment + timedelta(minutes=10), step=HOUR)


def mails(world: World, digest: str) -> list[tuple[Counter[str], Counter[str]]]:
    """What each mail of a digest told as news and as updated."""
    found = (told([mail]) for mail in of_digest(world.mailbox.mails, digest))
    return [(one.news, one.updated) for one in found]


async def test_a_corrected_report_is_told_once_in_each_digest_that_told_it(
    world: World, desk: Settings
) -> None:
    """Told at seven, corrected at noon; the daemon stops and starts between all of it."""
    async with world.running(desk) as app:
        await to(world, app, MORNING)
    edit(world, CORRECTED, TEXT.replace("12 workers", "15 workers"))
    async with world.running(desk) as app:
        await to(world, app, MORNING + 5 * HOUR)
    for hours in (11, 24, 35, 48):
        async with world.running(desk) as app:
            await to(world, app, MORNING + hours * HOUR)

    assert mails(world, "morning") == [(NEWS, Counter()), (Counter(), Counter({"fire": 1}))]
    assert mails(world, "evening") == [(NEWS, Counter())]
    _, updated = of_digest(world.mailbox.mails, "morning")
    text = " ".join(plain(updated).split())
    assert f"headline: “{FIRST}” became “{CORRECTED}”" in text
    ((channel, at, change),) = (await life(world, "fire")).told_changes
    assert (channel, at.date(), change.new) == ("desk", (MORNING + DAY).date(), CORRECTED)


async def test_a_desk_that_gets_both_digests_is_told_a_correction_by_the_next_of_them(
    world: World, desk: Settings
) -> None:
    """Told at seven, corrected at noon: as updated at six, and never as news again."""
    both = shared(world, "desk", "desk")
    async with world.running(both) as app:
        await to(world, app, MORNING)
        edit(world, CORRECTED)
    for hours in (11, 24, 35, 48):
        async with world.running(both) as app:
            await to(world, app, MORNING + hours * HOUR)

    assert mails(world, "morning") == [(NEWS, Counter())]
    assert mails(world, "evening") == [(Counter(), Counter({"fire": 1}))]


async def test_both_digests_tell_a_change_that_came_after_both(world: World, desk: Settings) -> None:
    """Each once, and neither for the other."""
    async with world.running(desk) as app:
        await to(world, app, MORNING + 11 * HOUR)
        edit(world, CORRECTED)
        for hours in (24, 35, 48, 59):
            await to(world, app, MORNING + hours * HOUR)

    for digest in ("morning", "evening"):
        assert mails(world, digest) == [(NEWS, Counter()), (Counter(), Counter({"fire": 1}))]


async def test_an_edit_that_was_taken_back_and_a_cosmetic_one_are_not_told(
    world: World, desk: Settings
) -> None:
    """No mail is sent for them."""
    async with world.running(desk) as app:
        await to(world, app, MORNING)
        more = f"{TEXT} The plant is closed."
        for hours, title, text in ((3, CORRECTED, TEXT), (6, FIRST, more), (9, f"UPDATE 1-{FIRST}.", more)):
            edit(world, title, text)
            await to(world, app, MORNING + hours * HOUR)
        await to(world, app, MORNING + 2 * DAY)

    assert mails(world, "morning") == [(NEWS, Counter())]
    assert len((await life(world, "fire")).versions) == 4


async def test_an_edit_that_the_feed_takes_back_to_the_letter_is_no_change(
    world: World, desk: Settings
) -> None:
    """The version is known already, and comes into force again."""
    async with world.running(desk) as app:
        await to(world, app, MORNING)
        for hours, title in ((3, CORRECTED), (6, FIRST)):
            edit(world, title)
            await to(world, app, MORNING + hours * HOUR)
        await to(world, app, MORNING + 2 * DAY)

    assert mails(world, "morning") == [(NEWS, Counter())]
    assert [one.title for one in (await life(world, "fire")).versions] == [FIRST, CORRECTED, FIRST]


async def test_a_figure_that_changes_in_the_text_alone_is_told(world: World, desk: Settings) -> None:
    """Under the same headline."""
    async with world.running(desk) as app:
        await to(world, app, MORNING)
        edit(world, FIRST, TEXT.replace("12 workers", "15 workers"))
        await to(world, app, MORNING + 2 * DAY)

    (_, updated) = of_digest(world.mailbox.mails, "morning")
    assert "12 became 15" in " ".join(plain(updated).split())
