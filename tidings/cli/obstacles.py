"""What stands between messages and a channel, for `tidings channels list`, and `tidings channels resume`, which lifts it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import USAGE, Config, Json, State, fail, run, settings
from tidings.cli.output import json_line
from tidings.stamps import stamp

if TYPE_CHECKING:
    from alerts.obstacles import Obstacles
    from tidings.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Put `resume` among the commands of `tidings channels`."""
    app.command("resume")(resume)


def resume(
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="A channel, as `channels list` shows it.")
    ],
    recipient: Annotated[
        str | None, typer.Argument(metavar="RECIPIENT", help="Only this one of its recipients.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Send to a channel again that is gone or on hold, or to recipients that are suspended."""
    from tidings.opening import open_stores

    loaded = settings(config, state)

    async def work() -> tuple[int, int]:
        from alerts.messages import DeliveryState
        from alerts.threads import reader

        def meant(name: str) -> bool:
            return recipient is None or reader(name) == reader(recipient)

        async with open_stores(loaded) as stores:
            lifted = 0
            if recipient is None:
                lifted = await stores.deliveries.resume(channel)
            else:
                for one in (await stores.deliveries.obstacles(datetime.now(UTC))).suspensions:
                    if one.channel_id == channel and meant(one.recipient):
                        lifted += await stores.deliveries.resume(channel, one.recipient)
            parked = await stores.deliveries.list(
                limit=1_000_000, state=DeliveryState.PARKED, channel=channel
            )
            return lifted, sum(meant(one.recipient) for one in parked)

    lifted, parked = run(work)
    known = {plan.id for plan in loaded.channels}
    if not lifted and channel not in known:
        fail(f"no such channel: {channel}; tidings.yaml has {', '.join(sorted(known)) or 'none'}", USAGE)
    if as_json:
        json_line({"channel": channel, "recipient": recipient, "lifted": lifted, "parked": parked})
        return
    whom = channel if recipient is None else f"{recipient} of {channel}"
    typer.echo(f"{whom} is sent to again" if lifted else f"nothing stood in the way of {whom}")
    if parked:
        typer.echo(f"{parked} parked: `tidings deliveries retry --channel {channel}` sends them, too")


def standing(loaded: Settings) -> Obstacles:
    """What stands in the way just now; nothing before the first start."""
    from alerts.targets import target_of
    from tidings.opening import look_into

    async def work() -> Obstacles:
        async with look_into(loaded) as stores:
            found = await stores.deliveries.obstacles(datetime.now(UTC))
            return found.on({plan.id: target_of(plan) for plan in loaded.channels})

    return run(work)


def of_channel(found: Obstacles, channel_id: str) -> dict[str, Any]:
    """As JSON: `gone`, `hold` and `suspended` of one channel."""
    ban, hold = found.bans.get(channel_id), found.holds.get(channel_id)
    return {
        "gone": None if ban is None else {"since": ban.since, "reason": ban.reason},
        "hold": None if hold is None else {"until": hold.until, "reason": hold.reason},
        "suspended": [
            {"recipient": one.recipient, "messages": one.messages, "since": one.since, "reason": one.reason}
            for one in found.suspensions
            if one.channel_id == channel_id
        ],
    }


def in_words(found: Obstacles, channel_id: str) -> str:
    """For a column: `gone since …`, `on hold until …`, `suspended: a@b, c@d`; "ok" when nothing stands in the way."""
    ban, hold = found.bans.get(channel_id), found.holds.get(channel_id)
    suspended = [one.recipient for one in found.suspensions if one.channel_id == channel_id]
    words = []
    if ban is not None:
        words.append(f"gone since {stamp(ban.since)}")
    if hold is not None:
        words.append(f"on hold until {stamp(hold.until)}")
    if suspended:
        words.append(f"suspended: {', '.join(suspended)}")
    return "; ".join(words) or "ok"
