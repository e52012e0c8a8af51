"""`AlertStore` in memory, beside the outbox in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from alerts.alert_memory import Memory
from alerts.messages import Delivery, Message
from tests.fakes.deliveries import MemoryDeliveries


class MemoryAlerts:
    """See `alerts.alert_memory.AlertStore`."""

    def __init__(self, deliveries: MemoryDeliveries | None = None) -> None:
        self.deliveries = deliveries or MemoryDeliveries()
        self.kept: dict[tuple[str, str, str], Memory] = {}

    async def remembered(self, kinds: Collection[str]) -> tuple[Memory, ...]:
        return tuple(one for _, one in sorted(self.kept.items()) if one.kind in kinds)

    async def tell(
        self,
        *,
        before: Sequence[Memory],
        after: Sequence[Memory],
        message: Message | None = None,
        deliveries: Sequence[Delivery] = (),
        owed_since: datetime | None = None,
    ) -> bool:
        things = {one.id for one in (*before, *after)}
        if {thing: one for thing, one in self.kept.items() if thing in things} != {
            one.id: one for one in before
        }:
            return False
        others = {thing: one for thing, one in self.kept.items() if thing not in things}
        self.kept = others | {one.id: one for one in after}
        return message is None or await self.deliveries.add(message, deliveries)
