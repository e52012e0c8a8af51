"""`python -m tests.soak.full_disk [LAST [FIRST]]`: the disk is full from the k-th moment of writing on, for a while, for each k up to LAST (500).

A real round of polls, pages, folding, matching, digests, mails and hooks, with real servers on loopback and a simulated
clock. At each moment inside a write transaction the database may say that there is no room, as SQLite says it. Whatever
k is, everything is told once to each receiver, no message is sent twice, and work goes on by itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from crawler import failpoints
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
from tidings import log
from tidings.app import open_app
from tidings.daemon import Ticks

WRITING = frozenset(
    (
        "tx_begin",
        "after_validators",
        "after_entry_insert",
        "page_insert",
        "fold_insert",
        "match_insert",
        "told_marks",
        "outbox_insert",
        "outbox_commit",
        "alert_frozen",
        "lease_renew",
        "tx_commit",
    )
)
LASTS = 7  # moments for which there is no room
STEP = 5 * MINUTE
STEPS = 30  # two hours and a half: longer than any wait of what was put off
ARTICLES = 6


@dataclass(slots=True)
class Round:
    """What came of one k."""

    k: int
    moments: int = 0  # of writing, in all
    failed: Counter[str] = field(default_factory=Counter)  # moment → how often it was full
    faults: list[str] = field(default_factory=list)


class Disk:
    """Full from the k-th moment on, for `LASTS` moments."""

    def __init__(self, found: Round) -> None:
        self._found = found

    def __call__(self, name: str) -> None:
        if name not in WRITING:
            return
        found = self._found
        found.moments += 1
        if found.k <= found.moments < found.k + LASTS:
            found.failed[name] += 1
            fault = sqlite3.OperationalError("database or disk is full")
            fault.sqlite_errorcode = sqlite3.SQLITE_FULL
            fault.sqlite_errorname = "SQLITE_FULL"
            raise fault


async def play(folder: Path, k: int) -> Round:
    """One round; `k` 0: there is always room."""
    found = Round(k)
    clock = Wound(NOON - timedelta(hours=1))
    async with Press() as press, MoodyMailbox() as mailbox:
        slugs = [f"plant{number}" for number in range(ARTICLES)]
        for number, slug in enumerate(slugs):
            press.add(
                f"feed{number % 2}", slug, clock.time - MINUTE, title=f"Semiconductor plant {slug} opens"
            )
        configure(
            folder / "config",
            sources=press.sources(),
            **desk(mailbox.port, hook=f"{press.hook}", now="immediately: true, gather: 1s"),
        )
        use = settings(folder)
        async with open_app(use, clock=clock, alone=True) as app:
            failpoints.watch(Disk(found) if k else _count(found))
            try:
                ticks = Ticks(app)
                for step in range(2 * STEPS):
                    if step >= STEPS and app.pulse.storage is None:
                        break  # a failure that came last is over too
                    await ticks.tick()
                    await app.runner.drain()
                    if app.watch.ruin is not None:
                        found.faults.append(f"the daemon would have ended: {app.watch.ruin}")
                        break
                    clock.time += STEP
            finally:
                failpoints.watch(None)
            if app.pulse.storage is not None:
                found.faults.append("it is still in trouble")
        ids = Counter(str(mail.message["Message-ID"]) for mail in mailbox.mails)
        found.faults += [f"mail {name} was sent {number} times" for name, number in ids.items() if number > 1]
        hooks = Counter(name for name, _ in press.hooks)
        found.faults += [
            f"hook {name} was sent {number} times" for name, number in hooks.items() if number > 1
        ]
        for way, news in (("mail", told(mailbox.mails).news), ("hook", told_by_hook(press, "now"))):
            found.faults += [
                f"{slug} was told {news[slug]} times by {way}" for slug in slugs if news[slug] != 1
            ]
    with sqlite3.connect(folder / "state" / "tidings.sqlite") as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            found.faults.append("the database is damaged")
    return found


def _count(found: Round) -> Callable[[str], None]:
    def watcher(name: str) -> None:
        found.moments += name in WRITING

    return watcher


async def rounds(numbers: Iterable[int], tell: Callable[[str], None]) -> list[Round]:
    """One after the other."""
    done = []
    for number in numbers:
        with tempfile.TemporaryDirectory(prefix="tidings-full-") as folder:
            one = await play(Path(folder), number)
        done.append(one)
        for fault in one.faults:
            tell(f"k = {number} ({', '.join(one.failed)}): {fault}")
    return done


def main(words: list[str]) -> int:
    numbers = [int(word) for word in words]
    last, first = (*numbers, *(500, 1)[len(numbers) :])
    log.configure(outcomes=False)
    import logging

    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    done = asyncio.run(rounds((0, *range(first, last + 1)), lambda line: sys.stdout.write(f"{line}\n")))
    failed: Counter[str] = sum((one.failed for one in done), Counter())
    bad = [one for one in done if one.faults]
    sys.stdout.write(
        f"{done[0].moments} moments of writing with room; k = {first} to {last}: {sum(failed.values())} failures in "
        f"{sum(bool(one.failed) for one in done)} rounds, at {dict(failed)}; rounds with faults {len(bad)}; "
        f"{time.monotonic() - began:.0f} s\n"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
