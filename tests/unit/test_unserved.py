"""Settings that this version reads and does not serve are told, and refused where ignoring them would do harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tidings.cli import app
from tidings.settings import Settings, load
from tidings.unserved import unserved

HOOK = 'channels:\n  outbox: {type: file}\n  hook: {type: webhook, url: "https://hooks.example.org/x"}\n'
POSTGRESQL = 'polling: {every: 1h}\ndatabase: "postgresql://tidings:hunter2@localhost/tidings"\n'
RULES = "watchlist: w\ninitiatives:\n  - {id: one, any: [semiconductor fabrication]}\n  - {id: two, any: [Mission 500]}\n"
MORNING = "digests: [{id: morning, to: [hook], at: 07:30}]\n"


def write(folder: Path, installation: str = HOOK, telling: str = MORNING) -> Path:
    (folder / "watchlists").mkdir(parents=True)
    (folder / "tidings.yaml").write_text(installation, encoding="utf-8")
    (folder / "watchlists" / "w.yaml").write_text(RULES + telling, encoding="utf-8")
    return folder


def settings(folder: Path, installation: str = HOOK, telling: str = MORNING) -> Settings:
    return load(write(folder / "config", installation, telling), state_dir=folder, environ={})


def command(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(
        app, [*words, "--config", str(folder / "config"), "--state", str(folder / "state")]
    )


def test_a_configuration_that_is_served_has_nothing_to_tell(tmp_path: Path) -> None:
    """`web` is served wherever it listens."""
    written = HOOK + 'operator: hook\ndatabase: sqlite\nweb: {bind: "127.0.0.1:9000", hosts: [tidings]}\n'
    telling = MORNING + (
        "alerts: [{on: commitment, to: [hook], before: [60d, 0d], at: '07:00'}, {on: surge, to: [hook]},"
        " {on: silence, to: [hook]}, {on: source-trouble, to: [outbox]}]\n"
    )

    assert unserved(settings(tmp_path, written, telling)) == ()


def test_a_setting_without_effect_is_named(tmp_path: Path) -> None:
    (one,) = unserved(settings(tmp_path, HOOK + POSTGRESQL + "queue: procrastinate\n"))

    assert (one.key, one.refused) == ("queue", True)
    assert "is not served" in str(one)
    assert "; " in str(one)


@pytest.mark.parametrize("verb", ["run", "once", "status"])
def test_nothing_starts_on_a_queue_that_is_not_served(tmp_path: Path, verb: str) -> None:
    """Exit code 2, the setting at its line, no password shown, and no database begun elsewhere."""
    write(tmp_path / "config", POSTGRESQL + "queue: procrastinate\n" + HOOK)

    done = command(tmp_path, verb)

    file = tmp_path / "config" / "tidings.yaml"
    assert done.exit_code == 2
    assert [line.partition("; ")[0] for line in done.stderr.splitlines()] == [
        f"{file}:3:1: error: the queue procrastinate is not served by this version, which does all work in one process",
    ]
    assert "hunter2" not in done.output
    assert not (tmp_path / "state").exists()


def test_check_warns_of_them_and_succeeds(tmp_path: Path) -> None:
    """They are no mistakes: the file is right for a version that serves them."""
    write(tmp_path / "config", HOOK + POSTGRESQL + "queue: procrastinate\n")

    done = command(tmp_path, "check")
    as_json = json.loads(command(tmp_path, "check", "--json").stdout)

    assert done.exit_code == 0
    assert "warning: the queue procrastinate is not served by this version" in done.stderr
    assert "1 warnings" in done.stdout
    assert len(as_json["unserved"]) == 1
    assert as_json["ok"] is True
