"""Pages that crashed their reader: kept with what they held, until a later try ends well or they are the oldest of many."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update

from crawler.records import Article, Fetched, TextState
from tidings.storage.article_rows import A, hold
from tidings.storage.dialect import insert
from tidings.storage.engine import Database
from tidings.storage.tables import articles, page_crashes

ATTEMPTS = 3  # that never came back, before an article is left alone
CRASHED = "crashed: "  # begins the reason of an article whose reader died
LEFT_ALONE = (
    "reading its page "  # begins that of an article in quarantine, or taken out of it and not read yet
)
AND_THEN = ", then "  # between the reasons of crashes in a row
MOST = 20  # pages kept; those of the oldest crashes are dropped
C = page_crashes.c


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashedPage:
    """A page at which the reader died."""

    article_id: str
    title: str  # of the article
    url: str  # where the page came from; the article's own where it is not kept
    content_type: str | None
    reason: str  # of all its crashes in a row, such as "the child process died (signal 6)"
    crashed_at: datetime | None
    size: int | None  # bytes of the page; None: it is not kept
    quarantined: bool  # False: it will be tried again by itself


class SqlCrashes:
    """What an operator asks of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[CrashedPage, ...]:
        """Those of articles in quarantine, and those still tried whose page is kept; the newest crash first."""
        return await self._database.read(_all)

    async def get(self, article_id: str) -> tuple[CrashedPage, bytes] | None:
        """One that is kept and its body, as it came from its host; None: there is none."""
        return await self._database.read(lambda connection: _get(connection, article_id))

    async def retry(self, article_ids: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Take articles out of quarantine: their pages are due now; ids of those that were in it."""
        return await self._database.write(lambda connection: _retry(connection, article_ids, now))


def record(
    connection: Connection, article_id: str, *, reason: str, fetched: Fetched | None, now: datetime
) -> None:
    """Keep the reason and the page of a crash; the attempt was counted when the article was handed out.

    The third in a row quarantines the article. Before it, the claim runs out and another try follows. A crash that is
    told of when another try has ended already changes nothing.
    """
    hold(connection, [article_id])
    before = connection.execute(
        select(A.attempts, A.text_reason).where(A.id == article_id, A.text_state == str(TextState.PENDING))
    ).one_or_none()
    if before is None:
        return
    said = _with(before.text_reason, reason)
    values: dict[str, Any] = {"text_reason": said, "page_at": now, "page_tries": A.page_tries + 1}
    if before.attempts >= ATTEMPTS:
        values |= _left_alone(said)
    connection.execute(update(articles).where(A.id == article_id).values(**values))
    if fetched is not None:
        _keep(connection, article_id, fetched, now)


def quarantine(connection: Connection, due: ColumnElement[bool]) -> None:
    """Leave those of the articles that are due alone whose attempts never came back, not even with a crash."""
    lost = connection.execute(select(A.id, A.text_reason).where(due, A.attempts >= ATTEMPTS)).all()
    if lost:
        connection.execute(_LEAVE_ALONE, [{"own": row.id, "why": _why(row.text_reason)} for row in lost])


def has_crashed(article: Article) -> bool:
    """Whether the last attempt at its page was a crash."""
    return (article.text_reason or "").startswith((CRASHED, LEFT_ALONE))


def forget(connection: Connection, article_id: str) -> None:
    """A later try ended well."""
    connection.execute(delete(page_crashes).where(C.article_id == article_id))


def _keep(connection: Connection, article_id: str, fetched: Fetched, now: datetime) -> None:
    facts = {
        "crashed_at": now,
        "url": fetched.url,
        "content_type": fetched.content_type,
        "size": len(fetched.body),
        "body": zlib.compress(fetched.body, 6),
    }
    new = insert(connection, page_crashes).values(article_id=article_id, **facts)
    connection.execute(new.on_conflict_do_update(index_elements=[C.article_id], set_=facts))
    kept = select(C.article_id).order_by(C.crashed_at.desc(), C.article_id).limit(MOST)
    connection.execute(delete(page_crashes).where(C.article_id.not_in(kept)))


def _with(before: str | None, reason: str) -> str:
    """The reasons of the crashes so far and one more; the same one again is not said again."""
    if before is None or not before.startswith((CRASHED, LEFT_ALONE)):
        return CRASHED + reason
    last = before.rpartition(AND_THEN)[2].removeprefix(CRASHED)
    return before if last == reason else before + AND_THEN + reason


def _left_alone(reason: str | None) -> dict[str, Any]:
    return {
        "text_state": str(TextState.QUARANTINED),
        "text_reason": _why(reason),
        "page_due_at": None,
        "claimed_until": None,
    }


def _why(reason: str | None) -> str:
    if reason is not None and reason.startswith(CRASHED):
        return f"{LEFT_ALONE}crashed three times: {reason.removeprefix(CRASHED)}"
    return f"{LEFT_ALONE}ended three times without an answer"


_LEAVE_ALONE = (
    update(articles)
    .where(A.id == bindparam("own"))
    .values(_left_alone(None) | {"text_reason": bindparam("why", type_=A.text_reason.type)})
)


def _all(connection: Connection) -> tuple[CrashedPage, ...]:
    left_alone = A.text_state == str(TextState.QUARANTINED)
    rows = connection.execute(
        select(
            A.id, A.title, A.url.label("listed"), A.text_reason, A.page_at, left_alone.label("left_alone"),
            C.url, C.content_type, C.crashed_at, C.size,
        )
        .outerjoin(page_crashes, C.article_id == A.id)
        .where(or_(left_alone, A.id.in_(select(C.article_id))))
    )  # fmt: skip
    found = [
        CrashedPage(
            article_id=row.id,
            title=row.title,
            url=row.url or row.listed,
            content_type=row.content_type,
            reason=(row.text_reason or "").removeprefix(CRASHED),
            crashed_at=row.crashed_at or row.page_at,
            size=row.size,
            quarantined=bool(row.left_alone),
        )
        for row in rows
    ]
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found, key=lambda one: (one.crashed_at or never, one.article_id), reverse=True))


def _get(connection: Connection, article_id: str) -> tuple[CrashedPage, bytes] | None:
    packed = connection.execute(select(C.body).where(C.article_id == article_id)).scalar_one_or_none()
    if packed is None:
        return None
    found = next(one for one in _all(connection) if one.article_id == article_id)
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
