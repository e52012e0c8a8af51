"""How a database on a server is known as a copy of a SQLite file: of which, how far it has come, and whether it is whole.

The table `tidings_copy` holds that. While it names no time of completion nobody but the copying opens the database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, inspect, text

from tidings.storage.errors import StorageError
from tidings.storage.types import AwareTime

MARK = "tidings_copy"
_SOURCE, _BEGUN, _COMPLETED = "source", "begun_at", "completed_at"
_PUT = text(
    f"INSERT INTO {MARK} (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"  # noqa: S608  # a constant
)
_GET = text(f"SELECT value FROM {MARK} WHERE name = :name")  # noqa: S608  # a constant

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy says of itself."""

    source: str  # see `moving.identity`
    begun_at: datetime
    completed_at: datetime | None  # None: it is not whole, or not verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far the copy of one table has come."""

    rows: int = 0
    last: Key | None = None  # the primary key of its last row so far
    over: bool = False


def copied(connection: Connection) -> Copied | None:
    """What the database says of itself where it is a copy; None: it is none."""
    if not inspect(connection).has_table(MARK):
        return None
    source, begun, completed = (_get(connection, name) for name in (_SOURCE, _BEGUN, _COMPLETED))
    return Copied(
        source=source or "",
        begun_at=datetime.fromisoformat(begun or ""),
        completed_at=None if completed is None else datetime.fromisoformat(completed),
    )


def require_whole(connection: Connection) -> None:
    """Let nobody work on a copy that is not whole.

    Raises:
        StorageError: it is none yet.
    """
    found = copied(connection)
    if found is not None and found.completed_at is None:
        raise StorageError(
            f"the database is an unfinished copy, begun {found.begun_at:%Y-%m-%d %H:%M}Z; finish it with the "
            "`tidings db copy` that began it, which goes on where it ended"
        )


def begin(connection: Connection, source: str, now: datetime) -> None:
    """Mark an empty database as a copy that is begun."""
    connection.execute(text(f"CREATE TABLE {MARK} (name TEXT PRIMARY KEY, value TEXT NOT NULL)"))
    _put(connection, _SOURCE, source)
    _put(connection, _BEGUN, now.isoformat())


def complete(connection: Connection, now: datetime) -> None:
    """The copy is whole and verified."""
    _put(connection, _COMPLETED, now.isoformat())


def forget(connection: Connection) -> None:
    """It is no copy any more."""
    connection.execute(text(f"DROP TABLE {MARK}"))


def reached(connection: Connection, table: Table) -> Reached:
    """How far the copy of a table has come."""
    found = _get(connection, _named(table))
    if found is None:
        return Reached()
    said = json.loads(found)
    last = None if said["last"] is None else _read_key(table, said["last"])
    return Reached(rows=said["rows"], last=last, over=said["over"])


def put_reached(connection: Connection, table: Table, place: Reached) -> None:
    """Write it down, in the transaction that brings it there."""
    last = None if place.last is None else [_plain(part) for part in place.last]
    _put(connection, _named(table), json.dumps({"rows": place.rows, "last": last, "over": place.over}))


def _named(table: Table) -> str:
    return f"table {table.name}"


def _plain(part: Any) -> Any:
    return part.isoformat() if isinstance(part, datetime) else part


def _read_key(table: Table, said: Sequence[Any]) -> Key:
    return tuple(
        datetime.fromisoformat(part) if isinstance(column.type, AwareTime) else part
        for column, part in zip(table.primary_key.columns, said, strict=True)
    )


def _put(connection: Connection, name: str, value: str) -> None:
    connection.execute(_PUT, {"name": name, "value": value})


def _get(connection: Connection, name: str) -> str | None:
    found = connection.execute(_GET, {"name": name}).scalar()
    return None if found is None else str(found)
