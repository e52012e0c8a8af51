"""What an operator does with stories, and what is remembered of it: lists, one in full, splitting, merging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from crawler.folder import StoryFolder
from tidings.storage import centres, vocabularies
from tidings.storage.article_rows import A
from tidings.storage.constraints import Said, keep_apart, keep_together
from tidings.storage.dialect import lock
from tidings.storage.engine import Database
from tidings.storage.folding import FOLD
from tidings.storage.stories import S, join, live, part
from tidings.storage.story_views import (
    StoryLine,
    StoryProblem,
    StoryQuery,
    WholeStory,
    find_article,
    find_story,
    list_stories,
    show_story,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What became of a story."""

    story: str  # those that stayed; under this name now
    new: str  # those that left
    moved: tuple[str, ...]  # articles that left, by id
    stayed: tuple[str, ...]
    before: str  # the name of the story until now


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What became of stories."""

    story: str  # the oldest of them, that took the others in
    joined: tuple[tuple[str, tuple[str, ...]], ...]  # each of the others, with the articles it had
    articles: int  # in all


class SqlStories:
    """Stories for the operator. Safe beside a running daemon: folding waits while a command works."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, query: StoryQuery) -> tuple[tuple[StoryLine, ...], bool]:
        """The stories wanted, and whether there are more than the limit."""
        return await self._database.read(lambda connection: list_stories(connection, query))

    async def show(self, subject: str) -> WholeStory:
        """The story with this id or former id, or of the article with this id or address.

        Raises:
            StoryProblem: there is none.
        """
        return await self._database.read(lambda connection: show_story(connection, subject))

    async def split(self, story: str, articles: Sequence[str], said: Said) -> Split:
        """Put these articles of a story into one of their own, for good.

        Raises:
            StoryProblem: one of them is not in it, or none would stay.
        """
        return await self._database.write(lambda connection: _split(connection, story, articles, said))

    async def merge(self, subjects: Sequence[str], said: Said) -> Merge:
        """Make these stories one, for good, under the name of the oldest.

        Raises:
            StoryProblem: one is not known, or they are one already.
        """
        return await self._database.write(lambda connection: _merge(connection, subjects, said))


def _split(connection: Connection, subject: str, articles: Sequence[str], said: Said) -> Split:
    lock(connection, FOLD)
    story_id = find_story(connection, subject)
    members = _articles_of(connection, story_id)
    leaving = tuple(dict.fromkeys(_member(connection, one, story_id) for one in articles))
    stayed = tuple(one for one in members if one not in leaving)
    if len(members) == 1:
        raise StoryProblem(f"{story_id} has one article only: there is nothing to split off")
    if not stayed:
        raise StoryProblem(
            f"all {len(members)} articles of {story_id} would leave it; name only those that do not belong there"
        )
    new = part(connection, leaving, story_id)
    rest = live(connection, story_id)
    keep_together(connection, new, leaving, said)
    keep_apart(connection, rest, (*leaving, new), said)
    keep_apart(connection, new, stayed, said)
    _make_centres(connection, rest, new)
    return Split(story=rest, new=new, moved=leaving, stayed=stayed, before=story_id)


def _member(connection: Connection, subject: str, story_id: str) -> str:
    """The id of an article that is meant to be in a story."""
    row = find_article(connection, subject, within=story_id)
    if row is None:
        known = connection.execute(select(S.id).where(S.id == live(connection, subject))).first()
        if known is not None:
            raise StoryProblem(
                f"{subject} is a story; name articles, as `tidings stories show {subject}` lists them"
            )
        raise StoryProblem(
            f"{subject}: there is no such article; `tidings stories show {story_id}` lists those in it"
        )
    if row.story_id is None:
        raise StoryProblem(f"{subject} is not folded yet; the running daemon or `tidings once` does that")
    if row.story_id != story_id:
        raise StoryProblem(f"{subject} is not in {story_id}, but in {row.story_id}")
    return str(row.id)


def _merge(connection: Connection, subjects: Sequence[str], said: Said) -> Merge:
    lock(connection, FOLD)
    named = tuple(dict.fromkeys(find_story(connection, one) for one in subjects))
    if len(named) == 1:
        raise StoryProblem(
            f"{' and '.join(dict.fromkeys(subjects))} are one story already: {named[0]}"
            if len(set(subjects)) > 1
            else f"{named[0]} cannot be merged with itself; name two stories or more"
        )
    in_order = list(
        connection.execute(select(S.id).where(S.id.in_(named)).order_by(S.opened_at, S.id)).scalars()
    )
    oldest = in_order[0]
    joined = tuple((one, _articles_of(connection, one)) for one in in_order[1:])
    for younger, _ in joined:
        join(connection, younger, oldest)
    everything = _articles_of(connection, oldest)
    keep_together(connection, oldest, everything, said)
    _make_centres(connection, oldest)
    return Merge(story=oldest, joined=joined, articles=len(everything))


def _make_centres(connection: Connection, *story_ids: str) -> None:
    """What the stories say together, now that their articles are others."""
    folder = StoryFolder(vocabularies.latest(connection))
    for story_id in story_ids:
        centres.make_anew(connection, story_id, folder.about)


def _articles_of(connection: Connection, story_id: str) -> tuple[str, ...]:
    rows = connection.execute(select(A.id).where(A.story_id == story_id).order_by(A.first_seen_at, A.id))
    return tuple(rows.scalars())
