"""Pages that were made a moment ago: many who look at once cost as much as one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 2.0  # for which a page is shown again as it was made
MOST = 200  # pages that are kept


@dataclass(slots=True)
class _Made(Generic[T]):
    task: asyncio.Task[T]
    until: float  # by the clock of the loop


class Kept(Generic[T]):
    """Makes each thing once for all who ask for it within some seconds. What failed is made anew for the next."""

    def __init__(self, *, seconds: float = SECONDS, most: int = MOST) -> None:
        self._seconds, self._most = seconds, most
        self._made: OrderedDict[object, _Made[T]] = OrderedDict()

    async def get(self, key: object, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` gives, or gave a moment ago. One who goes away stops nothing that others wait for."""
        now = asyncio.get_running_loop().time()
        known = self._made.get(key)
        if known is None or (known.task.done() and (known.until < now or _failed(known.task))):
            known = _Made(asyncio.ensure_future(_awaited(make)), now + self._seconds)
            known.task.add_done_callback(_looked_at)
            self._made[key] = known
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return await asyncio.shield(known.task)

    def clear(self) -> None:
        """Forget all of it, as after an edit."""
        self._made.clear()


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()


def _failed(task: asyncio.Task[T]) -> bool:
    return task.cancelled() or task.exception() is not None


def _looked_at(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()  # who waits for it is told; nobody may
