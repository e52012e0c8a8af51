"""`tidings feeds list` and `tidings feeds write`, as people use them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done
from tests.acceptance.test_impact import LITHIUM, Desk
from tests.feed_rules import atom_faults, json_faults
from tidings.cli import app

SEARCHES = "searches: [{id: pacts, name: Pacts, query: 'pact OR battery'}]\n"
TITLES = ("Chile and India sign a Lithium pact", "A lithium battery burns", "Nothing of interest")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    found.write(LITHIUM + SEARCHES)
    found.fill(*TITLES)
    return found


def asked(desk: Desk, *words: str) -> Done:
    env = {"TIDINGS_CONFIG": str(desk.folder / "config"), "TIDINGS_STATE": str(desk.folder / "state")}
    done = CliRunner().invoke(app, list(words), env=env, catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def test_every_feed_has_its_addresses(desk: Desk) -> None:
    """Below the address at which readers reach the daemon; the same at each call."""
    done = asked(desk, "feeds", "list", "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]

    assert [(row["kind"], row["id"], row["title"]) for row in rows] == [
        ("initiatives", "ores", "Ores"),
        ("searches", "pacts", "Pacts"),
    ]
    assert all(re.match(r"http://127\.0\.0\.1:\d+/feeds/", row["atom"]) for row in rows)
    assert all(row["json"] == row["atom"].removesuffix("atom") + "json" for row in rows)
    assert len({row["atom"].split("/")[4] for row in rows}) == 2
    for row in rows:
        assert row["atom"] in asked(desk, "feeds", "list").out

    (desk.folder / "config" / "tidings.yaml").write_text(
        'web: {public: "https://news.example.org/t", feeds_since: 2026-11-25}\n'
    )
    public = asked(desk, "feeds", "list").out
    assert "https://news.example.org/t/feeds/" in public
    assert rows[0]["atom"].split("/")[4] not in public


def test_feeds_are_written_as_files_and_left_alone_when_nothing_is_new(desk: Desk, tmp_path: Path) -> None:
    """Whole files that are valid, at the address that was given; only what has changed is written again."""
    out = tmp_path / "www"
    done = asked(desk, "feeds", "write", str(out), "--base", "https://news.example.org/feeds/")

    assert (done.code, done.out) == (0, f"wrote 4 files to {out}, 0 unchanged\n")
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert files == [
        "initiatives/ores.atom",
        "initiatives/ores.json",
        "searches/pacts.atom",
        "searches/pacts.json",
    ]
    for name in files:
        rules = atom_faults if name.endswith("atom") else json_faults
        assert rules((out / name).read_bytes(), None, f"https://news.example.org/feeds/{name}") == []
    items = json.loads((out / "searches" / "pacts.json").read_bytes())["items"]
    assert sorted(one["title"] for one in items) == sorted(TITLES[:2])

    for path in out.rglob("*.*"):
        os.utime(path, (1, 1))
    desk.write((LITHIUM + SEARCHES).replace("name: Ores", "name: Rare ores"))
    again = asked(desk, "feeds", "write", str(out), "--base", "https://news.example.org/feeds", "--json")
    assert json.loads(again.out) == {"folder": str(out), "written": 2, "unchanged": 2}
    assert (out / "searches" / "pacts.atom").stat().st_mtime == 1
    assert "Rare ores" in (out / "initiatives" / "ores.atom").read_text()


def test_a_folder_or_address_that_will_not_do_is_said(desk: Desk, tmp_path: Path) -> None:
    """In one line, without a trace."""
    (tmp_path / "file").write_text("")
    done = asked(desk, "feeds", "write", str(tmp_path / "file"))
    assert done.code == 1
    assert "cannot be written" in done.err
    for base in ("news.example.org", "ftp://x.example", "https://x.example/?a=1"):
        wrong = asked(desk, "feeds", "write", str(tmp_path / "www"), "--base", base)
        assert wrong.code == 2
        assert wrong.err.startswith("--base wants the http or https address of DIR")
    assert not (tmp_path / "www").exists()


def test_without_a_database_no_feed_is_written(tmp_path: Path) -> None:
    """Its ids could not be kept, and readers would see all of it twice."""
    desk = Desk(tmp_path)
    desk.write(LITHIUM + SEARCHES)

    done = asked(desk, "feeds", "write", str(tmp_path / "www"))

    assert done.code == 1
    assert done.err.startswith("there is no database yet")
    assert not (tmp_path / "www").exists()
    assert asked(desk, "feeds", "list").code == 0
