"""`MatchStore` on the database: articles to be matched, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from alerts.records import Evidence, Field, Match, Strength
from crawler.records import Article
from tidings.storage.article_rows import A, existing, to_article, whole_articles
from tidings.storage.engine import AnyRow, Database, insert
from tidings.storage.tables import articles, match_commitments, matches

M = matches.c


class SqlMatches:
    """See `alerts.ports.MatchStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unmatched(self, limit: int) -> tuple[Article, ...]:
        """Folded articles whose version in force was not matched yet, oldest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                whole_articles()
                .where(A.unmatched_since.is_not(None), A.unfolded_since.is_(None))
                .order_by(A.unmatched_since, A.first_seen_at, A.id)
                .limit(limit)
            ).all()
        )
        return tuple(to_article(row) for row in rows)

    async def record_matches(self, article: Article, matches: Sequence[Match], now: datetime) -> None:
        """Store matches with evidence and mark the version matched, in one transaction.

        A match that is there keeps its time. One that no longer holds stays, marked; when it holds again
        it is a new one.
        """
        await self._database.write(lambda connection: _record(connection, article, matches, now))

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


def _record(connection: Connection, article: Article, found: Sequence[Match], now: datetime) -> None:
    if not existing(connection, [article.id]):
        return  # purged while it was matched
    stored = {
        row.initiative_id: row
        for row in connection.execute(
            select(M.initiative_id, M.matched_at, M.gone_at).where(M.article_id == article.id)
        )
    }
    for match in found:
        before = stored.pop(match.initiative_id, None)
        row = _to_row(match) | {"article_id": article.id, "matched_at": now, "gone_at": None}
        if before is not None and before.gone_at is None:
            row["matched_at"] = before.matched_at
        statement = insert(connection, matches).values(row)
        connection.execute(
            statement.on_conflict_do_update(index_elements=[M.article_id, M.initiative_id], set_=row)
        )
    for initiative_id, before in stored.items():
        if before.gone_at is None:
            this = (M.article_id == article.id) & (M.initiative_id == initiative_id)
            connection.execute(update(matches).where(this).values(gone_at=now))
    _file_commitments(connection, article.id, found)
    connection.execute(
        update(articles)
        .where(A.id == article.id, A.matched_version < article.version)
        .values(matched_version=article.version)
    )
    connection.execute(
        update(articles)
        .where(A.id == article.id, A.matched_version >= A.version)
        .values(unmatched_since=None)
    )


def _file_commitments(connection: Connection, article_id: str, found: Sequence[Match]) -> None:
    connection.execute(delete(match_commitments).where(match_commitments.c.article_id == article_id))
    rows = [
        {"initiative_id": match.initiative_id, "commitment_id": commitment, "article_id": article_id}
        for match in found
        for commitment in dict.fromkeys(match.commitments)
    ]
    if rows:
        connection.execute(insert(connection, match_commitments), rows)


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
