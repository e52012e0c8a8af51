"""One poll into the database: articles, keys, sightings, edits and validators, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, bindparam, select, update
from sqlalchemy.sql.dml import Insert

from crawler.failpoints import reach
from crawler.records import Article, Edit, Poll, Sighting, TextState
from tidings.storage import changes, gaps, restoring
from tidings.storage.article_rows import A, existing, fetch, hold, new_row, version_row
from tidings.storage.dialect import AnyRow, among, insert_for, listed, lock_each
from tidings.storage.keys import fingerprint, stored_key, title_fingerprint
from tidings.storage.rereads import next_reread
from tidings.storage.sources import hasten, save_state
from tidings.storage.tables import article_versions, articles, identity_keys, sightings, source_lists
from tidings.storage.versions import Next, in_force, put_in_force

K = identity_keys.c
_NEW_ARTICLES = articles.insert()
_NEW_VERSIONS = article_versions.insert()

VERSION_KEY = "v:"  # begins keys that tell versions of an item apart, not articles; see crawler/identity.py


# Statements of every poll are built once: making one costs more than running it.


@cache
def _known(dialect: str) -> Select[Any]:
    return select(K.key, K.article_id).where(among(dialect, K.key, "keys"))


@cache
def _fresh(dialect: str) -> Select[Any]:
    return select(K.key).where(
        among(dialect, K.key, "keys"), K.last_listed >= bindparam("day", type_=K.last_listed.type)
    )


@cache
def _list(dialect: str) -> Insert:
    statement = insert_for(dialect, identity_keys)
    return statement.on_conflict_do_update(
        index_elements=[K.key],
        set_={"last_listed": statement.excluded.last_listed, "source_id": statement.excluded.source_id},
    )


@cache
def _sight(dialect: str) -> Insert:
    return insert_for(dialect, sightings).on_conflict_do_nothing()


@cache
def _remember(dialect: str) -> Insert:
    statement = insert_for(dialect, source_lists)
    return statement.on_conflict_do_update(
        index_elements=[source_lists.c.source_id], set_={"seen": statement.excluded.seen}
    )


_SEEN = select(source_lists.c.seen).where(source_lists.c.source_id == bindparam("own"))


def seen(connection: Connection, source_id: str) -> bytes:
    """What is remembered of the last list of a source; b"" for nothing."""
    found: bytes | None = connection.execute(_SEEN, {"own": source_id}).scalar()
    return found or b""


def known_keys(connection: Connection, keys: Iterable[str]) -> dict[str, str]:
    """Identity key → article id, for those of `keys` that are known; of purged articles too."""
    asked = {stored_key(key): key for key in keys}
    dialect = connection.dialect.name
    rows = connection.execute(_known(dialect), {"keys": listed(dialect, list(asked))}) if asked else ()
    return {asked[key]: article_id for key, article_id in rows}


def store_poll(connection: Connection, poll: Poll) -> tuple[str, ...]:
    """Write all of `poll`; returns the ids of the articles that were new."""
    # Of two polls that list the same article for the first time at once, the later one sees that of the earlier.
    lock_each(connection, (f"identity {name}" for name in _identities(poll)))
    moment = _moment(poll)
    day = moment.date() if poll.keys else None
    restored = restoring.lists_anew(connection, poll.state.source_id) if poll.articles else None
    current = save_state(connection, poll.state, url=poll.url, now=moment, listed=day)
    reach("after_validators")

    if poll.gap is not None:
        gaps.add(connection, poll.gap)
    gaps.fill(connection, poll.filled, moment)
    hasten(connection, poll.hasten, moment)
    if poll.seen is not None and current:
        row = {"source_id": poll.state.source_id, "seen": poll.seen}
        connection.execute(_remember(connection.dialect.name), row)

    keys = dict(poll.keys)
    new, same = _sort_out(connection, poll.articles, keys)
    if new:
        connection.execute(_NEW_ARTICLES, [new_row(article) for article in new])
        rows = [version_row(one, made_at=one.first_seen_at, origin="feed") for one in new]
        connection.execute(_NEW_VERSIONS, rows)
        if restored is not None:
            restoring.count_listed(connection, restored, new)
        reach("after_entry_insert")
    _list_keys(connection, keys, same, source_id=poll.state.source_id, day=moment.date())

    named = [*(one.article_id for one in poll.sightings), *(one.article_id for one in poll.edits)]
    here = existing(connection, (same.get(article_id, article_id) for article_id in named))
    _add_sightings(connection, poll.sightings, same, here)
    _apply_edits(connection, poll.edits, same, here, now=moment)
    return tuple(article.id for article in new)


def _moment(poll: Poll) -> datetime:
    """When it was; of a source that was not asked yet, whose host wants no request, when it is asked."""
    seen = (*(one.first_seen_at for one in poll.articles), *(one.seen_at for one in poll.sightings))
    moment = poll.state.last_polled_at or max(seen, default=poll.state.next_poll_at)
    if moment is None:
        raise ValueError(f"the poll of {poll.state.source_id} does not say when it was: set last_polled_at")
    return moment


def _sort_out(
    connection: Connection, listed: Iterable[Article], keys: Mapping[str, tuple[str, ...]]
) -> tuple[list[Article], dict[str, str]]:
    """Which articles are new, and for the others the id under which they are known already."""
    listed = tuple(listed)
    if not listed:
        return [], {}
    telling = {one.id: _telling(keys.get(one.id, ())) for one in listed}
    stored = existing(connection, (article.id for article in listed))
    known = known_keys(connection, (key for its_keys in telling.values() for key in its_keys))
    new: list[Article] = []
    same: dict[str, str] = {}
    for article in listed:
        its_keys = telling[article.id]
        twin = article.id if article.id in stored else next((known[k] for k in its_keys if k in known), None)
        if twin is not None:
            same[article.id] = twin
            continue
        new.append(article)
        stored.add(article.id)
        known.update(dict.fromkeys(its_keys, article.id))
    return new, same


def _identities(poll: Poll) -> Iterator[str]:
    """By which the articles that may be new are told from others."""
    keys = dict(poll.keys)
    for article in poll.articles:
        yield article.id
        yield from _telling(keys.get(article.id, ()))


def _telling(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if not key.startswith(VERSION_KEY))


def _list_keys(
    connection: Connection,
    keys: Mapping[str, tuple[str, ...]],
    same: Mapping[str, str],
    *,
    source_id: str,
    day: date,
) -> None:
    """Remember the keys, and that they were listed on `day`; a key stays with the article it had first."""
    owners = {
        stored_key(key): same.get(article_id, article_id) for article_id, its in keys.items() for key in its
    }
    dialect = connection.dialect.name
    asked = {"keys": listed(dialect, list(owners)), "day": day}
    fresh = set(connection.execute(_fresh(dialect), asked).scalars()) if owners else set()
    rows = [
        {"key": key, "article_id": owner, "source_id": source_id, "last_listed": day}
        for key, owner in sorted(owners.items())  # in one order, so that two polls never wait for each other
        if key not in fresh
    ]
    if rows:
        connection.execute(_list(dialect), rows)


def _add_sightings(
    connection: Connection, seen: Iterable[Sighting], same: Mapping[str, str], here: set[str]
) -> None:
    """The first sighting of an article in a source under an address is kept; one of a purged article is not."""
    rows = [
        {
            "article_id": article_id,
            "source_id": sighting.source_id,
            "url_print": fingerprint(sighting.url),
            "url": sighting.url,
            "title": sighting.title,
            "seen_at": sighting.seen_at,
        }
        for sighting in seen
        if (article_id := same.get(sighting.article_id, sighting.article_id)) in here
    ]
    if rows:
        connection.execute(_sight(connection.dialect.name), rows)


def _apply_edits(
    connection: Connection,
    edits: Iterable[Edit],
    same: Mapping[str, str],
    here: set[str],
    *,
    now: datetime,
) -> None:
    waiting = [(same.get(edit.article_id, edit.article_id), edit) for edit in edits]
    hold(connection, {article_id for article_id, _ in waiting})
    while waiting := [(article_id, edit) for article_id, edit in waiting if article_id in here]:
        first, waiting = _once_each(waiting)
        stored = fetch(connection, first)
        facts = in_force(connection, stored)
        written = [
            _edited(stored[article_id], facts[article_id], edit, now=now)
            for article_id, edit in first.items()
        ]
        new = [one for one, _ in written if one is not None]
        put_in_force(connection, new, made_at=now)
        _write(connection, [values for _, values in written])
        changes.review(connection, (one.before.id for one in new))


_OWN = update(articles).where(A.id == bindparam("own"))

Named: TypeAlias = tuple[str, Edit]  # the id under which the article is stored


def _once_each(edits: Iterable[Named]) -> tuple[dict[str, Edit], list[Named]]:
    """The first edit of each article, and the others, which find what the first left."""
    first: dict[str, Edit] = {}
    later = []
    for article_id, edit in edits:
        if article_id in first:
            later.append((article_id, edit))
        else:
            first[article_id] = edit
    return first, later


def _edited(
    before: Article, facts: AnyRow, edit: Edit, *, now: datetime
) -> tuple[Next | None, dict[str, Any]]:
    """What the feed says now: the next version, if it is one, and what changes in the article's row, with its id as `own`.

    It never replaces a text that was read from the page, nor a title by nothing.
    """
    whole = (
        edit.summary if before.text and before.text == before.summary else ""
    )  # the feed gives no other text
    carried = (edit.content or whole) if facts.origin == "feed" else ""
    after = replace(
        before,
        title=edit.title or before.title,
        summary=edit.summary,
        text=carried or before.text,
        updated_at=edit.updated_at or before.updated_at,
    )
    values: dict[str, Any] = {"own": before.id, "updated_at": after.updated_at}
    version = None
    if (after.title, after.summary, after.text) != (before.title, before.summary, before.text):
        after = replace(after, version=before.version + 1)
        posts = facts.posts if facts.origin == "page" else None
        version = Next(before=before, after=after, origin=facts.origin, posts=posts)
        values |= {
            "title": after.title,
            "title_print": title_fingerprint(after.title),
            "summary": after.summary,
            "text_length": len(after.text),
            "version": after.version,
            "unfolded_since": now,
        }
    if edit.reread and before.text_state not in {TextState.PENDING, TextState.QUARANTINED}:
        due = next_reread(facts.first_read_at, facts.rereads, now)
        if due is not None:
            values |= {
                "text_state": str(TextState.PENDING),
                "text_reason": None,
                "page_due_at": due,
                "claimed_until": None,
                "attempts": 0,
                "rereads": facts.rereads + (facts.first_read_at is not None),
            }
    return version, values


def _write(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Each row's values into the article that it names as `own`; those that change the same go together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    for some in alike.values():
        connection.execute(_OWN, some)
