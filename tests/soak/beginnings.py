"""A program that dies while it makes or renews its tables: the database is as it was, and the next start makes it whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from crawler import failpoints
from crawler.failpoints import Doom
from tests.soak.lives import Lives
from tidings.storage import schema
from tidings.storage.engine import FILE, Database

POINT = "schema_migrate"


async def beginnings(folder: Path, kills: int) -> tuple[int, list[str]]:
    """How many kills there were, and the faults: from nothing, then at each step from the first schema."""
    steps = len(schema.REVISIONS)
    dooms: list[tuple[str | None, int]] = [(None, 1)]
    dooms += [(schema.REVISIONS[0], number) for number in range(1, steps)]
    faults = []
    async with Lives() as lives:
        for first, number in (chosen := dooms[-kills:] if kills < steps else dooms):
            place = folder / f"{first or 'new'}-{number}"
            place.mkdir(parents=True)
            if first is not None:
                _make_old(place, first)
            lives.start(upgrade, place, Doom(POINT, number))
            assert await lives.gone(60)
            lives.require_killed()
            found = _revision(place)
            if found not in (first, None):
                faults.append(f"killed at step {number} from {first}: the schema is {found}")
            lives.start(upgrade, place, None)
            assert await lives.gone(60)
            lives.require_well()
            if (now := _revision(place)) != schema.REVISIONS[-1]:
                faults.append(f"after a death at step {number} from {first} the schema is {now}")
    return len(chosen), faults


def upgrade(place: Path, doom: Doom | None) -> None:
    """In a child: bring the database to the present schema, and open it."""
    if doom is not None:
        failpoints.watch(failpoints.fatal(doom))
    Database.upgrade("sqlite", state_dir=place)
    Database.open("sqlite", state_dir=place).close()


def _make_old(place: Path, first: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{place / FILE}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, first)
    engine.dispose()


def _revision(place: Path) -> str | None:
    """The schema of the file as SQLite finds it, which undoes what was not committed."""
    with closing(sqlite3.connect(place / FILE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if schema.VERSION_TABLE not in tables:
            assert not tables, "tables without a schema"
            return None
        row = database.execute(f"SELECT version_num FROM {schema.VERSION_TABLE}").fetchone()
    return None if row is None else str(row[0])
