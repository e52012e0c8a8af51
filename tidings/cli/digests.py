"""`tidings digest …`: what will go out, when, and sending it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from alerts.messages import DeliveryState
from tidings.cli import previewing
from tidings.cli.digests_named import DigestId, moment, named_digest
from tidings.cli.options import PARTIAL, USAGE, Config, Json, State, fail, run, settings
from tidings.cli.output import json_line, plain
from tidings.stamps import stamp

if TYPE_CHECKING:
    from alerts.messages import Delivery

app = typer.Typer(help="Preview, list the times of, and send digests.", no_args_is_help=True)
previewing.add_to(app)


@app.command("slots")
def slots(
    digest_id: DigestId,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From then on; default: now.")
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=10_000, help="So many.")] = 5,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List the next times of a digest."""
    from alerts.slots import upcoming

    loaded = settings(config, state)
    plan = named_digest(loaded, digest_id)
    if plan.immediately:
        fail(f"{digest_id} is sent immediately; it has no times of its own", USAGE)
    for slot in upcoming(plan, moment(start), count):
        if as_json:
            json_line({"digest": plan.id, "slot": slot.key, "due": slot.due})
        else:
            typer.echo(f"{slot.key}  {stamp(slot.due)}")


@app.command("send")
def send(
    digest_id: DigestId,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Send the last message again, the same under the same ids, for a lost mail."
        ),
    ] = False,
    slot: Annotated[
        str | None,
        typer.Option(
            "--slot", metavar="KEY", help="With --again: that of this slot, such as 2026-11-25T07:30."
        ),
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Compose a digest now, of what its readers were not told yet, and hand it to its channels."""
    from tidings.app import notifier
    from tidings.clock import SystemClock
    from tidings.opening import open_stores
    from tidings.sending import Handed, NothingToSend, send_again, send_now

    loaded = settings(config, state)
    if slot is not None and not again:
        fail("--slot names a message that was sent before: add --again", USAGE)
    plan = None if again else named_digest(loaded, digest_id)
    clock = SystemClock()

    async def work() -> tuple[Handed, ...]:
        async with open_stores(loaded) as stores:
            teller = notifier(loaded, stores, clock)
            if plan is not None:
                return await send_now(teller, stores, plan)
            return await send_again(teller, stores, clock, digest_id, slot)

    try:
        handed = run(work)
    except NothingToSend as fault:
        fail(str(fault))
    if not handed:
        typer.echo("nothing that its readers were not told already; nothing was sent")
    for message in handed:
        typer.echo(f"{message.key}: {message.subject}")
        for line in map(_outcome, message.deliveries):
            typer.echo(line)
    if any(one.state is not DeliveryState.SENT for message in handed for one in message.deliveries):
        raise typer.Exit(PARTIAL)


def _outcome(one: Delivery) -> str:
    """To whom, and what the other side said."""
    whom = f"{one.channel_id} {one.recipient}".strip()
    if one.state is DeliveryState.SENT:
        return f"{whom}: sent" + (f", {one.answer}" if one.answer else "")
    if one.state is not DeliveryState.PENDING:
        return f"{whom}: {one.state}, {one.last_error}"
    if one.last_error is None:
        return f"{whom}: waiting, or under way by a running daemon"
    return f"{whom}: tried again at {plain(one.next_attempt_at)}, {one.last_error}"
