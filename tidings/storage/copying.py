"""Copies of a SQLite file that is in use: whole, consistent, and in pieces, so that nobody waits long for it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tidings.storage.errors import StorageError
from tidings.storage.lanes import Waits

PIECE = 1024  # pages, 4 MiB as a rule: some milliseconds in which nobody can commit
GROWTH = 4
PAUSE = 0.001  # seconds between two pieces, and between two tries at a locked file


def copy(
    file: Path,
    target: Path,
    *,
    waits: Waits,
    piece: int = PIECE,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Write a consistent copy of `file` to the new file `target`; the file is locked for one piece at a time.

    A commit between two pieces makes the copy begin anew. Its pieces are then `GROWTH` times as large, up to one
    that is the whole file, so that it ends however much is written.

    Raises:
        StorageError: the target exists or cannot be written, or the file cannot be read or stays locked.
    """
    try:
        target.touch(mode=0o644, exist_ok=False)
        try:
            _fill(file, target, waits, piece, pause)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise StorageError(f"{target} exists already; name a new file") from None
    except (sqlite3.Error, OSError) as fault:
        raise StorageError(f"no copy could be written to {target}: {fault}") from fault


def _fill(file: Path, target: Path, waits: Waits, piece: int, pause: Callable[[float], None]) -> None:
    address = f"{file.absolute().as_uri()}?mode=rw"  # never made anew
    with (
        closing(sqlite3.connect(address, uri=True, timeout=waits.busy)) as source,
        closing(sqlite3.connect(target)) as filled,
    ):
        while True:
            watch = _Watch(waits.patience, pause)
            try:
                source.backup(filled, pages=piece, progress=watch, sleep=PAUSE)
                return
            except _BegunAnew:
                piece *= GROWTH


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
