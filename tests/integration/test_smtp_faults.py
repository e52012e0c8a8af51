"""Mail to a server that fails in every way for a day, by a clock that jumps: each recipient gets each mail, under one id."""

from __future__ import annotations

import asyncio
import random
import re
import ssl
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import trustme

from alerts.addressing import deliveries_for
from alerts.channels.email import Email, Patience
from alerts.courier import Courier
from alerts.messages import DeliveryState, Message
from alerts.notice import notice
from alerts.plans import EmailChannel, Tls
from crawler.secret import Secret
from tests.fakes.clock import NOON
from tests.fakes.deliveries import MemoryDeliveries

SEED = 20261126
SHARE = 0.30  # of all sessions fail
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GREYLISTED_FOR = 4 * MINUTE
DEAD = "left@example.org"
GREY = ("grey1@grey.example", "grey2@grey.example")
PEOPLE = (*(f"reader{number}@example.org" for number in range(8)), *GREY)
WAYS = (
    "421 at connect",
    "EHLO drop",
    "TLS refused",
    "AUTH 454",
    "MAIL 451",
    "RCPT 450",
    "RCPT 452",
    "RCPT 550",
    "DATA 354 then close",
    "250 withheld",
    "250 lost",
    "stall",
)
PATIENCE = Patience(connect=0.5, command=0.5, end=0.5, goodbye=0.5)  # in place of 30, 120 and 600 seconds
PASSWORD = "a password of the test"


@dataclass
class Clock:
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@dataclass
class Server:
    """An SMTP server that does to `SHARE` of its sessions one of `WAYS`, and greylists one domain."""

    clock: Clock
    tls: ssl.SSLContext
    chance: random.Random
    down: bool = False  # takes no session at all
    sessions: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    asked_for: Counter[str] = field(default_factory=Counter)  # RCPT, by recipient
    refused: Counter[str] = field(default_factory=Counter)  # recipients answered 5xx
    taken: dict[tuple[str, str], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    taken_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    unsaid: Counter[tuple[str, str]] = field(default_factory=Counter)  # taken, without a 250
    first_asked: dict[str, datetime] = field(default_factory=dict)  # of greylisted recipients
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        way = self.chance.choice(WAYS) if self.chance.random() < SHARE else ""
        way = "421 at connect" if self.down else way
        self.failed[way] += 1
        with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            await Session(self, reader, writer, way).talk()
        writer.close()

    def greylists(self, recipient: str) -> bool:
        if recipient not in GREY:
            return False
        first = self.first_asked.setdefault(recipient, self.clock.now())
        since = self.clock.now() - first
        if since > 3 * HOUR:
            self.first_asked[recipient] = self.clock.now()
            return True
        return since < GREYLISTED_FOR


@dataclass
class Session:
    server: Server
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    way: str
    recipient: str = ""

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def talk(self) -> None:
        stalls_at = self.server.chance.choice(("EHLO", "AUTH", "MAIL", "RCPT", "DATA"))
        if self.way == "421 at connect":
            await self.say("421 4.3.2 too busy")
            return
        await self.say("220 mail.example.org ESMTP")
        while line := (await self.reader.readline()).decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            if self.way == "stall" and verb == stalls_at:
                await self.server.over.wait()
                return
            answer = await self.answer(verb, line)
            if answer is None:
                return
            await self.say(answer)
            if verb == "STARTTLS" and answer.startswith("220"):
                await self.writer.start_tls(self.server.tls)

    async def answer(self, verb: str, line: str) -> str | None:
        """None: hang up without a word."""
        match verb:
            case "EHLO" if self.way == "EHLO drop":
                return None
            case "EHLO":
                return "250-mail.example.org\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 SIZE 1000000"
            case "STARTTLS":
                return "454 4.7.0 no TLS just now" if self.way == "TLS refused" else "220 go ahead"
            case "AUTH":
                good = b64encode(b"\0tidings\0" + PASSWORD.encode()).decode() in line
                if self.way == "AUTH 454":
                    return "454 4.7.0 temporary authentication failure"
                return "235 2.7.0 welcome" if good else "535 5.7.8 wrong"
            case "MAIL":
                return "451 4.3.0 try again" if self.way == "MAIL 451" else "250 2.1.0 ok"
            case "RCPT":
                return self.judged(re.findall(r"<(.*?)>", line)[0])
            case "DATA":
                return await self.data()
            case "QUIT":
                return "221 bye"
        return "500 5.5.2 what?"

    def judged(self, recipient: str) -> str:
        self.recipient = recipient
        self.server.asked_for[recipient] += 1
        if recipient == DEAD:
            return "550 5.1.1 no such mailbox"
        if self.server.greylists(recipient):
            return "451 4.7.1 greylisted, come again"
        self.server.refused[recipient] += self.way == "RCPT 550"
        return {
            "RCPT 450": "450 4.2.1 mailbox busy",
            "RCPT 452": "452 4.2.2 mailbox full",
            "RCPT 550": "550 5.2.0 not today, and so never",
        }.get(self.way, "250 2.1.5 ok")

    async def data(self) -> str | None:
        await self.say("354 go on")
        if self.way == "DATA 354 then close":
            return None
        raw = await self.reader.readuntil(b"\r\n.\r\n")
        found = re.search(rb"^Message-ID: (<.*>)\r$", raw, re.MULTILINE)
        assert found is not None
        what = (self.recipient, found[1].decode())
        self.server.taken[what].append(raw)
        self.server.taken_at.setdefault(what, self.server.clock.now())
        if self.way in ("250 withheld", "250 lost"):
            self.server.unsaid[what] += 1
            if self.way == "250 withheld":
                await self.server.over.wait()
            return None
        return "250 2.0.0 queued"


@dataclass
class House:
    """The product's outbox, its courier and its mail channel, before a server on loopback."""

    clock: Clock
    server: Server
    deliveries: MemoryDeliveries
    email: Email
    courier: Courier

    async def send(self, number: int) -> Message:
        one = notice(
            key=f"n/{number}", subject=f"Trouble {number}", paragraphs=["…"], created_at=self.clock.now()
        )
        await self.deliveries.add(one, deliveries_for(one, "desk", self.email, self.clock.now()))
        return one

    async def next_attempt(self) -> datetime | None:
        """When something is due next, holds of the channel heeded."""
        waiting = await self.deliveries.list(limit=100_000, state=DeliveryState.PENDING)
        held = (await self.deliveries.obstacles(self.clock.now())).holds
        earliest = held["desk"].until if held else self.clock.now()
        return min((max(one.next_attempt_at or earliest, earliest) for one in waiting), default=None)

    async def live(self, until: datetime | None = None) -> None:
        """Every attempt at its very moment, up to a time or until nothing waits."""
        while True:
            await self.courier.deliver_due(1000)
            due = await self.next_attempt()
            if due is None or (until is not None and due > until):
                break
            self.clock.time = max(due, self.clock.time)
        if until is not None:
            self.clock.time = max(until, self.clock.time)


@asynccontextmanager
async def house(*, seed: int = SEED, to: tuple[str, ...] = PEOPLE) -> AsyncIterator[House]:
    authority, clock = trustme.CA(), Clock()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)

    def trusting() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(context)
        return context

    server = Server(clock, tls, random.Random(seed))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**20)
    plan = EmailChannel(
        id="desk",
        sender="Tidings <tidings@example.org>",
        to=to,
        host="localhost",
        port=listening.sockets[0].getsockname()[1],
        tls=Tls.REQUIRE,
        user="tidings",
        password=Secret(PASSWORD),
    )
    email = Email(plan, patience=PATIENCE, context=trusting)
    deliveries = MemoryDeliveries()
    jitter = random.Random(seed)
    courier = Courier(deliveries=deliveries, channels={"desk": email}, clock=clock, fraction=jitter.random)
    try:
        yield House(clock, server, deliveries, email, courier)
    finally:
        server.over.set()
        listening.close()
        await listening.wait_closed()


def percentile(values: list[timedelta], share: float) -> timedelta:
    return sorted(values)[int(share * (len(values) - 1))]


async def test_a_day_of_mail_arrives_though_a_third_of_all_sessions_fail() -> None:
    """Each recipient that was given no 5xx has each mail, under one Message-ID and with the same bytes in each copy.

    Copies beyond the first are only those whose 250 never came. The waits are short, and a mailbox that is gone is
    asked for three times in the whole day.
    """
    made: dict[str, datetime] = {}
    async with house(to=(*PEOPLE, DEAD)) as world:
        for number in range(24):
            message = await world.send(number)
            made[message.key] = message.created_at
            await world.live(NOON + (number + 1) * HOUR)
        await world.live()
        deliveries = await world.deliveries.list(limit=100_000)
        server = world.server

    ways = {way: server.failed[way] for way in WAYS}
    assert all(ways.values()), ways
    by_state = Counter((one.recipient == DEAD, one.state) for one in deliveries)
    parked = [one for one in deliveries if one.state is DeliveryState.PARKED]
    refused = [one for one in parked if one.recipient != DEAD]
    assert all("550 5.2.0" in (one.last_error or "") for one in refused)
    assert Counter(one.recipient for one in refused) == +server.refused
    assert by_state[False, DeliveryState.SENT] == 24 * len(PEOPLE) - len(refused)
    assert by_state[True, DeliveryState.PARKED] == 24
    assert server.asked_for[DEAD] == 3
    assert sum("is suspended" in (one.last_error or "") for one in parked) == 21

    of = {(one.recipient, f"<{one.id}@example.org>"): one for one in deliveries}
    sent = {what: one for what, one in of.items() if one.state is DeliveryState.SENT}
    assert sent.keys() <= server.taken.keys() <= of.keys()
    for what, copies in server.taken.items():
        assert len(set(copies)) == 1
        assert len(copies) == (what in sent) + server.unsaid[what]
    assert sum(server.unsaid.values()) > 0

    delays = [server.taken_at[what] - made[one.message_key] for what, one in sent.items()]
    share = 1 - server.failed[""] / server.sessions
    print(  # noqa: T201  # the figures are what this test is for
        f"\n{len(deliveries)} mails in 24 h, {server.sessions} sessions, {share:.0%} of them failed {ways}; "
        f"{sum(server.unsaid.values())} copies after a lost 250; delay median {percentile(delays, 0.5)}, "
        f"p95 {percentile(delays, 0.95)}, longest {max(delays)}"
    )
    assert percentile(delays, 0.95) < 35 * MINUTE


@pytest.mark.parametrize("hours", [1, 7, 30])
async def test_after_an_outage_the_mail_is_out_within_35_minutes(hours: int) -> None:
    """However long the server was down; and meanwhile it was asked a few times in five minutes, not by each mail."""
    async with house() as world:
        world.server.down = True
        for number in range(4):
            await world.send(number)
        await world.live(NOON + hours * HOUR)
        asked = world.server.sessions
        recovered = world.clock.time
        world.server.down, world.server.chance = False, random.Random(0)
        world.server.chance.random = lambda: 1.0  # type: ignore[method-assign]  # no session fails any more
        await world.live()
        deliveries = await world.deliveries.list(limit=1000)
        delays = [at - recovered for at in world.server.taken_at.values()]

    assert {one.state for one in deliveries} == {DeliveryState.SENT}
    assert len(delays) == 4 * len(PEOPLE)
    assert percentile(delays, 0.95) < 35 * MINUTE
    assert asked <= 2 * hours * 12 + 2 * len(delays)
    print(  # noqa: T201  # the figures are what this test is for
        f"\n{hours} h down, {len(delays)} mails waiting: {asked} sessions; then out after "
        f"{percentile(delays, 0.5)} (median), {percentile(delays, 0.95)} (p95), {max(delays)} at most"
    )
