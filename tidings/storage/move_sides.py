"""Opens both sides of a move: the SQLite file, closed to everybody else, and the server, for one who copies at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from tidings.storage import schema, upgrading
from tidings.storage.engine import address_of
from tidings.storage.errors import Damaged, StorageError
from tidings.storage.lanes import ours
from tidings.storage.sqlite import InUse

_LOCK = 7_236_110_454_021  # of the server, held by the one who copies
_HELD = 3  # seconds for which it is waited for
_LOCKED = "55P03"  # what the server says then
_CONNECTS = 20  # seconds after which a server that does not answer is given up


@contextmanager
def both(source: str, target: str, state_dir: Path) -> Iterator[tuple[Engine, Connection, Engine]]:
    """The source to read, a connection that writes to the target, and an engine that reads it.

    Raises:
        StorageError: see `tidings.storage.moving.moving`.
    """
    file, server = _addresses(source, target, state_dir)
    copier, streamed = (_server_engine(server) for _ in range(2))
    try:
        with _opened(file) as engine, ours(), copier.connect() as connection:
            _hold(connection)
            yield engine, connection, streamed
    finally:
        copier.dispose()
        streamed.dispose()


def _hold(connection: Connection) -> None:
    """Be the one who copies, until the connection ends; that of one who was killed may end a moment later."""
    try:
        with connection.begin():
            connection.execute(text(f"SET LOCAL lock_timeout = {_HELD * 1000}"))
            connection.execute(select(func.pg_advisory_lock(_LOCK)))
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", None) != _LOCKED:
            raise
        raise StorageError(
            "another `tidings db copy` works on this target; wait until it ends, or stop it"
        ) from None


def _addresses(source: str, target: str, state_dir: Path) -> tuple[Path, URL]:
    found, wanted = address_of(source, state_dir), address_of(target, state_dir)
    if found.get_backend_name() != "sqlite":
        raise StorageError("the source is on a server; name a SQLite file: sqlite:////FILE")
    if wanted.get_backend_name() != "postgresql":
        raise StorageError("the target is a SQLite file; name a PostgreSQL database: postgresql://…")
    return Path(found.database or ""), wanted


def _server_engine(address: URL) -> Engine:
    try:
        wait = address.query.get("connect_timeout", str(_CONNECTS))
        return create_engine(
            address.update_query_dict({"connect_timeout": wait}), pool_size=1, max_overflow=0
        )
    except ModuleNotFoundError as fault:
        raise StorageError(
            "the library for PostgreSQL is not installed; pip install 'tidings[postgres]'"
        ) from fault


@contextmanager
def _opened(file: Path) -> Iterator[Engine]:
    """The file, to read; closed to everybody else."""
    if not file.is_file():
        raise StorageError(f"there is no database at {file}; name a SQLite file: sqlite:////FILE")
    is_known = file.with_name(f"{file.name}.inuse").exists()
    try:
        in_use = InUse(file)
    except OSError as fault:
        raise StorageError(f"{file.parent} cannot be written to: {fault.strerror}") from fault
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True),
    )
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA query_only=ON"))
    try:
        with ours():
            with engine.begin() as connection:
                schema.require_current(connection)
                if in_use.unclean:
                    _require_sound(connection, file)
            with upgrading.alone(in_use, engine):
                yield engine
    finally:
        engine.dispose()
        in_use.close(clean=not in_use.unclean)
        if not is_known:  # a backup, say, that nobody works on
            file.with_name(f"{file.name}.inuse").unlink(missing_ok=True)


def _require_sound(connection: Connection, file: Path) -> None:
    found = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(5)")]
    if found != ["ok"]:
        raise Damaged(f"the database {file} is damaged ({'; '.join(found)}); copy a backup of it instead")
