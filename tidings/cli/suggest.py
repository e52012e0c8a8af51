"""`suggest`: terms that an initiative may lack, as YAML lines to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import Config, Json, State, age, known_initiative, run, settings
from tidings.cli.output import json_line, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.suggest import Miner, Suggestion

_HEADS = {
    "expansion": "beside a term, in brackets or before them",
    "variant": "another spelling of a term",
    "name": "names in its articles, and rarely in others",
    "phrase": "phrases in its articles, and rarely in others",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("suggest")(suggest)


def suggest(
    initiative: Annotated[str, typer.Argument(metavar="INITIATIVE", help="Its id.")],
    since: Annotated[
        str, typer.Option("--since", metavar="AGE", help="How much of the archive to look at, such as 90d.")
    ] = "365d",
    most: Annotated[int, typer.Option("--most", metavar="N", help="So many of each kind.", min=1)] = 12,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Suggest terms for an initiative, mined from what it matched and nearly matched, as YAML lines to paste.

    Long forms of its acronyms, other spellings of its terms, and names and phrases that its articles share. Nothing
    is changed; `tidings impact` shows what a pasted line would bring.
    """
    from tidings.clock import SystemClock
    from tidings.mining import mine
    from tidings.opening import look_into

    length = age("--since", since)
    loaded = settings(config, state)
    wanted = known_initiative(loaded, initiative)
    start = SystemClock().now() - length

    async def work() -> Miner:
        async with look_into(loaded) as stores:
            return await mine(loaded, stores.archive, wanted, start)

    miner = run(work)
    suggestions = miner.suggestions(most)
    if as_json:
        json_line(_as_plain(initiative, miner, suggestions))
        return
    for line in _lines(initiative, miner, suggestions):
        typer.echo(line)


def _as_plain(initiative: str, miner: Miner, suggestions: tuple[Suggestion, ...]) -> dict[str, Any]:
    return {
        "initiative": initiative,
        "matched": miner.matched,
        "nearly": miner.nearly,
        "others": miner.others,
        "suggestions": [{**plain(one), "yaml": _item(one)} for one in suggestions],
    }


def _lines(initiative: str, miner: Miner, suggestions: tuple[Suggestion, ...]) -> Iterator[str]:
    looked = f"{miner.matched:,} articles that match {initiative} and {miner.nearly:,} that hold a word of it"
    if not suggestions:
        yield f"nothing to suggest from {looked}"
        return
    yield f"# from {looked}"
    yield "# paste what fits below `any:`, then ask `tidings impact`"
    kind = None
    for one in suggestions:
        if one.kind != kind:
            kind = one.kind
            yield f"# {_HEADS[kind]}"
        yield f"- {_item(one)}  # {_counts(one, miner)}"
        yield from (f"  #   {title}" for title in one.examples)


def _counts(one: Suggestion, miner: Miner) -> str:
    said = [f"for “{one.of}”"] if one.of else []
    said.append(f"in {one.matched:,} of {miner.matched:,} that match")
    if one.nearly:
        said.append(f"in {one.nearly:,} that do not")
    if not one.of and miner.others:
        said.append(f"in {one.others:,} of {miner.others:,} others")
    return ", ".join(said)


def _item(one: Suggestion) -> str:
    """The term as an item of a list in YAML, literal where it could be taken for an expression."""
    from alerts.expression import is_expression
    from tidings.settings.quoting import listed

    return listed(one.text, literal=is_expression(one.text))
