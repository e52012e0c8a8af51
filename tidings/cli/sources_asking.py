"""`tidings sources test`: what sources answer now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli import looked
from tidings.cli.options import FAILED, PARTIAL, Config, Json, State, complain, run, settings
from tidings.cli.output import json_line, progress
from tidings.cli.sources_named import named

if TYPE_CHECKING:
    from crawler.records import Source
    from tidings.sampling import Sample
    from tidings.trial import Reply


def test_sources(
    source_ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Sources of the configuration; default: all.")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Also those that were asked less than `polling.floor` ago.")
    ] = False,
    pages: Annotated[
        int,
        typer.Option(
            "--pages", metavar="N", min=0, max=20, help="Also read the pages of its N newest articles."
        ),
    ] = 0,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Ask sources once, as their next poll would, and show what they answer; no article is stored.

    Left alone are paused sources, those that are gone, those whose server wants no request yet, and, without
    --now, those that were asked less than a floor ago. Exits 3 when some are in trouble, 1 when all are.
    """
    from crawler.asking import Asker
    from crawler.extract import PageExtractor
    from crawler.records import Poll
    from crawler.wording import counted
    from tidings.app import open_crawler
    from tidings.caring import habits
    from tidings.opening import open_stores
    from tidings.sampling import samples
    from tidings.trial import ask

    loaded = settings(config, state)
    chosen = named(loaded.sources, source_ids)

    read: dict[str, tuple[Sample, ...]] = {}

    async def work() -> list[Reply]:
        import asyncio

        async with (
            open_stores(loaded) as stores,
            open_crawler(
                loaded.polling, modules=loaded.config_dir, hosts=stores.hosts, turns=stores.turns
            ) as crawler,
        ):
            asker = Asker(fetcher=crawler.fetcher, lister=crawler.crew, isolation=crawler.children)
            await stores.sources.sync(loaded.sources, datetime.now(UTC))
            states = {one.source_id: one for one in await stores.sources.states()}
            done = 0

            async def one(source: Source) -> Reply:
                nonlocal done
                before = states[source.id]
                tested = await ask(
                    source,
                    before,
                    asker=asker,
                    habits=habits(loaded.polling),
                    now=datetime.now(UTC),
                    within_floor=now,
                )
                meanwhile = await stores.sources.state(source.id)
                if tested.after is not before and meanwhile.last_polled_at == before.last_polled_at:
                    await stores.articles.record_poll(Poll(state=tested.after, url=source.url))
                if pages and tested.feed is not None:
                    read[source.id] = await samples(
                        source,
                        tested.feed.entries,
                        fetcher=crawler.fetcher,
                        extractor=PageExtractor(crawler.children),
                        crew=crawler.crew,
                        most=pages,
                    )
                done += 1
                live.show(f"{done} of {len(chosen)}")
                return tested

            return await asyncio.gather(*map(one, chosen))

    with progress("asking") as live:
        tested = run(work)
    for each in tested:
        if as_json:
            more = {"pages": looked.sample_rows(read.get(each.source.id, ()))} if pages else {}
            json_line(_row(each) | more)
        else:
            _tell(each)
            for line in looked.samples(read.get(each.source.id, ())):
                typer.echo(line)
    if alone := sum(1 for one in tested if one.too_soon):
        them = "it" if alone == 1 else "them"
        complain(
            f"{counted(alone, 'source')} left alone, since the floor is not over; --now asks {them} all the same"
        )
    failed = sum(1 for one in tested if one.failed)
    if failed:
        raise typer.Exit(FAILED if failed == len(tested) else PARTIAL)


def _row(tested: Reply) -> dict[str, Any]:
    from crawler.wording import shown

    feed, care = tested.feed, tested.care
    dates = [one.published_at for one in feed.entries if one.published_at] if feed else []
    return {
        "id": tested.source.id,
        "kind": tested.source.kind,
        "url": shown(tested.source.url),
        "asked": tested.not_asked is None,
        "not_asked": tested.not_asked,
        "state": care.state,
        "status": tested.status,
        "problem": care.problem,
        "remedy": care.remedy,
        "format": feed.format if feed else None,
        "title": feed.title if feed else None,
        "entries": len(feed.entries) if feed else None,
        "newest": max(dates, default=None),
        "problems": feed.problems if feed else (),
        "lacks": feed.lacks if feed else None,
        "rules": feed.looked if feed else (),
        "moved_to": tested.moved_to,
        "move_refused": tested.move_refused,
        "hints": tested.hints,
    }


def _tell(tested: Reply) -> None:
    from crawler.records import SourceState

    care = tested.care
    typer.echo(f"{tested.source.id}: {_outcome(tested)}")
    for hint in tested.hints:
        typer.echo(f"  {hint}")
    for line in looked.rules(tested.feed.looked if tested.feed else ()):
        typer.echo(line)
    if tested.feed is not None and tested.feed.lacks:
        typer.echo(f"  problem: {tested.feed.lacks}")
    for repair in tested.feed.problems if tested.feed else ():
        typer.echo(f"  repaired: {repair}")
    if tested.move_refused is not None:
        typer.echo(
            f"  its move for good to {tested.move_refused} is not adopted, since it would give up https"
        )
    if tested.moved_to is not None:
        typer.echo(f"  → it moved for good: put {tested.moved_to} into its entry")
    elif care.remedy and care.state is not SourceState.OK:
        typer.echo(f"  → {care.remedy}")


def _outcome(tested: Reply) -> str:
    from crawler.records import SourceState
    from crawler.wording import counted, moment

    care, feed = tested.care, tested.feed
    ill = f"{care.state}: {care.problem}"
    if tested.not_asked is not None:
        if care.state in (SourceState.PAUSED, SourceState.GONE):
            return f"not asked: {care.problem}"
        return f"{ill if tested.failed else care.state}; not asked: {tested.not_asked}"
    if tested.failed:
        return ill
    if feed is None:
        listed = tested.after.listed
        then = f", {counted(listed, 'entry', 'entries')} then" if listed else ""
        return f"{care.state}, not modified since the last poll (304){then}"
    dates = [one.published_at for one in feed.entries if one.published_at]
    return ", ".join(
        (
            str(care.state),
            feed.format,
            counted(len(feed.entries), "entry", "entries"),
            f"newest {moment(max(dates))}" if dates else "no dates",
            f"“{feed.title}”" if feed.title else "no title",
        )
    )
