"""`search`: the archive, asked in the language of the watchlists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import USAGE, Config, Json, State, age, fail, run, settings
from tidings.cli.output import json_line, plain

if TYPE_CHECKING:
    from datetime import datetime

    from tidings.searching import Found

_SNIPPETS = 2  # of each article on the terminal


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("search")(search)


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words in a row are a phrase.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="AGE|DAY", help="Not older, such as 90d or 2026-03-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="AGE|DAY", help="Not younger; a day is included.")
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", help="Stop behind so many.", min=1)] = 50,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Search the archive, newest first, in the language of the watchlists: phrases, AND, OR, NOT, NEAR/n, fields, /patterns/.

    Names in capitals match with their capitals; what proves little in a watchlist without a context counts here.
    """
    from alerts.errors import RuleError
    from tidings.clock import SystemClock
    from tidings.opening import look_into
    from tidings.searching import compile_query
    from tidings.searching import search as find

    now = SystemClock().now()
    start = _moment("--since", since, now, last=False)
    end = _moment("--until", until, now, last=True)
    loaded = settings(config, state)
    try:
        matcher = compile_query(query, loaded.tags)
    except RuleError as fault:
        fail(f"{query}\n{' ' * fault.offset}^ {fault.problem}; {fault.remedy}", USAGE)

    async def work() -> int:
        number = 0
        async with look_into(loaded) as stores:
            async for found in find(stores.archive, matcher, since=start, until=end):
                number += 1
                if as_json:
                    json_line(_as_plain(found))
                else:
                    _print(found)
                if number == most:
                    break
        return number

    number = run(work)
    if not as_json:
        told = f"{number:,} found" if number < most else f"the newest {number:,}; --most shows more"
        typer.echo(told if number else "nothing found")


def _moment(option: str, given: str | None, now: datetime, *, last: bool) -> datetime | None:
    """The start of an age or a day, or the end of a day (UTC)."""
    from datetime import UTC, date, datetime, time

    if given is None:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        if not given[:1].isdigit() or given.count("-") == 2:
            fail(f"{option}: '{given}' is neither an age (90d) nor a day (2026-03-01)", USAGE)
        return now - age(option, given)
    return datetime.combine(day, time.max if last else time.min, tzinfo=UTC)


def _as_plain(found: Found) -> dict[str, Any]:
    article = found.article
    return {
        "id": article.id,
        "title": article.title,
        "url": article.url,
        "source": article.source_id,
        "published": plain(article.published_at),
        "first_seen": plain(article.first_seen_at),
        "story": article.story_id,
        "evidence": plain(found.evidence),
    }


def _print(found: Found) -> None:
    article = found.article
    when = article.published_at or article.first_seen_at
    typer.echo(f"{when:%Y-%m-%d}  {article.title or '(no title)'}  ({article.source_id})")
    typer.echo(f"            {article.url}")
    shown = [one for one in found.evidence if one.field != "title"][:_SNIPPETS]
    for one in shown:
        typer.echo(f"            {one.field}: {one.snippet}")
