"""What is remembered of the installation as a whole: a few named values."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from tidings.storage.dialect import insert
from tidings.storage.engine import Database
from tidings.storage.installation_tables import installation

N = installation.c
_PROBE = "probe"
_TIDIED = "tidied_at"


class SqlInstallation:
    """Named values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def probe(self, now: datetime) -> None:
        """Write something small, to see whether that can be done.

        Raises:
            StorageError: it cannot.
        """
        await self._database.write(lambda connection: put(connection, _PROBE, now.isoformat()))

    async def tidied(self, now: datetime) -> None:
        """What is old was dropped."""
        await self._database.write(lambda connection: put(connection, _TIDIED, now.isoformat()))

    async def share(self, name: str, value: str) -> str:
        """What is remembered under a name: `value`, where nothing was before. All processes get the same."""

        def step(connection: Connection) -> str:
            known = get(connection, name)
            if known is None:
                connection.execute(
                    insert(connection, installation).values(name=name, value=value).on_conflict_do_nothing()
                )
                known = get(connection, name)
            assert known is not None
            return known

        return await self._database.write(step)

    async def tidied_at(self) -> datetime | None:
        """When that was done last."""
        found = await self._database.read(lambda connection: get(connection, _TIDIED))
        return None if found is None else datetime.fromisoformat(found)


def put(connection: Connection, name: str, value: str) -> None:
    """Remember a value under a name, instead of the one before."""
    connection.execute(
        insert(connection, installation)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=[N.name], set_={"value": value})
    )


def get(connection: Connection, name: str) -> str | None:
    """The value of a name."""
    found = connection.execute(select(N.value).where(N.name == name)).scalar()
    return None if found is None else str(found)


def drop(connection: Connection, name: str) -> None:
    """Forget a name."""
    connection.execute(delete(installation).where(N.name == name))
