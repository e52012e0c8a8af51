"""Folding articles into stories: who waits for it, the candidates, and the decision kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, or_, select, update

from crawler.records import Article, Fold
from tidings.storage.article_rows import A, chunks, fetch, hold, to_article, whole_articles
from tidings.storage.engine import insert, lock
from tidings.storage.errors import StorageError
from tidings.storage.keys import fingerprint, signed, title_fingerprint
from tidings.storage.tables import (
    article_bands,
    articles,
    message_stories,
    stories,
    told_stories,
)

MOST = 64  # candidates by one road (bands, address, title), so that a flood of equal titles stays cheap

B = article_bands.c


def unfolded(connection: Connection, now: datetime, wait_for_text: timedelta, limit: int) -> tuple[str, ...]:
    """Ids of articles to fold: nothing more to come from their page, or waited for long enough."""
    ready = or_(A.page_due_at.is_(None), A.unfolded_since <= now - wait_for_text)
    rows = connection.execute(
        select(A.id)
        .where(A.unfolded_since.is_not(None), ready)
        .order_by(A.unfolded_since, A.first_seen_at, A.id)
        .limit(limit)
    )
    return tuple(row.id for row in rows)


def fold(
    connection: Connection,
    article_id: str,
    keys: Callable[[Article], Sequence[int]],
    decide: Callable[[Article, Sequence[Article]], Fold],
    *,
    since: datetime,
) -> Fold:
    """Decide on the candidates of this moment and write the decision; one at a time for the installation.

    Raises:
        StorageError: there is no such article.
    """
    lock(connection, "fold")
    hold(connection, [article_id])
    article = fetch(connection, [article_id]).get(article_id)
    if article is None:
        raise StorageError(f"there is no article {article_id} to fold")
    bands = tuple(dict.fromkeys(signed(key) for key in keys(article)))
    made = decide(article, _candidates(connection, article, bands, since=since))
    _keep_bands(connection, article, bands)
    _keep_story(connection, article, made)
    waiting = A.matched_version < A.version
    connection.execute(
        update(articles)
        .where(A.id == article.id)
        .values(
            story_id=made.story_id,
            duplicate_of=made.duplicate_of,
            similarity=made.similarity,
            fold_reason=made.why,
            unmatched_since=case((waiting, func.coalesce(A.unmatched_since, A.unfolded_since)), else_=None),
            unfolded_since=None,
        )
    )
    return made


def _candidates(
    connection: Connection, article: Article, bands: Sequence[int], *, since: datetime
) -> tuple[Article, ...]:
    """Folded articles that share something with this one, earliest first."""
    found: dict[str, Article] = {}
    for road in _roads(connection, article, bands, since=since):
        rows = connection.execute(
            whole_articles()
            .where(road, A.id != article.id, A.story_id.is_not(None), A.first_seen_at > since)
            .order_by(A.first_seen_at, A.id)
            .limit(MOST)
        )
        found.update((row.id, to_article(row)) for row in rows)
    return tuple(sorted(found.values(), key=lambda one: (one.first_seen_at, one.id)))


def _roads(
    connection: Connection, article: Article, bands: Sequence[int], *, since: datetime
) -> list[ColumnElement[bool]]:
    roads: list[ColumnElement[bool]] = []
    shared: dict[str, int] = {}
    for some in chunks(bands):
        rows = connection.execute(
            select(B.article_id, func.count().label("shared"))
            .join(articles, A.id == B.article_id)
            .where(B.band.in_(some), B.article_id != article.id, A.first_seen_at > since)
            .group_by(B.article_id)
            .order_by(func.count().desc(), B.article_id)
            .limit(MOST)
        )
        for row in rows:
            shared[row.article_id] = shared.get(row.article_id, 0) + row.shared
    if shared:
        roads.append(A.id.in_(sorted(shared, key=lambda one: (-shared[one], one))[:MOST]))
    if article.canonical_url:
        roads.append(
            and_(
                A.canonical_print == fingerprint(article.canonical_url),
                A.canonical_url == article.canonical_url,
            )
        )
    title = title_fingerprint(article.title)
    if title is not None:
        roads.append(A.title_print == title)
    return roads


def _keep_bands(connection: Connection, article: Article, bands: Sequence[int]) -> None:
    connection.execute(delete(article_bands).where(B.article_id == article.id))
    if bands:
        rows = [{"band": band, "article_id": article.id, "seen_at": article.first_seen_at} for band in bands]
        connection.execute(insert(connection, article_bands), rows)


def _keep_story(connection: Connection, article: Article, made: Fold) -> None:
    seen = article.first_seen_at
    row = {"id": made.story_id, "opened_at": seen, "last_at": seen}
    connection.execute(insert(connection, stories).values(row).on_conflict_do_nothing())
    connection.execute(
        update(stories).where(stories.c.id == made.story_id, stories.c.last_at < seen).values(last_at=seen)
    )
    if article.story_id not in (None, made.story_id):
        _end_if_empty(connection, str(article.story_id), but=article.id, heir=made.story_id)


def _end_if_empty(connection: Connection, story_id: str, *, but: str, heir: str) -> None:
    """A story whose only article went to another one ends there; what was told of it counts as told of the heir."""
    others = select(A.id).where(A.story_id == story_id, A.id != but).limit(1)
    if connection.execute(others).first() is not None:
        return
    for table in (told_stories, message_stories):
        rows: list[dict[str, Any]] = [
            {**row._mapping, "story_id": heir}
            for row in connection.execute(select(table).where(table.c.story_id == story_id))
        ]
        if rows:
            connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)
        connection.execute(delete(table).where(table.c.story_id == story_id))
    connection.execute(delete(stories).where(stories.c.id == story_id))
