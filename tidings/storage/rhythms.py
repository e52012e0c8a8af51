"""`RhythmStore` on the database: when an initiative's reports came, and from whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from alerts.alert_records import ToldStory
from alerts.bringers import Bringer
from alerts.moments import Moments
from alerts.records import Telling
from crawler.records import SourceState
from tidings.storage.article_rows import A, chunks
from tidings.storage.engine import Database
from tidings.storage.judgements import meant
from tidings.storage.match_rows import M
from tidings.storage.review import FREE
from tidings.storage.sources import S, active
from tidings.storage.tables import articles, initiative_rules, match_commitments, matches, sources
from tidings.storage.tellings import COLUMNS, OUTLET, to_telling

C = match_commitments.c
R = initiative_rules.c

# When a report came. One that was found in the archive came when its article did.
came_at = case((M.found_by.is_(None), M.matched_at), else_=A.first_seen_at)
REPORT = and_(M.gone_at.is_(None), ~A.backfilled, FREE, meant(M.article_id, M.initiative_id))
_STORY = and_(REPORT, A.held_since.is_(None))  # a flood that was released came at no rhythm


class SqlRhythms:
    """See `alerts.rhythm_alerts.RhythmStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def moments(self, initiative_id: str, since: datetime) -> Moments:
        """Stories whose first report came at `since` or later, and the last report of all."""
        return await self._database.read(lambda connection: moments_of(connection, initiative_id, since))

    async def bringers(self, initiative_id: str, since: datetime, until: datetime) -> tuple[Bringer, ...]:
        """The sources of the reports that came with since <= moment < until."""
        return await self._database.read(
            lambda connection: _bringers(connection, initiative_id, since, until)
        )

    async def unready(self, now: datetime, behind: timedelta) -> tuple[bool, frozenset[str]]:
        """Whether half of the sources are behind with their polls, and initiatives whose run over the archive waits."""
        return await self._database.read(lambda connection: _unready(connection, now - behind))

    async def began(self, initiative_id: str, since: datetime, until: datetime) -> tuple[ToldStory, ...]:
        """Stories whose first report came with since <= moment < until, those in most outlets first."""
        first = func.min(came_at, type_=M.matched_at.type)
        found = await self._database.read(
            lambda connection: _stories(
                connection, initiative_id, _STORY, and_(first >= since, first < until)
            )
        )
        return tuple(sorted(found, key=lambda one: (-one.outlets, one.came, one.id)))

    async def reported(self, initiative_id: str, after: datetime) -> tuple[ToldStory, ...]:
        """Stories of which a report came after a moment, by the first such report."""
        found = await self._database.read(
            lambda connection: _stories(connection, initiative_id, and_(REPORT, came_at > after), None)
        )
        return tuple(sorted(found, key=lambda one: (one.came, one.id)))

    async def filed(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[tuple[Telling, ...], int]:
        """The newest reports filed under a commitment, newest first, and how many there are in all."""
        return await self._database.read(
            lambda connection: filed_under(connection, initiative_id, commitment_id, limit)
        )

    async def watched_since(self) -> datetime | None:
        """When the first article came that is still kept."""
        return await self._database.read(_watched_since)


def _of(initiative_id: str) -> ColumnElement[bool]:
    return M.initiative_id == initiative_id


def moments_of(
    connection: Connection, initiative_id: str, since: datetime, until: datetime | None = None
) -> Moments:
    """See `SqlRhythms.moments`; of what came before `until`, where that is given."""
    matched = matches.join(articles, A.id == M.article_id)
    first = func.min(came_at, type_=M.matched_at.type)
    past = () if until is None else (came_at < until,)
    stories = connection.execute(
        select(first.label("at"))
        .select_from(matched)
        .where(_of(initiative_id), _STORY, *past)
        .group_by(A.story_id)
        .having(first >= since)
    ).scalars()
    last = connection.execute(
        select(func.max(came_at, type_=M.matched_at.type))
        .select_from(matched)
        .where(_of(initiative_id), REPORT, *past)
    ).scalar_one()
    return Moments(
        watched_since=_watched_since(connection),
        stories=tuple(stories),
        last_report=last,
    )


def _watched_since(connection: Connection) -> datetime | None:
    first: datetime | None = connection.execute(select(func.min(A.first_seen_at))).scalar_one()
    return first


def _stories(
    connection: Connection,
    initiative_id: str,
    reports: ColumnElement[bool],
    stories: ColumnElement[bool] | None,
) -> tuple[ToldStory, ...]:
    """Stories of such reports, each under the title of the first of them."""
    came = func.min(came_at, type_=M.matched_at.type)
    outlets = func.count(func.distinct(A.source_id))
    query = (
        select(A.story_id, came.label("at"), outlets.label("outlets"))
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(_of(initiative_id), reports)
        .group_by(A.story_id)
    )
    grouped = connection.execute(query if stories is None else query.having(stories)).all()
    leads = _leads(connection, initiative_id, reports, [row.story_id for row in grouped])
    return tuple(
        ToldStory(
            id=row.story_id,
            title=lead.title,
            url=lead.url,
            source=lead.source,
            published=lead.published,
            came=row.at,
            outlets=row.outlets,
        )
        for row in grouped
        if (lead := leads.get(row.story_id)) is not None
    )


def _leads(
    connection: Connection, initiative_id: str, reports: ColumnElement[bool], story_ids: Sequence[str]
) -> dict[str, Telling]:
    """Of each story the report that came first."""
    found: dict[str, Telling] = {}
    for some in chunks(story_ids):
        rows = connection.execute(
            select(A.story_id, *COLUMNS)
            .select_from(matches.join(articles, A.id == M.article_id).join(sources, S.id == A.source_id))
            .where(_of(initiative_id), reports, A.story_id.in_(some))
            .order_by(came_at, A.id)
        )
        for row in rows:
            found.setdefault(row.story_id, to_telling(row))
    return found


def filed_under(
    connection: Connection, initiative_id: str, commitment_id: str, limit: int, until: datetime | None = None
) -> tuple[tuple[Telling, ...], int]:
    """See `SqlRhythms.filed`; of what was first seen before `until`, where that is given."""
    mine = and_(
        C.initiative_id == initiative_id,
        C.commitment_id == commitment_id,
        FREE,
        meant(C.article_id, C.initiative_id),
    )
    if until is not None:
        mine = and_(mine, A.first_seen_at < until)
    filed = match_commitments.join(articles, A.id == C.article_id).join(sources, S.id == A.source_id)
    newest = func.coalesce(A.published_at, A.first_seen_at).desc()
    rows = connection.execute(
        select(*COLUMNS).select_from(filed).where(mine).order_by(newest, A.id).limit(limit)
    )
    number = connection.execute(select(func.count()).select_from(filed).where(mine)).scalar_one()
    return tuple(to_telling(row) for row in rows), number


def _bringers(
    connection: Connection, initiative_id: str, since: datetime, until: datetime
) -> tuple[Bringer, ...]:
    brought = (
        select(A.source_id, func.count().label("reports"))
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(_of(initiative_id), REPORT, came_at >= since, came_at < until)
        .group_by(A.source_id)
        .subquery()
    )
    rows = connection.execute(
        select(
            OUTLET,
            brought.c.reports,
            S.state,
            or_(S.paused, S.operator_paused).label("is_paused"),
            S.configured,
            S.problem,
            S.since,
            S.last_new_at,
        )
        .select_from(sources.join(brought, brought.c.source_id == S.id))
        .order_by(S.id)
    )
    return tuple(
        Bringer(
            source=row.outlet,
            reports=row.reports,
            state=SourceState(row.state),
            paused=row.is_paused,
            configured=row.configured,
            problem=row.problem,
            since=row.since,
            last_new_at=row.last_new_at,
        )
        for row in rows
    )


def _unready(connection: Connection, since: datetime) -> tuple[bool, frozenset[str]]:
    late, every = connection.execute(
        select(func.count(case((S.next_poll_at < since, 1))), func.count())
        .select_from(sources)
        .where(active())
    ).one()
    waiting = connection.execute(
        select(R.initiative_id).where(R.pending_since.is_not(None), R.removed_at.is_(None))
    ).scalars()
    return bool(late) and 2 * late >= every, frozenset(waiting)
