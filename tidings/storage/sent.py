"""Which messages a digest sent in a slot, for sending them again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from tidings.storage.engine import Database
from tidings.storage.outbox_tables import digest_slots, messages

NAMED = 5  # slots that are named where another one was asked for

D = digest_slots.c
M = messages.c


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSlot:
    """A slot of a digest that was composed."""

    key: str
    told: bool  # False: there was nothing to tell
    messages: tuple[str, ...]  # keys of those that are kept, the first readers' first


class SqlSent:
    """Finds what was sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def slot(self, digest_id: str, key: str | None = None) -> SentSlot | None:
        """The slot of this key, or the last one that told something; None: there is none such."""
        return await self._database.read(lambda connection: _slot(connection, digest_id, key))

    async def last(self, digest_id: str) -> tuple[str, ...]:
        """Keys of the last slots that told something, the newest first."""
        return await self._database.read(
            lambda connection: tuple(
                connection.execute(
                    select(D.key)
                    .where(D.digest_id == digest_id, D.message_key.is_not(None))
                    .order_by(D.frozen_at.desc(), D.key.desc())
                    .limit(NAMED)
                ).scalars()
            )
        )


def _slot(connection: Connection, digest_id: str, key: str | None) -> SentSlot | None:
    which = D.message_key.is_not(None) if key is None else D.key == key
    row = connection.execute(
        select(D.key, D.message_key)
        .where(D.digest_id == digest_id, which)
        .order_by(D.frozen_at.desc(), D.key.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    whole = f"{digest_id}/{row.key}"
    kept = connection.execute(
        select(M.key)
        .where(
            M.digest_id == digest_id,
            or_(M.key == whole, M.key == row.message_key, M.key.startswith(f"{whole}/", autoescape=True)),
        )
        .order_by(M.key)
    ).scalars()
    return SentSlot(key=row.key, told=row.message_key is not None, messages=tuple(kept))
