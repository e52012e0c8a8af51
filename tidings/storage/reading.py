"""Articles whose page is to be read: handing them out, and keeping what the page said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select, update

from crawler.failpoints import reach
from crawler.identity import canonical_url
from crawler.records import Article, Page, TextState
from tidings.storage import changes, crashes
from tidings.storage.article_rows import A, Origin, V, chunks, fetch, hold, posts_row
from tidings.storage.claims import QUEUE
from tidings.storage.dialect import AnyRow, claim
from tidings.storage.keys import fingerprint, title_fingerprint
from tidings.storage.tables import article_versions, articles
from tidings.storage.versions import Next, put_in_force


def claim_pending(
    connection: Connection,
    now: datetime,
    limit: int,
    lease: timedelta,
    per_host: int | None,
    *,
    holder: str | None,
) -> tuple[Article, ...]:
    """Hand out articles whose page is due; the attempt counts from now on, whatever becomes of it.

    What goes to the queue may wait there: that attempt counts when a worker begins it (see `claims`).

    Of those that became due at once, which a poll's are, the ones that are never told come last.

    Args:
        per_host: of one host at most so many are handed out at a time, those under way included; None: any number.
    """
    due = and_(A.page_due_at <= now, or_(A.claimed_until.is_(None), A.claimed_until <= now))
    crashes.quarantine(connection, due)
    if per_host is not None:
        due = and_(due, A.id.in_(_fair(connection, due, now, limit, per_host)))
    rows = claim(
        connection,
        articles,
        due,
        order=(A.page_due_at, A.backfilled, A.id),
        limit=limit,
        values={
            "attempts": A.attempts + (0 if holder == QUEUE else 1),
            "claimed_until": now + lease,
            "claimed_by": holder,
        },
        returning=(A.id, A.page_due_at, A.backfilled),
    )
    found = fetch(connection, (row.id for row in rows))
    return tuple(found[row.id] for row in sorted(rows, key=_turn))


def _fair(
    connection: Connection, due: ColumnElement[bool], now: datetime, limit: int, per_host: int
) -> list[str]:
    """Ids of the first that are due, host by host, so that one with thousands of pages keeps no other waiting."""
    claimed = connection.execute(
        select(A.page_host, func.count().label("pages"))
        .where(A.page_due_at.is_not(None), A.claimed_until > now)
        .group_by(A.page_host)
    )
    under_way: dict[str | None, int] = {row.page_host: row.pages for row in claimed}
    order = (A.page_due_at, A.backfilled, A.id)
    turn = func.row_number().over(partition_by=A.page_host, order_by=order)
    ranked = select(A.id, A.page_host, A.page_due_at, A.backfilled, turn.label("turn")).where(due).subquery()
    rows = connection.execute(
        select(ranked.c.id, ranked.c.page_host, ranked.c.turn)
        .where(ranked.c.turn <= per_host)
        .order_by(ranked.c.page_due_at, ranked.c.backfilled, ranked.c.id)
        .limit(limit + per_host * len(under_way))
    )
    free = [row.id for row in rows if row.turn <= per_host - under_way.get(row.page_host, 0)]
    return free[:limit]


def _turn(row: AnyRow) -> tuple[datetime, bool, str]:
    return (row.page_due_at, row.backfilled, row.id)


def release(connection: Connection, article_ids: Iterable[str]) -> None:
    """Take back the handing out of articles whose claim still stands; they are due as they were before it."""
    uncounted = or_(A.claimed_by == QUEUE, A.attempts == 0)
    for some in chunks(sorted(article_ids)):
        connection.execute(
            update(articles)
            .where(A.id.in_(some), A.claimed_until.is_not(None))
            .values(attempts=case((uncounted, A.attempts), else_=A.attempts - 1), claimed_until=None)
        )


def skipped(connection: Connection, since: datetime) -> tuple[str, ...]:
    """Ids of articles since then whose page was not asked for."""
    passed_over = select(A.id).where(A.text_state == str(TextState.SKIPPED))
    new = passed_over.where(A.first_seen_at > since)
    released = passed_over.where(A.held_since.is_not(None), A.held_ended > since)
    return tuple(connection.execute(new.union(released)).scalars())  # an OR would look at every article


def read_after_all(connection: Connection, article_ids: Iterable[str], now: datetime) -> None:
    """Pages that were not asked for are due from now on."""
    for some in chunks(sorted(article_ids)):
        connection.execute(
            update(articles)
            .where(A.id.in_(some), A.text_state == str(TextState.SKIPPED))
            .values(text_state=str(TextState.PENDING), text_reason=None, page_due_at=now, attempts=0)
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
    pending, asked = state is TextState.PENDING, state is not TextState.SKIPPED
    values: dict[str, Any] = {
        "text_state": str(state),
        "text_reason": reason,
        "page_due_at": (retry_at or now) if pending else None,
        "claimed_until": None,
        "attempts": 0,
        "page_at": now,
        "page_tries": A.page_tries + (1 if asked else 0),
    }
    if page is not None:
        values |= _facts(before, page)
    if asked and not pending:
        values["first_read_at"] = func.coalesce(A.first_read_at, literal(now, A.first_read_at.type))
    read = page.text if page is not None and state is TextState.READ else ""
    after = replace(before, title=values.get("title", before.title), text=read or before.text)
    posts = posts_row(page.posts) if page is not None and read else None
    in_force = and_(V.article_id == article_id, V.version == before.version)
    if (after.title, after.text) != (before.title, before.text):
        after = replace(after, version=before.version + 1)
        origin: Origin = "page"
        if not read:  # only the title is new
            origin, posts = connection.execute(select(V.origin, V.posts).where(in_force)).one()
        put_in_force(connection, [Next(before=before, after=after, origin=origin, posts=posts)], made_at=now)
        values |= {"version": after.version, "text_length": len(after.text), "unfolded_since": now}
    elif posts is not None:
        connection.execute(update(article_versions).where(in_force).values(posts=posts))
    connection.execute(update(articles).where(A.id == article_id).values(**values))
    reach("page_insert")
    if after.version != before.version:
        changes.review(connection, [article_id])
    if crashes.has_crashed(before):
        crashes.forget(connection, article_id)


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
