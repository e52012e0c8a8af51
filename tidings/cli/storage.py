"""`tidings db …`: care for the database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli import storage_copy
from tidings.cli.options import FAILED, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line

if TYPE_CHECKING:
    from tidings.settings import Settings
    from tidings.storage.checking import Checked
    from tidings.storage.placing import Placed

app = typer.Typer(help="Care for the database.", no_args_is_help=True)


@app.command("upgrade")
def upgrade(config: Config = None, state: State = None) -> None:
    """Bring the database to the schema of this version; stop the daemon first.

    A backup is made before, in the state folder; of such backups the last three are kept. An upgrade that is
    interrupted leaves the database as it was.
    """
    from tidings.storage.engine import Database

    loaded = settings(config, state)
    _require_no_daemon(loaded)

    async def work() -> str:
        loaded.state_dir.mkdir(parents=True, exist_ok=True)
        return str(Database.upgrade(loaded.database, state_dir=loaded.state_dir))

    typer.echo(run(work))


@app.command("backup")
def backup(
    target: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A new file, or a folder, in which it is named by the time."),
    ],
    config: Config = None,
    state: State = None,
) -> None:
    """Copy the database, also while the daemon runs: whole, checked, and for its owner alone to read.

    An existing file is never written over. `tidings db restore FILE` puts the copy in use.
    """
    from tidings.storage.engine import Database

    loaded = settings(config, state)
    now, began = datetime.now(UTC), monotonic()
    file = target / f"tidings-{now:%Y%m%dT%H%M%SZ}.sqlite" if target.is_dir() else target

    async def work() -> int:
        database = Database.open(loaded.database, state_dir=loaded.state_dir, create=False)
        try:
            return await database.backup(file, now=now)
        finally:
            database.close()

    size = run(work)
    typer.echo(f"{file}: {_megabytes(size)} in {monotonic() - began:.1f} s, read through and sound")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `tidings db backup` made.")],
    told_until: Annotated[
        str | None,
        typer.Option(
            "--told-until",
            metavar="TIME",
            help="What was published up to then counts as told, such as 2026-11-25T07:30; without it, up to the last "
            "sign of life of the database that is replaced, or up to now.",
        ),
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Put a backup in the place of the database; stop the daemon first.

    The database that is there is kept beside it under another name. No source is asked earlier than its rhythm
    allows from now on, and what waited to be sent in the backup is parked, since it may have been sent meanwhile.
    """
    from tidings.cli.digests_named import moment

    loaded = settings(config, state)
    until = None if told_until is None else moment(told_until)
    now = datetime.now(UTC)
    if until is not None and until > now:
        fail("--told-until: that is yet to come; name the time at which the daemon told something last")
    _require_no_daemon(loaded)
    placed = run(lambda: _place(loaded, file, until, now))
    if placed.aside is not None:
        typer.echo(
            f"the database that was there is {placed.aside} now; remove it when you do not need it any more"
        )
    _settle(loaded, placed)


async def _place(loaded: Settings, file: Path, until: datetime | None, now: datetime) -> Placed:
    from tidings.storage.engine import Database
    from tidings.storage.lanes import Waits
    from tidings.storage.placing import place

    target = Database.file_of(loaded.database, state_dir=loaded.state_dir)
    return place(file, target, told_until=until, now=now, waits=Waits())


def _settle(loaded: Settings, placed: Placed) -> None:
    """Let the installation go on from the backup, and say what that means."""
    from tidings.restored import lines, settle
    from tidings.storage import schema
    from tidings.storage.engine import Database
    from tidings.storage.stores import Stores

    if placed.revision != schema.REVISIONS[-1]:
        typer.echo(
            f"the backup is in place, and has schema {placed.revision}; now run `tidings db upgrade`, then start the daemon"
        )
        return

    async def work() -> tuple[str, ...]:
        database = Database.open(loaded.database, state_dir=loaded.state_dir, create=False)
        try:
            done = await settle(loaded, Stores(database), datetime.now(UTC), aloud=False)
        finally:
            database.close()
        return () if done is None else lines(done)

    for line in run(work):
        typer.echo(line)
    typer.echo("start the daemon when you like")


@app.command("check")
def check(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """Look the database over, also while the daemon runs; nothing is changed. Exits 1 when something is wrong.

    Reads all of it: every table and index, what points to what, the schema, and states that cannot be.
    """
    from tidings import opening
    from tidings.storage.checking import SPEED
    from tidings.storage.engine import Database

    loaded = settings(config, state)

    async def work() -> Checked:
        return Database.look(loaded.database, state_dir=loaded.state_dir, warn=announce, waits=opening.BRISK)

    def announce(size: int) -> None:
        if size > SPEED:
            complain(f"reading {_megabytes(size)}; this takes up to about {size / SPEED:.0f} seconds")

    found = run(work)
    if as_json:
        json_line(found)
    else:
        for line in _lines(found):
            typer.echo(line)
    if not found.is_well:
        raise typer.Exit(FAILED)


def _lines(found: Checked) -> list[str]:
    from tidings.storage.errors import RESTORE

    lines = [f"schema    {found.revision or 'not known'}", f"kind      {found.journal or 'not known'}"]
    if found.size:
        lines.append(
            f"size      {_megabytes(found.size)}, of which {_megabytes(found.reusable)} are free for what comes"
        )
    lines += [f"{number:>12,} {name}" for name, number in found.counts.items()]
    lines += [f"problem   {one}" for one in found.problems]
    if found.damaged:
        lines.append(f"the database is damaged: stop the daemon, {RESTORE}")
    return [*lines, "all is well"] if found.is_well else lines


def _require_no_daemon(loaded: Settings) -> None:
    from tidings.lock import holder, lock_file

    running = holder(lock_file(loaded.database, loaded.state_dir))
    if running is not None:
        fail(f"`tidings run` ({running}) works on this database; stop it first")


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


storage_copy.add_to(app)
