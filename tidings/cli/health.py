"""`health`: what Docker, systemd and monitoring run to learn whether the daemon does its work."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from tidings.cli.options import FAILED, Json, State


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("health")(health)


def health(
    live: Annotated[
        bool, typer.Option("--live", help="Ask only whether the work goes on, not whether it can go well.")
    ] = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Ask the running daemon whether it is ready: exits 0 when it is, 1 when it is not or none runs.

    Reads no configuration: where the daemon listens, and the key to its details, stand in the state folder.
    """
    from tidings.asking import ask
    from tidings.folders import state_folder

    said = ask(state_folder(state, os.environ), live=live)
    typer.echo(
        json.dumps({"ok": said.good, "words": said.words, **said.facts}, ensure_ascii=False)
        if as_json
        else said.words
    )
    if not said.good:
        raise typer.Exit(FAILED)
