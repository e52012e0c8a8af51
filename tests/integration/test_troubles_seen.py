"""What the operator is told of is what there is: sources, this machine's network, channels, deliveries, templates, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.messages import DeliveryState, Message
from alerts.obstacles import Parking
from alerts.troubles import Look, Trouble, TroubleKind
from crawler.errors import Cause
from crawler.records import SourceState
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.receiver import Receiver
from tests.integration.storage.making import delivery, message, poll
from tidings.alerting import Alerting
from tidings.opening import open_stores
from tidings.settings import Settings, load
from tidings.storage.stores import Stores
from tidings.troubles import CONFIGURATION, FILES, TEMPLATE, Watchman, digest_work

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = ("a", "b", "c", "d")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "config"
    (config / "watchlists").mkdir(parents=True)
    sources = "".join(f'  - {{id: {name}, feed: "https://{name}.example/rss"}}\n' for name in NAMES)
    (config / "sources.yaml").write_text(f"sources:\n{sources}", encoding="utf-8")
    (config / "watchlists" / "w.yaml").write_text(
        "watchlist: w\ninitiatives: [{id: trust, any: [semiconductor fabrication]}]\n"
        "digests: [{id: morning, to: [outbox], every: 1h}]\n",
        encoding="utf-8",
    )
    return load(config, state_dir=tmp_path / "state", environ={})


@pytest.fixture
async def stores(settings: Settings) -> AsyncIterator[Stores]:
    async with open_stores(settings) as opened:
        await opened.sources.sync(settings.sources, NOON - 9 * DAY)
        yield opened


async def look(settings: Settings, stores: Stores, *addresses: str) -> Look:
    channels = {"outbox": Receiver(addresses or ("",)), "hook": Receiver()}
    return await Watchman(settings, stores, channels).look(NOON)


def of(found: Look, kind: TroubleKind) -> list[Trouble]:
    return [one for one in found.troubles if one.kind is kind]


async def fail(stores: Stores, *names: str, failures: int = 5, **more: Any) -> None:
    for name in names:
        state = {
            "state": SourceState.FAILING,
            "since": NOON - DAY,
            "failures": failures,
            "last_success_at": NOON - DAY,
            "problem": "its name is not found",
            "cause": Cause.NAME,
            **more,
        }
        await stores.articles.record_poll(poll(by=name, state=state))


async def test_a_source_that_needs_somebody_is_seen_with_reason_and_remedy(
    settings: Settings, stores: Stores
) -> None:
    await fail(stores, "a", state=SourceState.BLOCKED, problem="answered 403", cause=Cause.OTHER)

    (one,) = (await look(settings, stores)).troubles

    assert (one.kind, one.subject, one.state, one.since) == (TroubleKind.SOURCE, "a", "blocked", NOON - DAY)
    assert one.reason == "answered 403"
    assert one.remedy


async def test_a_failure_that_may_pass_is_none(settings: Settings, stores: Stores) -> None:
    await fail(stores, "a", failures=1, last_success_at=NOON - HOUR, since=NOON - HOUR, cause=Cause.OTHER)

    assert (await look(settings, stores)).troubles == ()


async def test_an_outage_of_this_machine_is_one_trouble_and_nothing_is_said_of_the_sources(
    settings: Settings, stores: Stores
) -> None:
    await fail(stores, "a", "b", "c")

    found = await look(settings, stores)

    (one,) = found.troubles
    assert (one.kind, one.count) == (TroubleKind.NETWORK, 3)
    assert one.reason == "3 of 4 sources cannot be reached"
    assert found.unsure == {("source", "a"), ("source", "b"), ("source", "c")}


async def test_the_first_failures_of_an_outage_are_held_back(settings: Settings, stores: Stores) -> None:
    """Half of all sources fail for reasons of this machine, none of them for long yet."""
    await fail(stores, "a", "b", "c", failures=1, last_success_at=NOON - HOUR, since=NOON - HOUR)

    found = await look(settings, stores)

    assert found.troubles == ()
    assert len(found.unsure) == 3


async def test_a_paused_source_is_not_watched(settings: Settings, stores: Stores) -> None:
    """What was told of it ends without a word."""
    await fail(stores, "a", state=SourceState.BLOCKED)
    await stores.sources.set_paused("a", True)

    found = await look(settings, stores)

    assert found.troubles == ()
    assert found.watched[TroubleKind.SOURCE] == {"b", "c", "d"}


async def test_a_channel_that_is_gone_stands_for_all_that_is_parked_there(
    settings: Settings, stores: Stores
) -> None:
    await stores.deliveries.add(
        message("one"), [delivery(1, message_key="one", channel_id="hook", recipient="")]
    )
    await stores.deliveries.park("delivery-1", now=NOON, error="410", why=Parking.UNTRIED)
    await stores.deliveries.ban("hook", "here", NOON, "answered 410")

    found = await look(settings, stores)

    assert [(one.kind, one.subject, one.reason) for one in found.troubles] == [
        (TroubleKind.CHANNEL, "hook", "answered 410")
    ]
    await stores.deliveries.unban("hook")
    (parked,) = (await look(settings, stores)).troubles
    assert (parked.kind, parked.subject, parked.state) == (TroubleKind.DELIVERY, "hook", "1 message given up")


async def test_another_address_of_a_channel_is_not_gone(settings: Settings, stores: Stores) -> None:
    await stores.deliveries.ban("hook", "the address of before", NOON, "answered 410")
    watch = Watchman(settings, stores, {"hook": Receiver()})

    assert (await watch.look(NOON)).troubles == ()
    assert await watch.gone() == frozenset()
    assert await watch.works("hook")


async def test_a_recipient_who_is_suspended_is_one_trouble_whatever_is_parked(
    settings: Settings, stores: Stores
) -> None:
    """And a channel works as long as one of its recipients takes mail."""
    for number in range(1, 5):
        mail = delivery(number, message_key=f"m{number}", channel_id="outbox", recipient="a@b.example")
        await stores.deliveries.add(message(f"m{number}"), [mail])
        await stores.deliveries.park(mail.id, now=NOON, error="550 no such user", why=Parking.NO_RECIPIENT)

    found = await look(settings, stores, "a@b.example", "c@b.example")

    (one,) = found.troubles
    assert (one.kind, one.state, one.reason) == (TroubleKind.DELIVERY, "suspended", "550 no such user")
    assert "resume" in one.remedy
    for addresses, works in ((("a@b.example", "c@b.example"), True), (("a@b.example",), False)):
        watch = Watchman(settings, stores, {"outbox": Receiver(addresses)})
        await watch.look(NOON)
        assert await watch.works("outbox") is works


async def test_messages_to_a_channel_of_before_are_nobody_s_trouble(
    settings: Settings, stores: Stores
) -> None:
    await stores.deliveries.add(message("one"), [delivery(1, message_key="one", channel_id="old")])
    await stores.deliveries.park("delivery-1", now=NOON, error="there is no such channel")

    assert (await look(settings, stores)).troubles == ()
    found = await stores.deliveries.get("delivery-1")
    assert found is not None
    assert found[0].state is DeliveryState.PARKED


async def test_what_was_noticed_is_told_and_a_template_only_while_its_digest_is_there(
    settings: Settings, stores: Stores
) -> None:
    await stores.troubles.notice(CONFIGURATION, FILES, "sources.yaml:3:1: unknown key", NOON - HOUR)
    await stores.troubles.notice(TEMPLATE, "morning", "digest.txt.j2:1: no such name", NOON - HOUR)
    await stores.troubles.notice(TEMPLATE, "evening", "digest.txt.j2:1: no such name", NOON - HOUR)

    found = await look(settings, stores)

    (edit,), (template,) = of(found, TroubleKind.CONFIGURATION), of(found, TroubleKind.TEMPLATE)
    assert (edit.name, edit.since, edit.reason) == ("your edit", NOON - HOUR, "sources.yaml:3:1: unknown key")
    assert template.subject == "morning"


async def test_a_channel_that_has_long_taken_nothing_is_a_trouble_until_it_takes_something(
    settings: Settings, stores: Stores
) -> None:
    """Its messages wait and are tried on; meanwhile the operator is told by another way."""
    old, young = NOON - 3 * HOUR, NOON - HOUR / 2
    await stores.deliveries.add(
        message("old"), [delivery(1, message_key="old", channel_id="hook", created_at=old)]
    )
    await stores.deliveries.add(
        message("young"), [delivery(2, message_key="young", channel_id="outbox", created_at=young)]
    )
    for one in await stores.deliveries.claim_due(NOON, 9, HOUR):
        await stores.deliveries.later(one[0].id, at=NOON + HOUR, error="451 our disk is full")

    watchman = Watchman(settings, stores, {"outbox": Receiver(), "hook": Receiver()})
    (waits,) = of(await watchman.look(NOON), TroubleKind.WAITING)

    assert (waits.subject, waits.since, waits.reason) == ("hook", old, "451 our disk is full")
    assert waits.state == "takes nothing, 1 message waiting"
    assert (await watchman.works("hook"), await watchman.works("outbox")) == (False, True)

    await stores.deliveries.sent("delivery-1", now=NOON, answer="250")
    assert of(await watchman.look(NOON), TroubleKind.WAITING) == []
    assert await watchman.works("hook")


async def test_work_that_breaks_at_each_try_is_a_trouble_until_it_goes_well(
    settings: Settings, stores: Stores
) -> None:
    """A digest that cannot be composed, alerts that cannot be told; of a digest that is gone nobody is told."""
    alerts = Alerting(settings, stores, FixedClock(NOON), {"outbox": Receiver()}, None)
    for name in ("morning", "evening"):
        await alerts.note_work(digest_work(name), "LookupError: a row is not what it should be")

    (found,) = of(await look(settings, stores), TroubleKind.WORK)
    assert (found.name, found.state) == ("digest morning", "breaks at each try")
    assert "LookupError" in found.reason

    await alerts.note_work(digest_work("morning"), None)
    assert of(await look(settings, stores), TroubleKind.WORK) == []


async def test_alerts_that_break_are_told_of_and_stop_no_others(settings: Settings, stores: Stores) -> None:
    alerts = Alerting(settings, stores, FixedClock(NOON), {"outbox": Receiver()}, None)

    async def breaks() -> tuple[Message, ...]:
        raise LookupError("no such row")

    alerts.commitments.tell_due = breaks  # type: ignore[method-assign]  # a fault that no input causes today
    told = await alerts.tell_due()

    assert told.problems == ("the commitment alerts broke: LookupError: no such row",)
    (found,) = of(await look(settings, stores), TroubleKind.WORK)
    assert found.name == "the commitment alerts"
