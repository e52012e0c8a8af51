"""Processes that poll on a word and are measured from outside: wall time, CPU and memory of them and their children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One poll of all feeds."""

    wall: float  # seconds
    cpu: float  # seconds, of the process and its children
    new: int  # entries that it took for new
    peak: float  # MiB, the greatest so far


class Talker:
    """A process that says READY, polls at each line it is given, and then says how many entries were new."""

    def __init__(self, command: Sequence[str | Path], *, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=None if environ is None else {**os.environ, **environ},
        )
        self.pid = self._process.pid

    def ask(self, line: str = "poll") -> str:
        """Say a line and wait for the answer; with "" only wait.

        Raises:
            RuntimeError: the process ended instead.
        """
        assert self._process.stdout is not None
        if line:
            self.say(line)
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return answer

    def say(self, line: str) -> None:
        """Say a line, whose answer is waited for later."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def poll(self) -> Poll:
        """One poll, measured."""
        cpu, wall = cpu_of(self.pid), time.perf_counter()
        new = int(self.ask())
        return Poll(
            wall=time.perf_counter() - wall, cpu=cpu_of(self.pid) - cpu, new=new, peak=peak_of(self.pid)
        )

    def end(self) -> None:
        """Close its input, which ends it; stop it after a minute."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def run(command: Sequence[str | Path], environ: Mapping[str, str]) -> Poll:
    """A program that polls once and ends; `new` is left 0."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environ},
    )
    peak = 0.0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, peak_of(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:  # interrupted
            process.kill()
        ended.set()
        watcher.join()
    wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return Poll(wall=wall, cpu=usage.ru_utime + usage.ru_stime, new=0, peak=peak)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, its living descendants and those that ended and were waited for."""
    total = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / _TICK


def peak_of(pid: int) -> float:
    """MiB: the sum of the peaks of resident memory of a process and its living descendants."""
    total = 0
    for one in family(pid):
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
    return total / 1024


def family(pid: int) -> list[int]:
    """The process and all its living descendants."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found
