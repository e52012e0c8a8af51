"""Puts the real application and the made-up newsroom on one simulated clock and lets them play."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.match import validate
from tidings.app import open_app
from tidings.demo.clock import SimulatedClock
from tidings.demo.configuration import write_configuration
from tidings.demo.hooksink import HookSink, new_secret
from tidings.demo.mailbox import Mailbox
from tidings.demo.newsroom import Newsroom
from tidings.demo.play import Played, play
from tidings.settings import load
from tidings.settings.starter import shipped_config
from tidings.tasks import Report

TOLD = {  # counts worth a line, in the order of the walk
    "articles": "new articles",
    "pages": "pages read",
    "reprints": "reprints folded",
    "matches": "matches",
    "digests": "digests composed",
    "deliveries sent": "deliveries sent",
    "deliveries later": "deliveries put off",
    "deliveries parked": "deliveries parked",
}
PARTS = ("config", "state", "mail", "hooks", "digests")  # what a demo writes into its folder
MARK = ".tidings-demo"  # stands in a folder that a demo made


class NoStage(Exception):
    """A demo cannot be played into this folder; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What a demo came to, and where its papers lie."""

    folder: Path
    played: Played
    counts: Mapping[str, int]
    written: tuple[Path, ...]

    def lines(self) -> Iterator[str]:
        """For a person."""
        total = self.counts
        yield (
            f"{total['polls']} polls ({total['unchanged']} unchanged, {total['failed']} failed) brought "
            f"{total['articles']} articles; {total['pages']} pages read, {total['reprints']} reprints folded, "
            f"{total['matches']} matches."
        )
        yield f"{self.played.mails} mails and {self.played.hooks} signed hooks were received:"
        for path in self.written:
            yield f"  {path}"
        yield f"Look at a digest in a browser, or ask why: tidings --config {self.folder}/config --state {self.folder}/state status"


async def stage(out: Path, say: Callable[[str], None]) -> Staged:
    """Play two simulated days into the folder `out`; what an earlier demo left there is replaced.

    Raises:
        NoStage: the folder cannot be written, or holds what is not of a demo.
    """
    _clear(out)
    clock = SimulatedClock()
    counts: Counter[str] = Counter()
    fresh: Counter[str] = Counter()

    def note(report: Report) -> None:
        fresh.update(report.counts)

    watchlist = (shipped_config() / "watchlists" / "us-india-technology.yaml").read_text(encoding="utf-8")
    async with (
        Newsroom(clock) as newsroom,
        Mailbox() as mailbox,
        HookSink(new_secret(), clock=clock) as hooks,
    ):
        config = write_configuration(
            out / "config", newsroom=newsroom, mailbox=mailbox, hooks=hooks, watchlist=watchlist
        )
        settings = load(
            config, state_dir=(out / "state").absolute(), environ=os.environ, validate_term=validate
        )
        async with open_app(settings, clock=clock, on_report=note) as app:

            async def step() -> dict[str, int]:
                fresh.clear()
                await app.settle()
                counts.update(fresh)
                return {words: fresh[name] for name, words in TOLD.items()}

            played = await play(newsroom, mailbox, hooks, clock, step=step, say=say)
        written = (*mailbox.write(out), *hooks.write(out))
    return Staged(folder=out, played=played, counts=counts, written=tuple(written))


def _clear(out: Path) -> None:
    """Make the folder, or empty that of an earlier demo; what is not a demo's is never touched."""
    there = [name for name in PARTS if (out / name).exists()]
    if there and not (out / MARK).is_file():
        raise NoStage(
            f"{out / there[0]} is there already and is not of a demo; name another folder with --out"
        )
    try:
        for name in there:
            shutil.rmtree(out / name)
        out.mkdir(parents=True, exist_ok=True)
        (out / MARK).write_text("What lies here is replaced by the next `tidings demo`.\n", encoding="utf-8")
    except OSError as fault:
        raise NoStage(
            f"{out} cannot be written ({fault.strerror}); name another folder with --out"
        ) from fault
