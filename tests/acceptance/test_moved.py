"""A newsroom that outgrows its file: moved to a server by `tidings db copy`, it goes on as if nothing had happened."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from tests.acceptance.conftest import Done, configure, tidings
from tests.acceptance.world import HOUR, MINUTE, NOON, World, desk, distinct, told
from tests.fakes import postgres as servers
from tidings.cli import app
from tidings.lock import DaemonLock, lock_file
from tidings.storage.engine import FILE
from tidings.storage.every_table import metadata

SAME = "The semiconductor plant in Dholera opens its first line of wafers this week. " * 30
TABLES = len(metadata.tables)
NOW = "immediately: true, gather: 5m"


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    with servers.database(postgres) as url:
        yield url


def configured(world: World, database: str = "sqlite") -> None:
    files = desk(world.mailbox.port, now=NOW)
    files["tidings"] += f'database: "{database}"\n'
    configure(world.folder / "config", sources=world.press.sources(), **files)


def where(world: World) -> tuple[object, ...]:
    return "--config", world.folder / "config", "--state", world.folder / "state"


def command(world: World, *words: object, **env: str) -> Done:
    """`tidings` in a thread of this process, beside the loop of the world."""
    given = [str(word) for word in (*words, *where(world))]
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(lambda: CliRunner().invoke(app, given, env=env)).result()
    return Done(done.exit_code, done.stdout, done.stderr)


def looked(world: World, story: str, url: str) -> dict[str, str]:
    """What commands say of the archive and the outbox."""
    said = {}
    for words in (
        ("deliveries", "list", "--json"),
        ("search", f"story:{story}", "--json"),
        ("explain", url),
        ("export", "articles", "--format", "jsonl"),
    ):
        done = command(world, *words)
        assert (done.code, done.err) == (0, ""), words
        said[" ".join(words)] = done.out
    return said


def indexed(database: str) -> tuple[int, int]:
    """How many articles are in the index of words, and how many wait for it."""
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        counts = [
            connection.execute(text(f"SELECT count(*) FROM {which}")).scalar_one()
            for which in ("search_words", "articles WHERE unindexed_since IS NOT NULL")
        ]
    engine.dispose()
    return counts[0], counts[1]


@pytest.fixture
async def original(world: World) -> World:
    """It told a plant, and its reprint as one story, and talks; the mail on a fair was put off by the mail server."""
    world.press.add("times", "plant", NOON - HOUR, title="Semiconductor plant opens in Dholera", text=SAME)
    world.press.add("post", "copy", NOON - HOUR / 2, title="Dholera plant opens", text=SAME)
    configured(world)
    async with world.running() as running:
        await world.live(running, NOON + HOUR)
        world.press.add("post", "talks", NOON + HOUR, title="Semiconductor talks begin")
        await world.live(running, NOON + 2 * HOUR)
        world.mailbox.moods = ["451 4.3.0 later"] * 50
        world.press.add("times", "fair", NOON + 2 * HOUR, title="Semiconductor fair opens")
        await world.live(running, NOON + 2 * HOUR + 30 * MINUTE)
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
    assert ": each is the same on both sides\nlet `database:` in" in done.out
    assert indexed(database) == (4, 0)
    configured(world, database)
    assert looked(world, story["id"], url) == before
    async with world.running() as running:
        await world.live(running, NOON + 3 * HOUR)
        press.add("post", "strike", NOON + 3 * HOUR, title="Semiconductor strike begins")
        await world.live(running, NOON + 4 * HOUR)

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
    killed = tidings(*where(world), "db", "copy", file, database, env={"TIDINGS_FAILPOINT": "copy_page:28"})
    assert killed.code == -signal.SIGKILL
    tables = len(killed.out.splitlines())
    assert tables == 27
    assert command(world, "status").code in (0, 3)  # looking at the file changes nothing that is copied

    configured(world, database)
    for words in (("once",), ("status",), ("search", "dholera")):
        refused = command(world, *words)
        assert refused.code == 1
        assert "the database is an unfinished copy, begun " in refused.err

    checked = command(world, "db", "check")
    assert checked.code == 1
    assert "problem   the database is an unfinished copy" in checked.out

    done = command(world, "db", "copy", file)  # to the database of the configuration
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == TABLES - tables + 3
    (compared,) = command(world, "db", "copy", "--verify", "--json", file).rows()
    assert compared["complete"] is True
    assert {row["table"]: row["source_rows"] for row in compared["tables"]}["articles"] == 4
    assert all(row["same"] for row in compared["tables"])
    async with world.running() as running:
        await world.live(running, NOON + 3 * HOUR)
    (compared,) = command(world, "db", "copy", "--verify", "--json", file).rows()
    assert compared["complete"] is False


async def test_a_backup_that_is_copied_is_gone_on_from_like_one_that_is_restored(
    original: World, database: str
) -> None:
    """What the original told after the backup was taken is not told again; what comes then is."""
    world, backup = original, original.folder / "backup.sqlite"
    async with world.running() as running:
        await running.stores.database.backup(backup, now=world.clock.time)
        world.press.add("post", "strike", world.clock.time)
        await world.live(running, NOON + 4 * HOUR)
    assert told(world.mailbox.mails).news["strike"] == 1
    mails = len(world.mailbox.mails)

    assert command(world, "db", "copy", f"sqlite:///{backup}", database).code == 0
    configured(world, database)
    async with world.running() as running:
        await world.live(running, NOON + 5 * HOUR)
        assert world.mailbox.mails[mails:] == []
        world.press.add("post", "pact", world.clock.time)
        await world.live(running, NOON + 6 * HOUR)

    assert told(world.mailbox.mails[mails:]).news == Counter(pact=1)


async def test_the_daemon_must_be_stopped(original: World, database: str) -> None:
    """One line that names it; the target stays empty."""
    world = original
    with DaemonLock(lock_file("sqlite", world.folder / "state")):
        done = command(world, "db", "copy", database)

    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "`tidings run` (process " in done.err
    assert command(world, "db", "copy", "--verify", database).err.startswith("the target is no copy")


def test_what_cannot_be_is_said_without_secrets(tmp_path: Path) -> None:
    """One line, and what to do."""
    configure(tmp_path / "config")
    place = ("--config", str(tmp_path / "config"), "--state", str(tmp_path / "state"))
    assert CliRunner().invoke(app, ["once", *place]).exit_code == 0
    nobody = "postgresql://x:hunter2@127.0.0.1:9/none"
    for words, code, said in (
        (("--verify", "--anew", nobody), 2, "leave one of them out"),
        (("a", "b", "c"), 2, "name a SQLite database and a PostgreSQL one"),
        (("${NOT_SET}",), 2, "the environment variable NOT_SET is not set"),
        ((nobody,), 1, "efused"),
        (("sqlite:////nowhere/tidings.sqlite", nobody), 1, "no database at"),
    ):
        done = CliRunner().invoke(app, ["db", "copy", *words, *place])
        assert done.exit_code == code, words
        assert said in done.stderr
        assert "hunter2" not in done.output
