"""`tidings export`, as people and programs use it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done
from tests.acceptance.test_impact import LITHIUM, Desk
from tests.integration.storage.making import article, delivery, fold, match, message, poll
from tests.published import SCHEMAS
from tidings.cli import app
from tidings.exports import NOT_IN_CSV, VERSION
from tidings.opening import open_stores

TITLES = ('=HYPERLINK("http://evil.example")', "Lithium, “cheap”", "Nothing of interest")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three articles of the last three days, one of them hostile and one matched, and a mail about it."""
    found = Desk(tmp_path)
    found.write(LITHIUM)
    found.fill(*TITLES)

    async def more() -> None:
        async with open_stores(found.settings()) as stores:
            (one,) = await stores.articles.by_ids([article(2).id])
            await stores.matches.record_matches(
                [(one, [match(one, "ores")])], datetime.now(UTC) - timedelta(hours=1)
            )
            await stores.deliveries.add(message(), [delivery(1, recipient="Desk <desk@example.org>")])

    asyncio.run(more())
    return found


def environ(desk: Desk) -> dict[str, str]:
    return {"TIDINGS_CONFIG": str(desk.folder / "config"), "TIDINGS_STATE": str(desk.folder / "state")}


def asked(desk: Desk, *words: str) -> Done:
    done = CliRunner().invoke(app, ["export", *words], env=environ(desk), catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("what", "number"), [("articles", 3), ("matches", 1), ("stories", 3), ("deliveries", 1)]
)
def test_both_formats_hold_the_same(what: str, number: int, desk: Desk) -> None:
    """JSON Lines by the published schema, and CSV with the fields of the schema as columns."""
    plain = asked(desk, what)
    rows = [json.loads(line) for line in plain.out.splitlines()]
    table = list(csv.DictReader(io.StringIO(asked(desk, what, "--format", "csv").out, newline="")))

    assert (plain.code, plain.err, len(rows), len(table)) == (0, "", number, number)
    fields = [*SCHEMAS[f"urn:tidings:export:{what}:{VERSION}"]["required"]]
    assert [*rows[0]] == fields
    assert [*table[0]] == [name for name in fields if name not in NOT_IN_CSV]
    for row, line in zip(rows, table, strict=True):
        for name in ("id", "article", "url", "channel", "created", "first_seen"):
            assert line.get(name) == row.get(name)


def test_a_title_is_no_formula_in_a_spreadsheet(desk: Desk) -> None:
    """And it is as it was in JSON Lines; `search --csv` does the same."""
    table = list(csv.DictReader(io.StringIO(asked(desk, "articles", "--format", "csv").out)))
    assert [row["title"] for row in table] == [TITLES[2], TITLES[1], f"'{TITLES[0]}"]
    assert TITLES[0] in [json.loads(line)["title"] for line in asked(desk, "articles").out.splitlines()]
    found = CliRunner().invoke(
        app, ["search", "HYPERLINK", "--csv"], env=environ(desk), catch_exceptions=False
    )
    assert [row["title"] for row in csv.DictReader(io.StringIO(found.stdout))] == [f"'{TITLES[0]}"]


def test_texts_and_addresses_come_when_they_are_asked_for(desk: Desk) -> None:
    """And are refused where there are none."""
    (match_row,) = (json.loads(line) for line in asked(desk, "matches", "--text").out.splitlines())
    assert "text" in match_row
    assert (
        asked(desk, "matches", "--text", "--format", "csv")
        .out.splitlines()[0]
        .endswith(",not_about,summary,text")
    )
    assert "desk@example.org" not in asked(desk, "deliveries").out
    assert "d…@example.org" in asked(desk, "deliveries").out
    assert "desk@example.org" in asked(desk, "deliveries", "--recipients").out
    for words in (
        ("stories", "--text"),
        ("articles", "--recipients"),
        ("deliveries", "--initiative", "ores"),
    ):
        done = asked(desk, *words)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(words[1])


def test_a_time_and_an_initiative_narrow_it(desk: Desk) -> None:
    """Ages and days; an initiative that is no more is said, and exported all the same."""
    assert len(asked(desk, "articles", "--since", "36h").out.splitlines()) == 1
    assert len(asked(desk, "articles", "--until", "36h").out.splitlines()) == 2
    assert len(asked(desk, "articles", "--initiative", "ores").out.splitlines()) == 1
    assert asked(desk, "articles", "--since", "soon").err == (
        "--since: 'soon' is neither an age (90d) nor a day (2026-03-01)\n"
    )
    gone = asked(desk, "matches", "--initiative", "iron")
    assert (gone.code, gone.out) == (0, "")
    assert gone.err == "no watchlist has an initiative 'iron' now; what it matched before is exported\n"


def test_a_file_is_put_in_place_when_it_is_whole(desk: Desk, tmp_path: Path) -> None:
    """What was there stays until then; nothing is left beside it."""
    out = tmp_path / "out" / "articles.jsonl"
    out.parent.mkdir()
    out.write_text("before")

    failed = asked(desk, "stories", "--text", "--out", str(out))
    assert (failed.code, out.read_text()) == (2, "before")
    done = asked(desk, "articles", "--out", str(out))
    assert (done.code, done.out, done.err) == (0, "", f"3 articles in {out}\n")
    assert out.read_text() == asked(desk, "articles").out
    assert [path.name for path in out.parent.iterdir()] == ["articles.jsonl"]
    nowhere = asked(desk, "articles", "--out", str(tmp_path / "no" / "file"))
    assert nowhere.code == 1
    assert "cannot be written" in nowhere.err


def test_a_reader_that_has_enough_ends_it_quietly(desk: Desk) -> None:
    """`| head -1`: no trace, nothing on standard error."""
    at = datetime.now(UTC) - timedelta(days=1)

    async def many() -> None:
        async with open_stores(desk.settings()) as stores:
            more = [article(n, first_seen_at=at, title=f"{n} " + "x" * 900) for n in range(100, 1300)]
            await stores.articles.record_poll(poll(*more, at=at))
            await fold(stores, more[0])

    asyncio.run(many())
    with subprocess.Popen(
        [sys.executable, "-m", "tidings", "export", "articles"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ(desk)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=60)
    assert json.loads(first)["title"] == TITLES[2]
