"""Work for child processes, good and bad."""

from __future__ import annotations

import os
import time
from typing import NoReturn


def add(a: int, b: int) -> int:
    return a + b


def whoami() -> int:
    return os.getpid()


def abort() -> NoReturn:
    os.abort()


def hang() -> NoReturn:
    while True:
        time.sleep(0.05)


def take_memory(size: int) -> int:
    return len(bytearray(size))


def complain() -> NoReturn:
    raise ValueError("no such page")


def answer_with_a_function() -> object:
    return lambda: None


def environment() -> list[str]:
    """Names of all variables."""
    return sorted(os.environ)
