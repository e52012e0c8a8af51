"""What would be left after a power cut: nothing is sent before what is to be sent is on the disk, as the kernel sees it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.acceptance.conftest import configure
from tests.acceptance.world import NOON, MoodyMailbox, Press, desk

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")

CALLS = "trace=fsync,fdatasync,connect,sendto,write,recvfrom,read"


async def test_a_message_is_on_the_disk_before_its_first_byte_is_on_the_network(tmp_path: Path) -> None:
    """The database is synced at some time before it is sent, and again after it was taken: mail and hook.

    Which sync is of which message the trace does not tell.
    """
    trace = tmp_path / "trace"
    async with Press() as press, MoodyMailbox() as mailbox:
        press.add("times", "plant", NOON, title="Semiconductor plant opens")
        files = desk(mailbox.port, "a@policy.example", hook=press.hook, now="every: 1s")
        configure(tmp_path / "config", sources=press.sources(), **files)
        await _once(tmp_path)  # the window of the digest begins
        had = len(mailbox.mails), len(press.hooks)
        press.add("times", "second", NOON, title="Semiconductor plant grows")
        await _once(tmp_path, "strace", "-f", "-y", "-s", "80", "-e", CALLS, "-o", str(trace))
        assert (len(mailbox.mails), len(press.hooks)) == (had[0] + 1, had[1] + 1)
        ports = {"mail": mailbox.port, "hook": press.port}

    lines = trace.read_text(errors="replace").splitlines()
    for way, first, answer in (
        ("mail", rf"connect\(.*htons\({ports['mail']}\)", r'"250 2\.0\.0 kept'),
        ("hook", r'"POST /hook/', r'"HTTP/1\.1 200'),
    ):
        sent = _last(lines, first)
        taken = next(place for place, line in enumerate(lines) if place > sent and re.search(answer, line))
        assert _synced(lines[:sent]), f"{way}: nothing was synced before it was sent"
        assert _synced(lines[taken:]), f"{way}: that it was taken was not synced"
    # Of all that was synced before the first byte of any message, something is of the database itself.
    begun = min(_last(lines, rf"connect\(.*htons\({ports['mail']}\)"), _last(lines, r'"POST /hook/'))
    frozen = [line for line in lines[:begun] if _synced([line])]
    assert any("tidings.sqlite>" in line for line in frozen)
    assert any("tidings.sqlite-journal>" in line or "tidings.sqlite-wal>" in line for line in frozen)


def _last(lines: Sequence[str], pattern: str) -> int:
    return max(place for place, line in enumerate(lines) if re.search(pattern, line))


def _synced(lines: Sequence[str]) -> bool:
    return any(re.search(r"(fsync|fdatasync)\(\d+<[^>]*tidings\.sqlite[^>]*>\)", line) for line in lines)


async def _once(folder: Path, *before: str) -> None:
    env = {**os.environ, "TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")}
    process = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-m", "tidings", "once", "--all", env=env, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()
