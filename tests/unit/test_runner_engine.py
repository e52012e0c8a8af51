"""The door to Procrastinate, where the library needs a word of ours."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import procrastinate
from procrastinate import exceptions

from tidings.queues import Queue
from tidings.runners.engine import RESCUE, Engine


class Gone:
    """A queue whose server went away: whoever is to end cannot write that down."""

    def __init__(self) -> None:
        self.queues: list[list[str]] = []

    async def run_worker_async(self, *, queues: list[str], **_: Any) -> None:
        self.queues.append(queues)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise exceptions.ConnectorException("the pool is closed") from None


async def begun(gone: Gone, places: dict[Queue, int]) -> asyncio.Task[None]:
    task = asyncio.create_task(Engine(cast(procrastinate.App, gone), look=1.0).work(places))
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_taking_jobs_ends_when_it_is_asked_to_whatever_the_library_says() -> None:
    """It tells of its connection then, not of having been cancelled."""
    task = await begun(gone := Gone(), {Queue.SETTLE: 1, Queue.TELL: 4})
    task.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert len(gone.queues) == 3


async def test_every_worker_rescues() -> None:
    """At a place of its own, whatever it takes besides."""
    for places in ({Queue.COLLECT: 2, Queue.TELL: 4}, {Queue.SETTLE: 1}):
        task = await begun(gone := Gone(), places)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert gone.queues == [[RESCUE], *([str(queue)] for queue in places)]
