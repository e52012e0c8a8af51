"""How articles come into the index of words, and out of it again before their words change or go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select, update

from crawler.records import Article
from tidings.storage import word_index
from tidings.storage.article_rows import A, chunks, fetch, hold
from tidings.storage.dialect import lock
from tidings.storage.tables import articles

_TAKEN = select(A.id).where(A.number == bindparam("number"))
_INDEXED = (
    update(articles)
    .where(A.id == bindparam("own"))
    .values(number=bindparam("given"), words_print=bindparam("words"), unindexed_since=None)
)


def withdraw(connection: Connection, some: Iterable[Article]) -> None:
    """Take articles out of the index, by the words that they still have; they wait to come back.

    To be called before their words change or go, in the same transaction.
    """
    known = {one.id: one for one in some}
    rows = [
        row
        for ids in chunks(known)
        for row in connection.execute(
            select(A.id, A.number, A.words_print).where(A.id.in_(ids), A.number.is_not(None))
        )
    ]
    gone = []
    for row in rows:
        words = word_index.words_of(known[row.id])
        if word_index.print_of(words) == row.words_print:
            gone.append((row.number, words))
    word_index.drop(connection, gone)
    for ids in chunks(row.id for row in rows):
        cleared = {"number": None, "words_print": None, "unindexed_since": A.first_seen_at}
        connection.execute(update(articles).where(A.id.in_(ids)).values(cleared))


def index_some(connection: Connection, limit: int) -> int:
    """Put some of the articles that wait for it into the index, the newest first; returns how many.

    One caller at a time, for each gives numbers that nobody has. The articles are held in the order of their ids, as
    by everyone who changes several, before any of them is changed in another order.
    """
    lock(connection, "search")
    ids = hold(
        connection,
        connection.execute(
            select(A.id)
            .where(A.unindexed_since.is_not(None))
            .order_by(A.unindexed_since.desc(), A.id.desc())
            .limit(limit)
        ).scalars(),
        lightly=True,
    )
    some = tuple(fetch(connection, ids).values())
    if not some:
        return 0
    withdraw(connection, some)  # one that was put in before, and waits to be put in anew
    numbers = _free(connection, {one.id: word_index.number_of(one) for one in some})
    rows = sorted((numbers[one.id], one.id, word_index.words_of(one)) for one in some)
    word_index.add(connection, ((number, words) for number, _, words in rows))  # rising, as FTS5 likes it
    values = [
        {"own": name, "given": number, "words": word_index.print_of(words)} for number, name, words in rows
    ]
    connection.execute(_INDEXED, values)
    return len(rows)


def _free(connection: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Numbers that no other article has: the one that is wanted, or the next that is free."""
    used: set[int] = set()
    for some in chunks(map(str, wanted.values())):
        numbers = list(map(int, some))
        used.update(connection.execute(select(A.number).where(A.number.in_(numbers))).scalars())
    given: dict[str, int] = {}
    for name, number in sorted(wanted.items(), key=lambda one: (one[1], one[0])):
        while number in used or (number != wanted[name] and _is_taken(connection, number)):
            number += 1
        used.add(number)
        given[name] = number
    return given


def _is_taken(connection: Connection, number: int) -> bool:
    return connection.execute(_TAKEN, {"number": number}).first() is not None
