"""Puts a backup in the place of a SQLite database: checked first, what was there kept beside it, all or nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidings.storage import schema
from tidings.storage.copying import MARK, copy, set_mark, sync
from tidings.storage.errors import Damaged, StorageError
from tidings.storage.lanes import Waits
from tidings.storage.sqlite import InUse

LOGS = ("-wal", "-journal", "-shm")
# Where an installation leaves a time at which it was alive; tables that an older schema lacks are passed over.
_SIGNS = (
    "SELECT max(seen_at) FROM leases",
    "SELECT max(last_polled_at) FROM sources",
    "SELECT max(sent_at) FROM deliveries",
    "SELECT max(frozen_at) FROM digest_slots",
    "SELECT value FROM installation WHERE name = 'told_until'",
    f"SELECT told_until FROM {MARK}",  # noqa: S608  # a constant
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What was done."""

    taken_at: datetime  # the backup
    told_until: datetime
    revision: str  # of the schema
    aside: Path | None  # where the database lies that was there; None: there was none


def place(file: Path, database: Path, *, told_until: datetime | None, now: datetime, waits: Waits) -> Placed:
    """Put a copy of `file` in the place of `database`, marked as a backup.

    Args:
        told_until: what was published up to then counts as told; None: up to the last sign of life of the database
            that is there, or up to now.
    Raises:
        StorageError: `file` is no sound database of this program or an older one, `database` is in use, or there is
            no room. Nothing is changed then.
    """
    _require_other(file, database)
    database.parent.mkdir(parents=True, exist_ok=True)
    in_use = InUse(database)
    try:
        with in_use.alone() as alone:
            if not alone:
                raise StorageError(
                    f"another tidings command has {database} open; stop the daemon, or wait until the command ends"
                )
            return _place(file, database, told_until, now, waits)
    finally:
        in_use.close()


def _place(file: Path, database: Path, told_until: datetime | None, now: datetime, waits: Waits) -> Placed:
    ready = database.with_name(f"{database.name}.restoring")
    ready.unlink(missing_ok=True)
    copy(file, ready, waits=waits)
    try:
        revision = _revision(ready, file)
        taken_at = _taken_at(ready) or last_sign(ready) or now
        until = told_until or last_sign(database) or now
        with closing(sqlite3.connect(ready, isolation_level=None)) as placed:
            set_mark(placed, taken_at, until)
        sync(ready)
        aside = _set_aside(database, now)
        os.replace(ready, database)
        sync(database.parent)
    except (sqlite3.Error, OSError) as fault:
        raise StorageError(f"{file} could not be put in place: {fault}") from fault
    finally:
        ready.unlink(missing_ok=True)
    return Placed(taken_at=taken_at, told_until=until, revision=revision, aside=aside)


def _require_other(file: Path, database: Path) -> None:
    if not file.is_file():
        raise StorageError(f"there is no file {file}; name a backup")
    if database.exists() and file.samefile(database):
        raise StorageError(f"{file} is the database itself; name a backup")


def _revision(ready: Path, file: Path) -> str:
    """The schema of a copy of `file`, which is to be one of ours."""
    try:
        with closing(sqlite3.connect(ready)) as copied:
            row = copied.execute(f"SELECT version_num FROM {schema.VERSION_TABLE}").fetchone()  # noqa: S608  # a constant
    except sqlite3.Error:
        row = None
    if row is None:
        raise Damaged(f"{file} is no database of tidings; name a file that `tidings db backup` made")
    schema.refuse_newer(str(row[0]))
    return str(row[0])


def _set_aside(database: Path, now: datetime) -> Path | None:
    """Give the database that is there, with its logs, another name beside it; it keeps its own until it is replaced."""
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    os.link(database, aside)
    for suffix in LOGS:
        beside = Path(f"{database}{suffix}")
        if beside.exists():
            beside.rename(f"{aside}{suffix}")
    return aside


def last_sign(database: Path) -> datetime | None:
    """The last time at which the installation was certainly alive; None: the file does not say, or cannot be read."""
    if not database.exists():
        return None
    return max(_signs(database), default=None)


def _taken_at(file: Path) -> datetime | None:
    with closing(sqlite3.connect(file)) as opened:
        try:
            (taken_at,) = opened.execute(f"SELECT taken_at FROM {MARK}").fetchone()  # noqa: S608  # a constant
        except sqlite3.OperationalError:
            return None
    return datetime.fromisoformat(taken_at)


def _signs(database: Path) -> Iterator[datetime]:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as opened:
        for query in _SIGNS:
            try:
                found = opened.execute(query).fetchone()
            except sqlite3.Error:
                continue
            if found and found[0]:
                moment = datetime.fromisoformat(found[0])
                yield moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
