"""A question that may hang: asked once at a time, waited for a little, and its answer given again while it is fresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What came of it."""

    value: T | None = None  # the last answer there was, which may be old; None: none yet
    problem: str | None = None  # why there is no new one


class Limited(Generic[T]):
    """However many ask and however long it takes, one question is under way.

    Args:
        question: what it raises is why there is no answer.
        patience: seconds that one who asks waits.
        fresh: seconds for which an answer is given again.
        seconds: a clock that only goes forward.
    """

    def __init__(
        self,
        question: Callable[[], Coroutine[Any, Any, T]],
        *,
        patience: float,
        fresh: float,
        seconds: Callable[[], float],
    ) -> None:
        self._question = question
        self._patience, self._fresh, self._seconds = patience, fresh, seconds
        self._asking: asyncio.Task[T] | None = None
        self._last: Answer[T] = Answer()
        self._answered: float | None = None

    async def ask(self) -> Answer[T]:
        """The answer: a fresh one, or the last with the reason why there is no fresh one."""
        if self._answered is not None and self._seconds() - self._answered < self._fresh:
            return self._last
        if self._asking is None:
            self._asking = asyncio.create_task(self._question())
            self._asking.add_done_callback(self._hear)  # also of an answer for which nobody waited
        asking = self._asking
        await asyncio.wait((asking,), timeout=self._patience)
        if not asking.done():
            return Answer(value=self._last.value, problem=f"no answer within {self._patience:g} s")
        return self._last

    async def close(self) -> None:
        """Wait no longer for what is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait((self._asking,))

    def _hear(self, asked: asyncio.Task[T]) -> None:
        self._asking, self._answered = None, self._seconds()
        if asked.cancelled():
            self._last = Answer(value=self._last.value, problem="the question was given up")
        elif (fault := asked.exception()) is not None:
            self._last = Answer(value=self._last.value, problem=str(fault) or type(fault).__name__)
        else:
            self._last = Answer(value=asked.result())
