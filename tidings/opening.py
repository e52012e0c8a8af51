"""The database alone, for commands that only look or tell: without all that polls, reads pages and sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tidings.settings import Settings
from tidings.storage.engine import Database
from tidings.storage.stores import Stores


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores of an installation, closed when the block is left."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    database = Database.open(settings.database, state_dir=settings.state_dir)
    try:
        yield Stores(database)
    finally:
        database.close()
