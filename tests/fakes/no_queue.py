"""Claims of a queue where there is none."""

from __future__ import annotations

from datetime import datetime


class NoQueue:
    """See `tidings.tasks.Claims`."""

    async def begin_page(self, article_id: str, claim: datetime, until: datetime) -> bool:
        raise AssertionError(f"{article_id} did not come from a queue")
