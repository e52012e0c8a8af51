"""`python -m tests.soak.power_cut [CUTS]`: what a power cut leaves, at each of CUTS (200) moments of a real `tidings once`.

`strace` tells what the program wrote and synced, and what it said to a mail server and a hook. For each moment the
database is put together anew from what was on the disk for sure, and once more with some part of the rest, torn. Each
must be sound, hold every message of which a byte was on the network, and be as it was after the last commit that the
program knew of, or after the one in hand. From some of them `tidings once` goes on: everything is told once, and what
comes again is what was in hand, with the same id and the same bytes. Both journals of SQLite are tried.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.conftest import configure
from tests.acceptance.world import NOON, MoodyMailbox, Press, desk, told, told_by_hook
from tests.soak.disk_trace import Disk, Event, Said, Sync, put, read_trace, traced
from tests.soak.full_disk import MEMORY
from tidings.demo.mailbox import Mail
from tidings.storage.engine import FILE

CUTS, GOING_ON = 200, 15
KNOWN, NEW = 3, 8  # articles before the run that is traced, and in it
READERS = tuple(f"{name}@policy.example" for name in "abcdef")
# The program chooses the journal by the version of the library; a newer version is feigned where the write-ahead log
# is wanted of an older one, whose fault needs two processes that write at once.
_PROGRAM = "import sqlite3, sys; {} from tidings.cli import main; sys.exit(main())"
JOURNALS = {
    "delete": "sqlite3.sqlite_version_info = (3, 40, 1);",
    "wal": "sqlite3.sqlite_version_info = (3, 51, 3);",
}


@dataclass(slots=True)
class Message:
    """One delivery in the trace."""

    begun: int  # event with its first byte
    taken: int | None = None  # event with the other side's yes


@dataclass(slots=True)
class Found:
    """What came of the cuts under one journal."""

    journal: str
    events: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    cuts: int = 0
    databases: int = 0
    in_hand: int = 0  # cuts with a message on its way
    going_on: int = 0
    repeats: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One traced run in its world, and the disk before it."""

    folder: Path
    press: Press
    mailbox: MoodyMailbox
    journal: str
    events: list[Event] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)  # id of a delivery → when it was sent
    mails: list[Mail] = field(default_factory=list)  # of this run
    hooks: list[tuple[str, bytes]] = field(default_factory=list)

    async def trace(self) -> None:
        """News appears twice; the second run is traced, its windows having begun with the first."""
        for number in range(KNOWN + NEW):
            if number in (0, KNOWN):
                self.mailbox.mails.clear()
                self.press.hooks.clear()
            self.press.add(f"feed{number % 2}", f"plant{number}", NOON)
            if number == KNOWN - 1:
                files = desk(self.mailbox.port, *READERS, hook=self.press.hook, now="every: 1s")
                configure(self.folder / "config", sources=self.press.sources(), **files)
                await self.once(self.folder / "state")
        shutil.copytree(self.folder / "state", self.folder / "before")
        trace = self.folder / "trace"
        self.mailbox.mails.clear()
        self.press.hooks.clear()
        await self.once(self.folder / "state", *traced(trace))
        self.mails, self.hooks = list(self.mailbox.mails), list(self.press.hooks)
        with trace.open(encoding="ascii", errors="replace") as lines:
            self.events = read_trace(list(lines), self.folder / "state", FILE)
        self._find_messages()
        assert {f"plant{one}" for one in range(KNOWN, KNOWN + NEW)} <= told(self.mails).news.keys()

    async def once(self, state: Path, *before: str) -> None:
        env = {**os.environ, "TIDINGS_CONFIG": str(self.folder / "config"), "TIDINGS_STATE": str(state)}
        process = await asyncio.create_subprocess_exec(
            *before, sys.executable, "-c", _PROGRAM.format(JOURNALS[self.journal]), "once", "--all",
            env=env, cwd=self.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, (out + err).decode()

    def disk(self) -> Disk:
        """As it was when the run began."""
        return Disk.of(self.folder / "before", FILE)

    def _find_messages(self) -> None:
        """A mail begins with its MAIL command, a hook with its POST; either is over with a yes."""
        on_wire: dict[str, Message] = {}
        said: dict[str, bytes] = {}
        for number, event in enumerate(self.events):
            if not isinstance(event, Said):
                continue
            mail, wire = event.port == self.mailbox.port, event.connection
            if not mail and event.port != self.press.port:
                continue
            if not event.ours:
                yes = rb"^250 2\.0\.0 kept" if mail else rb"^HTTP/1\.1 200"
                if wire in on_wire and re.search(yes, event.data):
                    on_wire.pop(wire).taken = number
                continue
            if re.match(rb"MAIL FROM" if mail else rb"POST /hook/", event.data):
                on_wire[wire], said[wire] = Message(number), b""
            if wire in on_wire:
                said[wire] += event.data
                name = re.search(rb"Message-ID: <([^@]+)@" if mail else rb"webhook-id: (\S+)", said[wire])
                if name is not None:
                    self.messages[name[1].decode()] = on_wire[wire]


@dataclass(slots=True)
class Judge:
    """Looks at what the cuts leave of one run."""

    run: Run
    found: Found

    def look(self, cuts: Sequence[int], dice: random.Random) -> dict[int, tuple[dict[str, bytes], ...]]:
        """Judge the database after the first N events, for each N; what is left there, for those who go on."""
        left: dict[int, tuple[dict[str, bytes], ...]] = {}
        disk, last, wanted = self.run.disk(), _rows(self.run.folder / "state"), set(cuts)
        before = now = disk.killed()
        for number, event in enumerate(self.run.events, 1):
            if not isinstance(event, Said):
                disk.take(event)
                before, now = now, disk.killed()
            if number in wanted:
                right = {self._print(before), self._print(now)}
                left[number] = (disk.cut(), disk.cut(dice))
                for files in left[number]:
                    self._judge(number, files, right, last)
                self.found.cuts += 1
                self.found.in_hand += any(
                    one.begun < number and (one.taken is None or one.taken >= number)
                    for one in self.run.messages.values()
                )
        return left

    def _judge(
        self, number: int, files: dict[str, bytes], right: set[str], last: dict[str, tuple[object, ...]]
    ) -> None:
        found = self.found
        found.databases += 1
        if (said := self._print(files)) not in right:
            what = said if said.startswith("damaged") else "a commit is lost"
            found.faults.append(f"{found.journal}, cut after event {number} ({self._words(number)}): {what}")
            return
        rows = _rows(self.run.folder / "left")
        found.faults += [
            f"{found.journal}, cut after event {number}: {name} is on the network and not in the outbox as it was sent"
            for name, one in self.run.messages.items()
            if one.begun < number and rows.get(name) != last[name]
        ]

    def _print(self, files: dict[str, bytes]) -> str:
        """A print of all that the database says, after SQLite has done its best with the files."""
        put(files, self.run.folder / "left")
        try:
            with closing(sqlite3.connect(self.run.folder / "left" / FILE)) as database:
                database.execute("PRAGMA synchronous=OFF")  # of this copy
                sound = [row[0] for row in database.execute("PRAGMA integrity_check")]
                if sound != ["ok"] or database.execute("PRAGMA foreign_key_check").fetchall():
                    return f"damaged: {sound[:3]}"
                said = "\n".join(database.iterdump())
        except sqlite3.DatabaseError as fault:
            return f"damaged: {fault}"
        return hashlib.sha256(said.encode()).hexdigest()

    def _words(self, number: int) -> str:
        event = self.run.events[number - 1]
        if isinstance(event, Said):
            return f"{'to' if event.ours else 'from'} port {event.port}: {event.data[:40]!r}"
        return f"{type(event).__name__} {event.name or 'of the folder'}"

    async def go_on(self, number: int, files: dict[str, bytes]) -> None:
        """`tidings once` on what is left; what it and the run before the cut told, taken together."""
        run, found = self.run, self.found
        state = run.folder / "on"
        put(files, state)
        with closing(sqlite3.connect(state / FILE)) as database:
            marked = {row[0] for row in database.execute("SELECT id FROM deliveries WHERE state = 'sent'")}
        run.mailbox.mails.clear()
        run.press.hooks.clear()
        await run.once(state)
        begun = {name for name, one in run.messages.items() if one.begun < number}
        taken = {name for name, one in run.messages.items() if one.taken is not None and one.taken < number}
        mails, hooks = list(run.mailbox.mails), list(run.press.hooks)
        again = begun & {*map(_id, mails), *(name for name, _ in hooks)}
        found.going_on += 1
        found.repeats += len(again)
        place = f"{found.journal}, going on after event {number}"
        if again & marked:
            found.faults.append(f"{place}: {again & marked} was marked, and sent again")
        first = {_id(mail): mail.raw for mail in run.mails} | dict(run.hooks)
        for name, raw in (*((_id(mail), mail.raw) for mail in mails), *hooks):
            if name in begun and first[name] != raw:
                found.faults.append(f"{place}: {name} comes again with other bytes")
        seen = [mail for mail in run.mails if _id(mail) in taken] + mails
        run.press.hooks = [one for one in run.hooks if one[0] in taken] + hooks
        ways = {reader: told(one for one in seen if reader in one.recipients).news for reader in READERS}
        ways["hook"] = told_by_hook(run.press, "now")
        wanted = set(told(run.mails).news)  # the news of the run, and what the one before it did not tell
        found.faults += [
            f"{place}: {slug} was told {news[slug]} times to {way}"
            for way, news in ways.items()
            for slug in sorted(wanted | news.keys())
            if news[slug] != (slug in wanted)
        ]


def _spread(some: Sequence[int], number: int) -> Iterator[int]:
    yield from dict.fromkeys(some[one * len(some) // number] for one in range(number) if some)


def _id(mail: Mail) -> str:
    return str(mail.message["Message-ID"]).strip("<>").partition("@")[0]


def _rows(state: Path) -> dict[str, tuple[object, ...]]:
    """What is sent of each delivery, by its id as it stands in a message."""
    with closing(sqlite3.connect(state / FILE)) as database:
        return {
            row[0]: row
            for row in database.execute(
                "SELECT d.id, d.channel_id, d.recipient, m.* FROM deliveries d JOIN messages m ON m.key = d.message_key"
            )
        }


async def power_cuts(
    folder: Path,
    journal: str,
    cuts: int,
    going_on: int,
    seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Found:
    """Trace one run and cut its power at `cuts` moments, evenly spread; go on from `going_on` of them."""
    found, dice = Found(journal), random.Random(seed)
    async with Press() as press, MoodyMailbox() as mailbox:
        run = Run(folder, press, mailbox, journal)
        await run.trace()
        found.messages = len(run.messages)
        found.events.update(
            f"sync of {event.name.removeprefix(FILE) or 'database'}" if isinstance(event, Sync) and event.name
            else "sync of the folder" if isinstance(event, Sync) else type(event).__name__
            for event in run.events
        )  # fmt: skip
        places = sorted({1 + one * len(run.events) // cuts for one in range(cuts)})
        left = Judge(run, found).look(places, dice)
        tell(f"{journal}: {found.cuts} cuts, {found.databases} databases, faults {len(found.faults)}")
        first = min(one.begun for one in run.messages.values())
        early, late = [one for one in places if one <= first], [one for one in places if one > first]
        few = going_on // 3
        chosen = [*_spread(early, few), *_spread(late, going_on - few)]
        for turn, number in enumerate(chosen):
            await Judge(run, found).go_on(number, left[number][turn % 2])
    return found


def lines(found: Found) -> Iterator[str]:
    """For a person."""
    yield f"{found.journal}: {sum(found.events.values())} events {dict(found.events)}, {found.messages} messages"
    yield (
        f"  {found.cuts} cuts, {found.in_hand} of them with a message on its way; {found.databases} databases put together"
    )
    yield f"  went on from {found.going_on}, {found.repeats} messages came again"
    yield from (f"  {fault}" for fault in found.faults[:20])
    yield f"  faults {len(found.faults)}"


def main(words: list[str]) -> int:
    if shutil.which("strace") is None:
        sys.stderr.write("strace is not installed here\n")
        return 2
    cuts, bad, began = int(words[0]) if words else CUTS, 0, time.monotonic()
    for journal in JOURNALS:
        with tempfile.TemporaryDirectory(prefix="tidings-power-", dir=MEMORY) as folder:
            found = asyncio.run(power_cuts(Path(folder), journal, cuts, GOING_ON))
        bad += len(found.faults)
        sys.stdout.write("\n".join(lines(found)) + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
