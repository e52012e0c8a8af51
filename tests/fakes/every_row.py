"""Rows for every table there is, made of its columns alone, so that a table or column that is added gets some too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Float, Integer, LargeBinary, String, Table

from tidings.storage.every_table import metadata
from tidings.storage.types import AwareTime, Duration, Words

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# Hard to carry over: quotes, backslashes, tabs and line ends, letters beyond the first plane, and what COPY ends by.
HARD = 'it\\\'s "so"\t\\N\r\n\\.\n\\x41 ünï 語 \U0001f600 '

_VALUES: Mapping[type, Callable[[int], Any]] = {
    AwareTime: lambda i: START + timedelta(microseconds=7 * i),
    Duration: lambda i: timedelta(seconds=90.000_001 * (i + 1)),
    Words: lambda i: f"{HARD}{i}",
    JSON: lambda i: {"z": [i, 0.1 * i, None, True, HARD], "a": "\x00\ud83d"},
    LargeBinary: lambda i: bytes(range(256)) + str(i).encode(),
    Boolean: lambda i: i % 2 == 0,
    Date: lambda i: date(2026, 1, 1) + timedelta(days=i),
    Float: lambda i: 0.1 * i + 1e-9,
    Integer: lambda i: i * 12_345 + 1,
    String: lambda i: f"{i:06x}",
}


def fill(connection: Connection, number: int) -> None:
    """Put `number` rows into each table; rows point to rows. What may be NULL is so in every third row."""
    for table in metadata.sorted_tables:
        connection.execute(table.insert(), [_row(table, i) for i in range(number)])


def _row(table: Table, i: int) -> dict[str, Any]:
    return {column.name: _value(column, i) for column in table.columns}


def _value(column: Column[Any], i: int) -> Any:
    if column.nullable and i % 3 == 2:
        return None
    for key in column.foreign_keys:
        return _value(key.column, i)
    kind = next(kind for kind in _VALUES if isinstance(column.type, kind))
    return _VALUES[kind](i)
