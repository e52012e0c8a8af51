"""The stored sources made equal to the configured ones: only what differs is written, many rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, false, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crawler.records import Source, SourceState
from tidings.storage.article_rows import page_host
from tidings.storage.dialect import AnyRow, among, insert_for, listed, lock
from tidings.storage.source_rows import S, new_row
from tidings.storage.tables import sources

# What the configuration says of a source.
_SAID = ("kind", "url", "name", "paused", "configured")
# What belongs to one address, and goes when the configured address changes.
_OF_ADDRESS: dict[str, Any] = {
    "state": str(SourceState.NEW),
    "since": None,
    "problem": None,
    "cause": None,
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "moved_to": None,
    "next_poll_at": None,
    "not_before": None,
    "failures": 0,
    "ttl": None,
    "fresh_for": None,
    "skip_hours": [],
    "skip_days": [],
    "listed": None,
    "scrolled": 0,
}
_STORED = select(S.id, *(S[name] for name in _SAID), S.host, S.moved_to)
_WANTED = {name: bindparam(name, type_=S[name].type) for name in (*_SAID, "host")}
_OWN = S.id == bindparam("own")
_CHANGE = update(sources).where(_OWN).values(_WANTED)
_MOVE = update(sources).where(_OWN).values(_WANTED | _OF_ADDRESS)


@cache
def _add(dialect: str) -> sqlite.Insert | postgresql.Insert:
    return insert_for(dialect, sources).on_conflict_do_nothing()


@cache
def _leave(dialect: str) -> Any:
    return update(sources).where(among(dialect, S.id, "gone")).values(configured=false(), claimed_until=None)


def sync(connection: Connection, configured: Sequence[Source], now: datetime) -> None:
    """See `crawler.ports.SourceStore.sync`. Of several at once, each finds what the one before it left."""
    lock(connection, "sources")
    dialect = connection.dialect.name
    stored = {row[0]: row for row in connection.execute(_STORED).all()}
    wanted = {source.id for source in configured}
    gone = sorted(
        source_id for source_id, row in stored.items() if row.configured and source_id not in wanted
    )
    if gone:
        connection.execute(_leave(dialect), {"gone": listed(dialect, gone)})

    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for source in configured:
        said = (str(source.kind), source.url, source.name, source.paused, True)
        row = stored.get(source.id)
        if row is None:
            added.append(
                new_row(source.id, str(source.kind), source.url, now) | dict(zip(_SAID, said, strict=True))
            )
        elif row.url != source.url:
            moved.append(_to_write(source.id, said, page_host(source.url)))
        elif row[1:6] != said or _is_stale(row):
            changed.append(_to_write(source.id, said, page_host(row.moved_to or source.url)))
    for statement, rows in ((_MOVE, moved), (_CHANGE, changed)):
        if rows:
            connection.execute(statement, sorted(rows, key=lambda one: str(one["own"])))
    if added:
        connection.execute(_add(dialect), sorted(added, key=lambda one: str(one["id"])))


def _is_stale(row: AnyRow) -> bool:
    """Whether the host is missing, or of before a move that a process of an older version noted."""
    return row.host is None or (row.moved_to is not None and row.host != page_host(row.moved_to))


def _to_write(source_id: str, said: tuple[Any, ...], host: str) -> dict[str, Any]:
    return {"own": source_id, "host": host, **dict(zip(_SAID, said, strict=True))}
