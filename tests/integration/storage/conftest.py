"""The stores that the contract runs against: memory, SQLite, and PostgreSQL where a server is installed."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine, create_engine, event, text

from tests.fakes.stores import MemoryStores
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a private PostgreSQL server on a socket, ended with the session."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.skip("no PostgreSQL server is installed in /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="tidings-pg-"))
    options: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    initdb = [binaries[-1] / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, capture_output=True, **options)
    quick = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses="]
    server = subprocess.Popen(
        [
            binaries[-1] / "postgres",
            *("-D", data, "-k", folder),
            *(part for one in quick for part in ("-c", one)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **options,
    )
    try:
        url = f"postgresql://postgres@/postgres?host={folder}"
        _await(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)
        shutil.rmtree(folder)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    while server.poll() is None:
        try:
            engine.connect().close()
        except sqlalchemy.exc.OperationalError:
            continue
        engine.dispose()
        return
    pytest.fail("the PostgreSQL server ended before it answered")


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
