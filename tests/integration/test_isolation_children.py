"""Crash-prone work in child processes: what is lost, what goes on, and what is left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from crawler.isolation import ChildPool, SameProcess
from crawler.ports import ChildCrashed
from tests.fakes import jobs

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = ChildPool(time_limit=10, memory_limit=512 * MIB)
    yield pool
    await pool.close()


def workers() -> list[psutil.Process]:
    """Children of this process that are pool workers; the standard library's resource tracker is none."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


async def gone(pids: set[int]) -> None:
    async with asyncio.timeout(20):
        while any(psutil.pid_exists(pid) for pid in pids):
            await asyncio.sleep(0.02)


async def test_work_is_done_in_another_process(pool: ChildPool) -> None:
    """Arguments go over, the value comes back, and one child serves many jobs."""
    assert await pool.run(jobs.add, 2, 3) == 5
    first, second = await pool.run(jobs.whoami), await pool.run(jobs.whoami)
    assert first == second != os.getpid()


async def test_a_child_knows_no_password_of_ours(pool: ChildPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads what strangers wrote; where programs are it may know."""
    monkeypatch.setenv("SMTP_PASSWORD", "S3CRET")

    known = await pool.run(jobs.environment)

    assert "SMTP_PASSWORD" not in known
    assert "PATH" in known


async def test_a_crash_loses_its_own_job_only(pool: ChildPool) -> None:
    """What waits behind a job that kills its child is done by the next child."""
    results = await asyncio.gather(
        pool.run(jobs.add, 1, 1), pool.run(jobs.abort), pool.run(jobs.add, 2, 2), return_exceptions=True
    )

    assert results[0] == 2
    assert isinstance(results[1], ChildCrashed)
    assert results[2] == 4


async def test_too_much_memory_is_a_crash(pool: ChildPool) -> None:
    """A child may not take more than its limit, and says so."""
    with pytest.raises(ChildCrashed, match="512 MiB"):
        await pool.run(jobs.take_memory, 2048 * MIB)
    assert await pool.run(jobs.take_memory, MIB) == MIB


async def test_too_much_time_is_a_crash() -> None:
    """A job that never ends is ended, and the pool goes on."""
    pool = ChildPool(time_limit=0.3)
    try:
        with pytest.raises(ChildCrashed, match=r"longer than 0\.3 s"):
            await pool.run(jobs.hang)
        assert await pool.run(jobs.add, 1, 2) == 3
    finally:
        await pool.close()


async def test_exceptions_of_the_work_come_through(pool: ChildPool) -> None:
    """An error is the work's own, with the place in the child where it arose."""
    with pytest.raises(ValueError, match="no such page") as caught:
        await pool.run(jobs.complain)
    assert "complain" in caught.value.__notes__[0]


async def test_an_answer_that_cannot_be_handed_back_harms_nobody(pool: ChildPool) -> None:
    """It is a `TypeError` of that job; the child lives on."""
    child = await pool.run(jobs.whoami)
    with pytest.raises(TypeError, match="answer_with_a_function"):
        await pool.run(jobs.answer_with_a_function)
    assert await pool.run(jobs.whoami) == child


async def test_a_child_killed_while_idle_is_replaced(pool: ChildPool) -> None:
    """An out-of-memory killer that takes a waiting child costs no job."""
    child = await pool.run(jobs.whoami)
    psutil.Process(child).kill()
    await gone({child})

    assert await pool.run(jobs.add, 1, 1) == 2


async def test_idle_children_end_and_come_back() -> None:
    """Without work the children are stopped; the next job starts new ones."""
    pool = ChildPool(idle_limit=0.05)
    try:
        child = await pool.run(jobs.whoami)
        await gone({child})
        assert await pool.run(jobs.add, 1, 1) == 2
    finally:
        await pool.close()


async def test_nothing_is_started_before_the_first_job() -> None:
    """An unused pool costs no process."""
    before = {child.pid for child in workers()}
    pool = ChildPool()
    assert {child.pid for child in workers()} == before
    await pool.close()


async def test_closing_leaves_no_process_behind() -> None:
    """Even a job under way ends, and its caller is told."""
    pool = ChildPool()
    child = await pool.run(jobs.whoami)
    under_way = asyncio.create_task(pool.run(jobs.hang))
    await asyncio.sleep(0)

    await pool.close()

    assert not psutil.pid_exists(child)
    with pytest.raises(ChildCrashed):
        await under_way
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run(jobs.add, 1, 1)


async def test_children_end_with_a_killed_parent() -> None:
    """`kill -9` of the daemon leaves no orphan."""
    code = (
        "import asyncio, sys\n"
        "from crawler.isolation import ChildPool\n"
        "from tests.fakes import jobs\n"
        "async def main():\n"
        "    print(await ChildPool().run(jobs.whoami), flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "if __name__ == '__main__': asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    await gone({child})


async def test_the_plain_way_runs_here() -> None:
    """For short commands: this process, the same answers and errors."""
    here = SameProcess()
    assert await here.run(jobs.whoami) == os.getpid()
    with pytest.raises(ValueError, match="no such page"):
        await here.run(jobs.complain)
    await here.close()
