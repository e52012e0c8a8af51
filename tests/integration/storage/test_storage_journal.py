"""A file that was written with another journal than this SQLite should use: it is taken over, or refused in words."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tidings.storage import engine
from tidings.storage.engine import FILE, Database, StorageError, Waits

HURRIED = Waits(busy=0.05, patience=0.2)
ROW = "INSERT INTO installation (name, value) VALUES ('left', 'behind')"


@pytest.fixture
def died(tmp_path: Path) -> Path:
    """A database whose last program died, with a committed row that only its write-ahead log holds."""
    live = tmp_path / "live"
    live.mkdir()
    Database.open("sqlite", state_dir=live).close()
    with closing(sqlite3.connect(live / FILE, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("PRAGMA wal_autocheckpoint=0")
        opened.execute(ROW)
        (tmp_path / "state").mkdir()
        for name in (FILE, f"{FILE}-wal"):
            shutil.copy(live / name, tmp_path / "state" / name)
    return tmp_path / "state"


def kept(file: Path) -> list[tuple[str, ...]]:
    """The row that was left behind."""
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute("SELECT value FROM installation WHERE name = 'left'").fetchall()


def mode(file: Path) -> str:
    """The journal that the file asks for."""
    with closing(sqlite3.connect(file)) as opened:
        return str(opened.execute("PRAGMA journal_mode").fetchone()[0])


@pytest.fixture(params=["delete", "wal"])
def wanted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The journal of a SQLite with the race, and of one without."""
    monkeypatch.setattr(engine, "journal_for", lambda _: (request.param, "a note"))
    return str(request.param)


def test_what_a_write_ahead_log_holds_is_kept_whatever_this_sqlite_uses(died: Path, wanted: str) -> None:
    """It is merged into the file, which is then written with the journal of this SQLite."""
    Database.open("sqlite", state_dir=died).close()

    assert (kept(died / FILE), mode(died / FILE)) == ([("behind",)], wanted)
    if wanted == "delete":
        assert not (died / f"{FILE}-wal").exists()


def test_what_a_rollback_journal_undoes_is_undone_whatever_this_sqlite_uses(
    tmp_path: Path, wanted: str
) -> None:
    """A program died in the middle of a transaction that had reached the file."""
    live, state = tmp_path / "live", tmp_path / "state"
    live.mkdir()
    Database.open("sqlite", state_dir=live).close()
    state.mkdir()
    with closing(sqlite3.connect(live / FILE, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
        opened.execute("PRAGMA cache_size=1")  # so that pages reach the file before the commit
        opened.execute("BEGIN")
        opened.execute(ROW)
        for number in range(200):
            opened.execute("INSERT INTO installation (name, value) VALUES (?, ?)", (f"n{number}", "x" * 3000))
        for name in (FILE, f"{FILE}-journal"):
            shutil.copy(live / name, state / name)
        opened.execute("ROLLBACK")
    Database.open("sqlite", state_dir=state).close()

    assert (kept(state / FILE), mode(state / FILE)) == ([], wanted)


def test_a_file_that_another_program_holds_in_the_unsafe_journal_is_refused(
    died: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do; nothing of it is lost."""
    monkeypatch.setattr(engine, "journal_for", lambda _: ("delete", "a note"))
    with closing(sqlite3.connect(died / FILE, isolation_level=None)) as other:
        other.execute("SELECT * FROM installation").fetchall()
        with pytest.raises(StorageError, match=r"locked|stop the other programs"):
            Database.open("sqlite", state_dir=died, waits=HURRIED)
    assert kept(died / FILE) == [("behind",)]


def test_a_check_reads_what_the_log_holds_and_changes_nothing(died: Path) -> None:
    """As beside a daemon whose SQLite uses one."""
    before = (died / FILE).read_bytes()
    found = Database.look("sqlite", state_dir=died)

    assert (found.problems, (died / FILE).read_bytes()) == ((), before)
