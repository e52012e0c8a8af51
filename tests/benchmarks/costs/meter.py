"""What a piece of work takes on both sides: CPU of our processes and of the server's, the clock, its log and its tables."""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text

from tests.benchmarks.costs.file import Cost
from tests.benchmarks.polling.processes import family

_STORED = text(
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_LOGGED = text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured run, for each unit of its work."""

    cpu: float  # seconds, of this process and its children
    wall: float  # seconds
    server: float  # CPU seconds of all processes of the server
    logged: float  # bytes of the write-ahead log
    stored: float  # bytes by which tables and indexes grew
    asked: float  # statements sent to the server, not those of the queue


@dataclass(slots=True)
class Meter:
    """Measures on one database of a server of ours.

    Args:
        url: of the database.
        aside: numbers of child processes that play the outside world; what they take is not counted.
    """

    url: str
    aside: tuple[int, ...] = ()
    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    wire: dict[str, float] = field(default_factory=dict)  # bytes of a unit both ways, where that is known
    _engine: Engine = field(init=False)
    _server: int = field(init=False)
    _asked: int = 0

    def __post_init__(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._count)
        self._engine = create_engine(
            self.url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with self._engine.connect() as connection:
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        self._server = _parent(backend)

    @asynccontextmanager
    async def run(self, name: str, units: int | Sized) -> AsyncIterator[None]:
        """Measure the block as one run of `name` on so many units, or on as many as a list holds when it has ended."""
        stored, logged = self._ask()
        asked = self._asked
        cpu, server, began = self._cpu(), cpu_of(self._server), time.perf_counter()
        yield
        wall, asked = time.perf_counter() - began, self._asked - asked
        cpu, server = self._cpu() - cpu, cpu_of(self._server) - server
        after = self._ask()
        number = units if isinstance(units, int) else len(units)
        if number < 1:
            raise AssertionError(f"{name}: the run did nothing")
        self.runs[name].append(
            Run(
                cpu=cpu / number,
                wall=wall / number,
                server=server / number,
                logged=(after[1] - logged) / number,
                stored=(after[0] - stored) / number,
                asked=asked / number,
            )
        )

    def costs(self) -> dict[str, Cost]:
        """Medians of all runs so far, in the order in which they were begun."""
        return {name: _middle(runs, self.wire.get(name, 0.0)) for name, runs in self.runs.items()}

    def close(self) -> None:
        event.remove(Engine, "before_cursor_execute", self._count)
        self._engine.dispose()

    def _count(self, *_: object) -> None:
        self._asked += 1

    def _ask(self) -> tuple[float, float]:
        with self._engine.connect() as connection:
            stored, logged = (float(connection.execute(one).scalar_one()) for one in (_STORED, _LOGGED))
        return stored, logged

    def _cpu(self) -> float:
        others = sum(cpu_of(pid) for pid in (*self.aside, self._server))
        return cpu_of(os.getpid()) - others


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its living descendants, finer than by ticks; those that ended are left out."""
    spent = 0
    for one in family(pid):
        for thread in Path(f"/proc/{one}/task").glob("*/schedstat"):
            with suppress(OSError):  # it ended meanwhile
                spent += int(thread.read_text().split()[0])
    return spent / 1e9


def _middle(runs: list[Run], wire: float) -> Cost:
    cpu = [run.cpu for run in runs]
    middle = statistics.median(cpu)
    return Cost(
        cpu_ms=middle * 1e3,
        wall_ms=statistics.median(run.wall for run in runs) * 1e3,
        server_ms=statistics.median(run.server for run in runs) * 1e3,
        wal_bytes=statistics.median(run.logged for run in runs),
        stored_bytes=statistics.mean(run.stored for run in runs),  # tables grow by whole pages
        statements=statistics.median(run.asked for run in runs),
        wire_bytes=wire,
        runs=len(runs),
        spread=(max(cpu) - min(cpu)) / middle if middle else 0.0,
    )


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
