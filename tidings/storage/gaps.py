"""Times that sources may have missed: noticed by a poll, filled by another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from crawler.records import GapCause, SourceGap
from tidings.storage.dialect import AnyRow, insert
from tidings.storage.tables import source_gaps, sources

G = source_gaps.c


def gaps(connection: Connection, noticed_after: datetime) -> tuple[SourceGap, ...]:
    """Of configured sources, filled ones too; the newest first."""
    rows = connection.execute(
        select(source_gaps)
        .join(sources, sources.c.id == G.source_id)
        .where(G.noticed_at > noticed_after, sources.c.configured)
        .order_by(G.noticed_at.desc(), G.source_id, G.start)
    )
    return tuple(to_gap(row) for row in rows)


def to_gap(row: AnyRow) -> SourceGap:
    """The record of a row of `source_gaps`."""
    return SourceGap(
        source_id=row.source_id,
        start=row.start,
        end=row.end,
        cause=GapCause(row.cause),
        noticed_at=row.noticed_at,
        filled_at=row.filled_at,
    )


def add(connection: Connection, gap: SourceGap) -> None:
    """Remember it; one that begins at the same poll is there already."""
    row = {
        "source_id": gap.source_id,
        "start": gap.start,
        "end": gap.end,
        "cause": str(gap.cause),
        "noticed_at": gap.noticed_at,
        "filled_at": gap.filled_at,
    }
    connection.execute(insert(connection, source_gaps).values(row).on_conflict_do_nothing())


def fill(connection: Connection, filled: Iterable[SourceGap], now: datetime) -> None:
    """Mark them as filled."""
    rows = [{"own": gap.source_id, "from": gap.start, "now": now} for gap in filled]
    if rows:
        connection.execute(_FILL, rows)


_FILL = (
    update(source_gaps)
    .where(
        G.source_id == bindparam("own"),
        G.start == bindparam("from", type_=G.start.type),
        G.filled_at.is_(None),
    )
    .values(filled_at=bindparam("now", type_=G.filled_at.type))
)
