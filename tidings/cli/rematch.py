"""`rematch`: the rules in force, applied to the archive by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import (
    FAILED,
    Config,
    Json,
    State,
    age,
    complain,
    fail,
    known_initiative,
    run,
    settings,
)
from tidings.cli.output import json_line, progress

if TYPE_CHECKING:
    from tidings.lock import Holder
    from tidings.rematching import Progress
    from tidings.settings import Settings
    from tidings.storage.stores import Stores


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("rematch")(rematch)


def rematch(
    initiative: Annotated[
        str | None, typer.Argument(metavar="INITIATIVE", help="Its id; default: all of them.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="AGE", help="How much of the archive to look at, such as 90d.")
    ] = "90d",
    tell: Annotated[
        bool,
        typer.Option(
            "--tell",
            help="Have the next digests tell what is found, and what was filed before; nothing is told twice.",
        ),
    ] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Apply the rules in force to the archive: what they find is filed, or told with --tell.

    What no longer matches and was never told is not told any more. Works beside a running daemon. An edit that is
    not yet applied to the whole archive is finished first.
    """
    from tidings.app import notifier, rematcher
    from tidings.clock import SystemClock
    from tidings.opening import open_stores

    length = age("--since", since)
    loaded = settings(config, state)
    wanted = _initiatives(loaded, initiative)
    clock = SystemClock()

    async def work() -> tuple[list[Progress], Progress, list[str]]:
        async with open_stores(loaded) as stores:
            made = rematcher(loaded, stores, clock, notifier(loaded, stores, clock))
            if _daemon(loaded) is None:
                await made.put_in_force()
            else:
                await _require_in_force(loaded, stores)
            edits: list[Progress] = []
            broken: list[str] = []
            with progress("looking at the archive") as live:
                while (step := await made.step()) is not None:
                    live.show(f"for an edit, {step.articles:,} articles")
                    broken += step.failed
                    if step.done:
                        edits.append(step)
                done = await made.rematch(
                    wanted, length, tell=tell, show=lambda number: live.show(f"{number:,} articles")
                )
            return edits, done, list(dict.fromkeys((*broken, *done.failed)))

    edits, done, failed = run(work)
    if as_json:
        json_line({**_plain(done), "failed": failed, "edits": [_plain(one) for one in edits]})
    else:
        for line in [line for one in edits for line in _of_edit(one)] + _lines(done, since, tell=tell):
            typer.echo(line)
    if tell and (untold := _untold(loaded, wanted)):
        complain(f"note: no digest tells of {', '.join(untold)}; what is found there waits for one that does")
    if failed:
        complain(
            f"the matcher broke on {len(failed)} articles, such as {failed[0]}; what is kept of them stays"
        )
        raise typer.Exit(FAILED)


def _initiatives(loaded: Settings, named: str | None) -> tuple[str, ...]:
    return tuple(loaded.initiatives) if named is None else (known_initiative(loaded, named).id,)


def _untold(loaded: Settings, wanted: tuple[str, ...]) -> list[str]:
    """Initiatives of which no digest tells: paused, or named in none that is not."""
    told = {one for plan in loaded.digests if not plan.paused for one in plan.initiatives}
    return [one for one in wanted if one not in told or loaded.initiatives[one].paused]


def _daemon(loaded: Settings) -> Holder | None:
    from tidings.lock import holder, lock_file

    return holder(lock_file(loaded.database, loaded.state_dir))


async def _require_in_force(loaded: Settings, stores: Stores) -> None:
    """A daemon runs: what is in the files counts only once it is in force there."""
    kept = {one.watchlist_id: one.version for one in await stores.edits.in_force()}
    edited = [one.id for one in loaded.watchlists if kept.get(one.id) != one.version]
    if edited:
        fail(
            f"{', '.join(edited)}: the edited file is not in force in the running daemon yet; "
            "wait some seconds, or see in its log why it was refused"
        )


def _plain(one: Progress) -> dict[str, Any]:
    return {
        "initiatives": one.initiatives,
        "since": one.since,
        "articles": one.articles,
        "told": one.changed.told,
        "filed": one.changed.filed,
        "gone": one.changed.gone,
    }


def _of_edit(one: Progress) -> list[str]:
    local = one.since.astimezone()
    return [
        f"your edit of {local.day} {local:%b} ({', '.join(one.initiatives)}) is now applied to the whole archive: "
        f"{one.changed.told:,} to be told, {one.changed.filed:,} filed, {one.changed.gone:,} no longer matching"
    ]


def _lines(done: Progress, since: str, *, tell: bool) -> list[str]:
    changed = done.changed
    number = len(done.initiatives)
    lines = [
        f"looked at {done.articles:,} articles of the last {since} by the rules of {number} "
        f"initiative{'' if number == 1 else 's'}"
    ]
    if tell:
        lines.append(f"{changed.told:,} to be told in the next digest, as found by rematch")
    if changed.filed or not tell:
        why = "known before their source was followed, or held" if tell else "--tell would tell them"
        lines.append(f"{changed.filed:,} new, filed and not told" + (f" ({why})" if changed.filed else ""))
    if changed.gone:
        lines.append(f"{changed.gone:,} that no longer match and were never told: marked gone")
    return lines
