"""Who works on the database: one daemon at a time on a SQLite file, by a lease whose token fences off earlier holders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from crawler.failpoints import reach
from tidings.storage.dialect import AnyRow, insert, lock
from tidings.storage.engine import Database
from tidings.storage.errors import Fenced
from tidings.storage.installation_tables import leases

L = leases.c
DAEMON = "daemon"
LASTS = timedelta(seconds=60)  # without a sign of life, after which another may take it


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A hold on the work."""

    token: int
    holder: str  # of one start of one process, like no other's
    host: str
    process: int
    since: datetime
    seen_at: datetime
    until: datetime


class SqlLeases:
    """The lease of the daemon."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, *, holder: str, host: str, process: int, now: datetime, known_dead: Callable[[Lease], bool]
    ) -> Lease | None:
        """Take the lease; None: another holds it, see `held`.

        Args:
            known_dead: whether a holder is certainly gone although its lease runs on.
        """

        def work(connection: Connection) -> Lease | None:
            lock(connection, DAEMON)
            row = _row(connection)
            before = None if row is None else _to_lease(row)
            if before is not None and _runs(before, now) and not known_dead(before):
                return None
            mine = Lease(
                token=1 if before is None else before.token + 1,
                holder=holder,
                host=host,
                process=process,
                since=now,
                seen_at=now,
                until=now + LASTS,
            )
            values = {name: getattr(mine, name) for name in ("token", "holder", "host", "process", "since")}
            values |= {"seen_at": mine.seen_at, "until": mine.until}
            connection.execute(
                insert(connection, leases)
                .values(name=DAEMON, **values)
                .on_conflict_do_update(index_elements=[L.name], set_=values)
            )
            return mine

        return await self._database.write(work)

    async def renew(self, lease: Lease, now: datetime) -> None:
        """A sign of life.

        Raises:
            Fenced: another has taken the lease.
        """

        def work(connection: Connection) -> None:
            require(connection, lease)
            reach("lease_renew")
            connection.execute(update(leases).where(L.name == DAEMON).values(seen_at=now, until=now + LASTS))

        await self._database.write(work)

    async def release(self, lease: Lease, now: datetime) -> None:
        """Others may take it at once; one that was taken from us stays theirs."""
        mine = (L.name == DAEMON, L.token == lease.token)
        await self._database.write(
            lambda connection: connection.execute(update(leases).where(*mine).values(seen_at=now, until=now))
        )

    async def held(self) -> Lease | None:
        """Who holds it, or held it last."""
        row = await self._database.read(_row)
        return None if row is None else _to_lease(row)


def require(connection: Connection, lease: Lease) -> None:
    """Let nobody write but the holder of the lease.

    Raises:
        Fenced: another has taken it.
    """
    row = _row(connection)
    if row is None or row.token != lease.token:
        by = "nobody knows who" if row is None else f"process {row.process} on {row.host}"
        raise Fenced(
            f"another `tidings run` ({by}) has taken over the database; this one ends and writes nothing more"
        )


def _row(connection: Connection) -> AnyRow | None:
    return connection.execute(select(leases).where(L.name == DAEMON)).one_or_none()


def _runs(lease: Lease, now: datetime) -> bool:
    """Whether the holder may still be at work. One dated far ahead saw another clock, and would hold it for ever."""
    return now < lease.until <= now + LASTS + LASTS


def _to_lease(row: AnyRow) -> Lease:
    return Lease(
        token=row.token,
        holder=row.holder,
        host=row.host,
        process=row.process,
        since=row.since,
        seen_at=row.seen_at,
        until=row.until,
    )
