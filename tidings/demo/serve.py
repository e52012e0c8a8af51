"""The newsroom standing alone on the real clock: `python -m tidings.demo.serve --minutes 10`.

Two days of news are pressed into so many minutes. It prints the configuration folder, serves until it is
ended by SIGTERM or Ctrl-C, and then leaves what mailbox and hook sink received beside that folder.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from tidings.clock import SystemClock
from tidings.demo.clock import SCRIPT_LENGTH, Timeline
from tidings.demo.configuration import WALL_CLOCK, write_configuration
from tidings.demo.hooksink import HookSink, new_secret
from tidings.demo.mailbox import Mailbox
from tidings.demo.newsroom import Newsroom


async def serve(minutes: float, folder: Path, *, watchlist: str) -> None:
    """Serve on loopback until SIGTERM or SIGINT; configuration in `folder`/config, mail and hooks beside it."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    clock = SystemClock()
    timeline = Timeline(start=clock.now(), scale=timedelta(minutes=minutes) / SCRIPT_LENGTH)
    async with Newsroom(clock, timeline) as newsroom, Mailbox() as mailbox, HookSink(new_secret()) as hooks:
        config = write_configuration(
            folder / "config",
            newsroom=newsroom,
            mailbox=mailbox,
            hooks=hooks,
            watchlist=watchlist,
            rhythm=WALL_CLOCK,
        )
        sys.stdout.write(f"{config}\n")
        sys.stdout.flush()
        await ended.wait()
    mailbox.write(folder)
    hooks.write(folder)
    answers = sum(newsroom.answers.values())
    unchanged = sum(count for (_, status), count in newsroom.answers.items() if status == 304)
    sys.stderr.write(
        f"{answers} requests, {unchanged} of them answered with 304; "
        f"{len(mailbox.mails)} mails, {len(hooks.hooks)} hooks, {len(hooks.refused)} hooks refused\n"
    )


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m tidings.demo.serve", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="real minutes for the whole script (10)")
    parser.add_argument("--dir", type=Path, help="folder to work in (default: a new temporary one)")
    parser.add_argument("--watchlist", type=Path, help="watchlist to use (default: the shipped one)")
    chosen = parser.parse_args()
    if not chosen.minutes > 0:
        parser.error("--minutes must be above 0")
    folder = chosen.dir or Path(tempfile.mkdtemp(prefix="tidings-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(chosen.minutes, folder, watchlist=_watchlist(chosen.watchlist)))


def _watchlist(path: Path | None) -> str:
    from tidings.settings.starter import shipped_config

    shipped = path if path is not None else shipped_config() / "watchlists" / "us-india-technology.yaml"
    return shipped.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
