"""Where the windows of a digest begin: at the end of its last one, when it was seen first, or where another one left off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

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
    for plan in plans:
        row = {
            "id": plan.id,
            "started_at": first(connection, plan, plans, now),
            "channels": list(plan.to),
            "initiatives": list(plan.initiatives),
            "ended_at": None,
        }
        statement = insert(connection, digests).values(row)
        renewed = {name: statement.excluded[name] for name in ("channels", "initiatives", "ended_at")}
        connection.execute(statement.on_conflict_do_update(index_elements=[D.id], set_=renewed))
    gone = (D.id.not_in([plan.id for plan in plans]), D.ended_at.is_(None))
    connection.execute(update(digests).where(*gone).values(ended_at=now))


def first(connection: Connection, plan: DigestPlan, plans: Sequence[DigestPlan], now: datetime) -> datetime:
    """When this digest was seen first. One that is new goes on where that ended which it replaces, see `DigestStore`."""
    seen: datetime | None = connection.execute(
        select(D.started_at).where(D.id == plan.id)
    ).scalar_one_or_none()
    if seen is not None:
        return seen
    gone = connection.execute(
        select(digests).where(
            D.id.not_in([one.id for one in plans]), or_(D.ended_at.is_(None), D.ended_at > now - REPLACED)
        )
    )
    ends = [
        last_until(connection, row.id) or row.started_at for row in gone.all() if _is_replaced_by(row, plan)
    ]
    return min([*ends, now])


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
