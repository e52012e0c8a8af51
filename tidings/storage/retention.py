"""Forgetting what is old: in small transactions, so that nothing else waits long for the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, or_, select, update

from alerts.messages import DeliveryState
from tidings.storage import bands, centres, word_index
from tidings.storage.article_rows import A, V, fetch, hold
from tidings.storage.engine import Database
from tidings.storage.hosts import forget_hosts
from tidings.storage.indexing import withdraw
from tidings.storage.outbox_tables import deliveries, messages
from tidings.storage.review import let_go
from tidings.storage.sources import S
from tidings.storage.stories import forget_stories, hold_stories
from tidings.storage.tables import article_versions, articles, identity_keys, matches, source_gaps

BATCH = 500  # rows of one transaction
KEYS = timedelta(days=400)  # for which a key is remembered after no feed lists it any more

K = identity_keys.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How much was forgotten."""

    articles: int  # their identity keys stay
    texts: int
    messages: int
    keys: int
    bands: int  # articles that are compared with no new one


class SqlRetention:
    """The broom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def purge(
        self,
        now: datetime,
        *,
        unmatched: timedelta | None,
        text: timedelta | None,
        matched: timedelta | None,
    ) -> Purged:
        """Forget articles that matched nothing, texts, and matched articles with their messages, by age.

        Ages count from the day an article was first seen, a version or message was made. None: for ever.
        What still waits for reading, folding, matching or delivery stays. Keys of purged articles stay known
        until 400 days after a feed last listed them. What is held for review longer than its time counts as known.
        """
        await self._repeat(lambda c: let_go(c, now))
        await self._repeat(lambda c: _gaps(c, now - KEYS))
        await self._repeat(lambda c: forget_hosts(c, now))
        gone = 0
        if unmatched is not None:
            gone += await self._repeat(lambda c: _articles(c, now - unmatched, matched=False))
        if matched is not None:
            gone += await self._repeat(lambda c: _articles(c, now - matched, matched=True))
        texts = 0 if text is None else await self._repeat(lambda c: _texts(c, now - text))
        sent = 0 if matched is None else await self._repeat(lambda c: _messages(c, now - matched))
        compared = await self._repeat(lambda c: bands.forget(c, bands.day_of(now)))
        await self._repeat(lambda c: bands.sweep(c, bands.day_of(now)))
        await self._repeat(lambda c: centres.forget(c, now - centres.KEPT, BATCH))
        if gone or texts:
            await self._repeat(word_index.tidy)
        keys = await self._repeat(lambda c: _keys(c, now - KEYS))
        return Purged(articles=gone, texts=texts, messages=sent, keys=keys, bands=compared)

    async def _repeat(self, step: Callable[[Connection], int]) -> int:
        total = 0
        while done := await self._database.write(step):
            total += done
        return total


def _articles(connection: Connection, before: datetime, *, matched: bool) -> int:
    has_match = exists().where(matches.c.article_id == A.id)
    idle = and_(A.page_due_at.is_(None), A.unfolded_since.is_(None), A.unmatched_since.is_(None))
    old = (
        select(A.id, A.story_id)
        .where(A.first_seen_at < before, idle, has_match if matched else ~has_match)
        .order_by(A.first_seen_at)
    )
    rows = connection.execute(old.limit(BATCH)).all()
    if rows:  # nobody puts another article into one of their stories now, nor edits one of them
        story = {row.id: row.story_id for row in rows}
        hold_stories(connection, sorted(set(story.values()) - {None}))
        here = hold(connection, story)
        rows = [row for row in connection.execute(old.where(A.id.in_(here))) if row.story_id == story[row.id]]
    if rows:
        withdraw(connection, fetch(connection, (row.id for row in rows)).values())
        connection.execute(delete(articles).where(A.id.in_([row.id for row in rows])))
        _end_stories(connection, sorted({row.story_id for row in rows if row.story_id is not None}))
    return len(rows)


def _end_stories(connection: Connection, story_ids: Sequence[str]) -> None:
    """Forget stories that have no article left."""
    inhabited = select(A.story_id).where(A.story_id.in_(story_ids))
    left = set(connection.execute(inhabited).scalars())
    forget_stories(connection, [story_id for story_id in story_ids if story_id not in left])


def _texts(connection: Connection, before: datetime) -> int:
    """Drop what is older, of each article from its first version on: an older one is read by way of the newer."""
    rows = connection.execute(
        select(V.article_id, V.version, A.version.label("in_force"))
        .join(articles, A.id == V.article_id)
        .where(V.kept_since < before, A.unfolded_since.is_(None), A.unmatched_since.is_(None))
        .order_by(V.kept_since)
        .limit(BATCH)
    ).all()
    in_force = [row.article_id for row in rows if row.version == row.in_force]
    withdraw(connection, fetch(connection, in_force).values())
    if rows:
        connection.execute(_DROP, [{"own": row.article_id, "last": row.version} for row in rows])
    connection.execute(update(articles).where(A.id.in_(in_force)).values(text_length=0))
    return len(rows)


_DROP = (
    update(article_versions)
    .where(V.article_id == bindparam("own"), V.version <= bindparam("last"))
    .values(text="", posts=None, packed=None, kept_since=None)
)


def _messages(connection: Connection, before: datetime) -> int:
    waiting = exists().where(
        deliveries.c.message_key == messages.c.key, deliveries.c.state == str(DeliveryState.PENDING)
    )
    rows = select(messages.c.key).where(messages.c.created_at < before, ~waiting).limit(BATCH)
    return _delete(connection, messages.c.key, rows)


def _keys(connection: Connection, before: datetime) -> int:
    """Keys without an article that their source has listed something without since, or that lost their source."""
    article_there = exists().where(A.id == K.article_id)
    may_list_it = exists().where(
        S.id == K.source_id, S.configured, or_(S.last_listed.is_(None), S.last_listed <= K.last_listed)
    )
    rows = (
        select(K.key)
        .where(K.last_listed < before.date(), ~article_there, ~may_list_it.correlate(identity_keys))
        .limit(BATCH)
    )
    return _delete(connection, K.key, rows)


def _gaps(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(source_gaps).where(source_gaps.c.noticed_at < before)).rowcount


def _delete(connection: Connection, column: Any, rows: Any) -> int:
    """Delete the rows whose `column` is among the chosen; returns how many values were chosen."""
    chosen = list(connection.execute(rows).scalars())
    if chosen:
        condition: ColumnElement[bool] = column.in_(chosen)
        connection.execute(delete(column.table).where(condition))
    return len(chosen)
