"""`SourceStore` on the database: the schedule, and what is remembered of each source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, func, or_, select, update

from crawler.errors import Cause
from crawler.ports import Shares
from crawler.records import PollState, Source, SourceGap, SourceState
from tidings.storage.article_rows import chunks, page_host
from tidings.storage.clock_back import AHEAD
from tidings.storage.dialect import AnyRow, claim, insert
from tidings.storage.engine import Database
from tidings.storage.gaps import gaps
from tidings.storage.tables import sources

S = sources.c
NOT_TWICE_WITHIN = timedelta(minutes=15)  # whatever is to be hastened

# What a poll writes. The operator's pause is not among it: it may have been set while the poll ran.
_REMEMBERED = (
    "since",
    "problem",
    "cause",
    "etag",
    "last_modified",
    "body_hash",
    "moved_to",
    "next_poll_at",
    "not_before",
    "last_polled_at",
    "last_success_at",
    "last_new_at",
    "failures",
    "interval",
    "title",
    "ttl",
    "fresh_for",
    "listed",
    "scrolled",
)
# What belongs to one address, and goes when the configured address changes.
_OF_ADDRESS: dict[str, Any] = {
    "state": str(SourceState.NEW),
    "since": None,
    "problem": None,
    "cause": None,
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "moved_to": None,
    "next_poll_at": None,
    "not_before": None,
    "failures": 0,
    "ttl": None,
    "fresh_for": None,
    "skip_hours": [],
    "skip_days": [],
    "listed": None,
    "scrolled": 0,
}


class SqlSources:
    """See `crawler.ports.SourceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sync(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the stored set equal to the configured one; another address starts without validators, due now."""
        await self._database.write(lambda connection: _sync(connection, sources, now))

    async def claim_due(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        *,
        everything: bool = False,
        shares: Shares | None = None,
    ) -> tuple[str, ...]:
        """Ids of due sources, oldest first, leased."""
        if limit < 1:
            return ()
        return await self._database.write(
            lambda connection: _claim(
                connection,
                now,
                limit,
                lease,
                everything=everything,
                shares=shares,
                holder=self._database.holder,
            )
        )

    async def state(self, source_id: str) -> PollState:
        """What is remembered; a fresh `PollState` for a source never polled."""
        row = await self._database.read(
            lambda connection: connection.execute(_STATE, {"own": source_id}).one_or_none()
        )
        return PollState(source_id=source_id) if row is None else _to_state(row)

    async def states(self) -> tuple[PollState, ...]:
        """All configured sources, by id."""
        rows = await self._database.read(
            lambda connection: connection.execute(select(sources).where(S.configured).order_by(S.id)).all()
        )
        return tuple(_to_state(row) for row in rows)

    async def gaps(self, noticed_after: datetime) -> tuple[SourceGap, ...]:
        """Times that configured sources may have missed, the newest first."""
        return await self._database.read(lambda connection: gaps(connection, noticed_after))

    async def release(self, *source_ids: str) -> None:
        """Give claims back without a poll."""
        await self._set(source_ids, claimed_until=None)

    async def set_paused(self, source_id: str, paused: bool) -> None:
        """The operator's pause, beside that of the configuration; after a resume one that is gone is asked again."""

        def step(connection: Connection) -> None:
            this = S.id == source_id
            connection.execute(update(sources).where(this).values(operator_paused=paused))
            if not paused:
                gone = and_(this, S.state == str(SourceState.GONE))
                again = dict.fromkeys(("since", "problem", "cause", "next_poll_at"))
                connection.execute(update(sources).where(gone).values(state=str(SourceState.NEW), **again))

        await self._database.write(step)

    async def _set(self, source_ids: Sequence[str], **values: Any) -> None:
        def step(connection: Connection) -> None:
            for some in chunks(sorted(source_ids)):
                connection.execute(update(sources).where(S.id.in_(some)).values(**values))

        if source_ids:
            await self._database.write(step)


def active() -> ColumnElement[bool]:
    """Configured, and paused by nobody."""
    return and_(S.configured, ~S.paused, ~S.operator_paused)


# Built once: making a statement costs more than running it. The row's own id goes by another name than the column.
_WRITTEN = (*_REMEMBERED, "state", "skip_hours", "skip_days", "claimed_until", "last_listed")
_OWN = S.id == bindparam("own")
_AT = bindparam("at", type_=S.url.type)
_SAVE = (
    update(sources)
    .where(_OWN, or_(_AT.is_(None), S.url == _AT))
    .values(
        {name: bindparam(name, type_=S[name].type) for name in _WRITTEN}
        | {"last_listed": func.coalesce(bindparam("last_listed", type_=S.last_listed.type), S.last_listed)}
    )
)
_STATE = select(sources).where(_OWN)
_OLDEST_FIRST = (S.next_poll_at.asc().nulls_first(), S.id)


def save_state(
    connection: Connection, state: PollState, *, url: str | None, now: datetime, listed: date | None
) -> bool:
    """Keep what a poll learned and release its claim; neither where another address was configured meanwhile.

    Then the claim is left to its lease: a process that has not heard of the change yet, and still asks the old address,
    would else find the source due again at once, and again.

    Args:
        url: the configured address that the poll belongs to; None: the present one, whichever it is.
        listed: the day, when the poll brought a list.
    Returns:
        Whether it was kept.
    """
    values: dict[str, Any] = {name: getattr(state, name) for name in _REMEMBERED}
    values |= {
        "state": str(state.state),
        "skip_hours": sorted(state.skip_hours),
        "skip_days": sorted(state.skip_days),
        "claimed_until": None,
        "last_listed": listed,
    }
    if connection.execute(_SAVE, {"own": state.source_id, "at": url} | values).rowcount:
        return True
    if connection.execute(_STATE, {"own": state.source_id}).first() is not None:
        return False
    unknown = _new(state.source_id, "feed", url or "", now, configured=False)
    connection.execute(insert(connection, sources).values(unknown | values))  # for its articles, never due
    return True


def hasten(connection: Connection, source_ids: Sequence[str], now: datetime) -> None:
    """Make sources due now that would be asked later, but not within 15 minutes of their last poll."""
    if not source_ids:
        return
    asked = {row.id: row.last_polled_at for row in connection.execute(
        select(S.id, S.last_polled_at).where(S.id.in_(source_ids), S.next_poll_at > now))}  # fmt: skip
    for source_id, last in sorted(asked.items()):
        soon = now if last is None else max(now, last + NOT_TWICE_WITHIN)
        connection.execute(
            update(sources).where(S.id == source_id, S.next_poll_at > soon).values(next_poll_at=soon)
        )


def _sync(connection: Connection, configured: Sequence[Source], now: datetime) -> None:
    stored = {row.id: row for row in connection.execute(select(S.id, S.url, S.configured))}
    wanted = {source.id for source in configured}
    left = [source_id for source_id, row in stored.items() if row.configured and source_id not in wanted]
    for source_id in left:
        connection.execute(
            update(sources).where(S.id == source_id).values(configured=false(), claimed_until=None)
        )
    for source in configured:
        facts: dict[str, Any] = {
            "kind": str(source.kind),
            "url": source.url,
            "name": source.name,
            "paused": source.paused,
            "configured": True,
        }
        if source.id not in stored:
            row = _new(source.id, str(source.kind), source.url, now, configured=True) | facts
            connection.execute(insert(connection, sources).values(row).on_conflict_do_nothing())
            continue
        if stored[source.id].url != source.url:
            facts |= _OF_ADDRESS
        connection.execute(update(sources).where(S.id == source.id).values(**facts))


def _new(source_id: str, kind: str, url: str, now: datetime, *, configured: bool) -> dict[str, Any]:
    return {
        "id": source_id,
        "kind": kind,
        "url": url,
        "configured": configured,
        "paused": False,
        "operator_paused": False,
        "added_at": now,
        "state": str(SourceState.NEW),
        "failures": 0,
        "scrolled": 0,
        "skip_hours": [],
        "skip_days": [],
    }


def _claim(
    connection: Connection,
    now: datetime,
    limit: int,
    lease: timedelta,
    *,
    everything: bool,
    shares: Shares | None,
    holder: str | None,
) -> tuple[str, ...]:
    ahead = S.last_polled_at > now + AHEAD  # by another clock, and so was what it waits for
    due = [
        active(),
        S.state != str(SourceState.GONE),
        or_(S.not_before.is_(None), S.not_before <= now, ahead),
        or_(S.claimed_until.is_(None), S.claimed_until <= now),
    ]
    if not everything:
        due.append(or_(S.next_poll_at.is_(None), S.next_poll_at <= now, ahead))
    if shares is not None:
        due.append(S.id.in_(_fair(connection, and_(*due), now, limit, shares)))
    rows = claim(
        connection,
        sources,
        and_(*due),
        order=_OLDEST_FIRST,
        limit=limit,
        values={"claimed_until": now + lease, "claimed_by": holder},
        returning=(S.id, S.next_poll_at),
    )
    return tuple(row.id for row in sorted(rows, key=_oldest_first))


def _fair(
    connection: Connection, due: ColumnElement[bool], now: datetime, limit: int, shares: Shares
) -> list[str]:
    """Ids of the first that are due, of one host a few and of those in trouble not too many, so that they keep no other
    waiting."""
    asked = select(S.id, func.coalesce(S.moved_to, S.url).label("address"), S.failures)
    slow = frozenset(shares.slow)

    def is_troubled(row: AnyRow) -> bool:
        return row.failures > 0 or row.id in slow

    under_way = connection.execute(asked.where(S.claimed_until > now)).all()
    hosts = Counter(page_host(row.address) for row in under_way)
    room = shares.troubled - sum(map(is_troubled, under_way))
    chosen: list[str] = []
    with connection.execute(asked.where(due).order_by(*_OLDEST_FIRST)) as rows:
        for row in rows:
            host, troubled = page_host(row.address), is_troubled(row)
            if hosts[host] < shares.per_host and (room > 0 or not troubled):
                hosts[host] += 1
                room -= troubled
                chosen.append(row.id)
                if len(chosen) == limit:
                    break
    return chosen


def _oldest_first(row: AnyRow) -> tuple[float, str]:
    moment: datetime | None = row.next_poll_at
    return (float("-inf") if moment is None else moment.timestamp(), row.id)


def _to_state(row: AnyRow) -> PollState:
    return PollState(
        source_id=row.id,
        state=SourceState(row.state),
        since=row.since,
        problem=row.problem,
        cause=None if row.cause is None else Cause(row.cause),
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        moved_to=row.moved_to,
        next_poll_at=row.next_poll_at,
        not_before=row.not_before,
        last_polled_at=row.last_polled_at,
        last_success_at=row.last_success_at,
        last_new_at=row.last_new_at,
        failures=row.failures,
        interval=row.interval,
        title=row.title,
        ttl=row.ttl,
        fresh_for=row.fresh_for,
        skip_hours=frozenset(row.skip_hours),
        skip_days=frozenset(row.skip_days),
        listed=row.listed,
        scrolled=row.scrolled,
        operator_paused=row.operator_paused,
    )
