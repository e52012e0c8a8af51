"""What goes around an upgrade of the schema: who else may be at work, a backup of before, the oldest of those removed."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, select
from sqlalchemy import exc as faults

from tidings.storage import schema
from tidings.storage.copying import copy
from tidings.storage.dialect import lock
from tidings.storage.errors import StorageError
from tidings.storage.installation_tables import leases
from tidings.storage.lanes import Waits
from tidings.storage.sqlite import InUse

_IN_THE_WAY = (
    "55P03",
    "40P01",
)  # PostgreSQL: a lock was not had in time, or it and others waited for each other

KEPT = 3  # backups of before an upgrade
_NAME = "before-upgrade-from-{}-{:%Y%m%dT%H%M%S.%fZ}.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How a migration gets at tables that are in use on a server."""

    number: int = 20
    lock: float = 2.0  # seconds of one try, in which all who want the table after it wait too
    pause: float = 3.0  # seconds between two tries, in which they go on


PATIENT = Tries()


def migrate(engine: Engine, tries: Tries = PATIENT) -> schema.Upgraded:
    """Run the missing migrations in one transaction, while processes of the version before may be at work on a server.

    A migration wants a table to itself for a moment. Where a long transaction has it, it would wait, and all others behind
    it: so it soon stands back, lets them go on, and tries again from the start.

    Raises:
        StorageError: in none of the tries it got what it wants; nothing is changed.
    """
    for left in reversed(range(tries.number)):
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {tries.lock * 1000:.0f}")
                lock(connection, "schema")
                return schema.upgrade(connection)
        except faults.OperationalError as fault:
            if getattr(fault.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            if not left:
                raise StorageError(
                    f"the schema was not changed: in {tries.number} tries others did not let go of a table; "
                    "end long transactions (pg_stat_activity shows them, a running pg_dump is one) and run "
                    "`tidings db upgrade` again"
                ) from fault
            time.sleep(tries.pause)
    raise ValueError("at least one try is needed")


@contextmanager
def alone(in_use: InUse | None, engine: Engine) -> Iterator[None]:
    """While the block runs nobody else opens the SQLite file.

    Args:
        in_use: of the file; None: the database is on a server, and nothing is looked at.
    Raises:
        StorageError: somebody has it open already, or the daemon of another machine works on it.
    """
    if in_use is None:
        yield
        return
    with in_use.alone() as is_alone:
        _require_alone(engine, is_alone)
        yield


def backup(file: Path, folder: Path, revision: str, now: datetime, waits: Waits) -> Path:
    """Copy the database as it is into `folder`, named by its schema and the time; returns where it lies.

    Of such backups the newest `KEPT` are left.
    """
    target = folder / _NAME.format(revision, now.astimezone(UTC))
    copy(file, target, waits=waits, taken_at=now)
    by_time = sorted(
        folder.glob("before-upgrade-from-*-*.sqlite"), key=lambda one: one.stem.rpartition("-")[2]
    )
    for old in by_time[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def _require_alone(engine: Engine, is_alone: bool) -> None:
    with engine.begin() as connection:
        known = inspect(connection).has_table(leases.name)
        row = connection.execute(select(leases).order_by(leases.c.until.desc())).first() if known else None
    runs = row is not None and row.until > datetime.now(UTC)
    if row is not None and runs and (not is_alone or row.host != socket.gethostname()):
        raise StorageError(
            f"`tidings run` (process {row.process} on {row.host}) works on this database; stop it first"
        )
    if not is_alone:
        raise StorageError(
            "another tidings command has the database open; stop the daemon, or wait until the command ends"
        )
