"""`tidings deliveries …`: what went out, what waits, what was refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import (
    FAILED,
    PARTIAL,
    USAGE,
    Config,
    Json,
    State,
    age,
    complain,
    fail,
    run,
    settings,
)
from tidings.cli.output import json_line, plain, table

if TYPE_CHECKING:
    from alerts.messages import Delivery, Message
    from tidings.settings import Settings
    from tidings.storage.stores import Stores

app = typer.Typer(help="See the outbox and act on it.", no_args_is_help=True)

EVERY = 1_000_000  # deliveries that one command acts on


class States(StrEnum):
    """Those of `alerts.messages.DeliveryState`, which need not be loaded to read a command line."""

    PENDING = "pending"
    SENT = "sent"
    PARKED = "parked"
    CANCELLED = "cancelled"


DeliveryId = Annotated[
    str,
    typer.Argument(metavar="ID", help="A delivery, as `deliveries list` shows it; its beginning will do."),
]
DeliveryIds = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="Deliveries; the beginning of an id will do.")
]
Parked = Annotated[bool, typer.Option("--parked", help="All that are parked.")]
OfChannel = Annotated[
    str | None, typer.Option("--channel", metavar="ID", help="All that are parked of this channel.")
]


@app.command("list")
def list_deliveries(
    only: Annotated[States | None, typer.Option("--only", help="In this state.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="ID", help="To this channel.")] = None,
    message: Annotated[
        str, typer.Option("--message", metavar="KEY", help="Of messages whose key begins so.")
    ] = "",
    since: Annotated[
        str | None, typer.Option("--since", metavar="AGE", help="Made within this time, such as 2d.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Newest so many.")] = 50,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first."""
    from alerts.messages import DeliveryState
    from tidings.opening import look_into

    loaded = settings(config, state)
    young = None if since is None else datetime.now(UTC) - age("--since", since)

    async def work() -> tuple[Delivery, ...]:
        async with look_into(loaded) as stores:
            return await stores.deliveries.list(
                limit=limit,
                state=None if only is None else DeliveryState(only),
                channel=channel,
                message=message,
                since=young,
            )

    found = run(work)
    if as_json:
        for one in found:
            json_line(one)
        return
    narrowed = any(one for one in (only, channel, message, since))
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
        empty="no such delivery" if narrowed else "nothing has been composed yet",
    )


@app.command("show")
def show(
    delivery_id: DeliveryId,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part instead of the text.")] = False,
    mail: Annotated[
        bool,
        typer.Option("--mail", help="Print what is handed over byte for byte: the mail, or header and body."),
    ] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Show one delivery and the message it carries."""
    from tidings.opening import look_into

    loaded = settings(config, state)

    async def work() -> tuple[Delivery, Message] | None:
        async with look_into(loaded) as stores:
            return await stores.deliveries.get(await _the_one(stores, delivery_id))

    found = run(work)
    if found is None:
        fail(_unknown(delivery_id))
    delivery, message = found
    if as_json:
        handed = {"as_sent": _as_sent(loaded, delivery, message).decode("utf-8", "replace")} if mail else {}
        json_line({"delivery": delivery, "message": _without_pictures(message)} | handed)
    elif mail:
        typer.echo(_as_sent(loaded, delivery, message), nl=False)
    elif html:
        typer.echo(message.html)
    else:
        _print(delivery, message)


@app.command("retry")
def retry(
    delivery_ids: DeliveryIds = None,
    parked: Parked = False,
    channel: OfChannel = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Try waiting or parked deliveries again, now (the running daemon, or the next `once`, sends them)."""

    async def again(stores: Stores, one: str) -> bool:
        return await stores.deliveries.retry(one, now=datetime.now(UTC))

    _act(settings(config, state), delivery_ids, parked, channel, again, "due now", as_json)


@app.command("cancel")
def cancel(
    delivery_ids: DeliveryIds = None,
    parked: Parked = False,
    channel: OfChannel = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Give up waiting or parked deliveries for good."""

    async def give_up(stores: Stores, one: str) -> bool:
        return await stores.deliveries.cancel(one)

    _act(settings(config, state), delivery_ids, parked, channel, give_up, "cancelled", as_json)


# -- which are meant -------------------------------------------------------------------------------


def _act(
    loaded: Settings,
    delivery_ids: list[str] | None,
    parked: bool,
    channel: str | None,
    act: Callable[[Stores, str], Awaitable[bool]],
    done: str,
    as_json: bool,
) -> None:
    """Do it to each delivery that is meant; one that cannot be done is said, and the others are done."""
    from tidings.opening import open_stores

    if bool(delivery_ids) == (parked or channel is not None):
        fail("name deliveries by their ids, or all that are parked by --parked or --channel ID", USAGE)

    async def work() -> list[tuple[str, bool]]:
        async with open_stores(loaded) as stores:
            if delivery_ids:
                chosen = [await _the_one(stores, one) for one in delivery_ids]
            else:
                chosen = await _all_parked(stores, loaded, channel)
            return [(one, await act(stores, one)) for one in dict.fromkeys(chosen)]

    outcomes = run(work)
    for one, acted in outcomes:
        if as_json:
            json_line({"delivery": one, "ok": acted})
        elif acted:
            typer.echo(f"{one} is {done}")
        else:
            complain(f"{one} is no waiting or parked delivery; `tidings deliveries list` shows their states")
    if not outcomes and not as_json:
        typer.echo("nothing is parked" if channel is None else f"nothing is parked of {channel}")
    failed = sum(not acted for _, acted in outcomes)
    if failed:
        raise typer.Exit(FAILED if failed == len(outcomes) else PARTIAL)


async def _the_one(stores: Stores, prefix: str) -> str:
    """The only delivery whose id begins so; none or several of them end the command."""
    found = await stores.deliveries.named(prefix) if prefix else ()
    if not found:
        fail(_unknown(prefix))
    if len(found) > 1 and prefix not in found:
        more = " and more" if len(found) > 3 else ""
        named = f"{', '.join(found[:3])}{more}"
        fail(f"several deliveries begin with {prefix}: {named}; write more of the id", USAGE)
    return prefix if prefix in found else found[0]


def _unknown(delivery_id: str) -> str:
    return f"no delivery {delivery_id!r}; `tidings deliveries list` names them"


async def _all_parked(stores: Stores, loaded: Settings, channel: str | None) -> list[str]:
    from alerts.messages import DeliveryState

    found = await stores.deliveries.list(limit=EVERY, state=DeliveryState.PARKED, channel=channel)
    if not found and channel is not None and channel not in {plan.id for plan in loaded.channels}:
        names = ", ".join(plan.id for plan in loaded.channels)
        fail(f"no such channel: {channel}; tidings.yaml has {names or 'none'}", USAGE)
    return [one.id for one in reversed(found)]


# -- how one is shown ------------------------------------------------------------------------------


def _as_sent(loaded: Settings, delivery: Delivery, message: Message) -> bytes:
    """What its channel hands over; ends the command when nothing would be."""
    from alerts.errors import Refused, TryLater
    from tidings.app import channels

    way = channels(loaded).get(delivery.channel_id)
    if way is None:
        fail(
            f"channel {delivery.channel_id} is not in tidings.yaml any more, so how it writes a message is not known; "
            "without --mail the message is shown"
        )
    try:
        return way.as_sent(message, delivery)
    except (Refused, TryLater) as fault:
        fail(str(fault))


def _without_pictures(message: Message) -> dict[str, Any]:
    """As JSON, its pictures by name: `--mail` and files have them."""
    return {**plain(message), "pictures": [one.name for one in message.pictures]}


def _print(delivery: Delivery, message: Message) -> None:
    for name in (
        "id",
        "message_key",
        "channel_id",
        "recipient",
        "state",
        "attempts",
        "created_at",
        "next_attempt_at",
        "sent_at",
        "last_error",
        "answer",
    ):
        value = plain(getattr(delivery, name))
        if value not in (None, ""):
            typer.echo(f"{name.replace('_', ' '):16} {value}")
    typer.echo(f"{'subject':16} {message.subject}\n\n{message.text}")
