"""What `tidings status` says of channels that are gone or on hold and of recipients that are suspended."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.obstacles import SUSPEND_AFTER, Parking
from alerts.plans import WebhookChannel
from alerts.targets import target_of
from crawler.secret import Secret
from tests.fakes.clock import NOON
from tests.integration.storage.making import HOUR, LEASE, delivery, message
from tidings.settings import load
from tidings.state_of_things import Status, take
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

NAMES = [("desk", True), ("other", False)]
URL = "https://hooks.example.org/x"
PRINT = target_of(WebhookChannel(id="desk", url=Secret(URL)))


@pytest.fixture
def stores(sql: Database) -> Stores:
    return Stores(sql)


async def gone(stores: Stores) -> tuple[str, ...]:
    return (await stores.counts.take()).gone_channels


async def status(stores: Stores, folder: Path, name: str) -> Status:
    """Of an installation with one channel of this name."""
    (folder / "tidings.yaml").write_text(f'channels: {{{name}: {{type: webhook, url: "{URL}"}}}}\n')
    return await take(load(folder, state_dir=folder, environ={}), stores, NOON)


async def test_a_channel_that_answered_410_is_gone_until_that_is_lifted(stores: Stores) -> None:
    await stores.deliveries.ban("desk", "print", NOON, "410 Gone")
    assert await gone(stores) == ("desk",)

    await stores.deliveries.unban("desk")
    assert await gone(stores) == ()


@pytest.mark.parametrize(("name", "told"), NAMES)
async def test_status_names_a_gone_channel_that_is_still_configured(
    stores: Stores, tmp_path: Path, name: str, told: bool
) -> None:
    """With what to do; one that was removed needs nobody."""
    await stores.deliveries.ban("desk", PRINT, NOON, "410 Gone")

    needs = (await status(stores, tmp_path, name)).needs

    line = "channel desk answered 410, its receiver is gone for good: correct its url, or remove it"
    assert (line in needs) is told


async def test_a_channel_whose_address_was_corrected_is_gone_no_more(stores: Stores, tmp_path: Path) -> None:
    """It is so before the daemon has sent anything there; `status` and `channels list` do not say otherwise."""
    await stores.deliveries.ban("desk", "print of the address before", NOON, "410 Gone")

    now = await status(stores, tmp_path, "desk")

    assert [need for need in now.needs if "410" in need] == []
    assert now.obstacles.bans == {}


@pytest.mark.parametrize(("name", "told"), NAMES)
async def test_status_names_a_suspended_recipient_with_what_lifts_it(
    stores: Stores, tmp_path: Path, name: str, told: bool
) -> None:
    for number in range(SUSPEND_AFTER):
        key = f"morning/{number}"
        one = delivery(number, message_key=key, recipient="left@example.org")
        await stores.deliveries.add(message(key), [one])
        await stores.deliveries.claim_due(NOON, 1, LEASE)
        await stores.deliveries.park(one.id, now=NOON, error="550 no such mailbox", why=Parking.NO_RECIPIENT)

    needs = (await status(stores, tmp_path, name)).needs

    line = (
        "channel desk: left@example.org is suspended, as 3 messages in a row were refused (550 no such mailbox); "
        "correct or remove the address, or `tidings channels resume desk left@example.org`, "
        "then `tidings deliveries retry`"
    )
    assert (line in needs) is told


@pytest.mark.parametrize(("name", "told"), NAMES)
async def test_status_notes_a_channel_that_asked_for_patience(
    stores: Stores, tmp_path: Path, name: str, told: bool
) -> None:
    """While it lasts; nobody has to do anything."""
    await stores.deliveries.hold("desk", NOON, NOON + HOUR, "429 Too Many Requests")

    found = await status(stores, tmp_path, name)

    notes = [note for note in found.notes if note.startswith("channel desk is left alone until ")]
    assert [note.endswith(": 429 Too Many Requests") for note in notes] == [True] * told
    assert found.obstacles.holds["desk"].until == NOON + HOUR
