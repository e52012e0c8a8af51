"""Folding articles into stories: who waits for it, the candidates, and the decision kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.dml import Insert

from crawler.failpoints import reach
from crawler.folds import STAYS, UNCONSTRAINED, Fold, Folded, Vector
from crawler.ports import Folder, Surroundings
from crawler.records import Article
from crawler.shares import Share
from tidings.storage import bands, centres
from tidings.storage.article_rows import A, fetch, hold, of_share
from tidings.storage.constraints import any_constraints, constraints_for
from tidings.storage.dialect import insert_for, lock
from tidings.storage.keys import fingerprint, title_fingerprint
from tidings.storage.stories import join, live
from tidings.storage.tables import articles, stories

FOLD = "fold"  # the lock under which stories are joined and parted by hand; who folds beside others shares it
FEW = 8  # candidates that share nothing with an article but what very many share
MOST = 64  # candidates by one road (bands, address, title), so that a flood of equal titles stays cheap

# Folding runs some statements for every article; they are built once, as making one costs more than running it.
_OTHERS = and_(A.id != bindparam("own"), A.story_id.is_not(None), A.first_seen_at > bindparam("since"))
_BY_ADDRESS = (
    select(A.id)
    .where(A.canonical_print == bindparam("address_print"), A.canonical_url == bindparam("address"), _OTHERS)
    .order_by(A.first_seen_at, A.id)
    .limit(MOST)
)
_BY_TITLE = (
    select(A.id)
    .where(A.title_print == bindparam("title_print"), _OTHERS)
    .order_by(A.first_seen_at, A.id)
    .limit(MOST)
)
_NEAR = union_all(*(select(road.subquery().c.id) for road in (_BY_ADDRESS, _BY_TITLE)))
_KEEP_FOLD = (
    update(articles)
    .where(A.id == bindparam("own"))
    .values(
        unmatched_since=case(
            (A.matched_version < A.version, func.coalesce(A.unmatched_since, A.unfolded_since)),
            else_=null(),
        ),
        unfolded_since=None,
        fold_reason=func.coalesce(bindparam("why"), A.fold_reason),
    )
)


@cache
def _open_story(dialect: str) -> Insert:
    """An INSERT of a story; one that is there takes the later `last_at`."""
    statement = insert_for(dialect, stories)
    return statement.on_conflict_do_update(
        index_elements=[stories.c.id],
        set_={"last_at": statement.excluded.last_at},
        where=stories.c.last_at < statement.excluded.last_at,
    )


def unfolded(
    connection: Connection,
    now: datetime,
    wait_for_text: timedelta,
    limit: int,
    skip: Collection[str],
    share: Share | None = None,
) -> tuple[str, ...]:
    """Ids of articles to fold: nothing more to come from their page, or waited for long enough."""
    ready = or_(A.page_due_at.is_(None), A.unfolded_since <= now - wait_for_text)
    rows = connection.execute(
        select(A.id)
        .where(A.unfolded_since.is_not(None), ready, of_share(connection, share))
        .order_by(A.unfolded_since, A.first_seen_at, A.id)
        .limit(limit + len(skip))
    )
    return tuple(row.id for row in rows if row.id not in skip)[:limit]


def fold(
    connection: Connection,
    article_ids: Sequence[str],
    folder: Folder,
    *,
    since: datetime,
) -> Folded:
    """Decide on the candidates of this moment and write the decisions; nobody else folds until this transaction ends.

    For a SQLite file, whose write transactions run one at a time anyway; for a server see `parallel_folds`.
    """
    lock(connection, FOLD)
    hold(connection, article_ids)
    found = fetch(connection, article_ids)
    folds, failed = [], []
    constrained = any_constraints(connection)
    for article in (found[one] for one in dict.fromkeys(article_ids) if one in found):
        try:
            keys, about = tuple(folder.keys(article)), folder.about(article)
            around = surroundings(connection, article, keys, about, since=since, constrained=constrained)
            made = folder.decide(article, about, around)
        except SQLAlchemyError:
            raise  # the database's own trouble is not this article's
        except Exception as fault:  # a hostile text must not stop the others; nothing of it is written yet
            failed.append((article.id, because(fault)))
            continue
        keep(connection, article, keys, about, made, folder)
        folds.append((article.id, made))
    return Folded(folds=tuple(folds), failed=tuple(failed))


def because(fault: Exception) -> str:
    """Why there is no decision on an article."""
    return f"{type(fault).__name__}: {fault}"


def surroundings(
    connection: Connection,
    article: Article,
    keys: Sequence[int],
    about: Vector,
    *,
    since: datetime,
    constrained: bool,
) -> Surroundings:
    """What the database has that an article with these keys and heavy words may belong to."""
    candidates = _candidates(connection, article, keys, since=since)
    held = {one.story_id for one in candidates if one.story_id is not None}
    near, headlines = centres.around(connection, about, held, since, but=article.id) if about else ((), ())
    said = UNCONSTRAINED
    if constrained:
        own = () if article.story_id is None else (article.story_id,)
        asked = {*held, *(one.story_id for one in near), *own}
        said = constraints_for(connection, article.id, asked, (one.id for one in candidates))
    return Surroundings(candidates=candidates, centres=near, headlines=headlines, constraints=said)


def _candidates(
    connection: Connection, article: Article, keys: Sequence[int], *, since: datetime
) -> tuple[Article, ...]:
    """Folded articles that share something with this one, earliest first."""
    address = article.canonical_url or None
    asked = {
        "own": article.id,
        "since": since,
        "address": address,
        "address_print": None if address is None else fingerprint(address),
        "title_print": title_fingerprint(article.title),
    }
    near = {
        *bands.near(connection, keys, bands.day_of(since), MOST, few=FEW),
        *connection.execute(_NEAR, asked).scalars(),
    } - {article.id}
    found = fetch(connection, sorted(near)) if near else {}
    within = [one for one in found.values() if one.first_seen_at > since]
    return tuple(sorted(within, key=lambda one: (one.first_seen_at, one.id)))


def keep(
    connection: Connection,
    article: Article,
    keys: Sequence[int],
    about: Vector,
    made: Fold,
    folder: Folder,
    number: int | None = None,
) -> None:
    """Write a decision, and what the article says from now on with its story. `number`: see `bands.name`."""
    reach("fold_decided")
    story_id = _keep(connection, article, keys, made, number)
    reach("fold_insert")
    _keep_centre(connection, article, about, replace(made, story_id=story_id), folder, number)


def _keep(
    connection: Connection, article: Article, keys: Sequence[int], made: Fold, number: int | None
) -> str:
    """Store a decision; returns the name of the story."""
    seen = article.first_seen_at
    before, story_id = article.story_id, made.story_id
    if number is not None:
        bands.name(connection, number, article.id, bands.day_of(seen))
    elif before is not None:
        bands.drop(connection, article.id)
    if before is not None:  # folded before, on other words; its story may be part of another one by now
        before, story_id = live(connection, before), live(connection, story_id)
    bands.add(connection, article.id, keys, bands.day_of(seen), number=number)
    story = {"id": story_id, "opened_at": seen, "last_at": seen}
    connection.execute(_open_story(connection.dialect.name), story)
    if before not in (None, story_id):
        _end_if_empty(connection, str(before), but=article.id, heir=story_id)
    decision = {
        "own": article.id,
        "story_id": story_id,
        "duplicate_of": made.duplicate_of,
        "similarity": made.similarity,
        "why": None if made.why == STAYS else made.why,
        "credit": made.credit,
    }
    connection.execute(_KEEP_FOLD, decision)
    return story_id


def _keep_centre(
    connection: Connection,
    article: Article,
    about: Vector,
    made: Fold,
    folder: Folder,
    number: int | None,
) -> None:
    """Count an independent report in its story, and join the stories that it showed to be one."""
    if not about:
        return
    if article.story_id is not None:  # folded before: its earlier words are in the centres
        for story_id in {made.story_id, live(connection, article.story_id)}:
            centres.make_anew(connection, story_id, folder.about)
        if made.duplicate_of is None:
            centres.let_find(connection, article, about, number)
    elif made.duplicate_of is None:
        centres.count(connection, article, made.story_id, about, number)
    for younger in made.joins:
        centres.unite(connection, younger, made.story_id)
        join(connection, younger, made.story_id)


def _end_if_empty(connection: Connection, story_id: str, *, but: str, heir: str) -> None:
    """A story whose only article goes to another one is joined to it."""
    others = select(A.id).where(A.story_id == story_id, A.id != but).limit(1)
    if connection.execute(others).first() is None:
        join(connection, story_id, heir)
