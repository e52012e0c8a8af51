"""Places for work that waits for other hosts: who waits long steps aside, so that a few slow ones keep nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """So many at once; one that has held its place for long gives it to the next and goes on, while there is room aside.

    Args:
        number: places.
        aside: how many may go on without one; 0: each keeps its place to its end.
        patience: seconds after which one steps aside.
    """

    def __init__(self, number: int, *, aside: int = 0, patience: float) -> None:
        self._free = asyncio.Semaphore(number)
        self._room = aside
        self._patience = patience
        self.aside = 0  # work that goes on without a place

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, and hold it, or go on aside, while the block runs."""
        await self._free.acquire()
        loop, stepped = asyncio.get_running_loop(), False
        later: asyncio.TimerHandle | None = None

        def step_aside() -> None:
            nonlocal stepped, later
            if self.aside < self._room:
                self.aside += 1
                self._free.release()
                stepped = True
            else:
                later = loop.call_later(self._patience, step_aside)

        if self._room:
            later = loop.call_later(self._patience, step_aside)
        try:
            yield
        finally:
            if later is not None:
                later.cancel()
            if stepped:
                self.aside -= 1
            else:
                self._free.release()
