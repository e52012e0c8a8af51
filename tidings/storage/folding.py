"""Folding articles into stories: who waits for it, the candidates, and the decision kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.dml import Insert

from crawler.folds import Fold, Folded
from crawler.records import Article
from tidings.storage.article_rows import A, fetch, hold
from tidings.storage.dialect import among, each, insert, insert_for, listed, lock
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

# Folding runs some statements for every article; they are built once, as making one costs more than running it.
_OTHERS = and_(A.id != bindparam("own"), A.story_id.is_not(None), A.first_seen_at > bindparam("since"))
_BY_ADDRESS = (
    select(A.id)
    .where(A.canonical_print == bindparam("address_print"), A.canonical_url == bindparam("address"), _OTHERS)
    .order_by(A.first_seen_at, A.id)
    .limit(MOST)
)
_BY_TITLE = (
    select(A.id)
    .where(A.title_print == bindparam("title_print"), _OTHERS)
    .order_by(A.first_seen_at, A.id)
    .limit(MOST)
)
_KEEP_FOLD = (
    update(articles)
    .where(A.id == bindparam("own"))
    .values(
        unmatched_since=case(
            (A.matched_version < A.version, func.coalesce(A.unmatched_since, A.unfolded_since)),
            else_=null(),
        ),
        unfolded_since=None,
    )
)
_DROP_BANDS = delete(article_bands).where(B.article_id == bindparam("own"))


@cache
def _near(dialect: str) -> CompoundSelect[Any]:
    """Ids of candidates by the three roads. Only folded articles have bands."""
    by_bands = (
        select(B.article_id.label("id"))
        .where(
            among(dialect, B.band, "bands", BigInteger),
            B.article_id != bindparam("own"),
            B.seen_at > bindparam("since"),
        )
        .group_by(B.article_id)
        .order_by(func.count().desc(), B.article_id)
        .limit(MOST)
    )
    return union_all(*(select(road.subquery().c.id) for road in (by_bands, _BY_ADDRESS, _BY_TITLE)))


@cache
def _add_bands(dialect: str) -> Insert:
    own, seen = bindparam("own", type_=B.article_id.type), bindparam("seen_at", type_=B.seen_at.type)
    rows = select(each(dialect, "bands", BigInteger), own, seen)
    return insert_for(dialect, article_bands).from_select([B.band, B.article_id, B.seen_at], rows)


@cache
def _open_story(dialect: str) -> Insert:
    """An INSERT of a story; one that is there takes the later `last_at`."""
    statement = insert_for(dialect, stories)
    return statement.on_conflict_do_update(
        index_elements=[stories.c.id],
        set_={"last_at": statement.excluded.last_at},
        where=stories.c.last_at < statement.excluded.last_at,
    )


def unfolded(
    connection: Connection, now: datetime, wait_for_text: timedelta, limit: int, skip: Collection[str]
) -> tuple[str, ...]:
    """Ids of articles to fold: nothing more to come from their page, or waited for long enough."""
    ready = or_(A.page_due_at.is_(None), A.unfolded_since <= now - wait_for_text)
    rows = connection.execute(
        select(A.id)
        .where(A.unfolded_since.is_not(None), ready)
        .order_by(A.unfolded_since, A.first_seen_at, A.id)
        .limit(limit + len(skip))
    )
    return tuple(row.id for row in rows if row.id not in skip)[:limit]


def fold(
    connection: Connection,
    article_ids: Sequence[str],
    keys: Callable[[Article], Sequence[int]],
    decide: Callable[[Article, Sequence[Article]], Fold],
    *,
    since: datetime,
) -> Folded:
    """Decide on the candidates of this moment and write the decisions; one caller at a time for the installation."""
    lock(connection, "fold")
    hold(connection, article_ids)
    found = fetch(connection, article_ids)
    folds, failed = [], []
    for article in (found[one] for one in dict.fromkeys(article_ids) if one in found):
        try:
            bands = tuple(dict.fromkeys(signed(key) for key in keys(article)))
            made = decide(article, _candidates(connection, article, bands, since=since))
        except SQLAlchemyError:
            raise  # the database's own trouble is not this article's
        except Exception as fault:  # a hostile text must not stop the others; nothing of it is written yet
            failed.append((article.id, f"{type(fault).__name__}: {fault}"))
            continue
        _keep(connection, article, bands, made)
        folds.append((article.id, made))
    return Folded(folds=tuple(folds), failed=tuple(failed))


def _candidates(
    connection: Connection, article: Article, bands: Sequence[int], *, since: datetime
) -> tuple[Article, ...]:
    """Folded articles that share something with this one, earliest first."""
    address = article.canonical_url or None
    asked = {
        "own": article.id,
        "since": since,
        "bands": listed(connection.dialect.name, bands),
        "address": address,
        "address_print": None if address is None else fingerprint(address),
        "title_print": title_fingerprint(article.title),
    }
    near = connection.execute(_near(connection.dialect.name), asked).scalars().all()
    found = fetch(connection, near) if near else {}
    return tuple(sorted(found.values(), key=lambda one: (one.first_seen_at, one.id)))


def _keep(connection: Connection, article: Article, bands: Sequence[int], made: Fold) -> None:
    seen = article.first_seen_at
    if article.story_id is not None:  # folded before, on other words
        connection.execute(_DROP_BANDS, {"own": article.id})
    if bands:
        dialect = connection.dialect.name
        rows = {"bands": listed(dialect, bands), "own": article.id, "seen_at": seen}
        connection.execute(_add_bands(dialect), rows)
    story = {"id": made.story_id, "opened_at": seen, "last_at": seen}
    connection.execute(_open_story(connection.dialect.name), story)
    if article.story_id not in (None, made.story_id):
        _end_if_empty(connection, str(article.story_id), but=article.id, heir=made.story_id)
    decision = {
        "own": article.id,
        "story_id": made.story_id,
        "duplicate_of": made.duplicate_of,
        "similarity": made.similarity,
        "fold_reason": made.why,
    }
    connection.execute(_KEEP_FOLD, decision)


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
