"""Everything the database knows of one article, for `explain`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, select

from alerts.judgements import Judgement
from alerts.messages import Delivery
from alerts.records import Match, Telling
from crawler.folds import Change, Fold
from crawler.identity import canonical_url
from crawler.records import Article, Sighting
from tidings.storage.article_rows import A, to_article, whole_articles
from tidings.storage.changes import changes_between, told_changes
from tidings.storage.deliveries import to_delivery
from tidings.storage.engine import Database
from tidings.storage.judgements import judgements_of, reach_of
from tidings.storage.keys import fingerprint
from tidings.storage.match_rows import matches_of
from tidings.storage.outbox_tables import deliveries, message_stories
from tidings.storage.sources import S
from tidings.storage.stories import told_in
from tidings.storage.tables import articles, sightings, sources
from tidings.storage.tellings import COLUMNS, to_telling
from tidings.storage.versions import TextVersion as TextVersion
from tidings.storage.versions import versions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One article from its first sighting to the readers who were told."""

    article: Article
    versions: tuple[TextVersion, ...]  # by number
    sightings: tuple[Sighting, ...]  # by time
    fold: Fold | None  # None: not folded yet
    story: tuple[Telling, ...]  # the other articles of its story, earliest first
    matches: tuple[Match, ...]
    deliveries: tuple[Delivery, ...]  # of all messages that carried its story, oldest first
    page_due_at: datetime | None  # when its page is read next; None: no more
    attempts: int  # at its page that never came back
    page_at: datetime | None = None  # when its page was asked for last, or passed over
    page_tries: int = 0  # how often it was asked for in all
    changes: tuple[Change, ...] = ()  # what a version says otherwise than the one before it
    told_changes: tuple[
        tuple[str, datetime, Change], ...
    ] = ()  # channel, time, and what it was told as changed
    told: tuple[str, ...] = ()  # keys of the messages that told it itself, oldest first
    judgements: tuple[Judgement, ...] = ()  # what people said of it, by initiative
    not_about: tuple[
        str, ...
    ] = ()  # initiatives under which that, or what they said of its like, ends its telling


class SqlLookup:
    """Finds one article by whatever a person has in hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, subject: str) -> Life | None:
        """The article with this id, listed under this URL, or with its canonical form; None: not known.

        Several may share a canonical form: the earliest is taken.
        """
        return await self._database.read(lambda connection: _find(connection, subject.strip()))


def ways_to(subject: str) -> tuple[ColumnElement[bool], ...]:
    """Conditions on articles under one of which that with this id or address is found; the surest first.

    Several articles may meet one: the earliest is meant.
    """
    if "://" not in subject:
        return (A.id == subject.lower(),)
    seen = select(sightings.c.article_id).where(
        sightings.c.url_print == fingerprint(subject), sightings.c.url == subject
    )
    canonical = canonical_url(subject)
    return (
        and_(A.url_print == fingerprint(subject), A.url == subject),
        A.id.in_(seen),
        and_(A.canonical_print == fingerprint(canonical), A.canonical_url == canonical),
    )


def _find(connection: Connection, subject: str) -> Life | None:
    for way in ways_to(subject):
        row = connection.execute(
            whole_articles(A.fold_reason, A.credit, A.page_due_at, A.attempts, A.page_at, A.page_tries)
            .where(way)
            .order_by(A.first_seen_at, A.id)
            .limit(1)
        ).one_or_none()
        if row is not None:
            article = to_article(row)
            versions = versions_of(connection, article.id)
            return Life(
                article=article,
                versions=versions,
                sightings=_sightings(connection, article),
                fold=_fold(article, row.fold_reason or "", row.credit),
                story=_story(connection, article),
                matches=matches_of(connection, article.id),
                deliveries=_deliveries(connection, article),
                page_due_at=row.page_due_at,
                attempts=row.attempts,
                page_at=row.page_at,
                page_tries=row.page_tries,
                changes=changes_between(article.id, versions),
                told_changes=told_changes(connection, article.id),
                told=_told(connection, article),
                judgements=judgements_of(connection, article.id),
                not_about=reach_of(connection, article.id),
            )
    return None


def _sightings(connection: Connection, article: Article) -> tuple[Sighting, ...]:
    rows = connection.execute(
        select(sightings)
        .where(sightings.c.article_id == article.id)
        .order_by(sightings.c.seen_at, sightings.c.source_id, sightings.c.url_print)
    )
    return tuple(
        Sighting(
            article_id=row.article_id,
            source_id=row.source_id,
            url=row.url,
            title=row.title,
            seen_at=row.seen_at,
        )
        for row in rows
    )


def _fold(article: Article, why: str, credit: str | None) -> Fold | None:
    if article.story_id is None:
        return None
    return Fold(
        story_id=article.story_id,
        duplicate_of=article.duplicate_of,
        similarity=article.similarity,
        why=why,
        credit=credit,
    )


def _story(connection: Connection, article: Article) -> tuple[Telling, ...]:
    if article.story_id is None:
        return ()
    rows = connection.execute(
        select(*COLUMNS)
        .select_from(articles.join(sources, S.id == A.source_id))
        .where(A.story_id == article.story_id, A.id != article.id)
        .order_by(A.first_seen_at, A.id)
    )
    return tuple(to_telling(row) for row in rows)


def _told(connection: Connection, article: Article) -> tuple[str, ...]:
    if article.story_id is None:
        return ()
    every = told_in(connection, article.story_id)
    return tuple(one.message_key for one in every if one.article_id == article.id)


def _deliveries(connection: Connection, article: Article) -> tuple[Delivery, ...]:
    if article.story_id is None:
        return ()
    carried = select(message_stories.c.message_key).where(message_stories.c.story_id == article.story_id)
    rows = connection.execute(
        select(deliveries)
        .where(deliveries.c.message_key.in_(carried))
        .order_by(deliveries.c.created_at, deliveries.c.id)
    )
    return tuple(to_delivery(row) for row in rows)
