"""An event loop whose time leaps to the next thing that is due: an hour of waiting takes as long as what is done in it."""

from __future__ import annotations

import asyncio
import selectors
from datetime import datetime, timedelta

from tests.fakes.clock import NOON


class _Impatient(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.leapt = 0.0  # seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        self.leapt += max(0.0, timeout)
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """For work that waits for nothing but time: threads and sockets are not waited for."""

    def __init__(self) -> None:
        self._selector_of_time = _Impatient()
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        return self._selector_of_time.leapt


class LoopClock:
    """`crawler.ports.Clock` by the time of the running loop, which begins at noon."""

    def now(self) -> datetime:
        return NOON + timedelta(seconds=asyncio.get_running_loop().time())
