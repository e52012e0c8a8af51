"""One daemon at a time on a SQLite file: the lease is taken at the start, renewed at ticks, and given back at the end."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from crawler.ports import Clock
from crawler.wording import moment
from tidings.lock import AlreadyRunning
from tidings.storage.errors import StorageError
from tidings.storage.leases import Lease, require
from tidings.storage.stores import Stores

RENEW = timedelta(seconds=10)
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Tenure:
    """Holds the work on a database for this process. On PostgreSQL daemons share it, and there is nothing to hold.

    The caller holds the lock file (see `tidings.lock`): whoever held it on this machine before is dead. Another
    machine may have the file open over a network, where such locks are not always seen; its lease keeps us out.
    """

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._lease: Lease | None = None
        self._renewed: datetime | None = None

    async def begin(self) -> None:
        """Take the lease, and let nobody else's writes through this process's connections.

        Raises:
            AlreadyRunning: another holds it.
        """
        if not self._stores.database.is_sqlite:
            return
        machine, now = _machine(), self._clock.now()
        lease = await self._stores.leases.take(
            holder=f"{machine}/{uuid4().hex}",
            host=socket.gethostname(),
            process=os.getpid(),
            now=now,
            known_dead=lambda other: (
                other.holder.partition("/")[0] == machine or other.host == socket.gethostname()
            ),
        )
        if lease is None:
            other = await self._stores.leases.held()
            raise AlreadyRunning(_words(other))
        self._lease, self._renewed = lease, now
        self._stores.database.guard(lambda connection: require(connection, lease))

    async def renew(self) -> None:
        """A sign of life, each `RENEW`.

        Raises:
            Fenced: another has taken over.
        """
        now = self._clock.now()
        if self._lease is not None and (self._renewed is None or abs(now - self._renewed) >= RENEW):
            await self._stores.leases.renew(self._lease, now)
            self._renewed = now

    async def end(self) -> None:
        """Others may begin at once."""
        if self._lease is None:
            return
        with suppress(StorageError):  # it runs out by itself, or is another's
            await self._stores.leases.release(self._lease, self._clock.now())


def _machine() -> str:
    """This start of this machine: containers share it, a reboot changes it."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _words(other: Lease | None) -> str:
    if other is None:
        return "another `tidings run` works on this database; stop it first"
    return (
        f"another `tidings run` (process {other.process} on {other.host}, since {moment(other.since)}, seen at "
        f"{moment(other.seen_at)}) works on this database; stop it first, or wait a minute if it is dead"
    )
