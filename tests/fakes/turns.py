"""Turns with hosts, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crawler.ports import Turn, TurnsUnavailable
from tidings.storage.turns import AHEAD

_ZERO = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@dataclass
class _Host:
    next_at: float = 0.0
    began: float = float("-inf")  # the last one, at the latest
    wanted: float = float("-inf")  # somebody was turned away
    busy: list[float] = field(default_factory=list)  # until when, for each that is under way


class MemoryTurns:
    """`crawler.ports.TurnStore` by seconds that the test counts; `fault` is what every call raises."""

    def __init__(self, now: Callable[[], float], *, ahead: timedelta = AHEAD) -> None:
        self._now = now
        self._ahead = ahead
        self.hosts: dict[str, _Host] = {}
        self.asked: list[tuple[str, float, float]] = []  # host, spacing and lateness of each question
        self.fault: TurnsUnavailable | None = None

    async def take(
        self, host: str, *, spacing: timedelta, late: timedelta, lasts: timedelta, waited: bool = False
    ) -> Turn | None:
        self._check()
        self.asked.append((host, spacing.total_seconds(), late.total_seconds()))
        now, known = self._now(), self.hosts.setdefault(host, _Host())
        known.busy = [until for until in known.busy if until > now]
        starts = max(now, known.next_at, known.began + spacing.total_seconds())
        is_wanted = not waited and now - known.wanted <= 2
        if len(known.busy) == 2 or is_wanted or starts - now > (spacing + self._ahead).total_seconds():
            known.wanted = now
            return None
        known.wanted = float("-inf")
        starts = round(starts, 6)  # a moment of the store has no more digits
        begin_by = starts + late.total_seconds()
        known.next_at, known.began = round(begin_by + spacing.total_seconds(), 6), begin_by
        known.busy.append(until := round(begin_by + lasts.total_seconds(), 6))
        return Turn(
            host=host,
            starts_at=starts,
            begin_by=begin_by,
            spacing=spacing,
            late=late,
            next_at=_moment(known.next_at),
            until=_moment(until),
        )

    async def begin(self, turn: Turn, at: float) -> None:
        self._change(turn, at)

    async def give_back(self, turn: Turn, began: float | None) -> None:
        self._change(turn, began)
        known = self.hosts[turn.host]
        if (until := _seconds(turn.until)) in known.busy:
            known.busy.remove(until)

    def _change(self, turn: Turn, began: float | None) -> None:
        self._check()
        known = self.hosts[turn.host]
        if known.next_at == _seconds(turn.next_at):
            then = turn.starts_at if began is None else began + turn.spacing.total_seconds()
            known.next_at = round(then, 6)
            known.began = float("-inf") if began is None else began

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault


def _moment(seconds: float) -> datetime:
    return _ZERO + timedelta(seconds=seconds)


def _seconds(moment: datetime) -> float:
    return round((moment - _ZERO).total_seconds(), 6)
