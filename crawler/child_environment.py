"""What a child process sees of our environment: where programs and certificates are, the language, the zone; no password."""

from __future__ import annotations

import os
from collections.abc import Iterable

KEPT = frozenset(
    ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ", "VIRTUAL_ENV")
)


def for_child(*more: str, but: Iterable[str] = ()) -> dict[str, str]:
    """The environment to start one with.

    Args:
        more: further names to be kept.
        but: names to be left out.
    """
    names = (KEPT | set(more)) - set(but)
    return {name: os.environ[name] for name in sorted(names) if name in os.environ}


def forget_environment() -> None:
    """In a child that was started with all of ours: what it has no use for is gone from now on."""
    for name in os.environ.keys() - KEPT:
        del os.environ[name]
