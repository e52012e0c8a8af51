"""How much room the disk has, and whether the state folder can be written to: asked of the system, not of the database."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

FLOOR = 64 * 1024 * 1024  # bytes; below, nothing new is collected, so that what was found can still be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room in a folder, in bytes."""

    free: int
    writable: bool  # by this user

    @property
    def is_low(self) -> bool:
        """Whether nothing new should be collected."""
        return self.free < FLOOR


def room(folder: Path) -> Room | None:
    """The room in `folder`; None: the folder cannot be looked at."""
    try:
        return Room(free=shutil.disk_usage(folder).free, writable=os.access(folder, os.W_OK | os.X_OK))
    except OSError:
        return None
