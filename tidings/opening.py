"""The database alone, for commands that only look or tell: without all that polls, reads pages and sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crawler.ports import Clock
from tidings.clock import SystemClock
from tidings.restored import settle
from tidings.settings import Settings
from tidings.storage.engine import Database
from tidings.storage.stores import Stores


@asynccontextmanager
async def open_stores(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Stores]:
    """The stores of an installation, closed when the block is left. A backup is put in use again, see `restored`."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    database = Database.open(settings.database, state_dir=settings.state_dir)
    try:
        stores = Stores(database)
        await settle(settings, stores, (clock or SystemClock()).now())
        yield stores
    finally:
        database.close()
