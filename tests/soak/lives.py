"""Starting a child, waiting for its end, and killing it."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from types import TracebackType
from typing import Any, Self

from tests.soak import child

LOOK = 0.003  # seconds between two looks at a child


class Lives:
    """One child at a time; each is forked from a server that has loaded the program."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([child.__name__])
        self._process: ForkServerProcess | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.is_alive():
            self.kill()
            self._process.join()

    def start(self, work: Callable[..., None], *arguments: Any) -> None:
        """A new child, which does `work`."""
        assert self._process is None or not self._process.is_alive()
        self._process = self._context.Process(target=work, args=arguments)
        self._process.start()

    def kill(self) -> None:
        """SIGKILL, from whatever callback."""
        assert self._process is not None
        self._process.kill()

    async def gone(self, seconds: float, given_up: Callable[[], bool] = lambda: False) -> bool:
        """Whether the child ended within this time; it is waited for no longer than until `given_up`."""
        assert self._process is not None
        until = time.monotonic() + seconds
        while self._process.is_alive():
            if (left := until - time.monotonic()) <= 0 or given_up():
                return False
            await asyncio.sleep(min(LOOK, left))
        return True

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what a child does; a dead one does nothing any more."""
        assert self._process is not None
        while not condition() and self._process.is_alive():
            await asyncio.sleep(LOOK)

    @property
    def code(self) -> int | None:
        """The exit code of the child, negative for the signal that it died of."""
        assert self._process is not None
        return self._process.exitcode

    def require_killed(self) -> None:
        """It died of SIGKILL and of nothing else."""
        assert self.code == -signal.SIGKILL, f"a child ended with {self.code} before it was killed"

    def require_well(self) -> None:
        """It ended by itself."""
        assert self.code == 0, f"a child ended with {self.code}"
