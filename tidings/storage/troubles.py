"""Trouble as the database knows it: deliveries that were given up, and what the program noticed and keeps nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from alerts.messages import DeliveryState
from tidings.storage.dialect import AnyRow, insert
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import deliveries, noticed_troubles

D = deliveries.c
N = noticed_troubles.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """Deliveries to one recipient that wait for a hand."""

    channel_id: str
    recipient: str
    number: int
    since: datetime  # when the oldest of them was made
    error: str  # of the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Deliveries to one channel that were tried in vain and are tried on."""

    channel_id: str
    number: int
    since: datetime  # when the oldest of them was made
    error: str  # of the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something the program noticed: an edit that is refused, a template that fails."""

    kind: str
    subject: str
    since: datetime
    reason: str


class SqlTroubles:
    """What there is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def parked(self) -> tuple[Parked, ...]:
        """By channel, then recipient."""
        return await self._database.read(_parked)

    async def waiting(self, before: datetime) -> tuple[Waiting, ...]:
        """Of channels with deliveries made before `before` that were tried and are not over, by channel."""
        return await self._database.read(lambda connection: _waiting(connection, before))

    async def noticed(self) -> tuple[Noticed, ...]:
        """By kind, then subject."""
        query = select(noticed_troubles).order_by(N.kind, N.subject)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            Noticed(kind=row.kind, subject=row.subject, since=row.since, reason=row.reason) for row in rows
        )

    async def notice(self, kind: str, subject: str, reason: str, now: datetime) -> None:
        """Keep that something is the case; it is so since it was noticed first."""
        await self._database.write(lambda connection: _notice(connection, kind, subject, reason, now))

    async def clear(self, kind: str, *subjects: str) -> None:
        """It is not the case any more; without subjects, nothing of this kind is."""
        mine = N.kind == kind
        if subjects:
            mine &= N.subject.in_(subjects)
        await self._database.write(
            lambda connection: connection.execute(delete(noticed_troubles).where(mine))
        )


def _parked(connection: Connection) -> tuple[Parked, ...]:
    parked = D.state == str(DeliveryState.PARKED)
    rows = connection.execute(
        select(
            D.channel_id,
            D.recipient,
            func.count().label("number"),
            func.min(D.created_at, type_=D.created_at.type).label("since"),
            func.max(D.created_at, type_=D.created_at.type).label("newest"),
        )
        .where(parked)
        .group_by(D.channel_id, D.recipient)
        .order_by(D.channel_id, D.recipient)
    ).all()
    return tuple(
        Parked(
            channel_id=row.channel_id,
            recipient=row.recipient,
            number=row.number,
            since=row.since,
            error=_error(connection, row.channel_id, row.recipient, row.newest),
        )
        for row in rows
    )


def _waiting(connection: Connection, before: datetime) -> tuple[Waiting, ...]:
    late = (D.due_at.is_not(None), D.state == str(DeliveryState.PENDING), D.last_error.is_not(None))
    rows = connection.execute(
        select(D.channel_id, D.created_at, D.last_error)
        .where(*late, D.created_at < before)
        .order_by(D.channel_id, D.created_at, D.id)
    ).all()
    by_channel: dict[str, list[AnyRow]] = {}
    for row in rows:
        by_channel.setdefault(row.channel_id, []).append(row)
    return tuple(
        Waiting(channel_id=name, number=len(mine), since=mine[0].created_at, error=mine[-1].last_error)
        for name, mine in by_channel.items()
    )


def _error(connection: Connection, channel_id: str, recipient: str, made_at: datetime) -> str:
    words = connection.execute(
        select(D.last_error)
        .where(
            D.channel_id == channel_id,
            D.recipient == recipient,
            D.created_at == made_at,
            D.state == str(DeliveryState.PARKED),
        )
        .order_by(D.id)
        .limit(1)
    ).scalar_one()
    return words or "no reason is known"


def _notice(connection: Connection, kind: str, subject: str, reason: str, now: datetime) -> None:
    row = {"kind": kind, "subject": subject, "since": now, "reason": reason}
    new = insert(connection, noticed_troubles).values(row)
    connection.execute(new.on_conflict_do_update(index_elements=[N.kind, N.subject], set_={"reason": reason}))
