"""`DeliveryStore` in memory."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.courier import LEASE
from alerts.messages import Delivery, DeliveryState, Message
from alerts.obstacles import LONG, SUSPEND_AFTER, Ban, Hold, Obstacles, Parking, Suspension
from alerts.retry import LONGEST_WAIT
from tidings.storage.clock_back import AHEAD

OPEN = (DeliveryState.PENDING, DeliveryState.PARKED)


class MemoryDeliveries:
    """See `alerts.ports.DeliveryStore`. `deliveries["id"]` is the delivery of that id."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.kept: dict[str, Delivery] = {}
        self.leases: dict[str, datetime] = {}
        self.banned: dict[str, Ban] = {}
        self.held: dict[str, Hold] = {}
        self.troubled: dict[str, datetime] = {}  # channels, since when
        self.refusals: dict[tuple[str, str], Suspension] = {}

    def __getitem__(self, delivery_id: str) -> Delivery:
        return self.kept[delivery_id]

    async def add(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        if message.key in self.messages:
            return False
        self.store(message, deliveries)
        return True

    async def waiting(self, now: datetime) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.channel_id for one in self._due(now)))

    async def claim_due(
        self, now: datetime, limit: int, lease: timedelta, *, channel: str | None = None
    ) -> tuple[tuple[Delivery, Message], ...]:
        due = [one for one in self._due(now) if channel is None or one.channel_id == channel]
        for one in due[:limit]:
            self.kept[one.id] = replace(one, attempts=one.attempts + 1)
            self.leases[one.id] = now + lease
        return tuple((self.kept[one.id], self.messages[one.message_key]) for one in due[:limit])

    async def release(self, delivery_id: str) -> None:
        self.leases.pop(delivery_id, None)

    async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
        if delivery_id in self.kept:
            one = self.kept[delivery_id]
            self._set(
                one,
                state=DeliveryState.SENT,
                next_attempt_at=None,
                sent_at=now,
                answer=answer,
                last_error=None,
                refused=False,
                asked=False,
            )
            self.refusals.pop((one.channel_id, one.recipient), None)
            if one.channel_id in self.held and self.held[one.channel_id].until <= now:
                del self.held[one.channel_id]
                if now - self.troubled.pop(one.channel_id) >= LONG:
                    self._wake(one.channel_id, now)

    async def later(self, delivery_id: str, *, at: datetime, error: str, held_up: bool = False) -> None:
        if self._is(delivery_id, DeliveryState.PENDING):
            self._set(self.kept[delivery_id], next_attempt_at=at, last_error=error, held_up=held_up)

    async def park(
        self, delivery_id: str, *, now: datetime, error: str, why: Parking = Parking.GIVEN_UP
    ) -> None:
        if not self._is(delivery_id, DeliveryState.PENDING):
            return
        one = self.kept[delivery_id]
        self._set(
            one,
            state=DeliveryState.PARKED,
            next_attempt_at=None,
            last_error=error,
            attempts=max(one.attempts - (why is Parking.UNTRIED), 0),
            refused=one.refused or why in (Parking.REFUSED, Parking.NO_RECIPIENT),
            asked=False,
        )
        if why is Parking.NO_RECIPIENT and not one.refused:
            whom = (one.channel_id, one.recipient)
            before = self.refusals.get(whom)
            self.refusals[whom] = Suspension(
                channel_id=one.channel_id,
                recipient=one.recipient,
                messages=1 if before is None else before.messages + 1,
                since=now if before is None else before.since,
                reason=error,
            )

    async def get(self, delivery_id: str) -> tuple[Delivery, Message] | None:
        found = self.kept.get(delivery_id)
        return None if found is None else (found, self.messages[found.message_key])

    async def list(
        self,
        *,
        limit: int = 100,
        state: DeliveryState | None = None,
        channel: str | None = None,
        message: str = "",
        since: datetime | None = None,
    ) -> tuple[Delivery, ...]:
        wanted = [
            one
            for one in sorted(self.kept.values(), key=lambda one: one.id)
            if (state is None or one.state is state)
            and (channel is None or one.channel_id == channel)
            and one.message_key.startswith(message)
            and (since is None or one.created_at >= since)
        ]
        return tuple(sorted(wanted, key=lambda one: one.created_at, reverse=True)[:limit])

    async def named(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(one for one in self.kept if one.startswith(prefix))[:10])

    async def retry(self, delivery_id: str, *, now: datetime) -> bool:
        if not self._is(delivery_id, *OPEN):
            return False
        one = self.kept[delivery_id]
        self.kept[delivery_id] = replace(one, state=DeliveryState.PENDING, next_attempt_at=now, asked=True)
        return True

    async def again(self, message_key: str, now: datetime) -> int:
        mine = [
            one
            for one in self.kept.values()
            if one.message_key == message_key
            and not (one.state is DeliveryState.PENDING and self.leases.get(one.id, now) > now)
        ]
        for one in mine:
            anew = replace(one, next_attempt_at=now, asked=True)
            if one.state is not DeliveryState.PENDING:
                anew = replace(anew, state=DeliveryState.PENDING, attempts=0, sent_at=None, answer=None)
            self.kept[one.id] = anew
        return len(mine)

    async def cancel(self, delivery_id: str) -> bool:
        if not self._is(delivery_id, *OPEN):
            return False
        one = self.kept[delivery_id]
        self._set(one, state=DeliveryState.CANCELLED, next_attempt_at=None, asked=False)
        return True

    async def ban(self, channel_id: str, target: str, now: datetime, reason: str) -> None:
        before = self.banned.get(channel_id)
        if before is None or before.target != target:
            self.banned[channel_id] = Ban(channel_id=channel_id, target=target, since=now, reason=reason)

    async def unban(self, channel_id: str) -> None:
        self.banned.pop(channel_id, None)

    async def bans(self) -> Mapping[str, Ban]:
        return dict(sorted(self.banned.items()))

    async def hold(self, channel_id: str, now: datetime, until: datetime, reason: str) -> None:
        self.troubled.setdefault(channel_id, now)
        if channel_id not in self.held or self.held[channel_id].until < until:
            self.held[channel_id] = Hold(channel_id=channel_id, until=until, reason=reason)

    async def obstacles(self, now: datetime) -> Obstacles:
        return Obstacles(
            bans=await self.bans(),
            holds={name: one for name, one in sorted(self.held.items()) if one.until > now},
            suspensions=tuple(one for _, one in sorted(self.refusals.items()) if _suspended(one)),
        )

    async def resume(self, channel_id: str, recipient: str | None = None) -> int:
        mine = [one for one in self.refusals if one[0] == channel_id and recipient in (None, one[1])]
        lifted = sum(_suspended(self.refusals.pop(one)) for one in mine)
        if recipient is None:
            lifted += self.banned.pop(channel_id, None) is not None
            lifted += self.held.pop(channel_id, None) is not None
            self.troubled.pop(channel_id, None)
        return lifted

    def wait_for_ever(self, now: datetime) -> bool:
        """Whether a delivery or a channel waits for longer than anything may, or was made after `now`."""
        soon = now + AHEAD
        due = [one.next_attempt_at for one in self.kept.values() if one.next_attempt_at is not None]
        made = [*(one.created_at for one in self.kept.values()), *self.troubled.values()]
        return (
            any(one > soon for one in made)
            or any(one > soon + LONGEST_WAIT for one in (*due, *(one.until for one in self.held.values())))
            or any(one > soon + LEASE for one in self.leases.values())
        )

    def let_go(self, now: datetime) -> None:
        """The clock was ahead: what was to wait by it is due now."""
        furthest = now + LONGEST_WAIT
        for one in list(self.kept.values()):
            due = one.next_attempt_at or one.created_at
            if one.state is DeliveryState.PENDING and due > now and (one.created_at > now or due > furthest):
                self.kept[one.id] = replace(one, next_attempt_at=now)
        for one in list(self.kept.values()):
            self.kept[one.id] = replace(one, created_at=min(one.created_at, now))
        self.leases = {name: min(until, now + LEASE) for name, until in self.leases.items()}
        for name, one in list(self.held.items()):
            if one.until > furthest or self.troubled[name] > now:
                del self.held[name], self.troubled[name]

    def store(self, message: Message, deliveries: Sequence[Delivery]) -> None:
        """Keep a message with its deliveries; what is there already stays."""
        self.messages.setdefault(message.key, message)
        for one in deliveries:
            self.kept.setdefault(one.id, one)

    def _due(self, now: datetime) -> builtins.list[Delivery]:
        due = [
            one
            for one in self.kept.values()
            if one.state is DeliveryState.PENDING
            and (one.next_attempt_at or one.created_at) <= now
            and (one.id not in self.leases or self.leases[one.id] <= now)
            and (one.asked or one.channel_id not in self.held or self.held[one.channel_id].until <= now)
        ]
        return sorted(due, key=lambda one: (one.next_attempt_at or one.created_at, one.created_at, one.id))

    def _wake(self, channel_id: str, now: datetime) -> None:
        for one in tuple(self.kept.values()):
            if one.held_up and one.channel_id == channel_id and one.id not in self.leases:
                self.kept[one.id] = replace(one, next_attempt_at=now)

    def _is(self, delivery_id: str, *states: DeliveryState) -> bool:
        return delivery_id in self.kept and self.kept[delivery_id].state in builtins.tuple(states)

    def _set(self, one: Delivery, **changes: object) -> None:
        self.leases.pop(one.id, None)
        changes.setdefault("held_up", False)
        self.kept[one.id] = replace(one, **changes)  # type: ignore[arg-type]  # names are those of the record


def _suspended(one: Suspension) -> bool:
    return one.messages >= SUSPEND_AFTER
