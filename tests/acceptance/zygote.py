"""`tidings` in a process of its own that need not import the program first: it is forked off one that has.

What the command does is that of any `python -m tidings`: its own pid, streams, environment, signals, exit code and
end of the interpreter. What comes before its first line is not: a fresh interpreter is wanted where that is at stake.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
LONGEST = 1 << 18  # bytes of a request
# Read before the first line of the program, by the interpreter, the C library or a library's import.
_EARLY = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "TERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "TZ")


class Process:
    """A running command, with what the tests need of `subprocess.Popen`."""

    def __init__(self, pid: int, result: IO[str], stderr: IO[str] | None) -> None:
        self.pid = pid
        self.stderr = stderr
        self.returncode: int | None = None
        self._result = result

    def poll(self) -> int | None:
        """The exit code, negative for the signal that it died of; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code.

        Raises:
            TimeoutExpired: it runs after `timeout` seconds.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("tidings", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """To the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._result, selectors.EVENT_READ)
                if not selector.select(timeout):
                    return None
            self.returncode = int(self._result.readline())
            self._result.close()
        return self.returncode


def fits(env: Mapping[str, str]) -> bool:
    """Whether a command with this environment may be forked off one that has another."""
    if not hasattr(os, "pidfd_open"):
        return False
    changed = {name for name in env.keys() | os.environ.keys() if env.get(name) != os.environ.get(name)}
    return not any(name.startswith(_EARLY) for name in changed)


def start(
    words: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdin: IO[str] | None = None,
    stdout: IO[str] | None = None,
    stderr: IO[str] | None = None,
) -> Process:
    """Start `tidings WORDS…`; None: nothing to read, nobody reads, and a pipe for `stderr` of the process."""
    ours, theirs = os.pipe()
    said, says = os.pipe()
    with open(os.devnull, "r+") as nothing:
        request = json.dumps({"words": list(words), "env": dict(env), "cwd": str(cwd)}).encode()
        streams = [
            (stdin or nothing).fileno(),
            (stdout or nothing).fileno(),
            says if stderr is None else stderr.fileno(),
        ]
        socket.send_fds(_zygote()[0], [request], [*streams, theirs])
    os.close(theirs)
    os.close(says)
    result = os.fdopen(ours, encoding="ascii")
    pid = int(result.readline())
    if stderr is not None:
        os.close(said)
        return Process(pid, result, None)
    return Process(pid, result, os.fdopen(said, encoding="utf-8"))


def end() -> None:
    """End the one that commands are forked off, and with it what it forked."""
    if _zygote.cache_info().currsize:
        door, process = _zygote()
        door.close()
        process.wait()
        _zygote.cache_clear()


@cache
def _zygote() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """The one of this process and the door to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.zygote", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # which is no terminal, as that of a command is none
        )
    return ours, process


# -- on the other side -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Request:
    words: list[str]
    env: dict[str, str]
    cwd: str


def _serve(door: socket.socket) -> _Request | None:
    """Fork for each request; returns in the child with what is asked of it, else None at the end."""
    running: dict[
        int, tuple[int, int]
    ] = {}  # of each child: a descriptor of the process → pid, who hears of its end
    selector = selectors.DefaultSelector()
    selector.register(door, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fd in running:
                pid, result = running.pop(key.fd)
                selector.unregister(key.fd)
                os.close(key.fd)
                _say(result, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                os.close(result)
                continue
            message, handles, _, _ = socket.recv_fds(door, LONGEST, 4)
            if not message:
                for pid, _ in running.values():
                    os.kill(pid, signal.SIGKILL)
                return None
            *streams, result = handles
            pid = os.fork()
            if pid == 0:
                selector.close()
                door.close()
                for number, handle in enumerate(streams):
                    os.dup2(handle, number)
                for handle in (*handles, *running, *(one for _, one in running.values())):
                    os.close(handle)
                return _Request(**json.loads(message))
            _say(result, pid)
            for handle in streams:
                os.close(handle)
            watched = os.pidfd_open(pid)
            running[watched] = (pid, result)
            selector.register(watched, selectors.EVENT_READ)


def _say(result: int, number: int) -> None:
    try:
        os.write(result, b"%d\n" % number)
    except BrokenPipeError:
        return  # nobody waits for it any more


def _import_all() -> None:
    for package in ("crawler", "alerts", "tidings"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def _become(request: _Request) -> None:
    os.environ.clear()
    os.environ.update(request.env)
    os.chdir(request.cwd)
    sys.path[0] = request.cwd
    sys.argv[1:] = request.words
    runpy.run_module("tidings", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _import_all()
    assert len(os.listdir("/proc/self/task")) == 1, "a thread would not be there after a fork"
    gc.freeze()
    asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        _become(asked)
