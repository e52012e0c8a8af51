"""A real `tidings run` and what it lives among: a service manager, an operator's signals, another daemon."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Done, configure
from tests.acceptance.test_once import serve, sources
from tests.acceptance.test_run import Daemon


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    server = serve()
    configure(tmp_path / "config", sources=sources(server.server_port))
    yield tmp_path
    server.shutdown()
    server.server_close()


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    running = Daemon(folder)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()
    assert running.process.stderr is not None
    running.process.stderr.close()


def test_the_service_manager_hears_of_its_whole_life(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready once it works, signs of life, a reload by SIGHUP, and its end; the first message is that it is ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        running = Daemon(folder)
        try:
            heard = [manager.recv(4096).decode() for _ in range(3)]
            assert heard[0].startswith("READY=1\nSTATUS=")
            running.until("running")
            running.process.send_signal(signal.SIGHUP)
            running.until("reloaded")
            while not heard[-1].startswith("READY=1"):
                heard.append(manager.recv(4096).decode())
            assert running.stop() == 0
            manager.setblocking(False)
            while True:
                try:
                    heard.append(manager.recv(4096).decode())
                except BlockingIOError:
                    break
        finally:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()
            assert running.process.stderr is not None
            running.process.stderr.close()
    said = [line for message in heard for line in message.splitlines()]
    assert said.count("READY=1") == 2
    assert said.index("RELOADING=1") < len(said) - said[::-1].index("READY=1")
    assert "WATCHDOG=1" in said
    assert "STOPPING=1" in said


def test_a_daemon_that_lost_its_database_to_another_ends_and_says_so(daemon: Daemon, folder: Path) -> None:
    """As after a machine that slept while another took over: nothing more is written, exit code 1."""
    daemon.until("running")
    with sqlite3.connect(folder / "state" / "tidings.sqlite", timeout=30) as database:
        database.execute("UPDATE leases SET token = token + 1, host = 'far', process = 77, holder = 'far/1'")

    ended = daemon.until("the daemon ends")
    assert "process 77 on far" in ended["problem"]
    assert daemon.process.stderr is not None
    rest = daemon.process.stderr.read()
    assert daemon.process.wait(timeout=10) == 1
    assert "has taken over the database" in rest.splitlines()[-1]
    with sqlite3.connect(folder / "state" / "tidings.sqlite") as database:
        assert database.execute("SELECT process FROM leases").fetchone() == (77,)


def test_a_database_that_is_taken_away_ends_it(daemon: Daemon, folder: Path) -> None:
    """It does not go on writing into a file that has no name any more."""
    daemon.until("running")
    daemon.until("PollSource", source="feed-3")
    (folder / "state" / "tidings.sqlite").rename(folder / "state" / "aside.sqlite")

    assert "was removed or replaced" in daemon.until("the daemon ends")["problem"]
    assert daemon.process.wait(timeout=10) == 1
    with sqlite3.connect(folder / "state" / "aside.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_second_signal_ends_it_at_once(folder: Path) -> None:
    """A source that never answers is not waited for."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        configure(
            folder / "config",
            sources="sources:\n"
            f'  - {{id: silent, feed: "http://127.0.0.1:{silent.getsockname()[1]}/feed", every: 15m}}\n',
        )
        running = Daemon(folder)
        try:
            running.until("running")
            connection, _ = silent.accept()  # it waits for an answer now
            running.process.send_signal(signal.SIGTERM)
            running.until("stopping")
            running.process.send_signal(signal.SIGTERM)
            running.until("stopped")
            assert running.process.wait(timeout=5) == 0
            connection.close()
        finally:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()
            assert running.process.stderr is not None
            running.process.stderr.close()


def test_it_ends_in_ten_seconds_also_while_another_program_locks_the_file(
    daemon: Daemon, folder: Path
) -> None:
    """A backup that takes its time is waited for, but not by one that was asked to end."""
    daemon.until("running")
    daemon.until("PollSource", source="feed-3")
    other = sqlite3.connect(folder / "state" / "tidings.sqlite", timeout=30, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert daemon.stop() == 0
    finally:
        other.close()


def test_one_file_named_in_two_ways_has_one_daemon(
    daemon: Daemon, folder: Path, place: Callable[..., Done]
) -> None:
    daemon.until("running")
    text = (folder / "config" / "tidings.yaml").read_text()
    other = folder / "other"
    other.mkdir()
    for name in ("sources.yaml", "watchlists"):
        (other / name).symlink_to(folder / "config" / name)
    (other / "tidings.yaml").write_text(f"database: sqlite:///{folder}/state/tidings.sqlite\n{text}")

    second = place("run", "--config", str(other), "--state", str(folder / "second"))

    assert second.code == 1
    assert f"process {daemon.process.pid} on" in second.err
    assert daemon.stop() == 0


def test_status_tells_of_what_waits_for_a_restart(
    daemon: Daemon, folder: Path, place: Callable[..., Done]
) -> None:
    daemon.until("running")
    path = folder / "config" / "watchlists" / "chips.yaml"
    good = path.read_text()
    path.write_text(good.replace("any:", "anny:"))
    daemon.until("the edit is refused whole, the rules before it stay in force")
    path.write_text(good)  # the command itself must be able to read the files
    daemon.until("reloaded")
    assert "your edit" not in place("status").out

    config = folder / "config" / "tidings.yaml"
    config.write_text(config.read_text() + "\noperator: outbox\n")
    daemon.until("reloaded")
    config.write_text(config.read_text().replace("host_delay: 0s", "host_delay: 2s"))
    assert daemon.until("part of the edit waits for a restart")["settings"] == ["polling.host_delay"]
    said = place("status").out
    assert "your edit is in force but for a part" in said
    assert "polling.host_delay" in said
    assert said.splitlines()[0].startswith(f"tidings 0.1.0, running as process {daemon.process.pid} on ")
    assert daemon.stop() == 0


def test_status_tells_what_runs_also_while_an_edit_is_refused(
    daemon: Daemon, folder: Path, place: Callable[..., Done]
) -> None:
    """The daemon's own answer, and what it would be told of the mistake; exit code 2 as with any command."""
    daemon.until("PollSource", source="feed-3")
    good = place("status")
    path = folder / "config" / "watchlists" / "chips.yaml"
    path.write_text(path.read_text().replace("any:", "anny:"))
    daemon.until("the edit is refused whole, the rules before it stay in force")

    refused, rows = place("status"), place("status", "--json")

    assert good.code == 0
    second = good.out.splitlines()[1]
    assert second.startswith("daemon      ")
    assert "configuration read " in second
    assert "answers at http://127.0.0.1:" in second
    assert refused.code == 2
    assert f"running as process {daemon.process.pid} on" in refused.out
    assert "the daemon goes on with what it has read before" in refused.out
    assert "chips.yaml:4:" in refused.err
    (row,) = rows.rows()
    assert (row["process"], row["daemon"]["beat"]["phase"]) in {
        (daemon.process.pid, phase) for phase in ("catching up", "running")
    }
    assert "chips.yaml:4:" in row["problems"][0]
    assert daemon.stop() == 0


def test_the_second_daemon_is_turned_away_before_anything_is_loaded(
    daemon: Daemon, folder: Path, place: Callable[..., Done]
) -> None:
    """So that it takes no second: neither settings nor database are read."""
    daemon.until("running")
    (folder / "config" / "tidings.yaml").write_text("this: is: no: yaml")

    second = place("run")

    assert second.code == 1
    assert f"process {daemon.process.pid} on {socket.gethostname()}" in second.err


def test_of_daemons_that_start_at_once_one_stays(folder: Path) -> None:
    """The others name it and end; which of them it is nobody knows."""
    daemons = [Daemon(folder) for _ in range(4)]
    try:
        while sum(one.process.poll() is None for one in daemons) > 1:
            time.sleep(0.05)
        (left,) = (one for one in daemons if one.process.poll() is None)
        others = [one for one in daemons if one is not left]
        assert [one.process.returncode for one in others] == [1, 1, 1]
        for one in others:
            assert one.process.stderr is not None
            assert f"process {left.process.pid} on" in one.process.stderr.read()
        left.until("running")
        assert left.stop() == 0
    finally:
        for one in daemons:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
            assert one.process.stderr is not None
            one.process.stderr.close()
