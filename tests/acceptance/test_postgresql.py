"""The same program on a PostgreSQL server: nothing but one line of the configuration differs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import Done, configure, tidings
from tests.acceptance.world import DAY, HOUR, NOON, World, desk, settings, told
from tests.fakes import postgres as servers
from tidings.app import open_app

SAME = "The semiconductor plant in Dholera opens its first line of wafers this week. " * 30


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    with servers.database(postgres) as url:
        yield url


def configured(world: World, database: str, folder: Path | None = None) -> Path:
    files = desk(world.mailbox.port, now="immediately: true, gather: 5m", evening='at: "18:00"')
    files["tidings"] += f'database: "{database}"\n'
    place = folder or world.folder
    configure(place / "config", sources=world.press.sources(), **files)
    return place


def command(folder: Path, *words: object) -> Done:
    return tidings("--config", folder / "config", "--state", folder / "state", *words)


async def test_news_is_told_once_by_mail_and_every_command_knows_of_it(world: World, database: str) -> None:
    """Through a restart, an edit of an article, a digest at its time, and all that asks the archive."""
    world.press.add("times", "plant", NOON - HOUR, title="Semiconductor plant opens in Dholera", text=SAME)
    world.press.add("post", "copy", NOON - HOUR / 2, title="Dholera plant opens", text=SAME)
    folder = configured(world, database)
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
    world.press.add("post", "next", NOON + HOUR, title="Semiconductor talks begin")
    async with world.running() as app:
        await world.live(app, NOON + DAY, step=HOUR)

    assert told(world.mailbox.mails).news == Counter(copy=1, plant=1, next=1)
    assert not list((folder / "state").glob("*.sqlite"))
    (story, *_) = command(folder, "stories", "list", "--since", "900d", "--json").rows()[::-1]
    assert (len(story["outlets"]), story["articles"]) == (2, 2)
    for words, said in (
        (("status",), "articles    3 in 2 stories"),
        (("db", "check"), "all is well"),
        (("search", "dholera", "--best", "--since", "900d"), "2 found"),
        (("explain", f"http://127.0.0.1:{world.press.port}/copy"), "matched chips"),
        (("export", "articles", "--format", "csv"), "Semiconductor talks begin"),
        (("report", "chips", "--since", "900d", "--no-pdf", "--out", folder / "out"), "chips.html"),
    ):
        done = command(folder, *words)
        assert (done.code, done.err if done.code else "") == (0, ""), words
        assert said in done.out, (words, done.out[-500:])


async def test_two_daemons_on_one_server_share_the_work(world: World, database: str, tmp_path: Path) -> None:
    """Each with a folder of its own; no source is asked twice for one poll, no mail goes out twice."""
    for number in range(12):
        world.press.add(f"feed{number}", f"plant{number}", NOON - HOUR, title=f"Semiconductor plant {number}")
    first, second = configured(world, database, tmp_path / "a"), configured(world, database, tmp_path / "b")
    async with (
        open_app(settings(first), clock=world.clock) as one,
        open_app(settings(second), clock=world.clock, alone=True) as other,
    ):
        for step in range(1, 9):
            await asyncio.gather(one.settle(), other.settle())
            world.clock.time = NOON + step * timedelta(minutes=3)

    asked = {name: number for name, number in world.press.asked.items() if name.startswith("/feed/")}
    assert len(asked) == 12
    assert max(asked.values()) <= 3  # every ten minutes, in 24
    assert told(world.mailbox.mails).news == Counter({f"plant{number}": 1 for number in range(12)})


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    """One line and the remedy, whatever is asked for."""
    configure(
        tmp_path / "config",
        tidings='database: "postgresql://tidings:hunter2@127.0.0.1:9/news"\nchannels: {outbox: {type: file, dir: o}}\n',
    )
    for words in (("status",), ("once",)):
        done = command(tmp_path, *words)
        assert done.code in (1, 2), (words, done.out)
        assert "hunter2" not in done.out + done.err
        assert "Traceback" not in done.err
        assert len(done.err.splitlines()) == 1, done.err


async def test_work_goes_on_when_the_server_is_back(world: World, database: str) -> None:
    """Connections that the server has ended are made anew; what could not be written meanwhile is told after it."""
    world.press.add("times", "plant", NOON - HOUR, title="Semiconductor plant opens")
    configured(world, database)
    admin = servers.sqlalchemy.create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
        world.press.add("times", "next", NOON + HOUR, title="Semiconductor talks begin")
        with admin.connect() as connection:
            connection.exec_driver_sql(end).all()
        await world.live(app, NOON + 3 * HOUR)
    admin.dispose()

    assert told(world.mailbox.mails).news == Counter(plant=1, next=1)
