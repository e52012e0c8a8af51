"""Opening a database: its address, its schema, and what is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine

from tidings.storage import schema, word_index
from tidings.storage.engine import FILE, Database, StorageError
from tidings.storage.every_table import metadata
from tidings.storage.stores import Stores


async def test_the_migrations_make_the_tables_of_this_program(sql: Database) -> None:
    """No table, column or index is missing from the migrations, and none is too much."""

    def differences(connection: Connection) -> list[Any]:
        options = {
            "version_table": schema.VERSION_TABLE,
            "compare_type": True,
            "include_name": lambda name, kind, parents: (
                not str(name).startswith(word_index.TABLE)
            ),  # made by words of its own
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert await sql.read(differences) == []


def test_a_new_database_is_as_one_that_came_through_all_migrations(tmp_path: Path) -> None:
    """Columns with their types and keys, indexes with their conditions, and how its rows are kept. Only the defaults of
    added columns differ, which were for the rows that were there."""
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated'}")
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    Database.open("sqlite", state_dir=tmp_path).close()

    assert made_of(tmp_path / FILE) == made_of(tmp_path / "migrated")


def made_of(file: Path) -> dict[str, Any]:
    """All that a file is made of; the order of columns is no part of it."""
    found: dict[str, Any] = {}
    with closing(sqlite3.connect(file)) as database:
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
            if kind == "table":
                columns = sorted(
                    (column, of, required, key)
                    for _, column, of, required, _, key in database.execute(f"PRAGMA table_info({name})")
                )
                keys = sorted(row[2:] for row in database.execute(f"PRAGMA foreign_key_list({name})"))
                found[name] = (columns, keys, sql.rstrip().endswith("WITHOUT ROWID"), "CHECK" in sql)
            elif sql is not None:
                found[name] = " ".join(sql.replace('"', "").split())
    return found


def test_the_program_knows_its_migrations() -> None:
    """`REVISIONS` names the files of migrations/versions in their order."""
    walked = [script.revision for script in ScriptDirectory.from_config(migrations()).walk_revisions()]

    assert tuple(reversed(walked)) == schema.REVISIONS


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path, database: Database) -> None:
    """It is neither opened nor upgraded, and the message says what to do."""
    set_revision(tmp_path, "9999")

    for attempt in (Database.open, Database.upgrade):
        with pytest.raises(StorageError, match="schema 9999, which is newer than this program"):
            attempt("sqlite", state_dir=tmp_path)


def test_an_old_database_is_upgraded_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """`run` refuses it with the way out."""
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "9999"))

    with pytest.raises(StorageError, match="tidings db upgrade"):
        Database.open("sqlite", state_dir=tmp_path)


def test_upgrading_makes_the_tables_and_says_so(tmp_path: Path) -> None:
    """A second time there is nothing to do."""
    newest = schema.REVISIONS[-1]
    done = f"the database went from schema nothing to {newest}"
    nothing = f"the database is at schema {newest} already; nothing was done"
    assert str(Database.upgrade("sqlite", state_dir=tmp_path)) == done
    assert str(Database.upgrade("sqlite", state_dir=tmp_path)) == nothing


def test_an_upgrade_keeps_what_is_there(tmp_path: Path) -> None:
    """A database of the first schema, with a source and an article, goes all the way to the present one."""
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        old = MetaData()
        old.reflect(connection)
        for name, facts in OLD_ROWS.items():
            connection.execute(old.tables[name].insert(), facts if isinstance(facts, list) else [facts])
    engine.dispose()

    Database.upgrade("sqlite", state_dir=tmp_path)

    opened = Database.open("sqlite", state_dir=tmp_path)
    try:
        stores = Stores(opened)
        state = asyncio.run(stores.sources.state("times"))
        (kept,) = asyncio.run(stores.articles.by_ids(["0123456789abcdef"]))
        matches = asyncio.run(stores.matches.matches_of("0123456789abcdef"))
    finally:
        opened.close()
    assert (state.etag, state.cause, state.skip_days, state.listed) == ('"1"', None, frozenset(), 0)
    assert (kept.title, kept.held_since) == ("Council votes", None)
    moment = MOMENT.replace(tzinfo=UTC)
    assert {one.initiative_id: (one.told_at, one.filed, one.found) for one in matches} == {
        "told": (moment, False, None),  # before the end of the last digest that was sent
        "gone": (None, False, None),
        "waiting": (None, False, None),
    }


def test_a_command_that_only_looks_makes_no_database(tmp_path: Path) -> None:
    """`status` before the first `run` says so and leaves no file."""
    with pytest.raises(StorageError, match="there is no database"):
        Database.open("sqlite", state_dir=tmp_path, create=False)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["mysql://root:hunter2@db/x", "hunter2", "sqlite://", "sqlite:///:memory:", "postgresql+oops://h"]
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    """The message names what can be written instead, or what is missing."""
    with pytest.raises(StorageError) as refusal:
        Database.open(url, state_dir=tmp_path)

    assert "hunter2" not in str(refusal.value)


def test_a_server_that_cannot_be_reached_is_told_without_the_password(tmp_path: Path) -> None:
    """Wrong host or port: one clear error."""
    with pytest.raises(StorageError) as refusal:
        Database.open("postgresql://tidings:hunter2@127.0.0.1:1/tidings", state_dir=tmp_path)

    assert "hunter2" not in str(refusal.value)


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def old_match(initiative: str, at: datetime, gone_at: datetime | None = None) -> dict[str, Any]:
    return {
        "article_id": "0123456789abcdef",
        "initiative_id": initiative,
        "commitments": [],
        "evidence": [],
        "watchlist_version": "0123456789ab",
        "text_version": 1,
        "matched_at": at,
        "gone_at": gone_at,
    }


# As the first version wrote them.
MOMENT = datetime(2026, 11, 25, 12, 0)  # noqa: DTZ001  # SQLite has no zones
OLD_ROWS: dict[str, dict[str, Any] | list[dict[str, Any]]] = {
    "sources": {
        "id": "times",
        "kind": "feed",
        "url": "https://times.example/rss",
        "configured": True,
        "paused": False,
        "operator_paused": False,
        "added_at": MOMENT,
        "state": "ok",
        "etag": '"1"',
        "last_success_at": MOMENT,
        "failures": 0,
        "skip_hours": [],
    },
    "articles": {
        "id": "0123456789abcdef",
        "source_id": "times",
        "url": "https://times.example/1",
        "url_print": 1,
        "canonical_url": "https://times.example/1",
        "canonical_print": 1,
        "title": "Council votes",
        "summary": "",
        "authors": [],
        "first_seen_at": MOMENT,
        "text_state": "feed",
        "text_length": 4,
        "paywalled": False,
        "version": 1,
        "backfilled": False,
        "attempts": 0,
        "rereads": 0,
        "matched_version": 0,
    },
    "article_versions": {
        "article_id": "0123456789abcdef",
        "version": 1,
        "made_at": MOMENT,
        "origin": "feed",
        "title": "Council votes",
        "summary": "",
        "text": "Text",
    },
    "digest_slots": {
        "digest_id": "morning",
        "key": "2026-11-25T12:00",
        "due": MOMENT,
        "until": MOMENT,
        "message_key": "morning/2026-11-25T12:00",
        "frozen_at": MOMENT,
    },
    "matches": [
        old_match("told", MOMENT),
        old_match("gone", MOMENT, gone_at=MOMENT),
        old_match("waiting", MOMENT + timedelta(seconds=1)),
    ],
}


def set_revision(folder: Path, revision: str) -> None:
    with sqlite3.connect(folder / FILE) as file:
        file.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{revision}'")
    file.close()
