"""`MatchStore` on the database: articles to be matched, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, case, delete, func, null, or_, select, update

from alerts.records import Match
from alerts.rerun import Refound, Rerun
from crawler.failpoints import reach
from crawler.records import Article
from crawler.shares import Share
from tidings.storage import restoring
from tidings.storage.article_rows import A, chunks, fetch, hold, of_share
from tidings.storage.dialect import lock
from tidings.storage.engine import Database
from tidings.storage.match_rows import (
    WINDOWS,
    change,
    found_again,
    found_first,
    holds_again,
    in_no_window,
    keep,
    matches_of,
    stored_matches,
)
from tidings.storage.reruns import record_rerun
from tidings.storage.tables import articles, match_commitments

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
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


class SqlMatches:
    """See `alerts.ports.MatchStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unmatched(
        self, limit: int, *, skip: Collection[str] = (), share: Share | None = None
    ) -> tuple[Article, ...]:
        """Folded articles whose version in force was not matched yet, oldest first, those to `skip` left out."""
        return await self._database.read(
            lambda connection: _unmatched(connection, limit, frozenset(skip), share)
        )

    async def record_matches(self, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
        """Store matches with evidence and mark the versions matched, in one transaction for all articles.

        A match that is there keeps its time. One that no longer holds stays, marked; when it holds again it is a
        new one, unless it was told. A new one is later than the end of any window that is frozen, and the start
        of any first one.
        """
        if judged:
            await self._database.write(lambda connection: record(connection, judged, now))

    async def record_rerun(
        self, judged: Sequence[tuple[Article, Sequence[Match]]], rerun: Rerun, now: datetime
    ) -> Refound:
        """Store what a second look at articles of the archive found and lost, in one transaction for all of them."""
        if not judged:
            return Refound()
        return await self._database.write(lambda connection: record_rerun(connection, judged, rerun, now))

    async def matches_of(self, article_id: str) -> tuple[Match, ...]:
        """All, those that no longer hold too; by time, then initiative."""
        return await self._database.read(lambda connection: matches_of(connection, article_id))


def _unmatched(
    connection: Connection, limit: int, skip: Collection[str], share: Share | None
) -> tuple[Article, ...]:
    rows = connection.execute(
        select(A.id)
        .where(A.unmatched_since.is_not(None), A.unfolded_since.is_(None), of_share(connection, share))
        .order_by(A.unmatched_since, A.first_seen_at, A.id)
        .limit(limit + len(skip))
    )
    waiting = [row.id for row in rows if row.id not in skip][:limit]
    found = fetch(connection, waiting)
    return tuple(found[one] for one in waiting if one in found)


def record(connection: Connection, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
    """See `SqlMatches.record_matches`.

    Many may add matches at once, so they share the lock of windows; who freezes one has it alone. Whoever freezes
    waits for all that were dated before its end, and sees them; whoever dates one afterwards sees that end.
    """
    if any(found for _, found in judged):
        lock(connection, WINDOWS, shared=True)
    now = in_no_window(connection, now)
    here = hold(connection, (article.id for article, _ in judged))
    judged = [(article, found) for article, found in judged if article.id in here]  # others were purged
    stored = stored_matches(connection, here)
    dated = restoring.counted(connection, here)
    told_until = restoring.told_until(connection) if dated else {}
    rows, gone = [], []
    for article, found in judged:
        before = stored.get(article.id, {})
        for match in (replace(one, article_id=article.id) for one in found):
            kept = before.get(match.initiative_id)
            if kept is not None and holds_again(kept):
                rows.append(found_again(match, kept))
            elif (at := dated.get(article.id)) is not None:
                told = told_until.get(match.initiative_id)
                rows.append(
                    found_first(match, at) | {"told_at": at if told is not None and told >= at else None}
                )
            else:
                rows.append(found_first(match, now))
        lost = before.keys() - {match.initiative_id for match in found}
        gone += [before[one] for one in lost if before[one].gone_at is None]
    keep(connection, rows)
    reach("match_insert")
    change(connection, gone, gone_at=now)
    _file_commitments(connection, stored, judged)
    restoring.have_counted(connection, dated)
    if judged:
        done = [{"own": article.id, "judged": article.version, "now": now} for article, _ in judged]
        connection.execute(_MATCHED, done)


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
