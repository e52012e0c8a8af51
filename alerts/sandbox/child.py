"""The child process in which users' templates run: a request a line on standard input, an answer a line.

Started by isolated.py, which ends it when a template takes too long.
"""

from __future__ import annotations

import json
import math
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alerts.errors import TemplateFault
from alerts.sandbox.environment import LONGEST, Environment


def main(memory: int, seconds: float, folders: list[str]) -> None:
    """Answer until standard input ends.

    Args:
        memory: bytes of address space at most.
        seconds: of computing for one request; past them the system ends this process, whoever still waits for it.
    """
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    environment = Environment([Path(folder) for folder in folders])
    _say({"ready": True})
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))
        _say(_answered(environment, json.loads(line)))


def _answered(environment: Environment, asked: Mapping[str, Any]) -> Mapping[str, object]:
    try:
        return {"text": environment.text_of(asked["name"], asked["data"], longest=LONGEST)}
    except TemplateFault as fault:
        return {
            "problem": fault.problem,
            "remedy": fault.remedy,
            "file": fault.file,
            "line": fault.line,
        }
    except MemoryError:
        return {"memory": True}


def _limit(kind: int, most: int) -> None:
    """At most `most`, never more than the process is allowed already."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _say(answer: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
