"""Which of the sources that are due are next, so that no host and no trouble keeps the others waiting.

However many are due, only as many are read as it takes: what has its share in hand is left out by the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, or_, select, tuple_

from crawler.ports import Shares
from crawler.records import SourceState
from tidings.storage.article_rows import page_host
from tidings.storage.clock_back import AHEAD
from tidings.storage.dialect import AnyRow, among, listed
from tidings.storage.source_rows import S, active

FEWEST, MOST = 200, 5_000  # rows that are read at a time, more each time

_NOW = bindparam("now", type_=S.claimed_until.type)
_AHEAD = S.last_polled_at > bindparam("soon", type_=S.last_polled_at.type)
_MAY_BE_ASKED = (
    active(),
    S.state != str(SourceState.GONE),
    or_(S.not_before.is_(None), S.not_before <= _NOW, _AHEAD),
    or_(S.claimed_until.is_(None), S.claimed_until <= _NOW),
)
# The address is wanted only in rows of an older version, which do not name the host.
_COLUMNS = (
    S.id,
    S.next_poll_at,
    S.host,
    case((S.host.is_(None), func.coalesce(S.moved_to, S.url))).label("address"),
    S.failures,
)
_UNDER_WAY = select(*_COLUMNS).where(S.claimed_until > _NOW)

# The order in which they are asked, in three stretches: each is one of an index, whatever a database makes of NULL.
NEVER_PLANNED, PLANNED, LATER = range(3)


@cache
def _next(dialect: str, stretch: int, *, further: bool, well: bool, everything: bool) -> Select[Any]:
    """The next rows of a stretch.

    Args:
        further: after the row `last_at`, `last_id`.
        well: none that is in trouble.
        everything: whatever our own rhythm says.
    """
    wanted = [*_MAY_BE_ASKED, or_(S.host.is_(None), ~among(dialect, S.host, "full"))]
    if stretch == NEVER_PLANNED:
        wanted.append(S.next_poll_at.is_(None))
    elif stretch == PLANNED:
        wanted.append(S.next_poll_at <= _NOW)
    else:
        wanted.append(S.next_poll_at > _NOW)
        if not everything:
            # By another clock, and so was what it waits for. There is hardly one: they are found by themselves first.
            wanted.append(S.id.in_(select(S.id).where(_AHEAD)))
    if further:
        last = bindparam("last_at", type_=S.next_poll_at.type), bindparam("last_id", type_=S.id.type)
        wanted.append(
            S.id > last[1] if stretch == NEVER_PLANNED else tuple_(S.next_poll_at, S.id) > tuple_(*last)
        )
    if well:
        wanted += (S.failures == 0, ~among(dialect, S.id, "slow"))
    order = (S.id,) if stretch == NEVER_PLANNED else (S.next_poll_at, S.id)
    return select(*_COLUMNS).where(*wanted).order_by(*order).limit(bindparam("number"))


def choose(
    connection: Connection, now: datetime, limit: int, shares: Shares, *, everything: bool
) -> list[str]:
    """Ids of up to `limit` sources to ask next, in order: of one host a few, and of those in trouble not too many."""
    choice = _Choice(shares, limit, connection.execute(_UNDER_WAY, {"now": now}))
    for stretch in (NEVER_PLANNED, PLANNED, LATER):
        for rows in _read(connection, stretch, now, choice, everything=everything):
            choice.take(rows)
            if choice.is_made:
                return choice.chosen
    return choice.chosen


class _Choice:
    """What is in hand, and what was chosen beside it."""

    def __init__(self, shares: Shares, limit: int, under_way: Iterable[AnyRow]) -> None:
        self.chosen: list[str] = []
        self.full: set[str] = set()  # hosts
        self.slow = frozenset(shares.slow)
        self.room = shares.troubled
        self.limit = limit
        self._per_host = shares.per_host
        self._hosts: Counter[str] = Counter()
        for row in under_way:
            self._count(_host(row), self._is_troubled(row))

    @property
    def is_made(self) -> bool:
        return len(self.chosen) >= self.limit

    def take(self, rows: Iterable[AnyRow]) -> None:
        """Choose of the rows, in order, until there are enough."""
        for row in rows:
            host, troubled = _host(row), self._is_troubled(row)
            if host not in self.full and (self.room > 0 or not troubled):
                self._count(host, troubled)
                self.chosen.append(row.id)
                if self.is_made:
                    return

    def _count(self, host: str, troubled: bool) -> None:
        self._hosts[host] += 1
        self.room -= troubled
        if self._hosts[host] >= self._per_host:
            self.full.add(host)

    def _is_troubled(self, row: AnyRow) -> bool:
        return row.failures > 0 or row.id in self.slow


def _read(
    connection: Connection, stretch: int, now: datetime, choice: _Choice, *, everything: bool
) -> Iterator[Sequence[AnyRow]]:
    """The rows of a stretch in order, some at a time, without those that can be seen not to be chosen."""
    dialect = connection.dialect.name
    number = min(max(choice.limit * 5 // 4, FEWEST), MOST)
    asked: dict[str, Any] = {"now": now, "soon": now + AHEAD}
    further = False
    while True:
        well = choice.room <= 0
        asked |= {"full": listed(dialect, sorted(choice.full)), "number": number}
        if well:
            asked["slow"] = listed(dialect, sorted(choice.slow))
        statement = _next(dialect, stretch, further=further, well=well, everything=everything)
        rows = connection.execute(statement, asked).all()
        yield rows
        if len(rows) < number:
            return
        further, number = True, min(2 * number, MOST)
        asked |= {"last_at": rows[-1].next_poll_at, "last_id": rows[-1].id}


def _host(row: AnyRow) -> str:
    found: str | None = row.host
    return page_host(row.address) if found is None else found
