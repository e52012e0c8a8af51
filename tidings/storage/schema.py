"""Which schema a database has, and how it gets the present one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from crawler.failpoints import reach
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
    "0011",
    "0012",
    "0013",
    "0014",
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
    refuse_newer(found)
    raise StorageError(
        f"the database has schema {found}, this program needs {REVISIONS[-1]}; "
        "stop the daemon and run `tidings db upgrade`, which makes a backup first"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What an upgrade did."""

    before: str | None  # the schema that was there; None: no tables
    after: str
    backup: Path | None = None  # of the database as it was

    def __str__(self) -> str:
        if self.before == self.after:
            return f"the database is at schema {self.after} already; nothing was done"
        done = f"the database went from schema {self.before or 'nothing'} to {self.after}"
        return f"{done}; a backup of before lies at {self.backup}" if self.backup else done


def upgrade(connection: Connection) -> Upgraded:
    """Run the missing migrations inside the caller's transaction; a new database gets its tables at once.

    Raises:
        StorageError: the database is newer than this program.
    """
    found = revision(connection)
    if found is not None and not is_older(found):
        return Upgraded(before=found, after=found)
    if found is None:
        _make(connection)
    else:
        _migrate(connection)
    return Upgraded(before=found, after=REVISIONS[-1])


def _make(connection: Connection) -> None:
    """What all migrations make together, which a test compares, in a fraction of their time."""
    from tidings.storage import word_index
    from tidings.storage.every_table import metadata

    metadata.create_all(connection)
    for statement in word_index.MAKE[connection.dialect.name]:
        connection.execute(text(statement))
    version = Column("version_num", String(32), nullable=False)
    table = Table(
        VERSION_TABLE, MetaData(), version, PrimaryKeyConstraint(version, name=f"{VERSION_TABLE}_pkc")
    )
    table.create(connection)
    connection.execute(table.insert().values(version_num=REVISIONS[-1]))
    step_is_done()


def step_is_done() -> None:
    """A step of the schema is run, and not committed."""
    reach("schema_migrate")


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_older(found: str) -> bool:
    """Whether a schema is older than that of this program.

    Raises:
        StorageError: it is newer.
    """
    refuse_newer(found)
    return found != REVISIONS[-1]


def refuse_newer(found: str) -> None:
    """Refuse a schema that this program does not know.

    Raises:
        StorageError: with what to do.
    """
    if found not in REVISIONS:
        raise StorageError(
            f"the database has schema {found}, which is newer than this program ({REVISIONS[-1]}); "
            "install the newer version again, or restore the backup made before its upgrade"
        )
