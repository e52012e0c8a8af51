"""`python -m tests.soak.crew [SECONDS] [WORKERS]`: a scheduler and workers on one PostgreSQL, of which one is killed every five seconds.

`python -m tests.soak.crew recover`: 2,000 articles of 200 sources, two workers; one is killed with work in hand, then
the scheduler.

News goes on appearing on two hundred hosts. What mails tell is counted: nothing lost, nothing told twice (a mail that
comes again under its own Message-ID is a repeat, and counted apart), and what a dead worker held is free in time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from aiohttp import web

from tests.acceptance.conftest import configure
from tests.acceptance.world import MoodyMailbox, Press, desk
from tests.fakes import postgres

KILL_EVERY = 5.0  # seconds
ANSWERS = 2.5  # seconds that hosts take, so that whoever is killed holds something as a rule
ENDS = 30.0  # seconds after SIGTERM in which a process has to end
CALM = 45.0  # seconds at the end in which nothing new appears and nobody is killed
MOVED = 30.0  # seconds in which what a dead worker held must be free
# A story that is told as "also now in" a further outlet is named again, and was told before.
_NEWS = re.compile(r"Semiconductor (article\d+) opens(?! \(first told)")
_BAD = re.compile(r"Traceback|deadlock|OperationalError|was never awaited")


class Hosts(Press):
    """A press whose every feed is a host of its own, as loopback has many."""

    def __init__(self, hosts: int) -> None:
        super().__init__()
        self.hosts = hosts
        self.delay = 0.0  # seconds until an answer
        self.starts: dict[str, list[float]] = {}  # host → when it was asked for anything

    def host(self, number: int) -> str:
        return f"127.0.{1 + number // 200}.{1 + number % 200}"

    async def open_hosts(self) -> None:
        assert self._runner is not None
        for number in range(self.hosts):
            await web.TCPSite(self._runner, self.host(number), self.port).start()

    async def _answer(self, request: web.Request) -> web.Response:
        self.starts.setdefault(request.host.partition(":")[0], []).append(time.monotonic())
        if self.delay:
            await asyncio.sleep(self.delay)
        return await super()._answer(request)

    def sources(self, *more: str) -> str:
        lines = [
            f'  - {{id: {name}, feed: "http://{self.host(int(name[4:]))}:{self.port}/feed/{name}", every: 2s}}\n'
            for name in sorted(self.feeds)
        ]
        return "sources:\n" + "".join((*lines, *more))


@dataclass(slots=True)
class Kill:
    """One worker, killed."""

    held: int  # claims
    freed_after: float | None = None  # seconds; None: not in time


@dataclass(slots=True)
class Found:
    """What came of it."""

    published: set[str] = field(default_factory=set)
    messages: dict[str, set[str]] = field(default_factory=dict)  # Message-ID → articles that it tells
    mails: int = 0
    kills: list[Kill] = field(default_factory=list)
    log: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    told_after: float | None = None  # seconds from the last publication to the last mail

    @property
    def told(self) -> Counter[str]:
        """Article → messages that tell it."""
        return Counter(name for names in self.messages.values() for name in names)

    @property
    def faults(self) -> list[str]:
        told = self.told
        found = list(self.bad)
        found += [f"{name} was told {number} times" for name, number in told.items() if number > 1]
        found += [f"{name} was not told" for name in sorted(self.published - told.keys())]
        found += [
            f"held claims were not free after {MOVED} s" for one in self.kills if one.freed_after is None
        ]
        if self.kills and not any(one.held for one in self.kills):
            found.append("no worker was killed with anything in hand")
        return found


class Process:
    """`tidings run` or `tidings worker`, and its log."""

    def __init__(self, process: asyncio.subprocess.Process, name: str, found: Found) -> None:
        self.process = process
        self.name = name
        self._found = found
        self.lines: list[dict[str, Any]] = []
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, folder: Path, found: Found, *words: str) -> Process:
        env = {**os.environ, "TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tidings", *words,
            env=env, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, limit=2**24,
        )  # fmt: skip
        return cls(process, words[0], found)

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            text = line.decode(errors="replace")
            try:
                entry = json.loads(text)
            except ValueError:
                entry = {"level": "raw", "event": text.strip()[:300]}
            self.lines.append(entry)
            self._found.log[f"{entry['level']} {entry['event']}"] += 1
            if _BAD.search(text) or entry["level"] in ("error", "critical", "raw"):
                self._found.bad.append(f"{self.name}: {text.strip()[:1500]}")

    async def until(self, event: str, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not any(one["event"] == event for one in self.lines):
                assert self.process.returncode is None, self.lines[-5:]
                await asyncio.sleep(0.05)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        code = await self.process.wait()
        await self._reading
        return code


class Stage:
    """An installation: press, mailbox, database, and processes that come and go."""

    def __init__(self, folder: Path, press: Hosts, mailbox: MoodyMailbox, database: str) -> None:
        self.folder, self.press, self.mailbox, self.database = folder, press, mailbox, database
        self.found = Found()
        self.schedulers: list[Process] = []
        self.workers: list[Process] = []

    def publish(self, number: int) -> None:
        slug = f"article{number}"
        when = datetime.now(UTC) - timedelta(seconds=5)
        self.press.add(f"feed{number % self.press.hosts}", slug, when, title=f"Semiconductor {slug} opens")
        self.found.published.add(slug)

    def configure(self, *, web: bool = False) -> None:
        files = desk(self.mailbox.port, now="immediately: true, gather: 1s")
        files["tidings"] = files["tidings"].replace("floor: 1m", "floor: 1s")
        files["tidings"] += f'database: "{self.database}"\nqueue: procrastinate\n'
        configure(self.folder / "config", sources=self.press.sources(), **files)

    async def scheduler(self) -> Process:
        folder = self.folder if not self.schedulers else self.folder / f"s{len(self.schedulers)}"
        if folder != self.folder and not folder.exists():
            folder.mkdir()
            (folder / "config").symlink_to(self.folder / "config")
        one = await Process.start(folder, self.found, "run")
        self.schedulers.append(one)
        return one

    async def worker(self, *words: str) -> Process:
        one = await Process.start(self.folder, self.found, "worker", *words)
        self.workers.append(one)
        return one

    async def held(self, process: int) -> tuple[str | None, int]:
        """The name of a worker and how many claims it holds."""
        async with await psycopg.AsyncConnection.connect(self.database) as connection:
            row = await (
                await connection.execute("SELECT id FROM workers WHERE process = %s", (process,))
            ).fetchone()
            if row is None:
                return None, 0
            return row[0], await self._claims(connection, row[0])

    @staticmethod
    async def _claims(connection: psycopg.AsyncConnection[Any], worker: str) -> int:
        query = " UNION ALL ".join(
            f"SELECT id FROM {table} WHERE claimed_by = %(worker)s AND claimed_until IS NOT NULL"
            for table in ("sources", "articles", "deliveries")
        )
        counted = await connection.execute(f"SELECT count(*) FROM ({query}) AS held", {"worker": worker})
        row = await counted.fetchone()
        assert row is not None
        return int(row[0])

    async def kill(self, victim: Process) -> Kill:
        """Kill a worker at once, and time until nothing is held in its name."""
        worker, _ = await self.held(victim.process.pid)
        victim.process.kill()
        began = time.monotonic()
        await victim.end(signal.SIGKILL)
        self.workers.remove(victim)
        async with await psycopg.AsyncConnection.connect(self.database, autocommit=True) as connection:
            held = await self._claims(connection, worker or "")
            kill = Kill(held=held)
            while time.monotonic() - began < MOVED:
                if not await self._claims(connection, worker or ""):
                    kill.freed_after = time.monotonic() - began
                    break
                await asyncio.sleep(0.25)
        self.found.kills.append(kill)
        return kill

    def read_mails(self) -> None:
        self.found.mails = len(self.mailbox.mails)
        for mail in self.mailbox.mails:
            body = mail.message.get_body(("plain",))
            assert body is not None
            text = " ".join(body.get_content().split())
            self.found.messages.setdefault(str(mail.message["Message-ID"]), set()).update(_NEWS.findall(text))

    async def told(self, seconds: float) -> bool:
        """Wait until all that was published is told; whether it was in time."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            self.read_mails()
            if self.found.published <= self.found.told.keys():
                self.found.told_after = time.monotonic() - began
                return True
            await asyncio.sleep(0.5)
        return False

    async def end(self) -> None:
        for one in (*self.workers, *self.schedulers):
            if one.process.returncode is None:
                try:
                    async with asyncio.timeout(ENDS):
                        code = await one.end()
                except TimeoutError:
                    one.process.kill()
                    code = await one.end()
                if code:
                    self.found.bad.append(f"{one.name} ended with {code}")


@asynccontextmanager
async def stage(folder: Path, *, hosts: int, database: str) -> AsyncIterator[Stage]:
    async with Hosts(hosts) as press, MoodyMailbox() as mailbox:
        await press.open_hosts()
        for number in range(hosts):
            press.feeds[f"feed{number}"] = []
        played = Stage(folder, press, mailbox, database)
        played.configure()
        try:
            yield played
        finally:
            await played.end()
            played.read_mails()


async def crew(folder: Path, database: str, seconds: float, workers: int, *, seed: int = 1) -> Found:
    """Kill a worker every five seconds, and start another in its place."""
    dice = random.Random(seed)
    async with stage(folder, hosts=200, database=database) as played:
        played.press.delay = ANSWERS
        await (await played.scheduler()).until("running")
        for _ in range(workers):
            await played.worker()
        end, number = time.monotonic() + seconds, 0
        killing: set[asyncio.Task[Kill]] = set()
        last = time.monotonic()
        while time.monotonic() < end - CALM:
            for _ in range(dice.randrange(6)):
                played.publish(number)
                number += 1
            if time.monotonic() - last >= KILL_EVERY:
                last = time.monotonic()
                victim = dice.choice([one for one in played.workers if one.process.returncode is None])
                killing.add(asyncio.create_task(played.kill(victim)))
                await played.worker()
            await asyncio.sleep(1.0)
        await asyncio.gather(*killing)
        await played.told(CALM + 60)
    return played.found


async def recover(folder: Path, database: str, *, hosts: int = 200, articles: int = 2_000) -> Found:
    """Kill one of two workers while it works, and the scheduler when it is missed; one of each is started again."""
    async with stage(folder, hosts=hosts, database=database) as played:
        for number in range(articles):
            played.publish(number)
        played.press.delay = 0.3
        await (await played.scheduler()).until("running")
        victim, _ = await played.worker(), await played.worker()
        async with asyncio.timeout(60):
            while (await played.held(victim.process.pid))[1] < 5:
                await asyncio.sleep(0.01)
        await played.kill(victim)
        await played.schedulers[0].end(signal.SIGKILL)
        await (await played.scheduler()).until("running")
        await played.worker()
        await played.told(300)
    return played.found


def lines(found: Found) -> Iterator[str]:
    """For a person."""
    with_work = [one for one in found.kills if one.held]
    freed = sorted(one.freed_after for one in with_work if one.freed_after is not None)
    yield f"{len(found.published)} articles in {len(found.messages)} messages; repeats {found.mails - len(found.messages)}"
    yield f"{len(found.kills)} workers killed, {len(with_work)} with claims in hand ({sum(one.held for one in with_work)})"
    if freed:
        yield f"free after {freed[0]:.1f} to {freed[-1]:.1f} s, median {freed[len(freed) // 2]:.1f}"
    if found.told_after is not None:
        yield f"the last was told {found.told_after:.1f} s after the last kill"
    yield from (
        f"  {number} × {line}" for line, number in found.log.most_common() if not line.startswith("info")
    )
    yield from (f"  {fault}" for fault in found.faults[:20])
    yield f"faults {len(found.faults)}"


def main(words: list[str]) -> int:
    short = words[:1] == ["recover"]
    seconds = float(words[0]) if words and not short else 600.0
    workers = int(words[1]) if len(words) > 1 else 4
    with (
        tempfile.TemporaryDirectory(prefix="tidings-crew-") as folder,
        postgres.server() as server,
        postgres.database(server) as database,
    ):
        played = recover(Path(folder), database) if short else crew(Path(folder), database, seconds, workers)
        found = asyncio.run(played)
    sys.stdout.write("\n".join(lines(found)) + "\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
