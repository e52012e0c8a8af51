"""The archive from its newest article to its oldest, some hundred at a time, for whatever looks at all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from crawler.records import Article
from tidings.storage.article_rows import A, fetch
from tidings.storage.engine import Database

BATCH = 500  # articles held in memory at a time
Place = tuple[datetime, str]  # of an article in the walk: first seen, id


class SqlArchive:
    """Reads all articles with their texts in force; one that comes meanwhile may be missing, none comes twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def walk(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        batch: int = BATCH,
        after: Place | None = None,
    ) -> AsyncIterator[tuple[Article, ...]]:
        """Articles with since <= first_seen_at <= until, newest first; an open end has no bound.

        Floods that are held and what was known at a first poll are among them: see `Article`.
        `after`: the last article of a walk that was broken off, to go on behind it.
        """
        last = after
        while True:
            found = await self._database.read(
                partial(walk_on, since=since, until=until, last=last, batch=batch)
            )
            if found:
                yield found
                last = (found[-1].first_seen_at, found[-1].id)
            if len(found) < batch:
                return


def walk_on(
    connection: Connection,
    *,
    since: datetime | None,
    until: datetime | None,
    last: Place | None,
    batch: int,
    also: Sequence[ColumnElement[bool]] = (),
) -> tuple[Article, ...]:
    """The next of a walk behind `last`, of those that are `also` so."""
    query = select(A.id).where(*also).order_by(A.first_seen_at.desc(), A.id.desc()).limit(batch)
    if since is not None:
        query = query.where(A.first_seen_at >= since)
    if until is not None:
        query = query.where(A.first_seen_at <= until)
    if last is not None:
        at, article_id = last
        query = query.where(
            A.first_seen_at <= at, or_(A.first_seen_at < at, and_(A.first_seen_at == at, A.id < article_id))
        )
    ids = list(connection.execute(query).scalars())
    found = fetch(connection, ids)
    return tuple(found[one] for one in ids if one in found)
