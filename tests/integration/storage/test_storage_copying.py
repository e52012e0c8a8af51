"""Copies of a SQLite file while it is written to."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tidings.storage.copying import copy
from tidings.storage.engine import FILE, Database, StorageError, Waits

WAITS = Waits(busy=0.02, patience=0.1)
ROWS = 200


@pytest.fixture
def other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another's connection to a file of some hundred pages; it waits for nobody."""
    with closing(sqlite3.connect(tmp_path / FILE, timeout=0, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE pages (number INTEGER PRIMARY KEY, at INTEGER, body BLOB)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO pages VALUES (?, 0, zeroblob(4000))", [(n,) for n in range(ROWS)])
        connection.execute("COMMIT")
        yield connection


def found(file: Path) -> list[tuple[int, ...]]:
    """The times in the rows, each with its number of rows."""
    with closing(sqlite3.connect(file)) as copied:
        assert copied.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return copied.execute("SELECT at, count(*) FROM pages GROUP BY at").fetchall()


def test_others_write_between_the_pieces_of_a_copy(tmp_path: Path, other: sqlite3.Connection) -> None:
    """Without waiting. However much they write, the copy ends, and shows one moment of the file."""
    written = 0

    def write(_: float) -> None:
        nonlocal written
        written += 1
        other.execute("UPDATE pages SET at = ?", (written,))

    copy(tmp_path / FILE, tmp_path / "copy", waits=WAITS, piece=1, pause=write)

    assert written == 4  # after the first piece of 1, 4, 16 and 64 pages; the next is the whole file
    assert found(tmp_path / "copy") == [(written, ROWS)]


def test_a_copy_of_a_file_at_rest_is_made_once(tmp_path: Path, other: sqlite3.Connection) -> None:
    """In as many pieces as there are."""
    pauses: list[float] = []
    (pages,) = other.execute("PRAGMA page_count").fetchone()

    copy(tmp_path / FILE, tmp_path / "copy", waits=WAITS, piece=10, pause=pauses.append)

    assert len(pauses) == pages // 10
    assert found(tmp_path / "copy") == [(0, ROWS)]


def test_a_copy_that_fails_leaves_no_file(tmp_path: Path, other: sqlite3.Connection) -> None:
    """Half a copy is none: of a file that stays locked, one that is missing, and into a folder that is."""
    other.execute("BEGIN EXCLUSIVE")

    for file, target in ((FILE, "copy"), ("missing", "copy"), (FILE, "missing/copy")):
        with pytest.raises(StorageError, match="no copy could be written"):
            copy(tmp_path / file, tmp_path / target, waits=WAITS)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


async def test_a_copy_waits_for_a_locked_file(tmp_path: Path, database: Database) -> None:
    """For longer than one try."""
    database.close()
    patient = Database.open("sqlite", state_dir=tmp_path, waits=Waits(busy=0.02, patience=60))
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        backup = asyncio.create_task(patient.backup(tmp_path / "copy"))
        await asyncio.wait([backup], timeout=0.2)
        other.execute("ROLLBACK")
    await backup
    patient.close()

    assert (tmp_path / "copy").read_bytes()[:6] == b"SQLite"
