"""Articles between rows and records: every reader of articles goes through here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, collate, select, true

from crawler.records import Article, Post, TextState
from crawler.shares import Share, stretch
from tidings.storage.dialect import AnyRow
from tidings.storage.keys import fingerprint, title_fingerprint
from tidings.storage.tables import article_versions, articles
from tidings.storage.types import storable

A = articles.c
V = article_versions.c

CHUNK = 500  # values in one IN list
Value = TypeVar("Value", str, int)
Origin = Literal["feed", "page"]  # where the text of a version came from
Posts = list[list[Any]]  # of a version, as stored: [start, end, posted at, title] each

_COLUMNS = (
    A.id,
    A.source_id,
    A.url,
    A.canonical_url,
    A.title,
    A.summary,
    V.text,
    A.authors,
    A.published_at,
    A.updated_at,
    A.first_seen_at,
    A.language,
    A.text_state,
    A.text_reason,
    A.paywalled,
    A.version,
    A.backfilled,
    A.held_since,
    A.held_ended,
    A.story_id,
    A.duplicate_of,
    A.similarity,
)


def whole_articles(*more: ColumnElement[Any]) -> Select[Any]:
    """A SELECT of articles with the text in force, and `more` columns."""
    in_force = and_(V.article_id == A.id, V.version == A.version)
    return select(*_COLUMNS, *more).select_from(articles.join(article_versions, in_force))


# Built once: making a statement costs more than running it. `ids` are at most CHUNK.
_AMONG = A.id.in_(bindparam("ids", expanding=True))
_WHOLE = whole_articles().where(_AMONG)
_EXISTING = select(A.id).where(_AMONG)
_HELD = _EXISTING.order_by(A.id).with_for_update(key_share=True)  # rows that name an article may be added


def to_article(row: AnyRow) -> Article:
    """The record of a row of `whole_articles`."""
    return Article(
        id=row.id,
        source_id=row.source_id,
        url=row.url,
        canonical_url=row.canonical_url,
        title=row.title,
        summary=row.summary,
        text=row.text,
        authors=tuple(row.authors),
        published_at=row.published_at,
        updated_at=row.updated_at,
        first_seen_at=row.first_seen_at,
        language=row.language,
        text_state=TextState(row.text_state),
        text_reason=row.text_reason,
        paywalled=row.paywalled,
        version=row.version,
        backfilled=row.backfilled,
        held_since=row.held_since,
        held_ended=row.held_ended,
        story_id=row.story_id,
        duplicate_of=row.duplicate_of,
        similarity=row.similarity,
    )


def fetch(connection: Connection, article_ids: Iterable[str]) -> dict[str, Article]:
    """Those of the articles that exist, by id."""
    found = {}
    for some in chunks(article_ids):
        for row in connection.execute(_WHOLE, {"ids": some}):
            found[row.id] = to_article(row)
    return found


def hold(connection: Connection, article_ids: Iterable[str]) -> set[str]:
    """Keep other transactions from changing these articles until this one ends: read them after this.

    Returns those of the ids that articles have.
    """
    return {
        row.id for some in chunks(sorted(article_ids)) for row in connection.execute(_HELD, {"ids": some})
    }


def existing(connection: Connection, article_ids: Iterable[str]) -> set[str]:
    """Those of the ids that articles have."""
    return {row.id for some in chunks(article_ids) for row in connection.execute(_EXISTING, {"ids": some})}


def of_share(connection: Connection, share: Share | None) -> ColumnElement[bool]:
    """The article is of this share; the same for each database and in memory. None: every article is."""
    if share is None:
        return true()
    first, end = stretch(share)
    name = collate(A.id, "C") if connection.dialect.name == "postgresql" else A.id  # whatever the server's is
    return name >= first if end is None else and_(name >= first, name < end)


def is_page_due(article: Article) -> bool:
    """Whether the page of a new article is to be read; not while the article is held for review."""
    return article.text_state is TextState.PENDING and article.held_since is None


def first_due(article: Article) -> datetime | None:
    """When the page of a new article is due: at once, if ever."""
    return article.first_seen_at if is_page_due(article) else None


def page_host(url: str) -> str:
    """The host by which claims are shared out; "" for an address without one."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def new_row(article: Article) -> dict[str, Any]:
    """The row of an article seen for the first time, waiting for folding, and for its page when pending."""
    return {
        "id": article.id,
        "source_id": article.source_id,
        "url": article.url,
        "url_print": fingerprint(article.url),
        "canonical_url": article.canonical_url,
        "canonical_print": fingerprint(article.canonical_url),
        "title": article.title,
        "title_print": title_fingerprint(article.title),
        "summary": article.summary,
        "authors": list(article.authors),
        "published_at": article.published_at,
        "updated_at": article.updated_at,
        "first_seen_at": article.first_seen_at,
        "language": article.language,
        "text_state": str(article.text_state),
        "text_reason": article.text_reason,
        "text_length": len(article.text),
        "paywalled": article.paywalled,
        "version": article.version,
        "backfilled": article.backfilled,
        "held_since": article.held_since,
        "held_ended": article.held_ended,
        "page_host": page_host(article.url),
        "page_due_at": first_due(article),
        "attempts": 0,
        "rereads": 0,
        "page_tries": 0,
        "unfolded_since": article.first_seen_at,
        "unindexed_since": article.first_seen_at,
        "matched_version": 0,
    }


def version_row(
    article: Article, *, made_at: datetime, origin: Origin, posts: Posts | None = None
) -> dict[str, Any]:
    """The row of the version in force of `article`."""
    return {
        "article_id": article.id,
        "version": article.version,
        "made_at": made_at,
        "origin": origin,
        "title": article.title,
        "summary": article.summary,
        "text": article.text,
        "kept_since": made_at,
        "posts": posts,
    }


def posts_row(posts: Iterable[Post]) -> Posts | None:
    """The entries of a live blog as they are stored."""
    rows = [
        [
            one.start,
            one.end,
            None if one.posted_at is None else one.posted_at.isoformat(),
            storable(one.title),
        ]
        for one in posts
    ]
    return rows or None


def to_posts(stored: Posts | None) -> tuple[Post, ...]:
    """The entries of a live blog again."""
    return tuple(
        Post(
            start=start,
            end=end,
            posted_at=None if posted_at is None else datetime.fromisoformat(posted_at),
            title=title,
        )
        for start, end, posted_at, title in stored or ()
    )


def chunks(values: Iterable[Value]) -> Iterable[Sequence[Value]]:
    """The different ones of `values`, `CHUNK` at a time."""
    different = list(dict.fromkeys(values))
    return (different[start : start + CHUNK] for start in range(0, len(different), CHUNK))
