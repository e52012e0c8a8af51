"""Floods held for review: what is held, and how the review ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, not_, or_, select, update

from alerts.plans import DigestPlan
from alerts.records import Flood, Telling
from crawler import floods
from crawler.records import HeldFlood, SourceState, TextState
from tidings.storage.article_rows import A, chunks
from tidings.storage.dialect import lock
from tidings.storage.keys import title_fingerprint
from tidings.storage.match_rows import WINDOWS, M, in_no_window
from tidings.storage.sources import S
from tidings.storage.tables import articles, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling

BATCH = 500  # articles of one transaction

HELD: ColumnElement[bool] = and_(A.held_since.is_not(None), A.held_ended.is_(None))
_PENDING = A.text_state == str(TextState.PENDING)
FREE: ColumnElement[bool] = or_(A.held_since.is_(None), A.held_ended.is_not(None))


def listed_titles(connection: Connection, source_id: str, titles: Iterable[str]) -> frozenset[str]:
    """Those of `titles` that an article first seen in this source has."""
    prints = {title: title_fingerprint(title) for title in titles}
    asked = {number for number in prints.values() if number is not None}
    known = {
        row.title_print
        for some in chunks(sorted(asked))
        for row in connection.execute(
            select(A.title_print).where(A.title_print.in_(some), A.source_id == source_id)
        )
    }
    return frozenset(title for title, number in prints.items() if number in known)


def held(connection: Connection) -> tuple[HeldFlood, ...]:
    """Floods that are held now, by source and time."""
    rows = connection.execute(
        select(A.source_id, A.held_since, func.count().label("number"))
        .where(HELD)
        .group_by(A.source_id, A.held_since)
        .order_by(A.source_id, A.held_since)
    )
    return tuple(
        HeldFlood(source_id=row.source_id, since=row.held_since, articles=row.number) for row in rows
    )


def release(connection: Connection, source_id: str, *, as_new: bool, now: datetime) -> int:
    """End the review of what is held of a source; how many articles it was.

    As new: their matches count as found now, so that the next digests tell them, and their pages are read.
    """
    lock(connection, WINDOWS)
    mine = and_(HELD, A.source_id == source_id)
    if as_new:
        moment = in_no_window(connection, now)
        waiting = and_(M.article_id.in_(select(A.id).where(mine)), M.gone_at.is_(None))
        connection.execute(update(matches).where(waiting).values(matched_at=moment))
    values = _told(now) if as_new else _known(now)
    number = connection.execute(update(articles).where(mine).values(**values)).rowcount
    connection.execute(
        update(sources)
        .where(S.id == source_id, S.state == str(SourceState.FLOODING))
        .values(state=str(SourceState.OK), since=now, problem=None)
    )
    return int(number)


def let_go(connection: Connection, now: datetime) -> int:
    """Make known what nobody released in 7 days, some hundred articles at a time; how many it was."""
    over = list(
        connection.execute(
            select(A.id).where(HELD, A.held_since <= now - floods.HELD_FOR).limit(BATCH)
        ).scalars()
    )
    if over:
        connection.execute(update(articles).where(A.id.in_(over)).values(**_known(now)))
    return len(over)


def _told(now: datetime) -> dict[str, Any]:
    return {"held_ended": now, "page_due_at": case((_PENDING, now), else_=A.page_due_at)}


def _known(now: datetime) -> dict[str, Any]:
    """Known, and its page is never read: what the feed says stays its text."""
    text_state = case((_PENDING, str(TextState.FEED)), else_=A.text_state)
    return {"held_ended": now, "backfilled": True, "text_state": text_state}


def floods_for(
    connection: Connection, plan: DigestPlan, since: datetime, until: datetime
) -> tuple[Flood, ...]:
    """Floods held now of which the first thing matched this digest in the window, with all that did, newest first.

    A flood is shown once: what of it is matched after that stands in no second block.
    """
    first = (
        select(M.article_id, func.min(M.matched_at).label("at"))
        .where(M.initiative_id.in_(plan.initiatives), M.matched_at <= until, M.gone_at.is_(None))
        .where(M.article_id.in_(select(A.id).where(HELD)))
        .group_by(M.article_id)
        .subquery()
    )
    rows = connection.execute(
        select(*COLUMNS, A.held_since, first.c.at)
        .select_from(articles.join(sources, S.id == A.source_id).join(first, first.c.article_id == A.id))
        .where(HELD, not_(A.backfilled))
        .order_by(func.coalesce(A.published_at, A.first_seen_at).desc(), A.id)
    ).all()
    shown = {(row.source_id, row.held_since) for row in rows if row.at <= since}
    found: dict[tuple[str, datetime], list[Telling]] = {}
    for row in rows:
        if (row.source_id, row.held_since) not in shown:
            found.setdefault((row.source_id, row.held_since), []).append(to_telling(row))
    sizes = {(one.source_id, one.since): one.articles for one in held(connection)} if found else {}
    return tuple(
        Flood(
            source=tellings[0].source,
            source_id=source_id,
            since=since_,
            until=since_ + floods.HELD_FOR,
            articles=sizes.get((source_id, since_), len(tellings)),
            matching=tuple(tellings),
        )
        for (source_id, since_), tellings in sorted(found.items())
    )


def number_held(connection: Connection) -> int:
    """How many articles are held now."""
    return connection.execute(select(func.count()).select_from(articles).where(HELD)).scalar_one()
