"""`DeliveryStore` in memory."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.messages import Delivery, DeliveryState, Message

OPEN = (DeliveryState.PENDING, DeliveryState.PARKED)


class MemoryDeliveries:
    """See `alerts.ports.DeliveryStore`. `deliveries["id"]` is the delivery of that id."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.kept: dict[str, Delivery] = {}
        self.leases: dict[str, datetime] = {}

    def __getitem__(self, delivery_id: str) -> Delivery:
        return self.kept[delivery_id]

    async def add(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        if message.key in self.messages:
            return False
        self.store(message, deliveries)
        return True

    async def claim_due(
        self, now: datetime, limit: int, lease: timedelta
    ) -> tuple[tuple[Delivery, Message], ...]:
        due = [
            one
            for one in self.kept.values()
            if one.state is DeliveryState.PENDING
            and (one.next_attempt_at or one.created_at) <= now
            and (one.id not in self.leases or self.leases[one.id] <= now)
        ]
        due.sort(key=lambda one: (one.next_attempt_at or one.created_at, one.created_at, one.id))
        for one in due[:limit]:
            self.kept[one.id] = replace(one, attempts=one.attempts + 1)
            self.leases[one.id] = now + lease
        return tuple((self.kept[one.id], self.messages[one.message_key]) for one in due[:limit])

    async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
        if delivery_id in self.kept:
            self._set(
                self.kept[delivery_id],
                state=DeliveryState.SENT,
                next_attempt_at=None,
                sent_at=now,
                answer=answer,
                last_error=None,
            )

    async def later(self, delivery_id: str, *, at: datetime, error: str) -> None:
        if self._is(delivery_id, DeliveryState.PENDING):
            self._set(self.kept[delivery_id], next_attempt_at=at, last_error=error)

    async def park(self, delivery_id: str, *, now: datetime, error: str) -> None:
        if self._is(delivery_id, DeliveryState.PENDING):
            parked = DeliveryState.PARKED
            self._set(self.kept[delivery_id], state=parked, next_attempt_at=None, last_error=error)

    async def get(self, delivery_id: str) -> tuple[Delivery, Message] | None:
        found = self.kept.get(delivery_id)
        return None if found is None else (found, self.messages[found.message_key])

    async def list(self, *, limit: int = 100) -> tuple[Delivery, ...]:
        by_id = sorted(self.kept.values(), key=lambda one: one.id)
        return tuple(sorted(by_id, key=lambda one: one.created_at, reverse=True)[:limit])

    async def retry(self, delivery_id: str, *, now: datetime) -> bool:
        if not self._is(delivery_id, *OPEN):
            return False
        one = self.kept[delivery_id]
        self.kept[delivery_id] = replace(one, state=DeliveryState.PENDING, next_attempt_at=now)
        return True

    async def cancel(self, delivery_id: str) -> bool:
        if not self._is(delivery_id, *OPEN):
            return False
        self._set(self.kept[delivery_id], state=DeliveryState.CANCELLED, next_attempt_at=None)
        return True

    def store(self, message: Message, deliveries: Sequence[Delivery]) -> None:
        """Keep a message with its deliveries; what is there already stays."""
        self.messages.setdefault(message.key, message)
        for one in deliveries:
            self.kept.setdefault(one.id, one)

    def _is(self, delivery_id: str, *states: DeliveryState) -> bool:
        return delivery_id in self.kept and self.kept[delivery_id].state in builtins.tuple(states)

    def _set(self, one: Delivery, **changes: object) -> None:
        self.leases.pop(one.id, None)
        self.kept[one.id] = replace(one, **changes)  # type: ignore[arg-type]  # names are those of the record
