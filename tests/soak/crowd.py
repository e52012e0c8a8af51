"""`python -m tests.soak.crowd [SECONDS]`: eight daemons started at once on one database, and twenty commands beside the one that stays.

News goes on appearing, mails and hooks are counted by what they tell: nothing twice, nothing lost, no traceback, and no
command that fails because the database is locked.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.conftest import configure
from tests.acceptance.world import MoodyMailbox, Press, desk

DAEMONS, COMMANDS = 8, 20
FEEDS = 12
EVERY = 2.0  # seconds between two articles
CALM = 25.0  # seconds at the end in which nothing new appears
_ASKED = (
    ("status",),
    ("status", "--json"),
    ("health",),
    ("sources", "list"),
    ("deliveries", "list", "--json"),
    ("once",),
    ("once", "--all"),
    ("digest", "preview", "now"),
    ("search", "semiconductor"),
    ("check",),
    ("db", "check"),
    ("stories", "list"),
    ("channels", "list"),
    ("rematch", "chips", "--since", "1d", "--tell"),
    ("sources", "pause", "feed0"),
    ("sources", "resume", "feed0"),
)
_BAD = re.compile(r"Traceback|is locked|keeps the database locked|OperationalError")


@dataclass(slots=True)
class Crowd:
    """What came of it."""

    turned_away: list[float] = field(default_factory=list)  # seconds until each of the others had ended
    left: int = 0  # daemons that went on
    runs: Counter[str] = field(default_factory=Counter)  # command → how often it ran
    codes: Counter[int] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    published: set[str] = field(default_factory=set)
    mailed: Counter[str] = field(default_factory=Counter)  # article → how often
    hooked: Counter[str] = field(default_factory=Counter)
    log: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> list[str]:
        found = list(self.bad)
        if self.left != 1:
            found.append(f"{self.left} daemons ran")
        for way, told in (("mail", self.mailed), ("hook", self.hooked)):
            found += [
                f"{name} was told {number} times by {way}" for name, number in told.items() if number > 1
            ]
            found += [f"{name} was not told by {way}" for name in self.published - told.keys()]
        return found


async def crowd(folder: Path, seconds: float, seed: int = 1, commands: int = COMMANDS) -> Crowd:
    """Play it in `folder` for so many seconds."""
    dice, found = random.Random(seed), Crowd()
    async with Press() as press, MoodyMailbox() as mailbox:
        for number in range(FEEDS):
            _publish(press, found, number)
        files = desk(
            mailbox.port, hook=f"http://127.0.0.1:{press.port}/hook/x", now="immediately: true, gather: 1s"
        )
        files["tidings"] = files["tidings"].replace("floor: 1m", "floor: 1s")
        sources = "".join(
            f'  - {{id: feed{n}, feed: "http://127.0.0.1:{press.port}/feed/feed{n}", every: 2s, full_text: never}}\n'
            for n in range(FEEDS)
        )
        configure(folder / "config", sources=f"sources:\n{sources}", **files)
        daemons = await asyncio.gather(*(start(folder, "run") for _ in range(DAEMONS)))
        began = time.monotonic()
        others = [asyncio.create_task(_turned_away(one, began, found)) for one in daemons]
        while sum(one.done() for one in others) < DAEMONS - 1 and time.monotonic() - began < 60:
            await asyncio.sleep(0.1)
        end = began + seconds
        asking = [
            asyncio.create_task(_ask(folder, random.Random(dice.random()), end, found))
            for _ in range(commands)
        ]
        while time.monotonic() < end - CALM:
            _publish(press, found, len(found.published))
            await asyncio.sleep(EVERY)
        await asyncio.gather(*asking)
        await _run(folder, "sources", "resume", "feed0")
        await asyncio.sleep(CALM / 2)
        alive = [one for one in daemons if one.returncode is None]
        found.left = len(alive)
        for one in alive:
            one.terminate()
        for one in alive:
            await one.wait()
        await asyncio.gather(*others)
        for mail in mailbox.mails:
            body = mail.message.get_body(("plain",))
            assert body is not None
            found.mailed.update(named(body.get_content()))
        keys: dict[str, bytes] = dict(press.hooks)
        for content in keys.values():
            found.hooked.update(named(content.decode()))
    return found


def _publish(press: Press, found: Crowd, number: int) -> None:
    slug = f"article{number}"
    press.add(
        f"feed{number % FEEDS}",
        slug,
        datetime.now(UTC) - timedelta(seconds=5),
        title=f"Semiconductor {slug} opens",
    )
    found.published.add(slug)


def named(text: str) -> set[str]:
    return set(re.findall(r"Semiconductor (article\d+) opens", " ".join(text.split())))


async def start(folder: Path, *words: str) -> asyncio.subprocess.Process:
    env = {**os.environ, "TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tidings", *words, env=env, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=2**24,
    )  # fmt: skip


async def _run(folder: Path, *words: str) -> tuple[int, str]:
    process = await start(folder, *words)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (out + err).decode(errors="replace")


async def _turned_away(process: asyncio.subprocess.Process, began: float, found: Crowd) -> None:
    """Read what a daemon says; one that ends by itself was turned away."""
    assert process.stderr is not None
    said = ""
    async for line in process.stderr:
        text = line.decode(errors="replace")
        try:
            entry = json.loads(text)
            found.log[f"{entry['level']} {entry['event']}"] += 1
        except ValueError:
            said += text
        if _BAD.search(text):
            found.bad.append(f"a daemon: {text.strip()[:300]}")
    code = await process.wait()
    if code == 1:
        found.turned_away.append(time.monotonic() - began)
        if "works on" not in said:
            found.bad.append(f"a daemon ended with: {said[-300:]}")
    elif code != 0:
        found.bad.append(f"a daemon ended with {code}: {said[-300:]}")


async def _ask(folder: Path, dice: random.Random, end: float, found: Crowd) -> None:
    while time.monotonic() < end - CALM / 2:
        words = dice.choice(_ASKED)
        code, said = await _run(folder, *words)
        found.runs[" ".join(words)] += 1
        found.codes[code] += 1
        if _BAD.search(said) or code not in (0, 1, 3):
            found.bad.append(f"{' '.join(words)} ended with {code}: {said[-400:]}")


def lines(found: Crowd) -> Iterator[str]:
    """For a person."""
    away = sorted(found.turned_away)
    after = f" after {away[0]:.1f} to {away[-1]:.1f} s" if away else ""
    yield f"{DAEMONS} daemons at once: {found.left} ran, {len(away)} were turned away{after}"
    yield f"{sum(found.runs.values())} commands beside it, exit codes {dict(found.codes)}"
    yield f"{len(found.published)} articles, told by mail {len(found.mailed)}, by hook {len(found.hooked)}"
    yield from (f"  {fault}" for fault in found.faults[:20])
    yield f"faults {len(found.faults)}"


def main(words: list[str]) -> int:
    seconds = float(words[0]) if words else 600.0
    with tempfile.TemporaryDirectory(prefix="tidings-crowd-") as folder:
        found = asyncio.run(crowd(Path(folder), seconds))
    sys.stdout.write("\n".join(lines(found)) + "\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
