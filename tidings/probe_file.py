"""Where the running daemon is asked how it is, and a key for it: a file in the state folder, for its owner only."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "probe.json"
BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Written at each start, and removed at the end."""

    process: int
    host: str | None = None  # as one on this machine reaches it; None: nothing listens
    port: int | None = None
    key: str = field(default="", repr=False)  # as good as the token, for as long as this process lives
    problem: str | None = None  # why nothing listens


def write(state_dir: Path, probe: Probe) -> None:
    """Put it in place whole.

    Raises:
        OSError: it cannot be written.
    """
    path = state_dir / FILE
    beside = path.with_name(f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(probe), file)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def read(state_dir: Path) -> Probe | None:
    """What is there; None: nothing, or nothing that can be read."""
    try:
        with open(state_dir / FILE, "rb") as file:
            found = json.loads(file.read(BYTES))
        return Probe(
            process=int(found["process"]),
            host=found["host"],
            port=None if found["port"] is None else int(found["port"]),
            key=str(found["key"]),
            problem=found["problem"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove(state_dir: Path, key: str) -> None:
    """Remove it, unless another process has written its own meanwhile."""
    found = read(state_dir)
    if found is not None and found.key == key:
        with suppress(OSError):
            os.unlink(state_dir / FILE)
