"""`init` and `check`: the configuration, written and validated."""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import USAGE, Config, Json, State, complain, fail, load
from tidings.cli.output import json_line

if TYPE_CHECKING:
    from tidings.settings import Problem, Settings


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("init")(init)
    app.command("check")(check)


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Where to write it; default: TIDINGS_CONFIG, else ./config."),
    ] = None,
) -> None:
    """Write a commented starter configuration: it works as it is, and is meant to be edited."""
    from tidings.folders import config_folder, new_config_folder
    from tidings.settings.starter import StarterError, shipped_config, write_starter

    folder = folder or new_config_folder(os.environ)
    try:
        written = write_starter(folder, shipped_config())
    except StarterError as fault:
        fail(str(fault))
    for path in written:
        typer.echo(path)
    found = config_folder(None, os.environ).absolute() == folder.absolute()
    command = "tidings" if found else f"tidings --config {shlex.quote(str(folder))}"
    typer.echo(
        f"\nNext: edit {folder}/tidings.yaml (where mail goes), then `{command} check` and `{command} once`."
    )


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Watchlist files; default: the whole configuration."),
    ] = None,
    show: Annotated[
        str | None,
        typer.Option("--show", metavar="ID", help="Print the rule of an initiative as one expression."),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Validate, run the examples, and warn of rules that are too broad, dead or contradictory.

    Where something has been collected, the rules are also held against the archive.
    """
    from alerts.match import spelled, validate
    from tidings.checking import check_watchlists
    from tidings.settings import ConfigError, load_watchlist

    loaded: Settings | None = None  # None: of some files only, without an installation around them
    tags: dict[str, tuple[str, ...]] = {}
    summary = ""
    try:
        if files:
            lists = tuple(load_watchlist(path, validate_term=validate) for path in files)
        else:
            loaded = load(config, state)
            lists, tags = loaded.watchlists, dict(loaded.tags)
            summary = f"{len(loaded.sources)} sources, {len(loaded.channels)} channels, {len(loaded.digests)} digests, "
    except ConfigError as fault:
        if as_json:
            json_line({"ok": False, "errors": fault.problems, "warnings": []})
        else:
            complain(str(fault))
        raise typer.Exit(USAGE) from None

    if show is not None:
        initiative = next((one for each in lists for one in each.initiatives if one.id == show), None)
        if initiative is None:
            fail(
                f"no initiative {show!r}; there are {', '.join(i.id for w in lists for i in w.initiatives)}",
                USAGE,
            )
        typer.echo(spelled(initiative))
        return

    errors, warnings, examples = check_watchlists(lists, tags)
    templates = 0 if loaded is None else _check_templates(loaded, errors, warnings)
    looked = "" if loaded is None or errors else _hold_against_archive(loaded, warnings)
    if as_json:
        json_line({"ok": not errors, "errors": errors, "warnings": warnings})
    else:
        for one in errors:
            complain(str(one))
        for one in warnings:
            complain(str(one).replace(": error: ", ": warning: ", 1))
        if not errors:
            initiatives = sum(len(each.initiatives) for each in lists)
            typer.echo(
                f"ok: {summary}{initiatives} initiatives, {examples} examples pass, "
                f"{_counted(templates)}"
                f"{len(warnings)} warnings{looked}"
            )
    if errors:
        raise typer.Exit(USAGE)


def _check_templates(loaded: Settings, errors: list[Problem], warnings: list[Problem]) -> int:
    """Add what is wrong with the templates; returns how many of the user's there are."""
    from tidings.template_checking import check_templates

    found = check_templates(loaded)
    errors += found.errors
    warnings += found.warnings
    return found.templates


def _counted(templates: int) -> str:
    """Of templates that were tried."""
    return f"{templates} template{'' if templates == 1 else 's'} tried, " if templates else ""


def _hold_against_archive(loaded: Settings, warnings: list[Problem]) -> str:
    """Add what the archive says of the rules, and people of their matches; returns how much of it was looked at."""
    from alerts.precision import warnings as often_wrong
    from tidings.checking import warned_of
    from tidings.linting import has_archive, look
    from tidings.opening import open_stores
    from tidings.precision import measured
    from tidings.storage.errors import StorageError

    if not has_archive(loaded):
        return ""

    async def work() -> tuple[list[Problem], str]:
        async with open_stores(loaded) as stores:
            judged = often_wrong(await measured(loaded, stores.judgements))
            found = await look(loaded, stores.archive)
        newest = "" if found.whole else " of the newest"
        return list(
            map(warned_of, (*judged, *found.warnings))
        ), f"; held against {found.articles:,}{newest} articles"

    try:
        more, said = asyncio.run(work())
    except StorageError as fault:  # the files are right or wrong without it
        return f"; the archive could not be asked: {fault}"
    warnings += more
    return said
