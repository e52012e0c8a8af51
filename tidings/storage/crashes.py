"""Pages that crashed their reader: kept with what they held, until a later try ends well or they are the oldest of many."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from crawler.records import Article, Fetched, TextState
from tidings.storage.article_rows import A, hold
from tidings.storage.dialect import insert
from tidings.storage.engine import Database
from tidings.storage.tables import articles, page_crashes

ATTEMPTS = 3  # that never came back, before an article is left alone
CRASHED = "crashed: "  # begins the reason of an article whose reader died
LEFT_ALONE = "reading its page "  # begins that of an article in quarantine, or taken out of it and not read yet
MOST = 50  # pages kept; those of the oldest crashes are dropped
C = page_crashes.c


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashedPage:
    """A page at which the reader died; what it held is had apart."""

    article_id: str
    title: str  # of the article
    url: str
    content_type: str | None
    reason: str  # of the last crash, such as "the child process died (signal 6)"
    crashed_at: datetime
    size: int  # bytes of the body
    quarantined: bool  # False: it will be tried again by itself


class SqlCrashes:
    """What an operator asks of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[CrashedPage, ...]:
        """Those of quarantined articles and those still tried, the newest crash first."""
        return await self._database.read(_all)

    async def get(self, article_id: str) -> tuple[CrashedPage, bytes] | None:
        """One of them and its body, as it came from its host; None: there is none."""
        return await self._database.read(lambda connection: _get(connection, article_id))

    async def retry(self, article_ids: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Take articles out of quarantine: their pages are due now; ids of those that were in it."""
        return await self._database.write(lambda connection: _retry(connection, article_ids, now))


def record(
    connection: Connection, article_id: str, *, reason: str, fetched: Fetched | None, now: datetime
) -> None:
    """Keep the reason and the page of a crash; the attempt was counted when the article was handed out.

    The third in a row quarantines the article. Before it, the claim runs out and another try follows.
    """
    hold(connection, [article_id])
    attempts = connection.execute(select(A.attempts).where(A.id == article_id)).scalar_one_or_none()
    if attempts is None:
        return  # purged while its page was read
    values: dict[str, Any] = {"text_reason": CRASHED + reason, "page_at": now, "page_tries": A.page_tries + 1}
    if attempts >= ATTEMPTS:
        values |= _left_alone(CRASHED + reason)
    connection.execute(update(articles).where(A.id == article_id).values(**values))
    if fetched is not None:
        facts = {
            "crashed_at": now,
            "url": fetched.url,
            "content_type": fetched.content_type,
            "reason": reason,
            "size": len(fetched.body),
            "body": zlib.compress(fetched.body, 6),
        }
        new = insert(connection, page_crashes).values(article_id=article_id, **facts)
        connection.execute(new.on_conflict_do_update(index_elements=[C.article_id], set_=facts))
        kept = select(C.article_id).order_by(C.crashed_at.desc(), C.article_id).limit(MOST)
        connection.execute(delete(page_crashes).where(C.article_id.not_in(kept)))


def quarantine(connection: Connection, due: ColumnElement[bool]) -> None:
    """Leave those of the articles that are due alone whose attempts never came back, not even with a crash."""
    lost = connection.execute(select(A.id, A.text_reason).where(due, A.attempts >= ATTEMPTS)).all()
    for row in lost:
        connection.execute(update(articles).where(A.id == row.id).values(**_left_alone(row.text_reason)))


def has_crashed(article: Article) -> bool:
    """Whether the last attempt at its page was a crash."""
    return (article.text_reason or "").startswith((CRASHED, LEFT_ALONE))


def _left_alone(reason: str | None) -> dict[str, Any]:
    return {
        "text_state": str(TextState.QUARANTINED),
        "text_reason": _why(reason),
        "page_due_at": None,
        "claimed_until": None,
    }


def _why(reason: str | None) -> str:
    if reason is not None and reason.startswith(CRASHED):
        return f"{LEFT_ALONE}crashed three times; the last time {reason.removeprefix(CRASHED)}"
    return f"{LEFT_ALONE}ended three times without an answer"


def forget(connection: Connection, article_id: str) -> None:
    """A later try ended well."""
    connection.execute(delete(page_crashes).where(C.article_id == article_id))


_COLUMNS = (
    C.article_id, C.url, C.content_type, C.reason, C.crashed_at, C.size, A.title,
    (A.text_state == str(TextState.QUARANTINED)).label("quarantined"),
)  # fmt: skip


def _all(connection: Connection) -> tuple[CrashedPage, ...]:
    rows = connection.execute(
        select(*_COLUMNS).join(articles, A.id == C.article_id).order_by(C.crashed_at.desc(), C.article_id)
    )
    return tuple(CrashedPage(**row._mapping) for row in rows)


def _get(connection: Connection, article_id: str) -> tuple[CrashedPage, bytes] | None:
    found = next((one for one in _all(connection) if one.article_id == article_id), None)
    if found is None:
        return None
    packed = connection.execute(select(C.body).where(C.article_id == article_id)).scalar_one()
    return found, zlib.decompress(packed)


def _retry(connection: Connection, article_ids: Sequence[str], now: datetime) -> tuple[str, ...]:
    hold(connection, sorted(article_ids))
    left_alone = (A.id.in_(article_ids), A.text_state == str(TextState.QUARANTINED))
    found = tuple(connection.execute(select(A.id).where(*left_alone)).scalars())
    connection.execute(
        update(articles)
        .where(*left_alone)
        .values(text_state=str(TextState.PENDING), page_due_at=now, attempts=0)
    )
    return found
