"""`TurnStore` on PostgreSQL: whose turn it is with a host, by the clock of the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Interval,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from crawler.ports import Turn, TurnsUnavailable
from tidings.storage.engine import Database
from tidings.storage.errors import Ruined, StorageError
from tidings.storage.types import AwareTime, Words, storable
from tidings.storage.worker_tables import host_turns

T = TypeVar("T")
H = host_turns.c

AHEAD = timedelta(seconds=2)  # beside the spacing: who would have to wait longer asks again
IDLE = timedelta(days=1)  # without a request, after which nothing is remembered of a host
_FAR = timedelta(minutes=10)  # beside what was asked for: a moment so far ahead was put down by another clock
_LEAST = timedelta(microseconds=1)  # between two starts, so that no two turns of a host look alike
_LONGEST = 255  # letters of a name that is kept as it is; no name in use is longer


class SqlTurns:
    """A row for each host: when the next request may begin, and until when two others last at most.

    A slot that was given back says when its request began, so that whoever needs more distance can have it.
    Each call is one statement in a transaction of its own. The table is unlogged, so that no commit waits for
    the disk. What a crash of the server takes is some seconds of politeness.

    Args:
        monotonic: seconds that never go backwards.
    """

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = monotonic

    async def take(self, host: str, *, spacing: timedelta, late: timedelta, lasts: timedelta) -> Turn | None:
        """See `TurnStore.take`."""
        name = _kept_as(host)
        gap = max(spacing + late, _LEAST)
        asked = {
            "name": name,
            "spacing": spacing,
            "gap": gap,
            "lasts": lasts,
            "busy": late + lasts,
            "ahead": spacing + AHEAD,
            "far": gap + late + lasts + _FAR,
        }

        def step(connection: Connection) -> Turn | None:
            # The database looks at its clock between these two moments: however long question and answer were on
            # their way, a turn neither begins too early nor passes for one in time when it is late.
            before = self._seconds()
            row = connection.execute(_TAKE, asked).first()
            after = self._seconds()
            if row is None:
                return None
            starts = row.next_at - gap
            wait = (starts - row.now).total_seconds()
            return Turn(
                host=name,
                starts_at=after + wait,
                begin_by=before + wait + late.total_seconds(),
                spacing=gap - late,
                late=late,
                next_at=row.next_at,
                until=starts + late + lasts,
            )

        return await self._ask(step)

    async def begin(self, turn: Turn, at: float) -> None:
        """See `TurnStore.begin`."""
        early = _early(turn, at)
        change = {"then": turn.next_at - early, "before": turn.until, "after": turn.until - early}
        await self._change(turn, change | {"begun": turn.until})

    async def give_back(self, turn: Turn, began: float | None) -> None:
        """See `TurnStore.give_back`."""
        early = turn.spacing + turn.late if began is None else _early(turn, began)
        then = turn.next_at - early
        after = None if began is None else then - turn.spacing
        await self._change(
            turn, {"then": then, "before": turn.until, "begun": turn.until - early, "after": after}
        )

    async def _change(self, turn: Turn, values: dict[str, Any]) -> None:
        named = {"name": turn.host, "next": turn.next_at, **values}
        await self._ask(lambda connection: connection.execute(_CHANGE, named).rowcount)

    async def _ask(self, step: Callable[[Connection], T]) -> T:
        try:
            return await self._database.quick(step)
        except Ruined:
            raise
        except StorageError as fault:
            raise TurnsUnavailable(str(fault)) from fault


def forget_turns(connection: Connection) -> int:
    """Drop hosts that were not asked for long; returns how many."""
    if connection.dialect.name != "postgresql":
        return 0
    return connection.execute(delete(host_turns).where(H.next_at < func.now() - IDLE)).rowcount


def _early(turn: Turn, began: float) -> timedelta:
    """How long before the last possible moment it began; below zero: after it."""
    return timedelta(seconds=turn.begin_by - began)


def _kept_as(host: str) -> str:
    """The name, or in the place of one that no index can hold its digest."""
    name = storable(host)
    return name if len(name) <= _LONGEST else blake2b(name.encode(), digest_size=32).hexdigest()


def _length(name: str) -> ColumnElement[timedelta]:
    return bindparam(name, type_=Interval)


def _moment(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=AwareTime)


def _take() -> Executable:
    """Reserve the next start and a free slot; no row: none is free, or the start is too far ahead."""
    clock = select(func.clock_timestamp(type_=AwareTime).label("now")).subquery("clock")
    new = postgresql.insert(host_turns).from_select(
        [H.host, H.next_at, H.first_until],
        select(bindparam("name", type_=Words), clock.c.now + _length("gap"), clock.c.now + _length("busy")),
    )
    now = new.excluded.next_at - _length("gap")  # of before a wait for the row, and the same in all places

    def likely(moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((moment > now + _length("far"), null()), else_=moment)

    first, second = likely(H.first_until), likely(H.second_until)
    first_free = func.coalesce(first <= now, True)
    second_free = func.coalesce(second <= now, True)
    last = func.greatest(  # of those under way it is known at what time they began at the latest
        case((first_free, first), else_=first - _length("lasts")),
        case((second_free, second), else_=second - _length("lasts")),
    )
    starts = func.greatest(now, likely(H.next_at), last + _length("spacing"))
    until = starts + _length("busy")
    return new.on_conflict_do_update(
        index_elements=[H.host],
        set_={
            H.next_at: starts + _length("gap"),
            H.first_until: case((first_free, until), else_=H.first_until),
            H.second_until: case((first_free, H.second_until), else_=until),
        },
        where=and_(or_(first_free, second_free), starts <= now + _length("ahead")),
    ).returning(H.next_at, func.clock_timestamp(type_=AwareTime).label("now"))


def _change() -> Executable:
    """Another next start, where nobody has taken it; and what stands in the slot, where it is still this turn's."""
    ours = (_moment("before"), _moment("begun"))
    return (
        update(host_turns)
        .where(H.host == bindparam("name", type_=Words))
        .values(
            next_at=case((H.next_at == _moment("next"), _moment("then")), else_=H.next_at),
            first_until=case((H.first_until.in_(ours), _moment("after")), else_=H.first_until),
            second_until=case((H.second_until.in_(ours), _moment("after")), else_=H.second_until),
        )
    )


_TAKE = _take()
_CHANGE = _change()
