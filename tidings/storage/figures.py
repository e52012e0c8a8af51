"""The numbers that probes and metrics ask for every few seconds, so cheap that a scrape is not felt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    text,
    type_coerce,
)

from alerts.messages import DeliveryState
from crawler.records import SourceState, TextState
from tidings.storage.article_rows import A
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import deliveries
from tidings.storage.sources import S, active
from tidings.storage.tables import articles, matches, stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for work, told from small indexes and the table of sources alone."""

    sources: Mapping[SourceState, int]  # configured ones; every state is named
    lateness: tuple[
        float, ...
    ]  # of each active source, seconds past the time of its next poll; in order, 0 if not due
    ages: tuple[float, ...]  # seconds since the last good poll of each active source that had one; in order
    never: int  # active sources that were never polled well
    pages: int  # articles whose page is still to be read
    unfolded: int
    unmatched: int
    unmatched_since: datetime | None  # since when the longest waiting article waits to be matched
    deliveries: int  # pending
    oldest_delivery: datetime | None  # when the longest waiting of them was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is there in all. Takes a second with a million articles; to be asked once in a while."""

    texts: Mapping[TextState, int]  # articles, by how far their text is
    stories: int
    matches: int
    deliveries: Mapping[DeliveryState, int]


class SqlFigures:
    """Reads only, each call on one consistent view."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answers(self) -> None:
        """The smallest question there is.

        Raises:
            StorageError: the database does not answer it.
        """
        await self._database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())

    async def waiting(self, now: datetime) -> Waiting:
        """What waits at this moment."""
        return await self._database.read(lambda connection: _waiting(connection, now))

    async def stored(self) -> Stored:
        """All that there is."""
        return await self._database.read(_stored)

    async def size(self) -> int | None:
        """Bytes of the database, with its journal; None: not to be had."""
        file = self._database.file
        if file is None:
            asked = text("SELECT pg_database_size(current_database())")
            return await self._database.read(lambda connection: int(connection.execute(asked).scalar_one()))
        parts = (file, *(file.with_name(file.name + end) for end in ("-wal", "-journal")))
        sizes = [part.stat().st_size for part in parts if part.exists()]
        return sum(sizes) if sizes else None


# Built once: making a statement costs more than running it.
@cache
def _sources(dialect: str) -> Select[Any]:
    """By state: how many, and of the active ones by how much each is late, and since when it was polled well.

    The database reckons and packs them into lists: to hand over the rows of 100,000 sources takes a second.
    """
    planned = case(
        (and_(S.next_poll_at.is_(None), S.last_polled_at.is_(None)), S.added_at), else_=S.next_poll_at
    )
    late, age = _seconds_since(dialect, planned), _seconds_since(dialect, S.last_success_at)
    pack = func.json_group_array if dialect == "sqlite" else func.json_agg
    return (
        select(
            S.state,
            active().label("active"),
            func.count().label("number"),
            # Without a time: to be asked as soon as may be.
            type_coerce(pack(func.coalesce(late, 0.0)), JSON).label("late"),
            type_coerce(pack(age), JSON).label("ages"),
        )
        .where(S.configured)
        .group_by(S.state, active())
    )


def _seconds_since(dialect: str, moment: ColumnElement[datetime]) -> ColumnElement[float]:
    """To the millisecond, not below 0; NULL where there is no moment."""
    now = bindparam("now", type_=S.next_poll_at.type)
    if dialect == "sqlite":
        return func.max(0.0, func.round((func.julianday(now) - func.julianday(moment)) * 86400.0, 3))
    seconds = cast(func.extract("epoch", now - moment), Float)
    return case((moment.is_not(None), func.greatest(0.0, seconds)))


_PAGES = select(func.count()).select_from(articles).where(A.page_due_at.is_not(None))
_UNFOLDED = select(func.count()).select_from(articles).where(A.unfolded_since.is_not(None))
_UNMATCHED = select(func.count(), func.min(A.unmatched_since)).where(A.unmatched_since.is_not(None))
_PENDING = select(func.count(), func.min(deliveries.c.created_at)).where(deliveries.c.due_at.is_not(None))


def _waiting(connection: Connection, now: datetime) -> Waiting:
    states = dict.fromkeys(SourceState, 0)
    late: list[float] = []
    ages: list[float] = []
    active_ones = 0
    for row in connection.execute(_sources(connection.dialect.name), {"now": now}):
        states[SourceState(row.state) if row.active else SourceState.PAUSED] += row.number
        if row.active:
            active_ones += row.number
            late += row.late
            ages += (age for age in row.ages if age is not None)
    unmatched, unmatched_since = connection.execute(_UNMATCHED).one()
    pending, oldest = connection.execute(_PENDING).one()
    return Waiting(
        sources=states,
        lateness=tuple(sorted(late)),
        ages=tuple(sorted(ages)),
        never=active_ones - len(ages),
        pages=connection.execute(_PAGES).scalar_one(),
        unfolded=connection.execute(_UNFOLDED).scalar_one(),
        unmatched=unmatched,
        unmatched_since=unmatched_since,
        deliveries=pending,
        oldest_delivery=oldest,
    )


def _stored(connection: Connection) -> Stored:
    texts = _by(connection, A.text_state)
    sent = _by(connection, deliveries.c.state)
    return Stored(
        texts={state: texts.get(state, 0) for state in TextState},
        stories=connection.execute(select(func.count()).select_from(stories)).scalar_one(),
        matches=connection.execute(select(func.count()).select_from(matches)).scalar_one(),
        deliveries={state: sent.get(state, 0) for state in DeliveryState},
    )


def _by(connection: Connection, state: Column[Any]) -> dict[str, int]:
    """How many rows there are of each state."""
    return {row[0]: row[1] for row in connection.execute(select(state, func.count()).group_by(state))}


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest of the ordered `values` that at least `share` percent do not exceed; 0.0 of none."""
    return values[max(0, -(-len(values) * share // 100) - 1)] if values else 0.0
