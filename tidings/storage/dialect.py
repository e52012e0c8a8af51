"""What the steps need to know of the dialect: inserts, lists, locks and claims, each the same on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

AnyRow: TypeAlias = Row[*tuple[Any, ...]]


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The same for a dialect by name, for statements that are built once and kept."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


Kind: TypeAlias = type[Text] | type[BigInteger]


def each(dialect: str, name: str, kind: Kind = Text) -> ColumnElement[Any]:
    """The values of the list given as parameter `name`, a row each. See `listed`."""
    if dialect == "sqlite":
        return func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value
    return func.unnest(bindparam(name, type_=ARRAY(kind))).column_valued(name)


def among(dialect: str, column: Column[Any], name: str, kind: Kind = Text) -> ColumnElement[bool]:
    """`column` is one of the values in the list given as parameter `name`.

    One parameter however long the list is: an IN list is written anew for every number of values. See `listed`.
    """
    if dialect == "sqlite":
        return column.in_(select(each(dialect, name)))
    return column == any_(bindparam(name, type_=ARRAY(kind)))


def listed(dialect: str, values: Sequence[str] | Sequence[int]) -> Any:
    """The parameter that `among` and `each` want."""
    return json.dumps(values, ensure_ascii=False) if dialect == "sqlite" else list(values)


def within(connection: Connection, column: Column[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """`column` is one of `values`, for a statement that is run at once: one parameter, as `among`."""
    given = listed(connection.dialect.name, values)
    if connection.dialect.name == "sqlite":
        return column.in_(
            select(func.json_each(bindparam(None, given, type_=Text)).table_valued("value").c.value)
        )
    return column == any_(bindparam(None, given, type_=ARRAY(Text)))


def lock(connection: Connection, name: str, *, shared: bool = False) -> None:
    """Until the end of this transaction, no other transaction of the installation passes a lock of this `name`.

    SQLite's write transactions run one at a time anyway; PostgreSQL takes an advisory lock. Those who take it
    `shared` pass together, and wait for those who do not, in the order in which they came.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_SHARED if shared else _ALONE, {"number": number_of(name)})


def lock_each(connection: Connection, names: Iterable[str]) -> None:
    """The same for many names at once, in one order for everybody, so that no two wait for each other."""
    numbers = sorted({number_of_any(name) for name in names})
    if numbers and connection.dialect.name == "postgresql":
        connection.execute(_EACH, {"numbers": numbers})


_EACH = text("SELECT count(pg_advisory_xact_lock(number)) FROM unnest(CAST(:numbers AS bigint[])) AS number")
_ALONE = text("SELECT pg_advisory_xact_lock(:number)")
_SHARED = text("SELECT pg_advisory_xact_lock_shared(:number)")


def number_of_any(name: str) -> int:
    """The number under which a server knows the lock of this `name`."""
    digest = blake2b(f"tidings {name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


number_of = cache(number_of_any)  # of a name that is one of few


def claim(
    connection: Connection,
    table: Table,
    due: ColumnElement[bool],
    *,
    order: Sequence[ColumnElement[Any]],
    limit: int,
    values: Mapping[str, Any],
    returning: Sequence[Column[Any]],
) -> Sequence[AnyRow]:
    """Set `values` on up to `limit` rows that are `due` and still free; no two claimers get the same row.

    The rows come back in no order. Needs a single-column primary key named `id`. The choice stands in a WITH
    clause, because PostgreSQL may run a mere subquery several times and then claims more than `limit`.
    """
    free = select(table.c.id).where(due).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    chosen = free.cte("chosen")
    statement = (
        update(table)
        .where(table.c.id.in_(select(chosen.c.id)), due)
        .values(dict(values))
        .returning(*returning)
    )
    return connection.execute(statement).all()
