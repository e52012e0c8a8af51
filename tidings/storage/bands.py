"""Keys under which the likes of an article are found, and the lookup: as few bytes a key as will do.

A key is cut to 40 bits and told apart by its kind; before it stands the *era* of the article's day, thirty days long.
So new rows go to one part of the index, what is too old is one stretch of it, and a lookup asks two eras for
every key. Rows name articles by small numbers, which grow: the newest come last, and a lookup reads no more than
the newest of a key that many articles share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    TextClause,
    and_,
    bindparam,
    delete,
    func,
    null,
    select,
    text,
    update,
)
from sqlalchemy.sql.dml import Insert

from tidings.storage.dialect import among, each, insert_for, listed, lock
from tidings.storage.tables import article_bands, article_marks

DAYS = 30  # for which keys are kept
ERA = 30  # days; shorter ones make a lookup dearer, as it asks each, and the dead go sooner
ERAS = 128  # until their numbers begin anew, so that a key takes six bytes in SQLite
BITS = 40  # of a key
NEWEST = 100  # rows of a key in one era that are read
FORGOTTEN = 500  # articles of one transaction
SWEPT = 5_000  # keys of one transaction

B, M = article_bands.c, article_marks.c

MARKS = "marks"  # the lock under which numbers are given out

_DROP = update(article_marks).where(M.article == bindparam("own")).values(article=null())


def day_of(moment: datetime) -> int:
    """Days since 1970, in UTC."""
    return int(moment.timestamp() // 86_400)


def reserve(connection: Connection, number: int, day: int) -> tuple[int, ...]:
    """As many new numbers for articles, rising; `name` says of which, on PostgreSQL. One without a name finds nothing.

    Numbers are given out in a transaction of their own, a short one: who gives out the next waits for its end.
    """
    lock(connection, MARKS)
    last = connection.execute(select(func.coalesce(func.max(M.number), 0))).scalar_one()
    numbers = tuple(range(last + 1, last + 1 + number))
    connection.execute(
        article_marks.insert(), [{"number": one, "article": None, "day": day} for one in numbers]
    )
    return numbers


def name(connection: Connection, number: int, article_id: str, day: int) -> None:
    """Let a number that was reserved be that of an article, and drop the one that it had; see `drop`."""
    connection.execute(_NAME, {"given": number, "own": _packed(article_id), "seen": day})


def add(
    connection: Connection,
    article_id: str,
    keys: Sequence[int],
    day: int,
    *,
    kind: str = "text",
    number: int | None = None,
) -> None:
    """Let an article be found by `keys`, 64-bit numbers that are evenly spread.

    Args:
        day: on which the article was first seen, see `day_of`.
        kind: keys of different kinds never meet.
        number: of the article, which was named so. None: it has one, or gets the next, for which there may be
            one caller at a time.
    """
    if not keys:
        return
    dialect = connection.dialect.name
    if number is None:
        mark = {"article": _packed(article_id), "day": day}
        number = connection.execute(_mark(dialect), mark).scalar_one()
    rows = listed(dialect, _bands((day // ERA,), keys, kind))
    connection.execute(_add(dialect), {"bands": rows, "number": number})


def drop(connection: Connection, article_id: str) -> None:
    """Let an article be found no more, by keys of whatever kind."""
    connection.execute(_DROP, {"own": _packed(article_id)})


def near(
    connection: Connection,
    keys: Sequence[int],
    since: int,
    limit: int,
    *,
    kind: str = "text",
    few: int | None = None,
) -> Mapping[str, int]:
    """Ids of articles that share keys and were first seen on day `since` or later, with how many they share.

    Those that share most come first, of these the newest, no more than `limit`. Of a key that more than 100
    articles of an era have, the newest 100 are found.

    Args:
        since: a day, see `day_of`; articles of 30 days from it on are found.
        few: of those that share no more than half of the keys, and only such as 100 others of an era have too, as
            the words of a template are, at most so many are taken. None: all of them.
    """
    if not keys:
        return {}
    dialect = connection.dialect.name
    asked = listed(dialect, _bands(range(since // ERA, (since + DAYS) // ERA + 1), keys, kind))
    found = connection.execute(_newest(dialect), {"bands": asked, "most": NEWEST}).scalar()
    if found is None:
        return {}
    shared: Counter[int] = Counter()
    telling: set[int] = set()  # numbers that share a key that is not crowded
    for one in found.split(";"):
        numbers = tuple(map(int, one.split(",")))
        shared.update(numbers)
        if len(numbers) < NEWEST:
            telling.update(numbers)
    ranked = sorted(shared, key=lambda number: (-shared[number], -number))
    if few is not None:
        faint = [number for number in ranked if number not in telling and 2 * shared[number] <= len(keys)]
        left_out = set(faint[few:])
        ranked = [number for number in ranked if number not in left_out]
    chosen = ranked[:limit]
    those = {"numbers": listed(dialect, chosen), "since": since}
    ids = {number: _unpacked(article) for number, article in connection.execute(_articles(dialect), those)}
    return {ids[number]: shared[number] for number in chosen if number in ids}


def forget(connection: Connection, today: int) -> int:
    """Forget some of the articles first seen more than 30 days before `today`; how many: 0 when all are gone."""
    old = select(M.number).where(M.day < today - DAYS).limit(FORGOTTEN)
    numbers = list(connection.execute(old).scalars())
    if numbers:
        connection.execute(delete(article_marks).where(M.number.in_(numbers)))
    return len(numbers)


def sweep(connection: Connection, today: int) -> int:
    """Delete some of the keys of eras that are over, or of no article at all; how many: 0 when all are gone."""
    for start, end in _dead(connection, today):
        stretch = and_(B.band >= start, B.band < end)
        last = connection.execute(
            select(B.band).where(stretch).order_by(B.band).offset(SWEPT).limit(1)
        ).scalar()
        done = connection.execute(
            delete(article_bands).where(stretch, B.band < (end if last is None else last))
        ).rowcount
        if done:
            return done
    return 0


# -- eras and keys ---------------------------------------------------------------------------------


def _dead(connection: Connection, today: int) -> list[tuple[int, int]]:
    """Stretches of keys that no lookup asks any more."""
    if connection.execute(select(M.number).limit(1)).first() is None:
        return [(0, ERAS << BITS)]  # numbers begin anew
    oldest, next_one = (today - DAYS) // ERA % ERAS, (today // ERA + 2) % ERAS
    if oldest < next_one:
        return [(0, oldest << BITS), (next_one << BITS, ERAS << BITS)]
    return [(next_one << BITS, oldest << BITS)]


def _bands(eras: Iterable[int], keys: Sequence[int], kind: str) -> list[int]:
    """The numbers of these keys in each era, least first."""
    parted, mask = salt(kind), (1 << BITS) - 1
    short = sorted({(key ^ parted) & mask for key in keys})
    return [(era % ERAS) << BITS | key for era in eras for key in short]


@cache
def salt(kind: str) -> int:
    """What parts the keys of one kind from those of another."""
    return int.from_bytes(blake2b(kind.encode(), digest_size=8).digest(), "big")


# -- articles' ids ---------------------------------------------------------------------------------

_OTHER = b"other id:"  # nine bytes, so that what begins so is never mistaken for a packed one


def _packed(article_id: str) -> bytes:
    """An article's id as eight bytes; one that is not 16 hex digits as it is."""
    if len(article_id) == 16 and not set(article_id) - _HEX:
        return bytes.fromhex(article_id)
    return _OTHER + article_id.encode()


def _unpacked(stored: bytes) -> str:
    return stored.hex() if len(stored) == 8 else stored[len(_OTHER) :].decode()


_HEX = frozenset("0123456789abcdef")

# -- statements, built once ------------------------------------------------------------------------

_TRUE = text("true")  # without a WHERE, SQLite takes the ON of ON CONFLICT for that of a join


@cache
def _mark(dialect: str) -> Insert:
    """An INSERT that gives an article the next number, or finds the one that it has."""
    following = select(
        func.coalesce(func.max(M.number), 0) + 1,
        bindparam("article", type_=M.article.type),
        bindparam("day", type_=M.day.type),
    ).where(_TRUE)
    statement = insert_for(dialect, article_marks).from_select([M.number, M.article, M.day], following)
    return statement.on_conflict_do_update(
        index_elements=[M.article], set_={"day": statement.excluded.day}
    ).returning(M.number)


_NAME = text(  # the second part asks for what the first did, so that it comes after it
    "WITH before AS (UPDATE article_marks SET article = NULL WHERE article = :own RETURNING number)"
    " UPDATE article_marks SET article = :own, day = :seen"
    " WHERE number = :given AND (SELECT count(*) FROM before) >= 0"
)


@cache
def _add(dialect: str) -> Insert:
    rows = select(each(dialect, "bands", BigInteger), bindparam("number", type_=B.number.type)).where(_TRUE)
    return insert_for(dialect, article_bands).from_select([B.band, B.number], rows).on_conflict_do_nothing()


@cache
def _newest(dialect: str) -> TextClause:
    """For each key that any article has its newest numbers, in one string: "9,7,3;8;9,2"; NULL: none has one.

    The limit holds for each key by itself, so that it costs the same however many articles share it. One row is
    read faster than many.
    """
    join, keys = {
        "sqlite": ("group_concat({0}, '{1}')", "json_each(:bands) AS asked"),
        "postgresql": ("string_agg({0}::text, '{1}')", "unnest(CAST(:bands AS bigint[])) AS asked(value)"),
    }[dialect]
    return text(
        f"SELECT {join.format('numbers', ';')} FROM"  # noqa: S608  # constants
        f" (SELECT (SELECT {join.format('number', ',')} FROM (SELECT number FROM article_bands"
        f" WHERE band = asked.value ORDER BY number DESC LIMIT :most) AS newest) AS numbers FROM {keys}) AS each_key"
    )


@cache
def _articles(dialect: str) -> Select[Any]:
    return select(M.number, M.article).where(
        among(dialect, M.number, "numbers", BigInteger), M.day >= bindparam("since"), M.article.is_not(None)
    )
