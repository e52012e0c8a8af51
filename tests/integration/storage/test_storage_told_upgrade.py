"""An upgrade knows by channel what was known by digest: nothing is told again, and nobody is taken to know what others were told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alembic import command
from sqlalchemy import Connection, Engine, MetaData, select

from tests.integration.storage.test_storage_schema import MOMENT, OLD_ROWS, migrations, old_match

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def put(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    tables = MetaData()
    tables.reflect(connection)
    for name, facts in rows.items():
        connection.execute(tables.tables[name].insert(), facts)


def rows_of(connection: Connection, name: str, *columns: str) -> set[tuple[Any, ...]]:
    """The values of some columns, moments without their zone."""
    tables = MetaData()
    tables.reflect(connection, only=[name])
    table = tables.tables[name]
    found = connection.execute(select(*(table.c[one] for one in columns))).all()
    return {
        tuple(one.replace(tzinfo=None) if hasattr(one, "tzinfo") else one for one in row) for row in found
    }


def article(name: str, story: str) -> dict[str, Any]:
    plain = OLD_ROWS["articles"]
    assert isinstance(plain, dict)
    address = f"https://times.example/{name}"
    return {**plain, "id": name, "story_id": story, "url": address, "canonical_url": address}


def message(key: str, digest: str, at: Any) -> dict[str, Any]:
    words = dict.fromkeys(("subject", "text", "html", "data"), "words")
    return {"key": key, "digest_id": digest, "created_at": at, "test": False, **words}


def delivery(key: str, channel: str) -> dict[str, Any]:
    return {
        "id": f"{key} {channel}", "message_key": key, "channel_id": channel, "recipient": "", "state": "sent",
        "attempts": 1, "created_at": MOMENT,
    }  # fmt: skip


def slot(digest: str, key: str, until: Any, *, told: bool = True) -> dict[str, Any]:
    whole = f"{digest}/{key}" if told else None
    return {
        "digest_id": digest, "key": key, "due": until, "until": until, "message_key": whole, "frozen_at": until,
    }  # fmt: skip


def match(name: str, at: Any, told_at: Any = None) -> dict[str, Any]:
    plain = {"found_by": None, "found_at": None, "filed": False, "told_at": told_at}
    return {**old_match("trust", at), **plain, "article_id": name}


def change(digest: str, name: str, before: int, **when: Any) -> dict[str, Any]:
    words = {"said": f"said by {digest}", "old": "", "new": "", "kinds": ["numbers"]}
    plain = {"untold_since": None, "told_at": None, **when}
    return {
        "digest_id": digest, "article_id": name, "before": before, "after": before + 1, "at": MOMENT, **words, **plain,
    }  # fmt: skip


# `now` and `morning` went to the desk, `morning` to the hook too, from its second slot on; of `old` no message is kept.
# Article a was told by both, b by `morning` at its second slot, c by `old`, and d by nobody.
ROWS: dict[str, list[dict[str, Any]]] = {
    "sources": [OLD_ROWS["sources"]],  # type: ignore[list-item]  # it is one
    "stories": [{"id": one, "opened_at": MOMENT, "last_at": MOMENT} for one in ("sa", "sb", "sc", "sd")],
    "articles": [article(one, f"s{one}") for one in ("a", "b", "c", "d")],
    "matches": [
        match("a", MOMENT, MOMENT + HOUR),
        match("b", MOMENT + 2 * HOUR, MOMENT + 3 * HOUR),
        match("c", MOMENT, MOMENT),
        match("d", MOMENT + 9 * HOUR),
    ],
    "digests": [{"id": one, "started_at": MOMENT - DAY} for one in ("now", "morning", "old")],
    "digest_slots": [
        slot("now", "1", MOMENT + HOUR),
        slot("morning", "1", MOMENT + 2 * HOUR - timedelta(minutes=1)),
        slot("morning", "2", MOMENT + 3 * HOUR),
        slot("morning", "3", MOMENT + 4 * HOUR, told=False),
        slot("old", "1", MOMENT),
    ],
    "messages": [
        message("now/1", "now", MOMENT + HOUR),
        message("morning/1", "morning", MOMENT + 2 * HOUR),
        message("morning/2", "morning", MOMENT + 3 * HOUR),
        message("old/9", "old", MOMENT + 5 * HOUR),
        message("test", "", MOMENT),
    ],
    "message_stories": [
        {"story_id": "sa", "message_key": "now/1"},
        {"story_id": "sa", "message_key": "morning/1"},
        {"story_id": "sb", "message_key": "morning/2"},
    ],
    "deliveries": [
        delivery("now/1", "desk"),
        delivery("morning/1", "desk"),
        delivery("morning/2", "desk"),
        delivery("morning/2", "hook"),
        delivery("old/9", "chat"),
    ],
    "told_stories": [
        {"digest_id": "now", "story_id": "sa", "first_told_at": MOMENT + HOUR},
        {"digest_id": "morning", "story_id": "sa", "first_told_at": MOMENT + 2 * HOUR},
        {"digest_id": "morning", "story_id": "sb", "first_told_at": MOMENT + 3 * HOUR},
        {"digest_id": "old", "story_id": "sc", "first_told_at": MOMENT},
    ],
    "told_versions": [
        {"digest_id": "now", "article_id": "a", "version": 2, "told_at": MOMENT + HOUR},
        {"digest_id": "morning", "article_id": "a", "version": 1, "told_at": MOMENT + 2 * HOUR},
        {"digest_id": "morning", "article_id": "b", "version": 1, "told_at": MOMENT + 3 * HOUR},
        {"digest_id": "old", "article_id": "c", "version": 1, "told_at": MOMENT},
    ],
    "article_changes": [
        change("now", "a", 1, told_at=MOMENT + HOUR),
        change("now", "a", 2, untold_since=MOMENT + HOUR),
        change("morning", "a", 1, untold_since=MOMENT + HOUR),  # the desk knows version 2 by the other digest
        change("morning", "b", 1, untold_since=MOMENT + 4 * HOUR),
    ],
}  # fmt: skip


def test_what_was_told_is_known_by_channel_after_an_upgrade(engine: Engine) -> None:
    """Of each message to the channels that it went to; where no message is kept, to all that the digest ever went to."""
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        put(connection, ROWS)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")

    with engine.begin() as connection:
        assert rows_of(connection, "deliveries", "id", "refused", "asked") == {
            (one["id"], False, False) for one in ROWS["deliveries"]
        }
        assert rows_of(connection, "message_stories", "story_id", "message_key") == {
            (one["story_id"], one["message_key"]) for one in ROWS["message_stories"]
        }
        assert rows_of(connection, "message_articles", "article_id", "message_key") == {
            ("a", "now/1"),
            ("a", "morning/1"),
            ("b", "morning/2"),
        }
        assert rows_of(connection, "told_stories", "channel_id", "story_id", "first_told_at") == {
            ("desk", "sa", MOMENT + HOUR),
            ("desk", "sb", MOMENT + 3 * HOUR),
            ("hook", "sb", MOMENT + 3 * HOUR),
            ("chat", "sc", MOMENT),
        }
        assert rows_of(connection, "told_versions", "channel_id", "article_id", "version", "told_at") == {
            ("desk", "a", 2, MOMENT + 2 * HOUR),
            ("desk", "b", 1, MOMENT + 3 * HOUR),
            ("hook", "b", 1, MOMENT + 3 * HOUR),
            ("chat", "c", 1, MOMENT),
        }
        assert rows_of(connection, "article_changes", "channel_id", "article_id", "before", "said") == {
            ("desk", "a", 1, "said by now"),
            ("desk", "a", 2, "said by now"),
            ("desk", "b", 1, "said by morning"),
            ("hook", "b", 1, "said by morning"),
        }
        waiting = rows_of(connection, "article_changes", "channel_id", "article_id", "before", "untold_since")
        assert {row[:3] for row in waiting if row[3] is not None} == {
            ("desk", "a", 2),
            ("desk", "b", 1),
            ("hook", "b", 1),
        }
        assert rows_of(connection, "messages", "key", "kind") == {
            ("now/1", "digest"),
            ("morning/1", "digest"),
            ("morning/2", "digest"),
            ("old/9", "digest"),
            ("test", "alert"),
        }
