"""A page of memory that outlives the child: its clock, what it has in hand, and which moments it has reached."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from crawler.failpoints import POINTS


class Hand(IntEnum):
    """Work that dying would cut in two."""

    POLL = 0  # a feed is claimed, asked for, read or stored
    PAGE = 1  # a page is claimed, fetched, read or stored
    WRITE = 2  # a transaction has changed rows that are not committed
    RENDER = 3  # a digest is being rendered
    SEND = 4  # a delivery is claimed, on its way, or taken and not marked


_NOW, _HORIZON, _IDLE, _OPEN, _HANDS = 0, 1, 2, 3, 4
_POINTS = _HANDS + len(Hand)
_NUMBER = {name: _POINTS + place for place, name in enumerate(POINTS)}


class Board:
    """Numbers in a file that parent and child have mapped; it is the child's `Clock` too.

    The parent moves the horizon, the child goes towards it and never back, whoever of its kind died before.
    """

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        size = 8 * (_POINTS + len(POINTS))
        if start is not None:
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), size)
        self._numbers = memoryview(self._memory).cast("d")
        if start is not None:
            self.advance(start)
            self.horizon = start

    def now(self) -> datetime:
        """The simulated time."""
        return datetime.fromtimestamp(self._numbers[_NOW], UTC)

    def advance(self, to: datetime) -> None:
        """Let the time be `to`."""
        self._numbers[_NOW] = to.timestamp()

    @property
    def horizon(self) -> datetime:
        """How far the child may let the time go."""
        return datetime.fromtimestamp(self._numbers[_HORIZON], UTC)

    @horizon.setter
    def horizon(self, to: datetime) -> None:
        self._numbers[_HORIZON] = to.timestamp()

    @property
    def idle(self) -> bool:
        """Whether the child is at its horizon with nothing left to do."""
        return bool(self._numbers[_IDLE])

    @idle.setter
    def idle(self, value: bool) -> None:
        self._numbers[_IDLE] = value

    @property
    def open(self) -> bool:
        """Whether the child has opened the application."""
        return bool(self._numbers[_OPEN])

    @open.setter
    def open(self, value: bool) -> None:
        self._numbers[_OPEN] = value

    def begin_life(self) -> None:
        """A new child has nothing in hand and has reached nothing."""
        for place in range(_IDLE, len(self._numbers)):
            self._numbers[place] = 0

    def take(self, hand: Hand, number: int = 1) -> None:
        """So much more of this work is in hand."""
        self._numbers[_HANDS + hand] += number

    def lay_down(self, hand: Hand) -> None:
        """None of this work is in hand."""
        self._numbers[_HANDS + hand] = 0

    def in_hand(self) -> Mapping[Hand, int]:
        """What is in hand, without what is not."""
        counts = {hand: int(self._numbers[_HANDS + hand]) for hand in Hand}
        return {hand: number for hand, number in counts.items() if number > 0}

    def reach(self, name: str) -> None:
        """A fail-point was reached."""
        self._numbers[_NUMBER[name]] += 1

    def reached(self, name: str) -> int:
        """How often this child has reached a fail-point."""
        return int(self._numbers[_NUMBER[name]])
