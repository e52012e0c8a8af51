"""What was looked at between two moments, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from alerts.records import Coverage, FailingSource, Gap, Unread
from crawler.records import SourceState, TextState
from tidings.storage.article_rows import A, V
from tidings.storage.dialect import AnyRow, within
from tidings.storage.gaps import G
from tidings.storage.review import FREE, number_held
from tidings.storage.sources import S, active
from tidings.storage.tables import article_versions, articles, matches, source_gaps, sources
from tidings.storage.tellings import OUTLET

M = matches.c

BROKEN = frozenset({SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED})
UNREAD = {
    TextState.SKIPPED: Unread.BUDGET,
    TextState.REFUSED: Unread.REFUSED,
    TextState.FAILED: Unread.UNREACHABLE,
    TextState.QUARANTINED: Unread.CRASHED,
    TextState.PENDING: Unread.WAITING,
}
_IN_FORCE = and_(V.article_id == A.id, V.version == A.version)
_NO_PAGE = and_(V.origin == "feed", A.text_state.in_([str(state) for state in UNREAD]))


def coverage(connection: Connection, since: datetime, until: datetime) -> Coverage:
    """Over the sources in force."""
    judged, without_page = _judged(connection, since, until)
    return replace(
        reached(connection, since, until),
        unread=_unread(connection, since, until),
        judged=judged,
        without_page=without_page,
    )


def reached(
    connection: Connection, since: datetime, until: datetime, *, only: Collection[str] | None = None
) -> Coverage:
    """How far sources answered, and nothing on the pages of their articles: those in force, or the ones of them with
    the ids `only`.

    A gap is what a poll of the window noticed that it may have missed, or a source that was due and never
    answered, or that has failed since its last answer.
    """
    over = [active(), S.added_at <= until]
    if only is not None:
        over.append(within(connection, S.id, sorted(only)))
    answered = select(func.count()).select_from(sources).where(*over, S.last_success_at > since)
    told_of = or_(  # most answer and are well: of many sources few rows are read
        S.last_success_at.is_(None),
        S.last_success_at <= since,
        S.failures > 0,
        S.state.in_([str(state) for state in (*BROKEN, SourceState.QUIET)]),
    )
    rows = connection.execute(
        select(
            S.id,
            OUTLET,
            S.state,
            S.since,
            S.problem,
            S.added_at,
            S.last_success_at,
            S.next_poll_at,
            S.failures,
        )
        .select_from(sources)
        .where(*over, told_of)
        .order_by(S.id)
    ).all()
    return Coverage(
        checked=connection.execute(answered).scalar_one(),
        failing=tuple(
            FailingSource(
                source=row.outlet,
                since=row.since,
                reason=row.problem or row.state,
                state=SourceState(row.state),
            )
            for row in rows
            if row.state in BROKEN
        ),
        quiet=tuple(row.outlet for row in rows if row.state == SourceState.QUIET),
        gaps=(
            *_missed(connection, since, until, only),
            *(gap for row in rows if (gap := _gap(row, since, until)) is not None),
        ),
        held=number_held(connection),
    )


def _gap(row: AnyRow, since: datetime, until: datetime) -> Gap | None:
    """The time of the window that a source does not cover; one that is gone is asked no more."""
    if row.state == SourceState.GONE:
        return None
    if row.last_success_at is not None and row.last_success_at > since:
        return Gap(source=row.outlet, start=row.last_success_at, end=until) if row.failures else None
    was_due = row.failures > 0 or row.next_poll_at is None or row.next_poll_at <= until
    return Gap(source=row.outlet, start=max(since, row.added_at), end=until) if was_due else None


def _missed(
    connection: Connection, since: datetime, until: datetime, only: Collection[str] | None
) -> Iterator[Gap]:
    """What polls of the window noticed."""
    rows = connection.execute(
        select(OUTLET, source_gaps)
        .select_from(source_gaps.join(sources, S.id == G.source_id))
        .where(active(), G.noticed_at > since, G.noticed_at <= until)
        .order_by(S.id, G.start)
    )
    for row in rows:
        if only is not None and row.source_id not in only:
            continue
        yield Gap(source=row.outlet, start=row.start, end=row.end, caught_up=row.filled_at is not None)


def _unread(connection: Connection, since: datetime, until: datetime) -> int:
    """Articles matched in the window on title and summary only."""
    return connection.execute(
        select(func.count(func.distinct(M.article_id)))
        .select_from(matches.join(articles, A.id == M.article_id).join(article_versions, _IN_FORCE))
        .where(
            M.matched_at > since,
            M.matched_at <= until,
            M.gone_at.is_(None),
            ~M.filed,
            ~A.backfilled,
            FREE,
            _NO_PAGE,
        )
    ).scalar_one()


def _judged(
    connection: Connection, since: datetime, until: datetime
) -> tuple[int, tuple[tuple[Unread, int], ...]]:
    """How many articles were judged first in the window, and those without the text of their page by the reason."""
    rows = connection.execute(
        select(A.text_state, A.paywalled, V.origin, func.count().label("number"))
        .select_from(articles.join(article_versions, _IN_FORCE))
        .where(A.judged_at > since, A.judged_at <= until, ~A.backfilled, FREE)
        .group_by(A.text_state, A.paywalled, V.origin)
    ).all()
    counted: Counter[Unread] = Counter()
    for row in rows:
        why = UNREAD.get(TextState(row.text_state))
        if why is not None and row.origin == "feed":
            counted[Unread.PAYWALL if why is Unread.REFUSED and row.paywalled else why] += row.number
    return sum(row.number for row in rows), tuple((why, counted[why]) for why in Unread if counted[why])
