"""How a process that works until it is stopped is asked to end: by a signal, and by a second one at once."""

from __future__ import annotations

import asyncio
import signal


class Stopping:
    """What was asked for; `listen` in the loop that is to end.

    Attributes:
        asked: set by the first SIGTERM or SIGINT.
        hurried: set by the second.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def listen(self) -> None:
        """Take both signals from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        (self.hurried if self.asked.is_set() else self.asked).set()


async def first_of(*events: asyncio.Event) -> None:
    """Until one of them is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
