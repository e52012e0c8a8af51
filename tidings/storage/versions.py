"""The versions of an article: the one in force whole, those before it as differences, each to the next one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from crawler.records import Article, Post
from tidings.storage import differences
from tidings.storage.article_rows import A, Origin, Posts, V, chunks, to_posts, version_row
from tidings.storage.dialect import AnyRow
from tidings.storage.indexing import withdraw
from tidings.storage.tables import article_versions, articles
from tidings.storage.types import storable

WHOLE = 32  # versions with a number that this divides stay whole, so that no chain of differences is longer
_PARTS = "\n\x00\n"  # between summary, text and posts; stored words hold no NUL
_INSERT = article_versions.insert()


_IN_FORCE = (
    select(A.id, V.origin, V.posts, V.kept_since, A.first_read_at, A.rereads)
    .join(articles, (V.article_id == A.id) & (V.version == A.version))
    .where(A.id.in_(bindparam("ids", expanding=True)))
)
_PACK = (
    update(article_versions)
    .where(V.article_id == bindparam("article"), V.version == bindparam("number"))
    .values(summary="", text="", posts=None, packed=bindparam("difference"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """An article as it was read in this transaction, and as it is to be."""

    before: Article
    after: Article  # with the next number
    origin: Origin
    posts: Posts | None  # of the version to be


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVersion:
    """One numbered version of an article."""

    version: int
    made_at: datetime
    from_page: bool  # False: the feed's words
    title: str
    summary: str
    text: str
    purged: bool  # the text was dropped for its age
    posts: tuple[Post, ...] = ()  # entries of a live blog


def in_force(connection: Connection, article_ids: Iterable[str]) -> dict[str, AnyRow]:
    """Of each article what is known of its version in force and of reading its page, by id."""
    return {row.id: row for ids in chunks(article_ids) for row in connection.execute(_IN_FORCE, {"ids": ids})}


def put_in_force(connection: Connection, some: Sequence[Next], *, made_at: datetime) -> None:
    """Keep the next version of each article whole, and the one before it as its difference to it.

    Args:
        some: of an article one at most.
    """
    withdraw(connection, (one.before for one in some))
    kept = in_force(connection, (one.before.id for one in some))
    rows = [version_row(one.after, made_at=made_at, origin=one.origin, posts=one.posts) for one in some]
    if rows:
        connection.execute(_INSERT, rows)
    packed = [
        {"article": one.before.id, "number": one.before.version, "difference": difference}
        for one in some
        if (difference := _difference(one, kept[one.before.id])) is not None
    ]
    if packed:
        connection.execute(_PACK, packed)


def _difference(one: Next, kept: AnyRow) -> bytes | None:
    """What is kept of the version before; None: it stays whole."""
    before, after = one.before, one.after
    if kept.kept_since is None or before.version % WHOLE == 0:
        return None
    return differences.pack(_whole(before.summary, before.text, kept.posts), _base(after.summary, after.text))


def versions_of(connection: Connection, article_id: str, *, since: int = 1) -> tuple[TextVersion, ...]:
    """The versions of an article from number `since` on, in their order; () where there is none such.

    Raises:
        ValueError: a stored difference does not fit the version after it.
    """
    rows = connection.execute(
        select(article_versions)
        .where(V.article_id == article_id, V.version >= since)
        .order_by(V.version.desc())
    )
    found: list[TextVersion] = []
    base = ""
    for row in rows:
        summary, text, posts = row.summary, row.text, row.posts
        if row.packed is not None:
            summary, text, kept = differences.unpack(row.packed, base).split(_PARTS)
            posts = json.loads(kept)
        base = _base(summary, text)
        found.append(_to_version(row, summary, text, posts))
    return tuple(reversed(found))


def _to_version(row: AnyRow, summary: str, text: str, posts: Posts | None) -> TextVersion:
    return TextVersion(
        version=row.version,
        made_at=row.made_at,
        from_page=row.origin == "page",
        title=row.title,
        summary=summary,
        text=text,
        purged=row.kept_since is None,
        posts=to_posts(posts),
    )


def _whole(summary: str, text: str, posts: Posts | None) -> str:
    """All of a version that is kept as a difference."""
    return _PARTS.join((storable(summary), storable(text), json.dumps(posts)))


def _base(summary: str, text: str) -> str:
    """What the version before is the difference to: what never changes in a version, as the database has it."""
    return _PARTS.join((storable(summary), storable(text)))
