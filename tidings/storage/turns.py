"""`TurnStore` on PostgreSQL: whose turn it is with a host, by the clock of the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    bindparam,
    case,
    delete,
    func,
    text,
    update,
)

from crawler.ports import Turn, TurnsUnavailable
from tidings.storage.engine import Database
from tidings.storage.errors import Ruined, StorageError
from tidings.storage.types import AwareTime, Words, storable
from tidings.storage.worker_tables import host_turns

T = TypeVar("T")
H = host_turns.c

AHEAD = timedelta(seconds=2)
IDLE = timedelta(days=1)  # without a request, after which nothing is remembered of a host
_FAR = timedelta(minutes=10)  # beside what was asked for: a moment so far ahead was put down by another clock
_FRESH = timedelta(seconds=2)  # somebody who was turned away so lately asks again
_LEAST = timedelta(microseconds=1)  # between two starts, so that no two turns of a host look alike
_LONGEST = 255  # letters of a name that is kept as it is; no name in use is longer


# `now` is the same in all places, and of before a wait for the row. Of a request that is under way it is known at what
# time it began at the latest; a moment that is far ahead is none.
_TAKE = text("""
INSERT INTO host_turns AS host (host, next_at, first_until)
SELECT :name, now + :gap, now + :busy FROM (SELECT clock_timestamp() AS now) AS clock
ON CONFLICT (host) DO UPDATE SET (next_at, first_until, second_until, wanted_at) = (
    SELECT
        CASE WHEN granted THEN starts + :gap ELSE host.next_at END,
        CASE WHEN granted AND first_free THEN starts + :busy ELSE host.first_until END,
        CASE WHEN granted AND NOT first_free THEN starts + :busy ELSE host.second_until END,
        CASE WHEN NOT granted THEN now END
    FROM (SELECT excluded.next_at - :gap AS now) AS clock
    CROSS JOIN LATERAL (SELECT
        CASE WHEN host.next_at <= now + :far THEN host.next_at END AS next_at,
        CASE WHEN host.first_until <= now + :far THEN host.first_until END AS first,
        CASE WHEN host.second_until <= now + :far THEN host.second_until END AS second
    ) AS likely
    CROSS JOIN LATERAL (SELECT
        coalesce(first <= now, true) AS first_free,
        coalesce(second <= now, true) AS second_free
    ) AS places
    CROSS JOIN LATERAL (SELECT greatest(
        now,
        likely.next_at,
        first + :spacing - CASE WHEN NOT first_free THEN :lasts ELSE interval '0' END,
        second + :spacing - CASE WHEN NOT second_free THEN :lasts ELSE interval '0' END
    ) AS starts) AS start
    CROSS JOIN LATERAL (SELECT
        (first_free OR second_free)
        AND starts <= now + :ahead
        AND (:waited OR coalesce(host.wanted_at NOT BETWEEN now - :fresh AND now, true)) AS granted
    ) AS verdict
)
RETURNING next_at, wanted_at IS NULL AS granted, clock_timestamp() AS now
""").columns(next_at=AwareTime, now=AwareTime)


class SqlTurns:
    """A row for each host: when the next request may begin, and until when two others last at most.

    A slot that was given back says when its request began, so that whoever needs more distance can have it. Who is
    turned away leaves a mark, so that those who come next do not come before.
    Each call is one statement in a transaction of its own. The table is unlogged, so that no commit waits for
    the disk. What a crash of the server takes is some seconds of politeness.

    Args:
        ahead: beside the spacing, until when a start is reserved; who would have to wait longer asks again.
        monotonic: seconds that never go backwards.
    """

    def __init__(
        self,
        database: Database,
        *,
        ahead: timedelta = AHEAD,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._ahead = ahead
        self._seconds = monotonic

    async def take(
        self, host: str, *, spacing: timedelta, late: timedelta, lasts: timedelta, waited: bool = False
    ) -> Turn | None:
        """See `TurnStore.take`."""
        name = _kept_as(host)
        gap = max(spacing + late, _LEAST)
        asked = {
            "name": name,
            "spacing": spacing,
            "gap": gap,
            "lasts": lasts,
            "busy": late + lasts,
            "ahead": spacing + self._ahead,
            "far": gap + late + lasts + _FAR,
            "fresh": _FRESH,
            "waited": waited,
        }

        def step(connection: Connection) -> Turn | None:
            # The database looks at its clock between these two moments: however long question and answer were on
            # their way, a turn neither begins too early nor passes for one in time when it is late.
            before = self._seconds()
            row = connection.execute(_TAKE, asked).one()
            after = self._seconds()
            if not row.granted:
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
        if began is None:
            change = {"then": turn.next_at - turn.spacing - turn.late, "begun": turn.until, "after": None}
        else:
            early = _early(turn, began)
            then = turn.next_at - early
            change = {"then": then, "begun": turn.until - early, "after": then - turn.spacing}
        await self._change(turn, change | {"before": turn.until})

    async def _change(self, turn: Turn, values: Mapping[str, datetime | None]) -> None:
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


def _moment(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=AwareTime)


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


_CHANGE = _change()
