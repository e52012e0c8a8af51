"""Which channels `tidings status` calls gone: those whose receiver answered 410, until something gets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.errors import GONE
from tests.fakes.clock import NOON
from tests.integration.storage.making import HOUR, LEASE, delivery, message
from tidings.settings import load
from tidings.state_of_things import take
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

SAID = f"hooks.example.org: 410 Gone: ; {GONE}, remove the channel or correct its url"


@pytest.fixture
def stores(sql: Database) -> Stores:
    return Stores(sql)


async def parked(stores: Stores, error: str) -> None:
    """A delivery to the channel `desk`, refused with these words."""
    await stores.deliveries.add(message(), [delivery()])
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.park("delivery-1", now=NOON, error=error)


async def gone(stores: Stores) -> tuple[str, ...]:
    return (await stores.counts.take()).gone_channels


async def test_a_channel_that_answered_410_is_gone(stores: Stores) -> None:
    await parked(stores, SAID)

    assert await gone(stores) == ("desk",)


async def test_any_other_refusal_leaves_it(stores: Stores) -> None:
    await parked(stores, "hooks.example.org: 400 Bad Request: no")

    assert await gone(stores) == ()


async def test_a_message_that_got_through_later_brings_it_back(stores: Stores) -> None:
    """The operator has corrected the address; what was parked before may stay parked."""
    await parked(stores, SAID)
    await stores.deliveries.add(message(key="later"), [delivery(2, message_key="later")])
    await stores.deliveries.sent("delivery-2", now=NOON + HOUR, answer="204")

    assert await gone(stores) == ()


async def test_what_was_cancelled_says_nothing_any_more(stores: Stores) -> None:
    await parked(stores, SAID)
    assert await stores.deliveries.cancel("delivery-1")

    assert await gone(stores) == ()


@pytest.mark.parametrize(("name", "told"), [("desk", True), ("other", False)])
async def test_status_names_a_gone_channel_that_is_still_configured(
    stores: Stores, tmp_path: Path, name: str, told: bool
) -> None:
    """With what to do; one that was removed needs nobody."""
    await parked(stores, SAID)
    (tmp_path / "tidings.yaml").write_text(
        f'channels: {{{name}: {{type: webhook, url: "https://hooks.example.org/x"}}}}\n'
    )

    needs = (await take(load(tmp_path, state_dir=tmp_path, environ={}), stores, NOON)).needs

    line = "channel desk answered 410, its receiver is gone for good: correct its url, or remove it"
    assert (line in needs) is told
