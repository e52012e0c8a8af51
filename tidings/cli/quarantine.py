"""`tidings quarantine …`: pages that crashed their reader, with what they held."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from tidings.cli.options import FAILED, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line, plain

app = typer.Typer(
    help="Pages that crashed their reader three times: look at them, try them again.", no_args_is_help=True
)

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Articles, by id.")]


@app.command("list")
def list_pages(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """What crashed, why and when, and how to try it by hand."""
    from tidings.opening import look_into

    loaded = settings(config, state)

    async def work() -> Any:
        async with look_into(loaded) as stores:
            return await stores.crashes.all()

    found = run(work)
    for one in found:
        if as_json:
            json_line(_row(one))
            continue
        typer.echo(f"{one.article_id}  {one.title or '(no title)'}")
        kept = f"{one.size:,} bytes" if one.size is not None else "the page is not kept"
        typer.echo(f"  {one.url}, {kept}")
        then = "left alone" if one.quarantined else "to be tried again"
        typer.echo(f"  {plain(one.crashed_at)}: {one.reason}; {then}")
    if not found and not as_json:
        typer.echo("no page has crashed its reader")


@app.command("save")
def save(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="An article, by its id.")],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; default: ID.html.")] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Write the page that crashed its reader to a file, and say how to read it again."""
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> Any:
        async with open_stores(loaded) as stores:
            return await stores.crashes.get(article_id)

    found = run(work)
    if found is None:
        fail(
            f"{article_id}: no page of such an article is kept; `tidings quarantine list` names those that are"
        )
    page, body = found
    target = file or Path(f"{article_id}.html")
    try:
        target.write_bytes(body)
    except OSError as fault:
        fail(f"{target} cannot be written: {fault.strerror}")
    command = ["tidings", "try", "page", str(target), "--url", page.url]
    if page.content_type:
        command += ["--header", f"content-type: {page.content_type}"]
    typer.echo(shlex.join(command))


@app.command("retry")
def retry(articles: Ids, config: Config = None, state: State = None) -> None:
    """Have their pages read once more, as after a newer version was installed."""
    from tidings.clock import SystemClock
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> Any:
        async with open_stores(loaded) as stores:
            return await stores.crashes.retry(articles, SystemClock().now())

    released = run(work)
    for article_id in released:
        typer.echo(f"{article_id} is read at the next opportunity")
    if missing := [one for one in articles if one not in released]:
        for article_id in missing:
            complain(f"{article_id} is not in quarantine")
        raise typer.Exit(FAILED)


def _row(one: Any) -> dict[str, Any]:
    return {
        "id": one.article_id,
        "title": one.title,
        "url": one.url,
        "content_type": one.content_type,
        "reason": one.reason,
        "crashed": one.crashed_at,
        "bytes": one.size,
        "quarantined": one.quarantined,
    }
