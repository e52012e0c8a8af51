"""`python -m tests.soak.week [DIR]`: a week of the demo's newsroom in minutes, with the trouble that a week brings.

The daemon's own ticks, reloads and watches run on a simulated clock; newsroom, mail server and hook are real servers on
loopback. Told is what the operator was told and when, what the readers got, and how long the log became.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.match import validate
from tidings import log
from tidings.app import App, open_app
from tidings.daemon import Ticks
from tidings.demo.clock import SimulatedClock, Timeline
from tidings.demo.configuration import write_configuration
from tidings.demo.hooksink import HookSink, new_secret
from tidings.demo.mailbox import Mailbox
from tidings.demo.newsroom import Newsroom
from tidings.demo.outlets import OUTLETS, Trouble
from tidings.housekeeping import keep_house
from tidings.outcomes import Outcomes
from tidings.reloading import take_edit
from tidings.settings import Settings, load
from tidings.settings.starter import shipped_config
from tidings.storage.room import Room

STRIDE = timedelta(minutes=5)  # between two ticks; the daemon ticks more often, and finds nothing in between
WEEK = timedelta(days=7)
SCALE = 7 * 24 / 50  # the script of fifty hours over the whole week
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BROKEN, BREAKS, WELL = "yamuna-chronicle", 2 * DAY + 12 * HOUR, 4 * DAY + 12 * HOUR
MAIL_DOWN, MAIL_UP = 5 * DAY, 5 * DAY + 14 * HOUR
DISK_LOW, DISK_FREE = 5 * DAY + 16 * HOUR, 5 * DAY + 17 * HOUR


class Office(Mailbox):
    """A mail server that takes nothing while it is `down`."""

    down = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return (
            "451 4.3.1 our disk is full"
            if self.down
            else await super().handle_DATA(server, session, envelope)
        )


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody was told."""

    at: timedelta  # after the start
    kind: str  # of the document: digest, alert; or mail
    subject: str


@dataclass(slots=True)
class Week:
    """The installation, what is done to it, and all that is seen of it from outside."""

    folder: Path
    clock: SimulatedClock
    hooks: HookSink
    office: Office
    said: io.StringIO = field(default_factory=io.StringIO)
    readers: list[Message] = field(default_factory=list)
    operator: list[Message] = field(default_factory=list)
    done: list[tuple[timedelta, str]] = field(default_factory=list)
    free: int | None = None  # bytes that the disk is said to have; None: what it has

    def settings(self) -> Settings:
        return load(
            self.folder / "config",
            state_dir=self.folder / "state",
            environ=os.environ,
            validate_term=validate,
        )

    def edit(self, before: str, after: str) -> None:
        path = self.folder / "config" / "watchlists" / "us-india-technology.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text, before
        path.write_text(text.replace(before, after, 1), encoding="utf-8")

    async def live(self, start: datetime) -> None:
        """The week: between the restarts an application lives and ticks."""
        acts = sorted(_acts(), key=lambda one: one[0])
        while (at := self.clock.now() - start) < WEEK:
            async with open_app(
                self.settings(), clock=self.clock, on_report=Outcomes(self.clock).heard, alone=True
            ) as app:
                self._watch_the_disk(app)
                await app.collect()
                ticks = Ticks(app)
                while (at := self.clock.now() - start) < WEEK:
                    restart = False
                    while acts and acts[0][0] <= at:
                        _, words, act = acts.pop(0)
                        self.done.append((at, words))
                        restart = act is None or restart
                        if act is not None:
                            await act(self, app)
                    if restart:
                        break
                    await keep_house(app)
                    await ticks.tick()
                    await app.runner.drain()
                    self._look(at)
                    self.clock.advance(STRIDE)

    def _watch_the_disk(self, app: App) -> None:
        real = app.watch.look

        def look(folder: Path) -> Room | None:
            found = real(folder)
            return found if found is None or self.free is None else replace(found, free=self.free)

        app.watch.look = look

    def _look(self, at: timedelta) -> None:
        """What came since the last look."""
        for mail in self.office.mails[len(self.readers) :]:
            self.readers.append(Message(at, "mail", mail.subject))
        for hook in self.hooks.hooks[len(self.operator) :]:
            event = json.loads(hook.body)
            about = event["data"].get("subject") or event["data"].get("digest") or event["type"]
            self.operator.append(Message(at, event["type"], str(about)))


Act = Callable[[Week, App], Awaitable[None]]


def _acts() -> Iterator[tuple[timedelta, str, Act | None]]:
    """What happens, by time; None: the daemon is started anew."""

    async def reload(week: Week, app: App) -> None:
        await take_edit(app, week.settings)

    def edited(before: str, after: str) -> Act:
        async def act(week: Week, app: App) -> None:
            week.edit(before, after)
            await reload(week, app)

        return act

    def mail(down: bool) -> Act:
        async def act(week: Week, app: App) -> None:
            week.office.down = down

        return act

    def disk(free: int | None) -> Act:
        async def act(week: Week, app: App) -> None:
            week.free = free

        return act

    good, bad = "title: Morning digest", "titel: Morning digest"
    yield 10 * HOUR, "a good edit", edited(good, "title: The morning digest")
    yield 10 * HOUR + STRIDE, "taken back", edited("title: The morning digest", good)
    yield DAY + 9 * HOUR, "a bad edit", edited(good, bad)
    yield DAY + 9 * HOUR + 2 * STRIDE, "corrected within ten minutes", edited(bad, good)
    yield DAY + 15 * HOUR, "a bad edit", edited(good, bad)
    yield DAY + 21 * HOUR, "corrected after six hours", edited(bad, good)
    yield 2 * DAY + 2 * HOUR, "a restart", None
    yield 2 * DAY + 2 * HOUR + STRIDE, "a restart", None
    yield 2 * DAY + 18 * HOUR, "a restart", None
    yield MAIL_DOWN, "the mail server takes nothing", mail(True)
    yield MAIL_UP, "the mail server works", mail(False)
    yield 4 * DAY + HOUR, "the machine sleeps for nine hours", _sleep
    yield DISK_LOW, "the disk is nearly full", disk(20 * 2**20)
    yield DISK_FREE, "there is room again", disk(None)
    yield 6 * DAY, "a restart", None


async def _sleep(week: Week, app: App) -> None:
    week.clock.advance(9 * HOUR)


async def play(folder: Path) -> Week:
    """One week in `folder`."""
    clock = SimulatedClock()
    start = clock.now()
    outlets = tuple(
        replace(
            one, trouble=(Trouble(since=BREAKS / SCALE, status=500), Trouble(since=WELL / SCALE, status=200))
        )
        if one.id == BROKEN
        else one
        for one in OUTLETS
    )
    shipped = (shipped_config() / "watchlists" / "us-india-technology.yaml").read_text(encoding="utf-8")
    async with (
        Newsroom(clock, Timeline(scale=SCALE), outlets=outlets) as newsroom,
        Office() as office,
        HookSink(new_secret(), clock=clock) as hooks,
    ):
        config = write_configuration(
            folder / "config", newsroom=newsroom, mailbox=office, hooks=hooks, watchlist=shipped
        )
        _to_the_operator(config)
        week = Week(folder, clock, hooks, office)
        log.configure(stream=week.said)
        await week.live(start)
    return week


def _to_the_operator(config: Path) -> None:
    """The hook is the operator's alone; the digests go by mail."""
    installation = config / "tidings.yaml"
    installation.write_text(installation.read_text(encoding="utf-8") + "operator: hook\n", encoding="utf-8")
    watchlist = config / "watchlists" / "us-india-technology.yaml"
    text = watchlist.read_text(encoding="utf-8").replace("to: [desk, hook]", "to: [desk]")
    watchlist.write_text(text, encoding="utf-8")


def lines(week: Week) -> Iterator[str]:
    """For a person."""
    told = [(one.at, f"operator   {one.kind}: {one.subject}") for one in week.operator]
    told += [(one.at, f"readers    {one.subject}") for one in week.readers]
    told += [(at, f"           -- {words}") for at, words in week.done]
    for at, words in sorted(told, key=lambda one: one[0]):
        yield f"day {at.days + 1} {str(at - at.days * DAY)[:-3]:>5}  {words}"
    entries = [json.loads(line) for line in week.said.getvalue().splitlines()]
    events = Counter((one["level"], one["event"]) for one in entries)
    yield f"the log has {len(entries)} lines, {len(week.said.getvalue()) // 1024} KiB"
    for (level, event), number in events.most_common():
        yield f"  {number:5} {level:8} {event}"


def main(words: list[str]) -> int:
    folder = Path(words[0]) if words else Path(tempfile.mkdtemp(prefix="tidings-week-"))
    week = asyncio.run(play(folder))
    (folder / "log.jsonl").write_text(week.said.getvalue(), encoding="utf-8")
    sys.stdout.write("\n".join(lines(week)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
