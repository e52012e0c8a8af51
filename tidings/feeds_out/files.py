"""Feeds as files: each replaced whole, and only when it says something else."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tidings.feeds_out.addresses import published_at
from tidings.feeds_out.making import Feeds
from tidings.feeds_out.records import Form


async def write_feeds(feeds: Feeds, folder: Path, base: str | None) -> tuple[int, int]:
    """Write all feeds below `folder`; how many files were written, and how many said the same already.

    Args:
        base: where the folder is published; None: not known.
    Raises:
        OSError: a file cannot be written.
        StorageError: the database refused.
    """
    written = left = 0
    for name in feeds:
        for form in Form:
            _, body = await feeds.written(name, form, None if base is None else published_at(base, name))
            path = folder / name.kind / f"{name.id}.{form}"
            if _replace(path, body):
                written += 1
            else:
                left += 1
    return written, left


def _replace(path: Path, body: bytes) -> bool:
    """False: it is the same already, and is left alone."""
    with suppress(FileNotFoundError):
        if path.read_bytes() == body:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(body)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return True
