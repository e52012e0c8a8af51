"""What goes around an upgrade of the schema: nobody else at work, a backup of before, the oldest such backups removed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, select

from tidings.storage.copying import copy
from tidings.storage.errors import StorageError
from tidings.storage.installation_tables import leases
from tidings.storage.lanes import Waits
from tidings.storage.sqlite import InUse

KEPT = 3  # backups of before an upgrade
_NAME = "before-upgrade-from-{}-{:%Y%m%dT%H%M%S.%fZ}.sqlite"


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
