"""The index of words: which articles may hold what a query needs. FTS5 on SQLite, a `tsvector` on PostgreSQL.

On SQLite it keeps no texts: an article is taken out by the words with which it was put in, of which its row has a print.
Where they do not fit that print any more, they stay in it as nobody's, and no query finds them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import Connection, text

from alerts.narrowing import AllOf, Need, OneOf, Stands, indexed
from crawler.records import Article

TABLE = "search_words"
MAKE: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE {TABLE} USING fts5(title, body, content='', tokenize='unicode61 remove_diacritics 0')",
    ),
    "postgresql": (
        f"CREATE TABLE {TABLE} (number BIGINT PRIMARY KEY, title TSVECTOR NOT NULL, body TSVECTOR NOT NULL)",
        f"CREATE INDEX ix_{TABLE}_title ON {TABLE} USING gin (title)",
        f"CREATE INDEX ix_{TABLE}_body ON {TABLE} USING gin (body)",
    ),
}
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_LOW = 20  # bits of a number that tell articles of one millisecond apart
_PAGES = 500  # of the index that are written at a time
_IDLE = 3  # changes of a merge that found nothing to do
_MOST_WAYS = 8  # in which a phrase is written out; one with more is looked for by its words alone
_PARTS = re.compile(r"[^\W_]+")
_PLACES, _LAST_PLACE = 16, 16_383  # of one word that are kept, for ranking; PostgreSQL knows no later place
# A title counts four times; the length damps.
_RANK = (
    "ts_rank(ARRAY[0.25, 0, 0, 1]::real[], setweight(title, 'A') || body, CAST(:words AS tsquery), 1) DESC"
)

_ADD = {
    "sqlite": text(f"INSERT INTO {TABLE} (rowid, title, body) VALUES (:number, :title, :body)"),  # noqa: S608  # a constant
    "postgresql": text(
        f"INSERT INTO {TABLE} (number, title, body) "  # noqa: S608  # a constant
        "VALUES (:number, CAST(:title AS tsvector), CAST(:body AS tsvector)) "
        "ON CONFLICT (number) DO UPDATE SET title = excluded.title, body = excluded.body"
    ),
}
_DROP = {
    "sqlite": text(
        f"INSERT INTO {TABLE} ({TABLE}, rowid, title, body) VALUES ('delete', :number, :title, :body)"  # noqa: S608  # a constant
    ),
    "postgresql": text(f"DELETE FROM {TABLE} WHERE number = :number"),  # noqa: S608  # a constant
}


def number_of(article: Article) -> int:
    """Its place in the index, as the archive is walked: by the time at which it was first seen, then by its id."""
    return least_number(article.first_seen_at) | _order_of(article.id)


def least_number(moment: datetime) -> int:
    """The least that an article of this millisecond can have."""
    return (moment - _EPOCH) // _MILLISECOND << _LOW


def moment_of(number: int) -> datetime:
    """The millisecond in which an article of this number was first seen."""
    return _EPOCH + (number >> _LOW) * _MILLISECOND


def words_of(article: Article) -> tuple[str, str]:
    """Title and body as the index has them."""
    return indexed(article.title), indexed(f"{article.summary}\n\n{article.text}")


def print_of(words: tuple[str, str]) -> int:
    """Tells other words apart."""
    return zlib.crc32("\x00".join(words).encode("utf-8", "surrogatepass"))


def add(connection: Connection, rows: Iterable[tuple[int, tuple[str, str]]]) -> None:
    """Put articles in, by number, each once."""
    _run(connection, _ADD, rows)


def drop(connection: Connection, rows: Iterable[tuple[int, tuple[str, str]]]) -> None:
    """Take articles out, by the number and the words with which they were put in."""
    _run(connection, _DROP, rows)


def clear(connection: Connection) -> None:
    """Nothing is in it any more."""
    is_sqlite = connection.dialect.name == "sqlite"
    empty = f"INSERT INTO {TABLE} ({TABLE}) VALUES ('delete-all')" if is_sqlite else f"TRUNCATE {TABLE}"  # noqa: S608  # a constant
    connection.execute(text(empty))


def tidy(connection: Connection) -> int:
    """Merge some parts of the index, so that what was taken out takes no room; 0 when there is nothing more to merge."""
    if connection.dialect.name != "sqlite":
        return 0  # its own vacuum does that
    before = connection.execute(text("SELECT total_changes()")).scalar_one()
    connection.execute(text(f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('usermerge', 2)"))  # noqa: S608  # a constant
    connection.execute(text(f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('merge', {_PAGES})"))  # noqa: S608  # a constant
    changed = connection.execute(text("SELECT total_changes()")).scalar_one() - before
    return int(changed > _IDLE)


def newest(connection: Connection, need: Need, *, low: int, high: int, limit: int) -> list[int]:
    """Numbers of articles that may hold what is needed, low <= number < high, the highest first."""
    return _found(connection, need, low=low, high=high, limit=limit, order="{number} DESC")


def best(connection: Connection, need: Need, *, low: int, high: int, limit: int) -> list[int]:
    """The same with the most telling first: where the words are many for the length, those of a title above all.

    SQLite counts rare words for more, which PostgreSQL does not.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    order = f"bm25({TABLE}, 4.0, 1.0)" if is_sqlite else _RANK
    return _found(connection, need, low=low, high=high, limit=limit, order=f"{order}, {{number}} DESC")


def _found(connection: Connection, need: Need, *, low: int, high: int, limit: int, order: str) -> list[int]:
    values: dict[str, Any] = {"low": low, "high": high, "limit": limit}
    if connection.dialect.name == "sqlite":
        number, condition = "rowid", f"{TABLE} MATCH :query"
        values["query"] = _in_fts5(need)
    else:
        number, condition = "number", f"({_in_postgresql(need, values)})"
        values["words"] = " | ".join(dict.fromkeys(_tsquery(form) for form in _forms(need)))
    query = (
        f"SELECT {number} FROM {TABLE} WHERE {condition} AND {number} >= :low AND {number} < :high "  # noqa: S608  # a constant
        f"ORDER BY {order.format(number=number)} LIMIT :limit"
    )
    return [int(found) for (found,) in connection.execute(text(query), values)]


def _order_of(article_id: str) -> int:
    """Rising as the ids do, which are hexadecimal."""
    try:
        return int(article_id[: _LOW // 4], 16)
    except ValueError:
        return zlib.crc32(article_id.encode()) >> (32 - _LOW)


def _run(
    connection: Connection, statements: Mapping[str, Any], rows: Iterable[tuple[int, tuple[str, str]]]
) -> None:
    dialect = connection.dialect.name
    values = [
        {"number": number, "title": _stored(dialect, title), "body": _stored(dialect, body)}
        for number, (title, body) in rows
    ]
    if values:
        connection.execute(statements[dialect], values)


def _stored(dialect: str, words: str) -> str:
    return words if dialect == "sqlite" else _tsvector(_parts(words))


def _tsvector(parts: Sequence[str]) -> str:
    """As PostgreSQL reads it: each word with its first places. The words hold letters and digits only."""
    places: dict[str, list[str]] = {}
    for place, part in enumerate(parts, start=1):
        known = places.setdefault(part, [])
        if len(known) < _PLACES:
            known.append(str(min(place, _LAST_PLACE)))
    return " ".join(f"'{part}':{','.join(known)}" for part, known in places.items())


def _parts(words: str) -> list[str]:
    return [part[:500] for part in _PARTS.findall(words)]


# -- a need in the words of FTS5 -------------------------------------------------------------------


def _in_fts5(need: Need) -> str:
    match need:
        case AllOf():
            return " AND ".join(f"({_in_fts5(part)})" for part in need.parts)
        case OneOf():
            return " OR ".join(f"({_in_fts5(part)})" for part in need.parts)
        case Stands():
            column = "{title} : " if need.title else "{body} : " if need.body else ""
            return f"{column}({_standing(need)})"


def _standing(need: Stands) -> str:
    ways = list(product(*need.words)) if _ways(need) <= _MOST_WAYS else []
    if need.in_row and ways and not any(form.endswith("*") for forms in need.words for form in forms):
        room = len(need.words) - 1
        return " OR ".join(f"NEAR({' '.join(map(_quoted, way))}, {room})" for way in ways)
    return " AND ".join(f"({' OR '.join(map(_quoted, forms))})" for forms in need.words)


def _ways(need: Stands) -> int:
    number = 1
    for forms in need.words:
        number *= len(forms)
    return number


def _quoted(form: str) -> str:
    begins = form.endswith("*")
    inside = form.rstrip("*").replace('"', '""')
    return f'"{inside}"{" *" if begins else ""}'


# -- and of PostgreSQL -----------------------------------------------------------------------------


def _in_postgresql(need: Need, values: dict[str, Any]) -> str:
    match need:
        case AllOf():
            return " AND ".join(f"({_in_postgresql(part, values)})" for part in need.parts)
        case OneOf():
            return " OR ".join(f"({_in_postgresql(part, values)})" for part in need.parts)
        case Stands():
            return " AND ".join(_form(forms, need, values) for forms in need.words)


def _forms(need: Need) -> Iterator[str]:
    """All words that may count."""
    if isinstance(need, Stands):
        for forms in need.words:
            yield from forms
    else:
        for part in need.parts:
            yield from _forms(part)


def _form(forms: Sequence[str], need: Stands, values: dict[str, Any]) -> str:
    name = f"q{len(values)}"
    values[name] = " | ".join(_tsquery(form) for form in forms)
    columns = ("title",) if need.title else ("body",) if need.body else ("title", "body")
    return f"({' OR '.join(f'{column} @@ CAST(:{name} AS tsquery)' for column in columns)})"


def _tsquery(form: str) -> str:
    begins, parts = form.endswith("*"), _parts(form)
    quoted = [f"'{part}'" for part in parts]
    if begins and quoted:
        quoted[-1] += ":*"
    return f"({' & '.join(quoted)})"
