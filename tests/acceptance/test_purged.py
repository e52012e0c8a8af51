"""What retention has removed is never news again, and the room that it took is used by what comes next."""

from __future__ import annotations

from tests.acceptance.world import DAY, HOUR, MINUTE, NOON, World, configured, told
from tidings.housekeeping import keep_house


async def test_what_was_purged_is_never_told_again(world: World) -> None:
    """Neither what matched and was told nor what a feed still lists years later; a new entry is."""
    world.press.add("times", "a", NOON - HOUR)
    world.press.add("times", "dull", NOON - HOUR, title="Rain", text="Rain fell on the town for a day. " * 40)
    settings = configured(world.folder, world.press, world.mailbox, now="immediately: true, gather: 5m")
    tidings = world.folder / "config" / "tidings.yaml"
    tidings.write_text(tidings.read_text() + "retention: {unmatched: 30d, text: 30d, matched: 60d}\n")
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
        assert told(world.mailbox.mails).news == {"a": 1}
        for days in (40, 100, 390, 700, 1100):
            world.clock.time = NOON + days * DAY
            await app.settle()
            await app.tidy()
            await app.settle()
        assert [one async for some in app.stores.archive.walk() for one in some] == []
        assert await app.stores.deliveries.list() == ()
        world.press.add("times", "b", world.clock.time)
        await world.live(app, world.clock.time + 30 * MINUTE)

    assert told(world.mailbox.mails).news == {"a": 1, "b": 1}
    assert settings.retention.matched is None


async def test_housekeeping_is_done_every_six_hours_however_often_the_daemon_is_started_anew(
    world: World,
) -> None:
    """A daemon that is restarted every two hours; and one whose clock was far ahead for a while."""
    configured(world.folder, world.press, world.mailbox)
    done = []
    for _ in range(10):
        async with world.running() as app:
            done.append(await keep_house(app))
        world.clock.time += 2 * HOUR
    assert done == [True, False, False, True, False, False, True, False, False, True]

    async with world.running() as app:
        world.clock.time += 365 * DAY
        assert await keep_house(app)
        world.clock.time -= 365 * DAY
        assert await keep_house(app)


async def test_room_that_was_freed_is_used_by_what_comes_next(world: World) -> None:
    """A year of articles each of which is kept for a month takes the room of some months."""
    configured(world.folder, world.press, world.mailbox, now="immediately: true, gather: 5m")
    tidings = world.folder / "config" / "tidings.yaml"
    tidings.write_text(tidings.read_text() + "retention: {unmatched: 30d, text: 30d, matched: 30d}\n")
    sizes = []
    world.press.feeds["times"] = []
    configured_again = world.press.sources()
    (world.folder / "config" / "sources.yaml").write_text(configured_again)
    async with world.running() as app:
        file = app.stores.database.file
        assert file is not None
        for month in range(12):
            world.clock.time = NOON + month * 31 * DAY
            world.press.feeds["times"] = []
            for number in range(20):
                world.press.add("times", f"n{month}x{number}", world.clock.time)
            await app.settle()
            await app.tidy()
            sizes.append(file.stat().st_size)

    assert sizes[11] - sizes[2] < (sizes[0] // 2), sizes
