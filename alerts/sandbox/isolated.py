"""Users' templates in a process of their own: one that never ends, or eats memory, loses its page and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from alerts.errors import TemplateFault

SECONDS = 5.0  # of computing, for one template
PATIENCE = 4.0  # times as long by the clock, for a machine that has other things to do
MEMORY = 256 << 20  # bytes of address space; a child at rest takes about a fifth
START_SECONDS = 60.0


class Isolated:
    """Writes out templates in a child process, which ends with this block. One thread at a time.

    A child that was lost is replaced for the next template.

    Args:
        folders: where templates are looked for, the first one first.
        seconds: of computing for one template.
        memory: bytes of address space of the child.
    """

    def __init__(self, folders: Sequence[Path], *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._folders = [str(folder) for folder in folders]
        self._seconds = seconds
        self._memory = memory
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def text_of(self, name: str, data: Mapping[str, object]) -> str:
        """What the template `name` writes.

        Raises:
            TemplateFault: the template is missing, wrong, too slow or too large, or the system starts no child.
        """
        if self._child is None:
            self._child = _started(self._folders, self._seconds, self._memory)
        answer = self._child.answer({"name": name, "data": data}, within=self._seconds * PATIENCE)
        if answer is not None and "text" in answer:
            return str(answer["text"])
        slow = self._child.was_slow
        if answer is None or "memory" in answer:
            self._end()
        if answer is not None and "problem" in answer:
            raise TemplateFault(answer["problem"], answer["remedy"], file=answer["file"], line=answer["line"])
        if slow:
            raise TemplateFault(
                f"it takes longer than {self._seconds:g} seconds",
                "make its loops smaller",
                file=self._path(name),
            )
        raise TemplateFault(
            f"it needs more than {self._memory >> 20} MiB of memory",
            "make its loops and texts smaller",
            file=self._path(name),
        )

    def _path(self, name: str) -> str:
        paths = (str(Path(folder) / name) for folder in self._folders)
        return next(filter(os.path.isfile, paths), name)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """A running child, and the pipes to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._late = False

    @property
    def was_slow(self) -> bool:
        """It was ended because its time was up, by us or by the system."""
        return self._late or self._process.poll() == -signal.SIGXCPU

    def answer(self, asked: Mapping[str, object] | None, *, within: float) -> dict[str, Any] | None:
        """Its next line, after `asked` was handed over; None: it is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        alarm = threading.Timer(within, self._too_late)
        alarm.start()
        try:
            if asked is not None:
                self._process.stdin.write(json.dumps(asked).encode() + b"\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
            if line.endswith(b"\n"):
                found: dict[str, Any] = json.loads(line)
                return found
        except BrokenPipeError:
            pass
        finally:
            alarm.cancel()
        self._process.wait()
        return None

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()


def _started(folders: Sequence[str], seconds: float, memory: int) -> _Child:
    """A child that is ready. It knows nothing of our environment, where passwords may stand."""
    path = os.pathsep.join(filter(None, sys.path))
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program, and folders that are named in no shell
            [sys.executable, "-P", "-m", "alerts.sandbox.child", str(memory), str(seconds), *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except OSError as error:
        raise TemplateFault(f"no process could be started for it: {error.strerror}") from error
    child = _Child(process)
    if child.answer(None, within=START_SECONDS) is None:
        child.end()
        raise TemplateFault("the process for it did not start", "look at the memory that is left")
    return child
