"""What channels were told of things that last is kept with the message that told it, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.alert_memory import Memory
from alerts.messages import DeliveryState
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.clock import NOON
from tests.integration.storage.conftest import empty
from tests.integration.storage.making import DAY, HOUR, delivery, message
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

SILENT = Memory(channel_id="desk", kind="silence", subject="trust", since=NOON - 9 * DAY, noticed_at=NOON)
TOLD = replace(SILENT, told_at=NOON, last_told_at=NOON, stage=1, over_at=NOON + HOUR, reason="quiet")
OTHER = replace(SILENT, channel_id="hook")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> Any:
    """Memory and outbox of each kind."""
    if request.param == "memory":
        memory = MemoryAlerts()
        return type("Stores", (), {"alerts": memory, "deliveries": memory.deliveries})
    sql = request.getfixturevalue(f"{request.param}_database")
    empty(sql)
    return Stores(sql)


async def test_a_memory_comes_back_as_it_was_put_down(stores: Any) -> None:
    assert await stores.alerts.tell(before=(), after=(TOLD, OTHER))

    assert await stores.alerts.remembered(["silence", "surge"]) == (TOLD, OTHER)
    assert await stores.alerts.remembered(["surge"]) == ()
    assert await stores.alerts.tell(before=(TOLD,), after=())
    assert await stores.alerts.remembered(["silence"]) == (OTHER,)


async def test_a_message_is_frozen_together_with_its_memory(stores: Any) -> None:
    sent = delivery(1, message_key="silence/1")

    assert await stores.alerts.tell(before=(), after=(TOLD,), message=message("silence/1"), deliveries=[sent])

    found = await stores.deliveries.get(sent.id)
    assert (found[0].state, found[1].key) == (DeliveryState.PENDING, "silence/1")


@pytest.mark.parametrize("before", [(), (SILENT,), (replace(TOLD, stage=2),)])
async def test_who_remembers_something_else_changes_nothing(stores: Any, before: tuple[Memory, ...]) -> None:
    """Another process was there before: neither memory nor message of the second is kept."""
    await stores.alerts.tell(before=(), after=(TOLD,))
    sent = delivery(1, message_key="silence/1")

    assert not await stores.alerts.tell(
        before=before, after=(replace(TOLD, stage=9), OTHER), message=message("silence/1"), deliveries=[sent]
    )

    assert await stores.alerts.remembered(["silence"]) == (TOLD,)
    assert await stores.deliveries.get(sent.id) is None


async def test_a_message_that_is_known_is_not_sent_again_and_the_memory_is_kept(stores: Any) -> None:
    """That of an installation which kept no memories."""
    await stores.deliveries.add(message("silence/1"), [])
    sent = delivery(1, message_key="silence/1")

    assert not await stores.alerts.tell(
        before=(), after=(TOLD,), message=message("silence/1"), deliveries=[sent]
    )

    assert await stores.alerts.remembered(["silence"]) == (TOLD,)
    assert await stores.deliveries.get(sent.id) is None


async def test_many_memories_are_put_down_at_once(stores: Any) -> None:
    """Two thousand sources fail together."""
    many = tuple(replace(TOLD, kind="source", subject=f"source{number:04}") for number in range(2000))

    assert await stores.alerts.tell(before=(), after=many)
    assert await stores.alerts.tell(before=many, after=many[:1])

    assert await stores.alerts.remembered(["source"]) == many[:1]


async def test_what_is_noticed_lasts_until_it_is_cleared(sql: Database) -> None:
    """Since it was noticed first, with what was said last."""
    troubles = Stores(sql).troubles
    await troubles.notice("configuration", "files", "line 3", NOON)
    await troubles.notice("configuration", "files", "line 4", NOON + HOUR)
    await troubles.notice("template", "morning", "line 1", NOON)

    first, second = await troubles.noticed()
    assert (first.kind, first.since, first.reason) == ("configuration", NOON, "line 4")
    assert second.subject == "morning"

    await troubles.clear("template", "other")
    await troubles.clear("configuration")
    assert await troubles.noticed() == (second,)


async def test_parked_deliveries_are_counted_by_recipient(sql: Database) -> None:
    """With the words about the newest of them."""
    stores = Stores(sql)
    await stores.deliveries.add(message("one"), [delivery(1, message_key="one", recipient="a@b.example")])
    await stores.deliveries.add(
        message("two"), [delivery(2, message_key="two", recipient="a@b.example", created_at=NOON + HOUR)]
    )
    await stores.deliveries.add(message("three"), [delivery(3, message_key="three")])
    for number, error in ((1, "550 first"), (2, "550 second")):
        await stores.deliveries.park(delivery(number).id, now=NOON + DAY, error=error)

    (found,) = await stores.troubles.parked()

    assert (found.number, found.since, found.error) == (2, NOON, "550 second")


async def test_what_was_told_by_a_clock_that_was_ahead_counts_as_told_now(sql: Database) -> None:
    """Else nothing would be said of a trouble until the clock is there again; since when it lasts stays as it is."""
    stores = Stores(sql)
    ahead = NOON + 90 * DAY
    told = replace(TOLD, noticed_at=ahead, told_at=ahead, last_told_at=ahead, over_at=None)
    await stores.alerts.tell(before=(), after=(told,))

    assert await stores.digests.set_back(NOON)

    (found,) = await stores.alerts.remembered(["silence"])
    assert found == replace(told, noticed_at=NOON, told_at=NOON, last_told_at=NOON)
    assert not await stores.digests.set_back(NOON)
