"""What the site shows, a page at a time, the newest first: stories of an initiative, deliveries, articles of a source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, or_, select

from alerts.messages import Delivery, DeliveryState
from alerts.records import MatchedArticle, Telling
from tidings.storage.article_rows import A
from tidings.storage.deliveries import to_delivery
from tidings.storage.engine import Database
from tidings.storage.match_rows import WATCHLIST_SINCE, M, to_match, with_version
from tidings.storage.outbox_tables import deliveries, messages
from tidings.storage.review import FREE
from tidings.storage.sources import S
from tidings.storage.tables import articles, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling

STEP = 200  # matches that are read at once to find the stories of a page

D = deliveries.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page ends, and the next one goes on."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One delivery, and what its message is called."""

    delivery: Delivery
    subject: str


class SqlShowing:
    """Reads only, each page on one consistent view."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stories(
        self, initiative_id: str | None, *, before: Place | None, limit: int
    ) -> tuple[tuple[tuple[MatchedArticle, ...], ...], Place | None]:
        """Stories by their newest match, each as its matching articles, and where the next page begins; None: nowhere.

        A story stands at its newest match: it is on one page only, unless it gets a further match meanwhile.

        Args:
            initiative_id: that they match; None: any.
        """
        return await self._database.read(partial(_stories, of=initiative_id, before=before, limit=limit))

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        before: Place | None = None,
        limit: int,
    ) -> tuple[tuple[Shown, ...], Place | None]:
        """Deliveries by the time they were made, and where the next page begins; None: nowhere."""
        return await self._database.read(
            partial(_deliveries, state=state, channel=channel, before=before, limit=limit)
        )

    async def of_source(
        self, source_id: str, since: datetime, limit: int
    ) -> tuple[tuple[datetime, ...], tuple[Telling, ...]]:
        """When each article of a source was first seen since then, and the newest of them."""
        return await self._database.read(partial(_of_source, source_id=source_id, since=since, limit=limit))


def _stories(
    connection: Connection, *, of: str | None, before: Place | None, limit: int
) -> tuple[tuple[tuple[MatchedArticle, ...], ...], Place | None]:
    shown: dict[str, Place] = {}  # story → its newest match
    last = before
    while len(shown) <= limit:
        rows = connection.execute(
            select(M.matched_at, M.article_id, A.story_id)
            .select_from(matches.join(articles, A.id == M.article_id))
            .where(*_held(of), *_after(M.matched_at, M.article_id, last))
            .order_by(M.matched_at.desc(), M.article_id.desc())
            .limit(STEP)
        ).all()
        above = _told_above(connection, of, before, {row.story_id for row in rows} - shown.keys())
        for row in rows:
            last = Place(at=row.matched_at, id=row.article_id)
            if row.story_id not in above:
                shown.setdefault(row.story_id, last)
        if len(rows) < STEP:
            break
    page = list(shown)[:limit]
    found = _matched(connection, of, page)
    more = shown[page[-1]] if len(shown) > limit else None
    return tuple(found[one] for one in page if one in found), more


def _held(of: str | None) -> list[ColumnElement[bool]]:
    wanted = [M.gone_at.is_(None), FREE, A.story_id.is_not(None)]
    return wanted if of is None else [M.initiative_id == of, *wanted]


def _after(at: Column[Any], name: Column[Any], place: Place | None) -> list[ColumnElement[bool]]:
    """What comes behind `place`, the newest first; the first condition alone is what an index can use."""
    if place is None:
        return []
    return [at <= place.at, or_(at < place.at, name < place.id)]


def _told_above(
    connection: Connection, of: str | None, before: Place | None, story_ids: Collection[str]
) -> frozenset[str]:
    """Those of the stories that stand on an earlier page."""
    if before is None or not story_ids:
        return frozenset()
    at_or_above = or_(M.matched_at > before.at, and_(M.matched_at == before.at, M.article_id >= before.id))
    rows = connection.execute(
        select(A.story_id)
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(A.story_id.in_(story_ids), *_held(of), at_or_above)
        .distinct()
    )
    return frozenset(rows.scalars())


def _matched(
    connection: Connection, of: str | None, story_ids: Sequence[str]
) -> dict[str, tuple[MatchedArticle, ...]]:
    matched = matches.join(articles, A.id == M.article_id)
    rows = connection.execute(
        select(matches, WATCHLIST_SINCE, *COLUMNS, A.story_id, A.text_length, A.text_state, A.version)
        .select_from(with_version(matched).join(sources, S.id == A.source_id))
        .where(A.story_id.in_(story_ids), *_held(of))
        .order_by(M.matched_at, M.article_id, M.initiative_id)
    )
    found: dict[str, list[MatchedArticle]] = defaultdict(list)
    for row in rows:
        found[row.story_id].append(
            MatchedArticle(
                match=to_match(row),
                telling=to_telling(row),
                story_id=row.story_id,
                duplicate_of=row.duplicate_of,
                text_length=row.text_length,
                text_state=row.text_state,
                version=row.version,
            )
        )
    return {name: tuple(each) for name, each in found.items()}


def _deliveries(
    connection: Connection,
    *,
    state: DeliveryState | None,
    channel: str | None,
    before: Place | None,
    limit: int,
) -> tuple[tuple[Shown, ...], Place | None]:
    wanted = _after(D.created_at, D.id, before)
    if state is not None:
        wanted.append(D.state == str(state))
    if channel is not None:
        wanted.append(D.channel_id == channel)
    rows = connection.execute(
        select(deliveries, messages.c.subject)
        .select_from(deliveries.join(messages, messages.c.key == D.message_key))
        .where(*wanted)
        .order_by(D.created_at.desc(), D.id.desc())
        .limit(limit + 1)
    ).all()
    page = [Shown(delivery=to_delivery(row), subject=row.subject) for row in rows[:limit]]
    last = page[-1].delivery if len(rows) > limit else None
    return tuple(page), None if last is None else Place(at=last.created_at, id=last.id)


def _of_source(
    connection: Connection, *, source_id: str, since: datetime, limit: int
) -> tuple[tuple[datetime, ...], tuple[Telling, ...]]:
    mine = (A.first_seen_at >= since, A.source_id == source_id)
    times = connection.execute(select(A.first_seen_at).where(*mine).order_by(A.first_seen_at)).scalars()
    newest = connection.execute(
        select(*COLUMNS)
        .select_from(articles.join(sources, S.id == A.source_id))
        .where(*mine)
        .order_by(A.first_seen_at.desc(), A.id.desc())
        .limit(limit)
    )
    return tuple(times), tuple(to_telling(row) for row in newest)
