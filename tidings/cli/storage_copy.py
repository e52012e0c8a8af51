"""`tidings db copy`: move to a server, or see whether the move brought everything along."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import FAILED, USAGE, Config, Json, State, fail, run, settings
from tidings.cli.output import json_line, progress

if TYPE_CHECKING:
    from tidings.settings import Settings
    from tidings.storage.moving import Compared, Hear, Move, Step

INDEXED = 500  # articles put into the index of words in one transaction


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("copy")(copy)


def copy(
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE TARGET",
            show_default=False,
            help="The SQLite database, sqlite:////FILE, also a backup, and an empty PostgreSQL database, "
            "'postgresql://USER:${PASSWORD}@HOST/NAME'. Either may be left out for that of the configuration.",
        ),
    ],
    verify: Annotated[
        bool, typer.Option("--verify", help="Only compare a copy that is whole and not in use yet.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Empty an unfinished copy first, and begin again.")
    ] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Copy a SQLite database to PostgreSQL, all of it, and compare every row; stop the daemon first.

    A copy that is interrupted goes on where it ended when the same command is given again, and nobody can work on it
    until it is whole. The source is left as it is. ${NAME} in an address is filled in from the environment, and
    PGPASSWORD and a password file are heeded.
    """
    if verify and anew:
        fail("--verify only looks, and --anew begins again; leave one of them out", USAGE)
    loaded = settings(config, state)
    found, wanted = _sides(addresses, loaded)
    began = monotonic()
    with _heard(as_json) as hear, _no_daemon(found, loaded), _open(found, wanted, loaded, hear) as move:
        compared = move.verify() if verify else move.copy(lambda: datetime.now(UTC), anew=anew)
    _say(compared, verify, monotonic() - began, as_json)
    if not all(one.is_same for one in compared):
        raise typer.Exit(FAILED)
    if not verify:
        _index(wanted, loaded, compared)


def _sides(addresses: list[str], loaded: Settings) -> tuple[str, str]:
    """The addresses of source and target, filled in."""
    from tidings.settings.secrets import SecretFault, fill

    try:
        given = [fill(one, os.environ) for one in addresses]
    except SecretFault as fault:
        fail(str(fault), USAGE)
    if len(given) > 2:
        fail("name a SQLite database and a PostgreSQL one, and no more", USAGE)
    if len(given) == 1:
        given.insert(1 if given[0].startswith("sqlite") else 0, loaded.database)
    return given[0], given[1]


@contextmanager
def _open(source: str, target: str, loaded: Settings, hear: Hear) -> Iterator[Move]:
    from tidings.storage.errors import StorageError
    from tidings.storage.moving import moving

    try:
        with moving(source, target, state_dir=loaded.state_dir, hear=hear) as move:
            yield move
    except StorageError as fault:
        fail(str(fault))


@contextmanager
def _no_daemon(source: str, loaded: Settings) -> Iterator[None]:
    """None works on the source, and none begins to."""
    from tidings.lock import AlreadyRunning, DaemonLock, holder, lock_file

    path = lock_file(source, loaded.state_dir)
    if (running := holder(path)) is not None:
        fail(f"`tidings run` ({running}) works on this database; stop it first")
    # Beside a backup there is none, and none is left there.
    lock = DaemonLock(path) if source.startswith("sqlite") and path.exists() else nullcontext()
    try:
        with lock:
            yield
    except AlreadyRunning as fault:
        fail(str(fault))


# -- what is said ----------------------------------------------------------------------------------


@contextmanager
def _heard(as_json: bool) -> Iterator[Hear]:
    """How far it is: live on a terminal, and a line for each table that is copied."""
    with progress("copying") as live:

        def hear(step: Step) -> None:
            comparing = "now comparing " if step.verifies else f"{step.rows:,} of {step.of:,} rows of "
            live.show(f"{comparing}{step.table}")
            if step.over and not step.verifies and not as_json:
                typer.echo(f"{step.rows:>12,} {step.table}")

        yield hear


def _say(compared: tuple[Compared, ...], verify: bool, seconds: float, as_json: bool) -> None:
    different = [one for one in compared if not one.is_same]
    rows = sum(one.source.rows for one in compared)
    if as_json:
        tables = [
            {
                "table": one.table,
                "source_rows": one.source.rows,
                "target_rows": one.target.rows,
                "same": one.is_same,
            }
            for one in compared
        ]
        json_line({"complete": not different, "rows": rows, "seconds": round(seconds, 1), "tables": tables})
        return
    for one in different:
        typer.echo(f"problem   {one}")
    if different and verify:
        typer.echo("the copy is not like its source; one that is in use differs as soon as it is worked on")
    elif different:
        typer.echo(
            "the copy is not like its source, and nothing will work on it: --anew empties it and begins again; if that "
            "ends like this, look the source over with `tidings db check`"
        )
    else:
        words = "compared" if verify else "copied and compared"
        typer.echo(
            f"{words} {rows:,} rows in {len(compared)} tables in {seconds:.1f} s: each is the same on both sides"
        )
        if not verify:
            typer.echo(
                "let `database:` in tidings.yaml name the server, and start the daemon: it goes on where the last one ended"
            )
            typer.echo(
                "the index of words is made now; what you interrupt of that, the daemon makes beside its work"
            )


def _index(target: str, loaded: Settings, compared: tuple[Compared, ...]) -> None:
    """Make the index of words, which is no part of the copy; a daemon may work beside it."""
    from tidings.storage.engine import Database
    from tidings.storage.stores import Stores

    number = next(one.target.rows for one in compared if one.table == "articles")

    async def work() -> None:
        database = Database.open(target, state_dir=loaded.state_dir, create=False)
        index, done = Stores(database).search, 0
        try:
            with progress("indexing") as live:
                while some := await index.index_some(INDEXED):
                    done += some
                    live.show(f"{done:,} of {number:,} articles")
        finally:
            database.close()

    run(work)
