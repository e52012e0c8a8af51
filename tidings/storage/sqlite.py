"""SQLite at work: which journal is safe, and whether the last stop was a clean one. No SQL library here."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Version = tuple[int, ...]

FILE = "tidings.sqlite"  # in the state folder, where the settings name no other


def has_safe_wal(version: Version) -> bool:
    """Whether this SQLite has the fix for the WAL-reset race (3.7.0 to 3.51.2 lose committed writes by it).

    Source: https://sqlite.org/wal.html, "the WAL-reset bug"; the fix was carried back to 3.50.7 and 3.44.6.
    """
    if version >= (3, 51, 3):
        return True
    return version[:2] in {(3, 50), (3, 44)} and version >= {50: (3, 50, 7), 44: (3, 44, 6)}[version[1]]


def journal_for(version: Version) -> tuple[str, str]:
    """The journal mode to use, and a note on it for the operator."""
    name = ".".join(map(str, version))
    if has_safe_wal(version):
        return "wal", f"SQLite {name}: write-ahead log, synchronous=EXTRA"
    return "delete", (
        f"SQLite {name}: rollback journal, synchronous=EXTRA; "
        "its write-ahead log can lose writes, SQLite 3.51.3 or newer is faster"
    )


class InUse:
    """Marks a database file as in use, and finds out whether its last user stopped cleanly.

    Every process that has the file open holds a shared lock on `FILE.inuse`, which the kernel drops when
    the process dies. The last one to close empties the mark; a mark that nobody holds tells of a crash.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".inuse")
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.unclean = False  # the last user of the file died
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another process is at work, so there is nothing to find out
        else:
            self.unclean = os.fstat(self._handle).st_size > 0
            os.pwrite(self._handle, b"in use\n", 0)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other process has the file open; while the block runs, none can open it if so."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone = False
        else:
            alone = True
        try:
            yield alone
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def close(self, *, clean: bool = True) -> None:
        """Give the mark up; `clean` False leaves it for the next one to find."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # others go on; the last of them empties it
        else:
            if clean:
                os.ftruncate(self._handle, 0)
        os.close(self._handle)
