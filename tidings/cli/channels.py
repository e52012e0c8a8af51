"""`tidings channels …`: the ways out of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from tidings.cli import channel_testing, obstacles, readers
from tidings.cli.options import Config, Json, State, settings
from tidings.cli.output import json_line, table

if TYPE_CHECKING:
    from alerts.plans import ChannelPlan

app = typer.Typer(help="See and test the channels.", no_args_is_help=True)
channel_testing.add_to(app)
readers.add_to(app)
obstacles.add_to(app)


@app.command("list")
def list_channels(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """List the channels, which digests go there, and which readers have unsubscribed."""
    loaded = settings(config, state)
    left = readers.left(loaded)
    in_the_way = obstacles.standing(loaded)
    rows: list[dict[str, Any]] = [
        {
            "id": plan.id,
            "type": _kind(plan),
            "to": _target(plan),
            "digests": [one.id for one in loaded.digests if plan.id in one.to],
            "operator": loaded.operator == plan.id,
            "unsubscribed": [
                {"reader": one.reader, "thread": one.thread, "at": one.at}
                for one in left
                if one.channel_id == plan.id
            ],
            **obstacles.of_channel(in_the_way, plan.id),
        }
        for plan in loaded.channels
    ]
    if as_json:
        for row in rows:
            json_line(row)
        return
    table(
        ("channel", "type", "to", "digests", "state"),
        [
            (
                row["id"],
                row["type"],
                row["to"],
                ", ".join(row["digests"]),
                obstacles.in_words(in_the_way, row["id"]),
            )
            for row in rows
        ],
        empty="no channels in tidings.yaml",
    )
    readers.show(left)


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
