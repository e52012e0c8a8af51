"""An application that is left in the middle of its work holds on to nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.conftest import configure
from tidings.app import open_app
from tidings.opening import open_stores
from tidings.settings import load
from tidings.ticker import LEASE

SOURCES = 60  # more than are polled at once


async def test_an_interrupted_run_gives_its_sources_back(tmp_path: Path) -> None:
    """`once --all` claims every source for hours; the run after Ctrl-C takes them up at once."""
    asked = asyncio.Event()
    leave = asyncio.Event()

    async def never_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await leave.wait()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sources = "".join(f'  - {{id: feed-{n}, feed: "http://127.0.0.1:{port}/{n}"}}\n' for n in range(SOURCES))
    configure(tmp_path / "config", sources="sources:\n" + sources)
    settings = load(tmp_path / "config", state_dir=tmp_path / "state", environ={})

    async def once() -> None:
        async with open_app(settings) as app:
            await app.settle(everything=True)

    running = asyncio.create_task(once())
    await asyncio.wait_for(asked.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    leave.set()
    server.close()
    await server.wait_closed()

    async with open_stores(settings) as stores:
        due = await stores.sources.claim_due(datetime.now(UTC), SOURCES + 1, LEASE)
    assert len(due) == SOURCES
