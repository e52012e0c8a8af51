"""Copies a SQLite database to an empty PostgreSQL one, page by page, verifies it, and lets nobody use it before.

What stands differently in the copy says `DIFFERENT`; all else is as it was, so that what was told stays told, what is
on its way keeps its id, and the next poll asks with the validators of the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    exists,
    func,
    inspect,
    literal,
    null,
    select,
    text,
    tuple_,
)

from crawler.failpoints import reach
from tidings.storage import move_marks, restoring, schema, word_index
from tidings.storage.copying import MARK
from tidings.storage.dialect import lock
from tidings.storage.errors import StorageError, said
from tidings.storage.every_table import metadata
from tidings.storage.installation_tables import installation, leases
from tidings.storage.lanes import ours
from tidings.storage.move_marks import Copied, Key, Reached
from tidings.storage.move_sides import both
from tidings.storage.outbox_tables import deliveries
from tidings.storage.row_digests import Sum, sum_of
from tidings.storage.tables import articles, sources

ROWS, BYTES = 10_000, 8 << 20  # of a page at most; a row that is larger is a page of its own
_AT_A_TIME = 50  # rows that are fetched from the file
_STREAMED = 2_000  # rows that are fetched from the server at most

# Claims and leases are free, and articles wait for the index of words, which is made anew. Not compared.
DIFFERENT: dict[Column[Any], ColumnElement[Any]] = {
    sources.c.claimed_until: null(),
    deliveries.c.claimed_until: null(),
    leases.c.until: leases.c.seen_at,
    articles.c.number: null(),
    articles.c.words_print: null(),
    articles.c.unindexed_since: articles.c.first_seen_at,
}
# What any work on a database changes, and is soon read: with the number of rows of each table it tells it from others.
_TELLING = (sources, leases, installation, deliveries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One table on both sides."""

    table: str
    source: Sum
    target: Sum

    @property
    def is_same(self) -> bool:
        """Whether both hold the same rows."""
        return self.source == self.target

    def __str__(self) -> str:
        if self.is_same:
            return f"{self.table}: {self.source.rows:,} rows, the same on both sides"
        if self.source.rows != self.target.rows:
            return (
                f"{self.table}: {self.source.rows:,} rows in the source, {self.target.rows:,} in the target"
            )
        return f"{self.table}: {self.source.rows:,} rows on both sides, which are not the same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a table is."""

    table: str
    rows: int
    of: int
    verifies: bool  # False: it is being copied
    over: bool


Hear = Callable[[Step], None]


class Move:
    """A SQLite file and the server that it moves to, both at the schema of this program, nobody else at work on either."""

    def __init__(
        self, source: Engine, target: Connection, streamed: Engine, *, hear: Hear, page: int
    ) -> None:
        self._source = source
        self._target = target
        self._streamed = streamed
        self._hear = hear
        self._most = page
        self._counts: dict[str, int] = {}

    def copy(self, now: Callable[[], datetime], *, anew: bool = False) -> tuple[Compared, ...]:
        """Copy what is missing in the target, verify all of it, and let it be used when it is the same.

        Args:
            anew: empties an unfinished copy first.
        Returns:
            Each table on both sides; where one is not the same, the target stays unfinished.
        Raises:
            StorageError: the target is neither empty nor an unfinished copy of this very source, or one side refused.
        """
        with ours():
            mine = self._identity()
            with self._target.begin():
                self._begin(mine, now(), anew)
            for table in metadata.sorted_tables:
                self._copy(table)
            with self._target.begin():
                self._target.execute(text("ANALYZE"))
            compared = self._compare()
            if all(one.is_same for one in compared):
                with self._target.begin():
                    self._complete(now())
            return compared

    def verify(self) -> tuple[Compared, ...]:
        """Each table on both sides.

        Raises:
            StorageError: the target is no whole copy of this source, or one side refused.
        """
        with ours():
            with self._target.begin():
                found = move_marks.copied(self._target)
            if found is None:
                raise StorageError(
                    "the target is no copy that `tidings db copy` made; there is nothing to verify"
                )
            if found.completed_at is None:
                raise StorageError(
                    "the target is an unfinished copy; the same command without --verify finishes it"
                )
            if found.source != self._identity():
                raise _other(found)
            return self._compare()

    # -- before ------------------------------------------------------------------------------------

    def _identity(self) -> str:
        with self._source.begin() as connection:
            self._counts = {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }
            telling = [sum_of(table, _rows(connection, table)).digest for table in _TELLING]
        return sha256(repr((schema.REVISIONS[-1], self._counts, telling)).encode()).hexdigest()

    def _begin(self, mine: str, now: datetime, anew: bool) -> None:
        target = self._target
        lock(target, "schema")  # as whoever opens it does
        encoding = target.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise StorageError(
                f"the target holds texts in {encoding}, which lacks letters; `createdb --encoding UTF8 --template "
                "template0` makes one that has them all"
            )
        if schema.revision(target) is None:
            there = set(inspect(target).get_table_names()) & set(metadata.tables)
            if there:
                raise StorageError(
                    f"the target has tables of something else ({', '.join(sorted(there))}); name an empty database"
                )
            schema.upgrade(target)
        schema.require_current(target)
        found = move_marks.copied(target)
        if found is not None and found.completed_at is not None:
            raise StorageError(
                f"the target is a whole copy already, made {found.completed_at:%Y-%m-%d %H:%M}Z; "
                "--verify compares it, another empty database takes another copy"
            )
        if found is not None and anew:
            quote = target.dialect.identifier_preparer.quote
            target.execute(text(f"TRUNCATE {', '.join(quote(name) for name in metadata.tables)}"))
            word_index.clear(target)
            move_marks.forget(target)
            found = None
        if found is None:
            self._require_empty()
            move_marks.begin(target, mine, now)
        elif found.source != mine:
            raise _other(found)

    def _require_empty(self) -> None:
        for table in metadata.sorted_tables:
            if self._target.execute(select(exists(select(literal(1)).select_from(table)))).scalar_one():
                raise StorageError(
                    f"the target is not empty (there are rows in {table.name}); name an empty database: "
                    "`createdb` makes one"
                )

    # -- copying -----------------------------------------------------------------------------------

    def _copy(self, table: Table) -> None:
        with self._target.begin():
            place = move_marks.reached(self._target, table)
        write = _Writer(self._target, table)
        while not place.over:
            rows, last = self._page(table, place.last)
            place = Reached(rows=place.rows + len(rows), last=last or place.last, over=last is None)
            with self._target.begin():
                # A page that a crash of the server loses is lost with the place that it reached.
                self._target.execute(text("SET LOCAL synchronous_commit = off"))
                write(rows)
                move_marks.put_reached(self._target, table, place)
                reach("copy_page")
            self._tell(table, place.rows, verifies=False, over=place.over)

    def _page(self, table: Table, after: Key | None) -> tuple[list[Sequence[Any]], Key | None]:
        """The next rows, and the key of the last of them; None: there are no more behind them."""
        key = list(table.primary_key.columns)
        places = [list(table.columns).index(column) for column in key]
        query = select(*_columns(table)).order_by(*key).limit(self._most)
        if after is not None:
            bound = tuple_(*(literal(part, column.type) for part, column in zip(after, key, strict=True)))
            query = query.where(tuple_(*key) > bound)
        rows: list[Sequence[Any]] = []
        size = 0
        with self._source.begin() as connection, connection.execute(query) as found:
            for row in found.yield_per(_AT_A_TIME):
                rows.append(row)
                size += sum(len(value) for value in row if isinstance(value, str | bytes))
                if size >= BYTES or len(rows) == self._most:
                    return rows, tuple(row[place] for place in places)
        return rows, None

    # -- after -------------------------------------------------------------------------------------

    def _compare(self) -> tuple[Compared, ...]:
        with (
            self._source.begin() as source,
            self._streamed.connect() as target,
            target.begin(),
        ):
            return tuple(self._compared(source, target, table) for table in metadata.sorted_tables)

    def _compared(self, source: Connection, target: Connection, table: Table) -> Compared:
        self._tell(table, 0, verifies=True, over=False)
        found = sum_of(table, _rows(source, table))
        mean = found.size // max(found.rows, 1)
        some = max(1, min(_STREAMED, BYTES // max(mean, 1)))
        query = select(*_columns(table)).select_from(table)
        with target.execute(query, execution_options={"yield_per": some}) as streamed:
            one = Compared(table=table.name, source=found, target=sum_of(table, streamed))
        self._tell(table, one.target.rows, verifies=True, over=True)
        return one

    def _complete(self, now: datetime) -> None:
        """Let it be used; a copy of a backup is a backup, which is gone on from when it is opened first."""
        with self._source.begin() as connection:
            backup = restoring.mark(connection)
        if backup is not None:
            self._target.execute(text(f"CREATE TABLE {MARK} (taken_at TEXT NOT NULL, told_until TEXT)"))
            until = None if backup.told_until is None else backup.told_until.isoformat()
            self._target.execute(
                text(f"INSERT INTO {MARK} (taken_at, told_until) VALUES (:taken_at, :told_until)"),  # noqa: S608  # a constant
                {"taken_at": backup.taken_at.isoformat(), "told_until": until},
            )
        move_marks.complete(self._target, now)

    def _tell(self, table: Table, rows: int, *, verifies: bool, over: bool) -> None:
        self._hear(
            Step(table=table.name, rows=rows, of=self._counts[table.name], verifies=verifies, over=over)
        )


@contextmanager
def moving(
    source: str, target: str, *, state_dir: Path, hear: Hear = lambda _: None, page: int = ROWS
) -> Iterator[Move]:
    """Both databases, open; nobody else opens the file meanwhile, and nobody else copies to the server.

    Args:
        source: "sqlite" for the file in `state_dir`, or `sqlite:////…`; also a backup.
        target: `postgresql://…`.
        hear: is told of each page.
        page: rows that are written in one transaction at most.
    Raises:
        StorageError: one cannot be had, is of another schema, or in use. No address or password is in it.
    """
    with both(source, target, state_dir) as (engine, connection, streamed):
        yield Move(engine, connection, streamed, hear=hear, page=page)


def _other(found: Copied) -> StorageError:
    if found.completed_at is not None:
        return StorageError(
            "the target is a copy of another source, or of this one before it was written to; there is nothing to verify"
        )
    return StorageError(
        "the target is an unfinished copy of another source, or of this one before it was written to; "
        "--anew empties it and begins again"
    )


def _columns(table: Table) -> list[ColumnElement[Any]]:
    """As they are to stand in the target, and are compared."""
    return [DIFFERENT.get(column, column).label(column.name) for column in table.columns]


def _rows(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    with connection.execute(select(*_columns(table)).select_from(table)) as found:
        yield from found.yield_per(_AT_A_TIME)


class _Writer:
    """Writes rows of one table by COPY, each value as SQLAlchemy's type would bind it."""

    def __init__(self, target: Connection, table: Table) -> None:
        self._target = target
        self._faults = target.dialect.loaded_dbapi.Error
        quote = target.dialect.identifier_preparer.quote
        names = ", ".join(quote(column.name) for column in table.columns)
        self._command = f"COPY {quote(table.name)} ({names}) FROM STDIN"
        found = (
            column.type.dialect_impl(target.dialect).bind_processor(target.dialect)
            for column in table.columns
        )
        self._bound = [(place, bind) for place, bind in enumerate(found) if bind is not None]

    def __call__(self, rows: Sequence[Sequence[Any]]) -> None:
        driver = cast(Any, self._target.connection)  # psycopg's, of which SQLAlchemy knows no COPY
        try:
            with driver.cursor() as cursor, cursor.copy(self._command) as copy:
                for row in rows:
                    values = list(row)
                    for place, bind in self._bound:
                        values[place] = bind(values[place])
                    copy.write_row(values)
        except self._faults as fault:
            raise said(fault) from fault
