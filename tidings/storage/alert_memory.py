"""`AlertStore` on the database: what channels were told of things that last, beside the outbox."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, select

from alerts.alert_memory import Memory
from alerts.messages import Delivery, Message
from crawler.failpoints import reach
from tidings.storage import restoring
from tidings.storage.deliveries import add_deliveries, add_message
from tidings.storage.dialect import AnyRow, lock
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import told_alerts

T = told_alerts.c
_FIELDS = tuple(one.name for one in fields(Memory))
_IS = and_(T.channel_id == bindparam("channel"), T.kind == bindparam("of"), T.subject == bindparam("about"))


class SqlAlertMemory:
    """See `alerts.alert_memory.AlertStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remembered(self, kinds: Collection[str]) -> tuple[Memory, ...]:
        """All of these kinds; by channel, kind and subject."""
        query = select(told_alerts).where(T.kind.in_(kinds)).order_by(T.channel_id, T.kind, T.subject)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(_to_memory(row) for row in rows)

    async def tell(
        self,
        *,
        before: Sequence[Memory],
        after: Sequence[Memory],
        message: Message | None = None,
        deliveries: Sequence[Delivery] = (),
        owed_since: datetime | None = None,
    ) -> bool:
        """Memory, message and deliveries in one transaction; False: another process was there before."""
        return await self._database.write(
            lambda connection: _tell(connection, before, after, message, deliveries, owed_since)
        )


def _tell(
    connection: Connection,
    before: Sequence[Memory],
    after: Sequence[Memory],
    message: Message | None,
    deliveries: Sequence[Delivery],
    owed_since: datetime | None,
) -> bool:
    lock(connection, "alerts")
    expected = {one.id: one for one in before}
    things = {*expected, *(one.id for one in after)}
    if {one.id: one for one in _found(connection, things)} != expected:
        return False
    if before:
        gone = [{"channel": channel, "of": kind, "about": about} for channel, kind, about in expected]
        connection.execute(delete(told_alerts).where(_IS), gone)
    if after:
        connection.execute(
            told_alerts.insert(), [{name: getattr(one, name) for name in _FIELDS} for one in after]
        )
    if message is None or _told_elsewhere(connection, expected, after, message, owed_since):
        return True
    if not add_message(connection, message):
        return False
    add_deliveries(connection, deliveries)
    reach("alert_frozen")
    return True


def _told_elsewhere(
    connection: Connection,
    before: Mapping[tuple[str, str, str], Memory],
    after: Sequence[Memory],
    message: Message,
    owed_since: datetime | None,
) -> bool:
    """Whether all that it tells was owed before a restore of just now: then the database that went on has told it."""
    told_before = {one: memory.last_told_at for one, memory in before.items()}
    told = [
        one for one in after if one.last_told_at is not None and one.last_told_at != told_before.get(one.id)
    ]
    return bool(told) and all(
        restoring.lasts(connection, owed_since or one.since, message.created_at) for one in told
    )


def _found(connection: Connection, things: Set[tuple[str, str, str]]) -> Iterator[Memory]:
    """What is remembered of these things."""
    for channel_id, kind in {(channel_id, kind) for channel_id, kind, _ in things}:
        query = select(told_alerts).where(T.channel_id == channel_id, T.kind == kind)
        found = map(_to_memory, connection.execute(query))
        yield from (one for one in found if one.id in things)


def _to_memory(row: AnyRow) -> Memory:
    return Memory(**{name: getattr(row, name) for name in _FIELDS})
