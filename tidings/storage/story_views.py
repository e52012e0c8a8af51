"""Stories as an operator sees them: a line each, or one in full with why each article is in it and who was told."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select

from alerts.records import Telling
from crawler import provenance
from crawler.folds import Change
from tidings.storage.article_rows import A, chunks
from tidings.storage.changes import changes_between
from tidings.storage.constraints import Constraint, constraints_on
from tidings.storage.dialect import AnyRow
from tidings.storage.lookup import ways_to
from tidings.storage.match_rows import M
from tidings.storage.outbox_tables import deliveries, message_stories, messages
from tidings.storage.sources import S as SOURCES
from tidings.storage.stories import L, S, T, ToldArticle, aliases, live, told_in
from tidings.storage.tables import articles, matches, sources, stories
from tidings.storage.tellings import COLUMNS, to_telling
from tidings.storage.versions import versions_of

NEAR = 6  # characters at the beginning of an id that make another one worth naming
NAMED = 3
STEP = 50  # stories that are read at a time


class StoryProblem(Exception):
    """What was asked cannot be had or done; the message says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryQuery:
    """Which stories are wanted, and how many."""

    since: datetime | None = None  # with an article first seen since then
    initiative: str | None = None  # with an article that matches it
    digest: str | None = None  # told in it
    min_outlets: int = 1
    words: tuple[str, ...] = ()  # all of them in the title of one of its articles; case does not matter
    widest: bool = False  # those in most outlets first; False: the newest first
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTo:
    """That the readers of a channel were told a story, by a digest."""

    channel_id: str
    digest_id: str  # "": by a message that is not kept any more
    at: datetime  # first


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One story in short."""

    id: str
    title: str  # of the first independent report
    articles: int
    outlets: tuple[str, ...]  # names, by the time of their first telling
    reports: int  # independent ones
    first_seen: datetime
    last_seen: datetime
    initiatives: tuple[str, ...]  # that its articles match
    told: tuple[ToldTo, ...]  # by time


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryArticle:
    """One article of a story."""

    telling: Telling
    outlet: str  # as the story counts it
    why: str  # it was folded into this story
    similarity: float | None
    duplicate_of: str | None
    version: int
    changes: tuple[Change, ...]  # what a version says otherwise than the one before it
    initiatives: tuple[str, ...]
    told: tuple[ToldArticle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeStory:
    """One story with everything that is known of it."""

    line: StoryLine
    aliases: tuple[str, ...]  # names of stories that were joined to it
    articles: tuple[StoryArticle, ...]  # by the time they were first seen
    constraints: tuple[Constraint, ...]  # oldest first


# -- finding ---------------------------------------------------------------------------------------


def find_story(connection: Connection, subject: str) -> str:
    """The story with this id or former id, or of the article with this id or address.

    Raises:
        StoryProblem: there is none.
    """
    name = subject.strip()
    story_id = live(connection, name)
    if connection.execute(select(S.id).where(S.id == story_id)).first() is not None:
        return story_id
    row = find_article(connection, name)
    if row is None:
        raise StoryProblem(f"{name}: {_unknown(connection, name)}")
    if row.story_id is None:
        raise StoryProblem(f"{name} is not folded yet; the running daemon or `tidings once` does that")
    return str(row.story_id)


def find_article(connection: Connection, subject: str, *, within: str | None = None) -> AnyRow | None:
    """`id` and `story_id` of the article with this id or address, one of the story `within` first; None: not known."""
    try:
        ways = ways_to(subject.strip())
    except ValueError:  # no address at all
        return None
    for way in ways:
        elsewhere = case((A.story_id == within, 0), else_=1)
        query = select(A.id, A.story_id).where(way).order_by(elsewhere, A.first_seen_at, A.id).limit(1)
        if (row := connection.execute(query).first()) is not None:
            return row
    return None


def _unknown(connection: Connection, name: str) -> str:
    if "://" in name:
        return (
            "no source of this installation ever listed it; "
            "`tidings stories list WORDS` finds stories by the words of a title"
        )
    start = name.lower()[:NEAR]
    near: list[str] = []
    if len(start) == NEAR:
        for column in (S.id, L.alias, A.id):
            begins = column.startswith(start, autoescape=True)
            near += connection.execute(select(column).where(begins).order_by(column).limit(NAMED)).scalars()
    if near:
        return f"there is no such story or article; did you mean {' or '.join(near[:NAMED])}?"
    return (
        "there is no such story or article; `tidings stories list` names them, "
        "and with words those with these in a title"
    )


# -- a line each -----------------------------------------------------------------------------------


def list_stories(connection: Connection, query: StoryQuery) -> tuple[tuple[StoryLine, ...], bool]:
    """The stories wanted, and whether there are more than the limit."""
    candidates = _candidates(connection, query)
    if query.widest:
        candidates.sort(key=lambda row: -row.articles)  # a story has no more outlets than articles
    sizes = {row.id: row.articles for row in candidates}
    found: list[StoryLine] = []
    names = tuple(sizes)
    for start in range(0, len(names), STEP):
        some = names[start : start + STEP]
        if len(found) > query.limit and (
            not query.widest or len(found[query.limit].outlets) >= sizes[some[0]]
        ):
            break
        found += [line for line in lines(connection, some) if len(line.outlets) >= query.min_outlets]
        if query.widest:
            found.sort(key=lambda line: (-len(line.outlets), -line.reports, -line.last_seen.timestamp()))
    return tuple(found[: query.limit]), len(found) > query.limit


def _candidates(connection: Connection, query: StoryQuery) -> list[AnyRow]:
    """`id` and number of `articles`, newest first."""
    wanted: list[ColumnElement[bool]] = []
    if query.since is not None:
        wanted.append(S.last_at >= query.since)
    if query.initiative is not None:
        matching = select(A.story_id).join(matches, M.article_id == A.id)
        wanted.append(S.id.in_(matching.where(M.initiative_id == query.initiative, M.gone_at.is_(None))))
    if query.digest is not None:
        carried = message_stories.join(messages)
        telling = select(message_stories.c.story_id).select_from(carried)
        wanted.append(S.id.in_(telling.where(messages.c.digest_id == query.digest)))
    rows = connection.execute(
        select(S.id, func.count().label("articles"))
        .select_from(stories.join(articles, A.story_id == S.id))
        .where(*wanted)
        .group_by(S.id, S.last_at)
        .having(func.count() >= query.min_outlets)
        .order_by(S.last_at.desc(), S.id)
    ).all()
    if not query.words:
        return list(rows)
    titled = set(_titled(connection, [row.id for row in rows], [_plain(word) for word in query.words]))
    return [row for row in rows if row.id in titled]


def _titled(connection: Connection, story_ids: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    for some in chunks(story_ids):
        for row in connection.execute(select(A.story_id, A.title).where(A.story_id.in_(some))):
            title = _plain(row.title)
            if all(word in title for word in words):
                yield row.story_id


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def lines(connection: Connection, story_ids: Sequence[str]) -> Iterator[StoryLine]:
    """In the order given."""
    tellings: dict[str, list[AnyRow]] = defaultdict(list)
    for row in connection.execute(
        select(*COLUMNS, A.story_id)
        .select_from(articles.join(sources, SOURCES.id == A.source_id))
        .where(A.story_id.in_(story_ids))
        .order_by(A.first_seen_at, A.id)
    ):
        tellings[row.story_id].append(row)
    told = _told_to(connection, story_ids)
    initiatives: dict[str, list[str]] = defaultdict(list)
    for story_id, initiative_id in connection.execute(
        select(A.story_id, M.initiative_id)
        .join(matches, M.article_id == A.id)
        .where(A.story_id.in_(story_ids), M.gone_at.is_(None))
        .distinct()
        .order_by(M.initiative_id)
    ):
        initiatives[story_id].append(initiative_id)
    for story_id in story_ids:
        if story_id in tellings:
            yield _line(story_id, tellings[story_id], told[story_id], initiatives[story_id])


def _told_to(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[ToldTo]]:
    """By story, who was told it by which digest."""
    found: dict[str, list[ToldTo]] = defaultdict(list)
    carried = message_stories.join(messages).join(deliveries)
    of_story, first = message_stories.c.story_id, func.min(messages.c.created_at, type_=T.first_told_at.type)
    for story_id, channel_id, digest_id, at in connection.execute(
        select(of_story, deliveries.c.channel_id, messages.c.digest_id, first)
        .select_from(carried)
        .where(of_story.in_(story_ids))
        .group_by(of_story, deliveries.c.channel_id, messages.c.digest_id)
    ):
        found[story_id].append(ToldTo(channel_id=channel_id, digest_id=digest_id, at=at))
    for channel_id, story_id, at in connection.execute(
        select(T.channel_id, T.story_id, T.first_told_at).where(T.story_id.in_(story_ids))
    ):
        if all(one.channel_id != channel_id for one in found[story_id]):
            found[story_id].append(ToldTo(channel_id=channel_id, digest_id="", at=at))
    for told in found.values():
        told.sort(key=lambda one: (one.at, one.digest_id, one.channel_id))
    return found


def _line(
    story_id: str, rows: Sequence[AnyRow], told: Sequence[ToldTo], initiatives: Sequence[str]
) -> StoryLine:
    traced = trace(rows)
    first = traced.reports[0].original
    return StoryLine(
        id=story_id,
        title=next(row.telling_title for row in rows if row.telling_id == first),
        articles=len(rows),
        outlets=tuple(dict.fromkeys(traced.outlets.values())),
        reports=len(traced.reports),
        first_seen=rows[0].first_seen_at,
        last_seen=rows[-1].first_seen_at,
        initiatives=tuple(initiatives),
        told=tuple(told),
    )


def trace(rows: Iterable[AnyRow]) -> provenance.Provenance:
    """Where the articles of one story, rows with `tellings.COLUMNS`, come from."""
    return provenance.trace(
        [
            provenance.Told(
                id=row.telling_id,
                outlet=row.outlet,
                source_id=row.source_id,
                url=row.url,
                at=min(row.published_at or row.first_seen_at, row.first_seen_at),
                credit=row.credit,
                copy_of=row.duplicate_of,
                elsewhere=to_telling(row).elsewhere,
            )
            for row in rows
        ]
    )


# -- one in full -----------------------------------------------------------------------------------


def show_story(connection: Connection, subject: str) -> WholeStory:
    """The story that is meant, see `find_story`.

    Raises:
        StoryProblem: there is none.
    """
    story_id = find_story(connection, subject)
    rows = connection.execute(
        select(*COLUMNS, A.fold_reason, A.similarity, A.version)
        .select_from(articles.join(sources, SOURCES.id == A.source_id))
        .where(A.story_id == story_id)
        .order_by(A.first_seen_at, A.id)
    ).all()
    if not rows:
        raise StoryProblem(f"{subject}: all articles of {story_id} have been purged")
    outlets = trace(rows).outlets
    told: dict[str, list[ToldArticle]] = defaultdict(list)
    for one in told_in(connection, story_id):
        told[one.article_id].append(one)
    initiatives: dict[str, list[str]] = defaultdict(list)
    matching = select(M.article_id, M.initiative_id).join(articles, A.id == M.article_id)
    for one_match in connection.execute(
        matching.where(A.story_id == story_id, M.gone_at.is_(None)).order_by(M.initiative_id)
    ):
        initiatives[one_match.article_id].append(one_match.initiative_id)
    return WholeStory(
        line=next(lines(connection, (story_id,))),
        aliases=aliases(connection, story_id),
        articles=tuple(
            StoryArticle(
                telling=to_telling(row),
                outlet=outlets[row.telling_id],
                why=row.fold_reason or "",
                similarity=row.similarity,
                duplicate_of=row.duplicate_of,
                version=row.version,
                changes=_changes(connection, row),
                initiatives=tuple(initiatives[row.telling_id]),
                told=tuple(told[row.telling_id]),
            )
            for row in rows
        ),
        constraints=constraints_on(connection, story_id),
    )


def _changes(connection: Connection, row: AnyRow) -> tuple[Change, ...]:
    if row.version == 1:
        return ()
    return changes_between(row.telling_id, versions_of(connection, row.telling_id))
