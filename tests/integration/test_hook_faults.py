"""Hooks to a receiver that fails in every way, by a clock that jumps: when they come again, under which id and signature."""

from __future__ import annotations

import asyncio
import base64
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Reference

from alerts.addressing import deliveries_for
from alerts.channels.webhook import Webhook
from alerts.courier import Result
from alerts.messages import DeliveryState, Message
from alerts.notice import notice
from alerts.plans import WebhookChannel
from alerts.retry import HOOK, JITTER
from crawler.net.guard import AddressGuard
from crawler.net.post import Answer
from crawler.net.post import post as guarded_post
from crawler.records import Secret
from tests.fakes.outbox import NOW
from tests.unit.test_notify_flow import House

KEYS = tuple("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
PATIENCE = 0.2  # seconds for an attempt that will get no end, in place of 15
WISH = timedelta(hours=3)
BUSY = ("500", "503", "429 in seconds", "429 with a date", "reset", "stall", "drip", "taken, then reset")
LOST_ANSWER = "taken, then reset"


@dataclass(frozen=True)
class Asked:
    at: datetime  # by the clock of the test
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Does to each request what `moods` says next, and takes it when that says nothing."""

    house: House
    moods: list[str] = field(default_factory=list)
    always: str = ""
    asked: list[Asked] = field(default_factory=list)
    taken: Counter[str] = field(
        default_factory=Counter
    )  # webhook-id → how often it was answered 2xx, or meant to be
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        now, body = self.house.clock.now(), await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(now, headers, body))
        mood = self.always or (self.moods.pop(0) if self.moods else "")
        match mood:
            case "429 in seconds":
                return web.Response(status=429, headers={"Retry-After": str(int(WISH.total_seconds()))})
            case "429 with a date":
                date = format_datetime(now.astimezone(UTC) + WISH, usegmt=True)
                return web.Response(status=429, headers={"Retry-After": date})
            case "302":
                return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest"})
            case "reset" | "taken, then reset":
                self.taken[headers["webhook-id"]] += mood == LOST_ANSWER
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case "stall":
                await self.over.wait()
                return web.Response()
            case "drip":
                response = web.StreamResponse()
                await response.prepare(request)
                with suppress(ConnectionError):
                    while not self.over.is_set():
                        await response.write(b"x")
                        await asyncio.sleep(PATIENCE / 5)
                return response
            case "":
                self.taken[headers["webhook-id"]] += 1
                return web.Response(status=204)
        return web.Response(status=int(mood))


@asynccontextmanager
async def receiving(fraction: float = 0.5) -> AsyncIterator[Receiver]:
    """A receiver on loopback, and the product's own outbox and channel before it."""
    house = House()
    house.notifier._courier._fraction = lambda: fraction
    receiver = Receiver(house)
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()

    async def post(url: str, body: bytes, headers: dict[str, str]) -> Spoken:
        endless = receiver.moods[:1] in (["stall"], ["drip"])
        guard, timeout = AddressGuard(("127.0.0.0/8",)), PATIENCE if endless else 15.0
        return Spoken(await guarded_post(url, body, headers, guard=guard, timeout=timeout))

    plan = WebhookChannel(
        id="desk",
        url=Secret(f"http://127.0.0.1:{runner.addresses[0][1]}/hook"),
        secret=Secret(" ".join(KEYS)),
    )
    house.notifier._courier._channels = {"desk": Webhook(plan, post=post, now=house.clock.now)}
    try:
        yield receiver
    finally:
        receiver.over.set()
        await runner.cleanup()


class Spoken:
    """The answer as the channel wants it."""

    def __init__(self, said: Answer) -> None:
        self.status, self.headers, self.body = said.status, dict(said.headers), said.body


def message(number: int) -> Message:
    return notice(key=f"n/{number}", subject="Trouble", paragraphs=[f"Number {number}."], created_at=NOW)


async def until_quiet(house: House) -> None:
    """Every attempt at its very moment, until no delivery waits."""
    while True:
        await house.notifier.deliver_due(1000)
        waiting = [
            one.next_attempt_at
            for one in await house.deliveries.list(limit=10_000)
            if one.state is DeliveryState.PENDING and one.next_attempt_at is not None
        ]
        if not waiting:
            return
        house.clock.time = min(waiting)


async def sent(house: House, *numbers: int) -> None:
    for one in map(message, numbers):
        way = house.notifier._courier._channels["desk"]
        await house.deliveries.add(one, deliveries_for(one, "desk", way, house.clock.now()))


def well_signed(asked: Asked) -> bool:
    """Under both keys, as the reference library signs these bytes at this moment."""
    assert asked.headers["webhook-timestamp"] == str(int(asked.at.timestamp()))
    wanted = [Reference(key).sign(asked.headers["webhook-id"], asked.at, asked.body.decode()) for key in KEYS]
    return asked.headers["webhook-signature"].split(" ") == wanted


@pytest.mark.parametrize("mood", BUSY)
async def test_after_any_trouble_the_same_message_comes_again(mood: str) -> None:
    """After about 5 seconds, or when the receiver wished it; the id and the bytes stay, the time is new."""
    async with receiving() as receiver:
        receiver.moods = [mood]
        await sent(receiver.house, 1)
        await until_quiet(receiver.house)
        first, second = receiver.asked
        (delivery,) = await receiver.house.deliveries.list()

    assert second.at - first.at == (WISH if mood.startswith("429") else timedelta(seconds=5))
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery.id
    assert first.body == second.body == message(1).data.encode()
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert well_signed(first)
    assert well_signed(second)
    assert delivery.state is DeliveryState.SENT
    assert receiver.taken[delivery.id] == (2 if mood == LOST_ANSWER else 1)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.999])
async def test_a_receiver_that_is_down_is_asked_ten_times_in_76_hours(fraction: float) -> None:
    """Each wait within a tenth of the published schedule; then the message is parked with its reason."""
    async with receiving(fraction) as receiver:
        receiver.always = "500"
        await sent(receiver.house, 1)
        await until_quiet(receiver.house)
        (delivery,) = await receiver.house.deliveries.list()

    moments = [one.at for one in receiver.asked]
    waits = [after - before for before, after in pairwise(moments)]
    assert len(waits) == len(HOOK.waits) == 9
    for wait, planned in zip(waits[:-1], HOOK.waits[:-1], strict=True):
        assert abs(wait - planned) <= planned * JITTER
    assert timedelta(hours=68) <= moments[-1] - moments[0] <= timedelta(hours=76)
    assert all(map(well_signed, receiver.asked))
    assert delivery.state is DeliveryState.PARKED
    assert (delivery.last_error or "").startswith("given up after 10 attempts: 127.0.0.1: 500")


@pytest.mark.parametrize(("mood", "words"), [("302", "redirects are not followed"), ("422", "422")])
async def test_what_cannot_get_better_is_parked_at_once(mood: str, words: str) -> None:
    """And does not stand in the way of the next message."""
    async with receiving() as receiver:
        receiver.moods = [mood]
        await sent(receiver.house, 1)
        await until_quiet(receiver.house)
        await sent(receiver.house, 2)
        await until_quiet(receiver.house)
        states = {one.message_key: one for one in await receiver.house.deliveries.list()}

    assert len(receiver.asked) == 2
    assert states["n/1"].state is DeliveryState.PARKED
    assert words in (states["n/1"].last_error or "")
    assert states["n/2"].state is DeliveryState.SENT


async def test_after_410_nothing_more_is_sent_there() -> None:
    """What waits is parked with that reason, and the receiver is not asked."""
    async with receiving() as receiver:
        receiver.moods = ["410"]
        await sent(receiver.house, 1)
        (first,) = await receiver.house.notifier.deliver_due(10)
        await sent(receiver.house, 2, 3)
        rest = await receiver.house.notifier.deliver_due(10)

    assert (first.result, first.channel_gone) == (Result.PARKED, True)
    assert [one.result for one in rest] == [Result.PARKED] * 2
    assert all("answered 410" in (one.error or "") for one in rest)
    assert len(receiver.asked) == 1


async def test_every_hook_arrives_though_a_third_of_all_requests_fail() -> None:
    """Sixty hooks within 24 hours: none is lost, and only a lost answer makes a second copy, under the same id."""
    chance = random.Random(20261126)
    quick = tuple(mood for mood in BUSY if mood not in ("stall", "drip"))
    async with receiving() as receiver:
        receiver.moods = [chance.choice(quick) if chance.random() < 0.33 else "" for _ in range(200)]
        lost = 0
        for number in range(60):
            await sent(receiver.house, number)
            before = list(receiver.moods)
            await receiver.house.notifier.deliver_due(1000)
            lost += before[: len(before) - len(receiver.moods)].count(LOST_ANSWER)
            receiver.house.clock.time += timedelta(minutes=24)
        before = list(receiver.moods)
        await until_quiet(receiver.house)
        lost += before[: len(before) - len(receiver.moods)].count(LOST_ANSWER)
        deliveries = await receiver.house.deliveries.list(limit=1000)

    assert Counter(one.state for one in deliveries) == {DeliveryState.SENT: 60}
    assert set(receiver.taken) == {one.id for one in deliveries}
    assert sum(receiver.taken.values()) == 60 + lost
    assert lost > 0
    bodies = {(one.headers["webhook-id"], one.body) for one in receiver.asked}
    assert len(bodies) == 60
    assert all(map(well_signed, receiver.asked))
