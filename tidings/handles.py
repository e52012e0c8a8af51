"""How many files and connections this process may have open at once."""

from __future__ import annotations

import resource
from contextlib import suppress

ENOUGH = 8192  # hundreds of polls and pages under way, and as many connections kept for the next request


def allow_enough() -> None:
    """Raise the process's own limit, often 1,024, as far as the system lets it; never lower it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if (more := wanted(soft, hard)) != soft:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))


def wanted(soft: int, hard: int) -> int:
    """The limit to ask for; negative numbers are none at all."""
    if soft < 0 or soft >= ENOUGH:
        return soft
    return ENOUGH if hard < 0 else max(soft, min(ENOUGH, hard))
