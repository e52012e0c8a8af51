"""How the daemon asks its C library to keep memory: in few places, so that what one thread frees another one uses."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

ARENAS = 2
_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h


def keep_few_arenas(environ: Mapping[str, str] = os.environ) -> bool:
    """Bound the arenas of glibc, which gives threads up to eight a core, each with free memory of its own.

    Call it before there are threads. Libraries other than glibc have no such thing, and where MALLOC_ARENA_MAX says
    how many there are to be, that holds. Returns whether the bound is in force by this call.
    """
    if "MALLOC_ARENA_MAX" in environ:
        return False
    try:
        bound = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(bound(_ARENA_MAX, ARENAS))
