"""The archive and what was told of it, some hundred rows at a time, in an order that does not change while it is read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, exists, or_, select, tuple_

from alerts.envelope import stamp
from alerts.evidence import best_snippet
from alerts.safe import link, masked
from alerts.threads import reader
from tidings.exports import ExportedArticle, ExportedDelivery, ExportedMatch, ExportedStory, Wanted
from tidings.storage.article_rows import A, fetch
from tidings.storage.dialect import AnyRow
from tidings.storage.engine import Database
from tidings.storage.judgements import meant
from tidings.storage.match_rows import M, to_evidence
from tidings.storage.outbox_tables import deliveries, messages
from tidings.storage.review import HELD
from tidings.storage.sources import S as SOURCES
from tidings.storage.stories import S
from tidings.storage.story_views import StoryLine, lines
from tidings.storage.tables import articles, matches, sources, stories
from tidings.storage.tellings import OUTLET

PAGE = 1000  # rows of one read
TEXTS = 100  # of them, where each comes with its text
D, G = deliveries.c, messages.c
_MAIL = re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+")
_HELD = HELD.label("held")
_NOT_ABOUT = meant(M.article_id, M.initiative_id, otherwise=True).label("not_about")

R = TypeVar("R")
Page = tuple[list[R], Any]  # rows, and the place of the last one; None: there are no more


class SqlExports:
    """Walks from the oldest to the newest. What comes after `Wanted.until` is not met, so nothing comes twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def articles(self, wanted: Wanted) -> AsyncIterator[list[ExportedArticle]]:
        """By when they were first seen, then by id."""
        return self._walk(partial(_articles, wanted=wanted))

    def matches(self, wanted: Wanted) -> AsyncIterator[list[ExportedMatch]]:
        """By when they were made, then by article and initiative; also those that are gone."""
        return self._walk(partial(_matches, wanted=wanted))

    def stories(self, wanted: Wanted) -> AsyncIterator[list[ExportedStory]]:
        """By id; with the last article in the time that is wanted."""
        return self._walk(partial(_stories, wanted=wanted))

    def deliveries(self, wanted: Wanted) -> AsyncIterator[list[ExportedDelivery]]:
        """By when they were made, then by id."""
        return self._walk(partial(_deliveries, wanted=wanted))

    async def _walk(self, step: Callable[..., Page[R]]) -> AsyncIterator[list[R]]:
        place: Any = None
        while True:
            rows, place = await self._database.read(partial(step, after=place))
            if rows:
                yield rows
            if place is None:
                return


# -- articles --------------------------------------------------------------------------------------


def _articles(connection: Connection, *, wanted: Wanted, after: Any) -> Page[ExportedArticle]:
    query = select(
        A.id, A.title, A.url, A.source_id, OUTLET, A.authors, A.published_at, A.updated_at, A.first_seen_at,
        A.language, A.story_id, A.duplicate_of, A.credit, A.text_state, A.text_reason, A.text_length, A.paywalled,
        A.version, A.backfilled, _HELD,
    ).select_from(articles.join(sources, SOURCES.id == A.source_id))  # fmt: skip
    if wanted.initiative is not None:
        query = query.where(_matching(wanted.initiative, A.id))
    rows, last = _page(connection, query, wanted, after, A.first_seen_at, (A.id,))
    texts = _texts(connection, [row.id for row in rows], wanted)
    return [{**_article(row), **texts.get(row.id, {})} for row in rows], last  # type: ignore[typeddict-item]  # of the same shape


def _article(row: AnyRow) -> ExportedArticle:
    return {
        "id": row.id,
        "title": row.title,
        "url": _address(row.url),
        "source": row.source_id,
        "outlet": row.outlet,
        "authors": list(row.authors),
        "published": stamp(row.published_at),
        "updated": stamp(row.updated_at),
        "first_seen": stamp(row.first_seen_at),
        "language": row.language,
        "story": row.story_id,
        "copy_of": row.duplicate_of,
        "credit": row.credit,
        "text_state": row.text_state,
        "text_reason": row.text_reason,
        "text_length": row.text_length,
        "paywalled": row.paywalled,
        "version": row.version,
        "known_before": row.backfilled,
        "held": bool(row.held),
    }


def _texts(connection: Connection, ids: Sequence[str], wanted: Wanted) -> Mapping[str, Mapping[str, str]]:
    if not wanted.text:
        return {}
    return {one.id: {"summary": one.summary, "text": one.text} for one in fetch(connection, ids).values()}


# -- matches ---------------------------------------------------------------------------------------


def _matches(connection: Connection, *, wanted: Wanted, after: Any) -> Page[ExportedMatch]:
    query = select(
        M.initiative_id, M.article_id, M.matched_at, A.title, A.url, A.source_id, OUTLET, A.published_at, A.story_id,
        M.commitments, M.evidence, M.watchlist_version, M.text_version, M.found_by, M.found_at, M.filed, M.told_at,
        M.gone_at, _NOT_ABOUT,
    ).select_from(
        matches.join(articles, A.id == M.article_id).join(sources, SOURCES.id == A.source_id)
    )  # fmt: skip
    if wanted.initiative is not None:
        query = query.where(M.initiative_id == wanted.initiative)
    rows, last = _page(connection, query, wanted, after, M.matched_at, (M.article_id, M.initiative_id))
    texts = _texts(connection, [row.article_id for row in rows], wanted)
    return [{**_match(row), **texts.get(row.article_id, {})} for row in rows], last  # type: ignore[typeddict-item]  # of the same shape


def _match(row: AnyRow) -> ExportedMatch:
    evidence = [to_evidence(one) for one in row.evidence]
    return {
        "initiative": row.initiative_id,
        "article": row.article_id,
        "matched": stamp(row.matched_at),
        "title": row.title,
        "url": _address(row.url),
        "source": row.source_id,
        "outlet": row.outlet,
        "published": stamp(row.published_at),
        "story": row.story_id,
        "commitments": list(row.commitments),
        "words": list(dict.fromkeys(one.words or one.term for one in evidence)),
        "snippet": best_snippet(evidence),
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
            for one in evidence
        ],
        "watchlist_version": row.watchlist_version,
        "text_version": row.text_version,
        "found_by": row.found_by,
        "found": stamp(row.found_at),
        "filed": row.filed,
        "told": stamp(row.told_at),
        "gone": stamp(row.gone_at),
        "not_about": bool(row.not_about),
    }


# -- stories ---------------------------------------------------------------------------------------


def _stories(connection: Connection, *, wanted: Wanted, after: Any) -> Page[ExportedStory]:
    query = select(S.id).select_from(stories).where(S.last_at <= wanted.until)
    if wanted.since is not None:
        query = query.where(S.last_at >= wanted.since)
    if wanted.initiative is not None:
        of_story = select(A.id).join(matches, M.article_id == A.id).where(A.story_id == S.id)
        query = query.where(exists(of_story.where(M.initiative_id == wanted.initiative, M.gone_at.is_(None))))
    if after is not None:
        query = query.where(S.id > after)
    ids = list(connection.execute(query.order_by(S.id).limit(TEXTS)).scalars())
    return [_story(one) for one in lines(connection, ids)], ids[-1] if len(ids) == TEXTS else None


def _story(line: StoryLine) -> ExportedStory:
    return {
        "id": line.id,
        "title": line.title,
        "articles": line.articles,
        "outlets": list(line.outlets),
        "reports": line.reports,
        "first_seen": stamp(line.first_seen),
        "last_seen": stamp(line.last_seen),
        "initiatives": list(line.initiatives),
        "told": [
            {"digest": one.digest_id or None, "channel": one.channel_id, "at": stamp(one.at)}
            for one in line.told
        ],
    }


# -- deliveries ------------------------------------------------------------------------------------


def _deliveries(connection: Connection, *, wanted: Wanted, after: Any) -> Page[ExportedDelivery]:
    query = select(
        D.id, D.message_key, G.kind, G.digest_id, G.subject, D.channel_id, D.recipient, D.state, D.attempts,
        D.created_at, D.next_attempt_at, D.sent_at, D.last_error, D.answer, D.refused,
    ).select_from(deliveries.join(messages, G.key == D.message_key))  # fmt: skip
    rows, last = _page(connection, query, wanted, after, D.created_at, (D.id,))
    return [_delivery(row, hide=not wanted.recipients) for row in rows], last


def _delivery(row: AnyRow, *, hide: bool) -> ExportedDelivery:
    recipient = row.recipient
    if hide and recipient:
        recipient = masked(reader(recipient))
    return {
        "id": row.id,
        "message": row.message_key,
        "kind": row.kind,
        "digest": row.digest_id or None,
        "subject": row.subject,
        "channel": row.channel_id,
        "recipient": recipient or None,
        "state": row.state,
        "attempts": row.attempts,
        "created": stamp(row.created_at),
        "next_attempt": stamp(row.next_attempt_at),
        "sent": stamp(row.sent_at),
        "last_error": without_mail(row.last_error) if hide else row.last_error,
        "answer": without_mail(row.answer) if hide else row.answer,
        "refused": row.refused,
    }


def without_mail(text: str | None) -> str | None:
    """What a server said, with the addresses in it as its recipients are: `550 d…@example.org: no such mailbox`."""
    return None if text is None else _MAIL.sub(lambda found: masked(found[0]), text)


# -- walking ---------------------------------------------------------------------------------------


def _page(
    connection: Connection,
    query: Select[Any],
    wanted: Wanted,
    after: Any,
    moment: Column[datetime],
    names: tuple[Column[str], ...],
) -> tuple[Sequence[AnyRow], Any]:
    """The rows behind the place `after`, in the order of `moment`, then `names`; and the place of the last of them."""
    size = TEXTS if wanted.text else PAGE
    query = query.where(moment <= wanted.until)
    if after is not None:
        query = query.where(_behind(after, moment, names))
    elif wanted.since is not None:
        query = query.where(moment >= wanted.since)
    rows = connection.execute(query.order_by(moment, *names).limit(size)).all()
    if len(rows) < size:
        return rows, None
    last = rows[-1]
    return rows, (getattr(last, moment.name), *(getattr(last, one.name) for one in names))


def _behind(after: Any, moment: Column[datetime], names: tuple[Column[str], ...]) -> ColumnElement[bool]:
    """Said twice, so that the index on the moment is begun at the right place."""
    at, *before = after
    return and_(moment >= at, or_(moment > at, tuple_(*names) > tuple_(*before)))


def _matching(initiative: str, article_id: Column[str]) -> ColumnElement[bool]:
    return exists().where(M.article_id == article_id, M.initiative_id == initiative, M.gone_at.is_(None))


def _address(url: str) -> str | None:
    found = link(url)
    return None if found is None else found.href
