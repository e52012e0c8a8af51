"""`tidings try site`: what a source without a feed lists, how its rules did, and how its newest articles read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli import looked
from tidings.cli.options import FAILED, USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line, plain

if TYPE_CHECKING:
    from crawler.records import Listed
    from tidings.sampling import Sample

Pages = Annotated[
    int, typer.Option("--pages", metavar="N", min=0, max=20, help="Newest articles whose page is read.")
]


def site(
    source_id: Annotated[
        str, typer.Argument(metavar="ID", help="A source with `site`, `sitemap` or `spider`.")
    ],
    pages: Pages = 1,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Run one spider from sources.yaml, show what it lists and what each rule finds, and store nothing."""
    from crawler.errors import CrawlError
    from crawler.extract import PageExtractor
    from crawler.records import SourceKind
    from tidings.app import open_crawler
    from tidings.sampling import samples

    loaded = settings(config, state)
    source = next((one for one in loaded.sources if one.id == source_id), None)
    if source is None:
        fail(f"no source {source_id!r} in the configuration; `tidings sources list` names them", USAGE)
    if source.kind is SourceKind.FEED:
        fail(
            f"{source_id} is a feed; use `tidings try feed {source.url}`, "
            f"or `tidings sources test {source_id} --pages 1` for its articles",
            USAGE,
        )

    async def work() -> tuple[Listed, tuple[Sample, ...]]:
        async with open_crawler(loaded.polling, modules=loaded.config_dir) as crawler:
            listed = await crawler.crew.list(source)
            read = await samples(
                source,
                listed.feed.entries,
                fetcher=crawler.fetcher,
                extractor=PageExtractor(crawler.children),
                crew=crawler.crew,
                most=pages,
            )
        return listed, read

    try:
        listed, read = run(work)
    except CrawlError as fault:
        if as_json:
            json_line({"input": source_id, "error": str(fault), "hints": fault.hints})
            raise typer.Exit(FAILED) from None
        for hint in fault.hints:
            typer.echo(f"  {hint}")
        fail(f"{source_id}: {fault}")
    if as_json:
        _row(source_id, listed, read)
    else:
        _tell(source_id, listed, read)
    if listed.unfinished is not None:
        complain(f"{source_id}: {listed.unfinished}; there may be more")
        raise typer.Exit(FAILED)


def _row(source_id: str, listed: Listed, read: tuple[Sample, ...]) -> None:
    feed = listed.feed
    json_line(
        {
            "input": source_id,
            "title": feed.title,
            "format": feed.format,
            "entries": feed.entries,
            "problems": feed.problems,
            "lacks": feed.lacks,
            "rules": feed.looked,
            "pages": looked.sample_rows(read),
            "unfinished": None if listed.unfinished is None else str(listed.unfinished),
        }
    )


def _tell(source_id: str, listed: Listed, read: tuple[Sample, ...]) -> None:
    feed = listed.feed
    typer.echo(f"{source_id} · {feed.format} · {len(feed.entries)} articles")
    for line in looked.rules(feed.looked):
        typer.echo(line)
    for problem in (*feed.problems, *filter(None, [feed.lacks])):
        typer.echo(f"  problem: {problem}")
    for entry in feed.entries:
        time = plain(entry.published_at) or "no date"
        typer.echo(f"  {time:20}  {entry.title or '(no title)'}\n  {'':20}  {entry.link}")
    for line in looked.samples(read):
        typer.echo(line)
