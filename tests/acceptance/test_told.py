"""Told before? To whom? In which story? Nothing goes to a channel twice, and nothing is forgotten, whichever digest it is in."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.acceptance.conftest import configure, tidings
from tests.acceptance.test_edits import life
from tests.acceptance.world import DAY, HOUR, MINUTE, NOON, World, desk, of_digest, plain, told
from tidings.app import App

TITLE = "Semiconductor plant opens in Dholera today"
TEXT = "The semiconductor plant in Dholera starts its first line of wafers this week. " * 30
NOW, EVENING = "immediately: true, gather: 5m", 'at: "18:00"'


def digests(world: World, **plans: tuple[str, str]) -> None:
    """Digests by id: their channels, among `desk` and `night`, and when they are told."""
    files = desk(world.mailbox.port)
    channel = next(line for line in files["tidings"].splitlines() if line.startswith("  desk:"))
    files["tidings"] += channel.replace("desk:", "night:").replace("desk@", "night@") + "\n"
    lines = "".join(f"  - {{id: {name}, to: [{to}], {keys}}}\n" for name, (to, keys) in plans.items())
    files["watchlists__chips"] = files["watchlists__chips"].replace("digests:\n", f"digests:\n{lines}")
    configure(world.folder / "config", sources=world.press.sources(), **files)


def to(world: World, person: str) -> list[Any]:
    """The mails of one reader."""
    return [one for one in world.mailbox.mails if f"{person}@policy.example" in one.recipients]


async def reach(world: World, app: App, moment: Any) -> None:
    await world.live(app, moment, step=30 * MINUTE)


@pytest.fixture(autouse=True)
def _feeds(world: World) -> None:
    """One outlet tells the story; another one is known, and tells it later."""
    world.press.add("times", "a", NOON - HOUR, title=TITLE, text=TEXT)
    world.press.add("post", "other", NOON - 30 * DAY)


async def test_what_was_told_at_once_is_no_news_in_the_timed_digest(world: World) -> None:
    """Started anew in between: nothing else has happened, and no mail is sent in the evening."""
    digests(world, now=("desk", NOW), evening=("desk", EVENING))
    async with world.running() as app:
        await reach(world, app, NOON + HOUR)
    async with world.running() as app:
        await reach(world, app, NOON + 2 * DAY)

    (mail,) = world.mailbox.mails
    assert (of_digest([mail], "now"), told([mail]).news) == ([mail], {"a": 1})


async def test_a_later_outlet_answers_the_mail_that_told_the_story_first(world: World) -> None:
    """Of whichever digest: the reader of both gets "also now in" under it; who gets the evening digest alone gets it
    all as news."""
    digests(world, now=("desk", NOW), evening=("desk, night", EVENING))
    async with world.running() as app:
        await reach(world, app, NOON + HOUR)
        world.press.add("post", "b", world.clock.time, title=TITLE, text=TEXT)
        await reach(world, app, NOON + 7 * HOUR)

    first, later = to(world, "desk")
    (evening,) = to(world, "night")
    assert (told([first]).news, told([later]).news, told([later]).again) == ({"a": 1}, {}, {"b": 1})
    assert later.message["In-Reply-To"] == first.message["Message-ID"]
    assert (told([evening]).news, told([evening]).again) == ({"a": 1, "b": 1}, {})
    assert evening.message["In-Reply-To"] is None
    assert "1 story, 2 outlets" in plain(evening)


async def test_of_two_digests_that_are_due_together_the_first_tells_what_both_would(world: World) -> None:
    """In the order of the configuration."""
    digests(world, one=("desk", EVENING), two=("desk", EVENING))
    async with world.running() as app:
        await reach(world, app, NOON + DAY)

    assert of_digest(world.mailbox.mails, "one") == world.mailbox.mails
    assert told(world.mailbox.mails).news == {"a": 1}


async def test_a_channel_that_is_added_to_a_digest_is_told_what_comes_from_then_on(world: World) -> None:
    """A story of before is news to its readers when it goes on, and none to the others."""
    digests(world, hourly=("desk", "every: 1h"))
    async with world.running() as app:
        await reach(world, app, NOON + 90 * MINUTE)
    digests(world, hourly=("desk, night", "every: 1h"))
    world.press.add("post", "b", world.clock.time, title=TITLE, text=TEXT)
    async with world.running() as app:
        await reach(world, app, NOON + 4 * HOUR)

    first, later = to(world, "desk")
    (new,) = to(world, "night")
    assert (told([first]).news, told([later]).again) == ({"a": 1}, {"b": 1})
    assert (told([new]).news, told([new]).again) == ({"b": 1}, {})


async def test_a_digest_that_is_renamed_loses_and_repeats_nothing(world: World) -> None:
    """What came between its last slot and the new name is told under that."""
    digests(world, old=("desk", "every: 1h"))
    async with world.running() as app:
        await reach(world, app, NOON + 70 * MINUTE)
        world.press.add("times", "b", world.clock.time)
        await reach(world, app, NOON + 100 * MINUTE)
    digests(world, new=("desk", "every: 1h"))
    async with world.running() as app:
        await reach(world, app, NOON + 5 * HOUR)

    assert told(of_digest(world.mailbox.mails, "old")).news == {"a": 1}
    assert told(of_digest(world.mailbox.mails, "new")).news == {"b": 1}


async def test_who_was_told_what_is_on_record(world: World) -> None:
    """By article and by story: the channel, the message, the time."""
    digests(world, now=("desk", NOW), evening=("desk, night", EVENING))
    async with world.running() as app:
        await reach(world, app, NOON + 7 * HOUR)
        shown = await app.stores.stories.show(f"http://127.0.0.1:{world.press.port}/a")

    assert [(one.channel_id, one.digest_id) for one in shown.line.told] == [
        ("desk", "now"),
        ("night", "evening"),
    ]
    found = await life(world, "a")
    assert Counter(one.channel_id for one in found.deliveries) == {"desk": 1, "night": 1}
    assert len(found.told) == 2


async def test_a_lost_mail_is_sent_again_the_same(world: World) -> None:
    """`digest send --again`: the same bytes under the same id, and what the other side said; else what there is."""
    digests(world, hourly=("desk", "every: 1h"))
    async with world.running() as app:
        await reach(world, app, NOON + 70 * MINUTE)
    (lost,) = world.mailbox.mails
    place = ("--config", world.folder / "config", "--state", world.folder / "state")

    async def send(*words: str) -> Any:
        return await asyncio.to_thread(tidings, "digest", "send", *words, *place)

    again = await send("hourly", "--again")
    assert (again.code, again.err) == (0, "")
    assert "desk desk@policy.example: sent, 2.0.0 kept as number 2" in again.out
    assert [one.raw for one in world.mailbox.mails] == [lost.raw] * 2

    by_slot = await send("hourly", "--again", "--slot", "2026-11-24T13:00")
    assert by_slot.code == 0
    assert [one.raw for one in world.mailbox.mails] == [lost.raw] * 3

    world.mailbox.refuses["desk@policy.example"] = "550 no such user"
    refused = await send("hourly", "--again")
    assert refused.code == 3
    assert "desk desk@policy.example: parked" in refused.out
    assert "no such user" in refused.out

    for words, code, said in (
        (
            ("hourly", "--again", "--slot", "2026-11-24T09:00"),
            1,
            "the last that told something: 2026-11-24T13:00",
        ),
        (("weekly", "--again"), 1, "weekly has not sent anything yet"),
        (("hourly", "--slot", "2026-11-24T13:00"), 2, "add --again"),
        (("weekly",), 2, "no digest 'weekly'"),
    ):
        done = await send(*words)
        assert (done.code, done.out) == (code, "")
        assert said in done.err
