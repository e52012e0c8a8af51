"""`tidings channels test`: a marked message to each channel, and what the other side said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli import obstacles
from tidings.cli.options import FAILED, PARTIAL, USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line

if TYPE_CHECKING:
    from alerts.messages import Delivery, Message
    from alerts.plans import ChannelPlan
    from alerts.ports import Channel
    from tidings.settings import Settings


class _End(StrEnum):
    """How it went."""

    TAKEN = "taken"
    LATER = "later"  # a digest would be tried again
    REFUSED = "refused"  # a digest would be parked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    channel: str
    recipient: str | None = None
    end: _End
    answer: str  # the other side's words, or ours on why it was not reached; no secrets

    @property
    def where(self) -> str:
        return f"{self.channel} {self.recipient or ''}".strip()


def add_to(app: typer.Typer) -> None:
    """Put `test` among the commands of `tidings channels`."""
    app.command("test")(test)


def test(
    channel_ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Channels; default: all.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="ADDRESS", help="Of mail channels: to this address, not to their readers."
        ),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Send a message marked as a test, and print what the other side said."""
    loaded = settings(config, state)
    plans = _chosen(loaded, channel_ids, to)
    if not plans:
        fail("there are no channels in tidings.yaml; add one, such as outbox: {type: file}", USAGE)
    tried = run(lambda: _all_tried(loaded, plans))
    standing = obstacles.standing(loaded)
    for one in tried:
        if as_json:
            json_line(
                {
                    "channel": one.channel,
                    "recipient": one.recipient,
                    "ok": one.end is _End.TAKEN,
                    "end": one.end,
                    "answer": one.answer,
                }
            )
        elif one.end is _End.TAKEN:
            typer.echo(f"{one.where}: taken: {one.answer}")
        else:
            complain(f"{one.where}: {_words(one)}")
    for plan in plans if not as_json else ():
        words = obstacles.in_words(standing, plan.id)
        if words != "ok":
            complain(f"{plan.id}: messages wait: {words}; `tidings channels resume {plan.id}` lets them go")
    failed = sum(one.end is not _End.TAKEN for one in tried)
    if failed:
        raise typer.Exit(FAILED if failed == len(tried) else PARTIAL)


def _words(one: _Tried) -> str:
    if one.end is _End.LATER:
        return f"not taken; a digest would be tried again: {one.answer}"
    return f"refused; a digest would be parked: {one.answer}"


async def _all_tried(loaded: Settings, plans: Sequence[ChannelPlan]) -> list[_Tried]:
    """All channels at once, since one that does not answer takes its time; in their order."""
    from alerts.notice import test_message

    message = test_message(datetime.now(UTC))
    tried = await asyncio.gather(*(_tried(loaded, plan, message) for plan in plans))
    return [one for each in tried for one in each]


async def _tried(loaded: Settings, plan: ChannelPlan, message: Message) -> list[_Tried]:
    from alerts.addressing import deliveries_for
    from alerts.errors import AlertError
    from tidings.app import channel

    try:
        way = channel(plan, loaded.polling)
    except AlertError as fault:
        return [_Tried(channel=plan.id, end=_End.REFUSED, answer=str(fault))]
    deliveries = deliveries_for(message, plan.id, way, message.created_at)
    return [await _sent(plan, way, message, one) for one in deliveries]


async def _sent(plan: ChannelPlan, way: Channel, message: Message, delivery: Delivery) -> _Tried:
    from alerts.errors import AlertError, TryLater
    from tidings.cli.channel_advice import advice

    try:
        end, answer = _End.TAKEN, await way.send(message, delivery)
    except TryLater as fault:
        end, answer = _End.LATER, str(fault) + advice(plan, str(fault))
    except AlertError as fault:
        end, answer = _End.REFUSED, str(fault)
    return _Tried(channel=plan.id, recipient=delivery.recipient or None, end=end, answer=answer)


def _chosen(loaded: Settings, ids: list[str] | None, to: str | None) -> list[ChannelPlan]:
    """The channels that were named, all of them by default; with `to`, mail channels that go there."""
    from alerts.plans import EmailChannel
    from tidings.settings.models.faults import suggestion

    by_id = {one.id: one for one in loaded.channels}
    for name in ids or ():
        if name not in by_id:
            fail(f"there is no channel '{name}'; {suggestion(name, by_id, what='channels')}", USAGE)
    chosen = [by_id[one] for one in dict.fromkeys(ids)] if ids else list(loaded.channels)
    if to is None:
        return chosen
    _check_address(to)
    mails: list[ChannelPlan] = [replace(one, to=(to,)) for one in chosen if isinstance(one, EmailChannel)]
    if not mails or (ids and len(mails) < len(chosen)):
        others = ", ".join(one.id for one in chosen if not isinstance(one, EmailChannel)) or "none"
        fail(f"--to is for mail channels, and these are none: {others}", USAGE)
    return mails


def _check_address(text: str) -> None:
    from alerts.channels.mime import address
    from alerts.errors import AlertError

    try:
        address(text)
    except AlertError as fault:
        fail(f"--to: {fault}", USAGE)
