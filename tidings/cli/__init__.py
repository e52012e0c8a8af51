"""The command line: one file a group of verbs; heavy imports happen inside the commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from crawler import failpoints
from tidings import __version__
from tidings.cli import (
    archive,
    channels,
    configuration,
    daemon,
    deliveries,
    demo,
    digests,
    impact,
    quarantine,
    rematch,
    search,
    sources,
    storage,
    stories,
    suggest,
    templates,
    trying,
)
from tidings.cli.options import Quietly, fail

app = typer.Typer(
    name="tidings",
    help="Watch initiatives in the news for years: poll, match, fold, tell, and always say why.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

configuration.add_to(app)
daemon.add_to(app)
demo.add_to(app)
archive.add_to(app)
rematch.add_to(app)
impact.add_to(app)
suggest.add_to(app)
search.add_to(app)
app.add_typer(trying.app, name="try")
app.add_typer(sources.app, name="sources")
app.add_typer(channels.app, name="channels")
app.add_typer(digests.app, name="digest")
app.add_typer(templates.app, name="templates")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(stories.app, name="stories")
app.add_typer(storage.app, name="db")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tidings {__version__}")
        raise typer.Exit


@app.callback()
def everywhere(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="DIR", help="Configuration folder (TIDINGS_CONFIG).")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="State folder (TIDINGS_STATE).")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options given before the command hold for it as if they stood behind it."""
    if config is not None:
        os.environ["TIDINGS_CONFIG"] = str(config)
    if state is not None:
        os.environ["TIDINGS_STATE"] = str(state)
    try:
        failpoints.arm(os.environ)
    except ValueError as fault:
        fail(str(fault))


def main() -> None:
    """Entry point of the `tidings` command."""
    with Quietly():
        app()
