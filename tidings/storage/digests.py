"""`DigestStore` on the database: what was composed, and what there is to compose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, update

from alerts.messages import Delivery, Message
from alerts.plans import DigestPlan
from alerts.records import Coverage, DigestSlot, Flood, MatchedArticle, Telling, Window
from tidings.storage import changes
from tidings.storage.article_rows import A
from tidings.storage.coverage import coverage
from tidings.storage.deliveries import add_deliveries, add_message
from tidings.storage.dialect import AnyRow, insert, lock
from tidings.storage.engine import Database
from tidings.storage.match_rows import WATCHLIST_SINCE, WINDOWS, M, to_match, with_version
from tidings.storage.outbox_tables import digest_slots, digests, message_stories, told_stories
from tidings.storage.review import FREE, floods_for
from tidings.storage.sources import S
from tidings.storage.stories import hold_names
from tidings.storage.tables import articles, match_commitments, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling
from tidings.storage.told import Told, told_before

D = digest_slots.c
C = match_commitments.c


class SqlDigests:
    """See `alerts.ports.DigestStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_until(self, digest_id: str) -> datetime | None:
        """End of the window of the last composed slot; None: never composed."""
        return await self._database.read(lambda connection: _last_until(connection, digest_id))

    async def start(self, digest_id: str, now: datetime) -> datetime:
        """First time this digest was seen."""
        return await self._database.write(lambda connection: _start(connection, digest_id, now))

    async def matched(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[MatchedArticle, ...]:
        """Matches with since < matched_at <= until that still hold; by time of match, then article, then initiative."""
        return await self._database.read(lambda connection: _matched(connection, plan, since, until))

    async def changed(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[MatchedArticle, ...]:
        """Articles that this digest told and that have changed in substance, up to `until`, and not told so yet."""
        return await self._database.read(lambda connection: changes.changed(connection, plan, since, until))

    async def floods(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[Flood, ...]:
        """What is held for review now and matched in the window."""
        return await self._database.read(lambda connection: floods_for(connection, plan, since, until))

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        """Reports filed under a commitment, newest first, over the whole archive."""
        return await self._database.read(
            lambda connection: _filed(connection, initiative_id, commitment_id, limit)
        )

    async def coverage(self, since: datetime, until: datetime) -> Coverage:
        """What was looked at in the window, and what was not."""
        return await self._database.read(lambda connection: coverage(connection, since, until))

    async def freeze(
        self,
        slot: DigestSlot,
        *,
        until: datetime,
        message: Message | None,
        deliveries: Sequence[Delivery],
        story_ids: Sequence[str],
        now: datetime,
        window: Window | None = None,
    ) -> bool:
        """Slot, message, deliveries and told stories in one transaction; False: another process was there before."""
        return await self._database.write(
            lambda connection: _freeze(connection, slot, until, message, deliveries, story_ids, now, window)
        )


def _last_until(connection: Connection, digest_id: str) -> datetime | None:
    return connection.execute(
        select(D.until).where(D.digest_id == digest_id).order_by(D.until.desc()).limit(1)
    ).scalar_one_or_none()


def _start(connection: Connection, digest_id: str, now: datetime) -> datetime:
    row = {"id": digest_id, "started_at": now}
    connection.execute(insert(connection, digests).values(row).on_conflict_do_nothing())
    first: datetime = connection.execute(
        select(digests.c.started_at).where(digests.c.id == digest_id)
    ).scalar_one()
    return first


def _matched(
    connection: Connection, plan: DigestPlan, since: datetime, until: datetime
) -> tuple[MatchedArticle, ...]:
    told = and_(told_stories.c.story_id == A.story_id, told_stories.c.digest_id == plan.id)
    rows = connection.execute(
        select(
            matches,
            WATCHLIST_SINCE,
            *COLUMNS,
            A.story_id,
            A.text_length,
            A.text_state,
            A.version,
            told_stories.c.first_told_at,
        )
        .select_from(
            with_version(matches.join(articles, A.id == M.article_id))
            .join(sources, S.id == A.source_id)
            .outerjoin(told_stories, told)
        )
        .where(_told_in(plan.initiatives, since, until))
        .order_by(M.matched_at, M.article_id, M.initiative_id)
    )
    found = rows.all()
    told_ids = (row.story_id for row in found if row.first_told_at is not None)
    before = told_before(connection, plan, told_ids, since)
    return tuple(_to_matched(row, before.get(row.story_id)) for row in found)


def _told_in(initiatives: Sequence[str], since: datetime, until: datetime) -> ColumnElement[bool]:
    """The matches of a window; needs a join with `articles`."""
    return and_(
        M.initiative_id.in_(initiatives),
        M.matched_at > since,
        M.matched_at <= until,
        M.gone_at.is_(None),
        ~M.filed,
        ~A.backfilled,
        FREE,
    )


def _has_changed(connection: Connection, digest_id: str, window: Window, until: datetime) -> bool:
    """Whether another process froze a window of this digest, or put a match into this one, since it was read."""
    last = _last_until(connection, digest_id)
    if last is not None and last > window.since:
        return True
    matches_now = connection.execute(
        select(func.count())
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(_told_in(window.initiatives, window.since, until))
    ).scalar_one()
    return matches_now != window.matches


def _to_matched(row: AnyRow, before: Told | None) -> MatchedArticle:
    return MatchedArticle(
        match=to_match(row),
        telling=to_telling(row),
        story_id=row.story_id,
        duplicate_of=row.duplicate_of,
        told_at=row.first_told_at,
        told_in=None if before is None else before.first_in,
        earlier=() if before is None else before.tellings,
        text_length=row.text_length,
        text_state=row.text_state,
        version=row.version,
    )


def _filed(connection: Connection, initiative_id: str, commitment_id: str, limit: int) -> tuple[Telling, ...]:
    rows = connection.execute(
        select(*COLUMNS)
        .select_from(
            match_commitments.join(articles, A.id == C.article_id).join(sources, S.id == A.source_id)
        )
        .where(C.initiative_id == initiative_id, C.commitment_id == commitment_id, FREE)
        .order_by(func.coalesce(A.published_at, A.first_seen_at).desc(), A.id)
        .limit(limit)
    )
    return tuple(to_telling(row) for row in rows)


def _freeze(
    connection: Connection,
    slot: DigestSlot,
    until: datetime,
    message: Message | None,
    deliveries: Sequence[Delivery],
    story_ids: Sequence[str],
    now: datetime,
    window: Window | None,
) -> bool:
    lock(connection, WINDOWS)
    if window is not None and _has_changed(connection, slot.digest_id, window, until):
        return False
    row = {
        "digest_id": slot.digest_id,
        "key": slot.key,
        "due": slot.due,
        "until": until,
        "message_key": None if message is None else message.key,
        "frozen_at": now,
    }
    added = connection.execute(
        insert(connection, digest_slots).values(row).on_conflict_do_nothing().returning(D.key)
    ).first()
    if added is None:
        return False
    if message is None:
        return True
    if window is not None:
        _mark_told(connection, window, until, now)
        changes.tell(connection, slot.digest_id, window, now)
    add_message(connection, message)
    add_deliveries(connection, deliveries)
    if different := hold_names(connection, story_ids):
        connection.execute(
            insert(connection, told_stories).on_conflict_do_nothing(),
            [
                {"digest_id": slot.digest_id, "story_id": story_id, "first_told_at": now}
                for story_id in different
            ],
        )
        connection.execute(
            insert(connection, message_stories).on_conflict_do_nothing(),
            [{"message_key": message.key, "story_id": story_id} for story_id in different],
        )
    return True


def _mark_told(connection: Connection, window: Window, until: datetime, now: datetime) -> None:
    """Remember of each match in the window that it was told: what is told is told once, and never withdrawn."""
    told = exists().where(A.id == M.article_id, _told_in(window.told, window.since, until))
    connection.execute(update(matches).where(told, M.told_at.is_(None)).values(told_at=now))
