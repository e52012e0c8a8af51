"""The vocabulary of these weeks: made of a sample of the archive once a day, kept for every process to read."""

from __future__ import annotations

import json
import zlib
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from crawler.folds import WordCounts
from crawler.vocabulary import SAMPLE, WINDOW, Vocabulary, count_words
from tidings.storage.article_rows import A, chunks, fetch
from tidings.storage.dialect import insert, lock
from tidings.storage.engine import Database
from tidings.storage.tables import vocabularies

LASTS = timedelta(days=1)
GROWTH = 1.2  # times the articles of a vocabulary that was made of fewer than a sample: then it is made anew
FEW = 5  # articles that are no growth

V = vocabularies.c


class _Made(NamedTuple):
    at: datetime
    sample: WordCounts


class SqlVocabularies:
    """The vocabulary in force, made anew when it is a day old, or the archive has grown much since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: _Made | None = None

    async def in_force(self, now: datetime) -> WordCounts:
        """The sample of the thirty days before `now`; of no article at all while there are none."""
        if self._last is not None and self._last.sample.articles >= SAMPLE and _is_fresh(self._last, now):
            return self._last.sample
        made = await self._database.read(lambda connection: _good(connection, self._last, now))
        if made is None:
            made = _Made(now, await self._database.read(lambda connection: _of_archive(connection, now)))
            kept = made
            await self._database.write(lambda connection: _keep(connection, kept))
        self._last = made
        return made.sample


def latest(connection: Connection) -> Vocabulary:
    """The vocabulary made last; of no article at all while there is none."""
    made = _stored(connection)
    return Vocabulary() if made is None else Vocabulary(made.sample)


def _good(connection: Connection, last: _Made | None, now: datetime) -> _Made | None:
    """A vocabulary that will do: the one at hand, or what another process has made since; None: there is none."""
    newest = connection.execute(select(func.max(V.made_at))).scalar_one_or_none()
    made = last if last is not None and newest == last.at else _stored(connection)
    if made is None or not _is_fresh(made, now):
        return None
    if made.sample.articles < SAMPLE:
        window = select(A.id).where(A.first_seen_at > now - WINDOW).limit(SAMPLE).subquery()
        there = connection.execute(select(func.count()).select_from(window)).scalar_one()
        if there > GROWTH * made.sample.articles + FEW:
            return None
    return made


def _is_fresh(made: _Made, now: datetime) -> bool:
    return abs(now - made.at) < LASTS  # one made by a clock that ran ahead is none


def _stored(connection: Connection) -> _Made | None:
    row = connection.execute(select(vocabularies).order_by(V.made_at.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    counts = json.loads(zlib.decompress(row.counts))
    return _Made(row.made_at, WordCounts(articles=row.articles, counts=counts))


def _of_archive(connection: Connection, now: datetime) -> WordCounts:
    """Ids are hashes: the first ones in their order are a sample that follows no time and no source."""
    sample = select(A.id).where(A.first_seen_at > now - WINDOW).order_by(A.id).limit(SAMPLE)
    chosen = connection.execute(sample).scalars().all()
    return count_words(  # texts may be long: no more than a part of them is held at once
        article for some in chunks(chosen) for article in fetch(connection, some).values()
    )


def _keep(connection: Connection, made: _Made) -> None:
    """In the place of those before; of several that are made at once, the last to come stays."""
    lock(connection, "vocabulary")
    connection.execute(delete(vocabularies))
    counts = zlib.compress(json.dumps(dict(made.sample.counts), ensure_ascii=False).encode(), 6)
    row = {"made_at": made.at, "articles": made.sample.articles, "counts": counts}
    connection.execute(insert(connection, vocabularies).values(row).on_conflict_do_nothing())
