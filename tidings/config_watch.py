"""Notices edits of the configuration folder, however they are made: saved, renamed over, switched by a symbolic link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from watchfiles import awatch

log = structlog.get_logger(__name__)

LOOK = 30.0  # seconds after which the files are looked at also when the system reports no change
FALLBACK = 5.0  # seconds between two looks where the system reports nothing at all
_PASSING = ("~", ".swp", ".swx", ".tmp", ".bak")  # what editors leave beside the file for a while

Prints = Mapping[str, tuple[int, int, int]]


async def watch(
    folder: Path, changed: Callable[[], None], stop: asyncio.Event, known: Prints | None = None
) -> None:
    """Call `changed` after each edit, until `stop` is set.

    The system's reports are only a nudge: what counts is what the files are, links followed. So a folder that is
    replaced, or reports that end or never come, delay an edit and do not lose it.

    Args:
        known: the files as they were read last; None: as they are now.
    """
    known = (
        await _look(folder, known, changed) if known is not None else await asyncio.to_thread(prints, folder)
    )
    while not stop.is_set():
        try:
            nudges = awatch(
                folder, stop_event=stop, step=200, rust_timeout=int(LOOK * 1000), yield_on_timeout=True
            )
            async for _ in nudges:
                known = await _look(folder, known, changed)
        except Exception as fault:  # a limit of the system, or the folder is gone for now
            log.warning(
                "edits are not reported by the system, the files are looked at instead",
                every=FALLBACK,
                problem=f"{type(fault).__name__}: {fault}",
            )
            known = await _poll(folder, known, changed, stop)


async def _poll(folder: Path, known: Prints, changed: Callable[[], None], stop: asyncio.Event) -> Prints:
    """Look again and again for some minutes; then the system may be asked to report again."""
    for _ in range(60):
        try:
            async with asyncio.timeout(FALLBACK):
                await stop.wait()
            return known
        except TimeoutError:
            known = await _look(folder, known, changed)
    return known


async def _look(folder: Path, known: Prints, changed: Callable[[], None]) -> Prints:
    found = await asyncio.to_thread(prints, folder)
    if found != known:
        changed()
    return found


def prints(folder: Path) -> Prints:
    """Of each file of the configuration what changes with it: identity, length, time of its last change.

    Hidden files and what editors leave for a while are none; files of secrets are some, whatever their names.
    """
    found: dict[str, tuple[int, int, int]] = {}
    for path in _files(folder):
        try:
            facts = path.stat()
        except OSError:
            continue
        found[str(path.relative_to(folder))] = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
    return found


def _files(folder: Path) -> list[Path]:
    files: list[Path] = []
    try:
        entries = list(folder.iterdir())
    except OSError:
        return files
    for path in entries:
        if path.name.startswith(".") or path.name.endswith(_PASSING) or path.name == "__pycache__":
            continue
        if path.is_dir() and not path.is_symlink():
            files += _files(path)
        elif path.is_file():
            files.append(path)
    return files
