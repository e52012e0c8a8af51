"""An archive of any size, as years of polling leave it: one article goes through the program, SQL makes the others of it.

The clones differ in all that indexes are made of. Tables and columns that this file does not name are copied as
they are, so that it lives through changes of the schema.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from tidings.storage import bands

A_DAY = 2_500  # articles; a larger archive is an older one
MATCHED = 50  # one in so many is of interest
SAME_STORY = 10  # one in so many joins the story of another

ADDRESS = "https://wire.example/2026/trust-review"
TEMPLATE = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Wire</title><link>https://wire.example/</link>
<item><title>India and the United States review the TRUST initiative in New Delhi</title>
<link>{ADDRESS}</link><guid isPermaLink="false">trust-review</guid>
<description>Officials of both countries met to take stock of what has been agreed on semiconductors, quantum
computing and biotechnology since the announcement. They named three working groups, set dates for the next
meeting and promised to publish a list of projects that are open to companies and universities.</description>
</item></channel></rss>
"""

_HEX = "lower(hex(randomblob({})))"
_DAY = "((strftime('%s', 'now') - n.age) / 86400)"
_MOMENT = "strftime('%Y-%m-%d %H:%M:%f', 'now', printf('-%d seconds', n.age)) || '000'"


def fill(path: Path, article_id: str, number: int) -> None:
    """Add `number` clones of the one article that the database at `path` holds."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("cache_size=-500000", "synchronous=OFF", "temp_store=MEMORY"):
            database.execute(f"PRAGMA {pragma}")
        database.create_function("unhex", 1, bytes.fromhex)
        database.execute("CREATE TEMP TABLE n (i INTEGER PRIMARY KEY, id TEXT, story TEXT, age INTEGER)")
        database.execute("BEGIN")
        database.execute(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < :number) "
            f"INSERT INTO n SELECT i, {_HEX.format(8)}, NULL, 60 + i * 86400 / :day FROM c",
            {"number": number, "day": A_DAY},
        )
        database.execute(
            f"UPDATE n SET story = 's' || (SELECT o.id FROM n o WHERE o.i = n.i - (n.i % {SAME_STORY} = 1 AND n.i > 1))"
        )
        for table, changes, condition in _plan():
            _clone(database, table, article_id, changes, condition)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _plan() -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Table, what differs in its clones, and which articles have one; in the order of the foreign keys."""
    fresh = "random()"
    address = "'https://wire.example/2026/' || n.id"
    yield "stories", {"id": "n.story", "opened_at": _MOMENT, "last_at": _MOMENT}, "n.story = 's' || n.id"
    article = dict.fromkeys(("url_print", "canonical_print", "title_print"), fresh)
    article |= {"number": "NULL", "words_print": "NULL", "unindexed_since": _MOMENT}
    article |= {"url": address, "canonical_url": address, "story_id": "n.story"}
    yield (
        "articles",
        article | {"id": "n.id", **dict.fromkeys(("first_seen_at", "published_at", "judged_at"), _MOMENT)},
        "1",
    )
    yield "article_versions", {"article_id": "n.id", "made_at": _MOMENT, "kept_since": _MOMENT}, "1"
    sighting = {"article_id": "n.id", "url_print": fresh, "url": address, "seen_at": _MOMENT}
    yield "sightings", sighting, "1"
    key = f"substr(t.key, 1, instr(t.key, ':')) || {_HEX.format(12)}"
    day = "date('now', printf('-%d seconds', n.age))"
    yield "identity_keys", {"key": key, "article_id": "n.id", "last_listed": day}, "1"
    compared = f"n.age < {bands.DAYS * 86_400}"
    number = "(SELECT count(*) FROM n) + 2 - n.i"  # later ones are greater
    yield "article_marks", {"number": number, "article": "unhex(n.id)", "day": _DAY}, compared
    band = f"(({_DAY} / {bands.ERA} % {bands.ERAS}) << {bands.BITS}) | (random() & {(1 << bands.BITS) - 1})"
    yield "article_bands", {"band": band, "number": number}, compared
    some = f"n.i % {MATCHED} = 0"
    yield "matches", {"article_id": "n.id", "matched_at": _MOMENT}, some
    yield "match_commitments", {"article_id": "n.id"}, some


def _clone(
    database: sqlite3.Connection, table: str, article_id: str, changes: Mapping[str, str], condition: str
) -> None:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    missing = changes.keys() - set(columns)
    if missing:
        raise ValueError(f"the table {table} has no {', '.join(sorted(missing))}")
    own = {"articles": "id", "stories": "id", "article_marks": "article"}.get(table, "article_id")
    mine: object = {"stories": f"s{article_id}", "article_marks": bytes.fromhex(article_id)}.get(
        table, article_id
    )
    if table == "article_bands":
        own, mine = "number", 1  # the first to be folded
    values = ", ".join(changes.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    order = (
        " ORDER BY 1" if table in ("identity_keys", "article_bands") else ""
    )  # kept in the order of their keys
    database.execute(f"CREATE TEMP TABLE t AS SELECT * FROM {table} WHERE {own} = ?", [mine])
    database.execute(
        f"INSERT INTO main.{table} ({names}) SELECT {values} FROM n CROSS JOIN t WHERE {condition}{order}"
    )
    database.execute("DROP TABLE temp.t")
