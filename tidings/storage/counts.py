"""The numbers of `tidings status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from alerts.messages import DeliveryState
from crawler.records import SourceState, TextState
from tidings.storage import obstacles
from tidings.storage.article_rows import A
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import deliveries
from tidings.storage.schema import REVISIONS
from tidings.storage.sources import S, active
from tidings.storage.tables import articles, matches, stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is there, and what waits. Every state is named, those with 0 too."""

    sources: Mapping[SourceState, int]  # configured ones
    articles: int
    texts: Mapping[TextState, int]
    stories: int
    matches: int
    pending_text: int  # articles whose page is still to be read
    oldest_pending: datetime | None  # when the longest waiting of them was due
    unfolded: int
    unmatched: int
    deliveries: Mapping[DeliveryState, int]
    oldest_delivery: datetime | None  # when the longest waiting pending one was made
    last_success_at: datetime | None  # the last good poll of any configured source
    schema: str
    journal: str
    gone_channels: tuple[str, ...] = ()  # whose receiver answered 410


class SqlCounts:
    """Counts over the whole database; takes a second or so with a million articles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self) -> Counts:
        """The numbers of this moment."""
        return await self._database.read(lambda connection: _take(connection, self._database.journal_note))


def _take(connection: Connection, journal: str) -> Counts:
    texts = _by_state(connection, articles, A.text_state)
    sent = _by_state(connection, deliveries, deliveries.c.state)
    return Counts(
        sources=_sources(connection),
        articles=sum(texts.values()),
        texts={state: texts.get(state, 0) for state in TextState},
        stories=connection.execute(select(func.count()).select_from(stories)).scalar_one(),
        matches=connection.execute(select(func.count()).select_from(matches)).scalar_one(),
        pending_text=texts.get(TextState.PENDING, 0),
        oldest_pending=connection.execute(select(func.min(A.page_due_at))).scalar_one(),
        unfolded=_waiting(connection, A.unfolded_since),
        unmatched=_waiting(connection, A.unmatched_since),
        deliveries={state: sent.get(state, 0) for state in DeliveryState},
        oldest_delivery=connection.execute(
            select(func.min(deliveries.c.created_at)).where(deliveries.c.due_at.is_not(None))
        ).scalar_one(),
        last_success_at=connection.execute(
            select(func.max(S.last_success_at)).where(S.configured)
        ).scalar_one(),
        schema=REVISIONS[-1],
        journal=journal,
        gone_channels=tuple(obstacles.bans(connection)),
    )


def _sources(connection: Connection) -> dict[SourceState, int]:
    counted = dict.fromkeys(SourceState, 0)
    rows = connection.execute(
        select(S.state, active().label("active"), func.count().label("number"))
        .where(S.configured)
        .group_by(S.state, active())
    )
    for row in rows:
        counted[SourceState(row.state) if row.active else SourceState.PAUSED] += row.number
    return counted


def _by_state(connection: Connection, table: Table, state: Column[Any]) -> dict[str, int]:
    rows = connection.execute(select(state, func.count()).select_from(table).group_by(state))
    return {row[0]: row[1] for row in rows}


def _waiting(connection: Connection, since: Column[Any]) -> int:
    return connection.execute(
        select(func.count()).select_from(articles).where(since.is_not(None))
    ).scalar_one()
