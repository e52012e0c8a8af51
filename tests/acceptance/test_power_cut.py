"""What is left after a power cut, as the kernel saw the writes; `python -m tests.soak.power_cut` cuts at hundreds of moments."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.soak.disk_trace import Disk, Said, put, read_trace, traced
from tests.soak.power_cut import power_cuts
from tidings.storage.sqlite import journal_for

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")


async def test_a_message_is_on_the_disk_before_its_first_byte_is_on_the_network(tmp_path: Path) -> None:
    """Whenever the power is cut, the database is sound, has lost no commit, and has each message that is on its way.

    From there the program goes on: everything is told once, and what comes again has the same id and bytes.
    """
    journal, _ = journal_for(sqlite3.sqlite_version_info)
    found = await power_cuts(tmp_path, journal, cuts=12, going_on=1)

    assert found.messages == 7
    assert found.events["Said"] > 40
    assert found.databases == 24
    assert found.faults == []


@pytest.mark.parametrize(("synchronous", "lost"), [("FULL", True), ("EXTRA", False)])
def test_a_removed_journal_undoes_a_commit_where_the_folder_is_not_synced(
    tmp_path: Path, synchronous: str, lost: bool
) -> None:
    """Why the database is opened as it is, and that such a loss would be seen."""
    (tmp_path / "state").mkdir()
    path, trace = tmp_path / "state" / "a.sqlite", tmp_path / "trace"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (x)")
    disk = Disk.of(tmp_path / "state", "a.sqlite")
    program = (
        f"import sqlite3; d = sqlite3.connect({str(path)!r}, isolation_level=None); "
        f"d.execute('PRAGMA journal_mode=DELETE'); d.execute('PRAGMA synchronous={synchronous}'); "
        "d.execute('INSERT INTO t VALUES (1)')"
    )
    subprocess.run([*traced(trace), sys.executable, "-c", program], check=True)
    for event in read_trace(trace.read_text().splitlines(), tmp_path / "state", "a.sqlite"):
        assert not isinstance(event, Said)
        disk.take(event)

    put(disk.cut(), tmp_path / "left")
    with closing(sqlite3.connect(tmp_path / "left" / "a.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM t").fetchone() == (0 if lost else 1,)
    assert disk.cut(random.Random(1)).keys() >= {"a.sqlite"}
