"""No index of words."""

from __future__ import annotations


class NoIndex:
    """See `tidings.tasks.WordIndex`."""

    async def index_some(self) -> int:
        """Nothing waits."""
        return 0
