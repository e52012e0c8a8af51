"""`demo`: the whole product at work, offline, on a made-up newsroom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tidings.cli.options import fail, run


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("demo")(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the received messages go.")] = Path(
        "demo-out"
    ),
) -> None:
    """Play two days of news: nine outlets, a mailbox and a hook receiver on loopback; nothing leaves this machine.

    Leaves in DIR what was received (mail/*.eml, hooks/*.json, digests/*.html) and the configuration and
    database that it worked on.
    """
    from tidings.demo.staging import NoStage, stage

    def say(line: str) -> None:
        typer.echo(line)

    try:
        result = run(lambda: stage(out, say))
    except NoStage as fault:
        fail(str(fault))
    typer.echo("")
    for line in result.lines():
        typer.echo(line)
