"""Alerts on surge and silence walk from a feed to the inbox, once each, across restarts."""

from __future__ import annotations

from tests.acceptance.conftest import configure
from tests.acceptance.world import DAY, HOUR, MINUTE, NOON, World, desk, distinct, plain
from tidings.demo.mailbox import Mail

WATCHLIST = """\
watchlist: chips
title: Chips
initiatives:
  - {id: chips, name: Chips, any: [semiconductor]}
alerts:
  - {on: surge, to: [desk]}
  - {on: silence, to: [desk]}
"""
PLACES = ("Amber", "Basin", "Cedar", "Delta", "Ember", "Fjord", "Grove", "Haven", "Inlet", "Jetty", "Knoll", "Ledge",
          "Marsh", "North", "Oasis", "Plain")  # fmt: skip
STEADY = len(PLACES)  # days with one story each


def alerts(world: World) -> list[Mail]:
    """The mails so far, repeats of one Message-ID counted once."""
    return distinct(world.mailbox.mails)


async def day(world: World, number: int, *places: str) -> None:
    """A day of the paper, by a process of its own that polls, matches and tells twice in the evening."""
    moment = NOON + number * DAY
    for place in places:
        slug = f"{place.lower()}{number}"  # one word, so that no text is like another
        world.press.add("gazette", slug, moment, title=f"Semiconductor works in {slug}")
    world.clock.time = moment + HOUR
    async with world.running() as app:
        await app.settle()
        world.clock.time += 20 * MINUTE
        await app.settle()


async def steady(world: World) -> None:
    """Sixteen days of one story each, of which nothing is told."""
    world.press.add("gazette", "first", NOON - DAY)
    channels = desk(world.mailbox.port)["tidings"]
    configure(
        world.folder / "config", sources=world.press.sources(), tidings=channels, watchlists__chips=WATCHLIST
    )
    for number, place in enumerate(PLACES):
        await day(world, number, place)
    assert alerts(world) == []


async def test_a_surge_and_a_silence_are_mailed_once_with_numbers_and_cause(world: World) -> None:
    """Six stories on a day; then the paper refuses, and nothing comes for a week."""
    await steady(world)

    await day(world, STEADY, *PLACES[:6])
    (surge,) = alerts(world)
    assert surge.message["Subject"] == "Surge: Chips: 6 stories today, usually 0 to 2"
    assert "Chips has 6 stories today, by 13:00. By its own rhythm 0 to 2 would be usual" in plain(surge)

    world.press.status["/feed/gazette"] = 403
    for number in range(STEADY + 1, STEADY + 8):
        await day(world, number)
    first, second = alerts(world)[1:]
    subject = "Silence: Chips: no report for {} days; its only source fails"
    assert first.message["Subject"] == subject.format(3)
    assert second.message["Subject"] == subject.format(6)
    assert "Fails\n\n  - ! gazette\n    23 reports, failing since 11 Dec" in plain(first), plain(first)
    assert "403" in plain(first)
    html = first.message.get_body(("html",))
    assert html is not None
    assert "so the silence proves nothing about the topic" in str(html.get_content())


async def test_a_topic_that_is_quiet_is_told_from_sources_that_fail(world: World) -> None:
    """The paper answers, and lists other news: one mail when the silence starts, one when reports come again."""
    await steady(world)

    for number in range(STEADY, STEADY + 4):
        weather = f"Rain in the {number}th week. " * 80
        world.press.add("gazette", f"rain{number}", NOON + number * DAY, title=f"Rain {number}", text=weather)
        await day(world, number)
    await day(world, STEADY + 4, "Amber")

    silence, over = alerts(world)
    subject = "Silence: Chips: no report for 3 days; its source answers, the topic is quiet"
    assert silence.message["Subject"] == subject
    assert "Answers, with other news\n\n  - gazette\n    17 reports" in plain(silence)
    title = f"Semiconductor works in amber{STEADY + 4}"
    assert over.message["Subject"] == f"Silence over: Chips: first report after 5 days: {title}"
    await day(world, STEADY + 5, "Basin")
    assert len(alerts(world)) == 2
