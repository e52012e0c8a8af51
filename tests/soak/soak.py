"""One long-lived world in which the program is killed again and again, at any time and at each fail-point."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.failpoints import POINTS, Doom
from tests.acceptance.conftest import configure
from tests.soak import child
from tests.soak.account import Account, settle
from tests.soak.board import Board, Hand
from tests.soak.lives import Lives
from tests.soak.news import SUBJECTS, Item, Mailroom, Newsstand, Trap, schedule

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday
AFTERWARDS = timedelta(hours=27)  # until all waits are over; a digest told at once keeps an edit for a day
ANY_TIME = "any time"
OUTSIDE = ("smtp_rcpt", "smtp_data_sent", "hook_sent")  # our servers have it, and give no answer
ELSEWHERE = frozenset({"schema_migrate", "alert_frozen"})  # see `beginnings.py` and `quiet.py`
INSIDE = tuple(name for name in POINTS if name not in ELSEWHERE)
PAGES = frozenset({"page_fetched", "page_read", "page_insert"})
# At which time of many a moment that comes often is deadly: 1 to this number, by chance.
OFTEN = {
    "tx_begin": 25, "tx_commit": 25, "tx_committed": 25, "before_fetch": 30, "after_validators": 20,
    "after_body": 6, "after_parse": 6, "fold_decided": 8, "fold_insert": 8, "after_entry_insert": 4,
    "delivery_claimed": 4, "mark_sent": 4, "marked": 4, "hook_2xx": 3, "hook_sent": 3, "match_begin": 3,
}  # fmt: skip
NEAR, FAR = timedelta(minutes=2), timedelta(minutes=40)  # what a life may get through
AT_THE_START = 0.1  # of the kills at any time may come before the application is open
TRIES = 100  # for one kill that counts
PATIENCE = 60.0  # seconds for a child to come to the moment of its death


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of it there is."""

    articles: int
    feeds: int
    hours: int  # of simulated time, each with a digest
    kills: int  # at any time
    each: int  # at each fail-point
    hooks: int  # to which the hourly digest is posted


@dataclass(frozen=True, kw_only=True)
class Death:
    """One kill."""

    number: int
    aim: str  # fail-point or ANY_TIME
    seed: str
    at: datetime  # simulated
    in_hand: Mapping[Hand, int]

    @property
    def interrupts(self) -> bool:
        """A fail-point is in the middle of some work by its nature, and nobody is killed at an empty transaction."""
        return self.aim != ANY_TIME or bool(self.in_hand)


@dataclass(kw_only=True)
class Outcome:
    """All deaths, and what came of them."""

    seed: int
    deaths: list[Death] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    seconds: float = 0.0

    @property
    def counted(self) -> list[Death]:
        return [death for death in self.deaths if death.interrupts]

    def by_aim(self) -> Counter[str]:
        """Kills that count, by what they were aimed at."""
        return Counter(death.aim for death in self.counted)


async def soak(folder: Path, size: Size, seed: int, tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """Let the world go by and the program die in it as often as `size` says, then let it finish its work.

    The seed settles what is published, and for each life of the program the moment of its death: the number of times
    that a fail-point is reached, or a number of milliseconds. What the machine does in them differs from run to run.
    """
    begun = time.monotonic()
    async with _opened(folder, size, seed) as world:
        for number, aim in enumerate(_aims(size, random.Random(f"{seed}/aims"))):
            await world.die(aim)
            if number % 50 == 49:
                counted = len(world.outcome.counted)
                tell(f"{counted} kills, {time.monotonic() - begun:.0f} s, {world.board.now():%d %b %H:%M}")
        await world.finish()
        outcome = world.outcome
        outcome.account = settle(
            folder, world.stand.items, world.mail.came, world.stand.came, world.ways, len(outcome.counted)
        )
    outcome.seconds = time.monotonic() - begun
    return outcome


def _aims(size: Size, chance: random.Random) -> list[str]:
    aims = [ANY_TIME] * size.kills + [name for name in (*INSIDE, *OUTSIDE) for _ in range(size.each)]
    chance.shuffle(aims)
    return aims


@asynccontextmanager
async def _opened(folder: Path, size: Size, seed: int) -> AsyncIterator[_World]:
    folder.mkdir(parents=True, exist_ok=True)
    board = Board(folder / "board", START)
    outcome, trap = Outcome(seed=seed), Trap()
    plan = schedule(random.Random(f"{seed}/news"), size.articles, size.feeds, START, size.hours)

    def life() -> int:
        return len(outcome.deaths)

    async with (
        Newsstand(plan, board.now, trap, life, seed) as stand,
        Mailroom(trap, life) as mail,
        Lives() as lives,
    ):
        world = _World(folder, size, board, outcome, trap, stand, mail, lives)
        world.configure()
        yield world


class _World:
    """Sinks, clock and the one child that lives at a time."""

    def __init__(
        self,
        folder: Path,
        size: Size,
        board: Board,
        outcome: Outcome,
        trap: Trap,
        stand: Newsstand,
        mail: Mailroom,
        lives: Lives,
    ) -> None:
        self.board, self.outcome, self.stand, self.mail, self.lives = board, outcome, stand, mail, lives
        self._folder, self._size, self._trap = folder, size, trap
        self._end = START + timedelta(hours=size.hours)
        self._busy = 0.5  # seconds that a child is usually at work before it waits for news
        self._planned = size.kills + size.each * len((*INSIDE, *OUTSIDE))
        self._extra = 0  # articles published out of turn
        trap.kill = lives.kill
        self.ways = {f"{name}@desk.example": name for name in ("hourly", "now")}
        self.ways |= {f"hourly{number}": "hourly" for number in range(size.hooks)} | {"now": "now"}

    def configure(self) -> None:
        """An hourly digest to a mailbox and many hooks, and one told at once to a mailbox and a hook."""
        sources = "".join(
            f'  - {{id: f{number}, feed: "{self.stand.feed(number)}", every: 10m}}\n'
            for number in range(self._size.feeds)
        )
        local = "allow_private: [127.0.0.0/8]"
        hooks = "".join(
            f'  {name}: {{type: webhook, url: "{self.stand.hook(name)}", {local}}}\n'
            for name in self.ways
            if "@" not in name
        )
        mails = "".join(
            f'  mail-{name}: {{type: email, from: "Tidings <t@news.example>", to: ["{name}@desk.example"], '
            f"smtp: {{host: 127.0.0.1, port: {self.mail.port}, tls: off}}}}\n"
            for name in ("hourly", "now")
        )
        hourly = ", ".join(
            name for name, digest in self.ways.items() if digest == "hourly" and "@" not in name
        )
        initiatives = "".join(
            f'  - {{id: {name}, name: {name.capitalize()}, any: ["{word}"]}}\n'
            for name, word in SUBJECTS.items()
        )
        configure(
            self._folder / "config",
            tidings=f"polling: {{host_delay: 0s, floor: 1m, timeout: 10s, {local}}}\nchannels:\n{mails}{hooks}",
            sources=f"sources:\n{sources}",
            watchlists__chips=f"watchlist: desk\ntitle: Desk\ninitiatives:\n{initiatives}digests:\n"
            f"  - {{id: hourly, to: [mail-hourly, {hourly}], every: 1h, max_stories: 500}}\n"
            "  - {id: now, to: [mail-now, now], immediately: true, gather: 10m, max_stories: 500}\n",
        )

    async def die(self, aim: str) -> None:
        """One kill that counts; those that interrupt nothing are made up for by another."""
        most = OFTEN.get(aim, 1)
        for _ in range(TRIES):
            seed = f"{self.outcome.seed}/{len(self.outcome.deaths)}"
            chance = random.Random(seed)
            if aim != ANY_TIME or chance.random() < 0.1:
                self._publish(chance, has_text=aim not in PAGES and aim != ANY_TIME)
            if aim == ANY_TIME:
                if chance.random() < 0.2:
                    self.stand.edit(chance, len([way for way in self.ways if "@" not in way]))
                came_to_it = await self._die_any_time(chance)
            else:
                came_to_it = await self._die_at(aim, chance.randint(1, most))
                most = (most + 1) // 2
            death = Death(
                number=len(self.outcome.deaths),
                aim=aim if came_to_it else ANY_TIME,
                seed=seed,
                at=self.board.now(),
                in_hand=self.board.in_hand(),
            )
            self.outcome.deaths.append(death)
            if came_to_it:
                return
        raise AssertionError(f"no kill of {TRIES} at {aim} interrupted anything")

    async def finish(self) -> None:
        """One more life, which ends by itself when all is done."""
        self.board.horizon = self._end + AFTERWARDS
        self._start(None, step=timedelta(minutes=15))
        assert await self.lives.gone(900), f"the last child is at {self.board.now()} and does not end"
        self.lives.require_well()

    # -- two ways to die -----------------------------------------------------------------------------

    async def _die_any_time(self, chance: random.Random) -> bool:
        """Whether something was interrupted."""
        share = min(1.0, (len(self.outcome.counted) + 2) / self._planned)
        behind = START + share * (self._end - START) - self.board.now()
        self.board.horizon = self.board.now() + min(max(2 * behind, NEAR), FAR)
        self._start(None)
        if chance.random() > AT_THE_START:
            await self.lives.until(lambda: self.board.open)
        if not await self.lives.gone(chance.uniform(0, self._busy)):
            idle = self.board.idle
            self._busy = min(3.0, max(0.1, self._busy * (0.97 if idle else 1.01)))
            self.lives.kill()
            await self.lives.gone(PATIENCE)
        self.lives.require_killed()
        return bool(self.board.in_hand())

    async def _die_at(self, aim: str, number: int) -> bool:
        """Whether the child came to it in time; it is killed all the same."""
        self.board.horizon = self.board.now() + FAR
        self._trap.moment, self._trap.left = (aim, number) if aim in OUTSIDE else ("", 0)
        self._start(None if aim in OUTSIDE else Doom(aim, number))
        came_to_it = await self.lives.gone(PATIENCE, lambda: self.board.idle)
        self._trap.moment = ""
        if not came_to_it:
            self.lives.kill()
            await self.lives.gone(PATIENCE)
        self.lives.require_killed()
        return came_to_it

    def _start(self, doom: Doom | None, step: timedelta | None = None) -> None:
        self.board.begin_life()
        self.lives.start(child.live, self._folder, doom, step)

    def _publish(self, chance: random.Random, *, has_text: bool) -> None:
        """Three articles out of turn, so that there is something to do at which a program can die."""
        for _ in range(3):
            self._extra += 1
            self.stand.publish(
                Item(
                    slug=f"x{self._extra:05}",
                    feed=chance.randrange(self._size.feeds),
                    subject=chance.choice(list(SUBJECTS)),
                    published=self.board.now(),
                    has_text=has_text,
                )
            )
