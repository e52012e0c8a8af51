"""`python -m tests.soak.full_disk [ROUNDS]`: the disk takes no writes from the k-th on, for a while, in ROUNDS (500) ways.

A real round of polls, pages, folding, matching, digests, mails and hooks, with real servers on loopback and a simulated
clock. Each round fails from another write on, or for another time, by "disk full" and by "I/O error" in turns. Whatever
it is, everything is told once to each receiver, no message is sent twice, and work goes on by itself. How soon it does
is measured by the clock, from the moment at which there is room again.

`python -m tests.soak.full_disk --real [MINUTES]`: a real `tidings run` on a real file system without room, see `real_disk`.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.acceptance.conftest import configure
from tests.acceptance.world import (
    MINUTE,
    NOON,
    MoodyMailbox,
    Press,
    Wound,
    desk,
    settings,
    told,
    told_by_hook,
)
from tests.soak.bad_disk import How, Trouble, bad_disk
from tidings import log
from tidings.app import App, open_app
from tidings.daemon import TICK, Ticks
from tidings.housekeeping import keep_house
from tidings.storage.engine import FILE, Database
from tidings.tasks import Report

ROUNDS = 500
MOMENT = timedelta(0)  # one write alone
LASTS = (MOMENT, timedelta(seconds=30), timedelta(minutes=20))  # the last is longer than any lease
WAVES = 2  # of news, so that sources and deliveries are both new and known
ARTICLES = 6  # of a wave; every third has a page, which is gone
QUIET = timedelta(minutes=11)  # between two waves: all sources are due again
SOON = timedelta(minutes=1)  # by which work must go on
WAVE = timedelta(seconds=65)  # that a wave takes at most when all is well
MEMORY = (
    "/dev/shm" if os.path.isdir("/dev/shm") else None
)  # where a sync costs nothing; None: the usual place
LATE = timedelta(hours=2, minutes=30)  # longer than any wait of what was put off


@dataclass(frozen=True, slots=True)
class Way:
    """Where the trouble begins, what it is, and how long it lasts."""

    k: int
    how: How = How.FULL
    lasts: timedelta = MOMENT

    def __str__(self) -> str:
        return f"{self.how} from write {self.k} on for {self.lasts.total_seconds():.0f} s"


@dataclass(slots=True)
class Round:
    """What came of one way; times count from the moment at which there is room again."""

    way: Way
    writes: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    ticks: int = 0  # until one went well, with polls
    works: timedelta | None = None
    all_told: timedelta | None = None  # what was published until then
    faults: list[str] = field(default_factory=list)


async def play(folder: Path, way: Way) -> Round:
    """One round; `k` 0: there is always room."""
    found, clock = Round(way), Wound(NOON - timedelta(hours=1))
    trouble = Trouble(way.k, way.how, way.lasts, clock.now)

    def hear(report: Report) -> None:
        if report.problem is not None and not report.storage:
            found.faults.append(f"{type(report.task).__name__} is blamed: {report.problem}")

    async with Press() as press, MoodyMailbox() as mailbox:
        published: list[str] = []
        _publish(press, clock, published)
        configure(
            folder / "config",
            sources=press.sources(),
            **desk(mailbox.port, hook=f"{press.hook}", now="immediately: true, gather: 1s"),
        )
        (folder / "state").mkdir()
        (folder / "state" / FILE).write_bytes(_new_database())
        with bad_disk(trouble):
            async with open_app(settings(folder), clock=clock, on_report=hear, alone=True) as app:
                one = _Life(app, clock, trouble, found, lambda: _is_told(press, mailbox, published))
                trouble.counts = True
                for wave in range(WAVES):
                    if wave:
                        clock.time += QUIET
                        _publish(press, clock, published)
                    await one.live()
                await one.wait()
                trouble.counts = False
        found.writes, found.failed = trouble.writes, trouble.failed
        found.faults += _told_wrong(press, mailbox, published)
    with closing(sqlite3.connect(folder / "state" / FILE)) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            found.faults.append("the database is damaged")
    return found


@cache
def _new_database() -> bytes:
    """As the program makes it; once for all rounds of a process."""
    with tempfile.TemporaryDirectory(prefix="tidings-full-", dir=MEMORY) as folder:
        Database.open("sqlite", state_dir=Path(folder)).close()
        return (Path(folder) / FILE).read_bytes()


class _Life:
    """The daemon's ticks, and what is seen of it after the trouble."""

    def __init__(
        self, app: App, clock: Wound, trouble: Trouble, found: Round, is_told: Callable[[], bool]
    ) -> None:
        self._app, self._clock, self._trouble, self._found = app, clock, trouble, found
        self._is_told = is_told
        self._start = clock.time
        self._ticks = Ticks(app)

    async def live(self) -> None:
        """For as long as a wave needs when all is well; where there is trouble, for as long after it."""
        end = self._clock.time + WAVE
        while self._clock.time < max(end, (self._trouble.back or self._start) + WAVE):
            await self._tick()

    async def wait(self) -> None:
        """Until everything is told, and no longer than anything may be put off."""
        found, end = self._found, self._clock.time + LATE
        while not self._is_told() and self._clock.time < end and self._app.watch.ruin is None:
            await self._tick()
        if self._app.watch.ruin is not None:
            found.faults.append(f"the daemon would have ended: {self._app.watch.ruin}")
        if self._app.pulse.storage is not None:
            found.faults.append("it is still in trouble")
        if self._trouble.failed and (found.works is None or found.works > SOON):
            found.faults.append(f"work went on {found.works} after there was room")

    async def _tick(self) -> None:
        app, clock, found, trouble = self._app, self._clock, self._found, self._trouble
        await keep_house(app)
        await self._ticks.tick()
        await app.runner.drain()
        back = trouble.back
        if back is not None and clock.time >= back:
            well = app.pulse.ticked_at is not None and app.pulse.ticked_at >= back
            found.ticks += found.works is None
            if found.works is None and well and app.pulse.storage is None:
                found.works = clock.time - back
            if found.all_told is None and self._is_told():
                found.all_told = clock.time - back
        hurry = trouble.is_on and back is not None and back - clock.time > 2 * MINUTE
        clock.time += MINUTE if hurry else TICK


def _publish(press: Press, clock: Wound, published: list[str]) -> None:
    for number in range(len(published), len(published) + ARTICLES):
        slug = f"plant{number}"
        text = "A semiconductor plant." if number % 3 == 2 else ""
        title = f"Semiconductor plant {slug} opens"
        press.add(f"feed{number % 2}", slug, clock.time - MINUTE, title=title, text=text)
        press.status[f"/{slug}"] = 410
        published.append(slug)


def _is_told(press: Press, mailbox: MoodyMailbox, published: Sequence[str]) -> bool:
    return all(
        set(published) <= news.keys() for news in (told(mailbox.mails).news, told_by_hook(press, "now"))
    )


def _told_wrong(press: Press, mailbox: MoodyMailbox, published: Sequence[str]) -> Iterator[str]:
    mails = Counter(str(mail.message["Message-ID"]) for mail in mailbox.mails)
    hooks = Counter(name for name, _ in press.hooks)
    for what, ids in (("mail", mails), ("hook", hooks)):
        yield from (f"{what} {name} was sent {number} times" for name, number in ids.items() if number > 1)
    for way, news in (("mail", told(mailbox.mails).news), ("hook", told_by_hook(press, "now"))):
        yield from (f"{slug} was told {news[slug]} times by {way}" for slug in published if news[slug] != 1)


def ways(number: int, writes: int) -> Iterator[Way]:
    """So many different ways, spread over the writes of a round, and over lengths and kinds in each of its parts.

    The last few writes are left out: not each round has quite as many.
    """
    writes = writes * 97 // 100
    for one in range(number):
        k = 1 + one * writes // number
        yield Way(k, tuple(How)[(one // len(LASTS) + k) % len(How)], LASTS[one % len(LASTS)])


def rounds(some: Iterable[Way], tell: Callable[[str], None], at_once: int = 2) -> list[Round]:
    """All of them, in processes of their own."""
    done: list[Round] = []
    with ProcessPoolExecutor(at_once, multiprocessing.get_context("spawn"), _be_quiet) as pool:
        for one in pool.map(_round, some):
            done.append(one)
            name = f"{one.way} ({', '.join(one.failed)})"
            for fault in one.faults:
                tell(f"{name}: {fault}")
            if one.all_told is not None and one.all_told > SOON:
                tell(f"{name}: all was told {one.all_told.total_seconds():.0f} s after")
            if len(done) % 50 == 0:
                tell(f"{len(done)} rounds")
    return done


def _round(way: Way) -> Round:
    with tempfile.TemporaryDirectory(prefix="tidings-full-", dir=MEMORY) as folder:
        return asyncio.run(play(Path(folder), way))


def _be_quiet() -> None:
    log.configure(outcomes=False)
    logging.disable(logging.CRITICAL)


def lines(room: Round, done: Sequence[Round]) -> Iterator[str]:
    """For a person."""
    failed: Counter[str] = sum((one.failed for one in done), Counter())
    kinds = Counter(str(one.way.how) for one in done)
    yield f"a round has {room.writes} writes when there is room"
    yield f"{len({one.way for one in done})} different rounds, first failure by kind {dict(kinds)}"
    yield f"{sum(failed.values())} writes failed: {dict(failed)}"
    for name, times in (
        ("work goes on", [one.works for one in done if one.works is not None]),
        ("all is told", [one.all_told for one in done if one.all_told is not None]),
    ):
        seconds = sorted(one.total_seconds() for one in times)
        if seconds:
            middle, late = seconds[len(seconds) // 2], sum(one > SOON.total_seconds() for one in seconds)
            yield (
                f"{name} after there is room: median {middle:.0f} s, longest {seconds[-1]:.0f} s; "
                f"later than {SOON.total_seconds():.0f} s in {late} of {len(seconds)}"
            )
    yield f"at most {max(one.ticks for one in done)} ticks until work goes on"
    yield f"rounds with faults {sum(bool(one.faults) for one in done)}"


def main(words: list[str]) -> int:
    def tell(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    if words[:1] == ["--real"]:
        from tests.soak import real_disk

        return real_disk.main(words[1:], tell)
    began = time.monotonic()
    (room,) = rounds([Way(0)], tell)
    done = rounds(ways(int(words[0]) if words else ROUNDS, room.writes), tell)
    for line in (*lines(room, done), f"{time.monotonic() - began:.0f} s"):
        tell(line)
    return 1 if any(one.faults for one in (room, *done)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
