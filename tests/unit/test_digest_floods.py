"""What is held for review stands in one block of the digest, and moves it to be sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from alerts.digest import compose, is_empty
from alerts.records import Digest, Flood
from alerts.render import Renderer
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, TRUST, found, plan, slot
from tests.unit.test_notify_flow import ALARM, House


def flood(number: int = 2, **facts: object) -> Flood:
    plain: dict[str, object] = {
        "source": "The Meridian Post",
        "source_id": "meridian",
        "since": NOW - timedelta(hours=1),
        "until": NOW + timedelta(days=7),
        "articles": 312,
        "matching": tuple(found(f"Chips {one}").telling for one in range(number)),
    }
    return Flood(**(plain | facts))  # type: ignore[arg-type]  # a table of facts


def digest(*held: Flood, stories: int = 0) -> Digest:
    told = [found(f"Story {number}") for number in range(stories)]
    return compose(plan(), (slot(),), SINCE, told, INITIATIVES, {}, COVERAGE, NOW, held)


def test_a_flood_is_one_block_with_the_way_out() -> None:
    """How many, since when, until when, what of it matters, and the command to be told of it."""
    message = Renderer().render(digest(flood(), stories=1), NOW, key="k")

    text = " ".join(message.text.split())
    assert "Held for review: The Meridian Post" in text
    assert "312 entries came at once on" in text
    assert "2 of them match what you follow" in text
    assert "tidings sources release meridian --as new" in message.text
    assert "tidings sources release meridian --as new" in message.html
    assert ("Chips 0" in message.html, "Chips 1" in message.text) == (True, True)
    assert message.subject == "Story 0"


def test_of_a_great_flood_some_titles_are_shown_and_all_are_in_the_json() -> None:
    """The rest is counted."""
    message = Renderer().render(digest(flood(300)), NOW, key="k")

    assert message.text.count("Chips ") == 10
    assert "and 290 more" in message.text
    assert "and 290 more" in message.html
    (block,) = json.loads(message.data)["data"]["held"]
    assert (block["source_id"], block["articles"], len(block["matching"])) == ("meridian", 312, 300)


def test_a_digest_with_nothing_but_a_flood_is_no_empty_one() -> None:
    """It is sent where empty ones are skipped, and its subject says why."""
    only = digest(flood())

    assert not is_empty(only)
    assert is_empty(digest())
    message = Renderer().render(only, NOW, key="k")
    assert message.subject.startswith("Held for review: The Meridian Post")
    assert "No new stories. 2 articles held for review." in " ".join(message.text.split())


async def test_a_desk_that_is_told_immediately_learns_of_a_flood_once() -> None:
    """After the time in which a story gathers."""
    house = await House(plans=(ALARM,)).seen_since()
    house.digests.held = [flood(since=NOW)]

    house.clock.time = NOW + timedelta(minutes=4)
    assert await house.notifier.compose_due() == ()
    house.clock.time = NOW + timedelta(minutes=5)
    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert "Held for review" in composed.message.subject
    assert await house.notifier.compose_due() == ()


async def test_what_matches_a_paused_initiative_only_is_not_shown() -> None:
    """It is matched and not told, held or not."""
    quiet = INITIATIVES | {"trust": replace(TRUST, paused=True)}
    house = await House(plans=(ALARM,), initiatives=quiet).seen_since()
    house.digests.held = [flood(since=NOW)]

    house.clock.time = NOW + timedelta(minutes=9)
    assert await house.notifier.compose_due() == ()
