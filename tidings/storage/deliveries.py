"""`DeliveryStore` on the database: the outbox."""

from __future__ import annotations

import builtins
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update

from alerts.messages import Delivery, DeliveryState, Message, MessageKind, Picture
from alerts.obstacles import Ban, Obstacles, Parking
from crawler.failpoints import reach
from tidings.storage import obstacles
from tidings.storage.article_rows import chunks
from tidings.storage.dialect import AnyRow, claim, insert
from tidings.storage.engine import Database
from tidings.storage.errors import Locked, Unwritable
from tidings.storage.outbox_tables import deliveries, messages
from tidings.storage.unsubscribed import WHY, still_read

D = deliveries.c
FEW = 10  # ids that a person is shown to choose from
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
        self._owed: dict[str, Callable[[Connection], object]] = {}  # what could not be written of deliveries

    async def add(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        """A message outside a digest; False when its key is known."""
        return await self._database.write(lambda connection: _add(connection, message, deliveries))

    async def waiting(self, now: datetime) -> tuple[str, ...]:
        """Channels for which `claim_due` would find something, the longest due first."""
        await self._settle()
        first = func.min(D.due_at)
        channels = select(D.channel_id).where(_free(now)).group_by(D.channel_id).order_by(first, D.channel_id)
        return await self._database.read(lambda connection: tuple(connection.execute(channels).scalars()))

    async def claim_due(
        self, now: datetime, limit: int, lease: timedelta, *, channel: str | None = None
    ) -> tuple[tuple[Delivery, Message], ...]:
        """Pending ones whose time has come, longest due first, leased; the attempt is counted.

        What became of others while nothing could be written is kept first: they are not handed out as they were.
        """
        if limit < 1:
            return ()
        await self._settle()
        holder = self._database.holder
        return await self._database.write(
            lambda connection: _claim(connection, now, limit, lease, channel, holder)
        )

    async def release(self, delivery_id: str) -> None:
        """Give back a claim before its lease ends. One that cannot be given back now is, as soon as it can be."""
        mine = (D.id == delivery_id, D.state == PENDING)
        await self._mark(
            delivery_id, lambda c: c.execute(update(deliveries).where(*mine).values(claimed_until=None))
        )

    async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
        """Handed over: a fact, whatever the operator did to it meanwhile. One that cannot be kept now is kept later."""

        def work(connection: Connection) -> None:
            row = connection.execute(
                update(deliveries)
                .where(D.id == delivery_id)
                .values(_sent(now, answer))
                .returning(D.channel_id, D.recipient)
            ).first()
            if row is None:
                return
            obstacles.taken(connection, row.channel_id, row.recipient)
            if obstacles.recovered(connection, row.channel_id, now):
                mine = (D.channel_id == row.channel_id, D.held_up, D.due_at > now, D.claimed_until.is_(None))
                connection.execute(update(deliveries).where(*mine).values(next_attempt_at=now, due_at=now))

        await self._mark(delivery_id, work)

    async def later(self, delivery_id: str, *, at: datetime, error: str, held_up: bool = False) -> None:
        """To be tried again; one cancelled meanwhile stays so."""
        values = {"next_attempt_at": at, "due_at": at, "last_error": error}
        values |= {"claimed_until": None, "held_up": held_up}
        mine = (D.id == delivery_id, D.state == PENDING)
        await self._mark(delivery_id, lambda c: c.execute(update(deliveries).where(*mine).values(**values)))

    async def park(
        self, delivery_id: str, *, now: datetime, error: str, why: Parking = Parking.GIVEN_UP
    ) -> None:
        """Refused, or given up; one cancelled meanwhile stays so."""
        await self._mark(delivery_id, lambda c: _park(c, delivery_id, now, error, why))

    async def get(self, delivery_id: str) -> tuple[Delivery, Message] | None:
        """One delivery with its message."""
        found = await self._database.read(lambda connection: _with_messages(connection, [delivery_id]))
        return found[0] if found else None

    async def list(
        self,
        *,
        limit: int = 100,
        state: DeliveryState | None = None,
        channel: str | None = None,
        message: str = "",
        since: datetime | None = None,
    ) -> tuple[Delivery, ...]:
        """Newest first."""
        wanted = select(deliveries).order_by(D.created_at.desc(), D.id).limit(limit)
        if state is not None:
            wanted = wanted.where(D.state == str(state))
        if channel is not None:
            wanted = wanted.where(D.channel_id == channel)
        if message:
            wanted = wanted.where(D.message_key.startswith(message, autoescape=True))
        if since is not None:
            wanted = wanted.where(D.created_at >= since)
        rows = await self._database.read(lambda connection: connection.execute(wanted).all())
        return tuple(to_delivery(row) for row in rows)

    async def named(self, prefix: str) -> tuple[str, ...]:
        """Ids that begin so, at most `FEW` of them."""
        ids = select(D.id).where(D.id.startswith(prefix, autoescape=True)).order_by(D.id).limit(FEW)
        return await self._database.read(lambda connection: tuple(connection.execute(ids).scalars()))

    async def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a parked or pending one due now; one that is under way just then is not doubled."""
        values = {"state": PENDING, "next_attempt_at": now, "due_at": now, "asked": True}
        return await self._set(delivery_id, (PENDING, PARKED), values)

    async def again(self, message_key: str, now: datetime) -> int:
        """Make all deliveries of a message due anew, those that are closed as if they had never been tried.

        Readers who have left meanwhile get nothing.
        """

        def work(connection: Connection) -> int:
            free = or_(D.state != PENDING, D.claimed_until.is_(None), D.claimed_until <= now)
            rows = connection.execute(select(deliveries).where(D.message_key == message_key, free)).all()
            wanted = still_read(connection, [to_delivery(row) for row in rows])
            anew = {"next_attempt_at": now, "due_at": now, "asked": True}
            closed = {"state": PENDING, "attempts": 0, "sent_at": None, "answer": None}
            for some in chunks(one.id for one in wanted):
                mine = D.id.in_(some)
                connection.execute(update(deliveries).where(mine, D.state != PENDING).values(anew | closed))
                connection.execute(update(deliveries).where(mine, D.state == PENDING).values(anew))
            return len(wanted)

        return await self._database.write(work)

    async def cancel(self, delivery_id: str) -> bool:
        """Give up a pending or parked one."""
        return await self._set(delivery_id, (PENDING, PARKED), _closed(CANCELLED))

    # -- what stands in the way --------------------------------------------------------------------

    async def ban(self, channel_id: str, target: str, now: datetime, reason: str) -> None:
        """The receiver at `target` is gone."""
        await self._database.write(
            lambda connection: obstacles.ban(connection, channel_id, target, now, reason)
        )

    async def unban(self, channel_id: str) -> None:
        """It takes messages again, or it has another address."""
        await self._database.write(lambda connection: obstacles.unban(connection, channel_id))

    async def bans(self) -> Mapping[str, Ban]:
        """By channel."""
        return await self._database.read(obstacles.bans)

    async def hold(self, channel_id: str, now: datetime, until: datetime, reason: str) -> None:
        """Hand out nothing more to a channel before `until`."""
        await self._database.write(
            lambda connection: obstacles.hold(connection, channel_id, now, until, reason)
        )

    async def obstacles(self, now: datetime) -> Obstacles:
        """All that stands in the way."""
        return await self._database.read(lambda connection: obstacles.obstacles(connection, now))

    async def resume(self, channel_id: str, recipient: str | None = None) -> int:
        """Lift everything from a channel, or the suspension of one recipient; how much was lifted."""
        return await self._database.write(
            lambda connection: obstacles.resume(connection, channel_id, recipient)
        )

    async def _mark(self, delivery_id: str, work: Callable[[Connection], object]) -> None:
        """Keep what became of a delivery; where that cannot be written, it is owed, and written before the next claim."""
        try:
            await self._database.write(work)
        except (Unwritable, Locked):
            self._owed[delivery_id] = work
            raise

    async def _settle(self) -> None:
        """Write what is owed."""
        owed = dict(self._owed)
        if not owed:
            return

        def work(connection: Connection) -> None:
            for mark in owed.values():
                mark(connection)

        await self._database.write(work)
        for delivery_id in owed:
            self._owed.pop(delivery_id, None)

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
    """Store deliveries, but to readers who have unsubscribed; one whose id is known stays as it is."""
    reach("outbox_insert")
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
            "asked": one.asked,
            "held_up": one.held_up,
            "due_at": (one.next_attempt_at or one.created_at) if one.state is DeliveryState.PENDING else None,
        }
        for one in still_read(connection, new)
    ]
    if rows:
        connection.execute(insert(connection, deliveries).on_conflict_do_nothing(), rows)
        reach("outbox_commit")


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
        asked=row.asked,
        held_up=row.held_up,
    )


def _add(connection: Connection, message: Message, new: Sequence[Delivery]) -> bool:
    if not add_message(connection, message):
        return False
    add_deliveries(connection, new)
    return True


def _free(now: datetime) -> ColumnElement[bool]:
    """Due, nobody's, and of a channel that may be asked."""
    return and_(
        D.due_at <= now,
        or_(D.claimed_until.is_(None), D.claimed_until <= now),
        or_(D.asked, ~obstacles.on_hold(now, D.channel_id)),
    )


def _claim(
    connection: Connection,
    now: datetime,
    limit: int,
    lease: timedelta,
    channel: str | None,
    holder: str | None,
) -> tuple[tuple[Delivery, Message], ...]:
    due = _free(now) if channel is None else and_(_free(now), D.channel_id == channel)
    kept: builtins.list[tuple[Delivery, Message]] = []
    while len(kept) < limit:
        rows = claim(
            connection,
            deliveries,
            due,
            order=(D.due_at, D.created_at, D.id),
            limit=limit - len(kept),
            values={"attempts": D.attempts + 1, "claimed_until": now + lease, "claimed_by": holder},
            returning=(D.id, D.due_at, D.created_at),
        )
        if not rows:
            break
        in_order = sorted(rows, key=lambda row: (row.due_at, row.created_at, row.id))
        kept += _still_read(connection, _with_messages(connection, [row.id for row in in_order]))
    return tuple(kept)


def _still_read(
    connection: Connection, claimed: tuple[tuple[Delivery, Message], ...]
) -> tuple[tuple[Delivery, Message], ...]:
    """Less what its readers have unsubscribed from since it was stored: that is given up, whoever asked for it."""
    kept = {one.id for one in still_read(connection, [delivery for delivery, _ in claimed])}
    for delivery, _ in claimed:
        if delivery.id not in kept:
            given_up = _closed(CANCELLED) | {"last_error": WHY}
            connection.execute(update(deliveries).where(D.id == delivery.id).values(given_up))
    return tuple(one for one in claimed if one[0].id in kept)


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


def _park(connection: Connection, delivery_id: str, now: datetime, error: str, why: Parking) -> None:
    """Park it if it is still pending, and count it for its recipient the first time it is refused."""
    mine = (D.id == delivery_id, D.state == PENDING)
    row = connection.execute(select(D.channel_id, D.recipient, D.refused).where(*mine)).first()
    if row is None:
        return
    values = _closed(PARKED) | {"last_error": error}
    values["refused"] = row.refused or why in (Parking.REFUSED, Parking.NO_RECIPIENT)
    if why is Parking.UNTRIED:
        values["attempts"] = case((D.attempts > 0, D.attempts - 1), else_=0)
    connection.execute(update(deliveries).where(*mine).values(values))
    if why is Parking.NO_RECIPIENT and not row.refused:
        obstacles.refused_again(connection, row.channel_id, row.recipient, now, error)


def _closed(state: str) -> dict[str, Any]:
    return {
        "state": state,
        "next_attempt_at": None,
        "due_at": None,
        "claimed_until": None,
        "asked": False,
        "held_up": False,
    }


def _sent(now: datetime, answer: str) -> dict[str, Any]:
    return _closed(SENT) | {"sent_at": now, "answer": answer, "last_error": None, "refused": False}
