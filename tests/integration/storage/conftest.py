"""The stores that the contract runs against: memory, SQLite, and PostgreSQL where a server is installed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine, create_engine, event, text

from tests.fakes.stores import MemoryStores
from tests.integration.storage.at_once import WORKERS
from tidings.storage import word_index
from tidings.storage.engine import Database
from tidings.storage.every_table import metadata
from tidings.storage.stores import Stores


@pytest.fixture
def database(tmp_path: Path, sqlite_database: Database) -> Iterator[Database]:
    """An empty SQLite database of the test's own, to be closed, broken or killed."""
    empty(sqlite_database)
    shutil.copy(sqlite_file(sqlite_database), tmp_path)
    opened = Database.open("sqlite", state_dir=tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def sql(request: pytest.FixtureRequest) -> Database:
    """An empty database of each kind."""
    kept: Database = request.getfixturevalue(f"{request.param}_database")
    empty(kept)
    return kept


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> Any:
    """The stores of each kind, empty; `Any` because fakes and stores share their ports, not their classes."""
    if request.param == "memory":
        return MemoryStores()
    kept: Database = request.getfixturevalue(f"{request.param}_database")
    empty(kept)
    return Stores(kept)


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One SQLite database for the session; compiled statements are kept with it, which is most of the time."""
    opened = Database.open("sqlite", state_dir=tmp_path_factory.mktemp("kept"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql_database(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One PostgreSQL database for the session."""
    opened = Database.open(postgres, state_dir=tmp_path_factory.mktemp("unused"))
    yield opened
    opened.close()


@pytest.fixture
def workers(postgresql_database: Database, postgres: str, tmp_path: Path) -> Iterator[tuple[Stores, ...]]:
    """The stores of some workers on one server, empty; each has connections of its own, as processes have."""
    empty(postgresql_database)
    opened = [Database.open(postgres, state_dir=tmp_path) for _ in range(WORKERS)]
    yield tuple(map(Stores, opened))
    for one in opened:
        one.close()


def empty(database: Database) -> None:
    """Delete all rows."""

    def rows(connection: sqlalchemy.Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        word_index.clear(connection)

    asyncio.run(database.write(rows))


def sqlite_file(database: Database) -> Path:
    """The file of a SQLite database."""
    found = asyncio.run(
        database.read(lambda connection: connection.exec_driver_sql("PRAGMA database_list").all())
    )
    return Path(found[0][2])


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of its own, for migrations."""
    if request.param == "sqlite":
        made = create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
        event.listen(
            made, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON")
        )  # as the program does
    else:
        url = request.getfixturevalue("postgres").replace("postgresql:", "postgresql+psycopg:")
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE upgraded"))
        made = create_engine(url.replace("/postgres?", "/upgraded?"))
    yield made
    made.dispose()
    if request.param == "postgresql":
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE upgraded"))
        admin.dispose()
