"""`MatchStore` on the database: articles to be matched, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
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
from sqlalchemy.sql.dml import Insert

from alerts.records import Evidence, Field, Match, Strength
from crawler.records import Article
from tidings.storage.article_rows import A, chunks, fetch, hold
from tidings.storage.dialect import AnyRow, insert_for, lock
from tidings.storage.engine import Database
from tidings.storage.tables import articles, digest_slots, digests, match_commitments, matches

M = matches.c

WINDOWS = "windows"  # the lock under which matches get their time and windows are frozen
MOMENT = timedelta(microseconds=1)

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_STORED = select(M.article_id, M.initiative_id, M.matched_at, M.gone_at).where(M.article_id.in_(_IDS))
_EDGES = (select(func.max(digest_slots.c.until).label("at")), select(func.max(digests.c.started_at)))
_LAST_EDGE = select(func.max(union_all(*_EDGES).subquery().c.at))  # a first window begins open, too
_GONE = update(matches).where(
    M.article_id == bindparam("article"), M.initiative_id == bindparam("initiative")
)
_UNFILE = delete(match_commitments).where(match_commitments.c.article_id.in_(_IDS))
_JUDGED = bindparam("judged", type_=A.version.type)
_MATCHED = (
    update(articles)
    .where(A.id == bindparam("own"))
    .values(
        matched_version=case((A.matched_version < _JUDGED, _JUDGED), else_=A.matched_version),
        unmatched_since=case(
            (or_(A.matched_version >= A.version, A.version <= _JUDGED), null()), else_=A.unmatched_since
        ),
        judged_at=func.coalesce(A.judged_at, bindparam("now", type_=A.judged_at.type)),
    )
)


@cache
def _kept_match(dialect: str) -> Insert:
    """An INSERT of a match; one that is there is renewed."""
    statement = insert_for(dialect, matches)
    return statement.on_conflict_do_update(
        index_elements=[M.article_id, M.initiative_id],
        set_={column.name: column for column in statement.excluded if not column.primary_key},
    )


class SqlMatches:
    """See `alerts.ports.MatchStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unmatched(self, limit: int, *, skip: Collection[str] = ()) -> tuple[Article, ...]:
        """Folded articles whose version in force was not matched yet, oldest first, those to `skip` left out."""
        return await self._database.read(lambda connection: _unmatched(connection, limit, frozenset(skip)))

    async def record_matches(self, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
        """Store matches with evidence and mark the versions matched, in one transaction for all articles.

        A match that is there keeps its time. One that no longer holds stays, marked; when it holds again
        it is a new one. A new one is later than the end of any window that is frozen, and the start of any first one.
        """
        if judged:
            await self._database.write(lambda connection: _record(connection, judged, now))

    async def matches_of(self, article_id: str) -> tuple[Match, ...]:
        """All, those that no longer hold too; by time, then initiative."""
        return await self._database.read(lambda connection: matches_of(connection, article_id))


def matches_of(connection: Connection, article_id: str) -> tuple[Match, ...]:
    """All matches of an article, by time, then initiative."""
    rows = connection.execute(
        select(matches).where(M.article_id == article_id).order_by(M.matched_at, M.initiative_id)
    )
    return tuple(to_match(row) for row in rows)


def to_match(row: AnyRow) -> Match:
    """The record of a row of `matches`."""
    return Match(
        article_id=row.article_id,
        initiative_id=row.initiative_id,
        commitments=tuple(row.commitments),
        evidence=tuple(_to_evidence(one) for one in row.evidence),
        watchlist_version=row.watchlist_version,
        text_version=row.text_version,
        matched_at=row.matched_at,
    )


def _unmatched(connection: Connection, limit: int, skip: Collection[str]) -> tuple[Article, ...]:
    rows = connection.execute(
        select(A.id)
        .where(A.unmatched_since.is_not(None), A.unfolded_since.is_(None))
        .order_by(A.unmatched_since, A.first_seen_at, A.id)
        .limit(limit + len(skip))
    )
    waiting = [row.id for row in rows if row.id not in skip][:limit]
    found = fetch(connection, waiting)
    return tuple(found[one] for one in waiting if one in found)


def _record(connection: Connection, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
    if any(found for _, found in judged):
        lock(connection, WINDOWS)
    now = in_no_window(connection, now)
    here = hold(connection, (article.id for article, _ in judged))
    judged = [(article, found) for article, found in judged if article.id in here]  # others were purged
    stored = _stored(connection, here)
    rows, gone = [], []
    for article, found in judged:
        before = stored.get(article.id, {})
        for match in found:
            holds = before.get(match.initiative_id)
            at = now if holds is None else holds
            rows.append(_to_row(match) | {"article_id": article.id, "matched_at": at, "gone_at": None})
        lost = before.keys() - {match.initiative_id for match in found}
        gone += [{"article": article.id, "initiative": one} for one in lost if before[one] is not None]
    if rows:
        connection.execute(_kept_match(connection.dialect.name), rows)
    if gone:
        connection.execute(_GONE, [one | {"gone_at": now} for one in gone])
    _file_commitments(connection, stored, judged)
    if judged:
        done = [{"own": article.id, "judged": article.version, "now": now} for article, _ in judged]
        connection.execute(_MATCHED, done)


def in_no_window(connection: Connection, now: datetime) -> datetime:
    """`now`, or the first moment after the last frozen window or the start of a digest's first one.

    Before it, some digest would not tell the match.
    """
    newest: datetime | None = connection.execute(_LAST_EDGE).scalar_one()
    return now if newest is None else max(now, newest + MOMENT)


def _stored(connection: Connection, article_ids: Iterable[str]) -> dict[str, dict[str, datetime | None]]:
    """Of articles that have matches: by initiative since when it holds; None when it no longer does."""
    found: dict[str, dict[str, datetime | None]] = {}
    for some in chunks(article_ids):
        for row in connection.execute(_STORED, {"ids": some}):
            holds = row.matched_at if row.gone_at is None else None
            found.setdefault(row.article_id, {})[row.initiative_id] = holds
    return found


def _file_commitments(
    connection: Connection,
    matched_before: Iterable[str],
    judged: Sequence[tuple[Article, Sequence[Match]]],
) -> None:
    for some in chunks(matched_before):
        connection.execute(_UNFILE, {"ids": some})
    rows = [
        {"initiative_id": match.initiative_id, "commitment_id": commitment, "article_id": article.id}
        for article, found in judged
        for match in found
        for commitment in dict.fromkeys(match.commitments)
    ]
    if rows:
        connection.execute(match_commitments.insert(), rows)


def _to_row(match: Match) -> dict[str, Any]:
    return {
        "initiative_id": match.initiative_id,
        "commitments": list(match.commitments),
        "evidence": [
            {
                "term": one.term,
                "field": str(one.field),
                "start": one.start,
                "end": one.end,
                "snippet": one.snippet,
                "strength": str(one.strength),
            }
            for one in match.evidence
        ],
        "watchlist_version": match.watchlist_version,
        "text_version": match.text_version,
    }


def _to_evidence(stored: dict[str, Any]) -> Evidence:
    return Evidence(
        term=stored["term"],
        field=Field(stored["field"]),
        start=stored["start"],
        end=stored["end"],
        snippet=stored["snippet"],
        strength=Strength(stored["strength"]),
    )
