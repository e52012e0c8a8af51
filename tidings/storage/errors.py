"""What can go wrong with the database: each kind asks for something else, of the program and of its operator.

`str()` of each says what is wrong and what to do, and holds no statement, value or secret.
"""

from __future__ import annotations

import sqlite3


class StorageError(Exception):
    """The database cannot be used, or refused."""


class Unwritable(StorageError):
    """Nothing can be written just now, and what is there is sound: it may well pass by itself."""


class Full(Unwritable):
    """There is no room."""


class ReadOnly(Unwritable):
    """The file, its folder or its file system may only be read."""


class Faulty(Unwritable):
    """The disk or the file system failed to read or to write."""


class Locked(StorageError):
    """Another program kept the file locked for as long as it was waited for."""


class Ruined(StorageError):
    """Going on would make it worse: the process ends."""


class Damaged(Ruined):
    """The file is no sound database any more."""


class Gone(Ruined):
    """The file that was opened is not there any more, or is another one."""


class Fenced(Ruined):
    """Another daemon has taken over; this one may write nothing more."""


OF_ALL = (Unwritable, Locked, Ruined)  # of the database, whatever step met it: no fault of that step

RESTORE = "keep the file, and put a backup in its place: `tidings db restore FILE`"

_SQLITE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (Full, "the disk is full ({}); make room there, and work goes on by itself"),
    sqlite3.SQLITE_READONLY: (
        ReadOnly,
        "the database may only be read ({}); let the user who runs tidings write to the file and its folder",
    ),
    sqlite3.SQLITE_IOERR: (Faulty, "the disk failed ({}); look at it and its file system"),
    sqlite3.SQLITE_CANTOPEN: (
        Faulty,
        "the database or its journal cannot be opened ({}); look at the folder: is it there, may it be written to, "
        "is there room",
    ),
    sqlite3.SQLITE_BUSY: (Locked, "another program keeps the database locked ({}); end it, or wait for it"),
    sqlite3.SQLITE_LOCKED: (Locked, "the database is locked ({}); try again"),
    sqlite3.SQLITE_CORRUPT: (Damaged, f"the database is damaged ({{}}); {RESTORE}"),
    sqlite3.SQLITE_NOTADB: (Damaged, f"the file is no database ({{}}); {RESTORE}"),
}
_POSTGRESQL: dict[str, tuple[type[StorageError], str]] = {
    "53100": (Full, "the disk of the database server is full ({}); make room there"),
    "25006": (ReadOnly, "the database server takes no writes just now ({}); is it a standby"),
    "XX001": (Damaged, "the database is damaged ({}); restore it from a backup"),
}


def said(fault: BaseException) -> StorageError:
    """What the driver's exception means for us."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    kind, words = _SQLITE.get(code) or _POSTGRESQL.get(getattr(fault, "sqlstate", None) or "") or _OTHER
    return kind(words.format(" ".join(str(fault).split())))


_OTHER: tuple[type[StorageError], str] = (StorageError, "the database refused: {}")
