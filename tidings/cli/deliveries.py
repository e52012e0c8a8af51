"""`tidings deliveries …`: what went out, what waits, what was refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import FAILED, Config, Json, State, fail, run, settings
from tidings.cli.output import json_line, plain, table

if TYPE_CHECKING:
    from alerts.messages import Delivery, Message

app = typer.Typer(help="See the outbox and act on it.", no_args_is_help=True)

DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="A delivery, as `deliveries list` shows it.")]


@app.command("list")
def list_deliveries(
    limit: Annotated[int, typer.Option("--limit", min=1, help="Newest so many.")] = 50,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first."""
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> tuple[Delivery, ...]:
        async with open_stores(loaded) as stores:
            return await stores.deliveries.list(limit=limit)

    found = run(work)
    if as_json:
        for one in found:
            json_line(one)
        return
    table(
        ("delivery", "message", "channel", "recipient", "state", "tries", "next", "sent", "last error"),
        [
            (
                d.id,
                d.message_key,
                d.channel_id,
                d.recipient,
                d.state,
                d.attempts,
                d.next_attempt_at,
                d.sent_at,
                d.last_error,
            )
            for d in found
        ],
        empty="nothing has been composed yet",
    )


@app.command("show")
def show(
    delivery_id: DeliveryId,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part instead of the text.")] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Show one delivery and the message it carries."""
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> tuple[Delivery, Message] | None:
        async with open_stores(loaded) as stores:
            return await stores.deliveries.get(delivery_id)

    found = run(work)
    if found is None:
        fail(f"no delivery {delivery_id!r}; `tidings deliveries list` names them")
    delivery, message = found
    if as_json:
        json_line({"delivery": delivery, "message": message})
        return
    if html:
        typer.echo(message.html)
        return
    for name in (
        "id",
        "message_key",
        "channel_id",
        "recipient",
        "state",
        "attempts",
        "next_attempt_at",
        "sent_at",
        "last_error",
        "answer",
    ):
        value = plain(getattr(delivery, name))
        if value not in (None, ""):
            typer.echo(f"{name.replace('_', ' '):16} {value}")
    typer.echo(f"{'subject':16} {message.subject}\n\n{message.text}")


@app.command("retry")
def retry(delivery_id: DeliveryId, config: Config = None, state: State = None) -> None:
    """Try a waiting or parked delivery again, now (the running daemon, or the next `once`, sends it)."""
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> bool:
        async with open_stores(loaded) as stores:
            return await stores.deliveries.retry(delivery_id, now=datetime.now(UTC))

    if not run(work):
        fail(
            f"{delivery_id} is no waiting or parked delivery; `tidings deliveries list` shows their states",
            FAILED,
        )
    typer.echo(f"{delivery_id} is due now")


@app.command("cancel")
def cancel(delivery_id: DeliveryId, config: Config = None, state: State = None) -> None:
    """Give up a waiting or parked delivery for good."""
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> bool:
        async with open_stores(loaded) as stores:
            return await stores.deliveries.cancel(delivery_id)

    if not run(work):
        fail(
            f"{delivery_id} is no waiting or parked delivery; `tidings deliveries list` shows their states",
            FAILED,
        )
    typer.echo(f"{delivery_id} is cancelled")
