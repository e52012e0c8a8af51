"""An open database: how it is had, written, read, copied, checked and closed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, update
from sqlalchemy import exc as faults
from sqlalchemy.engine import URL, make_url

from tidings.storage import checking, schema, upgrading
from tidings.storage.checking import Checked
from tidings.storage.copying import copy, size_of
from tidings.storage.dialect import lock
from tidings.storage.errors import RESTORE, Damaged, StorageError, said
from tidings.storage.lanes import (
    OWN_TRANSACTIONS,
    Driver,
    FileReaders,
    FileWriter,
    Guard,
    Lane,
    Pooled,
    Waits,
    ours,
    submit_to,
)
from tidings.storage.move_marks import require_whole
from tidings.storage.outbox_tables import deliveries
from tidings.storage.sqlite import FILE, InUse, journal_for
from tidings.storage.tables import sources

__all__ = ["FILE", "Database", "StorageError", "Waits"]

T = TypeVar("T")
Heed: TypeAlias = Callable[[StorageError | None], None]

PATIENT = Waits()
READERS = 4  # threads, each with a connection of its own
WRITERS = 4  # on PostgreSQL; SQLite has one
QUICK = 2  # on PostgreSQL, connected when first needed
# Of a server: the connection used last is used next, for it has the statements of our work prepared.
_POOL = {"pool_pre_ping": True, "pool_use_lifo": True}


def _heedless(_: StorageError | None) -> None:
    """Nobody wants to know."""


class Database:
    """An open database at the schema of this program. Made by `open`; `close` it when done."""

    def __init__(
        self, engines: tuple[Engine, Engine], *, journal_note: str, in_use: InUse | None, waits: Waits
    ) -> None:
        self._writing, self._reading = engines
        self._in_use = in_use
        self._waits = waits
        self._check: Guard | None = None
        self._heed: Heed = _heedless
        self._writers: Lane
        self._readers: Lane
        self._quickly: Lane
        if self.is_sqlite:
            self._writers = FileWriter(self._writing, waits, self._guarded)
            self._readers = FileReaders(self._reading, READERS, waits)
            self._quick, self._quickly = self._writing, self._writers
        else:
            self._quick = create_engine(
                self._writing.url, pool_size=QUICK, max_overflow=0, isolation_level="AUTOCOMMIT"
            )
            self._quickly = Pooled(self._quick, QUICK, "storage-quick")
            self._writers = Pooled(self._writing, WRITERS, "storage-write", self._guarded)
            self._readers = Pooled(self._reading, READERS, "storage-read")
        self._copier = ThreadPoolExecutor(1, thread_name_prefix="storage-copy")
        self.journal_note = journal_note  # for `status`
        self.holder: str | None = None  # in whose name claims are made; None: they end with their lease alone

    @classmethod
    def open(cls, url: str, *, state_dir: Path, create: bool = True, waits: Waits = PATIENT) -> Database:
        """Open the database of an installation; with `create`, a new one gets its tables.

        `url`: "sqlite" for a file in `state_dir`, or an address such as `postgresql://…` or `sqlite:////…`.
        `waits`: for a SQLite file; opening itself waits for one try.

        Raises:
            StorageError: it cannot be had, is damaged, missing (without `create`), or of another schema.
        """
        engines, note, in_use = _connect(url, state_dir, create=create, waits=waits)
        try:
            with ours(), engines[0].begin() as connection:
                lock(connection, "schema")
                if create and schema.revision(connection) is None:
                    schema.upgrade(connection)
                schema.require_current(connection)
                if in_use is None:
                    require_whole(connection)
            if in_use is not None:
                _take_over(engines[0], in_use)
        except BaseException:
            _dispose(engines, in_use)
            raise
        return cls(engines, journal_note=note, in_use=in_use, waits=waits)

    @classmethod
    def upgrade(cls, url: str, *, state_dir: Path, now: datetime | None = None) -> schema.Upgraded:
        """Run the migrations that are missing in one transaction; of a SQLite file a backup is made first.

        The backup lies in `state_dir`, see `tidings.storage.upgrading`. On a server others may be at work.

        Raises:
            StorageError: as for `open`; a database of a newer program is left as it is, and so is a SQLite file that is
                in use, and tables on a server that long transactions do not let go of.
        """
        engines, _, in_use = _connect(url, state_dir, create=True, waits=PATIENT)
        try:
            with ours(), engines[0].begin() as connection:
                found = schema.revision(connection)
                if found is not None and not schema.is_older(found):
                    return schema.Upgraded(before=found, after=found)
            with upgrading.alone(in_use, engines[0]), ours():
                backup = None
                file = Path(engines[0].url.database or "")
                if in_use is not None and found is not None:
                    backup = upgrading.backup(file, state_dir, found, now or datetime.now(UTC), PATIENT)
                done = upgrading.migrate(engines[0])
            return replace(done, backup=backup)
        finally:
            _dispose(engines, in_use)

    @classmethod
    def file_of(cls, url: str, *, state_dir: Path) -> Path:
        """The SQLite file that `open` would open.

        Raises:
            StorageError: the database is PostgreSQL, or the address cannot be read.
        """
        address = address_of(url, state_dir)
        if address.get_backend_name() != "sqlite":
            raise StorageError(
                "this database is PostgreSQL; put a backup of it back with pg_restore, see docs/data.md"
            )
        return Path(address.database or "")

    @classmethod
    def look(
        cls,
        url: str,
        *,
        state_dir: Path,
        warn: Callable[[int], None] = lambda _: None,
        waits: Waits = PATIENT,
    ) -> Checked:
        """Look a database over without opening it for work: nothing is changed in it or beside it.

        Args:
            warn: hears beforehand how many bytes will be read.
            waits: for a SQLite file that another program has locked.
        Raises:
            StorageError: there is none, or it cannot be read now, for a reason that is no damage.
        """
        address = address_of(url, state_dir)
        if address.get_backend_name() != "sqlite":
            engines, _, _ = _connect(url, state_dir, create=False, waits=waits)
            try:
                with ours():
                    return checking.check_server(engines[1])
            finally:
                _dispose(engines, None)
        file = Path(address.database or "")
        if not file.exists():
            raise StorageError(
                f"there is no database at {file} yet; `tidings run` or `tidings once` makes it"
            )
        warn(size_of(file))
        target = f"{file.absolute().as_uri()}?mode=ro"
        engine = create_engine(
            "sqlite+pysqlite://", creator=lambda: sqlite3.connect(target, uri=True, timeout=waits.busy)
        )
        try:
            with ours():
                return checking.check_file(file, engine)
        finally:
            engine.dispose()

    @classmethod
    def is_missing(cls, url: str, *, state_dir: Path) -> bool:
        """Whether `open` would make a new SQLite file."""
        address = address_of(url, state_dir)
        return address.get_backend_name() == "sqlite" and not Path(address.database or "").exists()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self._writing.dialect.name == "sqlite"

    @property
    def address(self) -> str:
        """Of the server, as libpq reads it, with the password."""
        return self._writing.url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def write(self, step: Callable[[Connection], T]) -> T:
        """Run `step` in one transaction: all of it is kept, or nothing when it raises.

        A caller that is cancelled does not take the step with it: it is finished and committed.

        Raises:
            StorageError: the database refused.
        """
        try:
            done = await asyncio.shield(asyncio.wrap_future(self._writers.submit(step)))
        except StorageError as fault:
            self._heed(fault)
            raise
        self._heed(None)
        return done

    def guard(self, check: Guard | None) -> None:
        """From now on run `check` first in each transaction that writes; where it raises, nothing is written.

        Args:
            check: raises a `StorageError`; None: anybody may write.
        """
        self._check = check

    def heed(self, hear: Heed) -> None:
        """From now on tell `hear` how each write and each look ended: None: well, or the error that was raised.

        Looks tell of errors only.
        """
        self._heed = hear

    def _guarded(self, connection: Connection) -> None:
        if self._check is not None:
            self._check(connection)

    async def read(self, step: Callable[[Connection], T]) -> T:
        """Run `step` on one consistent view of the database, beside writers and other readers.

        Raises:
            StorageError: the database refused.
        """
        try:
            return await asyncio.shield(asyncio.wrap_future(self._readers.submit(step)))
        except StorageError as fault:
            self._heed(fault)
            raise

    async def quick(self, step: Callable[[Connection], T]) -> T:
        """Run `step`, which is one statement and no more, so that it waits for no longer piece of work.

        On PostgreSQL it has a connection beside those of other steps and is committed by itself, without a `guard`.

        Raises:
            StorageError: the database refused.
        """
        try:
            return await asyncio.shield(asyncio.wrap_future(self._quickly.submit(step)))
        except StorageError as fault:
            self._heed(fault)
            raise

    @property
    def waits(self) -> bool:
        """Whether work stands still because another program has the file locked. It goes on by itself."""
        return self._writers.waits or self._readers.waits

    async def backup(self, target: Path, *, now: datetime | None = None) -> int:
        """Write a whole, consistent copy to `target` while work goes on (SQLite only), marked as a backup. See `copy`.

        Returns:
            Its size in bytes.

        Raises:
            StorageError: the target exists or cannot be written, or the database is PostgreSQL.
        """
        if self.file is None:
            raise StorageError("this database is PostgreSQL; back it up with pg_dump, see docs/data.md")
        work = partial(copy, self.file, target, waits=self._waits, taken_at=now or datetime.now(UTC))
        return await asyncio.shield(asyncio.wrap_future(submit_to(self._copier, work)))

    async def check(self) -> tuple[str, ...]:
        """What is wrong with the file, in the database's own words; () when all is well."""
        return await self.read(_damage) if self.is_sqlite else ()

    def hurry(self) -> None:
        """The process is to end: a file that another program has locked is tried once more for each step, and no longer."""
        self._writers.hurry()
        self._readers.hurry()

    def close(self) -> None:
        """Finish the steps that were begun, then let go of the database; a second time does nothing."""
        self._writers.close()
        self._readers.close()
        self._quickly.close()
        self._copier.shutdown(wait=True)
        if self._quick is not self._writing:
            self._quick.dispose()
        _dispose((self._writing, self._reading), self._in_use)
        self._in_use = None

    @property
    def file(self) -> Path | None:
        """The SQLite file; None: the database is on a server."""
        return Path(self._writing.url.database or "") if self.is_sqlite else None


# -- opening ---------------------------------------------------------------------------------------


def _connect(
    url: str, state_dir: Path, *, create: bool, waits: Waits
) -> tuple[tuple[Engine, Engine], str, InUse | None]:
    address = address_of(url, state_dir)
    if address.get_backend_name() == "sqlite":
        path = Path(address.database or "")
        if not create and not path.exists():
            raise StorageError(
                f"there is no database at {path} yet; `tidings run` or `tidings once` makes it"
            )
        return _connect_sqlite(address, path, waits.busy)
    with ours():
        try:
            writing = create_engine(address, pool_size=WRITERS, max_overflow=0, **_POOL)
            reading = create_engine(address, pool_size=READERS, max_overflow=0, **_POOL)
        except ModuleNotFoundError as fault:
            raise StorageError(
                "the library for PostgreSQL is not installed; pip install 'tidings[postgres]'"
            ) from fault
    return (writing, reading), "", None


def address_of(url: str, state_dir: Path) -> URL:
    """What an address in the settings names, with the driver that serves it.

    Raises:
        StorageError: it cannot be read, or is of another kind; nothing of it is in the message.
    """
    if url == "sqlite":
        return URL.create("sqlite+pysqlite", database=str(state_dir / FILE))
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except faults.ArgumentError:
        raise StorageError(
            "the address of the database cannot be read; write sqlite or postgresql://…"
        ) from None
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and address.database and address.database != ":memory:":
        return address.set(drivername="sqlite+pysqlite")
    raise StorageError(
        f"a database of kind {backend!r} is not supported; write sqlite, sqlite:////FILE or postgresql://…"
    )


def _connect_sqlite(address: URL, path: Path, busy: float) -> tuple[tuple[Engine, Engine], str, InUse]:
    mode, note = journal_for(sqlite3.sqlite_version_info)
    try:
        in_use = InUse(path)
    except OSError as fault:
        raise StorageError(f"{path.parent} cannot be written to: {fault.strerror}") from fault
    engines = (
        _sqlite_engine(address, connections=1, begin="BEGIN IMMEDIATE", read_only=False, busy=busy),
        _sqlite_engine(address, connections=READERS, begin="BEGIN", read_only=True, busy=busy),
    )
    try:
        with ours():
            _set_journal(engines[0], mode)
            if in_use.unclean:
                _require_sound(engines[0], path)
    except BaseException:
        _dispose(engines, in_use, clean=not in_use.unclean)
        raise
    return engines, note, in_use


def _sqlite_engine(address: URL, *, connections: int, begin: str, read_only: bool, busy: float) -> Engine:
    engine = create_engine(
        address,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": busy, "check_same_thread": False, "factory": Driver},
    )

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own
        connection.execute("PRAGMA foreign_keys=ON")
        # FULL, and that a rollback journal is gone is on the disk too: one that came back would undo the commit.
        connection.execute("PRAGMA synchronous=EXTRA")
        connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        if not read_only:
            connection.execute(
                "PRAGMA cache_size=-16000"
            )  # KiB: a batch of folds touches more pages than 2 MB

    def start(connection: Connection) -> None:
        if OWN_TRANSACTIONS not in connection.get_execution_options():
            connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    return engine


def _set_journal(engine: Engine, mode: str) -> None:
    """Put the file into journal `mode`; outside a transaction, as SQLite wants it."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        actual = cursor.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
    except sqlite3.Error as fault:
        raise said(fault) from fault
    finally:
        raw.close()
    if actual != mode:
        raise StorageError(
            f"the database is in journal mode {actual} and cannot be put into {mode}; "
            "stop the other programs that have it open"
        )


def _require_sound(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        found = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(5)")]
    if found != ["ok"]:
        raise Damaged(f"the database {path} is damaged ({'; '.join(found)}); nothing was changed: {RESTORE}")


def _take_over(engine: Engine, in_use: InUse) -> None:
    """Free what processes that died had claimed, when no other is left to hold a claim: their work is due now.

    Pages stay claimed until their lease ends. Reading one of them may be what the process died of.
    """
    with in_use.alone() as alone, ours():
        if alone:
            with engine.begin() as connection:
                for table in (sources, deliveries):
                    held = table.c.claimed_until.is_not(None)
                    connection.execute(update(table).where(held).values(claimed_until=None))


def _damage(connection: Connection) -> tuple[str, ...]:
    found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    broken = [
        f"a row of {row[0]} points to a missing row of {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return tuple(line for line in (*found, *broken) if line != "ok")


def _dispose(engines: tuple[Engine, Engine], in_use: InUse | None, *, clean: bool = True) -> None:
    for engine in engines:
        engine.dispose()
    if in_use is not None:
        in_use.close(clean=clean)
