"""The soak in short: once at each fail-point and some times at random. `make soak` has the whole."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from crawler.failpoints import POINTS
from tests.acceptance.conftest import configure
from tests.acceptance.world import NOON, Press

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(240)
def test_a_program_that_dies_anywhere_loses_nothing_and_repeats_the_same(tmp_path: Path) -> None:
    """Everything published is told to each receiver by one mail or hook; what came again is equal byte for byte."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--small", "--folder", str(tmp_path / "soak")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    kills = {
        name: int(number) for name, number in re.findall(r"^(\w+) +\*? +(\d+)  ", done.stdout, re.MULTILINE)
    }
    assert kills.keys() > POINTS.keys()
    assert min(kills.values()) >= 1
    assert re.search(r"^lost +0$", done.stdout, re.MULTILINE)


async def test_the_command_dies_at_a_fail_point_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """`TIDINGS_FAILPOINT` holds for the real program: killed before its articles are committed, it finds them again."""
    async with Press() as press:
        press.add("times", "plant", NOON)
        configure(tmp_path / "config", sources=press.sources())
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
        places = {"TIDINGS_CONFIG": str(tmp_path / "config"), "TIDINGS_STATE": str(tmp_path / "state")}

        async def once(**env: str) -> int:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tidings", "once", env={**clean, **places, **env},
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            return await process.wait()

        assert await once(TIDINGS_FAILPOINT="after_entry_insert:1") == -signal.SIGKILL
        assert articles(tmp_path) == 0
        assert await once() == 0
        assert articles(tmp_path) == 1


def articles(folder: Path) -> int:
    """How many are stored."""
    with closing(sqlite3.connect(folder / "state" / "tidings.sqlite")) as database:
        (number,) = database.execute("SELECT count(*) FROM articles").fetchone()
    return int(number)
