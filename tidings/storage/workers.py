"""Who works for this installation: a row for each worker process, with its signs of life by the clock of the database.

Only on PostgreSQL, where work may be shared; a SQLite file has no workers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, null, select

from tidings.storage import claims
from tidings.storage.dialect import AnyRow, insert
from tidings.storage.engine import Database
from tidings.storage.worker_tables import workers

W = workers.c
_NOW = func.clock_timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker process, as it describes itself."""

    id: str
    host: str
    process: int
    version: str
    since: datetime
    places: int  # polls that it makes at once; 0: it makes none
    takes: tuple[str, ...] | None = None  # kinds of jobs that it performs; None: all, from before a choice
    configuration: str | None = None  # version of the settings that it goes by; None: it does not say
    doing: int = 0  # tasks in hand
    done: int = 0  # tasks since its start
    memory: int | None = None  # bytes resident
    counts: dict[str, int] = field(default_factory=dict)  # what its tasks did
    slow: tuple[str, ...] = ()  # ids of sources whose last poll took long
    seen: datetime | None = None  # its last sign of life
    silence: timedelta = timedelta(0)  # since then, by the clock of the database

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    """A worker that gave no sign of life, and how many claims it held."""

    worker: Worker
    freed: int


class SqlWorkers:
    """Signs of life, and what is done about those who give none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sign(self, worker: Worker) -> None:
        """A sign of life, the first or a later one."""
        facts: dict[str, Any] = {
            "host": worker.host,
            "process": worker.process,
            "version": worker.version,
            "since": worker.since,
            "places": worker.places,
            "doing": worker.doing,
            "done": worker.done,
            "memory": worker.memory,
            "counts": worker.counts,
            "slow": list(worker.slow),
            "takes": null() if worker.takes is None else list(worker.takes),
            "configuration": worker.configuration,
        }

        def step(connection: Connection) -> None:
            new = insert(connection, workers).values(id=worker.id, seen_at=_NOW, **facts)
            connection.execute(
                new.on_conflict_do_update(index_elements=[W.id], set_=facts | {"seen_at": _NOW})
            )

        await self._database.write(step)

    async def leave(self, worker_id: str) -> None:
        """An orderly end: what it still holds is free at once."""

        def step(connection: Connection) -> None:
            claims.free(connection, worker_id)
            connection.execute(delete(workers).where(W.id == worker_id))

        await self._database.write(step)

    async def bury(self, silent: timedelta) -> tuple[Buried, ...]:
        """Free what workers hold that gave no sign of life for so long, and forget them."""

        def step(connection: Connection) -> tuple[Buried, ...]:
            dead = connection.execute(
                _all().where(W.seen_at < _NOW - silent).with_for_update(skip_locked=True)
            ).all()
            buried = []
            for row in dead:
                freed = claims.free(connection, row.id)
                connection.execute(delete(workers).where(W.id == row.id))
                buried.append(Buried(worker=_worker(row), freed=freed))
            return tuple(buried)

        return await self._database.write(step)

    async def all(self) -> tuple[Worker, ...]:
        """All that have neither left nor been buried, the longest at work first; none on a SQLite file."""
        if self._database.is_sqlite:
            return ()
        rows = await self._database.read(lambda connection: connection.execute(_all()).all())
        return tuple(_worker(row) for row in rows)


def _all() -> Any:
    return select(workers, (_NOW - W.seen_at).label("silence")).order_by(W.since, W.id)


def _worker(row: AnyRow) -> Worker:
    return Worker(
        id=row.id,
        host=row.host,
        process=row.process,
        version=row.version,
        since=row.since,
        places=row.places,
        doing=row.doing,
        done=row.done,
        memory=row.memory,
        counts=dict(row.counts),
        slow=tuple(row.slow),
        takes=None if row.takes is None else tuple(row.takes),
        configuration=row.configuration,
        seen=row.seen_at,
        silence=max(row.silence, timedelta(0)),
    )
