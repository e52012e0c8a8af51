"""A backup that is in use again: nothing is asked early, and nothing is told that may have been told since it was taken.

A copy made by `tidings db backup` carries a mark, the table `tidings_backup`. Whoever opens a database that has it
works on a past that went on elsewhere. `go_on` counts that in, once, and takes the mark away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, inspect, select, text, update

from alerts.messages import DeliveryState
from alerts.plans import DigestPlan
from alerts.slots import last_past
from crawler.records import Article
from tidings.storage import digest_starts
from tidings.storage.article_rows import A, chunks
from tidings.storage.copying import MARK
from tidings.storage.dialect import insert, lock
from tidings.storage.installation import get, put
from tidings.storage.installation_tables import counted_from
from tidings.storage.match_rows import WINDOWS, M
from tidings.storage.outbox_tables import article_changes, deliveries, digest_slots, digests
from tidings.storage.sources import NOT_TWICE_WITHIN, S
from tidings.storage.tables import matches, sources

SETTLES = timedelta(hours=1)  # after a restore, in which what lasts since before it counts as told
WHY = (
    "not sent: the database was restored from a backup, and this may have been sent since it was taken; "
    "`tidings deliveries retry` sends it"
)
_FACTS = ("restored_at", "restored_from", "told_until")

D = deliveries.c
F = counted_from.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a backup says of itself."""

    taken_at: datetime
    told_until: (
        datetime | None
    )  # what was published up to then counts as told; None: up to when it is used again


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The last restore of an installation."""

    restored_at: datetime
    restored_from: datetime  # when the backup was taken
    told_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOn:
    """What `go_on` did."""

    restored: Restored
    sources: int  # that are asked later than the backup said
    parked: int  # deliveries
    first_poll: datetime | None  # of a source, at the earliest


def mark(connection: Connection) -> Mark | None:
    """What the database says of itself where it is a backup; None: it is none, or it is in use already."""
    if not inspect(connection).has_table(MARK):
        return None
    row = connection.execute(text(f"SELECT taken_at, told_until FROM {MARK}")).one()  # noqa: S608  # a constant
    told_until = None if row.told_until is None else datetime.fromisoformat(row.told_until)
    return Mark(taken_at=datetime.fromisoformat(row.taken_at), told_until=told_until)


def restored(connection: Connection) -> Restored | None:
    """The last restore; None: there was none."""
    if get(connection, _FACTS[0]) is None:
        return None
    return Restored(**{name: datetime.fromisoformat(get(connection, name) or "") for name in _FACTS})


def go_on(connection: Connection, plans: Sequence[DigestPlan], now: datetime) -> WentOn | None:
    """Put a backup in use again, at `now`; None: it is no backup, or another process has just done it.

    The sources are asked when their rhythm, reckoned from now, wants it. What waits to be sent is parked. Slots of
    digests that passed up to the moment until which things count as told are not composed, and what was there to
    be told in them is told.
    """
    lock(connection, WINDOWS)
    found = mark(connection)
    if found is None:
        return None
    told_until = now if found.told_until is None else min(found.told_until, now)
    facts = Restored(restored_at=now, restored_from=min(found.taken_at, now), told_until=told_until)
    first, later = _ask_later(connection, now)
    parked = connection.execute(update(deliveries).where(D.state == DeliveryState.PENDING).values(_PARKED))
    _count_waiting(connection, facts)
    _count_slots(connection, plans, told_until, now)
    for name in _FACTS:
        put(connection, name, getattr(facts, name).isoformat())
    connection.execute(text(f"DROP TABLE {MARK}"))
    return WentOn(restored=facts, sources=later, parked=parked.rowcount, first_poll=first)


_PARKED: dict[str, Any] = {
    "state": str(DeliveryState.PARKED),
    "next_attempt_at": None,
    "due_at": None,
    "claimed_until": None,
    "asked": False,
    "held_up": False,
    "last_error": WHY,
}


def _ask_later(connection: Connection, now: datetime) -> tuple[datetime | None, int]:
    """Put each source off by the wait that it had, from now on; the first of them, and how many."""
    waits: list[dict[str, Any]] = []
    rows = connection.execute(select(S.id, S.next_poll_at, S.last_polled_at).order_by(S.id)).all()
    for row in rows:
        wait = timedelta()
        if row.next_poll_at is not None and row.last_polled_at is not None:
            wait = row.next_poll_at - row.last_polled_at
        waits.append({"own": row.id, "due": now + (wait if wait > timedelta() else NOT_TWICE_WITHIN)})
    if waits:
        connection.execute(_ASK_AT, waits)
    return min((one["due"] for one in waits), default=None), len(waits)


_ASK_AT = (
    update(sources)
    .where(S.id == bindparam("own"))
    .values(next_poll_at=bindparam("due", type_=S.next_poll_at.type), claimed_until=None)
)


# -- what counts as told ---------------------------------------------------------------------------


def _count_slots(
    connection: Connection, plans: Sequence[DigestPlan], told_until: datetime, now: datetime
) -> None:
    """Count the last slot of each digest as composed, and what was there to be told in it as told."""
    edges: dict[str, list[datetime]] = {}  # by channel: up to when its digests have told
    for plan in plans:
        since = digest_starts.last_until(connection, plan.id) or digest_starts.start(connection, plan.id, now)
        past = last_past(plan, since, told_until)
        edge = since
        if past is not None:
            slot, edge = past
            row = {
                "digest_id": plan.id,
                "key": slot.key,
                "due": slot.due,
                "until": edge,
                "message_key": None,
                "frozen_at": now,
            }
            connection.execute(insert(connection, digest_slots).values(row).on_conflict_do_nothing())
            told = (M.initiative_id.in_(plan.initiatives), M.matched_at > since, M.matched_at <= edge)
            open_ones = (M.told_at.is_(None), M.gone_at.is_(None), ~M.filed)
            connection.execute(update(matches).where(*told, *open_ones).values(told_at=M.matched_at))
        for channel_id in plan.to:
            edges.setdefault(channel_id, []).append(edge)
    C = article_changes.c
    for channel_id, its in sorted(edges.items()):
        due = (C.channel_id == channel_id, C.untold_since <= min(its))
        connection.execute(update(article_changes).where(*due).values(untold_since=None, told_at=now))


def _count_waiting(connection: Connection, facts: Restored) -> None:
    """What is found in articles that were not judged yet counts as found then."""
    waiting = A.matched_version == 0
    at = min(facts.restored_from, facts.told_until)
    for some in chunks(connection.execute(select(A.id).where(waiting).order_by(A.id)).scalars().all()):
        _count(connection, dict.fromkeys(some, at))


def lists_anew(connection: Connection, source_id: str) -> Restored | None:
    """The last restore, where this source has not been listed since."""
    facts = restored(connection)
    if facts is None:
        return None
    last = connection.execute(select(S.last_success_at).where(S.id == source_id)).scalar()
    return facts if last is None or last < facts.restored_at else None


def count_listed(connection: Connection, facts: Restored, new: Iterable[Article]) -> None:
    """What is new in the first list after a restore was seen before: what is found in it counts as found then.

    Where an entry has no date, or one before the backup, that is when the backup was taken.
    """
    early, late = min(facts.restored_from, facts.told_until), facts.told_until
    known = {
        one.id: max(one.published_at or early, early)
        for one in new
        if one.published_at is None or one.published_at <= late
    }
    _count(connection, known)


def counted(connection: Connection, article_ids: Iterable[str]) -> dict[str, datetime]:
    """Since when matches of these articles count, of those for which that is another time than now."""
    return {
        row.article_id: row.at
        for some in chunks(article_ids)
        for row in connection.execute(select(counted_from).where(F.article_id.in_(some)))
    }


def have_counted(connection: Connection, article_ids: Iterable[str]) -> None:
    """What is found in these articles from now on is new."""
    for some in chunks(article_ids):
        connection.execute(delete(counted_from).where(F.article_id.in_(some)))


def told_until(connection: Connection) -> dict[str, datetime]:
    """Until when what was found on each initiative has been told by some digest, as far as the slots say."""
    last = func.max(digest_slots.c.until).label("last")
    rows = connection.execute(
        select(digests.c.initiatives, last)
        .join(digest_slots, digest_slots.c.digest_id == digests.c.id)
        .group_by(digests.c.id)
    )
    found: dict[str, datetime] = {}
    for row in rows:
        for initiative_id in row.initiatives or ():
            found[initiative_id] = max(row.last, found.get(initiative_id, row.last))
    return found


def lasts(connection: Connection, since: datetime, now: datetime) -> bool:
    """Whether a thing that lasts since `since` counts as told because of a restore just now."""
    facts = restored(connection)
    return facts is not None and since <= facts.told_until and now <= facts.restored_at + SETTLES


def _count(connection: Connection, moments: dict[str, datetime]) -> None:
    rows = [{"article_id": one, "at": at} for one, at in sorted(moments.items())]
    if rows:
        connection.execute(insert(connection, counted_from).on_conflict_do_nothing(), rows)
