"""kill -9 at any moment: after the next start everything is told, and what comes twice is the same mail.

`TIDINGS_KILL_SEEDS=500 pytest tests/acceptance/test_killed.py` tries more moments than the suite has time for.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.conftest import configure
from tests.acceptance.doomed import Doom, Moment, live
from tests.acceptance.world import (
    HOUR,
    MINUTE,
    NOON,
    MoodyMailbox,
    Press,
    desk,
    distinct,
    told,
    told_by_hook,
    until,
)

SEEDS = int(os.environ.get("TIDINGS_KILL_SEEDS", "3"))
RUNS = max(1, SEEDS // 10)  # with the real daemon on the real clock
FIRST = [NOON, NOON + 10 * MINUTE, NOON + 20 * MINUTE, NOON + 62 * MINUTE]
REST = [NOON + 70 * MINUTE + number * 10 * MINUTE for number in range(12)]  # past all leases and retries
DIGESTS = {"hourly": "every: 1h", "now": "immediately: true, gather: 5m"}


@pytest.fixture
async def press() -> AsyncIterator[Press]:
    async with Press() as press:
        yield press


@pytest.fixture
async def mailbox() -> AsyncIterator[MoodyMailbox]:
    async with MoodyMailbox() as mailbox:
        yield mailbox


async def child(
    folder: Path, hours: Sequence[datetime], doom: Doom | None = None, writes: Path | None = None
) -> int:
    """Run a child to its end; its exit code, negative for the signal that it died of."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.acceptance.doomed"])
    process = context.Process(target=live, args=(folder, hours, doom, writes), daemon=True)
    process.start()
    while process.is_alive():
        await asyncio.sleep(0.01)
    assert process.exitcode is not None
    return process.exitcode


def prepare(folder: Path, press: Press, mailbox: MoodyMailbox) -> None:
    """Its configuration: both digests go by mail and by hook."""
    configure(
        folder / "config",
        sources=press.sources(),
        **desk(mailbox.port, hook=press.hook, **DIGESTS),
    )


def published(press: Press) -> set[str]:
    """Six articles: with a text of their own, without a page to be had, and with a page that is refused."""
    slugs = {f"seam{number}" for number in range(6)}
    for number, slug in enumerate(sorted(slugs)):
        brief = f"A semiconductor plant called {slug}." if number >= 4 else ""
        press.add("times" if number % 2 else "post", slug, NOON - HOUR, text=brief)
    press.status = {"/seam4": 403, "/seam5": 503}
    return slugs


def assert_told_once(press: Press, mailbox: MoodyMailbox, expected: set[str], kills: int) -> None:
    """Everything in exactly one mail and one hook, whichever digest told it, counting one and its repeats as one; few
    repeats a kill."""
    mails = mailbox.mails
    found = told(mails)
    assert found.news == dict.fromkeys(expected, 1)
    assert not found.again  # every article is a story of its own
    assert by_hook(press) == found.news
    assert len(mails) - len(distinct(mails)) <= kills
    assert len(press.hooks) - len(dict(press.hooks)) <= len(DIGESTS) * kills


def everything_told(press: Press, mailbox: MoodyMailbox, expected: set[str]) -> bool:
    return all(found.keys() >= expected for found in (by_hook(press), told(mailbox.mails).news))


def by_hook(press: Press) -> Counter[str]:
    """What the hooks of all digests told as news."""
    return sum((told_by_hook(press, one) for one in (*DIGESTS, "quick")), Counter())


def unsent(folder: Path) -> int:
    """Deliveries that are not recorded as sent."""
    with closing(sqlite3.connect(folder / "state" / "tidings.sqlite")) as database:
        (number,) = database.execute("SELECT count(*) FROM deliveries WHERE state != 'sent'").fetchone()
    return int(number)


def assert_whole(folder: Path) -> None:
    assert unsent(folder) == 0
    with closing(sqlite3.connect(folder / "state" / "tidings.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.timeout(120 + 10 * SEEDS)
async def test_a_process_that_dies_at_a_commit_loses_nothing(
    tmp_path: Path, press: Press, mailbox: MoodyMailbox
) -> None:
    """Seeded moments before, inside and after any of its writes, in the first run and again in the next one."""
    expected = published(press)
    prepare(tmp_path / "whole", press, mailbox)
    assert await child(tmp_path / "whole", [*FIRST, *REST], writes=tmp_path / "writes") == 0
    writes = int((tmp_path / "writes").read_text())
    assert_told_once(press, mailbox, expected, 0)

    died = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        mailbox.mails.clear()
        press.hooks.clear()
        folder = tmp_path / str(seed)
        prepare(folder, press, mailbox)
        doom = Doom(write=chance.randint(1, writes // 2), moment=chance.choice(list(Moment)))
        again = Doom(write=chance.randint(1, writes // 2), moment=chance.choice(list(Moment)))
        kills = [await child(folder, FIRST, doom), await child(folder, REST[:2], again)].count(
            -signal.SIGKILL
        )
        assert await child(folder, REST[2:]) == 0
        died += kills
        try:
            assert_told_once(press, mailbox, expected, kills)
            assert_whole(folder)
        except AssertionError as fault:
            fault.add_note(f"seed {seed}: {doom}, then {again}")
            raise
    assert died >= SEEDS


async def program(folder: Path, verb: str, said: Path) -> asyncio.subprocess.Process:
    """`tidings VERB` in a process of its own; what it says is added to the file `said`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    env |= {"TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")}
    with said.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tidings", verb, env=env, stderr=file, stdout=asyncio.subprocess.DEVNULL
        )


class Daemon:
    """A real `tidings run` on the real clock, started and killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await program(self._folder, "run", self._log)

    def kill(self) -> None:
        """SIGKILL, from whatever callback."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()

    async def gone(self) -> None:
        assert self._process is not None
        await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM; it ends within ten seconds, and well."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        assert await asyncio.wait_for(self._process.wait(), 10) == 0

    async def close(self) -> None:
        if self._process is not None:
            self.kill()
            await self._process.wait()

    def has_started(self, times: int) -> bool:
        return self.lines().count('"running"') >= times

    def lines(self) -> str:
        """Its log."""
        return self._log.read_text() if self._log.exists() else ""


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    running = Daemon(tmp_path)
    yield running
    await running.close()


def quick(folder: Path, press: Press, mailbox: MoodyMailbox) -> None:
    """The configuration of a daemon that lives in seconds."""
    configure(
        folder / "config",
        sources=press.sources().replace("every: 10m", "every: 1s"),
        **desk(mailbox.port, hook=press.hook, quick="every: 5s", now="immediately: true, gather: 0s"),
    )


@pytest.mark.timeout(120 + 20 * RUNS)
async def test_a_daemon_that_is_killed_again_and_again_tells_everything_once(
    tmp_path: Path, press: Press, mailbox: MoodyMailbox, daemon: Daemon
) -> None:
    """News keeps coming while the real daemon is killed: when the server has a mail and has not said 250, then anywhere."""
    expected = {"begin"}
    for feed in ("times", "post"):
        press.add(feed, "begin", datetime.now(UTC) - HOUR)
    quick(tmp_path, press, mailbox)
    chance = random.Random(SEEDS)
    mailbox.on_mail = daemon.kill
    for number in range(RUNS):
        await daemon.start()
        await until(partial(daemon.has_started, number + 1))
        for feed in ("times", "post"):
            expected.add(f"{feed}{number}")
            press.add(feed, f"{feed}{number}", datetime.now(UTC))
        if number:
            await asyncio.sleep(chance.uniform(0, 6))  # a tick is five seconds
            daemon.kill()
        await daemon.gone()
        mailbox.on_mail = lambda: None
    assert mailbox.mails
    await daemon.start()
    await until(partial(daemon.has_started, RUNS + 1))
    await until(lambda: everything_told(press, mailbox, expected) and unsent(tmp_path) == 0)
    await daemon.stop()

    assert_told_once(press, mailbox, expected, RUNS)
    assert len(mailbox.mails) > len(distinct(mailbox.mails))  # the one without an answer came again
    assert_whole(tmp_path)
    assert "Traceback" not in daemon.lines()


async def test_once_beside_a_daemon_sends_nothing_twice(
    tmp_path: Path, press: Press, mailbox: MoodyMailbox, daemon: Daemon
) -> None:
    """A cron job that runs `tidings once` on the database of a running daemon: no double mail, no lock error."""
    expected = {"begin"}
    for feed in ("times", "post"):
        press.add(feed, "begin", datetime.now(UTC))
    quick(tmp_path, press, mailbox)
    await daemon.start()
    for number in range(2):
        for feed in ("times", "post"):
            expected.add(f"{feed}{number}")
            press.add(feed, f"{feed}{number}", datetime.now(UTC))
        cron = await program(tmp_path, "once", tmp_path / "cron")
        assert await cron.wait() == 0
    await until(lambda: everything_told(press, mailbox, expected) and unsent(tmp_path) == 0)
    await daemon.stop()

    assert_told_once(press, mailbox, expected, 0)
    assert (tmp_path / "cron").read_text() == ""
    assert "locked" not in daemon.lines()
    assert "Traceback" not in daemon.lines()
    assert_whole(tmp_path)
