"""`tidings run`: starts, reloads, stops, and never twice on one state folder."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import zygote
from tests.acceptance.conftest import Done, configure
from tests.acceptance.test_once import serve, sources


class Daemon:
    """A running `tidings run`, read through its log."""

    def __init__(self, folder: Path) -> None:
        env = {**os.environ, "TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")}
        self.process = zygote.start(["run"], env=env, cwd=folder)
        self.lines: list[dict[str, Any]] = []

    def until(self, event: str, **facts: object) -> dict[str, Any]:
        """Read the log until a line of this event (the test's own time limit ends a wait in vain)."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"] == event and facts.items() <= self.lines[-1].items():
                return self.lines[-1]
        raise AssertionError(f"the daemon ended without {event!r}: {self.lines}")

    def stop(self) -> int:
        """SIGTERM, and its exit code; more than ten seconds is a failure."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=10)
        finally:
            assert self.process.stderr is not None
            self.process.stderr.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    server = serve()
    configure(tmp_path / "config", sources=sources(server.server_port))
    running = Daemon(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()
    server.shutdown()
    server.server_close()


def test_sigterm_ends_it_with_nothing_half_done(daemon: Daemon, tmp_path: Path) -> None:
    """It polls, matches, and is gone within ten seconds of SIGTERM; the database is whole."""
    daemon.until("PollSource", source="feed-3")
    daemon.until("Settle")
    assert daemon.stop() == 0
    with sqlite3.connect(tmp_path / "state" / "tidings.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM articles").fetchone() == (3,)
    assert not [line for line in daemon.lines if line["level"] in {"warning", "error"}]


def test_a_second_daemon_on_the_same_state_names_the_first(
    daemon: Daemon, place: Callable[..., Done]
) -> None:
    """Two daemons never work on one SQLite database; `status` shows the one that runs."""
    daemon.until("running")
    second = place("run")
    assert second.code == 1
    assert str(daemon.process.pid) in second.err
    assert place("status", "--json").rows()[0]["process"] == daemon.process.pid
    assert daemon.stop() == 0
    assert place("status", "--json").rows()[0]["process"] is None


def test_an_edit_is_in_force_at_once_and_a_bad_one_is_refused_whole(daemon: Daemon, tmp_path: Path) -> None:
    """A file with an error leaves the rules before it in force, and says where the error is."""
    daemon.until("PollSource", source="feed-3")
    path = tmp_path / "config" / "watchlists" / "chips.yaml"
    good = path.read_text()
    path.write_text(good.replace("any:", "anny:"))
    refused = daemon.until("the edit is refused whole, the rules before it stay in force")
    assert "chips.yaml:4:" in refused["problems"]
    path.write_text(good.replace("name: Chips", "name: Semiconductors"))
    assert daemon.until("reloaded")["initiatives"] == 1
    assert daemon.stop() == 0


def test_an_edit_is_run_over_the_archive_within_seconds(
    daemon: Daemon, place: Callable[..., Done], tmp_path: Path
) -> None:
    """A new initiative finds what came before it; `explain` says so, with the version of the watchlist and its time."""
    while sum(line.get("judged", 0) for line in daemon.lines) < 3:
        daemon.until("Settle")
    path = tmp_path / "config" / "watchlists" / "chips.yaml"
    path.write_text(
        path.read_text().replace("digests:", "  - {id: wafers, name: Wafers, any: [wafers]}\ndigests:")
    )

    line = daemon.until("Rematch")

    assert (line["initiatives"], line["articles"], line["told"], line["filed"]) == (["wafers"], 3, 3, 0)
    life = place("explain", "http://chips.example/1", "--json").rows()[0]["life"]
    (found,) = (one for one in life["matches"] if one["initiative_id"] == "wafers")
    assert found["found"] == {"by": "edit", "at": found["watchlist_since"]}
    assert place("rematch", "wafers", "--tell", "--json").rows()[0]["told"] == 0  # beside the daemon
    assert daemon.stop() == 0
    assert not [line for line in daemon.lines if line["level"] in {"warning", "error"}]
