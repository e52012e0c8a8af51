"""Memory of this process and of its children, as the kernel of Linux tells it; elsewhere nothing is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident memory, in bytes."""

    daemon: int
    children: int  # of all of them together, with what they share counted for each
    number: int  # of children


def memory(process: int | None = None) -> Memory | None:
    """What is in use now; None: the system does not tell."""
    mine = os.getpid() if process is None else process
    own = _resident(mine)
    if own is None:
        return None
    children = [size for child in _below(mine) if (size := _resident(child)) is not None]
    return Memory(daemon=own, children=sum(children), number=len(children))


def _below(process: int) -> Iterator[int]:
    """All descendants that are there; one that ends meanwhile is left out."""
    try:
        threads = os.listdir(_PROC / str(process) / "task")
    except OSError:
        return
    for thread in threads:
        try:
            listed = (_PROC / str(process) / "task" / thread / "children").read_text(encoding="ascii")
        except OSError:
            continue
        for child in map(int, listed.split()):
            yield child
            yield from _below(child)


def _resident(process: int) -> int | None:
    try:
        pages = (_PROC / str(process) / "statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
