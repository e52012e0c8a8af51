"""Moving to a server: every table as it was, interrupted at any page, compared, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, create_engine, event, func, inspect, select, text

from crawler import failpoints
from tests.fakes import postgres as servers
from tests.fakes.every_row import START, fill
from tidings.storage import move_marks, restoring, schema, word_index
from tidings.storage.copying import copy
from tidings.storage.engine import FILE, Database, StorageError, Waits
from tidings.storage.every_table import metadata
from tidings.storage.installation_tables import leases
from tidings.storage.moving import Compared, Step, moving
from tidings.storage.outbox_tables import deliveries
from tidings.storage.sqlite import InUse
from tidings.storage.tables import articles, sources

NOW = START + timedelta(days=30)
ROWS, PAGE = 3, 2  # two pages to a table
SECRET = "hunter2"


@pytest.fixture
def target(postgres: str) -> Iterator[str]:
    """The address of an empty database."""
    with servers.database(postgres) as url:
        yield url


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose database has rows in each table."""
    folder = tmp_path_factory.mktemp("filled")
    Database.open("sqlite", state_dir=folder).close()
    with written(folder) as engine, engine.begin() as connection:
        fill(connection, ROWS)
    return folder


@pytest.fixture
def state(tmp_path: Path, filled: Path) -> Path:
    """The same, of the test's own."""
    return shutil.copytree(filled, tmp_path, dirs_exist_ok=True)


@contextmanager
def written(state: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{state / FILE}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    yield engine
    engine.dispose()


@contextmanager
def on_server(url: str) -> Iterator[Engine]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    yield engine
    engine.dispose()


def move(
    state: Path,
    target: str,
    *,
    source: str = "sqlite",
    anew: bool = False,
    hear: Callable[[Step], None] = lambda _: None,
) -> tuple[Compared, ...]:
    with moving(source, target, state_dir=state, hear=hear, page=PAGE) as found:
        return found.copy(lambda: NOW, anew=anew)


def verify(state: Path, target: str) -> tuple[Compared, ...]:
    with moving("sqlite", target, state_dir=state) as found:
        return found.verify()


def rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    """All of them, in an order that is the same everywhere."""
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()]
    return sorted(found, key=lambda row: repr([row[column.name] for column in table.primary_key.columns]))


class Interrupted(BaseException):
    """Like a kill: nothing that was not committed is kept."""


@contextmanager
def dying_at(*pages: int) -> Iterator[None]:
    """Interrupt the copying at these pages, counted from 1."""
    number = 0

    def watch(name: str) -> None:
        nonlocal number
        number += name == "copy_page"
        if name == "copy_page" and number in pages:
            raise Interrupted

    failpoints.watch(watch)
    try:
        yield
    finally:
        failpoints.watch(None)


def begun(state: Path, target: str, pages: int = 20) -> None:
    """Leave an unfinished copy."""
    with dying_at(pages), pytest.raises(Interrupted):
        move(state, target)


def test_every_table_stands_on_the_server_as_it_stood_in_the_file(state: Path, target: str) -> None:
    """Each value of each column, hard ones among them; claims and leases are free, and the words wait to be indexed."""
    compared = move(state, target)

    assert {one.table for one in compared if one.is_same and one.source.rows == ROWS} == set(metadata.tables)
    with written(state) as file, on_server(target) as server:
        for table in metadata.sorted_tables:
            expected = rows(file, table)
            for row in expected:
                if table in (sources, deliveries):
                    row["claimed_until"] = None
                if table is leases:
                    row["until"] = row["seen_at"]
                if table is articles:
                    row |= {"number": None, "words_print": None, "unindexed_since": row["first_seen_at"]}
            assert rows(server, table) == expected, table.name
    assert all(one.is_same for one in verify(state, target))
    Database.open(target, state_dir=state).close()


def test_all_that_the_file_holds_is_copied_or_made_anew(state: Path) -> None:
    """Beside the tables that are copied there is the index of words, and what names the schema."""
    with written(state) as file:
        there = {name for name in inspect(file).get_table_names() if not name.startswith(word_index.TABLE)}
    assert there == {*metadata.tables, schema.VERSION_TABLE}


def test_no_table_counts_its_rows_itself() -> None:
    """All numbers are given by the program; the sequence of a column that counts would have to be moved, too."""
    assert [one.name for one in metadata.sorted_tables if one.autoincrement_column is not None] == []


def test_a_copy_that_is_interrupted_at_each_page_goes_on_and_is_whole(state: Path, target: str) -> None:
    """Each page is written, lost before it is committed, and written again; none is written a third time."""
    pages: list[str] = []
    interrupted = 0
    while True:
        number = 0

        def watch(name: str) -> None:
            nonlocal number
            number += name == "copy_page"
            if name == "copy_page" and number == 2:  # the first is the one that was lost before
                raise Interrupted

        failpoints.watch(watch)
        try:
            compared = move(
                state, target, hear=lambda step: None if step.verifies else pages.append(step.table)
            )
            break
        except Interrupted:
            interrupted += 1
        finally:
            failpoints.watch(None)

    assert interrupted == 2 * len(metadata.tables) - 1
    assert sorted(pages) == sorted([*metadata.tables, *metadata.tables])
    assert all(one.is_same and one.source.rows == ROWS for one in compared)


def test_nobody_works_on_a_copy_that_is_not_whole(state: Path, target: str) -> None:
    """It says what to do; the whole one is opened."""
    begun(state, target)

    with pytest.raises(StorageError, match="unfinished copy, begun 2026-12-24 12:00Z; finish it with"):
        Database.open(target, state_dir=state)
    with pytest.raises(StorageError, match="unfinished copy; the same command without --verify finishes it"):
        verify(state, target)

    move(state, target)
    Database.open(target, state_dir=state).close()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            "UPDATE articles SET title = title || ' ' WHERE id = '000001'",
            "articles: 3 rows on both sides, which are not",
        ),
        (
            "DELETE FROM sightings WHERE article_id = '000002'",
            "sightings: 3 rows in the source, 2 in the target",
        ),
        (
            "UPDATE digests SET started_at = started_at + interval '1 microsecond'",
            "digests: 3 rows on both sides",
        ),
        (
            "INSERT INTO host_holds VALUES ('one more', now())",
            "host_holds: 3 rows in the source, 4 in the target",
        ),
    ],
)
def test_a_difference_is_found_and_the_copy_stays_unfinished(
    state: Path, target: str, harm: str, said: str
) -> None:
    """Whatever changed a row, took one away or added one after it was copied."""
    done: list[int] = []

    def harmed(step: Step) -> None:
        if step.verifies and not done:
            with on_server(target) as server, server.begin() as connection:
                done.append(connection.execute(text(harm)).rowcount)

    compared = move(state, target, hear=harmed)

    (different,) = [one for one in compared if not one.is_same]
    assert said in str(different)
    with pytest.raises(StorageError, match="unfinished"):
        Database.open(target, state_dir=state)
    assert all(one.is_same for one in move(state, target, anew=True))


def test_a_source_that_was_written_to_meanwhile_begins_anew(state: Path, target: str) -> None:
    """Its copy would be of two times; `--anew` empties it."""
    begun(state, target)
    with written(state) as file, file.begin() as connection:
        connection.execute(sources.update().values(last_polled_at=NOW))

    with pytest.raises(StorageError, match="or of this one before it was written to; --anew empties it"):
        move(state, target)
    assert all(one.is_same for one in move(state, target, anew=True))


def test_the_copy_of_another_source_is_left_alone(state: Path, target: str, tmp_path_factory: Any) -> None:
    """An unfinished one, and a whole one, also with `--anew`."""
    other = tmp_path_factory.mktemp("other")
    Database.open("sqlite", state_dir=other).close()
    begun(state, target)
    with pytest.raises(StorageError, match="an unfinished copy of another source"):
        move(other, target)

    move(state, target)
    for anew in (False, True):
        with pytest.raises(StorageError, match="is a whole copy already, made 2026-12-24 12:00Z"):
            move(other, target, anew=anew)
    with pytest.raises(StorageError, match="a copy of another source"):
        verify(other, target)
    assert all(one.is_same for one in verify(state, target))


@pytest.mark.parametrize("anew", [False, True])
def test_a_target_that_is_in_use_is_left_alone(state: Path, target: str, anew: bool) -> None:
    """Its rows stay, whatever is asked for."""
    Database.open(target, state_dir=state).close()
    with on_server(target) as server:
        with server.begin() as connection:
            connection.execute(text("INSERT INTO host_holds VALUES ('held.example', now())"))

        with pytest.raises(StorageError, match=r"not empty \(there are rows in host_holds\); name an empty"):
            move(state, target, anew=anew)
        with server.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM host_holds")).scalar_one() == 1
            assert move_marks.copied(connection) is None
    with pytest.raises(StorageError, match="no copy that `tidings db copy` made"):
        verify(state, target)


def test_tables_of_something_else_are_left_alone(state: Path, target: str) -> None:
    """A database of another program may have a table of the same name."""
    with on_server(target) as server, server.begin() as connection:
        connection.execute(text("CREATE TABLE articles (price INTEGER)"))

    with pytest.raises(StorageError, match=r"tables of something else \(articles\); name an empty database"):
        move(state, target)


def test_a_target_that_lacks_letters_is_refused(state: Path, postgres: str) -> None:
    """Before anything is written to it."""
    engine = create_engine(
        postgres.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as admin:
        admin.execute(text("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))
        try:
            with pytest.raises(
                StorageError, match="texts in LATIN1, which lacks letters; `createdb --encoding UTF8"
            ):
                move(state, postgres.replace("/postgres?", "/latin?"))
        finally:
            admin.execute(text("DROP DATABASE latin WITH (FORCE)"))
    engine.dispose()


# psycopg warns of its own cursor, which it cannot close on a connection that is gone.
@pytest.mark.filterwarnings("ignore:.*ServerCursorMixin:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("verifies", [False, True])
def test_a_server_that_goes_away_is_said_and_the_copy_goes_on_when_it_is_back(
    state: Path, target: str, verifies: bool
) -> None:
    """While it is copied, and while it is compared."""
    end = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )

    def harmed(step: Step) -> None:
        if step.table == "messages" and step.verifies == verifies:
            with on_server(target) as server, server.begin() as connection:
                connection.execute(end)

    with pytest.raises(StorageError, match="the database refused: "):
        move(state, target, hear=harmed)

    assert all(one.is_same for one in move(state, target))


@pytest.mark.parametrize("side", ["source", "target"])
def test_another_schema_is_refused_on_either_side(state: Path, target: str, side: str) -> None:
    """With the command that brings it up."""
    Database.open(target, state_dir=state).close()
    old = text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0011'")
    with written(state) if side == "source" else on_server(target) as engine, engine.begin() as connection:
        connection.execute(old)

    with pytest.raises(StorageError, match=r"has schema 0011, this program needs .*`tidings db upgrade`"):
        move(state, target)


def test_a_source_that_is_in_use_is_refused(state: Path, target: str) -> None:
    """By another command, or by a daemon that lives on another host."""
    in_use = InUse(state / FILE)
    with pytest.raises(StorageError, match="another tidings command has the database open"):
        move(state, target)
    in_use.close()

    with written(state) as file, file.begin() as connection:
        late = datetime.now(START.tzinfo) + timedelta(hours=1)
        connection.execute(leases.update().values(host="elsewhere", until=late))
    with pytest.raises(
        StorageError, match=r"`tidings run` \(process .*\) works on this database; stop it first"
    ):
        move(state, target)
    with on_server(target) as server, server.begin() as connection:
        assert schema.revision(connection) is None


def test_a_source_whose_daemon_was_killed_is_copied(state: Path, target: str) -> None:
    """It is read through before; that it was not ended in order stays known."""
    mark = state / f"{FILE}.inuse"
    mark.write_text("in use\n")

    assert all(one.is_same for one in move(state, target))
    assert mark.read_text() == "in use\n"


def test_two_do_not_copy_to_one_target(state: Path, target: str, tmp_path_factory: Any) -> None:
    """The second says so."""
    other = tmp_path_factory.mktemp("other")
    shutil.copy(state / FILE, other)
    with (
        moving("sqlite", target, state_dir=state),
        pytest.raises(StorageError, match="another `tidings db copy` works on this target"),
    ):
        move(other, target)


def test_a_copy_of_a_backup_is_a_backup(state: Path, target: str, tmp_path_factory: Any) -> None:
    """So that what the original did after it was taken is not done again; the file is left as it is."""
    backup = tmp_path_factory.mktemp("backups") / "one.sqlite"
    copy(state / FILE, backup, waits=Waits(), taken_at=NOW)
    before = backup.read_bytes()

    move(state, target, source=f"sqlite:///{backup}")

    with on_server(target) as server, server.begin() as connection:
        assert restoring.mark(connection) == restoring.Mark(taken_at=NOW, told_until=None)
    assert [one.name for one in backup.parent.iterdir()] == [backup.name]
    assert backup.read_bytes() == before


def test_a_wrong_password_is_not_shown_and_a_right_one_may_lie_in_a_file(
    state: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server says is passed on; neither the password nor the address is."""
    with on_server(target) as server, server.begin() as connection:
        connection.execute(text(f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{SECRET}right'"))
        rules = connection.execute(text("SHOW hba_file")).scalar_one()
        lines = "'local all guarded scram-sha-256'), ('local all all trust'"
        connection.execute(text(f"COPY (SELECT * FROM (VALUES ({lines})) AS rules) TO '{rules}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    try:
        with pytest.raises(StorageError) as fault:
            _until_refused(state, target.replace("postgres@", f"guarded:{SECRET}wrong@"))
        assert "password authentication failed" in str(fault.value)
        assert SECRET not in str(fault.value)
        assert "postgresql://" not in str(fault.value)

        kept = tmp_path / "pgpass"
        kept.write_text(f"*:*:*:guarded:{SECRET}right\n")
        kept.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(kept))
        assert all(one.is_same for one in move(state, target.replace("postgres@", "guarded@")))
    finally:
        with on_server(target) as server, server.begin() as connection:
            connection.execute(text("REASSIGN OWNED BY guarded TO postgres"))
            connection.execute(text("DROP ROLE guarded"))


def _until_refused(state: Path, target: str) -> None:
    """The server reads its rules anew a moment after it was told to."""
    for _ in range(500):
        with moving("sqlite", target, state_dir=state):
            pass


def test_an_address_that_is_none_is_refused_without_being_shown(state: Path, target: str) -> None:
    """Also where the sides are exchanged."""
    for source, wanted, said in (
        ("sqlite", f"postgres://{SECRET}", "is not supported"),
        ("sqlite", f"{SECRET} ://", "cannot be read"),
        ("sqlite", f"sqlite:////tmp/{SECRET}", "the target is a SQLite file"),
        (target, "sqlite", "the source is on a server"),
        (f"sqlite:///{state / 'none.sqlite'}", target, "there is no database at"),
        ("sqlite", f"postgresql://x:{SECRET}@127.0.0.1:9/none", "onnection refused"),
    ):
        with pytest.raises(StorageError) as fault:
            move(state, wanted, source=source)
        assert said in str(fault.value)
        assert SECRET not in str(fault.value)


def test_pages_end_where_rows_are_large(state: Path, target: str) -> None:
    """Memory is bounded by bytes, too: a page of 8 MiB takes two rows of five."""
    crashes = metadata.tables["page_crashes"]
    with written(state) as file, file.begin() as connection:
        connection.execute(crashes.update().values(body=bytes(5 << 20)))
    pages: list[int] = []
    with moving(
        "sqlite",
        target,
        state_dir=state,
        hear=lambda step: pages.append(step.rows) if step.table == crashes.name else None,
    ) as found:
        assert all(one.is_same for one in found.copy(lambda: NOW))

    assert pages[:2] == [2, 3]
    with on_server(target) as server, server.connect() as connection:
        sizes = select(func.sum(func.octet_length(crashes.c.body)))
        assert connection.execute(sizes).scalar_one() == ROWS * (5 << 20)
