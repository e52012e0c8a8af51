"""To whom a message goes: one delivery for each recipient of a channel. Pure."""

from __future__ import annotations

from datetime import datetime

from alerts.delivery_ids import delivery_id
from alerts.messages import Delivery, Message
from alerts.ports import Channel


def deliveries_for(
    message: Message, channel_id: str, channel: Channel | None, now: datetime
) -> tuple[Delivery, ...]:
    """One delivery for each recipient, due at once; of an unknown channel one, to be parked with its reason."""
    return tuple(
        Delivery(
            id=delivery_id(message.key, channel_id, recipient),
            message_key=message.key,
            channel_id=channel_id,
            recipient=recipient,
            created_at=now,
            next_attempt_at=now,
        )
        for recipient in (channel.recipients() if channel is not None else ("",))
    )
