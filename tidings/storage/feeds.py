"""What feeds for others are made of: the newest stories of an initiative, and the newest articles that a search may find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, and_, func, or_, select, true

from alerts.narrowing import Need
from alerts.records import Match
from tidings.feeds_out.entries import FeedTelling
from tidings.storage.article_rows import A, chunks
from tidings.storage.dialect import AnyRow, insert
from tidings.storage.digests import may_be_told
from tidings.storage.engine import Database
from tidings.storage.installation import get
from tidings.storage.installation_tables import installation
from tidings.storage.judgements import meant
from tidings.storage.match_rows import WATCHLIST_SINCE, M, to_match, with_version
from tidings.storage.outbox_tables import article_changes
from tidings.storage.search import Filters, candidates
from tidings.storage.sources import S
from tidings.storage.tables import articles, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling

PAGE = 200  # matches that are looked at for stories at a time
_SPACE = "feeds"
_MEANT = meant(M.article_id, M.initiative_id)  # where there is a match
_TOLD = may_be_told().label("may_be_told")
_ARTICLE = (*COLUMNS, A.story_id, A.authors, A.text_length, A.text_state, A.version, _TOLD)
_MATCH = (
    M.article_id,
    M.initiative_id,
    M.commitments,
    M.watchlist_version,
    M.text_version,
    M.matched_at,
    M.filed,
    M.gone_at,
)


class SqlFeeds:
    """Reads of a feed; none of them reads a text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def space(self, now: datetime) -> tuple[UUID, datetime]:
        """In which the ids of this installation's feeds are unique, and when it was made; the first call makes it."""
        found = await self._database.read(lambda connection: get(connection, _SPACE))
        if found is None:
            found = await self._database.write(partial(_space, now=now))
        space, _, made_at = found.partition(" ")
        return UUID(space), datetime.fromisoformat(made_at)

    async def stories(self, initiative_id: str, most: int, *, evidence: bool) -> tuple[FeedTelling, ...]:
        """All matches of an initiative in those of its stories that matched last, `most` of them; by time, then article.

        Matches that do not count any more are among them, and stories have one at least that counts and may be told.

        Args:
            evidence: with it; without, it is ().
        """
        return await self._database.read(
            partial(_stories, initiative=initiative_id, most=most, whole=evidence)
        )

    async def candidates(self, need: Need | None, filters: Filters, most: int) -> tuple[tuple[str, int], ...]:
        """Id and version of the newest articles that may hold what is needed and may be told, newest first.

        `most` of what the index knows are looked at.
        """
        return await self._database.read(partial(_candidates, need=need, filters=filters, most=most))

    async def articles(self, article_ids: Sequence[str]) -> tuple[FeedTelling, ...]:
        """Those of the articles that there are, in this order, each with a match that holds nothing."""
        return await self._database.read(partial(_articles, article_ids=article_ids))


def _space(connection: Connection, *, now: datetime) -> str:
    made = {"name": _SPACE, "value": f"{uuid4()} {now.astimezone(UTC).isoformat(timespec='seconds')}"}
    connection.execute(insert(connection, installation).values(made).on_conflict_do_nothing())
    found = get(connection, _SPACE)
    assert found is not None
    return found


def _stories(connection: Connection, *, initiative: str, most: int, whole: bool) -> tuple[FeedTelling, ...]:
    # In two steps: in one, SQLite would go through all matches that the initiative ever had.
    ids = [
        row.id
        for some in chunks(_newest(connection, initiative, most))
        for row in connection.execute(select(A.id).where(A.story_id.in_(some)))
    ]
    found = [
        row for some in chunks(ids) for row in connection.execute(matching_query(some, initiative, whole))
    ]
    changed = _changed(connection, [row.telling_id for row in found])
    return tuple(
        _to_telling(row, _match(row, whole), changed)
        for row in sorted(found, key=lambda row: (row.matched_at, row.article_id))
    )


def _newest(connection: Connection, initiative: str, most: int) -> list[str]:
    """Stories that something of the initiative came to last, and may be told."""
    found: dict[str, None] = {}
    page = query = newest_query(initiative)
    while len(found) < most:
        rows = connection.execute(page).all()
        found |= dict.fromkeys(row.story_id for row in rows)
        if len(rows) < PAGE:
            break
        last = rows[-1]
        page = query.where(
            M.matched_at <= last.matched_at,
            or_(
                M.matched_at < last.matched_at,
                and_(M.matched_at == last.matched_at, M.article_id < last.article_id),
            ),
        )
    return list(found)[:most]


def newest_query(initiative: str) -> Select[Any]:
    """Matches that stand in a feed, the newest first, a page of them."""
    return (
        select(A.story_id, M.matched_at, M.article_id)
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(M.initiative_id == initiative, M.gone_at.is_(None), ~M.filed, may_be_told(), _MEANT)
        .where(A.story_id.is_not(None))
        .order_by(M.matched_at.desc(), M.article_id.desc())
        .limit(PAGE)
    )


def matching_query(article_ids: Sequence[str], initiative: str, whole: bool) -> Select[Any]:
    """The matches of an initiative among these articles; `whole`: with their evidence."""
    columns = (matches, WATCHLIST_SINCE) if whole else _MATCH
    joined = articles.join(matches, M.article_id == A.id).join(sources, S.id == A.source_id)
    return (
        select(*columns, *_ARTICLE, _MEANT.label("is_meant"))
        .select_from(with_version(joined) if whole else joined)
        .where(M.article_id.in_(article_ids), M.initiative_id == initiative)
    )


def _candidates(
    connection: Connection, *, need: Need | None, filters: Filters, most: int
) -> tuple[tuple[str, int], ...]:
    ids = [name for _, name in candidates(connection, need, filters, most)]
    versions = {
        row.id: row.version
        for some in chunks(ids)
        for row in connection.execute(select(A.id, A.version).where(A.id.in_(some), may_be_told()))
    }
    return tuple((one, versions[one]) for one in ids if one in versions)


def _articles(connection: Connection, *, article_ids: Sequence[str]) -> tuple[FeedTelling, ...]:
    rows = {
        row.telling_id: row
        for some in chunks(article_ids)
        for row in connection.execute(
            select(*_ARTICLE, true().label("is_meant"))
            .select_from(articles.join(sources, S.id == A.source_id))
            .where(A.id.in_(some), may_be_told())
        )
    }
    changed = _changed(connection, list(rows))
    return tuple(
        _to_telling(rows[one], Match(article_id=one, initiative_id=""), changed)
        for one in article_ids
        if one in rows
    )


def _changed(connection: Connection, article_ids: Sequence[str]) -> dict[str, datetime]:
    """When what readers were told of an article changed in substance last."""
    C = article_changes.c
    return {
        row.article_id: row.at
        for some in chunks(article_ids)
        for row in connection.execute(
            select(C.article_id, func.max(C.at).label("at"))
            .where(C.article_id.in_(some))
            .group_by(C.article_id)
        )
    }


def _match(row: AnyRow, whole: bool) -> Match:
    if whole:
        return to_match(row)
    return Match(
        article_id=row.article_id,
        initiative_id=row.initiative_id,
        commitments=tuple(row.commitments),
        watchlist_version=row.watchlist_version,
        text_version=row.text_version,
        matched_at=row.matched_at,
        filed=row.filed,
        gone_at=row.gone_at,
    )


def _to_telling(row: AnyRow, match: Match, changed: dict[str, datetime]) -> FeedTelling:
    return FeedTelling(
        telling=to_telling(row),
        match=match,
        story_id=row.story_id or row.telling_id,
        authors=tuple(row.authors),
        text_length=row.text_length,
        text_state=row.text_state,
        version=row.version,
        may_be_told=bool(row.may_be_told) and not match.filed,
        is_meant=bool(row.is_meant),
        changed_at=changed.get(row.telling_id),
    )
