"""A child process that runs the application on a clock of its own, and may die by SIGKILL at a chosen commit."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tests.acceptance.world import Wound, settings
from tidings.app import open_app
from tidings.storage.engine import Database


class Moment(StrEnum):
    """Where in a write the process dies."""

    BEFORE = "before"  # all that went before it was done outside, nothing of it is recorded
    INSIDE = "inside"  # its statements are run, its commit is not
    AFTER = "after"  # committed, and nothing done since


@dataclass(frozen=True, kw_only=True)
class Doom:
    """Death at the `write`-th write transaction, counted from 1."""

    write: int
    moment: Moment


def live(folder: Path, hours: Sequence[datetime], doom: Doom | None, writes: Path | None = None) -> None:
    """Settle at each of `hours`, in this process; the number of writes is left in the file `writes`."""
    counted = _count(doom)
    asyncio.run(_live(folder, hours))
    if writes is not None:
        writes.write_text(str(counted()))


async def _live(folder: Path, hours: Sequence[datetime]) -> None:
    clock = Wound(hours[0])
    async with open_app(settings(folder), clock=clock) as app:
        for hour in hours:
            clock.time = hour
            await app.settle()


def _count(doom: Doom | None) -> Callable[[], int]:
    """Count the writes of this process from now on, and die at the one of `doom`."""
    plain = Database.write
    number = 0

    async def counted(self: Database, step: Callable[[Connection], Any]) -> Any:
        nonlocal number
        number += 1
        if doom is None or number != doom.write:
            return await plain(self, step)
        if doom.moment is Moment.BEFORE:
            _die()

        def last(connection: Connection) -> Any:
            step(connection)
            _die()

        result = await plain(self, last if doom.moment is Moment.INSIDE else step)
        _die()
        return result

    Database.write = counted  # type: ignore[method-assign]  # in a process that is there to die of it
    return lambda: number


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
