"""`tidings digest …`: what will go out, when, and sending it by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import USAGE, Config, Json, State, fail, run, settings
from tidings.cli.output import json_line, stamp

if TYPE_CHECKING:
    from alerts.messages import Message
    from alerts.plans import DigestPlan
    from tidings.settings import Settings

app = typer.Typer(help="Preview, list the times of, and send digests.", no_args_is_help=True)

DigestId = Annotated[str, typer.Argument(metavar="ID", help="A digest of the watchlists.")]


def _plan(loaded: Settings, digest_id: str) -> DigestPlan:
    plan = next((one for one in loaded.digests if one.id == digest_id), None)
    if plan is None:
        known = ", ".join(one.id for one in loaded.digests) or "none"
        fail(f"no digest {digest_id!r} in the configuration, which has {known}", USAGE)
    return plan


def _time(given: str | None) -> datetime:
    if given is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        fail(
            f"{given!r} is no time; write it like 2026-11-25T07:30 or with a zone, 2026-11-25T07:30+01:00",
            USAGE,
        )
    return moment.astimezone(UTC)


@app.command("preview")
def preview(
    digest_id: DigestId,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="As if it were this time; default: now.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML part to FILE.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Show what would go out; nothing is sent or remembered."""
    from tidings.app import notifier
    from tidings.clock import SystemClock
    from tidings.opening import open_stores

    loaded = settings(config, state)
    plan, moment = _plan(loaded, digest_id), _time(at)

    async def work() -> Message:
        async with open_stores(loaded) as stores:
            return await notifier(loaded, stores, SystemClock()).preview(plan, moment)

    message = run(work)
    if html is not None:
        html.write_text(message.html, encoding="utf-8")
    if as_json:
        typer.echo(message.data)
    elif html is None:
        typer.echo(f"Subject: {message.subject}\n\n{message.text}")


@app.command("slots")
def slots(
    digest_id: DigestId,
    start: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Default: now.")] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=10_000)] = 5,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List the next times of a digest."""
    from alerts.slots import upcoming

    loaded = settings(config, state)
    plan = _plan(loaded, digest_id)
    if plan.immediately:
        fail(f"{digest_id} is sent immediately; it has no times of its own", USAGE)
    for slot in upcoming(plan, _time(start), count):
        if as_json:
            json_line({"digest": plan.id, "slot": slot.key, "due": slot.due})
        else:
            typer.echo(f"{slot.key}  {stamp(slot.due)}")


@app.command("send")
def send(
    digest_id: DigestId,
    config: Config = None,
    state: State = None,
) -> None:
    """Compose a digest now, of what was found since its last one, and hand it to its channels."""
    from tidings.app import notifier
    from tidings.clock import SystemClock
    from tidings.opening import open_stores

    loaded = settings(config, state)
    plan = _plan(loaded, digest_id)

    async def work() -> list[str]:
        async with open_stores(loaded) as stores:
            teller = notifier(loaded, stores, SystemClock())
            composed = await teller.compose_now(plan)
            if composed.message is None:
                return ["nothing new since the last one; nothing was sent"]
            lines = [f"{composed.message.key}: {composed.message.subject}"]
            outcomes = await teller.deliver_due(1_000)
            mine = [one for one in outcomes if one.delivery.message_key == composed.message.key]
            return lines + [
                f"{one.delivery.channel_id} {one.delivery.recipient}".strip()
                + f": {one.result}"
                + (f", {one.error}" if one.error else "")
                for one in mine
            ]

    for line in run(work):
        typer.echo(line)
