"""Copies of a SQLite file that is in use: whole, consistent, and in pieces, so that nobody waits long for it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tidings.storage.errors import Full, StorageError
from tidings.storage.lanes import Waits

PIECE = 1024  # pages, 4 MiB as a rule: some milliseconds in which nobody can commit
GROWTH = 4
PAUSE = 0.001  # seconds between two pieces, and between two tries at a locked file
SPARE = 16 << 20  # bytes that a copy leaves free on the disk
MARK = "tidings_backup"  # the table by which a backup is known as one, whatever its schema


def copy(
    file: Path,
    target: Path,
    *,
    waits: Waits,
    taken_at: datetime | None = None,
    piece: int = PIECE,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Write a consistent copy of `file` to the new file `target`; the file is locked for one piece at a time.

    A commit between two pieces makes the copy begin anew. Its pieces are then `GROWTH` times as large, up to one
    that is the whole file, so that it ends however much is written. `target` appears when it is whole, checked and
    on the disk, for its owner alone to read; until then it has another name beside it.

    Args:
        taken_at: marks the copy as a backup of then, see `tidings.storage.restoring`; None: it gets no mark.
    Returns:
        The size of the copy in bytes.
    Raises:
        StorageError: the target exists or cannot be written, there is no room, the file cannot be read or stays
            locked, or the copy is not sound.
    """
    if target.exists():
        raise _there(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _require_room(target.parent, file)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        _fill(file, part, waits, piece, pause)
        _finish(part, taken_at)
        size = part.stat().st_size
        appear(part, target)
    except FileExistsError:
        raise _there(target) from None
    except (sqlite3.Error, OSError) as fault:
        raise StorageError(f"no copy could be written to {target}: {fault}") from fault
    finally:
        for suffix in ("", "-journal"):
            Path(f"{part}{suffix}").unlink(missing_ok=True)
    return size


def appear(part: Path, target: Path) -> None:
    """Give a finished file its name, which nobody else may have taken meanwhile, and see to it that it lasts.

    Raises:
        FileExistsError: there is a file of that name.
    """
    sync(part)
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without second names
        if target.exists():
            raise FileExistsError(target) from None
        part.rename(target)
    part.unlink(missing_ok=True)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # some file systems cannot do that for a folder
            raise
    finally:
        os.close(handle)


def size_of(file: Path) -> int:
    """Bytes of a database with its log."""
    beside = Path(f"{file}-wal")
    return file.stat().st_size + (beside.stat().st_size if beside.exists() else 0)


def _require_room(folder: Path, file: Path) -> None:
    size, free = size_of(file), shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise Full(
            f"there is no room in {folder}: {free >> 20:,} MiB are free, the copy needs {(size + SPARE) >> 20:,} MiB; "
            "make room there, or name a file elsewhere"
        )


def _there(target: Path) -> StorageError:
    return StorageError(f"{target} exists already; name a new file")


def _fill(file: Path, part: Path, waits: Waits, piece: int, pause: Callable[[float], None]) -> None:
    address = f"{file.absolute().as_uri()}?mode=rw"  # never made anew
    with (
        closing(sqlite3.connect(address, uri=True, timeout=waits.busy)) as source,
        closing(sqlite3.connect(part)) as filled,
    ):
        while True:
            watch = _Watch(waits.patience, pause)
            try:
                source.backup(filled, pages=piece, progress=watch, sleep=PAUSE)
                return
            except _BegunAnew:
                piece *= GROWTH


def _finish(part: Path, taken_at: datetime | None) -> None:
    """Make it one file without a log beside it, read it through, and mark it."""
    with closing(sqlite3.connect(part, isolation_level=None)) as filled:
        filled.execute("PRAGMA journal_mode=DELETE")
        found = [row[0] for row in filled.execute("PRAGMA quick_check(5)")]
        if found != ["ok"]:
            raise StorageError(
                f"the copy is not sound ({'; '.join(found)}), so none was kept; `tidings db check` looks at the database"
            )
        if taken_at is not None:
            set_mark(filled, taken_at)


def set_mark(file: sqlite3.Connection, taken_at: datetime, told_until: datetime | None = None) -> None:
    """Mark an open file as a backup taken at `taken_at`; what was published up to `told_until` counts as told."""
    file.execute("BEGIN IMMEDIATE")
    file.execute(f"DROP TABLE IF EXISTS {MARK}")
    file.execute(f"CREATE TABLE {MARK} (taken_at TEXT NOT NULL, told_until TEXT)")
    moments = [None if one is None else one.astimezone(UTC).isoformat() for one in (taken_at, told_until)]
    file.execute(f"INSERT INTO {MARK} (taken_at, told_until) VALUES (?, ?)", moments)  # noqa: S608  # a constant
    file.execute("COMMIT")


class _BegunAnew(Exception):
    """The file was changed between two pieces."""


class _Watch:
    """Called after each piece of one copy; stops it when it begins anew or gets nowhere."""

    def __init__(self, patience: float, pause: Callable[[float], None]) -> None:
        self._patience = patience
        self._pause = pause
        self._copied = 0
        self._limit = time.monotonic() + patience

    def __call__(self, status: int, remaining: int, total: int) -> None:
        if status == sqlite3.SQLITE_OK:
            copied = total - remaining
            if copied <= self._copied:
                raise _BegunAnew
            self._copied = copied
            self._limit = time.monotonic() + self._patience
            self._pause(PAUSE)
        elif status != sqlite3.SQLITE_DONE and time.monotonic() >= self._limit:
            raise sqlite3.OperationalError("the file stays locked")
