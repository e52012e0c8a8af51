"""Folding on a server, beside other workers: a transaction for each article, which waits only for those that it may meet.

What an article meets
    It is found by, and finds others by, its bands, its canonical address, its title and its heaviest words; these
    are its *keys*. Two articles that could be each other's candidates have one of them in common. A transaction
    takes a lock for each key before it looks, so of two such articles the second sees what became of the first.
    Articles without a common key go on side by side.

    What an article does not share a key with it may meet in a story: two reports with other words join one story at
    once, or a story ends in another one while somebody joins it. So the stories that a decision names are locked too,
    and what is computed of the old (the centre of a story, its times, whether it is empty) is read after that. A
    decision on what has changed meanwhile is thrown away, before anything is written, and made anew: a story whose
    name was read is part of another now, or the article is not what it was. That ends, since each time another
    transaction has finished.

    A centre may grow between the look at it and the lock: then the article is compared with the story as it was a
    moment ago, as if it had come a moment earlier. What it adds is added to what is there.

No deadlock
    Every transaction takes its locks in the same order: the lock `FOLD`, shared; the keys, all in one statement, by
    number; the stories, by name, each as strongly as it will be needed; the articles that change, by id. So do those
    who do other things with stories and articles: who joins or parts them by hand (`FOLD` alone, stories, articles),
    who freezes a digest (stories, articles), who edits or matches (articles). Whoever waits for a later kind of lock
    holds none that anybody with that one will ask for. Numbers for the keys in the database are given out beforehand,
    in a transaction of its own, so that nobody waits there for the end of a fold. Should the server still find a
    deadlock, the transaction is run again, see `lanes.Pooled`.

Not synced
    These transactions commit without waiting for the disk. When the server loses the last half second, the articles
    wait for folding as before, and are folded again. Whatever is built upon a fold, such as a digest, is synced when
    it is committed, and with it all that was committed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Text, bindparam, select, text
from sqlalchemy.exc import SQLAlchemyError

from crawler.folds import Fold, Folded, Vector
from crawler.ports import Folder, Surroundings
from crawler.records import Article
from crawler.terms import keys as word_keys
from tidings.storage import bands, centres
from tidings.storage.article_rows import A, fetch, hold, to_article, whole_articles
from tidings.storage.constraints import any_constraints
from tidings.storage.dialect import among, number_of
from tidings.storage.engine import Database
from tidings.storage.folding import FOLD, because, keep, surroundings
from tidings.storage.keys import fingerprint, signed, title_fingerprint
from tidings.storage.stories import L, S
from tidings.storage.tables import articles

_BEGIN = text(
    "SELECT set_config('synchronous_commit', 'off', true)"
    " UNION ALL SELECT CAST(pg_advisory_xact_lock_shared(:fold) AS text)"
    " UNION ALL SELECT CAST(pg_advisory_xact_lock(key) AS text) FROM unnest(CAST(:keys AS bigint[])) AS key"
)
_NOT_SYNCED = text("SET LOCAL synchronous_commit = off")
_STORIES = select(S.id).where(among("postgresql", S.id, "names", Text)).order_by(S.id)
_JOINED_INTO = _STORIES.with_for_update(key_share=True)  # others may tell them
_JOINED = _STORIES.with_for_update()
_RENAMED = select(L.alias).where(among("postgresql", L.alias, "names", Text)).limit(1)
_MEMBERS = select(A.id).where(among("postgresql", A.story_id, "names", Text))
_OWN = whole_articles().where(A.id == bindparam("own")).with_for_update(key_share=True, of=articles)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An article of a batch, with the number that it is to have."""

    article: Article
    number: int


class _Outdated(Exception):
    """What was decided on is not so any more; nothing is written."""


class _Broken(Exception):
    """The folder raised; nothing is written."""


async def fold(database: Database, article_ids: Sequence[str], folder: Folder, *, since: datetime) -> Folded:
    """See `crawler.ports.ArticleStore`; each decision is committed by itself."""
    folds, failed = [], []
    batch = await database.write(partial(_prepare, article_ids)) if article_ids else ()
    for one in batch:
        try:
            made = await _fold_one(database, one, folder, since)
        except _Broken as broken:
            failed.append((one.article.id, str(broken)))
        else:
            if made is not None:
                folds.append((one.article.id, made))
    return Folded(folds=tuple(folds), failed=tuple(failed))


async def _fold_one(database: Database, one: _Waiting, folder: Folder, since: datetime) -> Fold | None:
    """What was decided; None: the article is gone."""
    known: Article | None = one.article
    while known is not None:
        try:
            return await database.write(partial(_decide, known, one.number, folder, since))
        except _Outdated:
            found = await database.read(lambda connection: fetch(connection, [one.article.id]))
            known = found.get(one.article.id)
    return None


def _prepare(article_ids: Iterable[str], connection: Connection) -> Sequence[_Waiting]:
    """The articles that are there, in the order given, each with a number of its own."""
    connection.execute(_NOT_SYNCED)
    asked = tuple(dict.fromkeys(article_ids))
    found = fetch(connection, asked)
    some = [found[one] for one in asked if one in found]
    if not some:
        return ()
    day = bands.day_of(max(one.first_seen_at for one in some))
    numbers = bands.reserve(connection, len(some), day)
    return [_Waiting(article=article, number=number) for article, number in zip(some, numbers, strict=True)]


def _decide(article: Article, number: int, folder: Folder, since: datetime, connection: Connection) -> Fold:
    """One transaction: lock, look, decide, lock what the decision changes, see that it still holds, write."""
    try:
        keys, about = tuple(folder.keys(article)), folder.about(article)
        places = sorted(set(_places(article, keys, about)))
        connection.execute(_BEGIN, {"fold": number_of(FOLD), "keys": places})
        constrained = any_constraints(connection)
        around = surroundings(connection, article, keys, about, since=since, constrained=constrained)
        made = folder.decide(article, about, around)
    except SQLAlchemyError:
        raise  # the database's own trouble is not this article's
    except Exception as fault:
        raise _Broken(because(fault)) from fault
    _hold_stories(connection, article, around, made)
    _hold_articles(connection, article, made)
    keep(connection, article, keys, about, made, folder, number)
    return made


# -- locks -----------------------------------------------------------------------------------------


def _places(article: Article, keys: Iterable[int], about: Vector) -> Iterator[int]:
    """The numbers of the locks of an article: of itself, and of each key under which it is found and finds others."""
    yield _place("article", fingerprint(article.id))
    for key in keys:
        yield _place("text", key)
    if article.canonical_url:
        yield _place("address", fingerprint(article.canonical_url))
    title = title_fingerprint(article.title)
    if title is not None:
        yield _place("title", title)
    if about:
        for key in word_keys(about):
            yield _place(centres.KIND, key)


def _place(kind: str, key: int) -> int:
    return signed(key ^ bands.salt(kind))


def _hold_stories(connection: Connection, article: Article, around: Surroundings, made: Fold) -> None:
    """Lock the stories that a decision changes: nobody else adds to them, joins or parts them until the end.

    A story that is to end is locked as whoever tells it must not find it, the others so that they can be told.

    Raises:
        _Outdated: one of those that were looked at is part of another one by now.
    """
    before = set() if article.story_id is None else {article.story_id}
    names = {made.story_id, *made.joins, *before}
    statement = _JOINED if made.joins or before - {made.story_id} else _JOINED_INTO
    seen = before | set(around.constraints.pins.values())
    seen |= {one.story_id for one in around.candidates if one.story_id is not None}
    seen |= {one.story_id for one in around.centres}
    if not names & seen:
        return  # nobody can know a story that is new
    there = set(connection.execute(statement, {"names": list(names)}).scalars())
    gone = list((names & seen) - there)
    if gone and connection.execute(_RENAMED, {"names": gone}).first() is not None:
        raise _Outdated


def _hold_articles(connection: Connection, article: Article, made: Fold) -> None:
    """Lock the rows that a decision changes: of the article, and of those whose story is joined to another.

    Raises:
        _Outdated: the article was edited, put into another story or purged since it was read.
    """
    if made.joins:
        members = connection.execute(_MEMBERS, {"names": list(made.joins)}).scalars()
        hold(connection, {article.id, *members})
    row = connection.execute(_OWN, {"own": article.id}).first()
    if row is None or to_article(row) != article:
        raise _Outdated
