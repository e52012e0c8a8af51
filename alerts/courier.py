"""Delivering: one attempt at each delivery that is due, and what becomes of it. Over ports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts import retry
from alerts.delivery_ids import delivery_id as delivery_id
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.notice import test_message as test_message
from alerts.ports import Channel, DeliveryStore
from crawler.ports import Clock

AT_ONCE = 4  # deliveries under way together
LIMIT = timedelta(minutes=5)  # one attempt, however slowly the other side talks
LEASE = timedelta(minutes=15)  # a claim on a delivery, longer than any attempt


class Result(StrEnum):
    SENT = "sent"
    LATER = "later"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt at a delivery."""

    delivery: Delivery  # as claimed
    result: Result
    answer: str | None = None  # what the other side said on success
    error: str | None = None
    next_attempt_at: datetime | None = None
    channel_gone: bool = False  # 410: nothing more will get through there


class Courier:
    """Takes what is due from the outbox to its channel.

    Args:
        fraction: 0 <= fraction < 1 for the jitter of retries.
    """

    def __init__(
        self,
        *,
        deliveries: DeliveryStore,
        channels: Mapping[str, Channel],
        clock: Clock,
        fraction: Callable[[], float] = random.random,
    ) -> None:
        self._deliveries = deliveries
        self._channels = channels
        self._clock = clock
        self._fraction = fraction
        self._gone: set[str] = set()  # channels that answered 410 since these settings came into force

    async def deliver_due(self, limit: int) -> tuple[Outcome, ...]:
        """Make one attempt at each due delivery, at most `limit` of them, a few at a time."""
        outcomes: list[Outcome] = []
        while len(outcomes) < limit:
            some = min(AT_ONCE, limit - len(outcomes))
            claimed = await self._deliveries.claim_due(self._clock.now(), some, LEASE)
            if not claimed:
                break
            outcomes += await asyncio.gather(*(self._attempt(*one) for one in claimed))
        return tuple(outcomes)

    async def _attempt(self, delivery: Delivery, message: Message) -> Outcome:
        """One try and its record; every end but our own cancellation is an outcome."""
        channel = self._channels.get(delivery.channel_id)
        if channel is None:
            return await self._parked(delivery, "there is no such channel in tidings.yaml any more")
        if delivery.channel_id in self._gone and delivery.attempts <= 1:  # an operator's retry is tried
            return await self._parked(delivery, "not tried: this channel is gone, it answered 410", gone=True)
        try:
            async with asyncio.timeout(LIMIT.total_seconds()):
                answer = await channel.send(message, delivery)
        except Refused as error:
            if error.disable:
                self._gone.add(delivery.channel_id)
            return await self._parked(delivery, str(error), gone=error.disable)
        except TryLater as error:
            return await self._later(delivery, str(error), error.retry_after)
        except TimeoutError:
            return await self._later(delivery, f"no end within {LIMIT.total_seconds():.0f} seconds")
        except Exception as error:  # a fault of ours or of a library; its words may hold secrets
            return await self._later(delivery, f"unexpected {type(error).__name__} in the channel")
        self._gone.discard(delivery.channel_id)
        await self._deliveries.sent(delivery.id, now=self._clock.now(), answer=answer)
        return Outcome(delivery=delivery, result=Result.SENT, answer=answer)

    async def _parked(self, delivery: Delivery, error: str, *, gone: bool = False) -> Outcome:
        await self._deliveries.park(delivery.id, now=self._clock.now(), error=error)
        return Outcome(delivery=delivery, result=Result.PARKED, error=error, channel_gone=gone)

    async def _later(self, delivery: Delivery, error: str, wish: timedelta | None = None) -> Outcome:
        at = retry.next_attempt(delivery, now=self._clock.now(), fraction=self._fraction(), retry_after=wish)
        if at is None:
            return await self._parked(delivery, f"given up after {delivery.attempts} attempts: {error}")
        await self._deliveries.later(delivery.id, at=at, error=error)
        return Outcome(delivery=delivery, result=Result.LATER, error=error, next_attempt_at=at)
