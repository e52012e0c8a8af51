"""What people say of matches, and what it keeps digests from telling.

A judgement is evidence about a rule, and its article stays in the archive. "Not about" holds for the article and for the
reprints of it that have no judgement of their own: they are the same text.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    union,
)

from alerts.evidence import shown
from alerts.judgements import Judgement, Question, Verdict, Way
from crawler.records import Article
from tidings.storage.article_rows import A, V, chunks, fetch
from tidings.storage.dialect import AnyRow, insert, lock
from tidings.storage.engine import Database
from tidings.storage.match_rows import WINDOWS, M, change, in_no_window, last_edge, to_evidence
from tidings.storage.outbox_tables import digest_slots
from tidings.storage.sources import S
from tidings.storage.tables import article_versions, articles, judgements, matches, sources
from tidings.storage.tellings import OUTLET

J = judgements.c
D = digest_slots.c

_MATCHES = select(M.article_id, M.initiative_id, A.title, A.url, OUTLET, M.evidence).select_from(
    matches.join(articles, A.id == M.article_id).join(sources, S.id == A.source_id)
)
_judged, _same, _own = articles.alias("judged"), articles.alias("same"), judgements.alias("own")


class SqlJudgements:
    """One judgement for each article and initiative; the last word holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def judge(
        self, article_id: str, initiative_id: str, verdict: Verdict, *, way: Way, now: datetime
    ) -> Judgement | None:
        """Keep what somebody says of a match; None: there is no such match, and never was one that was judged.

        Said again, it changes nothing. "About" after "not about" lets the next digest tell what no digest has told
        meanwhile.
        """
        return await self._database.write(lambda c: _judge(c, article_id, initiative_id, verdict, way, now))

    async def forget(self, article_id: str, initiative_id: str, *, now: datetime) -> bool:
        """Take a judgement back, as if nobody had said anything; False: there is none."""
        return await self._database.write(lambda c: _forget(c, article_id, initiative_id, now))

    async def question(self, article_id: str, initiative_id: str) -> Question | None:
        """The match and what was said of it so far; None: it is not in the archive."""
        return await self._database.read(lambda c: _question(c, article_id, initiative_id))

    async def list(self, initiative_id: str | None = None) -> builtins.tuple[Judgement, ...]:
        """All, or those of one initiative; newest first, then by article and initiative."""
        return await self._database.read(lambda c: _list(c, initiative_id))

    async def questions(self, judged: Sequence[Judgement]) -> builtins.tuple[Question | None, ...]:
        """Each with its match, in the same order; None: its article is not kept any more."""
        return await self._database.read(lambda c: _questions(c, judged))

    async def texts(self, article_ids: Iterable[str]) -> Mapping[str, Article]:
        """Those of the articles that can be judged anew, by id: they are there, and their texts were not dropped."""
        wanted = builtins.list(article_ids)
        return await self._database.read(lambda c: _texts(c, wanted))

    async def matches_by_term(self, initiative_ids: Iterable[str]) -> Mapping[tuple[str, str], int]:
        """How many articles match now by each term, by initiative and term."""
        wanted = builtins.list(initiative_ids)
        return await self._database.read(lambda c: _matches_by_term(c, wanted))

    async def matched(self, initiative_id: str, limit: int) -> builtins.tuple[Article, ...]:
        """The newest articles that match an initiative now."""
        return await self._database.read(lambda c: _matched(c, initiative_id, limit))


# -- what is told no more ----------------------------------------------------------------------------


def meant(
    article_id: ColumnElement[str], initiative_id: ColumnElement[str], *, otherwise: bool = False
) -> ColumnElement[bool]:
    """Nobody said that the article, or one that it reprints or that reprints the same, is not about the initiative.

    `otherwise`: somebody did.
    """
    direct = select(_place(J.article_id, J.initiative_id)).where(J.verdict == str(Verdict.NOT_ABOUT))
    judged, same = _judged.c, _same.c
    original, copied = (func.coalesce(one.duplicate_of, one.id) for one in (judged, same))
    reprints = (
        select(_place(same.id, J.initiative_id))
        .select_from(
            judgements.join(_judged, judged.id == J.article_id).join(
                _same, and_(same.story_id == judged.story_id, original == copied)
            )
        )
        .where(
            J.verdict == str(Verdict.NOT_ABOUT),
            ~exists().where(_own.c.article_id == same.id, _own.c.initiative_id == J.initiative_id),
        )
    )
    excluded, place = union(direct, reprints), _place(article_id, initiative_id)
    return place.in_(excluded) if otherwise else place.not_in(excluded)


def _place(article_id: ColumnElement[str], initiative_id: ColumnElement[str]) -> ColumnElement[str]:
    """Both as one value: of pairs SQLite looks through all that are excluded, row by row."""
    return type_coerce(article_id, String).concat(" ").concat(type_coerce(initiative_id, String))


# -- judging -----------------------------------------------------------------------------------------


def _judge(
    connection: Connection,
    article_id: str,
    initiative_id: str,
    verdict: Verdict,
    way: Way,
    now: datetime,
) -> Judgement | None:
    lock(connection, WINDOWS)  # no window is frozen that was read before this
    kept = judgement_of(connection, article_id, initiative_id)
    if kept is not None and kept.verdict is verdict:
        return kept
    match = connection.execute(
        select(M.evidence, M.watchlist_version).where(
            M.article_id == article_id, M.initiative_id == initiative_id
        )
    ).one_or_none()
    if match is None and kept is None:
        return None
    if match is not None:
        terms, version = _terms(match.evidence), match.watchlist_version
    else:
        assert kept is not None
        terms, version = kept.terms, kept.watchlist_version
    said = Judgement(
        article_id=article_id,
        initiative_id=initiative_id,
        verdict=verdict,
        terms=terms,
        watchlist_version=version,
        at=now,
        way=way,
    )
    row = {
        "article_id": article_id,
        "initiative_id": initiative_id,
        "verdict": str(verdict),
        "terms": [*terms],
        "watchlist_version": version,
        "at": now,
        "way": str(way),
    }
    statement = insert(connection, judgements).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[J.article_id, J.initiative_id],
            set_={column.name: column for column in statement.excluded if not column.primary_key},
        )
    )
    if kept is not None and kept.verdict is Verdict.NOT_ABOUT:
        _tell_after_all(connection, kept, now)
    return said


def _forget(connection: Connection, article_id: str, initiative_id: str, now: datetime) -> bool:
    lock(connection, WINDOWS)
    kept = judgement_of(connection, article_id, initiative_id)
    if kept is None:
        return False
    connection.execute(delete(judgements).where(J.article_id == article_id, J.initiative_id == initiative_id))
    if kept.verdict is Verdict.NOT_ABOUT:
        _tell_after_all(connection, kept, now)
    return True


def _tell_after_all(connection: Connection, kept: Judgement, now: datetime) -> None:
    """What a window passed by because of a judgement that holds no more counts as found now.

    That is what matched after the last window that was frozen before the judgement, and was told to nobody since.
    """
    edge = last_edge(connection)
    if edge is None:
        return
    judged, same = _judged.c, _same.c
    reprints = (
        select(same.id)
        .select_from(_judged.join(_same, same.story_id == judged.story_id))
        .where(
            judged.id == kept.article_id,
            func.coalesce(judged.duplicate_of, judged.id) == func.coalesce(same.duplicate_of, same.id),
        )
    )
    before = exists().where(D.until >= M.matched_at, D.frozen_at <= kept.at)
    rows = connection.execute(
        select(M.article_id, M.initiative_id)
        .where(
            or_(M.article_id == kept.article_id, M.article_id.in_(reprints)),
            M.initiative_id == kept.initiative_id,
            M.matched_at <= edge,
            M.gone_at.is_(None),
            M.told_at.is_(None),
            ~M.filed,
            ~before,
        )
        .order_by(M.article_id)
        .with_for_update()
    ).all()
    change(connection, rows, matched_at=in_no_window(connection, now))


# -- reading -----------------------------------------------------------------------------------------


def judgement_of(connection: Connection, article_id: str, initiative_id: str) -> Judgement | None:
    """What was said of an article under an initiative."""
    row = connection.execute(
        select(judgements).where(J.article_id == article_id, J.initiative_id == initiative_id)
    ).one_or_none()
    return None if row is None else _to_judgement(row)


def judgements_of(connection: Connection, article_id: str) -> tuple[Judgement, ...]:
    """All that was said of an article, by initiative."""
    rows = connection.execute(select(judgements).where(J.article_id == article_id).order_by(J.initiative_id))
    return tuple(map(_to_judgement, rows))


def reach_of(connection: Connection, article_id: str) -> tuple[str, ...]:
    """Initiatives under which an article is told no more, by what was said of it or of its like."""
    found = connection.execute(
        select(M.initiative_id)
        .where(M.article_id == article_id, meant(M.article_id, M.initiative_id, otherwise=True))
        .order_by(M.initiative_id)
    )
    return tuple(found.scalars())


def _list(connection: Connection, initiative_id: str | None) -> tuple[Judgement, ...]:
    query = select(judgements).order_by(J.at.desc(), J.article_id, J.initiative_id)
    if initiative_id is not None:
        query = query.where(J.initiative_id == initiative_id)
    return tuple(map(_to_judgement, connection.execute(query)))


def _question(connection: Connection, article_id: str, initiative_id: str) -> Question | None:
    row = connection.execute(
        _MATCHES.where(M.article_id == article_id, M.initiative_id == initiative_id)
    ).one_or_none()
    return None if row is None else _to_question(row, judgement_of(connection, article_id, initiative_id))


def _questions(connection: Connection, judged: Sequence[Judgement]) -> tuple[Question | None, ...]:
    rows = {
        (row.article_id, row.initiative_id): row
        for some in chunks(one.article_id for one in judged)
        for row in connection.execute(_MATCHES.where(M.article_id.in_(some)))
    }
    places = ((rows.get((one.article_id, one.initiative_id)), one) for one in judged)
    return tuple(None if row is None else _to_question(row, one) for row, one in places)


def _to_question(row: AnyRow, judgement: Judgement | None) -> Question:
    return Question(
        article_id=row.article_id,
        initiative_id=row.initiative_id,
        title=row.title,
        source=row.outlet,
        url=row.url,
        matched=tuple(dict.fromkeys(shown(to_evidence(one)) for one in row.evidence)),
        judgement=judgement,
    )


def _texts(connection: Connection, article_ids: Sequence[str]) -> dict[str, Article]:
    in_force = and_(V.article_id == A.id, V.version == A.version)
    kept = [
        row.id
        for some in chunks(article_ids)
        for row in connection.execute(
            select(A.id)
            .select_from(articles.join(article_versions, in_force))
            .where(A.id.in_(some), V.kept_since.is_not(None))
        )
    ]
    return fetch(connection, kept)


def _matched(connection: Connection, initiative_id: str, limit: int) -> tuple[Article, ...]:
    ids = list(
        connection.execute(
            select(M.article_id)
            .where(M.initiative_id == initiative_id, M.gone_at.is_(None))
            .order_by(M.matched_at.desc(), M.article_id)
            .limit(limit)
        ).scalars()
    )
    found = _texts(connection, ids)
    return tuple(found[one] for one in ids if one in found)


def _matches_by_term(connection: Connection, initiative_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for some in chunks(initiative_ids):
        rows = connection.execute(
            select(M.initiative_id, M.evidence).where(M.initiative_id.in_(some), M.gone_at.is_(None))
        )
        for row in rows:
            found.update((row.initiative_id, term) for term in _terms(row.evidence))
    return dict(found)


def _terms(evidence: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one["term"] for one in evidence))


def _to_judgement(row: AnyRow) -> Judgement:
    return Judgement(
        article_id=row.article_id,
        initiative_id=row.initiative_id,
        verdict=Verdict(row.verdict),
        terms=tuple(row.terms),
        watchlist_version=row.watchlist_version,
        at=row.at,
        way=Way(row.way),
    )
