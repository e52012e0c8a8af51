"""`DeliveryStore` on the database: the outbox."""

from __future__ import annotations

import builtins
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from alerts.messages import Delivery, DeliveryState, Message, MessageKind, Picture
from tidings.storage.article_rows import chunks
from tidings.storage.dialect import AnyRow, claim, insert
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import deliveries, messages

D = deliveries.c
PENDING, SENT, PARKED, CANCELLED = (
    str(state)
    for state in (
        DeliveryState.PENDING,
        DeliveryState.SENT,
        DeliveryState.PARKED,
        DeliveryState.CANCELLED,
    )
)


class SqlDeliveries:
    """See `alerts.ports.DeliveryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        """A message outside a digest; False when its key is known."""
        return await self._database.write(lambda connection: _add(connection, message, deliveries))

    async def claim_due(
        self, now: datetime, limit: int, lease: timedelta
    ) -> tuple[tuple[Delivery, Message], ...]:
        """Pending ones whose time has come, longest due first, leased; the attempt is counted."""
        if limit < 1:
            return ()
        return await self._database.write(lambda connection: _claim(connection, now, limit, lease))

    async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
        """Handed over: a fact, whatever the operator did to it meanwhile."""
        await self._set(delivery_id, tuple(str(state) for state in DeliveryState), _sent(now, answer))

    async def later(self, delivery_id: str, *, at: datetime, error: str) -> None:
        """To be tried again; one cancelled meanwhile stays so."""
        values = {"next_attempt_at": at, "due_at": at, "last_error": error, "claimed_until": None}
        await self._set(delivery_id, (PENDING,), values)

    async def park(self, delivery_id: str, *, now: datetime, error: str) -> None:
        """Refused, or given up; one cancelled meanwhile stays so."""
        await self._set(delivery_id, (PENDING,), _closed(PARKED) | {"last_error": error})

    async def get(self, delivery_id: str) -> tuple[Delivery, Message] | None:
        """One delivery with its message."""
        found = await self._database.read(lambda connection: _with_messages(connection, [delivery_id]))
        return found[0] if found else None

    async def list(self, *, limit: int = 100) -> tuple[Delivery, ...]:
        """Newest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                select(deliveries).order_by(D.created_at.desc(), D.id).limit(limit)
            ).all()
        )
        return tuple(to_delivery(row) for row in rows)

    async def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a parked or pending one due now; one that is under way just then is not doubled."""
        values = {"state": PENDING, "next_attempt_at": now, "due_at": now}
        return await self._set(delivery_id, (PENDING, PARKED), values)

    async def cancel(self, delivery_id: str) -> bool:
        """Give up a pending or parked one."""
        return await self._set(delivery_id, (PENDING, PARKED), _closed(CANCELLED))

    async def _set(self, delivery_id: str, states: builtins.tuple[str, ...], values: dict[str, Any]) -> bool:
        changed = await self._database.write(
            lambda connection: (
                connection.execute(
                    update(deliveries).where(D.id == delivery_id, D.state.in_(states)).values(**values)
                ).rowcount
            )
        )
        return changed > 0


def add_message(connection: Connection, message: Message) -> bool:
    """Store a message; False when its key is known, and what is there stays."""
    row = {
        "key": message.key,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "data": message.data,
        "created_at": message.created_at,
        "kind": str(message.kind),
        "digest_id": message.digest_id,
        "refers_to": list(message.refers_to) or None,
        "threads": list(message.threads) or None,
        "pictures": [[one.name, b64encode(one.png).decode()] for one in message.pictures] or None,
    }
    added = connection.execute(
        insert(connection, messages).values(row).on_conflict_do_nothing().returning(messages.c.key)
    )
    return added.first() is not None


def add_deliveries(connection: Connection, new: Sequence[Delivery]) -> None:
    """Store deliveries; one whose id is known stays as it is."""
    rows = [
        {
            "id": one.id,
            "message_key": one.message_key,
            "channel_id": one.channel_id,
            "recipient": one.recipient,
            "state": str(one.state),
            "attempts": one.attempts,
            "created_at": one.created_at,
            "next_attempt_at": one.next_attempt_at,
            "sent_at": one.sent_at,
            "last_error": one.last_error,
            "answer": one.answer,
            "refused": one.refused,
            "due_at": (one.next_attempt_at or one.created_at) if one.state is DeliveryState.PENDING else None,
        }
        for one in new
    ]
    if rows:
        connection.execute(insert(connection, deliveries).on_conflict_do_nothing(), rows)


def to_delivery(row: AnyRow) -> Delivery:
    """The record of a row of `deliveries`."""
    return Delivery(
        id=row.id,
        message_key=row.message_key,
        channel_id=row.channel_id,
        recipient=row.recipient,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        sent_at=row.sent_at,
        last_error=row.last_error,
        answer=row.answer,
        refused=row.refused,
    )


def _add(connection: Connection, message: Message, new: Sequence[Delivery]) -> bool:
    if not add_message(connection, message):
        return False
    add_deliveries(connection, new)
    return True


def _claim(
    connection: Connection, now: datetime, limit: int, lease: timedelta
) -> tuple[tuple[Delivery, Message], ...]:
    rows = claim(
        connection,
        deliveries,
        and_(D.due_at <= now, or_(D.claimed_until.is_(None), D.claimed_until <= now)),
        order=(D.due_at, D.created_at, D.id),
        limit=limit,
        values={"attempts": D.attempts + 1, "claimed_until": now + lease},
        returning=(D.id, D.due_at, D.created_at),
    )
    in_order = sorted(rows, key=lambda row: (row.due_at, row.created_at, row.id))
    return _with_messages(connection, [row.id for row in in_order])


def _with_messages(
    connection: Connection, delivery_ids: Sequence[str]
) -> tuple[tuple[Delivery, Message], ...]:
    """Those that exist, in the order asked; one `Message` for all deliveries of it."""
    found = {
        row.id: to_delivery(row)
        for some in chunks(delivery_ids)
        for row in connection.execute(select(deliveries).where(D.id.in_(some)))
    }
    keys = (delivery.message_key for delivery in found.values())
    carried = {
        row.key: _to_message(row)
        for some in chunks(keys)
        for row in connection.execute(select(messages).where(messages.c.key.in_(some)))
    }
    return tuple((found[one], carried[found[one].message_key]) for one in delivery_ids if one in found)


def _to_message(row: AnyRow) -> Message:
    return Message(
        key=row.key,
        subject=row.subject,
        text=row.text,
        html=row.html,
        data=row.data,
        created_at=row.created_at,
        digest_id=row.digest_id,
        kind=MessageKind(row.kind),
        refers_to=tuple(row.refers_to or ()),
        threads=tuple(row.threads or ()),
        pictures=tuple(Picture(name=name, png=b64decode(png)) for name, png in row.pictures or ()),
    )


def _closed(state: str) -> dict[str, Any]:
    return {"state": state, "next_attempt_at": None, "due_at": None, "claimed_until": None}


def _sent(now: datetime, answer: str) -> dict[str, Any]:
    return _closed(SENT) | {"sent_at": now, "answer": answer, "last_error": None}
