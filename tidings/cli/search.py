"""`search`: the archive, asked in the language of the watchlists."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import USAGE, Config, Json, State, fail, moment_given, run, settings
from tidings.cli.output import json_line, plain

if TYPE_CHECKING:
    from datetime import datetime

    from tidings.searching import Found, Question
    from tidings.settings import Settings

_SNIPPETS = 2  # of each article on the terminal
_COLUMNS = ("id", "title", "url", "source", "published", "first_seen", "story", "snippet")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("search")(search)


def search(
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="QUERY",
            help="Words in a row are a phrase; beside them since:, until:, initiative: and story: narrow the search.",
        ),
    ] = None,
    saved: Annotated[
        str | None, typer.Option("--saved", metavar="ID", help="Ask a search of the watchlists by its id.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="AGE|DAY", help="Not older, such as 90d or 2026-03-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="AGE|DAY", help="Not younger; a day is included.")
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="The most telling first, of the time that --since or since: names.")
    ] = False,
    most: Annotated[int, typer.Option("--most", metavar="N", help="Stop behind so many.", min=1)] = 50,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet.")] = False,
) -> None:
    """Search the archive, newest first, in the language of the watchlists: phrases, AND, OR, NOT, NEAR/n, fields, /patterns/.

    Names in capitals match with their capitals; what proves little in a watchlist without a context counts here.
    """
    from alerts.errors import RuleError
    from tidings.clock import SystemClock
    from tidings.opening import look_into
    from tidings.searching import ranked, read_query
    from tidings.searching import search as find

    if as_json and as_csv:
        fail("--json and --csv: one of them", USAGE)
    if (query is None) == (saved is None):
        fail("give a QUERY, or the id of a saved one with --saved", USAGE)
    now = SystemClock().now()
    loaded = settings(config, state)
    words = query if query is not None else _saved(loaded, saved or "")
    try:
        asked = read_query(
            words, loaded.tags, lambda key, value: moment_given(key, value, now, last=key == "until")
        )
    except RuleError as fault:
        fail(f"{words}\n{' ' * fault.offset}^ {fault.problem}; {fault.remedy}", USAGE)
    asked = _bounded(asked, since, until, now)
    if best and asked.filters.since is None:
        fail("--best ranks what is of a time: give --since, such as --since 90d", USAGE)

    async def work() -> list[Found]:
        async with look_into(loaded) as stores:
            if best:
                return await ranked(stores.search, asked, most)
            found: list[Found] = []
            async for one in find(stores.search, asked):
                found.append(one)
                if len(found) == most:
                    break
            return found

    found = run(work)
    if as_csv:
        _write(found)
        return
    for one in found:
        if as_json:
            json_line(_as_plain(one))
        else:
            _print(one)
    if not as_json:
        told = f"{len(found):,} found"
        if len(found) == most:
            told = f"the {'best' if best else 'newest'} {most:,}; --most shows more"
        typer.echo(told if found else f"nothing found{_unknown(asked, loaded)}")


def _saved(loaded: Settings, name: str) -> str:
    """The query of a saved search; an unknown one ends the command with the nearest that there are."""
    from tidings.settings.models.faults import suggestion

    found = loaded.searches.get(name)
    if found is None:
        known = suggestion(name, loaded.searches, what="searches")
        fail(f"no watchlist has a search '{name}'; {known}", USAGE)
    return found.query


def _bounded(asked: Question, since: str | None, until: str | None, now: datetime) -> Question:
    from dataclasses import replace

    filters = asked.filters
    if since is not None:
        filters = replace(filters, since=moment_given("--since", since, now, last=False))
    if until is not None:
        filters = replace(filters, until=moment_given("--until", until, now, last=True))
    return replace(asked, filters=filters)


def _write(found: list[Found]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_as_row, found))


def _unknown(asked: Question, loaded: Settings) -> str:
    """A word on an initiative that there is not, or not any more."""
    from tidings.settings.models.faults import suggestion

    name = asked.filters.initiative_id
    if name is None or name in loaded.initiatives:
        return ""
    return (
        f"; there is no initiative '{name}' now, {suggestion(name, loaded.initiatives, what='initiatives')}"
    )


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


def _as_row(found: Found) -> dict[str, Any]:
    """For a spreadsheet."""
    from tidings.spreadsheets import cell

    row = _as_plain(found)
    snippet = next((one.snippet for one in found.evidence if one.field != "title"), "")
    values = {**row, "snippet": " ".join(snippet.split())}
    return {name: cell(values[name]) for name in _COLUMNS}


def _print(found: Found) -> None:
    article = found.article
    when = article.published_at or article.first_seen_at
    terms = tuple(dict.fromkeys(one.term for one in found.evidence))
    title = _marked(article.title, terms) if article.title else "(no title)"
    typer.echo(f"{when:%Y-%m-%d}  {title}  ({article.source_id})")
    typer.echo(f"            {article.url}")
    shown = [one for one in found.evidence if one.field != "title"][:_SNIPPETS]
    for one in shown:
        typer.echo(f"            {one.field}: {_marked(one.snippet, terms)}")


def _marked(text: str, terms: tuple[str, ...]) -> str:
    """The words that were found stand out on a terminal; elsewhere the marks are left out."""
    from alerts.highlight import parts

    return "".join(typer.style(piece, bold=True) if hit else piece for piece, hit in parts(text, terms))
