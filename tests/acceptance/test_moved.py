"""A newsroom that outgrows its file: moved to a server by `tidings db copy`, it goes on as if nothing had happened."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Done, configure, tidings
from tests.acceptance.world import HOUR, MINUTE, NOON, World, desk, distinct, told
from tests.fakes import postgres
from tidings.lock import DaemonLock, lock_file
from tidings.storage.engine import FILE
from tidings.storage.every_table import metadata

SAME = "The semiconductor plant in Dholera opens its first line of wafers this week. " * 30
TABLES = len(metadata.tables)
NOW = "immediately: true, gather: 5m"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[str]:
    with postgres.database(server) as url:
        yield url


def configured(world: World, database: str = "sqlite") -> None:
    files = desk(world.mailbox.port, now=NOW)
    files["tidings"] += f'database: "{database}"\n'
    configure(world.folder / "config", sources=world.press.sources(), **files)


def command(world: World, *words: object, **env: str) -> Done:
    return tidings("--config", world.folder / "config", "--state", world.folder / "state", *words, env=env)


def looked(world: World, story: str, url: str) -> dict[str, str]:
    """What commands say of the archive and the outbox."""
    said = {}
    for words in (
        ("deliveries", "list", "--json"),
        ("stories", "show", story),
        ("search", "dholera", "--json"),
        ("explain", url),
        ("export", "articles", "--format", "jsonl"),
    ):
        done = command(world, *words)
        assert (done.code, done.err) == (0, ""), words
        said[" ".join(words)] = done.out
    return said


@pytest.fixture
async def original(world: World) -> World:
    """It told a plant, and its reprint as one story, and talks; the mail on a fair was put off by the mail server."""
    world.press.add("times", "plant", NOON - HOUR, title="Semiconductor plant opens in Dholera", text=SAME)
    world.press.add("post", "copy", NOON - HOUR / 2, title="Dholera plant opens", text=SAME)
    configured(world)
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
        world.press.add("post", "talks", NOON + HOUR, title="Semiconductor talks begin")
        await world.live(app, NOON + 2 * HOUR)
        world.mailbox.moods = ["451 4.3.0 later"] * 50
        world.press.add("times", "fair", NOON + 2 * HOUR, title="Semiconductor fair opens")
        await world.live(app, NOON + 2 * HOUR + 30 * MINUTE)
    world.mailbox.moods = []
    assert told(world.mailbox.mails).news == Counter(plant=1, copy=1, talks=1)
    return world


async def test_after_the_move_nothing_is_told_twice_and_polls_are_conditional(
    original: World, database: str
) -> None:
    """The archive and the outbox are as before; what was on its way arrives under its name; what is new is told."""
    world, press = original, original.press
    (story, *_) = command(world, "stories", "list", "--since", "900d", "--json").rows()[::-1]
    url = f"http://127.0.0.1:{press.port}/copy"
    before = looked(world, story["id"], url)
    waiting = [
        row for row in command(world, "deliveries", "list", "--json").rows() if row["state"] == "pending"
    ]
    mails = len(world.mailbox.mails)
    polls, conditional = Counter(press.asked), Counter(press.conditional)

    done = command(world, "db", "copy", "${NEW_DATABASE}", NEW_DATABASE=database)

    assert (done.code, done.err) == (0, "")
    assert "           4 articles\n" in done.out
    assert f"in {TABLES} tables in " in done.out
    assert ": each is the same on both sides\nnow let `database:`" in done.out
    configured(world, database)
    assert looked(world, story["id"], url) == before
    async with world.running() as app:
        await world.live(app, NOON + 3 * HOUR)
        press.add("post", "strike", NOON + 3 * HOUR, title="Semiconductor strike begins")
        await world.live(app, NOON + 4 * HOUR)

    after = world.mailbox.mails[mails:]
    assert len(waiting) == 1
    assert told(after).news == Counter(fair=1, strike=1)
    assert all(number == 1 for number in Counter(str(one.message["Message-ID"]) for one in after).values())
    assert len(distinct(world.mailbox.mails)) == len(world.mailbox.mails)
    for feed in ("/feed/times", "/feed/post"):
        asked = press.asked[feed] - polls[feed]
        assert asked > 0
        assert press.conditional[feed] - conditional[feed] == asked
    rows = {row["id"]: row["state"] for row in command(world, "deliveries", "list", "--json").rows()}
    assert rows[waiting[0]["id"]] == "sent"
    assert command(world, "db", "check").out.endswith("all is well\n")


async def test_a_copy_that_is_killed_goes_on_and_nothing_works_on_it_before(
    original: World, database: str
) -> None:
    """By SIGKILL, in the midst of a page; the daemon's lock is taken meanwhile, and both sides can be named."""
    world = original
    file = f"sqlite:///{world.folder / 'state' / FILE}"
    killed = command(world, "db", "copy", file, database, TIDINGS_FAILPOINT="copy_page:28")
    assert killed.code == -signal.SIGKILL
    tables = len(killed.out.splitlines())
    assert tables == 27

    configured(world, database)
    for words in (("once",), ("status",), ("search", "dholera")):
        refused = command(world, *words)
        assert refused.code == 1
        assert "the database is an unfinished copy, begun " in refused.err

    done = command(world, "db", "copy", file)  # to the database of the configuration
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == TABLES - tables + 2
    (compared,) = command(world, "db", "copy", "--verify", "--json", file).rows()
    assert compared["complete"] is True
    assert {row["table"]: row["source_rows"] for row in compared["tables"]}["articles"] == 4
    assert all(row["same"] for row in compared["tables"])
    async with world.running() as app:
        await app.settle()
    (compared,) = command(world, "db", "copy", "--verify", "--json", file).rows()
    assert compared["complete"] is False


async def test_the_daemon_must_be_stopped(original: World, database: str) -> None:
    """One line that names it; the target stays empty."""
    world = original
    with DaemonLock(lock_file("sqlite", world.folder / "state")):
        done = command(world, "db", "copy", database)

    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "another `tidings run` (process " in done.err
    assert command(world, "db", "copy", "--verify", database).err.startswith("the target is no copy")


def test_what_cannot_be_is_said_without_secrets(tmp_path: Path) -> None:
    """And without a traceback."""
    configure(tmp_path / "config")
    where = ("--config", tmp_path / "config", "--state", tmp_path / "state")
    assert tidings(*where, "once").code == 0
    nobody = "postgresql://x:hunter2@127.0.0.1:9/none"
    for words, code, said in (
        (("--verify", "--anew", nobody), 2, "leave one of them out"),
        (("a", "b", "c"), 2, "name a SQLite database and a PostgreSQL one"),
        (("${NOT_SET}",), 2, "the environment variable NOT_SET is not set"),
        ((nobody,), 1, "efused"),
        (("sqlite:////nowhere/tidings.sqlite", nobody), 1, "no database at"),
    ):
        done = tidings(*where, "db", "copy", *words)
        assert done.code == code, words
        assert said in done.err
        assert "hunter2" not in done.err + done.out
        assert "Traceback" not in done.err
