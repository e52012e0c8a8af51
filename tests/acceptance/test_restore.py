"""A backup in use again, elsewhere and while the original went on: no source is asked early, nothing is told again."""

from __future__ import annotations

import shutil
from datetime import datetime

import pytest

from alerts.messages import DeliveryState
from tests.acceptance.conftest import configure
from tests.acceptance.world import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    World,
    configured,
    desk,
    long_text,
    of_digest,
    told,
)
from tidings.settings import Settings, load
from tidings.storage.engine import FILE
from tidings.storage.lanes import Waits
from tidings.storage.placing import place
from tidings.storage.restoring import WHY

NOW, NOONS = "immediately: true, gather: 5m", 'at: "13:00"'
WAITS = Waits(busy=1, patience=5)


def elsewhere(world: World) -> Settings:
    """The same configuration with a state folder of its own."""
    return load(world.folder / "config", state_dir=world.folder / "other", environ={})


def put(world: World, *, told_until: datetime | None) -> None:
    """Restore the backup elsewhere, at the time of the world."""
    target = world.folder / "other" / FILE
    place(world.folder / "backup", target, told_until=told_until, now=world.clock.time, waits=WAITS)


@pytest.fixture
async def original(world: World) -> World:
    """It tells `a`; a backup is taken at 12:30; then it tells `b` and `d`, and goes on until 13:30."""
    world.press.add("times", "a", NOON - HOUR)
    world.press.add("post", "old", NOON - 30 * DAY)
    configured(world.folder, world.press, world.mailbox, now=NOW)
    async with world.running() as app:
        await world.live(app, NOON + 30 * MINUTE)
        await app.stores.database.backup(world.folder / "backup", now=world.clock.time)
        world.press.add("times", "b", world.clock.time + MINUTE)
        world.press.add("post", "d", world.clock.time + 2 * MINUTE)
        await world.live(app, NOON + 90 * MINUTE)
    assert told(world.mailbox.mails).news == {"a": 1, "b": 1, "d": 1}
    return world


async def test_what_the_original_told_is_not_told_again(original: World) -> None:
    """On another host, with nothing said of the time: all that the sources list now counts as told; what comes after
    is told."""
    world = original
    put(world, told_until=None)
    before = len(world.mailbox.mails)
    async with world.running(elsewhere(world)) as app:
        await world.live(app, world.clock.time + HOUR)
        assert world.mailbox.mails[before:] == []
        world.press.add("times", "c", world.clock.time)
        await world.live(app, world.clock.time + HOUR)

    assert told(world.mailbox.mails[before:]).news == {"c": 1}


async def test_what_was_published_after_the_original_ended_is_told(original: World) -> None:
    """With `--told-until`: that counts as told, what is newer is news."""
    world = original
    ended = world.clock.time
    world.clock.time += 2 * HOUR
    world.press.add("times", "c", ended + MINUTE)
    put(world, told_until=ended)
    before = len(world.mailbox.mails)
    async with world.running(elsewhere(world)) as app:
        await world.live(app, world.clock.time + HOUR)

    assert told(world.mailbox.mails[before:]).news == {"c": 1}


async def test_no_source_is_asked_earlier_than_its_rhythm_allows(original: World) -> None:
    """Ten minutes from the restore, as each is asked every ten minutes; the backup holds them as long overdue."""
    world = original
    put(world, told_until=None)
    before = world.press.asked["/feed/times"], world.press.asked["/feed/post"]
    async with world.running(elsewhere(world)) as app:
        await world.live(app, world.clock.time + 9 * MINUTE, step=MINUTE)
        assert (world.press.asked["/feed/times"], world.press.asked["/feed/post"]) == before
        await world.live(app, world.clock.time + 6 * MINUTE, step=MINUTE)

    assert (world.press.asked["/feed/times"], world.press.asked["/feed/post"]) == (
        before[0] + 1,
        before[1] + 1,
    )


async def test_a_copy_that_is_put_in_place_by_hand_is_known_as_a_backup(
    original: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, asks no source early and tells nothing again."""
    world = original
    (world.folder / "other").mkdir()
    shutil.copy(world.folder / "backup", world.folder / "other" / FILE)
    before = len(world.mailbox.mails), world.press.asked["/feed/times"]
    async with world.running(elsewhere(world)) as app:
        await world.live(app, world.clock.time + 5 * MINUTE, step=MINUTE)
        assert world.press.asked["/feed/times"] == before[1]
        await world.live(app, world.clock.time + HOUR)
    async with world.running(elsewhere(world)):
        pass

    assert len(world.mailbox.mails) == before[0]
    assert caplog.text.count("the database is a backup of 24 Nov 2026 12:30 UTC") == 1


async def test_a_digest_that_was_yet_to_come_tells_what_it_would_have_told(world: World) -> None:
    """The slot of 13:00 told `a`, which is in the backup, and `b`, which is not, and is not composed anew; the next
    one tells `c`, which the original had found."""
    world.press.add("times", "a", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, noon=NOONS)
    async with world.running() as app:
        await world.live(app, NOON + 30 * MINUTE)
        await app.stores.database.backup(world.folder / "backup", now=world.clock.time)
        world.press.add("times", "b", NOON + 40 * MINUTE)
        await world.live(app, NOON + 70 * MINUTE)
        world.press.add("times", "c", NOON + 80 * MINUTE)
        await world.live(app, NOON + 2 * HOUR)
    assert told(world.mailbox.mails).news == {"a": 1, "b": 1}

    put(world, told_until=world.clock.time)
    async with world.running(elsewhere(world)) as app:
        await world.live(app, NOON + DAY + 2 * HOUR, step=30 * MINUTE)

    mails = of_digest(world.mailbox.mails, "noon")
    assert (len(mails), told(mails).news) == (2, {"a": 1, "b": 1, "c": 1})


async def test_what_waited_to_be_sent_is_parked_until_somebody_asks_for_it(world: World) -> None:
    """With the reason; `deliveries retry` sends it."""
    world.press.add("times", "a", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, now=NOW)
    world.mailbox.moods = ["451 later"] * 3
    async with world.running() as app:
        await world.live(app, NOON + 10 * MINUTE)
        await app.stores.database.backup(world.folder / "backup", now=world.clock.time)
    put(world, told_until=None)
    world.mailbox.moods.clear()
    async with world.running(elsewhere(world)) as app:
        await world.live(app, world.clock.time + HOUR)
        (parked,) = await app.stores.deliveries.list()
        assert (parked.state, parked.last_error) == (DeliveryState.PARKED, WHY)
        assert world.mailbox.mails == []
        await app.stores.deliveries.retry(parked.id, now=world.clock.time)
        await world.live(app, world.clock.time + 10 * MINUTE)

    assert told(world.mailbox.mails).news == {"a": 1}


async def test_what_an_edit_found_before_the_restore_is_not_told_again(world: World) -> None:
    """The backup knows nothing of the edit; the original told what it found in the archive."""
    world.press.add(
        "times",
        "a",
        NOON - HOUR,
        title="Amber plant opens",
        text=long_text("a").replace("semiconductor", "amber"),
    )
    configured(world.folder, world.press, world.mailbox, now=NOW)
    async with world.running() as app:
        await world.live(app, NOON + 30 * MINUTE)
        await app.stores.database.backup(world.folder / "backup", now=world.clock.time)
    installation = world.folder / "config" / "tidings.yaml"
    installation.write_text(installation.read_text().replace("polling: {", "polling: {backfill: 7d, "))
    watchlist = world.folder / "config" / "watchlists" / "chips.yaml"
    watchlist.write_text(watchlist.read_text().replace("any: [semiconductor]", "any: [semiconductor, amber]"))
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
    assert told(world.mailbox.mails).news == {"a": 1}

    put(world, told_until=None)
    async with world.running(elsewhere(world)) as app:
        await world.live(app, NOON + 3 * HOUR)
        (article,) = [one async for some in app.stores.archive.walk() for one in some]
        (match,) = await app.stores.matches.matches_of(article.id)

    assert (len(world.mailbox.mails), match.filed) == (1, True)


def promised(world: World, *commitments: str, before: str) -> None:
    """An initiative with commitments that are told `before` their days, at nine."""
    world.press.add("times", "a", NOON - HOUR)
    files = desk(world.mailbox.port, now=NOW)
    lines = "".join(f"      - {one}\n" for one in commitments)
    files["watchlists__chips"] = (
        "watchlist: chips\ntitle: Chips\ninitiatives:\n  - id: chips\n    name: Chips\n    any: [semiconductor]\n"
        f"    commitments:\n{lines}"
        f'alerts:\n  - {{on: commitment, to: [desk], before: {before}, at: "09:00"}}\n'
    )
    configure(world.folder / "config", sources=world.press.sources(), **files)


async def test_an_alert_that_the_original_told_is_not_told_again(world: World) -> None:
    """A commitment that was due in between; the next one is told as usual."""
    promised(
        world,
        "{id: fab, text: Open a fab, due: 2026-11-25}",
        "{id: lab, text: Open a lab, due: 2026-11-27}",
        before="[0d]",
    )
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
        await app.stores.database.backup(world.folder / "backup", now=world.clock.time)
        await world.live(app, NOON + 2 * DAY, step=HOUR)
    original = len(world.mailbox.mails)
    assert original == 2  # that it is due, and a day later that it is overdue

    put(world, told_until=None)
    async with world.running(elsewhere(world)) as app:
        await world.live(app, NOON + 2 * DAY + 6 * HOUR, step=HOUR)
        assert len(world.mailbox.mails) == original
        await world.live(app, NOON + 4 * DAY, step=HOUR)
    assert len(world.mailbox.mails) == original + 2


async def test_an_advance_warning_that_the_original_sent_is_not_sent_again(world: World) -> None:
    """Its day is yet to come; the day itself is told as usual."""
    promised(world, "{id: fab, text: Open a fab, due: 2026-11-28}", before="[3d, 0d]")
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
        await app.stores.database.backup(world.folder / "backup", now=world.clock.time)
        await world.live(app, NOON + DAY, step=HOUR)
    original = len(world.mailbox.mails)

    put(world, told_until=None)
    async with world.running(elsewhere(world)) as app:
        await world.live(app, NOON + DAY + 6 * HOUR, step=HOUR)
        assert len(world.mailbox.mails) == original
        await world.live(app, NOON + 4 * DAY, step=HOUR)
    assert len(world.mailbox.mails) == original + 1
