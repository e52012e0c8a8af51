"""`tidings db …`: care for the database."""

from __future__ import annotations

import typer

from tidings.cli.options import Config, State, run, settings

app = typer.Typer(help="Care for the database.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep the group although it has a single command."""


@app.command("upgrade")
def upgrade(config: Config = None, state: State = None) -> None:
    """Bring the database to the schema of this version; stop the daemon first."""
    from tidings.storage.engine import Database

    loaded = settings(config, state)

    async def work() -> str:
        return Database.upgrade(loaded.database, state_dir=loaded.state_dir)

    typer.echo(run(work))
