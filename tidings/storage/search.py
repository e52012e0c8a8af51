"""Searching the archive by the index of words: what may be found, the newest or the most telling first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from alerts.narrowing import Need
from crawler.records import Article
from tidings.storage import word_index
from tidings.storage.archive import Place, walk_on
from tidings.storage.article_rows import A, fetch
from tidings.storage.engine import Database
from tidings.storage.indexing import index_some
from tidings.storage.match_rows import M

T = TypeVar("T")

FIRST_BATCH, BATCH = 60, 500  # candidates that are read at once, and at a time when they were not enough
INDEX_BATCH = 100  # articles put into the index in one transaction; others wait for the database meanwhile
_ABOVE_ALL = 1 << 62  # of numbers
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What an article must be besides, all of it; None: anything."""

    since: datetime | None = None  # first seen at that moment or later
    until: datetime | None = None  # or before it, the moment included
    initiative_id: str | None = None  # it matches this one now
    story_id: str | None = None


class SqlSearch:
    """Finds by the index, and looks through what is not in it yet: nothing is missed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def walk(
        self, need: Need | None, filters: Filters, *, batch: int = FIRST_BATCH
    ) -> AsyncIterator[tuple[Article, ...]]:
        """Articles that may hold what is needed, with their texts in force, newest first; `need` None: any.

        One that comes meanwhile may be missing, none comes twice.
        """
        if need is None:
            async for some in self._all(filters, batch):
                yield some
            return
        waiting = await self._database.read(partial(_waiting, filters=filters))
        known, high = frozenset(waiting), _high(filters)
        while True:
            page = partial(_page, need=need, filters=filters, high=high, batch=batch)
            found, lowest = await self._database.read(page)
            at = 0
            while at < len(waiting) and (lowest is None or waiting[at][0] >= word_index.moment_of(lowest)):
                at += 1
            places = sorted({*waiting[:at], *(one for one in found if one not in known)}, reverse=True)
            del waiting[:at]
            for piece in _in_pieces(places, batch):
                yield await self._database.read(partial(_articles, piece))
            if lowest is None:
                return
            high, batch = lowest, min(2 * batch, BATCH)

    async def _all(self, filters: Filters, batch: int) -> AsyncIterator[tuple[Article, ...]]:
        last: Place | None = None
        while True:
            found = await self._database.read(
                partial(
                    walk_on, since=None, until=None, last=last, batch=batch, also=tuple(_conditions(filters))
                )
            )
            if found:
                yield found
                last = (found[-1].first_seen_at, found[-1].id)
            if len(found) < batch:
                return

    async def best(self, need: Need, filters: Filters, *, most: int) -> tuple[Article, ...]:
        """Of the articles that may hold what is needed the most telling, best first; before them as many, the newest,
        of those that are not in the index yet."""
        return await self._database.read(partial(_best, need=need, filters=filters, most=most))

    async def index_some(self, limit: int = INDEX_BATCH) -> int:
        """Put some of the articles that wait for it into the index, the newest first; returns how many."""
        return await self._database.write(partial(index_some, limit=limit))


# -- finding ---------------------------------------------------------------------------------------


def candidates(connection: Connection, need: Need | None, filters: Filters, most: int) -> list[Place]:
    """The newest articles that may hold what is needed, newest first: of the index `most` at most, of those that it
    does not have yet as many, and of all of them no more than that."""
    if need is None:
        rows = connection.execute(
            select(A.first_seen_at, A.id)
            .where(*_conditions(filters))
            .order_by(A.first_seen_at.desc(), A.id.desc())
            .limit(most)
        )
        return [(row.first_seen_at, row.id) for row in rows]
    waiting = _waiting(connection, filters=filters)[:most]
    found, _ = _page(connection, need=need, filters=filters, high=_high(filters), batch=most)
    return sorted({*waiting, *found}, reverse=True)[:most]


def _waiting(connection: Connection, *, filters: Filters) -> list[Place]:
    """Newest first. Times are looked at here, or SQLite walks through all articles of a time to find the few."""
    timeless = replace(filters, since=None, until=None)
    rows = connection.execute(
        select(A.first_seen_at, A.id).where(A.unindexed_since.is_not(None), *_conditions(timeless))
    )
    return sorted(
        (
            (row.first_seen_at, row.id)
            for row in rows
            if (filters.since is None or row.first_seen_at >= filters.since)
            and (filters.until is None or row.first_seen_at <= filters.until)
        ),
        reverse=True,
    )


def _page(
    connection: Connection, *, need: Need, filters: Filters, high: int, batch: int
) -> tuple[list[Place], int | None]:
    """The next of the index below `high`, and the lowest number of them; None: there are no more."""
    numbers = word_index.newest(connection, need, low=_low(filters), high=high, limit=batch)
    found = _places(connection, numbers, filters)
    return found, numbers[-1] if len(numbers) == batch else None


def _best(connection: Connection, *, need: Need, filters: Filters, most: int) -> tuple[Article, ...]:
    numbers = word_index.best(connection, need, low=_low(filters), high=_high(filters), limit=most)
    rank = {number: place for place, number in enumerate(numbers)}
    rows = [row for some in _in_pieces(numbers, BATCH) for row in connection.execute(_of(some, filters))]
    ids = [name for _, name in _waiting(connection, filters=filters)[:most]]
    ids += [row.id for row in sorted(rows, key=lambda row: rank[row.number])]
    found = fetch(connection, ids)
    return tuple(found[one] for one in ids if one in found)


def _places(connection: Connection, numbers: Sequence[int], filters: Filters) -> list[Place]:
    return [
        (row.first_seen_at, row.id)
        for some in _in_pieces(numbers, BATCH)
        for row in connection.execute(_of(some, filters))
    ]


def _of(numbers: Sequence[int], filters: Filters) -> Select[Any]:
    return select(A.number, A.first_seen_at, A.id).where(A.number.in_(numbers), *_conditions(filters))


def _articles(places: Sequence[Place], connection: Connection) -> tuple[Article, ...]:
    found = fetch(connection, (name for _, name in places))
    return tuple(found[name] for _, name in places if name in found)


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.since is not None:
        yield A.first_seen_at >= filters.since
    if filters.until is not None:
        yield A.first_seen_at <= filters.until
    if filters.story_id is not None:
        yield A.story_id == filters.story_id
    if filters.initiative_id is not None:
        yield exists().where(
            M.article_id == A.id, M.initiative_id == filters.initiative_id, M.gone_at.is_(None)
        )


def _low(filters: Filters) -> int:
    return 0 if filters.since is None else word_index.least_number(filters.since)


def _high(filters: Filters) -> int:
    return _ABOVE_ALL if filters.until is None else word_index.least_number(filters.until + MILLISECOND)


def _in_pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[at : at + size] for at in range(0, len(values), size))
