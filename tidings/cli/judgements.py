"""`tidings judgements …`: what was said of matches, and what it says of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import Config, Json, State, run, settings
from tidings.cli.output import json_line, table

if TYPE_CHECKING:
    from alerts.judgements import Judgement, Question

app = typer.Typer(
    help="See which matches were judged right or wrong, and what to exclude then.", no_args_is_help=True
)


@app.command("list")
def list_judgements(
    initiative: Annotated[
        str | None, typer.Option("--initiative", metavar="ID", help="Those of this initiative.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List what was said of matches, the newest first: in mails, on the site, by `tidings judge`."""
    from tidings.opening import look_into

    loaded = settings(config, state)

    async def work() -> tuple[tuple[Judgement, Question | None], ...]:
        async with look_into(loaded) as stores:
            found = await stores.judgements.list(initiative)
            return tuple(zip(found, await stores.judgements.questions(found), strict=True))

    found = run(work)
    if as_json:
        for said, match in found:
            json_line(_as_plain(said, match))
        return
    rows = [
        (
            said.at,
            said.initiative_id,
            said.verdict,
            said.way,
            said.article_id,
            _title(match),
            ", ".join(said.terms),
        )
        for said, match in found
    ]
    columns = ("WHEN", "INITIATIVE", "JUDGED", "BY", "ARTICLE", "TITLE", "MATCHED BY")
    table(columns, rows, empty="nobody has judged a match yet")


def _title(match: Question | None) -> str:
    from alerts.safe import one_line

    return "(not kept any more)" if match is None else one_line(match.title, 100) or "(no title)"


def _as_plain(said: Judgement, match: Question | None) -> dict[str, Any]:
    from tidings.cli.output import plain

    kept = None if match is None else {"title": match.title, "source": match.source, "url": match.url}
    return {**plain(said), "match": kept}
