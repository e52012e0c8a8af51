"""Sending a digest by hand, a new one or one of before: what became of each delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.messages import Delivery
from alerts.notify import Notifier
from alerts.plans import DigestPlan
from crawler.ports import Clock
from tidings.storage.stores import Stores

BATCH = 1_000  # deliveries of one round; those of other messages that are due go with them


class NothingToSend(Exception):
    """There is no such message to send again; the message says what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A message that was handed over, or that the other side did not take."""

    key: str
    subject: str
    deliveries: tuple[Delivery, ...]  # as they stand afterwards


async def send_now(teller: Notifier, stores: Stores, plan: DigestPlan) -> tuple[Handed, ...]:
    """Compose a digest out of turn and deliver it; nothing when its readers know everything."""
    composed = await teller.compose_now(plan)
    keys = [one.message.key for one in composed if one.message is not None]
    return await _delivered(teller, stores, keys) if keys else ()


async def send_again(
    teller: Notifier, stores: Stores, clock: Clock, digest_id: str, slot_key: str | None
) -> tuple[Handed, ...]:
    """Deliver the messages of a slot once more, the same bytes under the same ids, to all their recipients.

    Args:
        slot_key: None: the last slot that told something.

    Raises:
        NothingToSend: there is no message of it.
    """
    slot = await stores.sent.slot(digest_id, slot_key)
    if slot is None and slot_key is None:
        raise NothingToSend(f"{digest_id} has not sent anything yet")
    if slot is None:
        last = ", ".join(await stores.sent.last(digest_id)) or "none"
        raise NothingToSend(f"{digest_id} has no slot {slot_key}; the last that told something: {last}")
    if not slot.told:
        raise NothingToSend(f"in its slot {slot.key} {digest_id} had nothing to tell, and sent nothing")
    if not slot.messages:
        raise NothingToSend(
            f"what {digest_id} sent in its slot {slot.key} is not kept any more; see `retention`"
        )
    due = 0
    for key in slot.messages:
        due += await stores.deliveries.again(key, clock.now())
    if not due:
        raise NothingToSend(f"{slot.messages[0]} has no delivery that is not under way just now")
    return await _delivered(teller, stores, slot.messages)


async def _delivered(teller: Notifier, stores: Stores, keys: Iterable[str]) -> tuple[Handed, ...]:
    await teller.deliver_due(BATCH)
    handed = []
    for key in keys:
        mine = [
            one for one in await stores.deliveries.list(limit=BATCH, message=key) if one.message_key == key
        ]
        found = await stores.deliveries.get(mine[0].id) if mine else None
        subject = found[1].subject if found is not None else ""
        handed.append(
            Handed(
                key=key,
                subject=subject,
                deliveries=tuple(sorted(mine, key=lambda one: (one.channel_id, one.recipient))),
            )
        )
    return tuple(handed)
