"""`HostStore` on the database: which hosts want no request for a while, robots.txt files, pages of a day and what recurs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select, update

from crawler.budget import first_hour, hour_of
from crawler.ports import RobotsFile
from tidings.storage.dialect import insert, lock
from tidings.storage.engine import Database
from tidings.storage.tables import host_habits, host_holds, host_pages, robots_files
from tidings.storage.turns import forget_turns

H = host_holds.c
R = robots_files.c
P = host_pages.c
T = host_habits.c

LONGEST = timedelta(
    days=8
)  # that anything of a host is kept; what ends later was put down by a clock far ahead
HABITS_FOR = timedelta(days=400)  # after the last article of a host


class SqlHosts:
    """Remembers for all processes of an installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holds(self, now: datetime) -> Mapping[str, datetime]:
        """See `HoldStore.holds`."""

        def step(connection: Connection) -> dict[str, datetime]:
            rows = connection.execute(select(H.host, H.until).where(H.until > now))
            return {row.host: row.until for row in rows}

        return await self._database.read(step)

    async def hold(self, host: str, until: datetime) -> None:
        """See `HoldStore.hold`."""

        def step(connection: Connection) -> None:
            new = insert(connection, host_holds).values(host=host, until=until)
            later = {"until": new.excluded.until}
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=[H.host], set_=later, where=new.excluded.until > H.until
                )
            )

        await self._database.write(step)

    async def robots(self, origin: str) -> RobotsFile | None:
        """See `RobotsStore.robots`."""

        def step(connection: Connection) -> RobotsFile | None:
            row = connection.execute(select(robots_files).where(R.origin == origin)).first()
            return None if row is None else RobotsFile(**row._mapping)

        return await self._database.read(step)

    async def keep_robots(self, file: RobotsFile) -> None:
        """See `RobotsStore.keep_robots`."""
        facts = {
            "text": file.text,
            "problem": file.problem,
            "fetched_at": file.fetched_at,
            "until": file.until,
        }

        def step(connection: Connection) -> None:
            new = insert(connection, robots_files).values(origin=file.origin, **facts)
            connection.execute(new.on_conflict_do_update(index_elements=[R.origin], set_=facts))

        await self._database.write(step)

    async def count_page(self, host: str, now: datetime, *, most: int | None) -> bool:
        """See `PageCounts.count_page`."""

        def step(connection: Connection) -> bool:
            if most is not None:
                lock(connection, f"pages of {host}")
                lately = select(func.sum(P.pages)).where(P.host == host, P.hour >= first_hour(now))
                if (connection.execute(lately).scalar_one() or 0) >= most:
                    return False
            new = insert(connection, host_pages).values(host=host, hour=hour_of(now), pages=1)
            more = {"pages": P.pages + 1}
            connection.execute(new.on_conflict_do_update(index_elements=[P.host, P.hour], set_=more))
            return True

        return await self._database.write(step)

    async def uncount_page(self, host: str, at: datetime) -> None:
        """See `PageCounts.uncount_page`."""
        counted = update(host_pages).where(P.host == host, P.hour == hour_of(at), P.pages > 0)
        await self._database.write(lambda c: c.execute(counted.values(pages=P.pages - 1)).rowcount)

    async def habits(self, host: str) -> bytes:
        """See `HabitStore.habits`."""
        kept = select(T.packed).where(T.host == host)
        return await self._database.read(lambda c: c.execute(kept).scalar_one_or_none() or b"")

    async def keep_habits(self, host: str, packed: bytes, now: datetime) -> None:
        """See `HabitStore.keep_habits`."""
        facts = {"kept_at": now, "packed": packed}

        def step(connection: Connection) -> None:
            new = insert(connection, host_habits).values(host=host, **facts)
            connection.execute(new.on_conflict_do_update(index_elements=[T.host], set_=facts))

        await self._database.write(step)


def forget_hosts(connection: Connection, now: datetime) -> int:
    """Drop what counts no longer; returns how much."""
    dropped = forget_turns(connection)
    for table in (host_holds, robots_files):
        until = table.c.until
        over = or_(until <= now, until > now + LONGEST)
        dropped += connection.execute(delete(table).where(over)).rowcount
    dropped += connection.execute(delete(host_habits).where(T.kept_at < now - HABITS_FOR)).rowcount
    return dropped + connection.execute(delete(host_pages).where(P.hour < first_hour(now))).rowcount
