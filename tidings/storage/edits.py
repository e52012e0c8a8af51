"""Which watchlists and rules are in force, since when, and how far the archive has been judged by new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update

from alerts.records import Watchlist
from alerts.rerun import Refound
from tidings.storage.archive import Place
from tidings.storage.article_rows import chunks
from tidings.storage.dialect import AnyRow, insert, lock
from tidings.storage.engine import Database
from tidings.storage.tables import articles, initiative_rules, matches, watchlist_versions

V = watchlist_versions.c
R = initiative_rules.c


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWatchlist:
    """A watchlist as it came into force."""

    watchlist_id: str
    version: str  # 12 hex digits of the file's sha256
    path: str  # of the file, as it was given then
    text: str  # of the file, every character of it
    since: datetime  # in force without a break


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRun:
    """Initiatives whose rules came into force together, and how far the archive was judged by them."""

    prints: Mapping[str, str]  # of their rules, by id
    since: datetime  # the edit
    after: Place | None  # the last article judged, newest first; None: none yet
    articles: int  # judged so far
    changed: Refound  # so far

    @property
    def initiatives(self) -> tuple[str, ...]:
        """Their ids, in order."""
        return tuple(self.prints)


class SqlEdits:
    """What an edit of the watchlists changed, and what is still to be done for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def in_force(self) -> tuple[KeptWatchlist, ...]:
        """The watchlists in force, by id; () before anything ran on this database."""
        return await self._database.read(_in_force)

    async def put_in_force(
        self, watchlists: Sequence[Watchlist], prints: Mapping[str, str], now: datetime
    ) -> tuple[str, ...]:
        """Keep what comes into force; the ids of initiatives that now wait for a run over the archive, in order.

        New and changed ones wait. What the first rules of an installation would find was found as it came, unless
        nothing ever matched.

        Args:
            prints: the meaning of each initiative's rules, by id; equal ones mean the same.
        """
        return await self._database.write(
            lambda connection: _put_in_force(connection, watchlists, prints, now)
        )

    async def pending(self) -> tuple[PendingRun, ...]:
        """The runs over the archive that are to be done or gone on with, the oldest edit first."""
        return await self._database.read(_pending)

    async def advance(self, run: PendingRun, to: Place, number: int, changed: Refound) -> bool:
        """`number` articles, the last of them at `to`, were judged; False: another process was there before, or
        the rules have changed since."""
        step = {
            "cursor_at": to[0],
            "cursor_id": to[1],
            "articles": R.articles + number,
            "told": R.told + changed.told,
            "filed": R.filed + changed.filed,
            "gone": R.gone + changed.gone,
        }
        return await self._database.write(
            lambda connection: bool(
                connection.execute(update(initiative_rules).where(_as_read(run)).values(step)).rowcount
            )
        )

    async def finish(self, run: PendingRun) -> bool:
        """The whole archive is judged; False as for `advance`."""
        done = {"pending_since": None, "cursor_at": None, "cursor_id": None}
        return await self._database.write(
            lambda connection: bool(
                connection.execute(update(initiative_rules).where(_as_read(run)).values(done)).rowcount
            )
        )


def _in_force(connection: Connection) -> tuple[KeptWatchlist, ...]:
    rows = connection.execute(
        select(watchlist_versions).where(V.in_force_until.is_(None)).order_by(V.watchlist_id)
    )
    return tuple(
        KeptWatchlist(
            watchlist_id=row.watchlist_id,
            version=row.version,
            path=row.path,
            text=row.text,
            since=row.in_force_since,
        )
        for row in rows
    )


def _put_in_force(
    connection: Connection, watchlists: Sequence[Watchlist], prints: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    lock(connection, "rules")
    _keep_texts(connection, watchlists, now)
    return _keep_rules(connection, prints, now)


def _keep_texts(connection: Connection, watchlists: Sequence[Watchlist], now: datetime) -> None:
    kept = {row.version: row for row in connection.execute(select(watchlist_versions))}
    given = {one.version: one for one in watchlists if one.version}
    gone = [one for one, row in kept.items() if one not in given and row.in_force_until is None]
    for some in chunks(gone):
        connection.execute(update(watchlist_versions).where(V.version.in_(some)).values(in_force_until=now))
    new, back, moved = [], [], []
    for version, one in given.items():
        before = kept.get(version)
        if before is None:
            words = {"version": version, "watchlist_id": one.id, "path": one.path, "text": one.text}
            new.append(words | {"first_since": now, "in_force_since": now})
        elif before.in_force_until is not None:
            back.append({"own": version, "in_force_since": now, "in_force_until": None, "path": one.path})
        elif before.path != one.path:
            moved.append({"own": version, "path": one.path})
    if new:
        connection.execute(watchlist_versions.insert(), new)
    for rows in (back, moved):
        if rows:
            connection.execute(update(watchlist_versions).where(V.version == bindparam("own")), rows)


def _keep_rules(connection: Connection, prints: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    kept = {row.initiative_id: row for row in connection.execute(select(initiative_rules))}
    as_they_came = not kept and (
        _is_empty(connection, articles.c.id) or not _is_empty(connection, matches.c.article_id)
    )
    waiting, rows = [], []
    for initiative_id, fingerprint in prints.items():
        before = kept.get(initiative_id)
        if before is not None and before.removed_at is None and before.print == fingerprint:
            if before.pending_since is not None:
                waiting.append(initiative_id)
            continue
        row: dict[str, Any] = {
            "initiative_id": initiative_id,
            "print": fingerprint,
            "in_force_since": now,
            "removed_at": None,
            "pending_since": None if as_they_came else now,
            "cursor_at": None,
            "cursor_id": None,
            "articles": 0,
            "told": 0,
            "filed": 0,
            "gone": 0,
        }
        rows.append(row)
        if not as_they_came:
            waiting.append(initiative_id)
    if rows:
        statement = insert(connection, initiative_rules)
        renewed = {name: statement.excluded[name] for name in rows[0] if name != "initiative_id"}
        connection.execute(
            statement.on_conflict_do_update(index_elements=[R.initiative_id], set_=renewed), rows
        )
    left = [one for one, row in kept.items() if one not in prints and row.removed_at is None]
    if left:
        connection.execute(
            update(initiative_rules)
            .where(R.initiative_id.in_(left))
            .values(removed_at=now, pending_since=None, cursor_at=None, cursor_id=None)
        )
    return tuple(waiting)


def _is_empty(connection: Connection, column: ColumnElement[str]) -> bool:
    return connection.execute(select(column).limit(1)).first() is None


def _pending(connection: Connection) -> tuple[PendingRun, ...]:
    rows = connection.execute(
        select(initiative_rules)
        .where(R.pending_since.is_not(None))
        .order_by(R.pending_since, R.cursor_at, R.cursor_id, R.initiative_id)
    )
    together = groupby(rows, lambda row: (row.pending_since, row.cursor_at, row.cursor_id))
    return tuple(_to_run(tuple(group)) for _, group in together)


def _to_run(rows: Sequence[AnyRow]) -> PendingRun:
    first = rows[0]
    return PendingRun(
        prints={row.initiative_id: row.print for row in rows},
        since=first.pending_since,
        after=None if first.cursor_at is None else (first.cursor_at, first.cursor_id),
        articles=first.articles,
        changed=Refound(told=first.told, filed=first.filed, gone=first.gone),
    )


def _as_read(run: PendingRun) -> ColumnElement[bool]:
    """The rows of a run that are as they were when it was read."""
    if run.after is None:
        place: ColumnElement[bool] = R.cursor_at.is_(None)
    else:
        place = and_(R.cursor_at == run.after[0], R.cursor_id == run.after[1])
    return and_(R.initiative_id.in_(run.initiatives), R.pending_since == run.since, place)
