"""What this process holds at one moment, and whether it grows: memory, live objects, handles, threads, tasks, journal."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.net.session import IDLE
from tests.benchmarks.idle import resident_of
from tests.benchmarks.polling.processes import family

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SLOPE = 1.0  # MiB an hour by which memory may grow
JOURNAL = 64 * 2**20  # bytes that the journal or the write-ahead log may have
CLOSING = 20  # connections that may be about to be closed
OFTEN = 0.01  # seconds between two looks at the journal
_SOURCES = (
    "017F"  # how the hexadecimal form of an address in 127.1.0.0/16 ends, in which the last byte comes first
)
_TOTAL = re.compile(rb'<(?:total|system) type="(fast|rest|mmap|current)"[^>]* ?size="(\d+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The process at one moment at which nothing is under way."""

    hour: float  # of the day that is played
    resident: float  # MiB
    collected: float  # MiB after a full collection
    used: float  # MiB that C's allocator has given out and not got back
    free: float  # MiB that it holds beside them, for what comes next
    blocks: int  # that Python's allocator has given out and not got back
    objects: int  # that the collector follows
    handles: int  # without the next
    idle: int  # connections to sources
    threads: int
    children: int
    tasks: int
    database: int  # bytes
    journal: int  # bytes, the most since the last look


class Journal:
    """Size of the rollback journal or write-ahead log beside a database: a journal is there for moments only."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._files = [database.with_name(f"{database.name}-{kind}") for kind in ("journal", "wal")]
        self._most = 0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at it often while the block runs."""
        watching = asyncio.create_task(self._watch(), name="journal")
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    def most(self) -> int:
        """Bytes, since this was asked last."""
        self._see()
        most, self._most = self._most, 0
        return most

    async def _watch(self) -> None:
        while True:
            self._see()
            await asyncio.sleep(OFTEN)

    def _see(self) -> None:
        self._most = max(self._most, *map(_size, self._files))


def look(hour: float, journal: Journal) -> Look:
    """Now."""
    resident = resident_of(os.getpid())
    gc.collect()
    handles, idle = _handles()
    collected, (used, free) = resident_of(os.getpid()), _heap()
    return Look(
        hour=hour,
        resident=resident,
        collected=collected,
        used=used,
        free=free,
        blocks=sys.getallocatedblocks(),
        objects=len(gc.get_objects()),
        handles=handles,
        idle=idle,
        threads=len(list(Path("/proc/self/task").iterdir())),
        children=len(family(os.getpid())) - 1,
        tasks=len(asyncio.all_tasks()),
        database=_size(journal.database),
        journal=journal.most(),
    )


def kinds() -> Counter[str]:
    """How many live objects there are of each type."""
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())


def given_back() -> float:
    """MiB that C's allocator holds though they are free, and gives back to the system when told to."""
    before = resident_of(os.getpid())
    ctypes.CDLL(None).malloc_trim(0)
    return before - resident_of(os.getpid())


def slope(looks: Sequence[Look], of: Callable[[Look], float]) -> float:
    """By how much it grows an hour: the line of least squares."""
    middle = sum(one.hour for one in looks) / len(looks)
    spread = sum((one.hour - middle) ** 2 for one in looks)
    return sum((one.hour - middle) * of(one) for one in looks) / spread


def faults(looks: Sequence[Look]) -> Iterator[str]:
    """What must not be, in looks from the time on at which all has its size.

    What comes and goes with the work, such as threads and children, is held against itself: the most of the second half
    of the looks against the most of the first.
    """
    if (growth := slope(looks, lambda one: one.resident)) >= SLOPE:
        yield f"memory grows by {growth:.2f} MiB an hour"
    half = len(looks) // 2
    for name in ("handles", "threads", "tasks", "children"):
        first, second = (max(getattr(one, name) for one in part) for part in (looks[:half], looks[half:]))
        if second > first:
            yield f"{name} grew from {first} to {second}"
    if (most := max(one.idle for one in looks)) > IDLE + CLOSING:
        yield f"{most} idle connections were kept, where {IDLE} are to be"
    if (most := max(one.journal for one in looks)) >= JOURNAL:
        yield f"the journal had {most / 2**20:.0f} MiB"


# -- for a person ----------------------------------------------------------------------------------

HEAD = (
    "hour  resident  collected  C: used   free     blocks    objects  "
    "handles idle threads children tasks  database  journal"
)


def row(one: Look) -> str:
    """Below `HEAD`; sizes in MiB."""
    return (
        f"{one.hour:4.0f} {one.resident:9.1f} {one.collected:10.1f} {one.used:8.1f} {one.free:6.1f} "
        f"{one.blocks:10,} {one.objects:10,} {one.handles:8} {one.idle:4} {one.threads:7} {one.children:8} {one.tasks:5} "
        f"{one.database / 2**20:9.1f} {one.journal / 2**20:8.2f}"
    )


def growth(looks: Sequence[Look]) -> Iterator[str]:
    """Slopes, and first and last."""
    of = {
        "resident": "MiB",
        "collected": "MiB",
        "used": "MiB of C's heap",
        "free": "MiB of it",
        "blocks": "blocks of Python's",
        "objects": "",
    }
    slopes = ", ".join(
        f"{name} {slope(looks, attrgetter(name)):+,.2f} {unit}".rstrip() for name, unit in of.items()
    )
    yield f"an hour: {slopes}"
    yield ", ".join(
        f"{name} {getattr(looks[0], name)} to {getattr(looks[-1], name)} (at most {max(getattr(one, name) for one in looks)})"
        for name in ("handles", "idle", "threads", "children", "tasks")
    )
    yield f"journal at most {max(one.journal for one in looks) / 2**20:.2f} MiB"


def _handles() -> tuple[int, int]:
    """How many are open that are no connections to sources, and how many that are."""
    connected = {
        f"socket:[{fields[9]}]"
        for fields in map(str.split, Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()[1:])
        if fields[2].partition(":")[0].endswith(_SOURCES)
    }
    found = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one by which they are listed
            found.append(os.readlink(one))
    idle = sum(one in connected for one in found)
    return len(found) - idle, idle


def _heap() -> tuple[float, float]:
    """MiB that glibc's allocator has given out, and that it holds beside them, in the arenas of all threads."""
    libc, text, size = ctypes.CDLL(None), ctypes.c_char_p(), ctypes.c_size_t()
    libc.open_memstream.restype = ctypes.c_void_p
    stream = ctypes.c_void_p(libc.open_memstream(ctypes.byref(text), ctypes.byref(size)))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    found = ctypes.string_at(text, size.value)
    libc.free(text)
    total = {name.decode(): int(number) for name, number in _TOTAL.findall(found[found.rindex(b"</heap>") :])}
    free = total["fast"] + total["rest"]
    return (total["current"] + total["mmap"] - free) / 2**20, free / 2**20


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
