"""A `Channel` that takes everything, to one recipient or several."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.messages import Delivery, Message


@dataclass(frozen=True)
class Receiver:
    """See `alerts.ports.Channel`."""

    addresses: tuple[str, ...] = ("",)

    async def send(self, message: Message, delivery: Delivery) -> str:
        return "250 OK"

    def recipients(self) -> tuple[str, ...]:
        return self.addresses

    def target(self) -> str:
        return "here"

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        return message.text.encode()
