"""Real processes that ask one host through gates of their own, which share their turns on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.acceptance.conftest import configure
from tests.fakes.postgres import server
from tests.fakes.recording_site import Ask, RecordingHost, Reply, Visit
from tidings.app import open_app
from tidings.opening import open_stores
from tidings.settings import load
from tidings.storage.engine import Database
from tidings.storage.worker_tables import host_turns

SPACING = 0.2  # seconds
REQUESTS = 4  # of each process
# A process reads the clock after its gate let it through, and may stand still in between. What it takes from there to the
# host is measured for each request, and no part of this.
STOOD_STILL = 0.02
PATIENCE = 120  # seconds, on a machine that is busy with other things


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server() as url:
        Database.open(url, state_dir=tmp_path_factory.mktemp("state")).close()
        yield url


@asynccontextmanager
async def asking(
    database: str, folder: Path, host: RecordingHost, name: str, **more: object
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that asks `host` when it is told to; it is ended."""
    options = {
        "database": database,
        "folder": folder,
        "address": host.address,
        "port": host.port,
        "name": name,
        "spacing": SPACING,
        "requests": REQUESTS,
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.one_of_many",
        *(f"--{key}={value}" for key, value in options.items()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), PATIENCE) == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")


def host(address: str, delay: float = 0.0) -> RecordingHost:
    return RecordingHost(address, lambda: datetime.now(UTC), answer, delay)


def answer(ask: Ask, _before: int) -> Reply:
    """At once, or to those who come to stay when they leave."""

    async def stay(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    return Reply(raw=stay if ask.path.startswith("/stays/") else None)


def who(visit: Visit) -> str:
    return visit.path.split("/")[1]


def on_its_way(visit: Visit) -> float:
    """Seconds from the beginning of the request until the host saw it."""
    return visit.began - float(visit.path.split("/")[3])


async def test_several_processes_keep_one_distance_to_a_host_and_two_at_once(
    database: str, tmp_path: Path
) -> None:
    """And each has turns while the others want them too."""
    names = ("one", "two", "three")
    async with (
        host("127.88.1.1", delay=0.3) as site,
        asking(database, tmp_path, site, "one") as one,
        asking(database, tmp_path, site, "two") as two,
        asking(database, tmp_path, site, "three") as three,
    ):
        for process in (one, two, three):
            go(process)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(one.wait(), two.wait(), three.wait())

    visits = site.visits
    short = [
        (later.began - earlier.began, on_its_way(earlier))
        for earlier, later in pairwise(visits)
        if later.began - earlier.began < SPACING - on_its_way(earlier) - STOOD_STILL
    ]
    first_to_end = min([visit.began for visit in visits if who(visit) == name][-1] for name in names)
    assert [one.returncode, two.returncode, three.returncode] == [0, 0, 0]
    assert len(visits) == 3 * REQUESTS
    assert short == []
    assert site.most_at_once == 2
    assert {who(visit) for visit in visits if visit.began < first_to_end} == set(names)


async def test_the_application_shares_its_turns_on_postgresql(database: str, tmp_path: Path) -> None:
    """Nothing has to be set for it; what it took is given back when it ends."""
    async with host("127.88.1.3") as site:
        configure(
            tmp_path / "config",
            tidings=f"polling: {{allow_private: [127.0.0.0/8]}}\ndatabase: {database}\n"
            "channels:\n  outbox: {type: file}\n",
            sources=f'sources:\n  - {{id: press, feed: "{site.url()}"}}\n',
        )
        settings = load(tmp_path / "config", state_dir=tmp_path / "state", environ={})
        async with open_app(settings) as app:
            await app.collect(everything=True)
        async with open_stores(settings) as stores:
            of_it = select(host_turns).where(host_turns.c.host == site.address)
            row = await stores.database.read(lambda connection: connection.execute(of_it).one())

    assert len(site.visits) == 1
    assert row.first_until < row.next_at
    assert row.second_until is None


async def test_a_process_that_is_killed_delays_the_others_only_until_its_turns_run_out(
    database: str, tmp_path: Path
) -> None:
    """It held both places of the host."""
    lasts = 1.0
    async with (
        host("127.88.1.2") as site,
        asking(database, tmp_path, site, "stays", lasts=lasts) as dies,
        asking(database, tmp_path, site, "other", lasts=lasts, requests=1) as other,
    ):
        go(dies)
        async with asyncio.timeout(PATIENCE):
            while site.open_now < 2:
                await asyncio.sleep(0.01)
            dies.kill()
            await dies.wait()
            go(other)
            await other.wait()

    first, second, after = site.visits
    assert [who(visit) for visit in site.visits] == ["stays", "stays", "other"]
    assert second.began - first.began >= SPACING - on_its_way(first) - STOOD_STILL
    assert after.began - first.began >= lasts - on_its_way(first) - STOOD_STILL
    assert other.returncode == 0
