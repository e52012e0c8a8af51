"""A process that is killed in the middle of its writes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.storage.making import article
from tidings.storage.engine import FILE, Database
from tidings.storage.stores import Stores

ROOT = Path(__file__).parents[3]
ARTICLES = 20  # of one poll

WRITER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from tests.integration.storage.making import NOON, article, poll, source
from tests.integration.storage.test_storage_crash import ARTICLES
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

async def work(first):
    stores = Stores(Database.open("sqlite", state_dir=Path(sys.argv[1])))
    await stores.sources.sync([source()], NOON)
    for number in range(first, first + 10_000):
        new = [article(number * ARTICLES + one, text="word " * 2000) for one in range(ARTICLES)]
        at = NOON + timedelta(minutes=number)
        await stores.articles.record_poll(poll(*new, at=at, state={"etag": str(number)}))
        print(number, flush=True)

asyncio.run(work(int(sys.argv[2])))
"""


async def test_a_killed_writer_leaves_whole_polls_and_loses_none_it_was_told_of(tmp_path: Path) -> None:
    """Killed at any moment: the file is sound, each poll is there with all its articles or not at all, and
    every poll that was confirmed is there."""
    first = 0
    for lives in (1, 2, 5):
        confirmed = killed_after(lives, tmp_path, first)

        database = Database.open("sqlite", state_dir=tmp_path)
        stores = Stores(database)
        assert await database.check() == ()
        etag = (await stores.sources.state("times")).etag
        database.close()
        last = int(etag or -1)
        assert last in {confirmed, confirmed + 1}
        assert stored(tmp_path) == {article(number).id for number in range((last + 1) * ARTICLES)}
        first = last + 1


def killed_after(polls: int, folder: Path, first: int) -> int:
    """Let a child write, kill it once it has confirmed so many polls; the last poll it confirmed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, str(first)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(polls)]
    writer.kill()
    lines += writer.stdout.read().splitlines()
    writer.wait()
    writer.stdout.close()
    if not lines[-1].strip():
        pytest.fail("the writer ended by itself")
    return int(lines[-1])


def stored(folder: Path) -> set[str]:
    file = sqlite3.connect(folder / FILE)
    try:
        whole = """
            SELECT id FROM articles JOIN article_versions ON article_id = id
            JOIN sightings USING (article_id) WHERE id IN (SELECT article_id FROM identity_keys)
        """
        return {row[0] for row in file.execute(whole)}
    finally:
        file.close()
