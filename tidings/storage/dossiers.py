"""What a dossier of one initiative is made from, read in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from alerts.dossier_records import Came, Held, Material, Period, RulesKept
from alerts.evidence import best
from alerts.moments import REACH
from alerts.records import Match, MatchedArticle, Unread
from crawler.records import Article, TextState
from tidings.storage.article_rows import A, V, fetch
from tidings.storage.coverage import UNREAD, reached
from tidings.storage.dialect import AnyRow
from tidings.storage.engine import Database
from tidings.storage.judgements import meant
from tidings.storage.match_rows import M, to_evidence
from tidings.storage.review import FREE, HELD
from tidings.storage.rhythms import REPORT, came_at, filed_under, moments_of
from tidings.storage.sources import S, active
from tidings.storage.tables import (
    article_versions,
    articles,
    initiative_rules,
    match_commitments,
    matches,
    sources,
)
from tidings.storage.tellings import COLUMNS, OUTLET, to_telling

C = match_commitments.c
R = initiative_rules.c

EVIDENCE = 5  # reports under one commitment, the newest
Day = tuple[date, datetime, datetime]  # with the moments at which it begins and ends

_NOT_MEANT = and_(
    M.gone_at.is_(None), ~A.backfilled, FREE, meant(M.article_id, M.initiative_id, otherwise=True)
)
_MATCHED = matches.join(articles, A.id == M.article_id)
_IN_FORCE = and_(V.article_id == A.id, V.version == A.version)
_TOLD = _MATCHED.join(sources, S.id == A.source_id)
_WHOLE = _TOLD.join(article_versions, _IN_FORCE)
_WHEN = came_at.label("came")
_PLAIN = (*COLUMNS, _WHEN, A.story_id, M.commitments, A.text_length)
_PROVED = (M.evidence, A.text_state, V.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a dossier wants to know."""

    initiative_id: str
    period: Period
    days: Sequence[Day]  # of the period
    commitments: Sequence[tuple[str, str]] = ()  # initiative and id of each
    sources: Collection[str] | None = None  # ids of those that the initiative is looked for in; None: all


class SqlDossiers:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def material(self, asked: Asked) -> Material:
        """All that there is for one dossier, as of one moment."""
        return await self._database.read(lambda connection: _material(connection, asked))

    async def articles(self, ids: Iterable[str]) -> tuple[Article, ...]:
        """Those of the articles that exist, with their texts in force."""
        wanted = tuple(ids)
        return await self._database.read(lambda connection: tuple(fetch(connection, wanted).values()))


def _material(connection: Connection, asked: Asked) -> Material:
    period, mine = asked.period, M.initiative_id == asked.initiative_id
    last = connection.execute(select(func.max(S.last_success_at)).where(active())).scalar_one()
    return Material(
        reports=_reports(connection, mine, asked),
        moments=moments_of(connection, asked.initiative_id, period.start - REACH, period.end),
        report_before=connection.execute(
            select(func.max(came_at, type_=M.matched_at.type))
            .select_from(_MATCHED)
            .where(mine, REPORT, came_at < period.start)
        ).scalar_one(),
        collected=frozenset(
            day for day, start, end in asked.days if _anything(connection, start, min(end, period.end))
        ),
        last_polled=last,
        filed={
            (initiative_id, one): filed_under(connection, initiative_id, one, EVIDENCE, period.end)
            for initiative_id, one in asked.commitments
        },
        filed_of=_filed_of(connection, asked),
        coverage=reached(connection, period.start, period.end, only=asked.sources),
        held=_held(connection, mine),
        known=connection.execute(
            select(func.count())
            .select_from(_MATCHED)
            .where(mine, M.gone_at.is_(None), A.backfilled, A.first_seen_at < period.end)
            .where(A.first_seen_at >= period.start)
        ).scalar_one(),
        not_about=connection.execute(
            select(func.count())
            .select_from(_MATCHED)
            .where(mine, _NOT_MEANT, came_at >= period.start, came_at < period.end)
        ).scalar_one(),
        rules=_rules(connection, asked.initiative_id),
    )


def _reports(connection: Connection, mine: ColumnElement[bool], asked: Asked) -> tuple[Came, ...]:
    """By time. What came at a moment was matched then or later, so that the index on that narrows the search."""
    period, before = asked.period, asked.period.before
    since = and_(M.matched_at >= before.start, came_at >= before.start, came_at < period.end)
    here = select(A.story_id).select_from(_MATCHED).where(mine, REPORT, since)
    parts = (
        _found(and_(mine, REPORT, came_at < before.start, A.story_id.in_(here))),
        _found(and_(mine, REPORT, since, came_at < period.start)),
        _found(and_(mine, REPORT, since, came_at >= period.start), *_PROVED),
    )
    return tuple(
        _came(row, asked, proved=place == len(parts) - 1)
        for place, query in enumerate(parts)
        for row in connection.execute(query)
    )


def _found(wanted: ColumnElement[bool], *more: ColumnElement[Any]) -> Select[Any]:
    return select(*_PLAIN, *more).select_from(_WHOLE if more else _TOLD).where(wanted).order_by(_WHEN, A.id)


def _came(row: AnyRow, asked: Asked, *, proved: bool) -> Came:
    evidence = tuple(map(to_evidence, row.evidence)) if proved else ()
    shown = best(evidence)
    return Came(
        article=MatchedArticle(
            match=Match(
                article_id=row.telling_id,
                initiative_id=asked.initiative_id,
                commitments=tuple(row.commitments),
                evidence=() if shown is None else (shown,),
            ),
            telling=to_telling(row),
            story_id=row.story_id or row.telling_id,
            duplicate_of=row.duplicate_of,
            text_length=row.text_length,
        ),
        at=row.came,
        terms=tuple(dict.fromkeys(one.term for one in evidence)),
        unread=_unread(row) if proved else None,
    )


def _unread(row: AnyRow) -> Unread | None:
    """Why an article has no text of its page; None where it has one, or needs none."""
    why = UNREAD.get(TextState(row.text_state)) if row.origin == "feed" else None
    return Unread.PAYWALL if why is Unread.REFUSED and row.paywalled else why


def _filed_of(connection: Connection, asked: Asked) -> dict[str, frozenset[tuple[str, str]]]:
    """By story, the commitments under which a report of it is filed."""
    wanted = frozenset(asked.commitments)
    if not wanted:
        return {}
    rows = connection.execute(
        select(A.story_id, C.initiative_id, C.commitment_id)
        .distinct()
        .select_from(match_commitments.join(articles, A.id == C.article_id))
        .where(C.initiative_id.in_({one for one, _ in wanted}), FREE, A.first_seen_at < asked.period.end)
        .where(meant(C.article_id, C.initiative_id))
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for story_id, *filed in rows:
        if story_id is not None and tuple(filed) in wanted:
            found.setdefault(story_id, set()).add((filed[0], filed[1]))
    return {story_id: frozenset(filed) for story_id, filed in found.items()}


def _anything(connection: Connection, start: datetime, end: datetime) -> bool:
    """Whether any article of any source came then."""
    then = and_(A.first_seen_at >= start, A.first_seen_at < end)
    return connection.execute(select(A.id).where(then).limit(1)).first() is not None


def _held(connection: Connection, mine: ColumnElement[bool]) -> tuple[Held, ...]:
    rows = connection.execute(
        select(OUTLET, func.count().label("number"))
        .select_from(_MATCHED.join(sources, S.id == A.source_id))
        .where(mine, M.gone_at.is_(None), HELD)
        .group_by(S.id, OUTLET)
        .order_by(S.id)
    )
    return tuple(Held(source=row.outlet, articles=row.number) for row in rows)


def _rules(connection: Connection, initiative_id: str) -> RulesKept | None:
    row = connection.execute(
        select(initiative_rules).where(R.initiative_id == initiative_id, R.removed_at.is_(None))
    ).first()
    if row is None:
        return None
    return RulesKept(since=row.in_force_since, print=row.print, pending=row.pending_since is not None)
