"""Hooks to a receiver that fails in every way, by a clock that jumps: when they come again, under which id and signature."""

from __future__ import annotations

import asyncio
import base64
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Reference

from alerts.addressing import deliveries_for
from alerts.channels.webhook import Webhook
from alerts.courier import Courier, Outcome, Result
from alerts.messages import Delivery, DeliveryState, Message
from alerts.notice import notice
from alerts.plans import WebhookChannel
from alerts.retry import HOOK, JITTER, LONGEST_HOLD
from crawler.net.guard import AddressGuard
from crawler.net.post import Answer
from crawler.net.post import post as guarded_post
from crawler.secret import Secret
from tests.fakes.clock import NOON
from tests.fakes.deliveries import MemoryDeliveries

OLD, NEW = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
PATIENCE = 0.2  # seconds for an attempt that will get no end, in place of 15
WISH = timedelta(hours=3)
ABSURD = {"1000000000": timedelta(hours=24), "-1": None, "soon": None, "Wed, 25 Nov 99999 13:00:00 GMT": None}
LOST_ANSWER = "taken, then reset"
ENDLESS = ("stall", "slow body")
MOODS = (
    "500", "502", "503", "504", "404", "429 in seconds", "429 with a date", *ABSURD, "reset", *ENDLESS, LOST_ANSWER,
)  # fmt: skip
GIGABYTE = 2**30
MOOD = (
    "x-mood"  # tells the receiver what to do, so that what never ends is waited for as long as the test can
)


class Believer(Reference):
    """The reference library by the clock of a test."""

    clock: Clock

    def _Webhook__verify_timestamp(self, stamp: str) -> datetime:  # the library's private name
        at = datetime.fromtimestamp(float(stamp), UTC)
        assert abs(at - self.clock.now()) < timedelta(minutes=5)
        return at


@dataclass
class Clock:
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True)
class Asked:
    at: datetime  # by the clock of the test
    mood: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Believes what the reference library believes, and does to each request what its mood says, or takes it."""

    clock: Clock
    key: str = OLD  # with which it checks signatures
    moods: list[str] = field(default_factory=list)
    always: str = ""
    asked: list[Asked] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)  # ids that it kept, answered or not
    written: int = 0  # bytes of an answer of 1 GiB
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        believer = Believer(self.key)
        believer.clock = self.clock
        believer.verify(body, headers)
        mood = headers.pop(MOOD)
        asked = Asked(self.clock.now(), mood, headers, body)
        self.asked.append(asked)
        match mood:
            case "" | "1 GiB":
                self.taken[asked.id] += 1
                return web.Response(status=204) if not mood else await self.flood(request)
            case "429 in seconds":
                return web.Response(status=429, headers={"Retry-After": str(int(WISH.total_seconds()))})
            case "429 with a date":
                date = format_datetime(asked.at.astimezone(UTC) + WISH, usegmt=True)
                return web.Response(status=429, headers={"Retry-After": date})
            case _ if mood in ABSURD:
                return web.Response(status=429, headers={"Retry-After": mood})
            case "302":
                return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest"})
            case "reset" | "taken, then reset":
                self.taken[asked.id] += mood == LOST_ANSWER
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case "stall":
                await self.over.wait()
                return web.Response()
            case "slow body":
                return await self.drip(request)
        return web.Response(status=int(mood))

    async def flood(self, request: web.Request) -> web.StreamResponse:
        response, block = web.StreamResponse(), b"x" * 65_536
        await response.prepare(request)
        with suppress(ConnectionError):
            while self.written < GIGABYTE:
                await response.write(block)
                self.written += len(block)
        return response

    async def drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while not self.over.is_set():
                await response.write(b"x")
                await asyncio.sleep(PATIENCE / 5)
        return response


class Spoken:
    """The answer as the channel wants it."""

    def __init__(self, said: Answer) -> None:
        self.status, self.headers, self.body = said.status, dict(said.headers), said.body


@dataclass
class House:
    """The product's outbox, courier and channel before a receiver on loopback."""

    clock: Clock
    receiver: Receiver
    plan: WebhookChannel
    deliveries: MemoryDeliveries = field(default_factory=MemoryDeliveries)
    fraction: Any = 0.5

    def __post_init__(self) -> None:
        self.settings()

    def settings(self, **changes: Any) -> None:
        """Put other settings of the channel in force."""
        self.plan = replace(self.plan, **changes)
        self.channel = Webhook(self.plan, post=self.post, now=self.clock.now)
        self.courier = Courier(
            deliveries=self.deliveries,
            channels={"desk": self.channel},
            clock=self.clock,
            fraction=self.fraction if callable(self.fraction) else lambda: self.fraction,
        )

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Spoken:
        moods = self.receiver.moods
        mood = self.receiver.always or (moods.pop(0) if moods else "")
        timeout = PATIENCE if mood in ENDLESS else 15.0
        guard = AddressGuard(("127.0.0.0/8",))
        said = await guarded_post(url, body, {**headers, MOOD: mood}, guard=guard, timeout=timeout)
        return Spoken(said)

    async def send(self, *numbers: int) -> None:
        for one in map(message, numbers):
            await self.deliveries.add(one, deliveries_for(one, "desk", self.channel, self.clock.now()))

    async def deliver(self) -> tuple[Outcome, ...]:
        return await self.courier.deliver_due(1000)

    async def live(self, until: datetime | None = None) -> None:
        """Every attempt at its very moment, up to a time or until nothing waits."""
        while True:
            await self.deliver()
            now = self.clock.now()
            held = (await self.deliveries.obstacles(now)).holds
            earliest = held["desk"].until if held else now
            waiting = await self.deliveries.list(limit=10_000, state=DeliveryState.PENDING)
            due = min((max(one.next_attempt_at or now, earliest) for one in waiting), default=None)
            if due is None or (until is not None and due > until):
                break
            self.clock.time = due
        if until is not None:
            self.clock.time = max(until, self.clock.time)

    async def all(self) -> dict[str, Delivery]:
        """By message."""
        return {one.message_key: one for one in await self.deliveries.list(limit=10_000)}


@asynccontextmanager
async def receiving(fraction: Any = 0.5) -> AsyncIterator[House]:
    clock = Clock()
    receiver = Receiver(clock)
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    plan = WebhookChannel(
        id="desk",
        url=Secret(f"http://127.0.0.1:{runner.addresses[0][1]}/hook"),
        secret=Secret(OLD),
    )
    try:
        yield House(clock, receiver, plan, fraction=fraction)
    finally:
        receiver.over.set()
        await runner.cleanup()


def message(number: int) -> Message:
    return notice(key=f"n/{number}", subject="Trouble", paragraphs=[f"Number {number}."], created_at=NOON)


def wished(mood: str) -> timedelta | None:
    """What a mood's Retry-After comes to."""
    if mood in ABSURD:
        return ABSURD[mood]
    return WISH if mood.startswith("429") else None


@pytest.mark.parametrize("mood", MOODS)
async def test_after_any_trouble_the_same_message_comes_again(mood: str) -> None:
    """After about 5 seconds, or when the receiver wished it; the id and the bytes stay, the time is new."""
    async with receiving() as house:
        house.receiver.moods = [mood]
        await house.send(1)
        await house.live()
        first, second = house.receiver.asked
        (delivery,) = await house.deliveries.list()

    assert second.at - first.at == (wished(mood) or timedelta(seconds=5))
    assert first.id == second.id == delivery.id
    assert first.body == second.body == message(1).data.encode()
    assert first.headers["webhook-timestamp"] == str(int(first.at.timestamp()))
    assert second.headers["webhook-timestamp"] == str(int(second.at.timestamp()))
    assert delivery.state is DeliveryState.SENT
    assert house.receiver.taken[delivery.id] == (2 if mood == LOST_ANSWER else 1)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("mood", ["500", "503", "reset"])
async def test_a_receiver_that_is_down_is_asked_ten_times_in_76_hours(fraction: float, mood: str) -> None:
    """Each wait within a tenth of the published schedule; then the message is parked with its reason."""
    async with receiving(fraction) as house:
        house.receiver.always = mood
        await house.send(1)
        await house.live()
        (delivery,) = await house.deliveries.list()

    moments = [one.at for one in house.receiver.asked]
    waits = [after - before for before, after in pairwise(moments)]
    assert len(waits) == len(HOOK.waits) == 9
    for wait, planned in zip(waits[:-1], HOOK.waits[:-1], strict=True):
        assert abs(wait - planned) <= planned * JITTER
    assert timedelta(hours=68) <= moments[-1] - moments[0] <= timedelta(hours=76)
    assert len({one.headers["webhook-timestamp"] for one in house.receiver.asked}) == 10
    assert delivery.state is DeliveryState.PARKED
    assert (delivery.last_error or "").startswith("given up after 10 attempts: 127.0.0.1")


@pytest.mark.parametrize(("mood", "words"), [("302", "redirects are not followed"), ("422", "422")])
async def test_what_cannot_get_better_is_parked_at_once(mood: str, words: str) -> None:
    """And does not stand in the way of the next message."""
    async with receiving() as house:
        house.receiver.moods = [mood]
        await house.send(1)
        await house.live()
        await house.send(2)
        await house.live()
        states = await house.all()

    assert len(house.receiver.asked) == 2
    assert states["n/1"].state is DeliveryState.PARKED
    assert states["n/1"].refused
    assert words in (states["n/1"].last_error or "")
    assert states["n/2"].state is DeliveryState.SENT


async def test_an_answer_of_a_gigabyte_is_an_answer() -> None:
    """2xx is what counts; 64 KiB of the rest are read, and the connection is closed."""
    async with receiving() as house:
        house.receiver.moods = ["1 GiB"]
        await house.send(1)
        (outcome,) = await house.deliver()

    assert outcome.result is Result.SENT
    assert len(outcome.answer or "") <= 300
    assert house.receiver.written < GIGABYTE / 16


async def test_after_410_nothing_more_is_sent_to_this_address() -> None:
    """What waits is parked with that reason, also by a courier that starts anew; a corrected address is asked again."""
    async with receiving() as house:
        house.receiver.moods = ["410"]
        await house.send(1)
        (first,) = await house.deliver()
        house.settings()
        await house.send(2, 3)
        rest = await house.deliver()
        asked = len(house.receiver.asked)
        house.settings(url=Secret(house.plan.url.reveal() + "/moved"))
        await house.send(4)
        (moved,) = await house.deliver()

    assert (first.result, first.channel_gone) == (Result.PARKED, True)
    assert [one.result for one in rest] == [Result.PARKED] * 2
    assert all("answered 410" in (one.error or "") for one in rest)
    assert asked == 1
    assert moved.result is Result.SENT
    assert await house.deliveries.bans() == {}


@pytest.mark.parametrize("mood", ["429 in seconds", "429 with a date"])
async def test_a_burst_does_not_hammer_a_receiver_that_asks_for_patience(mood: str) -> None:
    """Of sixty hooks two are under way when it says so; the others are not even tried before its time has come."""
    async with receiving() as house:
        house.receiver.moods = [mood] * 2
        await house.send(*range(60))
        await house.deliver()
        await house.live(NOON + WISH - timedelta(seconds=1))
        early = len(house.receiver.asked)
        await house.live()
        states = Counter(one.state for one in (await house.all()).values())

    assert early == 2
    assert states == {DeliveryState.SENT: 60}
    assert all(at == NOON + WISH for at in (one.at for one in house.receiver.asked[2:]))


async def test_every_hook_arrives_within_76_hours_though_a_third_of_all_requests_fail() -> None:
    """A hook each half hour, every mood, and the secret changed on the way: each arrives, each attempt at its time.

    All attempts at a hook have one id and the same bytes, each a time of its own; the reference library believes
    each one, under the old secret until the receiver has the new one. Only a lost answer makes a second copy.
    """
    chance, jitter = random.Random(20261126), random.Random(4)
    end = NOON + timedelta(hours=76)
    async with receiving(jitter.random) as house:
        receiver, number = house.receiver, 0
        receiver.moods = [chance.choice(MOODS) if chance.random() < 0.33 else "" for _ in range(2000)]
        while house.clock.time < end:
            hours = (house.clock.time - NOON) / timedelta(hours=1)
            if number == 40:
                house.settings(secret=Secret(f"{NEW} {OLD}"))
            if number == 80:
                receiver.key = NEW
            if number == 120:
                house.settings(secret=Secret(NEW))
            await house.send(number)
            number += 1
            await house.live(NOON + timedelta(hours=hours + 0.5))
        await house.live()
        deliveries = await house.deliveries.list(limit=10_000)

    attempts: dict[str, list[Asked]] = defaultdict(list)
    for one in receiver.asked:
        attempts[one.id].append(one)
    moods = Counter(one.mood for one in receiver.asked if one.mood)
    assert set(moods) == set(MOODS)
    assert Counter(one.state for one in deliveries) == {DeliveryState.SENT: number}
    assert set(receiver.taken) == set(attempts) == {one.id for one in deliveries}
    assert sum(receiver.taken.values()) == number + moods[LOST_ANSWER]
    late = timedelta(0)
    for tries in attempts.values():
        assert len({one.body for one in tries}) == 1
        assert len({one.headers["webhook-timestamp"] for one in tries}) == len(tries)
        for planned, (before, after) in zip(HOOK.waits, pairwise(tries), strict=False):
            wait, wish = after.at - before.at, wished(before.mood) or timedelta(0)
            assert wait >= max(planned * (1 - JITTER), wish)
            late = max(late, wait - max(planned * (1 + JITTER), wish))
    print(  # noqa: T201  # the figures are what this test is for
        f"\n{number} hooks in 76 h, {len(receiver.asked)} requests, {sum(moods.values())} of them failed "
        f"{dict(moods)}; attempts at one at most {max(map(len, attempts.values()))}; beyond its tenth a wait was "
        f"longer by {late} at most, for another one's Retry-After"
    )
    assert late <= timedelta(hours=24) + LONGEST_HOLD
