"""Where the windows of a digest begin: at the end of its last one, when it was seen first, or where another one left off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from alerts.plans import DigestPlan
from tidings.storage.dialect import AnyRow, insert, lock
from tidings.storage.match_rows import WINDOWS
from tidings.storage.outbox_tables import digest_slots, digests

REPLACED = timedelta(days=1)  # a digest that is gone for so long has no successor any more

D = digests.c
L = digest_slots.c


def begin(connection: Connection, plans: Sequence[DigestPlan], now: datetime) -> None:
    """These digests are in force, and no others."""
    lock(connection, WINDOWS)
    starts = firsts(connection, plans, plans, now)
    rows = [
        {
            "id": plan.id,
            "started_at": starts[plan.id],
            "channels": list(plan.to),
            "initiatives": list(plan.initiatives),
            "ended_at": None,
        }
        for plan in plans
    ]
    if rows:
        statement = insert(connection, digests)
        renewed = {name: statement.excluded[name] for name in ("channels", "initiatives", "ended_at")}
        connection.execute(statement.on_conflict_do_update(index_elements=[D.id], set_=renewed), rows)
    gone = (D.id.not_in([plan.id for plan in plans]), D.ended_at.is_(None))
    connection.execute(update(digests).where(*gone).values(ended_at=now))


def firsts(
    connection: Connection, asked: Sequence[DigestPlan], plans: Sequence[DigestPlan], now: datetime
) -> dict[str, datetime]:
    """When each digest was seen first. One that is new goes on where that ended which it replaces, see `DigestStore`.

    Args:
        asked: the digests, by their plans.
        plans: of all digests that are in force.
    """
    kept = {row.id: row for row in connection.execute(select(digests))}
    in_force = {plan.id for plan in plans}
    gone = [
        row
        for row in kept.values()
        if row.id not in in_force and (row.ended_at is None or row.ended_at > now - REPLACED)
    ]
    last = dict[str, datetime]()
    if any(plan.id not in kept for plan in asked):
        ended = select(L.digest_id, func.max(L.until)).where(L.digest_id.in_([row.id for row in gone]))
        last = {row[0]: row[1] for row in connection.execute(ended.group_by(L.digest_id))}
    found: dict[str, datetime] = {}
    for plan in asked:
        if plan.id in kept:
            found[plan.id] = kept[plan.id].started_at
        else:
            replaced = (row for row in gone if _is_replaced_by(row, plan))
            ends = [last.get(row.id, row.started_at) for row in replaced]
            found[plan.id] = min([*ends, now])
    return found


def _is_replaced_by(row: AnyRow, plan: DigestPlan) -> bool:
    same_readers = set(row.channels or ()) & set(plan.to)
    return bool(same_readers and set(row.initiatives or ()) & set(plan.initiatives))


def last_until(connection: Connection, digest_id: str) -> datetime | None:
    """End of the window of the last composed slot; None: never composed."""
    return connection.execute(
        select(L.until).where(L.digest_id == digest_id).order_by(L.until.desc()).limit(1)
    ).scalar_one_or_none()


def start(connection: Connection, digest_id: str, now: datetime) -> datetime:
    """First time this digest was seen, which is remembered."""
    row = {"id": digest_id, "started_at": now}
    connection.execute(insert(connection, digests).values(row).on_conflict_do_nothing())
    first_seen: datetime = connection.execute(select(D.started_at).where(D.id == digest_id)).scalar_one()
    return first_seen
