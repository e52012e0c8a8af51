"""`tidings channels resubscribe`, and who has unsubscribed, for `channels list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import FAILED, USAGE, Config, State, fail, run, settings
from tidings.cli.output import table

if TYPE_CHECKING:
    from tidings.settings import Settings
    from tidings.storage.unsubscribed import Left


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("resubscribe")(resubscribe)


def left(loaded: Settings) -> tuple[Left, ...]:
    """Who has unsubscribed from what; nobody where nothing ever ran."""
    from tidings.opening import look_into

    async def work() -> tuple[Left, ...]:
        async with look_into(loaded) as stores:
            return await stores.unsubscribed.list()

    return run(work)


def show(found: tuple[Left, ...]) -> None:
    """Print them below the channels; nothing when there are none."""
    if found:
        typer.echo("")
        table(
            ("channel", "unsubscribed", "from", "since"),
            [(one.channel_id, one.reader, one.thread, one.at) for one in found],
            empty="",
        )


def resubscribe(
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="A channel, as `channels list` shows it.")
    ],
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="The reader's mail address.")],
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="DIGEST", help="A digest or initiative, or `from` as listed. Default: everything."
        ),
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Send to a reader again who has unsubscribed."""
    from alerts.threads import digest_thread, initiative_thread, reader
    from tidings.opening import open_stores

    loaded = settings(config, state)
    who = reader(recipient)
    before = [one for one in left(loaded) if (one.channel_id, one.reader) == (channel, who)]
    if not before:
        fail(
            f"{who} has not unsubscribed from anything of {channel}; `tidings channels list` shows who has",
            USAGE if channel not in {one.id for one in loaded.channels} else FAILED,
        )
    threads = None if what is None else (what, digest_thread(what), initiative_thread(what))

    async def work() -> tuple[str, ...]:
        async with open_stores(loaded) as stores:
            return await stores.unsubscribed.remove(channel, who, threads)

    taken_back = run(work)
    if not taken_back:
        fail(
            f"{who} has not unsubscribed from {what}; from {', '.join(one.thread for one in before)}", FAILED
        )
    typer.echo(f"{who} gets {', '.join(taken_back)} again over {channel}, from the next one on")
