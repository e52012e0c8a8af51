"""The database alone, for commands that only look or tell: without all that polls, reads pages and sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.ports import Clock
from tidings.clock import SystemClock
from tidings.restored import settle
from tidings.settings import Settings
from tidings.storage.engine import Database
from tidings.storage.lanes import Waits
from tidings.storage.stores import Stores

PATIENT = Waits()
BRISK = Waits(busy=3, patience=3)  # seconds: somebody sits before it


@asynccontextmanager
async def open_stores(
    settings: Settings, *, clock: Clock | None = None, waits: Waits = PATIENT
) -> AsyncIterator[Stores]:
    """The stores of an installation, closed when the block is left. A backup is put in use again, see `restored`."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    database = Database.open(settings.database, state_dir=settings.state_dir, waits=waits)
    try:
        stores = Stores(database)
        await settle(settings, stores, (clock or SystemClock()).now())
        yield stores
    finally:
        database.close()


@asynccontextmanager
async def look_into(settings: Settings) -> AsyncIterator[Stores]:
    """The stores for a command that only looks: where there is no database yet, empty ones that leave nothing behind.

    A file that another program has locked is waited for some seconds only.
    """
    async with AsyncExitStack() as stack:
        if Database.is_missing(settings.database, state_dir=settings.state_dir):
            folder = stack.enter_context(TemporaryDirectory(prefix="tidings-"))
            database = Database.open("sqlite", state_dir=Path(folder))
            stack.callback(database.close)
            yield Stores(database)
        else:
            yield await stack.enter_async_context(open_stores(settings, waits=BRISK))
