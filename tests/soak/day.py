"""`python -m tests.soak.day [HOURS [SOURCES]]`: a day of 1,000 sources in minutes; does the daemon's memory grow?

The daemon's own ticks, housekeeping and reloads on a simulated clock, in this process; feeds, mail server and hook are
real ones on loopback. Half of the feeds bring one to three entries an hour, the others answer that nothing is new, as feeds
do. Once each simulated hour the process is looked at. From the fourth hour on, its memory may grow by less than 1 MiB an
hour, handles and threads not at all, and the journal may never have 64 MiB.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from alerts.match import validate
from tests.acceptance.conftest import configure
from tests.acceptance.world import desk
from tests.benchmarks.idle import resident_of
from tests.benchmarks.polling.processes import Talker, family
from tidings import log
from tidings.app import App, open_app
from tidings.daemon import Ticks
from tidings.demo.clock import SimulatedClock
from tidings.demo.mailbox import Mailbox
from tidings.housekeeping import keep_house
from tidings.outcomes import Outcomes
from tidings.reloading import take_edit
from tidings.settings import Settings, load

HOUR = timedelta(hours=1)
STRIDE = timedelta(minutes=5)  # between two ticks; the daemon ticks more often, and finds nothing in between
RELOAD = timedelta(hours=3)  # between two edits
WARM = 4  # hours after which memory should have its size
SLOPE = 1.0  # MiB an hour
JOURNAL = 64 * 2**20  # bytes
WATCHLIST = """\
watchlist: w
title: News
initiatives:
  - {id: trust, name: TRUST, any: ["TRUST initiative"]}
  - {id: chips, name: Chips, any: [semiconductor, "first wafers"]}
  - {id: trade, name: Trade, any: ["trade talks"]}
digests:
  - {id: twice, to: [desk], at: ["07:30", "17:00"]}
  - {id: now, to: [desk], immediately: true, gather: 10m}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The process at one moment."""

    hour: int
    resident: float  # MiB
    objects: int  # that the collector follows
    handles: int
    threads: int
    children: int
    tasks: int
    file: int  # bytes of the database
    journal: int  # bytes of its journal or write-ahead log, at most so far


@dataclass(slots=True)
class Day:
    """What came of it."""

    looks: list[Look] = field(default_factory=list)
    polls: int = 0
    articles: int = 0
    mails: int = 0
    seconds: float = 0.0

    @property
    def warm(self) -> list[Look]:
        """The looks that count."""
        return [one for one in self.looks if one.hour >= WARM]

    def slope(self, of: Callable[[Look], float]) -> float:
        """By how much it grows an hour: the line of least squares."""
        points = [(one.hour, of(one)) for one in self.warm]
        middle = sum(hour for hour, _ in points) / len(points)
        spread = sum((hour - middle) ** 2 for hour, _ in points)
        return sum((hour - middle) * value for hour, value in points) / spread

    @property
    def faults(self) -> list[str]:
        """What must not be."""
        wrong = []
        if (slope := self.slope(lambda one: one.resident)) >= SLOPE:
            wrong.append(f"memory grows by {slope:.2f} MiB an hour")
        for name in ("handles", "threads", "tasks"):
            first, last = (getattr(one, name) for one in (self.warm[0], self.warm[-1]))
            if last > first + 3:
                wrong.append(f"{name} grew from {first} to {last}")
        if (most := max(one.journal for one in self.looks)) >= JOURNAL:
            wrong.append(f"the journal had {most / 2**20:.0f} MiB")
        return wrong


async def play(folder: Path, hours: int, sources: int, tell: Callable[[str], None]) -> Day:
    """So many hours in `folder`."""
    day, clock, began = Day(), SimulatedClock(), time.monotonic()
    hosts = Talker([sys.executable, "-m", "tests.benchmarks.polling.hosts", "news", str(sources)])
    try:
        port = int(hosts.ask(""))
        async with Mailbox() as mailbox:
            configure(folder / "config", **_files(port, mailbox.port, sources))

            def settings() -> Settings:
                return load(
                    folder / "config",
                    state_dir=folder / "state",
                    environ=os.environ,
                    validate_term=validate,
                )

            hear = Outcomes(clock).heard
            async with open_app(settings(), clock=clock, on_report=hear, alone=True) as app:
                start, ticks, edited, journal = clock.now(), Ticks(app), clock.now(), 0
                for hour in range(hours + 1):
                    if hour:
                        hosts.ask(f"{hour} {clock.now().isoformat()}")
                    while clock.now() - start < hour * HOUR:
                        await _tick(app, ticks)
                        journal = max(journal, _journal(app))
                        await keep_house(app)
                        if clock.now() - edited >= RELOAD:
                            await take_edit(app, settings)
                            edited = clock.now()
                        clock.advance(STRIDE)
                    day.mails += len(mailbox.mails)
                    mailbox.mails.clear()
                    day.looks.append(_look(app, hour, journal))
                    tell(_line(day.looks[-1]))
                counts = await app.stores.counts.take()
                day.articles = counts.articles
    finally:
        hosts.end()
    day.seconds = time.monotonic() - began
    return day


async def _tick(app: App, ticks: Ticks) -> None:
    """Until nothing more is due at this moment."""
    while True:
        due = await app.ticker.collect()
        await app.runner.drain()
        if not due:
            break
    await ticks.tick()
    await app.runner.drain()


def _files(port: int, mail_port: int, sources: int) -> dict[str, str]:
    lines = "".join(
        f'  - {{id: s{n}, feed: "http://127.1.{n >> 8}.{n & 255}:{port}/feed", full_text: never}}\n'
        for n in range(sources)
    )
    files = desk(mail_port)
    files["tidings"] = files["tidings"].replace("floor: 1m, ", "")
    return files | {"sources": f"sources:\n{lines}", "watchlists__chips": WATCHLIST}


def _look(app: App, hour: int, journal: int) -> Look:
    gc.collect()
    process = Path("/proc/self")
    return Look(
        hour=hour,
        resident=resident_of(os.getpid()),
        objects=len(gc.get_objects()),
        handles=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        children=len(family(os.getpid())) - 1,
        tasks=len(asyncio.all_tasks()),
        file=_size(app.stores.database.file),
        journal=journal,
    )


def _journal(app: App) -> int:
    file = app.stores.database.file
    assert file is not None
    return max(_size(file.with_name(f"{file.name}-{kind}")) for kind in ("journal", "wal"))


def _size(file: Path | None) -> int:
    try:
        return file.stat().st_size if file is not None else 0
    except FileNotFoundError:
        return 0


def _line(one: Look) -> str:
    return (
        f"hour {one.hour:3}: {one.resident:6.1f} MiB, {one.objects:8,} objects, {one.handles:4} handles, "
        f"{one.threads:3} threads, {one.children} children, {one.tasks:3} tasks, database {one.file / 2**20:6.1f} MiB, "
        f"journal at most {one.journal / 2**20:4.1f} MiB"
    )


def lines(day: Day) -> Iterator[str]:
    """For a person."""
    hours = day.looks[-1].hour
    yield f"{hours} hours in {day.seconds:.0f} s: {day.articles:,} articles, {day.mails} mails"
    yield (
        f"from hour {WARM} on: memory {day.slope(lambda one: one.resident):+.2f} MiB an hour, "
        f"objects {day.slope(lambda one: one.objects):+,.0f} an hour, "
        f"handles {_span(day.warm, 'handles')}, threads {_span(day.warm, 'threads')}"
    )
    yield from (f"  {fault}" for fault in day.faults)
    yield f"faults {len(day.faults)}"


def _span(looks: Sequence[Look], name: str) -> str:
    values = [getattr(one, name) for one in looks]
    return f"{min(values)} to {max(values)}"


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(words: list[str]) -> int:
    hours = int(words[0]) if words else 24
    sources = int(words[1]) if len(words) > 1 else 1000
    log.configure(outcomes=False)
    with tempfile.TemporaryDirectory(prefix="tidings-day-") as folder:
        day = asyncio.run(play(Path(folder), hours, sources, _tell))
    sys.stdout.write("\n".join(lines(day)) + "\n")
    return 1 if day.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
