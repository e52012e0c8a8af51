"""Commitments, sources in trouble and the operator's own trouble walk from a feed to the inbox, once each, through weeks."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from tests.acceptance.conftest import configure
from tests.acceptance.world import DAY, HOUR, MINUTE, NOON, World, desk, distinct, plain
from tidings.app import App
from tidings.demo.mailbox import Mail

COMMITMENT = """\
watchlist: chips
title: Chips
initiatives:
  - id: chips
    name: Chips
    any: [semiconductor]
    commitments:
      - {{id: plant, text: A plant in Amber, due: 2026-12-10, state: {state}, any: [semiconductor plant AND amber]}}
      - {{id: law, text: A law on chips, due: 2026-12-10}}
      - {{id: old, text: An old promise, due: 2026-02-01}}
digests:
  - {{id: weekly, to: [desk], at: "07:30", days: [mon], initiatives: [chips]}}
alerts:
  - {{on: commitment, before: [7d, 0d], to: [desk], at: "08:00"}}
"""
TROUBLE = """\
watchlist: chips
title: Chips
initiatives:
  - {id: chips, name: Chips, any: [semiconductor]}
alerts:
  - {on: source-trouble, to: [desk]}
"""


def subjects(world: World) -> list[str]:
    """Of the mails so far, repeats of one Message-ID counted once."""
    return [str(mail.message["Subject"]) for mail in distinct(world.mailbox.mails)]


def last(world: World) -> Mail:
    return distinct(world.mailbox.mails)[-1]


async def night(world: World, days: int, step: timedelta = 4 * HOUR) -> None:
    """So many days, by a process of its own."""
    async with world.running() as app:
        await world.live(app, world.clock.time + days * DAY, step=step)


def watchlist(world: World, state: str = "open") -> None:
    channels = desk(world.mailbox.port)["tidings"]
    configure(
        world.folder / "config",
        sources=world.press.sources(),
        tidings=channels,
        watchlists__chips=COMMITMENT.format(state=state),
    )


async def test_commitments_are_told_before_on_and_after_their_day_with_downtime_and_end(world: World) -> None:
    """Three promises, two of one day, one overdue for long; the program is away on the day itself."""
    world.press.add("gazette", "start", NOON - DAY, title="Rain", text="Rain. " * 300)
    watchlist(world)

    await night(world, 1)
    assert subjects(world) == ["Commitment overdue by 297 days: An old promise, no report found"]

    world.press.add("gazette", "amber1", NOON + DAY, title="Semiconductor plant in Amber delayed")
    await night(world, 9)
    assert "Commitments: 2 due soon (Chips)" in subjects(world)
    soon = next(one for one in world.mailbox.mails if "due soon" in str(one.message["Subject"]))
    text = plain(soon)
    assert (
        "A plant in Amber\n    Chips: due in 7 days (due 10 Dec 2026)\n    1 report filed under it:" in text
    )
    text = " ".join(text.split())
    assert "> Semiconductor plant in Amber delayed (gazette, 25 Nov 2026)" in text
    assert "No report found since 24 Nov 2026, when we began to look." in text
    before = len(subjects(world))

    world.clock.time += 11 * DAY  # nothing runs, from 4 to 15 December
    await night(world, 1)
    (late,) = [one for one in subjects(world)[before:] if one.startswith("Commitment")]
    assert late == "Commitments: 2 overdue (Chips)"
    text = " ".join(plain(next(one for one in world.mailbox.mails if one.message["Subject"] == late)).split())
    assert "Told late: this was to be told on 11 Dec 2026." in text
    assert text.count("1 reminder before it was missed") == 2

    watchlist(world, "met, met: 2026-12-15, by: 'https://gov.example/amber'")
    before = len(subjects(world))
    await night(world, 10)
    told = [one for one in subjects(world)[before:] if one.startswith("Commitment")]
    assert told == ["Commitments: 1 overdue, 1 met (Chips)"]  # the law by 7 days
    text = plain(next(one for one in world.mailbox.mails if one.message["Subject"] == told[0]))
    assert "A plant in Amber\n    Chips: met on 15 Dec 2026" in text
    assert "> Met by\n      https://gov.example/amber" in text


async def test_a_source_that_breaks_is_told_when_it_starts_while_it_lasts_and_when_it_is_well(
    world: World,
) -> None:
    """One failed poll tells nothing; a week of refusals is told at its begin, on three days, and at its end."""
    for name in ("gazette", "herald"):
        world.press.add(name, f"{name}1", NOON - DAY)
    channels = desk(world.mailbox.port)["tidings"]
    configure(
        world.folder / "config", sources=world.press.sources(), tidings=channels, watchlists__chips=TROUBLE
    )
    await night(world, 1)

    world.press.status["/feed/gazette"] = 500
    async with world.running() as app:
        await world.live(app, world.clock.time + 10 * MINUTE)
        del world.press.status["/feed/gazette"]
        await world.live(app, world.clock.time + 2 * HOUR)
    assert subjects(world) == []

    world.press.status["/feed/gazette"] = 403
    for _ in range(5):
        await night(world, 1, step=2 * HOUR)
    assert subjects(world) == ["Sources: gazette (blocked)", *["Sources: still gazette (blocked)"] * 3]
    first = plain(distinct(world.mailbox.mails)[0])
    assert "! gazette: blocked" in first
    assert "403" in first
    assert "What to do: " in first

    del world.press.status["/feed/gazette"]
    await night(world, 1, step=2 * HOUR)
    assert subjects(world)[4:] == ["Sources: well again: gazette"]
    assert "Gazette is well again" in plain(last(world))


async def test_a_hook_that_answers_410_is_told_to_the_operator_by_mail_at_once(world: World) -> None:
    """Nothing more is sent there; an alert goes to the operator's channel, though that is the hook itself."""
    world.press.add("gazette", "one", NOON - HOUR)
    files = desk(world.mailbox.port, hook=world.press.hook, hourly="every: 1h")
    files["tidings"] = "operator: hook\n" + files["tidings"]
    configure(world.folder / "config", sources=world.press.sources(), **files)
    world.press.status["/hook/desk"] = 410

    async with world.running() as app:
        await world.live(app, NOON + 50 * MINUTE)
        world.press.add("gazette", "two", NOON + 30 * MINUTE)
        world.clock.time = NOON + HOUR
        await app.settle()

    trouble = next(
        one for one in distinct(world.mailbox.mails) if str(one.message["Subject"]).startswith("Trouble")
    )
    assert trouble.message["Subject"] == "Trouble: channel hook (gone)"
    text = " ".join(plain(trouble).split())
    assert "410" in text
    assert "This comes by desk, because nothing gets through to hook, the operator's channel." in text


async def test_the_operator_is_told_of_a_template_that_fails_and_of_an_edit_that_is_refused(
    world: World,
) -> None:
    """The digest comes with the bundled template; both troubles come in one message a quarter of an hour later."""
    world.press.add("gazette", "one", NOON - HOUR)
    files = desk(world.mailbox.port, hourly="every: 1h")
    files["tidings"] = "operator: ops\n" + files["tidings"] + "  ops: {type: file, dir: ops}\n"
    configure(world.folder / "config", sources=world.press.sources(), **files)
    own = world.folder / "config" / "templates" / "digest.txt.j2"
    own.parent.mkdir()
    own.write_text("{{ nothing }}", encoding="utf-8")

    async with world.running() as app:
        await world.live(app, NOON + 50 * MINUTE)
        world.press.add("gazette", "two", NOON + 30 * MINUTE)
        await world.live(app, NOON + HOUR)
        await refuse(world, app)
        await world.live(app, NOON + 2 * HOUR)

    told = [json.loads(one.read_text(encoding="utf-8"))["data"] for one in ops(world)]
    assert len(told) == 1
    kinds = {one["kind"]: one for one in told[0]["troubles"]}
    assert set(kinds) == {"template", "configuration"}
    assert "digest.txt.j2:1" in kinds["template"]["reason"]
    assert "sources.yaml" in kinds["configuration"]["reason"]


async def refuse(world: World, app: App) -> None:
    """An edit with a mistake."""
    from tests.acceptance.world import settings
    from tidings.reloading import take_edit

    (world.folder / "config" / "sources.yaml").write_text("sources: [{id: x}]\n", encoding="utf-8")
    await take_edit(app, lambda: settings(world.folder))


def ops(world: World) -> list[Path]:
    """The JSON of what the operator's channel was given."""
    return sorted((world.folder / "state" / "ops").rglob("*.json"))
