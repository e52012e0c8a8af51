"""`tidings templates …`: the templates of messages, bundled and your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import USAGE, Config, Json, State, fail, settings
from tidings.cli.output import json_line, table

if TYPE_CHECKING:
    from tidings.settings import Settings
    from tidings.template_listing import TemplateFile

app = typer.Typer(help="See the templates of messages, and copy them to edit.", no_args_is_help=True)


@app.command("list")
def list_templates(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """List the templates in use: which are bundled and which your own, who uses them, what has changed."""
    from tidings.template_listing import listed

    files = listed(settings(config, state))
    if as_json:
        for one in files:
            json_line(one)
        return
    table(
        ("template", "file", "used by", "state"),
        [(one.name, one.file or "bundled", ", ".join(one.used_by), _state(one)) for one in files],
        empty="no templates",
    )


def _state(one: TemplateFile) -> str:
    if one.file is None:
        return ""
    if one.copy_of is None:
        return "your own"
    said = "edited" if one.edited else "as copied"
    return f"{said}; older than the bundled one" if one.older else said


@app.command("copy")
def copy_template(
    name: Annotated[str, typer.Argument(metavar="NAME", help="digest, alert, frame or style.")] = "digest",
    named: Annotated[
        str | None,
        typer.Option("--as", metavar="NEW", help="Call the copy so; a digest uses it by `template: NEW`."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Copy a bundled template into the configuration, to edit it."""
    from alerts.template_files import SHIPPED, TemplateThere, copy
    from tidings.settings.models.faults import suggestion

    loaded = settings(config, state)
    if name not in SHIPPED:
        fail(
            f"there is no bundled template '{name}'; {suggestion(name, SHIPPED, what='bundled templates')}",
            USAGE,
        )
    _fit(name, named)
    folder = loaded.config_dir / "templates"
    try:
        written = copy(name, folder, named=named, force=force)
    except TemplateThere as fault:
        fail(f"{fault} is there already, and nothing was written; give another name by --as, or --force")
    except OSError as fault:
        fail(f"{folder} cannot be written: {fault.strerror}")
    for path in written:
        typer.echo(path)
    typer.echo(f"\n{_next(loaded, name, named)}")


def _fit(name: str, named: str | None) -> None:
    """End the command when a copy of `name` may not be called `named`."""
    from alerts.template_files import NAME, SHIPPED

    if named is None:
        return
    if name != "digest":
        fail(f"--as is for copies of digest; a copy of {name} takes the place of the bundled one", USAGE)
    if not NAME.fullmatch(named):
        fail(f"{named!r} is no name of a template; use letters, digits, - and _", USAGE)
    if named in SHIPPED and named != name:
        fail(f"{named!r} is the name of another bundled template; choose a new one", USAGE)


def _next(loaded: Settings, name: str, named: str | None) -> str:
    """What to do with the copy."""
    users = [one.id for one in loaded.digests if one.template == (named or name)]
    look = f"look at it by `tidings digest preview {(users or [one.id for one in loaded.digests] or ['ID'])[0]} --sample --open`"
    match name:
        case "digest" if named is not None and not users:
            return f"Next: write `template: {named}` into a digest, edit the copies, run `tidings check`, {look}."
        case "digest":
            whose = (
                f"{', '.join(users)} from now on"
                if users
                else "each digest without a `template:` from now on"
            )
            return f"These are used for {whose}. Next: edit them, run `tidings check`, {look}."
        case "alert":
            return "These are used for all alerts from now on. Next: edit them, then run `tidings check`."
    return f"This is used in all HTML mails from now on. Next: edit it, run `tidings check`, {look}."
