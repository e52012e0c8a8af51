"""The program as a user runs it: the `tidings` command in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance import zygote

if TYPE_CHECKING:
    from tests.acceptance.world import World


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """The JSON objects that it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


def tidings(
    *words: object, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
) -> Done:
    """Run `tidings WORDS…` to its end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    whole = {**clean, **(env or {})}
    with ExitStack() as stack:
        asks, out, err = (
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(3)
        )
        asks.write(stdin)
        asks.seek(0)
        streams: dict[str, Any] = {"stdin": asks, "stdout": out, "stderr": err}
        if zygote.fits(whole):
            running = zygote.start([str(one) for one in words], env=whole, cwd=cwd or Path.cwd(), **streams)
            code = running.wait()
        else:
            command = [sys.executable, "-m", "tidings", *map(str, words)]
            code = subprocess.run(command, check=False, cwd=cwd, env=whole, **streams).returncode
        for stream in (out, err):
            stream.seek(0)
        return Done(code, out.read(), err.read())


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Done]:
    """`tidings` in an empty folder with configuration and state of its own: `place("once", "--all")`."""

    def run(*words: object, **more: Any) -> Done:
        env = {"TIDINGS_CONFIG": str(tmp_path / "config"), "TIDINGS_STATE": str(tmp_path / "state")}
        return tidings(*words, env=env, cwd=tmp_path, **more)

    return run


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def configure(folder: Path, **files: str) -> None:
    """Write a small configuration; `files` replaces or adds `NAME.yaml`, with `__` for a folder."""
    base = {
        "tidings": "polling: {host_delay: 0s, allow_private: [127.0.0.0/8]}\n"
        "channels:\n  outbox: {type: file, dir: outbox}\n",
        "sources": "sources: []\n",
        "watchlists__chips": "watchlist: chips\ntitle: Chips\ninitiatives:\n"
        "  - {id: chips, name: Chips, any: [semiconductor]}\n"
        "digests:\n  - {id: hourly, to: [outbox], every: 1h}\n",
    }
    for name, text in {**base, **files}.items():
        if name == "tidings" and "web:" not in text:
            text = f'{text.rstrip()}\nweb: {{bind: "127.0.0.1:{free_port()}"}}\n'  # daemons of other tests run too
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Press, mailbox and clock of one test."""
    from tests.acceptance.world import MoodyMailbox, Press, World  # which is configured by this file

    async with Press() as press, MoodyMailbox() as mailbox:
        yield World(tmp_path, press, mailbox)


@pytest.fixture(autouse=True, scope="session")
def no_command_outlives_the_session() -> Iterator[None]:
    """Nor what they were forked off."""
    yield
    zygote.end()


@pytest.fixture(autouse=True)
def every_mail_passes_a_mail_tester(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever mail came over the wire to a mailbox of this process, in any test."""
    from tests.message_lint import look
    from tidings.demo.mailbox import Mailbox

    kept, came = Mailbox.handle_DATA, dict[bytes, None]()

    async def looked_at(mailbox: Mailbox, server: Any, session: Any, envelope: Any) -> str:
        came[envelope.original_content] = None
        return await kept(mailbox, server, session, envelope)

    monkeypatch.setattr(Mailbox, "handle_DATA", looked_at)
    yield
    assert [finding for mail in came for finding in look(mail).findings] == []
