"""When the page of an edited article is read again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

REREADS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))  # after the first reading


def next_reread(first_read_at: datetime | None, rereads: int, now: datetime) -> datetime | None:
    """The moment of the next reading: at the earliest 1, 6 and 24 hours after the first; None after three.

    A page never read is read now.
    """
    if first_read_at is None:
        return now
    if rereads >= len(REREADS):
        return None
    return max(now, first_read_at + REREADS[rereads])
