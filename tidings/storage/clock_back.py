"""The clock was ahead for a while: what was dated later than now counts as of now, or it would wait until then.

Nothing is told twice by that: what was told stays told, and a slot that was composed stays composed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from tidings.storage.dialect import lock
from tidings.storage.match_rows import MOMENT, WINDOWS, M, last_edge
from tidings.storage.outbox_tables import (
    article_changes,
    deliveries,
    digest_slots,
    digests,
    told_stories,
    told_versions,
)

AHEAD = timedelta(minutes=2)  # by which the clocks of two machines may differ, and one be set right

D = deliveries.c


def was_ahead(connection: Connection, now: datetime) -> bool:
    """Whether a window, or a match, is dated minutes after `now`."""
    edge = last_edge(connection)
    newest: datetime | None = connection.execute(select(func.max(M.matched_at))).scalar_one()
    return any(one is not None and one > now + AHEAD for one in (edge, newest))


def set_back(connection: Connection, now: datetime) -> None:
    """Date back what is dated after `now`.

    Windows end now, and matches are the first thing after them; an article was told with the matches that it had.
    """
    lock(connection, WINDOWS)
    after = now + MOMENT
    for column, moment in (
        (digest_slots.c.until, now),
        (digest_slots.c.frozen_at, now),
        (digests.c.started_at, now),
        (M.matched_at, after),
        (M.told_at, after),
        (told_versions.c.told_at, after),
        (told_stories.c.first_told_at, now),
        (article_changes.c.untold_since, now),
    ):
        connection.execute(update(column.table).where(column > now).values({column.name: moment}))
    composed_ahead = (D.created_at > now, D.due_at > now)
    connection.execute(update(deliveries).where(*composed_ahead).values(due_at=now, next_attempt_at=now))
