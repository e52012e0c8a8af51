"""What stands between deliveries and their channels, on the database: bans, holds, and refusals in a row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select

from alerts.obstacles import LONG, SUSPEND_AFTER, Ban, Hold, Obstacles, Suspension
from tidings.storage.dialect import insert
from tidings.storage.outbox_tables import channel_bans, channel_holds, refusals

B, H, R = channel_bans.c, channel_holds.c, refusals.c


def ban(connection: Connection, channel_id: str, target: str, now: datetime, reason: str) -> None:
    """One that is there for this target stays as it is."""
    row = {"channel_id": channel_id, "target": target, "since": now, "reason": reason}
    connection.execute(
        insert(connection, channel_bans)
        .values(row)
        .on_conflict_do_update(index_elements=[B.channel_id], set_=row, where=B.target != target)
    )


def unban(connection: Connection, channel_id: str) -> int:
    """How many there were."""
    return connection.execute(delete(channel_bans).where(B.channel_id == channel_id)).rowcount


def bans(connection: Connection) -> dict[str, Ban]:
    """All of them, by channel."""
    return {
        row.channel_id: Ban(channel_id=row.channel_id, target=row.target, since=row.since, reason=row.reason)
        for row in connection.execute(select(channel_bans).order_by(B.channel_id))
    }


def hold(connection: Connection, channel_id: str, now: datetime, until: datetime, reason: str) -> None:
    """A longer one that is there stays; `since` is kept until something is handed over."""
    row = {"channel_id": channel_id, "until": until, "reason": reason}
    connection.execute(
        insert(connection, channel_holds)
        .values({**row, "since": now})
        .on_conflict_do_update(index_elements=[H.channel_id], set_=row, where=H.until < until)
    )


def recovered(connection: Connection, channel_id: str, now: datetime) -> bool:
    """Something was handed over: the trouble is over, unless patience was asked for; whether it had lasted long."""
    mine = (H.channel_id == channel_id, H.until <= now)
    since = connection.execute(delete(channel_holds).where(*mine).returning(H.since)).scalar()
    return since is not None and now - since >= LONG


def on_hold(now: datetime, channel_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a channel is left alone just now."""
    return channel_id.in_(select(H.channel_id).where(H.until > now))


def obstacles(connection: Connection, now: datetime) -> Obstacles:
    """All that stands in the way at `now`."""
    held = connection.execute(select(channel_holds).where(H.until > now).order_by(H.channel_id))
    refused = connection.execute(
        select(refusals).where(R.messages >= SUSPEND_AFTER).order_by(R.channel_id, R.recipient)
    )
    return Obstacles(
        bans=bans(connection),
        holds={
            row.channel_id: Hold(channel_id=row.channel_id, until=row.until, reason=row.reason)
            for row in held
        },
        suspensions=tuple(
            Suspension(
                channel_id=row.channel_id,
                recipient=row.recipient,
                messages=row.messages,
                since=row.since,
                reason=row.reason,
            )
            for row in refused
        ),
    )


def refused_again(
    connection: Connection, channel_id: str, recipient: str, now: datetime, reason: str
) -> None:
    """One more message in a row that was refused for this recipient."""
    row = {
        "channel_id": channel_id,
        "recipient": recipient,
        "messages": 1,
        "since": now,
        "reason": reason,
    }
    connection.execute(
        insert(connection, refusals)
        .values(row)
        .on_conflict_do_update(
            index_elements=[R.channel_id, R.recipient],
            set_={"messages": R.messages + 1, "reason": reason},
        )
    )


def taken(connection: Connection, channel_id: str, recipient: str) -> int:
    """The row of refusals ends; how many rows there were."""
    mine = (R.channel_id == channel_id, R.recipient == recipient)
    return connection.execute(delete(refusals).where(*mine)).rowcount


def resume(connection: Connection, channel_id: str, recipient: str | None) -> int:
    """Lift everything from a channel, or the suspension of one recipient; how much of it was in the way."""
    if recipient is not None:
        suspended = _suspended(connection, channel_id, recipient)
        taken(connection, channel_id, recipient)
        return suspended
    lifted = _suspended(connection, channel_id, None) + unban(connection, channel_id)
    connection.execute(delete(refusals).where(R.channel_id == channel_id))
    lifted += connection.execute(delete(channel_holds).where(H.channel_id == channel_id)).rowcount
    return lifted


def _suspended(connection: Connection, channel_id: str, recipient: str | None) -> int:
    counted = select(func.count()).where(R.channel_id == channel_id, R.messages >= SUSPEND_AFTER)
    if recipient is not None:
        counted = counted.where(R.recipient == recipient)
    return connection.execute(counted).scalar_one()
