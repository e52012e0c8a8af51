"""A disk that takes no writes for a while, as SQLite's driver tells it: below the library, and with no moment left out.

Each INSERT, UPDATE and DELETE and each COMMIT of the connection that writes is one write. From the k-th on all fail,
until the trouble is over by the clock; where it lasts no time, it is the k-th alone.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, event

from tidings.storage.lanes import Driver

_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_CODES = {
    "full": (sqlite3.SQLITE_FULL, "SQLITE_FULL", "database or disk is full"),
    "io": (sqlite3.SQLITE_IOERR, "SQLITE_IOERR", "disk I/O error"),
}


class How(StrEnum):
    """What a write that fails leaves behind."""

    FULL = "full"  # a statement has done nothing, a commit has undone all
    IO = "io"  # all of the transaction is undone
    IO_AFTER = "io after commit"  # a commit that failed in its last step: what it was to keep is kept


@dataclass(slots=True)
class Trouble:
    """From write number `k`, counted from 1, for `lasts` by `now`; k 0: never.

    Attributes:
        counts: whether it has begun to count.
        writes: how many there were since, those that failed among them.
        failed: what failed → how often.
        began: the moment of the first failure; None: there was none yet.
    """

    k: int
    how: How
    lasts: timedelta
    now: Callable[[], datetime]
    counts: bool = False
    writes: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    began: datetime | None = None

    @property
    def back(self) -> datetime | None:
        """The moment from which there is room again; None: it was there all the time so far."""
        return None if self.began is None else self.began + self.lasts

    @property
    def is_on(self) -> bool:
        """Whether the next write fails."""
        return self.back is not None and self.now() < self.back

    def write(self, what: str) -> bool:
        """One write is tried; whether it fails."""
        if not self.counts:
            return False
        self.writes += 1
        if self.writes == self.k:
            self.began = self.now()
        elif not self.is_on:
            return False
        self.failed[what] += 1
        return True


class _Driver(Driver):
    """The program's own driver on that disk."""

    trouble: Trouble

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # type: ignore[override]  # the stub's are positional
        """What the lanes say by hand: the COMMIT among it."""
        if sql != "COMMIT":
            return super().execute(sql, *values)
        if self.trouble.write("COMMIT"):
            after = self.trouble.how is How.IO_AFTER and self.trouble.writes == self.trouble.k
            super().execute("COMMIT" if after else "ROLLBACK")
            raise _fault(self.trouble.how)
        return super().execute(sql)

    def cursor(self, *_: Any, **__: Any) -> Any:
        """As the driver's."""
        return super().cursor(_Cursor)


class _Cursor(sqlite3.Cursor):
    connection: _Driver

    def execute(self, sql: str, values: Any = ()) -> _Cursor:
        self._change(sql)
        return super().execute(sql, values)

    def executemany(self, sql: str, rows: Any) -> _Cursor:
        self._change(sql)
        return super().executemany(sql, rows)

    def _change(self, sql: str) -> None:
        verb = sql.split(None, 1)[0].upper()
        if verb == "WITH":  # a claim chooses first
            verb = next((word for word in _CHANGES if f"{word} " in sql), verb)
        trouble = self.connection.trouble
        if verb in _CHANGES and self.connection.in_transaction and trouble.write(verb):
            if trouble.how is not How.FULL:
                self.connection.rollback()
            raise _fault(trouble.how)


def _fault(how: How) -> sqlite3.OperationalError:
    code, name, words = _CODES[how.partition(" ")[0]]
    fault = sqlite3.OperationalError(words)
    fault.sqlite_errorcode, fault.sqlite_errorname = code, name
    return fault


@contextmanager
def bad_disk(trouble: Trouble) -> Iterator[None]:
    """Databases that are opened in the block lie on it."""
    driver = type("OnBadDisk", (_Driver,), {"trouble": trouble})

    def instead(_dialect: object, _record: object, _words: object, options: dict[str, Any]) -> None:
        if options.get("factory") is Driver:
            options["factory"] = driver

    event.listen(Engine, "do_connect", instead)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", instead)
