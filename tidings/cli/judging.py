"""`judge`: says that an article is about an initiative, or is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import USAGE, Config, Json, State, fail, known_initiative, run, settings
from tidings.cli.output import json_line

if TYPE_CHECKING:
    from alerts.judgements import Judgement
    from tidings.storage.lookup import Life


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("judge")(judge)


def judge(
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="Its address or id.")],
    initiative: Annotated[str, typer.Argument(metavar="INITIATIVE", help="Under which it was matched.")],
    not_about: Annotated[bool, typer.Option("--not-about", help="It is about something else.")] = False,
    about: Annotated[bool, typer.Option("--about", help="It is about it.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="As if nobody had said anything.")] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Say that an article is about an initiative, or is not; the last word holds.

    What is not about it is told no more under it, nor are reprints of it. It stays in the archive, and is evidence on
    the rule: `tidings check` warns of terms that are often wrong, `tidings judgements propose` says how to exclude it.
    """
    from alerts.judgements import Verdict, Way
    from tidings.clock import SystemClock
    from tidings.opening import open_stores

    if (not_about, about, forget).count(True) != 1:
        fail("say one of --not-about, --about and --forget", USAGE)
    loaded = settings(config, state)
    if not forget:  # what was said under one that was removed can be forgotten
        known_initiative(loaded, initiative)
    verdict = Verdict.NOT_ABOUT if not_about else Verdict.ABOUT
    now = SystemClock().now()

    async def work() -> tuple[Life | None, Judgement | None, bool]:
        async with open_stores(loaded) as stores:
            life = await stores.lookup.find(article)
            known = article.lower() if life is None else life.article.id  # a judgement outlives its article
            if forget:
                return life, None, await stores.judgements.forget(known, initiative, now=now)
            said = await stores.judgements.judge(known, initiative, verdict, way=Way.COMMAND, now=now)
            return life, said, said is not None

    life, said, done = run(work)
    if not done and forget:
        fail(f"nobody has said anything of {article} under {initiative}; `tidings judgements list` has all")
    if not done and life is None:
        fail(f"{article} is not in the archive")
    if not done:
        fail(f"{article} does not match {initiative}; `tidings explain {article}` tells why")
    if as_json:
        json_line({"judgement": said})
        return
    name = article if life is None else life.article.title or "(no title)"
    if said is None:
        typer.echo(f"{name}: nobody has said anything of it under {initiative} any more")
    elif said.verdict is Verdict.NOT_ABOUT:
        typer.echo(f"{name}: judged not to be about {initiative}, and told no more under it")
        typer.echo(f"  what follows from it: tidings judgements propose {initiative}")
    else:
        typer.echo(f"{name}: judged to be about {initiative}")
