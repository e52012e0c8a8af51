"""`RhythmStore` on the database: when an initiative's reports came, and from whom."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from alerts.bringers import Bringer
from alerts.rhythm_alerts import Moments
from crawler.records import SourceState
from tidings.storage.article_rows import A
from tidings.storage.engine import Database
from tidings.storage.match_rows import M
from tidings.storage.outbox_tables import messages
from tidings.storage.review import FREE
from tidings.storage.sources import S, active
from tidings.storage.tables import articles, initiative_rules, matches, sources
from tidings.storage.tellings import OUTLET

R = initiative_rules.c

# When a report came. One that was found in the archive came when its article did.
_came = case((M.found_by.is_(None), M.matched_at), else_=A.first_seen_at)
_REPORT = and_(M.gone_at.is_(None), ~A.backfilled, FREE)
_STORY = and_(_REPORT, A.held_since.is_(None))  # a flood that was released came at no rhythm


class SqlRhythms:
    """See `alerts.rhythm_alerts.RhythmStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def moments(self, initiative_id: str, since: datetime) -> Moments:
        """Stories whose first report came at `since` or later, and the last report of all."""
        return await self._database.read(lambda connection: _moments(connection, initiative_id, since))

    async def bringers(self, initiative_id: str, since: datetime, until: datetime) -> tuple[Bringer, ...]:
        """The sources of the reports that came with since <= moment < until."""
        return await self._database.read(
            lambda connection: _bringers(connection, initiative_id, since, until)
        )

    async def unready(self, now: datetime, behind: timedelta) -> tuple[bool, frozenset[str]]:
        """Whether half of the sources are behind with their polls, and initiatives whose run over the archive waits."""
        return await self._database.read(lambda connection: _unready(connection, now - behind))

    async def told(self, prefix: str) -> tuple[str, ...]:
        """Keys of messages that begin with `prefix`."""
        mine = messages.c.key.startswith(prefix, autoescape=True)
        return await self._database.read(
            lambda connection: tuple(connection.execute(select(messages.c.key).where(mine)).scalars())
        )


def _of(initiative_id: str) -> ColumnElement[bool]:
    return M.initiative_id == initiative_id


def _moments(connection: Connection, initiative_id: str, since: datetime) -> Moments:
    matched = matches.join(articles, A.id == M.article_id)
    first = func.min(_came, type_=M.matched_at.type)
    stories = connection.execute(
        select(first.label("at"))
        .select_from(matched)
        .where(_of(initiative_id), _STORY)
        .group_by(A.story_id)
        .having(first >= since)
    ).scalars()
    last = connection.execute(
        select(func.max(_came, type_=M.matched_at.type))
        .select_from(matched)
        .where(_of(initiative_id), _REPORT)
    ).scalar_one()
    return Moments(
        watched_since=connection.execute(select(func.min(A.first_seen_at))).scalar_one(),
        stories=tuple(stories),
        last_report=last,
    )


def _bringers(
    connection: Connection, initiative_id: str, since: datetime, until: datetime
) -> tuple[Bringer, ...]:
    brought = (
        select(A.source_id, func.count().label("reports"))
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(_of(initiative_id), _REPORT, _came >= since, _came < until)
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
