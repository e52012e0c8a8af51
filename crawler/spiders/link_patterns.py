"""Which addresses a listing's `only` and `skip` take for articles; RE2, which no pattern can make run for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_MEMORY = 1 << 20  # bytes for one compiled pattern
_LONGEST = 2_000  # characters of an address that are looked at


class LinkPatterns:
    """Patterns compiled once for a visit; each is looked for anywhere in the absolute address, in its own case.

    Raises:
        ValueError: one of them cannot be read.
    """

    def __init__(self, only: Sequence[str] = (), skip: Sequence[str] = ()) -> None:
        self._only = [(text, _compile(text)) for text in only]
        self._skip = [(text, _compile(text)) for text in skip]

    def why_not(self, link: str) -> str | None:
        """Why the address is no article's, in words; None when it is one."""
        looked_at = link[:_LONGEST]
        for text, pattern in self._skip:
            if pattern.search(looked_at):
                return f"skip '{text}' is found in it"
        if self._only and not any(pattern.search(looked_at) for _, pattern in self._only):
            return "none of `only` is found in it"
        return None


def unreadable(pattern: str) -> str | None:
    """Why RE2 cannot read `pattern`; None when it can."""
    try:
        _compile(pattern)
    except ValueError as error:
        return str(error)
    return None


def _compile(pattern: str) -> Any:
    import re2  # type: ignore[import-untyped]  # it ships no types

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        raise ValueError(
            reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        ) from error
