"""`tidings sources …`: see, add, test, pause and import sources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import FAILED, PARTIAL, USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line, plain, table

if TYPE_CHECKING:
    from crawler.records import PollState, Source
    from tidings.settings import Settings

app = typer.Typer(help="Care for sources.", no_args_is_help=True)

SourceId = Annotated[str, typer.Argument(metavar="ID", help="A source of the configuration.")]


@app.command("list")
def list_sources(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """List all sources with their state, since when, why, and the next poll."""
    from tidings.app import open_stores

    loaded = settings(config, state)

    async def work() -> dict[str, PollState]:
        async with open_stores(loaded) as stores:
            await stores.sources.sync(loaded.sources, datetime.now(UTC))
            return {one.source_id: one for one in await stores.sources.states()}

    states = run(work)
    rows = [_row(source, states[source.id]) for source in loaded.sources]
    if as_json:
        for row in rows:
            json_line(row)
        return
    table(
        ("source", "kind", "state", "since", "last success", "next poll", "problem"),
        [
            [row[key] for key in ("id", "kind", "state", "since", "last_success", "next_poll", "problem")]
            for row in rows
        ],
        empty="no sources; add one with `tidings sources add URL`",
    )


def _row(source: Source, state: PollState) -> dict[str, Any]:
    from crawler.records import SourceState

    paused = source.paused or state.operator_paused
    problem = state.problem
    if paused:
        problem = "paused in sources.yaml" if source.paused else "paused by `tidings sources pause`"
    return {
        "id": source.id,
        "kind": source.kind,
        "url": source.url,
        "state": SourceState.PAUSED if paused else state.state,
        "since": state.since,
        "problem": problem,
        "last_success": state.last_success_at,
        "next_poll": None if paused else state.next_poll_at,
        "title": source.name or state.title,
        "tags": source.tags,
    }


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="A feed, or a site whose feed is to be found.")],
    source_id: Annotated[str | None, typer.Option("--id", help="Default: made from title and host.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="May be given several times.")] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Append to sources.yaml; else only show the lines.")
    ] = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Find the feed of a site, show what it holds, and propose the lines for sources.yaml."""
    from crawler.errors import CrawlError
    from tidings.app import open_crawler
    from tidings.finding import find_feeds
    from tidings.settings import ConfigError
    from tidings.settings.append import NewSource, append_source, lines, unique_id

    loaded = settings(config, state)

    async def work() -> Any:
        async with open_crawler(loaded.polling, modules=loaded.config_dir) as crawler:
            return await find_feeds(url, crawler.fetcher)

    try:
        found = run(work)
    except CrawlError as fault:
        fail(f"{url}: {fault}")
    if not found:
        fail(
            f"{url} is no feed and links to none; give the feed's own address, or describe the page as a site "
            "(`site:` and `links:` in sources.yaml)"
        )
    for candidate in found:
        complain(
            f"# {candidate.feed.title or '(no title)'}: {len(candidate.feed.entries)} entries, {candidate.url}"
        )
    best = found[0]
    known = next((one for one in loaded.sources if one.url == best.url), None)
    if known is not None:
        fail(f"{best.url} is already in the configuration, as {known.id}", USAGE)
    taken = {one.id for one in loaded.sources}
    if source_id is not None and source_id in taken:
        fail(f"the id {source_id} is taken; choose another with --id", USAGE)
    new = NewSource(
        id=source_id or unique_id(best.feed.title, best.url, taken),
        feed=best.url,
        name=best.feed.title or None,
        site=best.feed.site_url,
        tags=tuple(tags or ()),
    )
    if not write:
        typer.echo("\n".join(lines(new)))
        complain("# nothing was written; add --write to append these lines to sources.yaml")
        return
    path = loaded.config_dir / "sources.yaml"
    try:
        append_source(path, new)
    except ConfigError as fault:
        fail(str(fault), USAGE)
    typer.echo(f"added {new.id} to {path}")


@app.command("test")
def test(
    source_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="Default: all.")] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Ask sources now and show what they answer; nothing is stored."""
    from tidings.app import open_crawler
    from tidings.finding import try_source

    loaded = settings(config, state)
    chosen = _chosen(loaded, source_ids)

    async def work() -> list[dict[str, Any]]:
        import asyncio

        async with open_crawler(loaded.polling, modules=loaded.config_dir) as crawler:
            return await asyncio.gather(*(try_source(one, crawler.fetcher, crawler.crew) for one in chosen))

    rows = run(work)
    for row in rows:
        if as_json:
            json_line(row)
        elif row["problem"]:
            complain(f"{row['id']}: {row['problem']}")
        else:
            newest = plain(row["newest"]) or "no dates"
            typer.echo(
                f"{row['id']}: {row['entries']} entries, newest {newest}, {row['title'] or 'no title'}"
            )
            for repair in row["problems"]:
                typer.echo(f"  repaired: {repair}")
    failed = sum(1 for row in rows if row["problem"])
    if failed:
        raise typer.Exit(FAILED if failed == len(rows) else PARTIAL)


def _chosen(loaded: Settings, ids: list[str] | None) -> list[Source]:
    if not ids:
        return list(loaded.sources)
    by_id = {one.id: one for one in loaded.sources}
    unknown = [one for one in ids if one not in by_id]
    if unknown:
        fail(f"no such source: {', '.join(unknown)}; `tidings sources list` names them", USAGE)
    return [by_id[one] for one in ids]


@app.command("pause")
def pause(source_id: SourceId, config: Config = None, state: State = None) -> None:
    """Stop polling a source until `resume`; kept in the database, not in YAML."""
    _set_paused(source_id, True, config, state)


@app.command("resume")
def resume(source_id: SourceId, config: Config = None, state: State = None) -> None:
    """Poll a paused source again."""
    _set_paused(source_id, False, config, state)


def _set_paused(source_id: str, paused: bool, config: Path | None, state: Path | None) -> None:
    from tidings.app import open_stores

    loaded = settings(config, state)
    source = _chosen(loaded, [source_id])[0]

    async def work() -> None:
        async with open_stores(loaded) as stores:
            await stores.sources.sync(loaded.sources, datetime.now(UTC))
            await stores.sources.set_paused(source_id, paused)

    run(work)
    typer.echo(f"{source_id} is {'paused' if paused else 'polled again'}")
    if not paused and source.paused:
        complain(f"{source_id} also says `paused: true` in sources.yaml, which still holds; remove it there")


@app.command("import")
def import_opml(
    path: Annotated[Path, typer.Argument(metavar="FILE.opml", help="An OPML file of another reader.")],
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="Given to every source of the file.")
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Write the feeds of an OPML file into a new sources/NAME.yaml; known feeds are left out."""
    from crawler.feeds.opml import read_opml
    from tidings.settings import ConfigError
    from tidings.settings.append import ImportRow, write_import

    loaded = settings(config, state)
    try:
        outlines = read_opml(path.read_bytes())
    except OSError as fault:
        fail(f"{path} cannot be read: {fault.strerror}")
    except ValueError as fault:
        fail(f"{path}: {fault}")
    target = loaded.config_dir / "sources" / f"{path.stem}.yaml"
    try:
        done = write_import(
            target,
            [ImportRow(one.title, one.url, one.site_url, (*(tags or ()), *one.folders)) for one in outlines],
            taken={one.id for one in loaded.sources},
            known={one.url for one in loaded.sources},
        )
    except ConfigError as fault:
        fail(str(fault))
    typer.echo(f"wrote {len(done.sources)} sources to {target}")
    for address, reason in done.skipped:
        complain(f"left out {address}: {reason}")


@app.command("export")
def export(config: Config = None, state: State = None) -> None:
    """Print all feeds as OPML."""
    from crawler.feeds.opml import Outline, write_opml
    from crawler.records import SourceKind

    loaded = settings(config, state)
    feeds = [
        Outline(title=one.name or one.id, url=one.url, site_url=None, folders=one.tags[:1])
        for one in loaded.sources
        if one.kind is SourceKind.FEED
    ]
    typer.echo(write_opml(feeds, title="Tidings sources"))
