"""One daemon to a database: a file lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tidings.storage.sqlite import FILE

_NAME = "tidings.lock"
_BYTES = 512


class AlreadyRunning(Exception):
    """Another process holds the lock; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds the lock."""

    process: int | None = None
    host: str | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        if self.process is None:
            return "of an unknown process"
        host = f" on {self.host}" if self.host else ""
        since = f", since {self.since:%Y-%m-%d %H:%M}Z" if self.since else ""
        return f"process {self.process}{host}{since}"


def lock_file(database: str, state_dir: Path) -> Path:
    """Where the lock lies: beside the SQLite file, however the settings name it; of a server, in the state folder."""
    scheme, _, named = database.partition(":///")
    if scheme != "sqlite":
        return state_dir / _NAME
    file = (Path(named.partition("?")[0]) if named else state_dir / FILE).resolve()
    return file.with_name(f"{file.name}.lock")


class DaemonLock:
    """Held while `tidings run` lives. `with DaemonLock(lock_file(…)): …`"""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _read(handle)
            os.close(handle)
            raise AlreadyRunning(_words(other, self._path)) from None
        facts = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{json.dumps(facts)}\n".encode(), 0)
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def holder(path: Path) -> Holder | None:
    """Who holds the lock, the running daemon; None: nobody."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(handle)
    finally:
        os.close(handle)
    return None


def _words(other: Holder, path: Path) -> str:
    return (
        f"another `tidings run` ({other}) works on {path.parent}; "
        "stop it first, or give this one a state folder of its own with --state"
    )


def _read(handle: int) -> Holder:
    try:
        facts = json.loads(os.pread(handle, _BYTES, 0))
        since = facts.get("since")
        return Holder(
            process=int(facts["process"]),
            host=facts.get("host"),
            since=None if since is None else datetime.fromisoformat(since),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return Holder()
