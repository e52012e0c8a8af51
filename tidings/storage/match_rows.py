"""Matches between rows and records, and the moment at which a match is news: every writer of matches goes through here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, FromClause, Join, bindparam, func, select, union_all, update
from sqlalchemy.sql.dml import Insert

from alerts.records import Evidence, Field, Found, FoundBy, Match, Strength
from tidings.storage.article_rows import chunks
from tidings.storage.dialect import AnyRow, insert_for
from tidings.storage.outbox_tables import digest_slots, digests
from tidings.storage.tables import matches, watchlist_versions

M = matches.c

WINDOWS = "windows"  # the lock under which windows are frozen; shared, under which matches get their time
MOMENT = timedelta(microseconds=1)
WATCHLIST_SINCE = watchlist_versions.c.first_since.label("watchlist_since")  # needs `with_version`

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_STORED = select(
    M.article_id,
    M.initiative_id,
    M.commitments,
    M.matched_at,
    M.gone_at,
    M.found_by,
    M.found_at,
    M.filed,
    M.told_at,
).where(M.article_id.in_(_IDS))
_EDGES = (select(func.max(digest_slots.c.until).label("at")), select(func.max(digests.c.started_at)))
_LAST_EDGE = select(func.max(union_all(*_EDGES).subquery().c.at))  # a first window begins open, too
_ONE = update(matches).where(M.article_id == bindparam("article"), M.initiative_id == bindparam("initiative"))


def in_no_window(connection: Connection, now: datetime) -> datetime:
    """`now`, or the first moment after the last frozen window or the start of a digest's first one.

    Before it, some digest would not tell the match.
    """
    newest = last_edge(connection)
    return now if newest is None else max(now, newest + MOMENT)


def last_edge(connection: Connection) -> datetime | None:
    """The end of the last frozen window, or the start of a digest's first one when that is later."""
    newest: datetime | None = connection.execute(_LAST_EDGE).scalar_one()
    return newest


# -- reading ---------------------------------------------------------------------------------------


def with_version(matched: FromClause) -> Join:
    """`matched`, which holds `matches`, joined so that `WATCHLIST_SINCE` can be selected."""
    return matched.outerjoin(watchlist_versions, watchlist_versions.c.version == M.watchlist_version)


def matches_of(connection: Connection, article_id: str) -> tuple[Match, ...]:
    """All matches of an article, by time, then initiative."""
    rows = connection.execute(
        select(matches, WATCHLIST_SINCE)
        .select_from(with_version(matches))
        .where(M.article_id == article_id)
        .order_by(M.matched_at, M.initiative_id)
    )
    return tuple(to_match(row) for row in rows)


def stored_matches(connection: Connection, article_ids: Iterable[str]) -> dict[str, dict[str, AnyRow]]:
    """The matches that are there, without their evidence, by article and initiative."""
    found: dict[str, dict[str, AnyRow]] = {}
    for some in chunks(article_ids):
        for row in connection.execute(_STORED, {"ids": some}):
            found.setdefault(row.article_id, {})[row.initiative_id] = row
    return found


def to_match(row: AnyRow) -> Match:
    """The record of a row of `matches` with `WATCHLIST_SINCE`."""
    return Match(
        article_id=row.article_id,
        initiative_id=row.initiative_id,
        commitments=tuple(row.commitments),
        evidence=tuple(to_evidence(one) for one in row.evidence),
        watchlist_version=row.watchlist_version,
        text_version=row.text_version,
        matched_at=row.matched_at,
        found=None if row.found_by is None else Found(by=FoundBy(row.found_by), at=row.found_at),
        filed=row.filed,
        told_at=row.told_at,
        gone_at=row.gone_at,
        watchlist_since=row.watchlist_since,
    )


def to_evidence(stored: dict[str, Any]) -> Evidence:
    """The record of one piece of what a match keeps."""
    return Evidence(
        term=stored["term"],
        field=Field(stored["field"]),
        start=stored["start"],
        end=stored["end"],
        snippet=stored["snippet"],
        strength=Strength(stored["strength"]),
        words=stored.get("words", ""),
    )


# -- writing ---------------------------------------------------------------------------------------


def holds_again(kept: AnyRow) -> bool:
    """Whether a match that is found is the one that is there: it never ended, or was told before it did."""
    return kept.gone_at is None or kept.told_at is not None


def found_again(match: Match, kept: AnyRow) -> dict[str, Any]:
    """The row of a match that is there: with the evidence of now, and the time and fate it has."""
    fate = {name: getattr(kept, name) for name in ("matched_at", "found_by", "found_at", "filed", "told_at")}
    return _to_row(match) | fate | {"gone_at": None}


def found_first(
    match: Match, at: datetime, *, found: Found | None = None, filed: bool = False
) -> dict[str, Any]:
    """The row of a new match."""
    return _to_row(match) | {
        "matched_at": at,
        "gone_at": None,
        "found_by": None if found is None else str(found.by),
        "found_at": None if found is None else found.at,
        "filed": filed,
        "told_at": None,
    }


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write whole rows; those that are there are renewed."""
    if rows:
        connection.execute(_kept_match(connection.dialect.name), rows)


def change(connection: Connection, kept: Iterable[AnyRow], **values: Any) -> None:
    """Set columns of matches that are there, in the order of their ids."""
    places = sorted((row.article_id, row.initiative_id) for row in kept)
    if places:
        rows = [{"article": article_id, "initiative": initiative_id} for article_id, initiative_id in places]
        connection.execute(_ONE.values(values), rows)


@cache
def _kept_match(dialect: str) -> Insert:
    """An INSERT of a match; one that is there is renewed."""
    statement = insert_for(dialect, matches)
    return statement.on_conflict_do_update(
        index_elements=[M.article_id, M.initiative_id],
        set_={column.name: column for column in statement.excluded if not column.primary_key},
    )


def _to_row(match: Match) -> dict[str, Any]:
    return {
        "article_id": match.article_id,
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
                "words": one.words,
            }
            for one in match.evidence
        ],
        "watchlist_version": match.watchlist_version,
        "text_version": match.text_version,
    }
