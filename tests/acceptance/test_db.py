"""`tidings db …` on real files: upgrade, backup, restore and check as an operator runs them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine
from typer.testing import CliRunner

from tests.acceptance.conftest import Done, configure, tidings
from tests.integration.storage.test_storage_schema import migrations
from tidings import opening
from tidings.cli import app
from tidings.lock import DaemonLock, lock_file
from tidings.storage import schema
from tidings.storage.copying import MARK
from tidings.storage.engine import FILE, Database
from tidings.storage.errors import Full
from tidings.storage.lanes import Waits
from tidings.storage.sqlite import InUse

Place = Callable[..., Done]
NEWEST = schema.REVISIONS[-1]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """`tidings` in this process, on a configuration and a state of its own."""
    where = ["--config", str(tmp_path / "config"), "--state", str(tmp_path / "state")]

    def run(*words: object) -> Done:
        done = CliRunner().invoke(app, [*map(str, words), *where])
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder beside a small configuration; there is no database yet."""
    configure(tmp_path / "config")
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture
def database(state: Path) -> Path:
    """A database of this version."""
    Database.open("sqlite", state_dir=state).close()
    return state / FILE


@pytest.fixture
def old(state: Path) -> Path:
    """A database of schema 0009 with a source in it."""
    engine = create_engine(f"sqlite:///{state / FILE}")
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        connection.exec_driver_sql(
            "INSERT INTO sources (id, kind, url, configured, paused, operator_paused, added_at, state, failures, "
            "skip_hours, skip_days, scrolled) VALUES ('times', 'feed', 'https://times.example/', 1, 0, 0, "
            "'2026-01-01 00:00:00.000000', 'ok', 0, '[]', '[]', 0)"
        )
    engine.dispose()
    return state / FILE


def ask(file: Path, query: str) -> Any:
    """The first value of a query."""
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute(query).fetchone()[0]


def revision(file: Path) -> str:
    return str(ask(file, f"SELECT version_num FROM {schema.VERSION_TABLE}"))


def backups(state: Path) -> list[Path]:
    return sorted(state.glob("before-upgrade-*"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- upgrade ---------------------------------------------------------------------------------------


def test_an_old_database_is_refused_by_those_who_work_on_it(place: Place, old: Path) -> None:
    """With the remedy, and nothing is changed."""
    for words in (("run",), ("once",), ("status",)):
        done = place(*words)
        assert (done.code, "tidings db upgrade" in done.err) == (1, True), words
    assert revision(old) == "0009"


def test_an_upgrade_makes_a_backup_first(place: Place, state: Path, old: Path) -> None:
    """Named by schema and time, for the owner alone, whole; the words say where it lies."""
    done = place("db", "upgrade")

    (kept,) = backups(state)
    assert done.code == 0, done.err
    assert done.out == f"the database went from schema 0009 to {NEWEST}; a backup of before lies at {kept}\n"
    assert kept.name.startswith("before-upgrade-from-0009-2")
    assert (mode(kept), revision(kept), revision(old)) == (0o600, "0009", NEWEST)
    assert ask(kept, "SELECT count(*) FROM sources") == ask(old, "SELECT count(*) FROM sources") == 1
    assert place("db", "upgrade").out == f"the database is at schema {NEWEST} already; nothing was done\n"
    assert backups(state) == [kept]


def test_the_last_three_backups_of_before_upgrades_are_kept(place: Place, state: Path, old: Path) -> None:
    """By their times, whatever their schema."""
    for name in ("0008-20260101", "0002-20260301", "0003-20260201", "0001-20260401"):
        (state / f"before-upgrade-from-{name}T000000Z.sqlite").touch()
    assert place("db", "upgrade").code == 0

    first, second, newest = (one.name for one in backups(state))
    assert (first[20:33], second[20:33], newest[20:24]) == ("0001-20260401", "0002-20260301", "0009")


@pytest.mark.parametrize(("start", "step"), [("0001", 1), ("0001", 9), ("0009", 1)])
def test_an_upgrade_that_is_interrupted_leaves_the_old_schema(
    place: Place, tmp_path: Path, state: Path, start: str, step: int
) -> None:
    """Killed after the first step, or after the last of them; the next upgrade goes all the way."""
    engine = create_engine(f"sqlite:///{state / FILE}")
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, start)
    engine.dispose()
    environment = {
        "TIDINGS_CONFIG": str(tmp_path / "config"),
        "TIDINGS_STATE": str(state),
        "TIDINGS_FAILPOINT": f"schema_migrate:{step}",
    }
    assert tidings("db", "upgrade", env=environment).code == -9
    assert revision(state / FILE) == start
    assert place("db", "upgrade").code == 0
    assert revision(state / FILE) == NEWEST


def test_a_daemon_at_work_keeps_the_upgrade_and_the_restore_away(
    place: Place, state: Path, old: Path
) -> None:
    """It is named, and nothing is changed."""
    with DaemonLock(lock_file("sqlite", state)):
        for words in (("upgrade",), ("restore", old)):
            done = place("db", *words)
            assert done.code == 1
            assert f"`tidings run` (process {os.getpid()}" in done.err
            assert "stop it first" in done.err
    assert (revision(old), backups(state)) == ("0009", [])


def test_a_command_that_has_the_database_open_keeps_them_away_too(
    place: Place, old: Path, tmp_path: Path
) -> None:
    """For it would go on with the old file, or the old tables."""
    shutil.copy(old, tmp_path / "copy")
    at_work = InUse(old)
    try:
        for words in (("upgrade",), ("restore", tmp_path / "copy")):
            done = place("db", *words)
            assert (done.code, "another tidings command has" in done.err) == (1, True), done
    finally:
        at_work.close()
    assert revision(old) == "0009"


def test_an_upgrade_without_room_for_its_backup_changes_nothing(
    state: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is free and what is needed."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(Full, match=r"there is no room in .*: 0 MiB are free, the copy needs 16 MiB"):
        Database.upgrade("sqlite", state_dir=state)
    assert revision(old) == "0009"


# -- backup and restore ----------------------------------------------------------------------------


def test_a_backup_is_one_whole_file_for_its_owner(place: Place, tmp_path: Path, database: Path) -> None:
    """Marked as a backup; nothing else is left beside it; the words give size and time."""
    (tmp_path / "safe").mkdir()
    done = place("db", "backup", tmp_path / "safe" / "copy")

    assert [one.name for one in (tmp_path / "safe").iterdir()] == ["copy"]
    assert (
        mode(tmp_path / "safe" / "copy"),
        ask(tmp_path / "safe" / "copy", f"SELECT count(*) FROM {MARK}"),
    ) == (0o600, 1)
    assert done.out.startswith(f"{tmp_path / 'safe' / 'copy'}: 0.")
    assert done.out.endswith(" s, read through and sound\n")


def test_a_folder_takes_backups_by_their_times(place: Place, tmp_path: Path, database: Path) -> None:
    """So that cron needs no date in its line."""
    (tmp_path / "safe").mkdir()
    assert place("db", "backup", tmp_path / "safe").code == 0

    (made,) = (tmp_path / "safe").iterdir()
    assert made.name.startswith("tidings-2")
    assert made.suffix == ".sqlite"


def test_a_file_that_exists_is_never_written_over(place: Place, tmp_path: Path, database: Path) -> None:
    """Whatever it is."""
    (tmp_path / "mine").write_text("precious")
    done = place("db", "backup", tmp_path / "mine")

    assert (done.code, "exists already; name a new file" in done.err) == (1, True)
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_restore_keeps_the_database_that_was_there(place: Place, tmp_path: Path, database: Path) -> None:
    """Under another name beside it, and says so; a damaged one too."""
    assert place("db", "backup", tmp_path / "copy").code == 0
    whole = database.read_bytes()
    database.write_bytes(b"x" * 20_000)
    done = place("db", "restore", tmp_path / "copy")

    assert done.code == 0, done.err
    (aside,) = database.parent.glob(f"{FILE}.replaced-*")
    assert aside.read_bytes() == b"x" * 20_000
    assert f"is {aside} now" in done.out
    assert "the database is a backup of" in done.out
    assert database.stat().st_size >= len(whole)
    assert place("db", "check").code == 0
    assert place("status").code == 0
    assert ask(tmp_path / "copy", f"SELECT count(*) FROM {MARK}") == 1  # the backup itself is as it was


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "there is no file"),
        (lambda path: path.write_text("Dear diary, " * 1000), "not a database"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE mine (n)"), "is no database of tidings"),
    ],
)
def test_what_is_no_backup_is_not_put_in_place(
    place: Place, tmp_path: Path, database: Path, make: Callable[[Path], object], words: str
) -> None:
    """The database stays as it is."""
    before = database.read_bytes()
    make(tmp_path / "other")
    done = place("db", "restore", tmp_path / "other")

    assert (done.code, words in done.err) == (1, True), done.err
    assert database.read_bytes() == before
    assert not list(database.parent.glob("*.re*"))


def test_an_older_backup_is_put_in_place_and_wants_an_upgrade(
    place: Place, tmp_path: Path, old: Path
) -> None:
    """As the way back from an upgrade that failed; it goes on as a backup after that."""
    shutil.move(old, tmp_path / "old")
    done = place("db", "restore", tmp_path / "old")
    assert "now run `tidings db upgrade`" in done.out
    assert place("db", "upgrade").code == 0
    assert "the database is a backup of" in place("once").err
    assert "the database is a backup of" not in place("once").err


# -- check -----------------------------------------------------------------------------------------


def test_a_sound_database_is_told_in_peoples_terms(place: Place, state: Path, database: Path) -> None:
    """Beside one who works on it; not a byte is changed, and no file is made."""
    opened = Database.open("sqlite", state_dir=state)
    try:
        before = {path.name: path.read_bytes() for path in state.iterdir()}
        done, facts = place("db", "check"), place("db", "check", "--json")
        assert {path.name: path.read_bytes() for path in state.iterdir()} == before
    finally:
        opened.close()
    assert (done.code, done.out.splitlines()[-1]) == (0, "all is well")
    assert f"schema    {NEWEST}" in done.out
    found = json.loads(facts.out)
    assert (found["problems"], found["counts"]["articles"], found["revision"]) == ([], 0, NEWEST)


def test_a_damaged_database_is_told_with_the_way_back(place: Place, database: Path) -> None:
    """And left as it is."""
    with closing(sqlite3.connect(database)) as opened:
        page_size = opened.execute("PRAGMA page_size").fetchone()[0]
        (page,) = opened.execute("SELECT rootpage FROM sqlite_master WHERE name = 'articles'").fetchone()
    with database.open("r+b") as raw:
        raw.seek((page - 1) * page_size)
        raw.write(b"\xff" * 200)
    before = database.read_bytes()
    done = place("db", "check")

    assert (done.code, "tidings db restore FILE" in done.out) == (1, True), done
    assert database.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"Dear diary, " * 1000])
def test_a_file_that_is_no_database_is_told(place: Place, state: Path, content: bytes) -> None:
    """An empty one too."""
    (state / FILE).write_bytes(content)
    done = place("db", "check")
    assert done.code == 1, done
    assert "problem" in done.out


def test_states_that_cannot_be_are_told(place: Place, database: Path) -> None:
    """Each with its number."""
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute(
            "INSERT INTO messages (key, subject, text, html, data, created_at, digest_id, kind) "
            "VALUES ('k', '', '', '', '', '2026-01-01 00:00:00.000000', 'd', 'digest')"
        )
        opened.execute(
            "INSERT INTO deliveries (id, message_key, channel_id, recipient, state, attempts, created_at, refused, "
            "asked, held_up) VALUES ('x', 'k', 'c', 'r', 'pending', 0, '2026-01-01 00:00:00.000000', 0, 0, 0), "
            "('y', 'gone', 'c', 'r', 'sent', 1, '2026-01-01 00:00:00.000000', 0, 0, 0)"
        )
    assert "a row of deliveries points to a missing row of messages" in place("db", "check").out
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("UPDATE deliveries SET message_key = 'k'")
    done = place("db", "check")
    assert "1 × delivery that waits for no time" in done.out
    assert "1 × delivery that was sent at no time" in done.out
    assert done.code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("sources", "list"),
        ("deliveries", "list"),
        ("stories", "list"),
        ("search", "chips"),
        ("quarantine", "list"),
        ("channels", "list"),
        ("suggest", "chips"),
        ("report", "--json"),
        ("impact",),
    ],
    ids=" ".join,
)
def test_looking_makes_no_database(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Before the first start there is nothing to see, and nothing is begun by looking."""
    configure(tmp_path / "config")
    options = ("--config", str(tmp_path / "config"), "--state", str(tmp_path / "state"))
    done = CliRunner().invoke(app, [*words, *options])

    assert done.exit_code == 0, done.output
    assert [one.name for one in tmp_path.iterdir()] == ["config"]


@pytest.mark.parametrize("words", [("status",), ("db", "check")], ids=" ".join)
def test_whoever_looks_waits_seconds_for_a_locked_file(
    place: Place, database: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Another program holds it: one line says so, while somebody sits before it."""
    assert opening.BRISK.busy <= 3
    monkeypatch.setattr(opening, "BRISK", Waits(busy=0.1, patience=0.1))
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = monotonic()
        done = place(*words)
        waited = monotonic() - began

    assert waited < opening.PATIENT.busy
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "locked" in done.err
