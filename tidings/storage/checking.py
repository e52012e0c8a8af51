"""Looks a database over without changing anything in it: the file, the schema, and states that cannot be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, inspect, not_, select
from sqlalchemy import exc as faults

from alerts.messages import DeliveryState
from crawler.records import TextState
from tidings.storage import schema
from tidings.storage.article_rows import A, V
from tidings.storage.base import metadata
from tidings.storage.errors import StorageError, said
from tidings.storage.match_rows import M
from tidings.storage.move_marks import require_whole
from tidings.storage.outbox_tables import deliveries, messages
from tidings.storage.sqlite import journal_for
from tidings.storage.tables import article_versions, articles, identity_keys, matches, sources, stories

SPEED = 30 << 20  # bytes a second that are read at least, for the time that is told beforehand
MOST = 20  # faults of one table that are told

D = deliveries.c
_COUNTED = (
    ("sources", sources),
    ("articles", articles),
    ("texts", article_versions),
    ("matches", matches),
    ("stories", stories),
    ("messages", messages),
    ("deliveries", deliveries),
    ("remembered keys", identity_keys),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found."""

    problems: tuple[str, ...]  # () when all is well
    damaged: bool  # whether one of them is damage, for which a backup is the remedy
    revision: str | None  # of the schema
    journal: str  # how a SQLite file is written; else the kind of database
    size: int  # bytes of the file; 0 for a server
    reusable: int  # bytes in it that new rows will take
    counts: dict[str, int]  # rows, by what people call them

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check_file(file: Path, engine: Engine) -> Checked:
    """Look over a SQLite file, table after table, so that a daemon waits for one table at most.

    Raises:
        StorageError: the file cannot be read now, for a reason that is no damage.
    """
    size = file.stat().st_size
    try:
        with _reading(engine) as connection:
            actual = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
            free = _number(connection, "freelist_count") * _number(connection, "page_size")
            names = [
                row[0]
                for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
        broken = [one for name in sorted(names) for one in _damage(engine, name)]
    except faults.DBAPIError as fault:
        return _unreadable(fault.orig, size)
    except sqlite3.Error as fault:
        return _unreadable(fault, size)
    if broken:
        return Checked(
            problems=tuple(broken[:MOST]),
            damaged=True,
            revision=None,
            journal=actual,
            size=size,
            reusable=free,
            counts={},
        )
    wanted, note = journal_for(sqlite3.sqlite_version_info)
    if actual != wanted:
        note += f" (the file is in mode {actual} now, and changes at the next start)"
    return _look(engine, note, size, free)


def check_server(engine: Engine) -> Checked:
    """Look over a PostgreSQL database; whether its files are sound its server knows."""
    return _look(engine, "PostgreSQL", 0, 0)


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def _look(engine: Engine, journal: str, size: int, free: int) -> Checked:
    with _reading(engine) as connection:
        found = schema.revision(connection)
    if found != schema.REVISIONS[-1]:
        try:
            with _reading(engine) as connection:
                schema.require_current(connection)
            problems: tuple[str, ...] = ()
        except StorageError as fault:
            problems = (str(fault),)
        return Checked(
            problems=problems,
            damaged=False,
            revision=found,
            journal=journal,
            size=size,
            reusable=free,
            counts={},
        )
    counts = {}
    for name, table in _COUNTED:
        with _reading(engine) as connection:
            counts[name] = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return Checked(
        problems=(*_unfinished(engine), *_impossible(engine)),
        damaged=False,
        revision=found,
        journal=journal,
        size=size,
        reusable=free,
        counts=counts,
    )


# -- the file --------------------------------------------------------------------------------------


def _damage(engine: Engine, table: str) -> Iterator[str]:
    """What is wrong with a table and its indexes, in the database's own words."""
    quoted = table.replace('"', '""')
    with _reading(engine) as connection:
        for row in connection.exec_driver_sql(f'PRAGMA integrity_check("{quoted}")'):
            if row[0] != "ok":
                yield str(row[0])
        for row in connection.exec_driver_sql(f'PRAGMA foreign_key_check("{quoted}")').fetchmany(MOST):
            yield f"a row of {row[0]} points to a missing row of {row[2]}"


def _number(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def _unreadable(fault: BaseException | None, size: int) -> Checked:
    code = getattr(fault, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY_ROLLBACK:
        raise StorageError(
            "the last program that wrote to the database was interrupted, and nothing was repaired: "
            "`tidings status` does that, check again after it"
        ) from fault
    if code & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        raise said(fault or StorageError()) from fault
    return Checked(
        problems=(" ".join(str(fault).split()),),
        damaged=True,
        revision=None,
        journal="",
        size=size,
        reusable=0,
        counts={},
    )


def _unfinished(engine: Engine) -> Iterator[str]:
    try:
        with _reading(engine) as connection:
            require_whole(connection)
    except StorageError as fault:
        yield str(fault)


# -- states that cannot be -------------------------------------------------------------------------


def _impossible(engine: Engine) -> Iterator[str]:
    pending_text = A.text_state == str(TextState.PENDING)
    pending = D.state == str(DeliveryState.PENDING)
    in_force = and_(V.article_id == A.id, V.version == A.version)
    for what, table, condition in (
        (
            "article without the version that is in force",
            articles,
            ~select(V.version).where(in_force).exists(),
        ),
        (
            "article that waits for its page and for no time",
            articles,
            and_(pending_text, A.page_due_at.is_(None)),
        ),
        (
            "article that waits for a page that it has",
            articles,
            and_(not_(pending_text), A.page_due_at.is_not(None)),
        ),
        ("article that was judged by a version it never had", articles, A.matched_version > A.version),
        ("article of a story that is not there", articles, _without_story()),
        ("delivery that waits for no time", deliveries, and_(pending, D.due_at.is_(None))),
        ("delivery that is over and still due", deliveries, and_(not_(pending), D.due_at.is_not(None))),
        (
            "delivery that was sent at no time",
            deliveries,
            and_(D.state == str(DeliveryState.SENT), D.sent_at.is_(None)),
        ),
        ("match by a version that is not there", matches, _without_text()),
    ):
        with _reading(engine) as connection:
            number = connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
        if number:
            yield f"{number:,} × {what}"
    with _reading(engine) as connection:
        lacking = set(metadata.tables) - set(inspect(connection).get_table_names())
    if lacking:
        yield f"tables are missing: {', '.join(sorted(lacking))}"


def _without_story() -> ColumnElement[bool]:
    return and_(A.story_id.is_not(None), ~select(stories.c.id).where(stories.c.id == A.story_id).exists())


def _without_text() -> ColumnElement[bool]:
    ours = and_(V.article_id == M.article_id, V.version == M.text_version)
    return ~select(V.version).where(ours).exists()
