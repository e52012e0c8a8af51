"""Delivering: one attempt at each delivery that is due, and what becomes of it. Over ports."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts import retry
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.obstacles import Obstacles, Parking, banned_words, suspended_words
from alerts.ports import Channel, DeliveryStore
from crawler.failpoints import reach
from crawler.ports import Clock

AT_ONCE = 2  # deliveries under way together to one channel; a slow one holds up no other channel
LIMIT = timedelta(minutes=12)  # one attempt, however slowly the other side talks
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
        look_again: seconds after which what has become due is taken up while others are still under way.
    """

    def __init__(
        self,
        *,
        deliveries: DeliveryStore,
        channels: Mapping[str, Channel],
        clock: Clock,
        fraction: Callable[[], float] = random.random,
        look_again: float = 5.0,
    ) -> None:
        self._deliveries = deliveries
        self._channels = channels
        self._clock = clock
        self._fraction = fraction
        self._look_again = look_again

    async def deliver_due(self, limit: int) -> tuple[Outcome, ...]:
        """Make one attempt at each due delivery, at most `limit` of them, a few at a time to each channel."""
        outcomes: list[Outcome] = []
        under_way: dict[asyncio.Task[Outcome], str] = {}  # → channel
        left = limit
        await self._forget()
        try:
            while True:
                try:
                    async for delivery, message in self._claimed(left, tuple(under_way.values())):
                        attempt = asyncio.create_task(self._attempt(delivery, message))
                        under_way[attempt] = delivery.channel_id
                        left -= 1
                except Exception:
                    if under_way:
                        await asyncio.wait(under_way)  # they hold their claims, and some are half sent
                    raise
                if not under_way:
                    return tuple(outcomes)
                ended, _ = await asyncio.wait(
                    under_way, timeout=self._look_again, return_when=asyncio.FIRST_COMPLETED
                )
                for one in ended:
                    del under_way[one]
                # All are asked, or the loop tells of those that nobody asked.
                faults = [one.exception() for one in ended]
                if under_way and any(faults):
                    await asyncio.wait(under_way)  # what is half sent would come twice if it were cut off
                outcomes += [one.result() for one in ended]
        finally:
            for one in under_way:
                one.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _forget(self) -> None:
        """A ban ends with the address that it was on, a suspension when its recipient is taken off the channel."""
        obstacles = await self._deliveries.obstacles(self._clock.now())
        for channel_id, ban in obstacles.bans.items():
            channel = self._channels.get(channel_id)
            if channel is not None and channel.target() != ban.target:
                await self._deliveries.unban(channel_id)
        for one in obstacles.suspensions:
            channel = self._channels.get(one.channel_id)
            if channel is not None and one.recipient not in channel.recipients():
                await self._deliveries.resume(one.channel_id, one.recipient)

    async def _claimed(self, limit: int, busy: Iterable[str]) -> AsyncIterator[tuple[Delivery, Message]]:
        """Due ones, of each channel as many as it has room for."""
        if limit < 1:
            return
        under_way, left = Counter(busy), limit
        now = self._clock.now()
        for channel_id in await self._deliveries.waiting(now):
            room = min(AT_ONCE - under_way[channel_id], left)
            if room > 0:
                for one in await self._deliveries.claim_due(now, room, LEASE, channel=channel_id):
                    left -= 1
                    yield one

    async def _attempt(self, delivery: Delivery, message: Message) -> Outcome:
        """One try and its record; every end but our own cancellation is an outcome."""
        reach("delivery_claimed")
        channel = self._channels.get(delivery.channel_id)
        if channel is None:
            return await self._parked(
                delivery, "there is no such channel in tidings.yaml any more", Parking.UNTRIED
            )
        try:
            obstacles = await self._deliveries.obstacles(self._clock.now())
        except BaseException:
            await self._give_back(delivery)
            raise
        untried = None if delivery.asked else await self._untried(delivery, channel, obstacles)
        if untried is not None:
            return untried
        try:
            async with asyncio.timeout(LIMIT.total_seconds()):
                answer = await channel.send(message, delivery)
        except Refused as error:
            return await self._refused(delivery, channel, error)
        except TryLater as error:
            return await self._later(delivery, error)
        except TimeoutError:
            minutes = LIMIT.total_seconds() // 60
            return await self._later(delivery, TryLater(f"no end within {minutes:.0f} minutes", for_all=True))
        except asyncio.CancelledError:
            await self._give_back(delivery)
            raise
        except Exception as error:  # a fault of ours or of a library; its words may hold secrets
            return await self._later(delivery, TryLater(f"unexpected {type(error).__name__} in the channel"))
        reach("mark_sent")
        await self._deliveries.sent(delivery.id, now=self._clock.now(), answer=answer)
        reach("marked")
        if delivery.channel_id in obstacles.bans:
            await self._deliveries.unban(delivery.channel_id)
        return Outcome(delivery=delivery, result=Result.SENT, answer=answer)

    async def _give_back(self, delivery: Delivery) -> None:
        with suppress(Exception):  # else the claim runs out
            await self._deliveries.release(delivery.id)

    async def _untried(self, delivery: Delivery, channel: Channel, obstacles: Obstacles) -> Outcome | None:
        """Parked, where nothing gets through; None: try it."""
        ban = obstacles.ban_on(delivery.channel_id, channel.target()) if obstacles.bans else None
        if ban is not None:
            return await self._parked(delivery, banned_words(ban), Parking.UNTRIED, gone=True)
        suspended = obstacles.suspension_of(delivery)
        if suspended is not None:
            return await self._parked(delivery, suspended_words(suspended), Parking.UNTRIED)
        return None

    async def _refused(self, delivery: Delivery, channel: Channel, error: Refused) -> Outcome:
        why = Parking.NO_RECIPIENT if error.of_recipient else Parking.REFUSED
        try:
            if error.disable:
                now = self._clock.now()
                await self._deliveries.ban(delivery.channel_id, channel.target(), now, str(error))
        finally:  # what became of it is kept, or owed, whatever becomes of the rest
            outcome = await self._parked(delivery, str(error), why, gone=error.disable)
        return outcome

    async def _parked(self, delivery: Delivery, error: str, why: Parking, *, gone: bool = False) -> Outcome:
        await self._deliveries.park(delivery.id, now=self._clock.now(), error=error, why=why)
        return Outcome(delivery=delivery, result=Result.PARKED, error=error, channel_gone=gone)

    async def _later(self, delivery: Delivery, error: TryLater) -> Outcome:
        """Put off, and with it what else waits for this channel where the other side wants that."""
        now, wish = self._clock.now(), error.retry_after
        at = retry.next_attempt(
            delivery, now=now, fraction=self._fraction(), retry_after=wish, for_all=error.for_all
        )
        until = retry.hold(now, again_at=at, for_all=error.for_all, retry_after=wish)
        try:
            if until is not None:
                await self._deliveries.hold(delivery.channel_id, now, until, str(error))
        finally:
            outcome = await self._put_off(delivery, error, at)
        return outcome

    async def _put_off(self, delivery: Delivery, error: TryLater, at: datetime | None) -> Outcome:
        if at is None:
            words = f"given up after {delivery.attempts} attempts: {error}"
            return await self._parked(delivery, words, Parking.GIVEN_UP)
        held_up = error.for_all and retry.schedule_of(delivery) is retry.MAIL  # hooks keep to their schedule
        await self._deliveries.later(delivery.id, at=at, error=str(error), held_up=held_up)
        return Outcome(delivery=delivery, result=Result.LATER, error=str(error), next_attempt_at=at)
