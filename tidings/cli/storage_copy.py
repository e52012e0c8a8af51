"""`tidings db copy`: move to a server, or see whether the move brought everything along."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import FAILED, USAGE, Config, Json, State, fail, settings
from tidings.cli.output import json_line, progress

if TYPE_CHECKING:
    from tidings.settings import Settings
    from tidings.storage.moving import Compared, Hear, Move, Step


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("copy")(copy)


def copy(
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="[SOURCE] TARGET",
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
    with _told(as_json) as told, _no_daemon(found, loaded), _open(found, wanted, loaded, told.hear) as move:
        compared = move.verify() if verify else move.copy(lambda: datetime.now(UTC), anew=anew)
    _say(compared, verify, told, monotonic() - began, as_json)
    if not all(one.is_same for one in compared):
        raise typer.Exit(FAILED)


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
    from tidings.lock import AlreadyRunning, DaemonLock, lock_file

    path = lock_file(source, loaded.state_dir)
    # Beside a backup there is none, and none is left there.
    lock = DaemonLock(path) if source.startswith("sqlite") and path.exists() else nullcontext()
    try:
        with lock:
            yield
    except AlreadyRunning as fault:
        fail(str(fault))


# -- what is said ----------------------------------------------------------------------------------


@dataclass
class _Told:
    """Says how far it is, and remembers when it began to compare."""

    hear: Hear
    verifies_since: float | None = None
    copied: int = 0


@contextmanager
def _told(as_json: bool) -> Iterator[_Told]:
    with progress("copying") as live:

        def hear(step: Step) -> None:
            if step.verifies and told.verifies_since is None:
                told.verifies_since = monotonic()
            done = "comparing" if step.verifies else f"{step.rows:,} of {step.of:,} rows,"
            live.show(f"{done} {step.table}")
            if step.over and not step.verifies and not as_json:
                typer.echo(f"{step.rows:>12,} {step.table}")

        told = _Told(hear=hear)
        yield told


def _say(compared: tuple[Compared, ...], verify: bool, told: _Told, seconds: float, as_json: bool) -> None:
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
                "now let `database:` in tidings.yaml name the server, and start the daemon; it goes on where the last one "
                "ended, and makes the index of words anew beside its work"
            )
