"""`tidings judgements …`: what was said of matches, and what it says of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import Config, Json, State, age, known_initiative, run, settings
from tidings.cli.output import json_line, plain, progress, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.exclusions import Exclusion, Proposal
    from alerts.impact import Impact
    from alerts.judgements import Judgement, Question
    from tidings.settings import Settings
    from tidings.storage.stores import Stores

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
    from alerts.safe import one_line

    rows = [
        (
            said.at,
            said.initiative_id,
            said.verdict,
            said.way,
            said.article_id,
            _title(match),
            ", ".join(one_line(term, 60) for term in said.terms),
        )
        for said, match in found
    ]
    columns = ("WHEN", "INITIATIVE", "JUDGED", "BY", "ARTICLE", "TITLE", "MATCHED BY")
    table(columns, rows, empty="nobody has judged a match yet")


def _title(match: Question | None) -> str:
    from alerts.safe import one_line

    return "(not kept any more)" if match is None else one_line(match.title, 100) or "(no title)"


def _as_plain(said: Judgement, match: Question | None) -> dict[str, Any]:
    kept = None if match is None else {"title": match.title, "source": match.source, "url": match.url}
    return {**plain(said), "match": kept}


@app.command("propose")
def propose(
    initiative: Annotated[str, typer.Argument(metavar="INITIATIVE", help="Its id.")],
    impact: Annotated[
        bool, typer.Option("--impact", help="Also show what all of it would end in the archive.")
    ] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="AGE", help="How much of the archive --impact looks at.")
    ] = "90d",
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Propose what to exclude from an initiative, from matches that were judged not to be about it, as YAML lines to paste.

    Phrases around the words that matched go below `except`, names that stand anywhere in wrong articles and hardly in
    others below `none`. Nothing is changed.
    """
    from tidings.opening import look_into
    from tidings.precision import said as sentences
    from tidings.proposing import proposed

    length = age("--since", since)
    loaded = settings(config, state)
    wanted = known_initiative(loaded, initiative)

    async def work() -> tuple[Proposal, tuple[str, ...], Impact | None]:
        async with look_into(loaded) as stores:
            found = await proposed(loaded, stores.judgements, wanted)
            said = await sentences(loaded, stores.judgements, initiative)
            cost = await _cost(loaded, stores, found, length) if impact and found.exclusions else None
            return found, said, cost

    found, said, cost = run(work)
    if as_json:
        json_line(_proposal_as_plain(found, said, cost))
        return
    for line in _lines(found, said):
        typer.echo(line)
    if cost is not None:
        _show_cost(cost)


async def _cost(loaded: Settings, stores: Stores, found: Proposal, length: Any) -> Impact:
    """What all that is proposed would change."""
    from tidings.clock import SystemClock
    from tidings.impact import measure
    from tidings.proposing import compared

    now = SystemClock().now()
    with progress("comparing") as live:
        return await measure(
            stores.archive,
            compared(loaded, found),
            since=now - length,
            until=now,
            backfill=loaded.polling.backfill,
            on_batch=lambda articles: live.show(f"{articles:,} articles"),
        )


def _show_cost(cost: Impact) -> None:
    from alerts.impact_words import headline, window
    from tidings.cli.impact import show

    typer.echo("\nWith all of these lines:")
    typer.echo(window(cost))
    typer.echo(headline(cost))
    show(cost)


def _lines(found: Proposal, said: tuple[str, ...]) -> Iterator[str]:
    from alerts.safe import one_line
    from alerts.wording import count

    name = found.initiative.id
    looked = (
        f"{count(found.wrong, 'text')} judged not to be about {name}, "
        f"{found.right:,} judged to be, {found.others:,} not judged"
    )
    yield from (f"# {line}" for line in said)
    if not found.exclusions:
        yield f"# nothing to propose from {looked}"
        if found.wrong > 1:
            yield "# no phrase that they share ends them: give the term `near`, or write it longer"
    else:
        yield f"# from {looked}"
        yield f"# paste what fits into {name}, then ask `tidings impact`"
    place = None
    for one in found.exclusions:
        if one.place != place:
            place = one.place
            yield f"# below `{place}:`"
        yield f"- {_item(one)}  # {_counts(one, found)}"
        yield from (f"  #   ends: {one_line(title, 200)}" for title in one.freed)
        yield from (f"  #   ends too, not judged: {one_line(title, 200)}" for title in one.taken)
    if found.left and found.exclusions:
        yield f"# {count(len(found.left), 'text')} judged wrong would stay"
    yield from (f"#   stays: {one_line(title, 200)}" for title in found.left[:5])


def _counts(one: Exclusion, found: Proposal) -> str:
    ends = [f"ends {one.frees:,} of {found.wrong:,} judged wrong"]
    if found.right:
        ends.append(f"none of {found.right:,} judged right")
    if found.others:
        ends.append(f"{one.takes_others or 'none'} of {found.others:,} not judged")
    return ", ".join(ends)


def _item(one: Exclusion) -> str:
    from alerts.exclusions import Place
    from alerts.expression import is_expression
    from tidings.settings.quoting import listed

    return listed(one.text, literal=one.place is Place.NONE and is_expression(one.text))


def _proposal_as_plain(found: Proposal, said: tuple[str, ...], cost: Impact | None) -> dict[str, Any]:
    from tidings.cli.impact import as_plain

    return {
        "initiative": found.initiative.id,
        "precision": said,
        "wrong": found.wrong,
        "right": found.right,
        "others": found.others,
        "exclusions": [{**plain(one), "yaml": _item(one)} for one in found.exclusions],
        "left": found.left,
        "impact": None
        if cost is None
        else as_plain(cost, against="the rules as they are", notes=(), refused=False),
    }
