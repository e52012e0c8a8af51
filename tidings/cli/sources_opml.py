"""`tidings sources import` and `export`: lists of feeds, to and from other readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.records import SourceKind
from tidings.cli.options import USAGE, Config, Json, State, complain, fail, settings
from tidings.cli.output import json_line

if TYPE_CHECKING:
    from tidings.settings.append import Imported

LISTED = frozenset({SourceKind.FEED, SourceKind.SITEMAP})  # kinds that a list can hold
MOST_TOLD = 20  # feeds left out for one reason that are named


def import_opml(
    path: Annotated[Path, typer.Argument(metavar="FILE.opml", help="An OPML file of another reader.")],
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Given to every source of the file.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Write the feeds of an OPML file into a new sources/NAME.yaml; those that are here already are left out.

    Folders become tags. No line that is there is touched: where NAME.yaml is there, it is NAME-2.yaml.
    """
    from crawler.feeds.opml import read_opml
    from tidings.settings import ConfigError
    from tidings.settings.append import ImportRow, free_file, write_import
    from tidings.settings.typed import typed_id

    loaded = settings(config, state)
    for tag in tags or ():
        try:
            typed_id(tag)
        except ValueError as fault:
            fail(str(fault), USAGE)
    try:
        outlines = read_opml(path.read_bytes())
    except OSError as fault:
        fail(f"{path} cannot be read: {(fault.strerror or 'unknown reason').lower()}", USAGE)
    except ValueError as fault:
        fail(f"{path}: {fault}")
    try:
        done = write_import(
            free_file(loaded.config_dir / "sources", path.stem),
            [
                ImportRow(
                    one.title,
                    one.url,
                    one.site_url,
                    one.folders,
                    id=one.id,
                    tags=one.tags,
                    language=one.language,
                    kind=str(one.kind),
                )
                for one in outlines
            ],
            taken={one.id for one in loaded.sources},
            known={one.url: one.id for one in loaded.sources if one.kind in LISTED},
            tags=tags or (),
        )
    except (ConfigError, OSError) as fault:
        fail(str(fault))
    if as_json:
        from crawler.wording import shown

        json_line(
            {
                "file": str(done.path) if done.sources else None,
                "added": [{"id": one.id, "feed": one.feed} for one in done.sources],
                "known": [{"feed": shown(feed), "reason": reason} for feed, reason in done.skipped],
                "refused": [{"feed": shown(feed), "reason": reason} for feed, reason in done.refused],
            }
        )
        return
    _tell(done)


def _tell(done: Imported) -> None:
    from crawler.wording import counted, shown

    for feeds, what in ((done.skipped, "already here"), (done.refused, "not taken")):
        for feed, reason in feeds[:MOST_TOLD]:
            complain(f"{what}: {shown(feed)}: {reason}")
        if len(feeds) > MOST_TOLD:
            complain(f"{what}: {len(feeds) - MOST_TOLD} more; --json names them")
    left = [
        f"{len(feeds)} {what}"
        for feeds, what in ((done.skipped, "already here"), (done.refused, "not taken"))
        if feeds
    ]
    if done.sources:
        typer.echo("; ".join([f"wrote {counted(len(done.sources), 'source')} to {done.path}", *left]))
    else:
        typer.echo("; ".join(["nothing to import", *left]))


def export(config: Config = None, state: State = None) -> None:
    """Print feeds and sitemaps as OPML, with ids, tags, names and languages; what needs rules of its own is named.

    Other readers show the first tag as a folder; `sources import` takes all of it back.
    """
    from crawler.feeds.opml import Outline, write_opml

    loaded = settings(config, state)
    lists = [
        Outline(
            title=one.name or "",
            url=one.url,
            site_url=None,
            folders=one.tags[:1],
            tags=one.tags,
            language=one.language,
            id=one.id,
            kind=one.kind,
        )
        for one in loaded.sources
        if one.kind in LISTED
    ]
    left = [one.id for one in loaded.sources if one.kind not in LISTED]
    if left:
        complain(f"left out, since OPML holds no rules for them: {', '.join(left)}")
    typer.echo(write_opml(lists, title="Tidings sources"), nl=False)
