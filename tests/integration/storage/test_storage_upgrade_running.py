"""A PostgreSQL schema is upgraded while processes of the version before go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

from tests.fakes.postgres import database
from tests.integration.storage.test_storage_schema import MOMENT, migrations
from tidings.storage import schema
from tidings.storage.errors import StorageError
from tidings.storage.upgrading import Tries, migrate

PATIENCE = 60  # seconds, for a slow machine

# As the version before writes: it knows none of the columns of 0013.
POLLED = text("UPDATE sources SET failures = failures + 1, claimed_until = NULL WHERE id = :id")
ADDED = text(
    "INSERT INTO sources (id, kind, url, configured, paused, operator_paused, added_at, state, failures, scrolled,"
    " skip_hours, skip_days) VALUES (:id, 'feed', 'https://times.example/feed', true, false, false, :at, 'new', 0, 0,"
    " '[]', '[]')"
)


@pytest.fixture
def old(postgres: str) -> Iterator[Engine]:
    """A database of schema 0012 with two sources."""
    with database(postgres) as url:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        config = migrations()
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0012")
            add(connection, "times")
            add(connection, "post")
        yield engine
        engine.dispose()


def add(connection: Connection, name: str) -> None:
    connection.execute(ADDED, {"id": name, "at": MOMENT})


def test_a_process_of_the_version_before_goes_on_while_the_schema_is_upgraded(old: Engine) -> None:
    """A long transaction of it keeps the upgrade waiting, and nobody else; after it the old statements still hold."""
    stood_back = threading.Semaphore(0)
    event.listen(old, "handle_error", lambda _: stood_back.release())
    with ThreadPoolExecutor(1) as threads, old.connect() as long:
        long.execute(POLLED, {"id": "times"})
        upgrade = threads.submit(migrate, old, Tries(number=10_000, lock=0.02, pause=0.01))
        for number in range(3):
            assert stood_back.acquire(timeout=PATIENCE)
            with old.begin() as other:  # would wait for ever behind an upgrade that waits
                other.execute(text(f"SET LOCAL lock_timeout = {PATIENCE * 1000}"))
                other.execute(POLLED, {"id": "post"})
                add(other, f"added {number}")
        assert not upgrade.done()
        with old.connect() as look:
            assert schema.revision(look) == "0012"

        long.commit()
        assert upgrade.result(PATIENCE) == schema.Upgraded(before="0012", after=schema.REVISIONS[-1])
        long.execute(POLLED, {"id": "times"})
        add(long, "later")
        long.commit()

    with old.connect() as look:
        rows = look.execute(text("SELECT id, failures, host FROM sources")).all()
    assert {tuple(row) for row in rows} == {
        ("times", 2, None),
        ("post", 3, None),
        ("added 0", 0, None),
        ("added 1", 0, None),
        ("added 2", 0, None),
        ("later", 0, None),
    }


def test_an_upgrade_that_cannot_have_a_table_says_so_and_changes_nothing(old: Engine) -> None:
    """What to do is in the message; the next try is from the start."""
    with old.connect() as long:
        long.execute(POLLED, {"id": "times"})
        with pytest.raises(StorageError, match=r"3 tries .* end long transactions"):
            migrate(old, Tries(number=3, lock=0.02, pause=0.0))
        with old.connect() as look:
            assert schema.revision(look) == "0012"
            assert not inspect(look).has_table("workers")
        long.rollback()

    assert migrate(old).after == schema.REVISIONS[-1]


def test_an_upgrade_that_fails_for_another_reason_is_not_tried_again(
    old: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a lock that cannot be had passes by itself."""
    tries: list[Any] = []

    def upgrade(connection: Connection) -> None:
        tries.append(connection)
        connection.execute(text("SELECT * FROM nowhere"))

    monkeypatch.setattr(schema, "upgrade", upgrade)
    with pytest.raises(Exception, match="nowhere"):
        migrate(old)

    assert len(tries) == 1
