"""`python -m tests.soak.day [HOURS [SOURCES [wal]]]`: a day of 1,000 sources in minutes; does the daemon's memory grow?

The daemon's own ticks, housekeeping, edits, vitals and site on a simulated clock, in this process, with a mail server and a
hook; the feeds are in a process of their own, each at its own loopback address. Every quarter of an hour they bring their
news, what watches daemons asks this one, and then the process is looked at. From the fourth hour on its memory may grow by
less than 1 MiB an hour, handles and threads not at all, and the journal may never have 64 MiB; `wal`: the write-ahead log,
also where SQLite is too old for the program to choose it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from alerts.match import validate
from tests.acceptance.conftest import configure
from tests.benchmarks.polling.bodies import ENTRIES
from tests.benchmarks.polling.hosts import address
from tests.benchmarks.polling.processes import Talker
from tests.soak import looks
from tests.soak.day_hosts import QUARTERS
from tests.soak.looks import Journal, Look, look
from tidings import log
from tidings.app import App, open_app
from tidings.daemon import TICK, Ticks
from tidings.demo.clock import SimulatedClock
from tidings.demo.hooksink import HookSink, new_secret
from tidings.demo.mailbox import Mailbox
from tidings.housekeeping import LOOK, keep_house
from tidings.memory import keep_few_arenas
from tidings.outcomes import Outcomes
from tidings.reloading import take_edit
from tidings.settings import Settings, load
from tidings.tasks import Report
from tidings.vitals import DaemonVitals
from tidings.web.server import WebServer

QUARTER = timedelta(days=1) / QUARTERS
WARM = 4.0  # hours after which all should have its size
COUNTED = (0.25, 0.75)  # parts of the day after which live objects are counted by type
BROKEN_ONE_IN = 50  # sources that are not found
BEFORE, AFTER = "first wafers", "first silicon"
WATCHLIST = f"""\
watchlist: w
title: News
initiatives:
  - {{id: trust, name: TRUST, any: ["TRUST initiative"]}}
  - {{id: chips, name: Chips, any: [semiconductor, "{BEFORE}"]}}
  - {{id: trade, name: Trade, any: ["trade talks"]}}
digests:
  - {{id: twice, to: [desk, hook], at: ["07:30", "17:00"]}}
  - {{id: now, to: [desk, hook], initiatives: [trust, chips], immediately: true, gather: 10m}}
alerts:
  - {{on: surge, to: [hook]}}
  - {{on: silence, to: [hook]}}
  - {{on: source-trouble, to: [hook]}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is played."""

    hours: float = 24.0
    sources: int = 1000
    tick: timedelta = 6 * TICK  # between two; the daemon ticks more often, and rarely finds anything then
    edit: timedelta = timedelta(hours=3)  # between two edits
    entries: int = ENTRIES  # that a feed lists
    read_one_in: int = 10  # sources whose pages are read
    wal: bool = False


@dataclass(slots=True)
class Day:
    """What came of it."""

    plan: Plan
    looks: list[Look] = field(default_factory=list)
    kinds: list[Counter[str]] = field(default_factory=list)  # at the moments of COUNTED
    counts: Counter[str] = field(default_factory=Counter)  # by the names in the reports of the tasks
    articles: int = 0
    mails: int = 0
    hooks: int = 0
    edits: int = 0
    given_back: float = 0.0  # MiB, see `looks.given_back`
    seconds: float = 0.0

    @property
    def warm(self) -> list[Look]:
        """The looks that count."""
        return [one for one in self.looks if one.hour >= WARM]


@dataclass(slots=True)
class World:
    """The daemon's parts, and all that they talk to."""

    folder: Path
    clock: SimulatedClock
    hosts: Talker
    mailbox: Mailbox
    hooks: HookSink
    day: Day

    def settings(self) -> Settings:
        return load(
            self.folder / "config",
            state_dir=self.folder / "state",
            environ={"HOOK_SECRET": self.hooks.secret},
            validate_term=validate,
        )

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[tuple[App, WebServer]]:
        """As `tidings.daemon.run` puts it together."""
        vitals: DaemonVitals
        outcomes = Outcomes(self.clock)

        def hear(report: Report) -> None:
            outcomes.heard(report)
            vitals.heard(report)
            self.day.counts.update(report.counts)

        async with open_app(self.settings(), clock=self.clock, on_report=hear, alone=True) as app:
            vitals = DaemonVitals(app)
            site = WebServer(app.stores, app.clock, vitals)
            async with vitals:
                try:
                    await site.follow(app.settings)
                    yield app, site
                finally:
                    await site.close()

    async def live(self, app: App, site: WebServer, journal: Journal, tell: Callable[[Look], None]) -> None:
        """From the beginning to the end."""
        day, plan, start, ticks = self.day, self.day.plan, self.clock.now(), Ticks(app)
        housed = edited = start
        for quarter in range(int(plan.hours * 4) + 1):
            if quarter:
                self.hosts.ask(f"{quarter} {self.clock.now().isoformat()}")
            while (now := self.clock.now()) < start + quarter * QUARTER:
                await ticks.tick()
                await app.runner.drain()
                if now - housed >= LOOK:
                    housed = now
                    await keep_house(app)
                if now - edited >= plan.edit:
                    edited = now
                    await self._edit(app, site)
                self.clock.advance(plan.tick)
            await _ask(site)
            self._empty()
            day.looks.append(look(quarter / 4, journal))
            if quarter in {int(plan.hours * 4 * part) for part in COUNTED}:
                day.kinds.append(looks.kinds())
            tell(day.looks[-1])

    async def _edit(self, app: App, site: WebServer) -> None:
        """A term becomes another, or the one that it was."""
        file = self.folder / "config" / "watchlists" / "chips.yaml"
        text = file.read_text(encoding="utf-8")
        before, after = (BEFORE, AFTER) if BEFORE in text else (AFTER, BEFORE)
        file.write_text(text.replace(before, after), encoding="utf-8")
        await take_edit(app, self.settings)
        await site.follow(app.settings)
        self.day.edits += 1

    def _empty(self) -> None:
        """Keep nothing of what came, since that would be growth of ours."""
        self.day.mails += len(self.mailbox.mails)
        self.day.hooks += len(self.hooks.hooks)
        assert not self.hooks.refused
        self.mailbox.mails.clear()
        self.hooks.hooks.clear()


async def play(folder: Path, plan: Plan, tell: Callable[[Look], None]) -> Day:
    """Play the day in `folder`; `tell` hears of each look."""
    clock, day, began = SimulatedClock(), Day(plan), time.monotonic()
    feeds = ("tests.soak.day_hosts", str(plan.sources), clock.now().isoformat(), str(plan.entries))
    hosts = Talker([sys.executable, "-m", *feeds])
    try:
        port = int(hosts.ask(""))
        async with Mailbox() as mailbox, HookSink(new_secret(), clock=clock) as hooks:
            configure(folder / "config", **_files(plan, port, mailbox, hooks))
            world = World(folder, clock, hosts, mailbox, hooks, day)
            async with world.daemon() as (app, site):
                file = app.stores.database.file
                assert file is not None
                if plan.wal:
                    _to_wal(file)
                journal = Journal(file)
                async with journal.watched():
                    await world.live(app, site, journal, tell)
                day.articles = (await app.stores.counts.take()).articles
                day.given_back = looks.given_back()
    finally:
        hosts.end()
    day.seconds = time.monotonic() - began
    return day


async def _ask(site: WebServer) -> None:
    """What a monitoring system asks."""
    for path in ("/readyz", "/metrics"):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        name = f"127.0.0.1:{site.port}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        assert answer.split(b" ", 2)[1] in {b"200", b"503"}, answer[:300]
        writer.close()
        await writer.wait_closed()


def _files(plan: Plan, port: int, mailbox: Mailbox, hooks: HookSink) -> dict[str, str]:
    """The configuration."""
    local = "allow_private: [127.0.0.0/8]"
    smtp = f"smtp: {{host: 127.0.0.1, port: {mailbox.port}, tls: off}}"
    return {
        "tidings": f"polling: {{host_delay: 0s, {local}}}\noperator: hook\nchannels:\n"
        f'  desk: {{type: email, from: "Tidings <t@news.example>", to: [desk@policy.example], {smtp}}}\n'
        f'  hook: {{type: webhook, url: "{hooks.url}", secret: "${{HOOK_SECRET}}", {local}}}\n',
        "sources": "sources:\n" + "".join(_source(plan, place, port) for place in range(plan.sources)),
        "watchlists__chips": WATCHLIST,
    }


def _source(plan: Plan, place: int, port: int) -> str:
    path = "gone" if place % BROKEN_ONE_IN == BROKEN_ONE_IN - 1 else "feed"
    reads = "auto" if place % plan.read_one_in == plan.read_one_in - 1 else "never"
    return f'  - {{id: s{place}, feed: "http://{address(place)}:{port}/{path}", full_text: {reads}}}\n'


def _to_wal(file: Path) -> None:
    """Put a database that others have open into the other mode; they follow."""
    with closing(sqlite3.connect(file)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode=wal").fetchone()
    assert mode == "wal", mode


def lines(day: Day) -> Iterator[str]:
    """For a person."""
    counts = day.counts
    yield (
        f"{day.plan.hours:g} hours of {day.plan.sources} sources in {day.seconds:.0f} s: {counts['polls']:,} polls, "
        f"{counts['unchanged']:,} of them unchanged, {counts['failed']:,} failed; {day.articles:,} articles, "
        f"{counts['pages']:,} pages, {counts['matches']:,} matches, {day.mails} mails, {day.hooks} hooks, {day.edits} edits, "
        f"{counts['faults']} faults"
    )
    if len(day.warm) > 1:
        yield f"from hour {WARM:g} on:"
        yield from looks.growth(day.warm)
    yield f"at the end {day.given_back:.1f} MiB were free and not given back"
    if len(day.kinds) > 1:
        more = day.kinds[-1] - day.kinds[0]
        most = ", ".join(f"{name} {number:+,}" for name, number in more.most_common(12))
        yield f"live objects after {COUNTED[1]:.0%} of the day against {COUNTED[0]:.0%}: {most or 'no more of any type'}"
    yield from (f"  {fault}" for fault in faults(day))


def faults(day: Day) -> list[str]:
    """What must not be."""
    wrong = list(looks.faults(day.warm)) if len(day.warm) > 3 else []
    if day.counts["faults"]:
        wrong.append(f"{day.counts['faults']} tasks broke")
    return wrong


def main(words: list[str]) -> int:
    numbers = [word for word in words if word != "wal"]
    plan = Plan(
        hours=float(numbers[0]) if numbers else 24.0,
        sources=int(numbers[1]) if len(numbers) > 1 else 1000,
        wal="wal" in words,
    )

    def tell(one: Look) -> None:
        if one.hour == int(one.hour):
            sys.stdout.write(looks.row(one) + "\n")
            sys.stdout.flush()

    keep_few_arenas()  # as `tidings run` does
    sys.stdout.write(looks.HEAD + "\n")
    with tempfile.TemporaryDirectory(prefix="tidings-day-") as place:
        folder = Path(place)
        with (folder / "log.jsonl").open("w", encoding="utf-8") as said:
            log.configure(stream=said)
            day = asyncio.run(play(folder, plan, tell))
    sys.stdout.write("\n".join(lines(day)) + "\n")
    return 1 if faults(day) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
