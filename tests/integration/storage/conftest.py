"""The stores that the contract runs against: memory, SQLite, and PostgreSQL where a server is installed."""

from __future__ import annotations

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

from tests.fakes.stores import MemoryStores
from tidings.storage.engine import FILE, Database
from tidings.storage.schema import VERSION_TABLE
from tidings.storage.stores import Stores
from tidings.storage.tables import metadata


@pytest.fixture
def database(tmp_path: Path, empty_file: Path) -> Iterator[Database]:
    """An empty SQLite database."""
    yield from _opened("sqlite", tmp_path, empty_file)


@pytest.fixture(params=["sqlite", "postgresql"])
def sql(request: pytest.FixtureRequest, tmp_path: Path, empty_file: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    url = "sqlite" if request.param == "sqlite" else _emptied(request.getfixturevalue("postgres"))
    yield from _opened(url, tmp_path, empty_file)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, empty_file: Path) -> Iterator[Any]:
    """The stores of each kind, empty; `Any` because fakes and stores share their ports, not their classes."""
    if request.param == "memory":
        yield MemoryStores()
        return
    url = "sqlite" if request.param == "sqlite" else _emptied(request.getfixturevalue("postgres"))
    for opened in _opened(url, tmp_path, empty_file):
        yield Stores(opened)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    Database.open("sqlite", state_dir=folder).close()
    return folder / FILE


def _opened(url: str, folder: Path, empty_file: Path) -> Iterator[Database]:
    if url == "sqlite":
        shutil.copy(empty_file, folder)
    opened = Database.open(url, state_dir=folder)
    yield opened
    opened.close()


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


def _emptied(url: str) -> str:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        if sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.execute(sqlalchemy.text(f"TRUNCATE {names}"))
    engine.dispose()
    return url
