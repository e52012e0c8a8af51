"""Articles whose page is to be read: handing them out, and keeping what the page said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from crawler.identity import canonical_url
from crawler.records import Article, Page, TextState
from tidings.storage.article_rows import A, Origin, V, chunks, fetch, hold, version_row
from tidings.storage.dialect import claim, insert
from tidings.storage.keys import fingerprint, title_fingerprint
from tidings.storage.tables import article_versions, articles

ATTEMPTS = 3  # that never came back, before an article is left alone
CRASHED = "reading its page ended three times without an answer"


def claim_pending(connection: Connection, now: datetime, limit: int, lease: timedelta) -> tuple[Article, ...]:
    """Hand out articles whose page is due; the attempt counts from now on, whatever becomes of it."""
    due = and_(A.page_due_at <= now, or_(A.claimed_until.is_(None), A.claimed_until <= now))
    connection.execute(
        update(articles)
        .where(due, A.attempts >= ATTEMPTS)
        .values(
            text_state=str(TextState.QUARANTINED), text_reason=CRASHED, page_due_at=None, claimed_until=None
        )
    )
    rows = claim(
        connection,
        articles,
        due,
        order=(A.page_due_at, A.id),
        limit=limit,
        values={"attempts": A.attempts + 1, "claimed_until": now + lease},
        returning=(A.id, A.page_due_at),
    )
    found = fetch(connection, (row.id for row in rows))
    return tuple(found[row.id] for row in sorted(rows, key=lambda row: (row.page_due_at, row.id)))


def release(connection: Connection, article_ids: Iterable[str]) -> None:
    """Take back the handing out of articles whose claim still stands; they are due as they were before it."""
    for some in chunks(sorted(article_ids)):
        connection.execute(
            update(articles)
            .where(A.id.in_(some), A.claimed_until.is_not(None), A.attempts > 0)
            .values(attempts=A.attempts - 1, claimed_until=None)
        )


def record_page(
    connection: Connection,
    article_id: str,
    *,
    state: TextState,
    page: Page | None,
    reason: str | None,
    now: datetime,
    retry_at: datetime | None,
) -> None:
    """Keep what reading a page brought. A text that differs is the next version, to be folded and matched anew."""
    hold(connection, [article_id])
    before = fetch(connection, [article_id]).get(article_id)
    if before is None:
        return  # purged while its page was read
    pending = state is TextState.PENDING
    values: dict[str, Any] = {
        "text_state": str(state),
        "text_reason": reason,
        "page_due_at": (retry_at or now) if pending else None,
        "claimed_until": None,
        "attempts": 0,
    }
    if page is not None:
        values |= _facts(before, page)
    if not pending:
        values["first_read_at"] = _first_read(connection, article_id) or now
    read = page.text if page is not None and state is TextState.READ else ""
    after = replace(before, title=values.get("title", before.title), text=read or before.text)
    if (after.title, after.text) != (before.title, before.text):
        after = replace(after, version=before.version + 1)
        origin = "page" if read else _origin(connection, before)
        connection.execute(
            insert(connection, article_versions), version_row(after, made_at=now, origin=origin)
        )
        values |= {"version": after.version, "text_length": len(after.text), "unfolded_since": now}
    connection.execute(update(articles).where(A.id == article_id).values(**values))


def _origin(connection: Connection, article: Article) -> Origin:
    this = and_(V.article_id == article.id, V.version == article.version)
    return "page" if connection.execute(select(V.origin).where(this)).scalar_one() == "page" else "feed"


def _first_read(connection: Connection, article_id: str) -> datetime | None:
    moment: datetime | None = connection.execute(
        select(A.first_read_at).where(A.id == article_id)
    ).scalar_one()
    return moment


def _facts(article: Article, page: Page) -> dict[str, Any]:
    """What the page adds to what the feed said; the feed's own words stay.

    The page's canonical address helps folding only: it gives no identity key, for a page may claim any.
    """
    values: dict[str, Any] = {"paywalled": page.paywalled or article.paywalled}
    if page.title and not article.title:
        values |= {"title": page.title, "title_print": title_fingerprint(page.title)}
    if page.authors and not article.authors:
        values["authors"] = list(page.authors)
    if page.published_at is not None and article.published_at is None:
        values["published_at"] = page.published_at
    if page.updated_at is not None and (article.updated_at is None or page.updated_at > article.updated_at):
        values["updated_at"] = page.updated_at
    if page.language is not None and article.language is None:
        values["language"] = page.language
    if page.canonical_url:
        canonical = canonical_url(page.canonical_url)
        values |= {"canonical_url": canonical, "canonical_print": fingerprint(canonical)}
    return values
