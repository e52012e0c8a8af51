"""`tidings check` where something has been collected: the rules are held against it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from tests.acceptance.test_impact import HEAD, Desk
from tidings.cli import app
from tidings.linting import Look, look
from tidings.opening import open_stores
from tidings.storage.archive import BATCH

TWICE = HEAD + ("  - {id: ores, any: [lithium]}\n  - {id: cells, any: [battery, anode]}\n")


def checked(desk: Desk) -> tuple[str, str]:
    env = {"TIDINGS_CONFIG": str(desk.folder / "config"), "TIDINGS_STATE": str(desk.folder / "state")}
    done = CliRunner().invoke(app, ["check"], env=env, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout, done.stderr


def test_check_names_the_line_of_a_rule_that_the_archive_speaks_against(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(TWICE)
    desk.fill(*["Lithium battery catches fire"] * 6, *["A battery factory"] * 5)

    out, err = checked(desk)

    assert out.endswith("; held against 11 articles\n")
    assert err.splitlines()[0] == (
        f"{desk.watchlist}:4:10: warning: all 6 articles of ores also match cells, which has 11; "
        "join the two, or tell them apart by their terms"
    )


def test_check_makes_no_archive_where_there_is_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(TWICE)

    out, _ = checked(desk)

    assert "held against" not in out
    assert not (tmp_path / "state").exists()


def test_a_look_at_a_large_archive_ends_and_says_how_much_it_saw(tmp_path: Path) -> None:
    """From the newest on; after its time it stops behind the articles in hand."""
    desk = Desk(tmp_path)
    desk.write(TWICE)
    desk.fill(*[f"Report {number}" for number in range(BATCH + 1)])
    clock = iter((0.0, 1.0))

    async def work() -> Look:
        async with open_stores(desk.settings()) as stores:
            return await look(
                desk.settings(), stores.archive, patience=timedelta(seconds=1), seconds=lambda: next(clock)
            )

    found = asyncio.run(work())
    assert (found.articles, found.whole) == (BATCH, False)
