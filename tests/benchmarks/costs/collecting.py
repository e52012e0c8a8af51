"""What claims, polls and pages cost: the application's own poller and reader against a process full of feeds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from crawler.records import Article, PollResult
from tests.acceptance.conftest import configure
from tests.acceptance.world import settings
from tests.benchmarks.costs.meter import Meter
from tests.benchmarks.polling.hosts import address
from tests.benchmarks.polling.processes import Talker
from tests.fakes import postgres
from tidings.app import App, open_app
from tidings.clock import SystemClock
from tidings.runners.jobs import BATCH
from tidings.storage.claims import QUEUE
from tidings.tasks import LEASE

FEEDS = 40
RUNS = 5
EDITIONS = {"200, nothing new": 0, "200, 2 new": 2, "200, 20 new": 20}
KNOWN = int(os.environ.get("TIDINGS_BENCH_SOURCES", "100000"))  # sources among which some are claimed
CLAIM = 200  # at a time


async def measure(folder: Path, server: str) -> Meter:
    """Measure on a database of its own; the medians are in what is returned."""
    newsroom = Talker([sys.executable, "-m", "tests.benchmarks.costs.newsroom", str(FEEDS)])
    try:
        port = int(newsroom.ask(""))
        with postgres.database(server) as url:
            _configure(folder, url, port)
            meter = Meter(url, aside=(newsroom.pid,))
            async with _opened(folder) as app:
                await _polls(app, newsroom, meter)
                await _pages(app, newsroom, meter)
            await _wire(meter, port, folder)
            async with _opened(folder) as app:
                await _claims(app, meter, url)
                await _turns(app, meter)
            meter.close()
    finally:
        newsroom.end()
    return meter


def _configure(folder: Path, url: str, port: int) -> None:
    lines = "".join(
        f"  - {{id: {kind}-{place}, feed: 'http://{address(place)}:{port}/feed', full_text: {text}}}\n"
        for kind, text, some in (("plain", "never", range(FEEDS // 2)), ("paged", "always", range(FEEDS // 2, FEEDS)))
        for place in some
    )  # fmt: skip
    configure(
        folder / "config",
        sources="sources:\n" + lines,
        tidings="polling: {host_delay: 0s, pages_per_host: unlimited, allow_private: [127.0.0.0/8]}\n"
        f'channels: {{outbox: {{type: file, dir: outbox}}}}\ndatabase: "{url}"\n',
    )


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[App]:
    use = settings(folder)
    use = replace(use, polling=replace(use.polling, host_delay=timedelta()))
    async with open_app(use, clock=SystemClock()) as app:
        yield app


async def _polls(app: App, newsroom: Talker, meter: Meter) -> None:
    """The first poll of all is not measured: it makes the archive."""
    names = [f"plain-{place}" for place in range(FEEDS // 2)]
    await _poll(app, names, PollResult.NEW)
    for turn in range(1, RUNS + 1):
        for what, number in EDITIONS.items():
            await asyncio.to_thread(newsroom.ask, str(1000 * (10 * turn + len(what)) + number))
            async with meter.run(f"poll, {what}", len(names)):
                await _poll(app, names, PollResult.NEW if number else PollResult.NOTHING_NEW)
        async with meter.run("poll, 304", len(names)):
            await _poll(app, names, PollResult.UNCHANGED)


async def _poll(app: App, names: list[str], wanted: PollResult) -> None:
    for name in names:
        outcome = await app.services.poller.poll(name)
        if outcome.result is not wanted:
            raise AssertionError(f"{name}: {outcome.result}, not {wanted}: {outcome.problem}")


async def _pages(app: App, newsroom: Talker, meter: Meter) -> None:
    """Pages of the corpus; the first round is not measured: it starts the child process that reads them."""
    for turn in range(RUNS + 1):
        await asyncio.to_thread(newsroom.ask, str(1000 * (100 + turn) + 2))
        for place in range(FEEDS // 2, FEEDS):
            await app.services.poller.poll(f"paged-{place}")
        claimed: list[Article] = []
        if turn == 0:
            while some := await app.stores.articles.claim_pending(app.clock.now(), 100, LEASE):
                claimed += some
            for article in claimed[:20]:
                await app.services.reader.read(article)
            await app.stores.articles.release(*(one.id for one in claimed))
            continue
        async with meter.run("claiming pages", claimed):
            claimed += await app.stores.articles.claim_pending(app.clock.now(), 40, LEASE)
        async with meter.run("page", len(claimed)):
            for article in claimed:
                await app.services.reader.read(article)


async def _claims(app: App, meter: Meter, url: str) -> None:
    """Claims of what is due among very many sources, each on a host of its own."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("UPDATE sources SET next_poll_at = now() + interval '1 day'"))
        connection.execute(
            text(
                "INSERT INTO sources SELECT (jsonb_populate_record(s, jsonb_build_object('id', 'bulk-' || i, 'url',"
                " 'https://n' || i || '.example/feed', 'next_poll_at', now() + (i - :due) * interval '9 ms'))).*"
                " FROM sources s, generate_series(1, :number) i WHERE s.id = 'plain-0'"
            ),
            {"number": KNOWN, "due": CLAIM * (RUNS + 1)},
        )
        connection.execute(text("VACUUM ANALYZE sources"))
    engine.dispose()
    database = app.stores.database
    for turn in range(RUNS + 1):
        found: list[str] = []
        now, database.holder = app.clock.now(), QUEUE
        async with meter.run("claiming sources", found) if turn else contextlib.nullcontext():
            found += await app.stores.sources.claim_due(now, CLAIM, LEASE)
        database.holder = "worker"
        async with meter.run("claims begun by a worker", found) if turn else contextlib.nullcontext():
            for first in range(0, len(found), BATCH):
                some = tuple(found[first : first + BATCH])
                begun = await app.stores.claims.begin_polls(some, now + LEASE, now + 2 * LEASE)
                if begun != some:
                    raise AssertionError(f"{len(begun)} of {len(some)} claims were begun")


async def _turns(app: App, meter: Meter) -> None:
    """Turns with hosts that are shared between processes: taken, begun, given back. Each poll and page takes one, which is in its cost."""
    turns = app.stores.turns
    assert turns is not None
    second = timedelta(seconds=1)
    for turn in range(RUNS + 1):
        hosts = [f"n{turn}-{place}.example" for place in range(100)]
        async with meter.run("turn with a host", hosts) if turn else contextlib.nullcontext():
            for host in hosts:
                taken = await turns.take(host, spacing=second, late=second / 5, lasts=30 * second)
                assert taken is not None
                await turns.begin(taken, time.monotonic())
                await turns.give_back(taken, time.monotonic())


async def _wire(meter: Meter, port: int, folder: Path) -> None:
    """Bytes of requests and answers as the fetcher sends and gets them, without what TCP and TLS add."""
    heard: list[tuple[str, int]] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection(address(0), port)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                out.write(head)
                answer = await there.readuntil(b"\r\n\r\n")
                status = answer.split(b" ", 2)[1].decode()
                length = next((int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)  # fmt: skip
                body = await there.readexactly(0 if status == "304" else length)
                heard.append(
                    (head.split(b" ", 2)[1].decode() + " " + status, len(head) + len(answer) + len(body))
                )
                writer.write(answer + body)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            out.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    own = server.sockets[0].getsockname()[1]
    line = f"  - {{id: relayed, feed: 'http://127.0.0.1:{own}/feed', full_text: never}}\n"
    file = folder / "config" / "sources.yaml"
    file.write_text(file.read_text() + line)
    async with server, _opened(folder) as app:
        await app.services.poller.poll("relayed")
        await app.services.poller.poll("relayed")
    sizes = dict(heard)
    meter.wire |= {"poll, 304": sizes["/feed 304"]}
    meter.wire |= {f"poll, {what}": sizes["/feed 200"] for what in EDITIONS}
