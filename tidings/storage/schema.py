"""Which schema a database has, and how it gets the present one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tidings.storage.errors import StorageError

VERSION_TABLE = "tidings_schema"
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
)  # oldest first; the files in migrations/versions


def revision(connection: Connection) -> str | None:
    """Revision of the database; None when it has no tables of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  # a constant
    return None if found is None else str(found)


def require_current(connection: Connection) -> None:
    """Refuse a database of another schema.

    Raises:
        StorageError: it is newer than this program, older, or has no tables.
    """
    found = revision(connection)
    if found == REVISIONS[-1]:
        return
    if found is None:
        raise StorageError("the database has no tables yet; `tidings db upgrade` makes them")
    _refuse_newer(found)
    raise StorageError(
        f"the database has schema {found}, this program needs {REVISIONS[-1]}; "
        "stop the daemon, make a backup, then run `tidings db upgrade`"
    )


def upgrade(connection: Connection) -> str:
    """Run the missing migrations inside the caller's transaction; says what was done.

    Raises:
        StorageError: the database is newer than this program.
    """
    found = revision(connection)
    if found == REVISIONS[-1]:
        return f"the database is at schema {found} already"
    if found is not None:
        _refuse_newer(found)

    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return f"the database went from schema {found or 'nothing'} to {REVISIONS[-1]}"


def _refuse_newer(found: str) -> None:
    if found not in REVISIONS:
        raise StorageError(
            f"the database has schema {found}, which is newer than this program ({REVISIONS[-1]}); "
            "install the newer version again, or restore the backup made before its upgrade"
        )
