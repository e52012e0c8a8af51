"""The clock was ahead for a while: what was dated later than now counts as of now, or it would wait until then.

Nothing is told twice by that: what was told stays told, and a slot that was composed stays composed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, exists, or_, select, update

from alerts.courier import LEASE
from alerts.retry import LONGEST_WAIT
from tidings.storage.dialect import lock
from tidings.storage.match_rows import MOMENT, WINDOWS, M, last_edge
from tidings.storage.outbox_tables import (
    article_changes,
    channel_holds,
    deliveries,
    digest_slots,
    digests,
    told_alerts,
    told_stories,
    told_versions,
)

AHEAD = timedelta(minutes=2)  # by which the clocks of two machines may differ, and one be set right

D, H, N = deliveries.c, channel_holds.c, told_alerts.c


def was_ahead(connection: Connection, now: datetime) -> bool:
    """Whether something that was done is dated minutes after `now`, or something waits for longer than anything may."""
    soon = now + AHEAD
    edge = last_edge(connection)
    if edge is not None and edge > soon:
        return True
    signs = (
        M.matched_at > soon,
        D.created_at > soon,
        D.due_at > soon + LONGEST_WAIT,
        and_(D.due_at.is_not(None), D.claimed_until > soon + LEASE),
        H.since > soon,
        H.until > soon + LONGEST_WAIT,
        or_(N.noticed_at > soon, N.last_told_at > soon, N.over_at > soon),
    )
    return bool(connection.execute(select(or_(*(exists().where(one) for one in signs)))).scalar_one())


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
        (N.noticed_at, now),
        (N.told_at, now),
        (N.last_told_at, now),
        (N.over_at, now),
    ):
        connection.execute(update(column.table).where(column > now).values({column.name: moment}))
    _let_go(connection, now)


def _let_go(connection: Connection, now: datetime) -> None:
    """What was to wait by the clock of then: it is due now, and no channel is left alone by that clock.

    An attempt may be under way just now: its claim ends when one that was made now would.
    """
    furthest = now + LONGEST_WAIT
    by_then = or_(D.created_at > now, D.due_at > furthest)
    connection.execute(
        update(deliveries).where(D.due_at > now, by_then).values(due_at=now, next_attempt_at=now)
    )
    connection.execute(update(deliveries).where(D.created_at > now).values(created_at=now))
    leased = now + LEASE
    connection.execute(update(deliveries).where(D.claimed_until > leased).values(claimed_until=leased))
    connection.execute(delete(channel_holds).where(or_(H.since > now, H.until > furthest)))
