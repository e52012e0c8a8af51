"""`python -m tests.soak.full_disk --real [MINUTES]`: a real `tidings run` on a real file system, filled to the last byte again and again.

The state folder lies on a tmpfs of its own, with room enough for the daemon to collect (it wants 64 MiB free). News
appears every second. At random moments a file takes all room that is left, and whatever is given back, for some
seconds. From its end on is measured how long it takes until an article that appears then is told by mail and by hook.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.conftest import configure
from tests.acceptance.world import MoodyMailbox, Press, desk
from tests.soak.crowd import named, start

SIZE = 128  # MiB
FEEDS = 4
MINUTES = 10.0
ROOM, FULL = (3.0, 8.0), (4.0, 16.0)  # seconds with and without room, from and to
LATE = 60.0  # seconds by which news must be told again
UNSHARED = "TIDINGS_SOAK_UNSHARED"


@dataclass(slots=True)
class Filled:
    """What came of it. Times in seconds."""

    published: dict[str, float] = field(default_factory=dict)  # article → when
    told: dict[str, dict[str, float]] = field(default_factory=lambda: {"mail": {}, "hook": {}})
    times: dict[str, Counter[str]] = field(default_factory=lambda: {"mail": Counter(), "hook": Counter()})
    repeats: int = 0  # of a mail or a hook under its id
    full: list[float] = field(default_factory=list)  # how long there was no room
    refused: int = 0  # fillings in which the daemon said that nothing could be written
    works: list[float] = field(default_factory=list)  # after each: until new news was told by mail and hook
    usual: list[float] = field(
        default_factory=list
    )  # from publishing to telling while there was room all along
    log: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Ballast:
    """A file that takes all the room there is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def fill(self) -> None:
        """To the last byte; what others gave back since is taken too."""
        with self._path.open("ab", buffering=0) as file:
            size = 2**20
            while size:
                try:
                    file.write(bytes(size))
                except OSError as fault:
                    if fault.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def away(self) -> None:
        """There is room again."""
        self._path.unlink()


class _Readers:
    """Notes what the mail server and the hook got, and when."""

    def __init__(self, press: Press, mailbox: MoodyMailbox, found: Filled) -> None:
        self._press, self._mailbox, self._found = press, mailbox, found
        self._seen = {"mail": 0, "hook": 0}
        self._ids: set[str] = set()

    def look(self) -> None:
        now = time.monotonic()
        for mail in self._mailbox.mails[self._seen["mail"] :]:
            body = mail.message.get_body(("plain",))
            assert body is not None
            self._take("mail", str(mail.message["Message-ID"]), str(body.get_content()), now)
        for name, content in self._press.hooks[self._seen["hook"] :]:
            self._take("hook", name, content.decode(), now)

    def _take(self, way: str, name: str, text: str, now: float) -> None:
        self._seen[way] += 1
        if name in self._ids:
            self._found.repeats += 1
            return
        self._ids.add(name)
        for slug in named(text):
            self._found.times[way][slug] += 1
            self._found.told[way].setdefault(slug, now)


async def filled(folder: Path, disk: Path, seconds: float, seed: int, tell: Callable[[str], None]) -> Filled:
    """Play it for so many seconds; `disk` is a file system of its own, on which the state is kept."""
    found, dice = Filled(), random.Random(seed)
    async with Press() as press, MoodyMailbox() as mailbox:
        files = desk(mailbox.port, hook=press.hook, now="immediately: true, gather: 1s")
        files["tidings"] = files["tidings"].replace("floor: 1m", "floor: 1s")
        sources = "".join(
            f'  - {{id: feed{n}, feed: "http://127.0.0.1:{press.port}/feed/feed{n}", every: 2s, full_text: never}}\n'
            for n in range(FEEDS)
        )
        configure(folder / "config", sources=f"sources:\n{sources}", **files)
        (folder / "state").symlink_to(disk / "state")
        (disk / "state").mkdir()
        readers = _Readers(press, mailbox, found)
        daemon = await start(folder, "run")
        log = asyncio.create_task(_read_log(daemon, found))
        world = asyncio.create_task(_world(press, readers, found))
        try:
            await _until(lambda: len(found.told["mail"]) > 3, 90)
            end = time.monotonic() + seconds
            while time.monotonic() < end and daemon.returncode is None:
                await asyncio.sleep(dice.uniform(*ROOM))
                await _fill_once(Ballast(disk), dice, found)
                if daemon.returncode is None:
                    tell(
                        f"filling {len(found.full)}: full {found.full[-1]:.1f} s, told {found.works[-1]:.1f} s after"
                    )
            world.cancel()
            wanted = found.published.keys()
            await _until(
                lambda: readers.look() or all(wanted <= one.keys() for one in found.told.values()), 120
            )
        finally:
            world.cancel()
            if daemon.returncode is None:
                daemon.send_signal(signal.SIGTERM)
            else:
                found.faults.append(f"the daemon ended by itself with {daemon.returncode}")
            code = await daemon.wait()
            await log
            if world.done() and not world.cancelled() and world.exception() is not None:
                raise world.exception() or AssertionError
        if code != 0:
            found.faults.append(f"the daemon ended with {code}")
        readers.look()
    _judge(found, disk / "state")
    return found


async def _fill_once(ballast: Ballast, dice: random.Random, found: Filled) -> None:
    """No room for a while, and then the time until what is published after it is told."""
    until, began = time.monotonic() + dice.uniform(*FULL), time.monotonic()
    before = found.log[_AGAIN]
    while time.monotonic() < until:
        ballast.fill()
        await asyncio.sleep(0.05)
    ballast.away()
    back = time.monotonic()
    found.full.append(back - began)

    def is_told() -> bool:
        return all(any(found.published.get(slug, 0.0) > back for slug in one) for one in found.told.values())

    await _until(is_told, 2 * LATE)
    found.refused += found.log[_AGAIN] > before
    found.works.append(time.monotonic() - back)
    if found.works[-1] > LATE:
        found.faults.append(f"filling {len(found.full)}: nothing new was told for {found.works[-1]:.0f} s")


_AGAIN = "info the database can be written to again"


async def _world(press: Press, readers: _Readers, found: Filled) -> None:
    """An article every second; mails and hooks are looked at ten times as often."""
    for number in range(1_000_000):
        slug = f"article{number}"
        feed = f"feed{number % FEEDS}"
        press.add(feed, slug, datetime.now(UTC), title=f"Semiconductor {slug} opens", text="A report.")
        del press.feeds[feed][60:]
        found.published[slug] = time.monotonic()
        for _ in range(10):
            await asyncio.sleep(0.1)
            readers.look()


async def _read_log(daemon: asyncio.subprocess.Process, found: Filled) -> None:
    assert daemon.stderr is not None
    async for line in daemon.stderr:
        text = line.decode(errors="replace")
        try:
            entry = json.loads(text)
            found.log[f"{entry['level']} {entry['event']}"] += 1
        except ValueError:
            entry = {}
        if "Traceback" in text or "exception" in entry:
            found.faults.append(f"a traceback in the log: {text.strip()[:600]}")


async def _until(condition: Callable[[], object], seconds: float) -> None:
    """Wait for it, and no longer than that."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        await asyncio.sleep(0.05)


def _judge(found: Filled, state: Path) -> None:
    for way, told in found.told.items():
        lost = sorted(found.published.keys() - told.keys())
        twice = [slug for slug, number in found.times[way].items() if number > 1]
        found.faults += [f"{slug} was not told by {way}" for slug in lost]
        found.faults += [f"{slug} was told {found.times[way][slug]} times by {way}" for slug in twice]
        found.usual += [told[slug] - at for slug, at in found.published.items() if slug in told]
    if found.repeats:
        found.faults.append(f"{found.repeats} mails and hooks were sent again")
    with closing(sqlite3.connect(state / "tidings.sqlite")) as database:
        said = [row[0] for row in database.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        found.faults.append(f"the database is damaged: {said[:3]}")


def lines(found: Filled) -> Iterator[str]:
    """For a person."""
    works, usual = sorted(found.works), sorted(found.usual)
    yield f"{len(found.full)} fillings of a file system of {SIZE} MiB, {sum(found.full):.0f} s without room in all"
    yield f"in {found.refused} of them the daemon had something to write and could not"
    yield f"{len(found.published)} articles; told by mail {len(found.told['mail'])}, by hook {len(found.told['hook'])}"
    if works:
        yield (
            f"an article that appears after there is room is told by both: median {works[len(works) // 2]:.1f} s, "
            f"longest {works[-1]:.1f} s after it"
        )
        yield f"from publishing to telling, over all articles: median {usual[len(usual) // 2]:.1f} s"
    yield f"sent again {found.repeats}; log {dict(found.log.most_common())}"
    yield from (f"  {fault}" for fault in found.faults[:20])
    yield f"faults {len(found.faults)}"


# -- a file system of its own ----------------------------------------------------------------------


@contextmanager
def tmpfs(size: int) -> Iterator[Path]:
    """A folder with room for `size` MiB.

    Raises:
        PermissionError: this user may mount nothing.
    """
    place = Path(tempfile.mkdtemp(prefix="tidings-tmpfs-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0700", "tidings-full", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        place.rmdir()
        raise PermissionError(made.stderr.strip())
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def main(words: list[str], tell: Callable[[str], None]) -> int:
    """In a name space of its own where this user may not mount otherwise; exit code 2 where that is not to be had either."""
    minutes = float(words[0]) if words else MINUTES
    try:
        with tmpfs(SIZE) as disk, tempfile.TemporaryDirectory(prefix="tidings-full-") as folder:
            found = asyncio.run(filled(Path(folder), disk, minutes * 60, 1, tell))
    except (PermissionError, FileNotFoundError) as fault:
        again = [sys.executable, "-m", "tests.soak.full_disk", "--real", *words]
        if UNSHARED not in os.environ and shutil.which("unshare"):
            return subprocess.run(
                ["unshare", "-rm", *again], env={**os.environ, UNSHARED: "1"}, check=False
            ).returncode
        tell(f"no file system of its own can be had here: {fault}")
        return 2
    for line in lines(found):
        tell(line)
    return 1 if found.faults else 0
