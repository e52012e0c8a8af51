"""Who has unsubscribed from what: asked when a delivery is stored, and when it is claimed, in the same transaction."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, select

from alerts.messages import Delivery, MessageKind
from alerts.threads import leavable, named, reader
from crawler.records import require_aware
from tidings.storage.article_rows import chunks
from tidings.storage.dialect import insert
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import messages, unsubscribed

M, U = messages.c, unsubscribed.c
WHY = "the reader has unsubscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A reader of a channel who wants no more of a thread."""

    channel_id: str
    reader: str  # the address alone, in small letters
    thread: str  # "digest-morning", "initiative-trust"
    at: datetime

    def __post_init__(self) -> None:
        require_aware(at=self.at)


class SqlUnsubscribed:
    """Readers who have left, for the page that takes their word and for the operator."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, channel_id: str, recipient: str, threads: Sequence[str], *, now: datetime
    ) -> builtins.tuple[str, ...]:
        """Take a reader off; names the threads that they had not left before."""
        return await self._database.write(lambda c: _add(c, channel_id, reader(recipient), threads, now))

    async def remove(
        self, channel_id: str, recipient: str, threads: Sequence[str] | None = None
    ) -> builtins.tuple[str, ...]:
        """Take it back, for all threads when `threads` is None; names those that were left."""
        return await self._database.write(lambda c: _remove(c, channel_id, reader(recipient), threads))

    async def list(self) -> builtins.tuple[Left, ...]:
        """All of them, by channel, reader and thread."""
        rows = await self._database.read(
            lambda c: c.execute(select(unsubscribed).order_by(U.channel_id, U.reader, U.thread)).all()
        )
        return tuple(
            Left(channel_id=row.channel_id, reader=row.reader, thread=row.thread, at=row.at) for row in rows
        )


def still_read(connection: Connection, new: Sequence[Delivery]) -> builtins.list[Delivery]:
    """Deliveries of stored messages, less those to readers who have left all threads of the message."""
    left = {
        (row.channel_id, row.reader, row.thread)
        for some in chunks(one.channel_id for one in new)
        for row in connection.execute(select(unsubscribed).where(U.channel_id.in_(some)))
    }
    if not left:
        return list(new)
    threads = {
        row.key: leavable(MessageKind(row.kind), named(row.threads or (), row.digest_id))
        for some in chunks(one.message_key for one in new)
        for row in connection.execute(select(M.key, M.kind, M.threads, M.digest_id).where(M.key.in_(some)))
    }

    def gone(one: Delivery) -> bool:
        theirs = threads.get(one.message_key, ())
        who = one.channel_id, reader(one.recipient)
        return bool(theirs) and all((*who, thread) in left for thread in theirs)

    return [one for one in new if not gone(one)]


def _add(
    connection: Connection, channel_id: str, who: str, threads: Sequence[str], now: datetime
) -> builtins.tuple[str, ...]:
    rows = [
        {"channel_id": channel_id, "reader": who, "thread": one, "at": now} for one in dict.fromkeys(threads)
    ]
    new = insert(connection, unsubscribed).values(rows).on_conflict_do_nothing().returning(U.thread)
    return tuple(connection.execute(new).scalars()) if rows else ()


def _remove(
    connection: Connection, channel_id: str, who: str, threads: Sequence[str] | None
) -> builtins.tuple[str, ...]:
    one = and_(U.channel_id == channel_id, U.reader == who)
    if threads is not None:
        one = and_(one, U.thread.in_(threads))
    return tuple(sorted(connection.execute(delete(unsubscribed).where(one).returning(U.thread)).scalars()))
