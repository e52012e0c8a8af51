"""A world that falls silent, topic by topic: each alert is told once, whether the program dies at it or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.failpoints import Doom
from tests.acceptance.conftest import configure
from tests.soak import child
from tests.soak.board import Board
from tests.soak.lives import Lives
from tests.soak.news import Arrivals, Item, Newsstand, Trap

POINT = "alert_frozen"
START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
STEP = timedelta(hours=6)
DAY = timedelta(days=1)
PATIENCE = 300.0  # seconds for a life in it
RHYTHM = 16  # days with a report on each topic, before the first of them falls silent
TOPICS = ("amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "jetty")


def plan(topics: int) -> tuple[Item, ...]:
    """A report on each topic a day; each topic ends a day later than the one before it."""
    return tuple(
        Item(
            slug=f"q{day:02}{place:03}",
            feed=0,
            subject=f"{topic}works",
            published=START + day * DAY + timedelta(minutes=7 * place),
        )
        for place, topic in enumerate(TOPICS[:topics])
        for day in range(RHYTHM + place)
    )


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """What came of it."""

    told: int
    kills: int
    repeats: int
    faults: tuple[str, ...]


async def quiet(folder: Path, kills: int) -> Alerts:
    """Die so often while an alert is frozen; what has to be told is what a twin tells that nobody kills."""
    topics = min(len(TOPICS), max(2, kills))
    end = START + (RHYTHM + topics + 4) * DAY
    faults, died = [], 0
    boards = {name: Board(_made(folder / name) / "board", START) for name in ("twin", "mortal")}
    present = boards["twin"]
    async with (
        Newsstand(plan(topics), lambda: present.now(), Trap(), lambda: died, seed=0) as stand,
        Lives() as lives,
    ):
        for name, board in boards.items():
            present, place = board, folder / name
            _configure(place, stand, name, topics)
            board.horizon = end
            for number in range(kills if name == "mortal" else 0):
                lives.start(child.live, place, Doom(POINT, 1 + number % 2), STEP)
                assert await lives.gone(PATIENCE), f"a world without news does not end: {board.now()}"
                if lives.code == 0:
                    faults.append(f"{POINT} was reached {number} times only")
                    break
                lives.require_killed()
                died += 1
            lives.start(child.live, place, None, STEP)
            assert await lives.gone(PATIENCE), f"a world without news does not end: {board.now()}"
            lives.require_well()
    came = stand.came
    twin, mortal = (_told(came, name) for name in boards)
    if twin != mortal:
        other = sorted(key for key in twin | mortal if twin.get(key) != mortal.get(key))
        faults.append(f"{len(other)} alerts differ from those of the twin that lived, such as {other[0]}")
    if len(came.repeats) > died or came.different:
        faults.append(f"{len(came.repeats)} alerts came again, {len(came.different)} with other bytes")
    return Alerts(told=len(twin), kills=died, repeats=len(came.repeats), faults=tuple(faults))


def _told(came: Arrivals, hook: str) -> dict[str, bytes]:
    return {key: body for (way, key), body in came.first.items() if way == hook}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _configure(folder: Path, stand: Newsstand, hook: str, topics: int) -> None:
    local = "allow_private: [127.0.0.0/8]"
    initiatives = "".join(
        f"  - {{id: {topic}, name: {topic.capitalize()}, any: [{topic}works]}}\n" for topic in TOPICS[:topics]
    )
    configure(
        folder / "config",
        tidings=f"polling: {{host_delay: 0s, floor: 1m, {local}}}\nchannels:\n"
        f'  ops: {{type: webhook, url: "{stand.hook(hook)}", {local}}}\n',
        sources=f'sources:\n  - {{id: paper, feed: "{stand.feed(0)}", every: 1h}}\n',
        watchlists__chips=f"watchlist: works\ntitle: Works\ninitiatives:\n{initiatives}"
        "alerts:\n  - {on: silence, to: [ops]}\n",
    )
