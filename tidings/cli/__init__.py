"""The command line: one file a group of verbs, imported when it is called; heavy imports happen inside the commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from crawler import failpoints
from tidings import __version__
from tidings.cli.lazily import LazyGroup, Verb
from tidings.cli.options import Quietly, fail


class Everything(LazyGroup):
    """All commands, in the order of the help."""

    verbs = (
        Verb(
            name="init",
            file="tidings.cli.configuration",
            about="Write a commented starter configuration that works as it is.",
        ),
        Verb(
            name="check",
            file="tidings.cli.configuration",
            about="Validate the configuration, run its examples, warn of bad rules.",
        ),
        Verb(
            name="run",
            file="tidings.cli.daemon",
            about="Run the daemon: poll, read, match, fold and tell until stopped.",
        ),
        Verb(
            name="worker",
            file="tidings.cli.daemon",
            about="Take work from the queue, where there is one (queue: procrastinate).",
        ),
        Verb(
            name="once",
            file="tidings.cli.daemon",
            about="Do everything that is due once, then exit (for cron).",
        ),
        Verb(
            name="status",
            file="tidings.cli.daemon",
            about="Tell what is running, what comes next, and what needs you.",
        ),
        Verb(
            name="health",
            file="tidings.cli.health",
            about="Ask the running daemon whether it lives and is ready, for probes.",
        ),
        Verb(name="demo", file="tidings.cli.demo", about="Play two days of made-up news, offline."),
        Verb(
            name="explain",
            file="tidings.cli.archive",
            about="Tell the life of one article, or where it stopped.",
        ),
        Verb(name="rematch", file="tidings.cli.rematch", about="Apply the rules in force to the archive."),
        Verb(
            name="impact",
            file="tidings.cli.impact",
            about="Show what an edit of the watchlists gains and loses.",
        ),
        Verb(
            name="suggest",
            file="tidings.cli.suggest",
            about="Suggest terms for an initiative, mined from the archive.",
        ),
        Verb(
            name="judge",
            file="tidings.cli.judging",
            about="Say that an article is about an initiative, or is not.",
        ),
        Verb(
            name="judgements",
            file="tidings.cli.judgements",
            about="See what was said of matches, and what it proposes.",
        ),
        Verb(
            name="search",
            file="tidings.cli.search",
            about="Search the archive in the language of the watchlists.",
        ),
        Verb(
            name="report",
            file="tidings.cli.report",
            about="Write a dossier of an initiative to hand on, as a page and a PDF.",
        ),
        Verb(
            name="try", file="tidings.cli.trying", about="Try one step on feeds, pages, texts or addresses."
        ),
        Verb(name="sources", file="tidings.cli.sources", about="Care for sources."),
        Verb(name="channels", file="tidings.cli.channels", about="See and test the channels."),
        Verb(
            name="digest", file="tidings.cli.digests", about="Preview, list the times of, and send digests."
        ),
        Verb(
            name="templates",
            file="tidings.cli.templates",
            about="See the templates of messages, and copy them to edit.",
        ),
        Verb(
            name="feeds",
            file="tidings.cli.feeds",
            about="Hand initiatives and saved searches on as feeds.",
        ),
        Verb(
            name="export",
            file="tidings.cli.export",
            about="Export articles, matches, stories or deliveries as JSONL or CSV.",
        ),
        Verb(name="deliveries", file="tidings.cli.deliveries", about="See the outbox and act on it."),
        Verb(
            name="quarantine",
            file="tidings.cli.quarantine",
            about="Look at pages that crashed their reader, and release them.",
        ),
        Verb(
            name="stories",
            file="tidings.cli.stories",
            about="See what was folded into one story and why; split and merge.",
        ),
        Verb(name="db", file="tidings.cli.storage", about="Care for the database."),
    )


app = typer.Typer(
    cls=Everything,
    name="tidings",
    help="Watch initiatives in the news for years: poll, match, fold, tell, and always say why.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
