"""`tidings channels …`: the ways out of the house."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import FAILED, PARTIAL, USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line, table

if TYPE_CHECKING:
    from alerts.plans import ChannelPlan
    from tidings.settings import Settings

app = typer.Typer(help="See and test the channels.", no_args_is_help=True)


@app.command("list")
def list_channels(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """List the channels and which digests go there."""
    loaded = settings(config, state)
    rows: list[dict[str, Any]] = [
        {
            "id": plan.id,
            "type": _kind(plan),
            "to": _target(plan),
            "digests": [one.id for one in loaded.digests if plan.id in one.to],
            "operator": loaded.operator == plan.id,
        }
        for plan in loaded.channels
    ]
    if as_json:
        for row in rows:
            json_line(row)
        return
    table(
        ("channel", "type", "to", "digests"),
        [(row["id"], row["type"], row["to"], ", ".join(row["digests"])) for row in rows],
        empty="no channels in tidings.yaml",
    )


def _kind(plan: ChannelPlan) -> str:
    return type(plan).__name__.removesuffix("Channel").lower()


def _target(plan: ChannelPlan) -> str:
    """Where it goes, without what must not be shown: hook addresses may hold tokens."""
    from urllib.parse import urlsplit

    from alerts.plans import EmailChannel, FileChannel, WebhookChannel

    match plan:
        case EmailChannel():
            return f"{', '.join(plan.to)} via {plan.host}:{plan.port}"
        case FileChannel():
            return plan.dir
        case WebhookChannel():
            return urlsplit(plan.url.reveal()).hostname or "?"
    return "?"


@app.command("test")
def test(
    channel_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="Default: all.")] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Send a message marked as a test, and print what the other side said."""
    loaded = settings(config, state)
    plans = _chosen(loaded, channel_ids)

    async def work() -> list[dict[str, Any]]:
        from alerts.addressing import deliveries_for
        from alerts.errors import Refused, TryLater
        from alerts.notice import test_message
        from tidings.app import channel

        message = test_message(datetime.now(UTC))
        rows = []
        for plan in plans:
            way = channel(plan, loaded.polling)
            for delivery in deliveries_for(message, plan.id, way, message.created_at):
                row: dict[str, Any] = {"channel": plan.id, "recipient": delivery.recipient or None}
                try:
                    row |= {"ok": True, "answer": await way.send(message, delivery)}
                except (TryLater, Refused) as fault:
                    row |= {"ok": False, "answer": str(fault)}
                rows.append(row)
        return rows

    rows = run(work)
    for row in rows:
        where = f"{row['channel']} {row['recipient'] or ''}".strip()
        if as_json:
            json_line(row)
        elif row["ok"]:
            typer.echo(f"{where}: {row['answer']}")
        else:
            complain(f"{where}: {row['answer']}")
    failed = sum(1 for row in rows if not row["ok"])
    if failed:
        raise typer.Exit(FAILED if failed == len(rows) else PARTIAL)


def _chosen(loaded: Settings, ids: list[str] | None) -> list[ChannelPlan]:
    if not ids:
        return list(loaded.channels)
    by_id = {one.id: one for one in loaded.channels}
    unknown = [one for one in ids if one not in by_id]
    if unknown:
        fail(f"no such channel: {', '.join(unknown)}; tidings.yaml has {', '.join(by_id) or 'none'}", USAGE)
    return [by_id[one] for one in ids]
