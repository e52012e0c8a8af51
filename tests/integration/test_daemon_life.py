"""What keeps a daemon alone on its database and in touch with its service manager: locks, leases, datagrams, edits."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import NOON
from tidings import config_watch
from tidings.config_watch import prints, watch
from tidings.lock import AlreadyRunning, DaemonLock, holder, lock_file
from tidings.pulse import SILENCE, Pulse
from tidings.storage.engine import FILE, Database
from tidings.storage.errors import Fenced
from tidings.storage.leases import LASTS
from tidings.storage.stores import Stores
from tidings.systemd import Supervisor
from tidings.tenure import RENEW, Tenure

SECOND = timedelta(seconds=1)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> Any:
        return self.time


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    database = Database.open("sqlite", state_dir=tmp_path)
    yield Stores(database)
    database.close()


def of_another_machine(folder: Path) -> None:
    """As if the lease had been taken by a daemon of another machine that has the file open over a network."""
    with sqlite3.connect(folder / FILE) as database:
        database.execute(
            "UPDATE leases SET holder = 'elsewhere/1', host = 'far', process = 77, token = token + 1"
        )


# -- lease -----------------------------------------------------------------------------------------


async def test_one_daemon_holds_the_database_and_gives_it_back(stores: Stores) -> None:
    clock = Clock()
    tenure = Tenure(stores, clock)
    await tenure.begin()
    first = await stores.leases.held()
    assert first is not None
    assert (first.process, first.host, first.until) == (os.getpid(), socket.gethostname(), NOON + LASTS)

    clock.time += RENEW
    await tenure.renew()
    renewed = await stores.leases.held()
    assert renewed is not None
    assert (renewed.token, renewed.seen_at) == (first.token, NOON + RENEW)

    await tenure.end()
    ended = await stores.leases.held()
    assert ended is not None
    assert ended.until == NOON + RENEW


async def test_a_holder_that_died_on_this_machine_is_not_waited_for(stores: Stores) -> None:
    """Whoever has the lock file knows that it is dead."""
    await Tenure(stores, Clock()).begin()
    await Tenure(stores, Clock()).begin()
    held = await stores.leases.held()
    assert held is not None
    assert held.token == 2


async def test_a_daemon_of_another_machine_is_named_and_waited_for(stores: Stores, tmp_path: Path) -> None:
    clock = Clock()
    await Tenure(stores, clock).begin()
    stores.database.guard(None)
    of_another_machine(tmp_path)

    with pytest.raises(AlreadyRunning, match=r"process 77 on far, since 25 Nov 2026 12:00 UTC"):
        await Tenure(stores, clock).begin()
    clock.time += LASTS
    await Tenure(stores, clock).begin()


async def test_a_lease_dated_far_ahead_holds_nobody_out_for_ever(stores: Stores, tmp_path: Path) -> None:
    """Its holder saw another clock."""
    ahead = Clock()
    ahead.time += 365 * 24 * 3600 * SECOND
    await Tenure(stores, ahead).begin()
    stores.database.guard(None)
    of_another_machine(tmp_path)

    await Tenure(stores, Clock()).begin()


async def test_who_lost_the_lease_writes_nothing_more(stores: Stores, tmp_path: Path) -> None:
    clock = Clock()
    tenure = Tenure(stores, clock)
    await tenure.begin()
    of_another_machine(tmp_path)

    with pytest.raises(Fenced, match="process 77 on far"):
        await stores.troubles.notice("configuration", "files", "x", NOON)
    with pytest.raises(Fenced):
        await stores.deliveries.claim_due(NOON, 1, SECOND)
    clock.time += RENEW
    with pytest.raises(Fenced):
        await tenure.renew()
    assert await stores.troubles.noticed() == ()
    await tenure.end()
    held = await stores.leases.held()
    assert held is not None
    assert held.process == 77


# -- lock ------------------------------------------------------------------------------------------


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    path = lock_file("sqlite", tmp_path / "new")
    assert holder(path) is None
    with DaemonLock(path):
        found = holder(path)
        assert found is not None
        assert (found.process, found.host) == (os.getpid(), socket.gethostname())
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()} on "), DaemonLock(path):
            pass
    assert holder(path) is None
    with DaemonLock(path):
        pass


def test_one_file_has_one_lock_however_it_is_named(tmp_path: Path) -> None:
    """By the default, written out, with settings behind it, or through a link."""
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "link").symlink_to(state)
    named = [
        lock_file("sqlite", state),
        lock_file("sqlite", tmp_path / "link"),
        lock_file(f"sqlite:///{state}/{FILE}", tmp_path / "other"),
        lock_file(f"sqlite:///{tmp_path}/link/{FILE}?timeout=5", tmp_path / "other"),
    ]
    assert len(set(named)) == 1
    assert lock_file("sqlite", tmp_path) not in named


def test_a_lock_of_an_older_version_is_a_lock(tmp_path: Path) -> None:
    with DaemonLock(tmp_path / "tidings.lock"):
        (tmp_path / "tidings.lock").write_text("77\n")
        assert str(holder(tmp_path / "tidings.lock")) == "of an unknown process"


# -- pulse -----------------------------------------------------------------------------------------


def test_a_daemon_without_a_sign_of_life_is_dead_after_a_minute() -> None:
    seconds = [100.0]
    pulse = Pulse(NOON, seconds=lambda: seconds[0])
    seconds[0] += SILENCE
    assert pulse.alive
    seconds[0] += 1
    assert not pulse.alive
    pulse.beat(NOON, 0.5)
    assert pulse.alive
    assert (pulse.ticked_at, pulse.lag) == (NOON, 0.5)


# -- service manager -------------------------------------------------------------------------------


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    name = f"{tmp_path}/notify" if request.param == "path" else f"@tidings-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name if name[0] == "/" else f"\0{name[1:]}")
        listening.settimeout(5)
        yield name, lambda: listening.recv(4096).decode().splitlines()


def test_the_service_manager_is_told(manager: tuple[str, Callable[[], list[str]]]) -> None:
    name, heard = manager
    environ = {
        "NOTIFY_SOCKET": name,
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": str(os.getpid()),
        "HOME": "/",
    }

    supervisor = Supervisor(environ)

    assert environ == {"HOME": "/"}  # children do not speak for us
    assert supervisor.watchdog == 30
    supervisor.ready("56 sources\nREADY=0")
    assert heard() == ["READY=1", "STATUS=56 sources READY=0"]
    supervisor.lives()
    assert heard() == ["WATCHDOG=1"]
    supervisor.reloading()
    first, second = heard()
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    supervisor.stopping()
    assert heard()[0] == "STOPPING=1"


def test_without_a_service_manager_nothing_is_said() -> None:
    supervisor = Supervisor({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    assert supervisor.watchdog is None
    supervisor.ready("fine")
    Supervisor({"NOTIFY_SOCKET": "/nowhere/at/all"}).lives()


# -- edits -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    (made / "watchlists").mkdir(parents=True)
    (made / "tidings.yaml").write_text("{}\n")
    (made / "watchlists" / "w.yaml").write_text("watchlist: w\n")
    (made / "smtp-password").write_text("old\n")
    return made


def renamed_over(folder: Path) -> None:
    (folder / ".w.yaml.new").write_text("watchlist: v\n")
    (folder / ".w.yaml.new").replace(folder / "watchlists" / "w.yaml")


EDITS: dict[str, Callable[[Path], object]] = {
    "written": lambda folder: (folder / "watchlists" / "w.yaml").write_text("watchlist: other\n"),
    "renamed over": renamed_over,
    "a file more": lambda folder: (folder / "watchlists" / "x.yaml").write_text("watchlist: x\n"),
    "a file removed": lambda folder: (folder / "watchlists" / "w.yaml").unlink(),
    "a secret changed": lambda folder: (folder / "smtp-password").write_text("newer\n"),
    "a template": lambda folder: (folder / "digest.txt.j2").write_text("x"),
    "the folder gone": shutil.rmtree,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_changes_what_the_files_are(folder: Path, edit: Callable[[Path], object]) -> None:
    before = prints(folder)
    edit(folder)
    assert prints(folder) != before


def test_what_an_editor_leaves_for_a_while_is_no_edit(folder: Path) -> None:
    before = prints(folder)
    for name in (".w.yaml.swp", "w.yaml~", "w.yaml.tmp", ".#w.yaml"):
        (folder / "watchlists" / name).write_text("passing")
    assert prints(folder) == before


def test_files_switched_by_a_link_are_seen(tmp_path: Path) -> None:
    """As where the folder is a mounted map of a cluster: `tidings.yaml -> ..data/tidings.yaml`, `..data -> ..1`."""
    folder = tmp_path / "mounted"
    for name, text in (("..1", "{}\n"), ("..2", "{queue: null}\n")):
        (folder / name).mkdir(parents=True)
        (folder / name / "tidings.yaml").write_text(text)
    (folder / "..data").symlink_to("..1")
    (folder / "tidings.yaml").symlink_to("..data/tidings.yaml")
    before = prints(folder)
    (folder / "..new").symlink_to("..2")
    (folder / "..new").replace(folder / "..data")
    assert prints(folder) != before


async def test_an_edit_is_noticed_once_and_soon(folder: Path) -> None:
    edits: asyncio.Queue[None] = asyncio.Queue()
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(folder, lambda: edits.put_nowait(None), stop))
    async with asyncio.timeout(20):
        while edits.empty():  # until the system reports; what is written before that is noticed later
            (folder / "watchlists" / "w.yaml").write_text(f"watchlist: w{os.urandom(4).hex()}\n")
            try:
                async with asyncio.timeout(1):
                    await edits.get()
                    break
            except TimeoutError:
                continue
    stop.set()
    await watching


async def test_where_the_system_reports_nothing_the_files_are_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more watches may be left on this machine."""

    def no_watches(*_: object, **__: object) -> None:
        raise OSError("no space left on device: inotify watch limit reached")

    monkeypatch.setattr(config_watch, "awatch", no_watches)
    monkeypatch.setattr(config_watch, "FALLBACK", 0.01)
    edits: asyncio.Queue[None] = asyncio.Queue()
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(folder, lambda: edits.put_nowait(None), stop))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while True:
            (folder / "tidings.yaml").write_text(f"# {os.urandom(4).hex()}\n{{}}\n")
            try:
                async with asyncio.timeout(0.2):
                    await edits.get()
                    break
            except TimeoutError:
                continue
    stop.set()
    await watching
