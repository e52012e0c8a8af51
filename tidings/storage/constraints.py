"""What the operator said of stories: kept for ever, asked at each fold, carried along when stories are joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, delete, func, or_, select, union_all

from crawler.folds import UNCONSTRAINED, Constraints
from crawler.records import require_aware
from tidings.storage.article_rows import A, chunks
from tidings.storage.dialect import among, insert, listed
from tidings.storage.tables import articles, story_constraints

C = story_constraints.c
_PLACE = (C.story_id, C.subject)


class Kind(StrEnum):
    """What is said of a subject and a story."""

    TOGETHER = "together"  # the article stays in the story
    APART = "apart"  # the article, or the other story, is not of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """When something was said of stories, and by which command."""

    at: datetime
    command: str  # "split" or "merge"
    by: str | None = None  # login name; None: not known

    def __post_init__(self) -> None:
        require_aware(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One thing that was said."""

    kind: Kind
    story_id: str
    subject: str  # an article's id, or another story's
    said: Said


# -- asking ----------------------------------------------------------------------------------------


def any_constraints(connection: Connection) -> bool:
    """Whether there is anything to ask for: once for many articles, under the lock of folding."""
    return connection.execute(select(C.story_id).limit(1)).first() is not None


def constraints_for(
    connection: Connection, article_id: str, story_ids: Iterable[str], candidates: Iterable[str] = ()
) -> Constraints:
    """What was said of an article, of its candidates, and of these stories (its own among them) with regard to each other.

    Two stories are apart when that was said of them, or of an article that is in one of them now and of the other.
    """
    dialect = connection.dialect.name
    asked = {
        "own": article_id,
        "candidates": listed(dialect, sorted(set(candidates))),
        "stories": listed(dialect, sorted(set(story_ids))),
    }
    rows = connection.execute(_asked(dialect), asked).all()
    if not rows:
        return UNCONSTRAINED
    return Constraints(
        pins={row.subject: row.story_id for row in rows if row.kind == Kind.TOGETHER},
        apart=frozenset((row.subject, row.story_id) for row in rows if row.kind == Kind.APART),
    )


@cache
def _asked(dialect: str) -> CompoundSelect[Any]:
    of_article = select(C.story_id, C.subject, C.kind).where(C.subject == bindparam("own"))
    of_candidates = select(C.story_id, C.subject, C.kind).where(
        C.kind == str(Kind.TOGETHER), among(dialect, C.subject, "candidates")
    )
    of_stories = (
        select(C.story_id, func.coalesce(A.story_id, C.subject).label("subject"), C.kind)
        .select_from(story_constraints.outerjoin(articles, A.id == C.subject))
        .where(
            C.kind == str(Kind.APART),
            among(dialect, C.story_id, "stories"),
            or_(among(dialect, C.subject, "stories"), among(dialect, A.story_id, "stories")),
        )
        .distinct()
    )
    return union_all(of_article, of_candidates, of_stories)


def constraints_on(connection: Connection, story_id: str) -> tuple[Constraint, ...]:
    """All that was said of a story and of the articles in it, oldest first."""
    inside = select(A.id).where(A.story_id == story_id)
    rows = connection.execute(
        select(story_constraints)
        .where(or_(C.story_id == story_id, C.subject == story_id, C.subject.in_(inside)))
        .order_by(C.made_at, C.story_id, C.subject)
    )
    return tuple(
        Constraint(
            kind=Kind(row.kind),
            story_id=row.story_id,
            subject=row.subject,
            said=Said(at=row.made_at, command=row.command, by=row.made_by),
        )
        for row in rows
    )


# -- saying ----------------------------------------------------------------------------------------


def keep_together(connection: Connection, story_id: str, article_ids: Iterable[str], said: Said) -> None:
    """These articles stay in this story, whatever was said of them before."""
    different = tuple(dict.fromkeys(article_ids))
    for some in chunks(different):
        connection.execute(delete(story_constraints).where(C.subject.in_(some), C.kind == str(Kind.TOGETHER)))
    _say(connection, Kind.TOGETHER, story_id, different, said)


def keep_apart(connection: Connection, story_id: str, subjects: Iterable[str], said: Said) -> None:
    """These articles, or other stories, are not of this story."""
    _say(connection, Kind.APART, story_id, subjects, said)


def move_constraints(connection: Connection, younger: str, older: str) -> None:
    """What was said of a story holds for the one that it became a part of, whose articles are together now.

    Where both things were said of an article, it stays.
    """
    rows = connection.execute(
        select(story_constraints).where(or_(C.story_id == younger, C.subject == younger))
    ).all()
    connection.execute(delete(story_constraints).where(or_(C.story_id == younger, C.subject == younger)))
    renamed = [
        {name: older if value == younger else value for name, value in row._mapping.items()} for row in rows
    ]
    moved = [row for row in renamed if row["story_id"] != row["subject"]]
    _add(connection, [row for row in moved if row["kind"] == Kind.APART])
    _renew(connection, [row for row in moved if row["kind"] == Kind.TOGETHER])
    inside = select(A.id).where(A.story_id == older)
    past = (C.story_id == older, C.kind == str(Kind.APART), C.subject.in_(inside))
    connection.execute(delete(story_constraints).where(*past))


def forget_constraints(connection: Connection, story_ids: Sequence[str]) -> None:
    """The stories have ended."""
    for some in chunks(story_ids):
        connection.execute(delete(story_constraints).where(or_(C.story_id.in_(some), C.subject.in_(some))))


def _say(connection: Connection, kind: Kind, story_id: str, subjects: Iterable[str], said: Said) -> None:
    more = {"kind": str(kind), "made_at": said.at, "command": said.command, "made_by": said.by}
    _renew(connection, [{"story_id": story_id, "subject": one, **more} for one in dict.fromkeys(subjects)])


def _renew(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """The last word counts."""
    if rows:
        statement = insert(connection, story_constraints)
        values = {column.name: column for column in statement.excluded if not column.primary_key}
        connection.execute(statement.on_conflict_do_update(index_elements=_PLACE, set_=values), rows)


def _add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """The first word counts."""
    if rows:
        connection.execute(insert(connection, story_constraints).on_conflict_do_nothing(), rows)
