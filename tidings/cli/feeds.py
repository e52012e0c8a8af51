"""`tidings feeds …`: where feeds for other readers are, and the same as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tidings.cli.options import USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line

app = typer.Typer(help="Hand initiatives and saved searches on as feeds.", no_args_is_help=True)


@app.command("list")
def list_feeds(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """List the addresses of all feeds; who has one may read that feed, so they are secrets.

    The daemon serves them under `web.public`, else on `web.bind`.
    """
    from tidings.app import signer
    from tidings.feeds_out.addresses import FeedAddresses, base_of
    from tidings.feeds_out.names import names
    from tidings.web.key import KeyProblem

    loaded = settings(config, state)
    addresses, base = FeedAddresses(loaded, signer(loaded)), base_of(loaded.web)
    found = names(loaded)
    if not found and not as_json:
        typer.echo("no watchlist has an initiative or a search yet")
    for name, title in found.items():
        try:
            at = addresses.at(base, name)
        except (KeyProblem, OSError) as fault:
            fail(str(fault))
        if as_json:
            json_line({"kind": name.kind, "id": name.id, "title": title, "atom": at.atom, "json": at.json})
        else:
            typer.echo(f"{title}\n    {at.atom}\n    {at.json}")


@app.command("write")
def write(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the files go; made when it is not there.")
    ],
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="URL", help="Where DIR is published, for the addresses in the feeds."),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Write all feeds as files, for any web server: DIR/initiatives/ID.atom and .json, DIR/searches/ID.atom and .json.

    A file is replaced at once and whole, and left alone when it says the same already. Files of feeds that there are
    no more stay. Whoever can read the files can read the feeds.
    """
    from tidings.clock import SystemClock
    from tidings.feeds_out.files import write_feeds
    from tidings.feeds_out.making import Feeds
    from tidings.opening import look_into
    from tidings.storage.engine import Database

    loaded = settings(config, state)
    published = None if base is None else _address(base)
    if Database.is_missing(loaded.database, state_dir=loaded.state_dir):
        fail(
            "there is no database yet, and so no feed that could keep its id; `tidings run` or `once` makes it"
        )

    async def work() -> tuple[int, int]:
        async with look_into(loaded) as stores:
            feeds = Feeds(loaded, stores.feeds, stores.articles, SystemClock())
            return await write_feeds(feeds, folder, published)

    try:
        written, left = run(work)
    except OSError as fault:
        fail(f"{fault.filename or folder} cannot be written ({fault.strerror or fault})")
    if as_json:
        json_line({"folder": str(folder), "written": written, "unchanged": left})
        return
    if published is None and written:
        complain("the feeds do not say where they lie; --base URL tells them")
    typer.echo(f"wrote {written} files to {folder}, {left} unchanged")


def _address(base: str) -> str:
    from alerts.safe import link

    found = link(base)
    if found is None or "?" in found.href or "#" in found.href:
        fail("--base wants the http or https address of DIR, such as https://example.org/feeds", USAGE)
    return found.href.rstrip("/")
