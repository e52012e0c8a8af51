"""`tidings sources …`: see, add, test, pause, release and import sources."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tidings.cli.options import USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line
from tidings.cli.sources_add import add
from tidings.cli.sources_asking import test_sources
from tidings.cli.sources_list import list_sources
from tidings.cli.sources_named import named
from tidings.cli.sources_opml import export, import_opml

app = typer.Typer(help="Care for sources.", no_args_is_help=True)

SourceId = Annotated[str, typer.Argument(metavar="ID", help="A source of the configuration.")]
SourceIds = Annotated[list[str], typer.Argument(metavar="ID", help="Sources of the configuration.")]


app.command("list")(list_sources)
app.command("add")(add)
app.command("test")(test_sources)


@app.command("pause")
def pause(source_ids: SourceIds, config: Config = None, state: State = None) -> None:
    """Stop polling sources until `resume`; kept in the database, not in YAML."""
    _set_paused(source_ids, True, config, state)


@app.command("resume")
def resume(source_ids: SourceIds, config: Config = None, state: State = None) -> None:
    """Poll paused sources again, and those that said they are gone (410)."""
    _set_paused(source_ids, False, config, state)


def _set_paused(source_ids: list[str], paused: bool, config: Path | None, state: Path | None) -> None:
    from tidings.opening import open_stores

    loaded = settings(config, state)
    chosen = named(loaded.sources, source_ids)

    async def work() -> None:
        async with open_stores(loaded) as stores:
            await stores.sources.sync(loaded.sources, datetime.now(UTC))
            for source in chosen:
                await stores.sources.set_paused(source.id, paused)

    run(work)
    for source in chosen:
        typer.echo(f"{source.id} is {'paused' if paused else 'polled again'}")
        if not paused and source.paused:
            complain(f"{source.id} also says `paused: true` in its entry, which still holds; remove it there")


class Verdict(StrEnum):
    """What the held articles of a flood are."""

    NEW = "new"
    KNOWN = "known"


@app.command("release")
def release(
    source_id: SourceId,
    verdict: Annotated[
        Verdict | None,
        typer.Option(
            "--as", case_sensitive=False, help="new: told in the next digests; known: filed untold."
        ),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """End the review of articles that came at once and were held, by saying what they are.

    Exits 2 without --as, since either answer may be right; 0 when nothing is held.
    """
    from crawler.wording import counted
    from tidings.opening import open_stores

    loaded = settings(config, state)
    now = datetime.now(UTC)

    async def work() -> int:
        async with open_stores(loaded) as stores:
            await stores.sources.sync(loaded.sources, now)
            held = {one.source_id for one in await stores.articles.held()}
            if source_id not in held:
                named(loaded.sources, [source_id])
                return 0
            if verdict is None:
                fail(WHICH.format(id=source_id), USAGE)
            return await stores.articles.release_held(source_id, as_new=verdict is Verdict.NEW, now=now)

    number = run(work)
    if as_json:
        json_line({"id": source_id, "released": number, "as": verdict})
        return
    if not number:
        typer.echo(f"nothing of {source_id} is held for review")
        return
    what = (
        "released as new: those that match are told in the next digests"
        if verdict is Verdict.NEW
        else "released as known: they stay in the archive and are not told"
    )
    typer.echo(f"{counted(number, 'article')} of {source_id} {what}")


WHICH = (
    "say what the held articles of {id} are: `--as new` tells those that match in the next digests, "
    "`--as known` files them untold (for a site that only renewed its addresses)"
)

app.command("import")(import_opml)
app.command("export")(export)
