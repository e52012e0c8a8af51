"""What articles that were told say otherwise now: kept for each channel until its readers are told, once.

Of each article that a channel's readers were told, the version told is remembered. Whatever comes into force later is compared with
that version and not with the last one, so that several edits are one change, and an edit that is taken back is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select, update
from sqlalchemy.sql.dml import Insert

from alerts.outgoing import Outgoing
from alerts.records import MatchedArticle
from crawler.changes import Difference, Words, compare
from crawler.folds import Change, ChangeKind
from tidings.storage.article_rows import A, chunks
from tidings.storage.dialect import AnyRow, insert_for
from tidings.storage.judgements import meant
from tidings.storage.match_rows import WATCHLIST_SINCE, M, to_match, with_version
from tidings.storage.outbox_tables import article_changes, told_stories, told_versions
from tidings.storage.sources import S
from tidings.storage.tables import articles, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling
from tidings.storage.told import told_before
from tidings.storage.versions import TextVersion, versions_of

# A change that began before the window was missed by its digest only if it was being written meanwhile. An older one
# was not told for a reason: its initiative was paused, say.
LATE = timedelta(days=1)

C = article_changes.c
T = told_versions.c

_TOLD = (
    select(T.channel_id, T.article_id, T.version)
    .where(T.article_id.in_(bindparam("ids", expanding=True)))
    .order_by(T.article_id, T.channel_id)
)
_THIS = and_(C.channel_id == bindparam("channel"), C.article_id == bindparam("own"))
_DROP = delete(article_changes).where(_THIS, C.told_at.is_(None))
_SAME = (
    update(told_versions)
    .where(T.channel_id == bindparam("channel"), T.article_id == bindparam("own"))
    .values(version=bindparam("same"))
)


@cache
def _keep(dialect: str) -> Insert:
    statement = insert_for(dialect, article_changes)
    return statement.on_conflict_do_update(
        index_elements=[C.channel_id, C.article_id, C.before],
        set_={column.name: column for column in statement.excluded if not column.primary_key},
    )


@cache
def _tell(dialect: str) -> Insert:
    statement = insert_for(dialect, told_versions)
    return statement.on_conflict_do_update(
        index_elements=[T.channel_id, T.article_id],
        set_={"version": statement.excluded.version, "told_at": statement.excluded.told_at},
    )


@cache
def _tell_again(dialect: str) -> Insert:
    """What has changed is told anew, and is no news: what matches since is."""
    statement = insert_for(dialect, told_versions)
    return statement.on_conflict_do_update(
        index_elements=[T.channel_id, T.article_id], set_={"version": statement.excluded.version}
    )


def review(connection: Connection, article_ids: Iterable[str]) -> None:
    """Compare the versions in force with what the readers of each channel were told of these articles, if anything."""
    told: dict[str, list[AnyRow]] = {}
    for some in chunks(sorted(article_ids)):
        for row in connection.execute(_TOLD, {"ids": some}):
            told.setdefault(row.article_id, []).append(row)
    dropped: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    same: list[dict[str, Any]] = []
    for article_id, rows in told.items():
        versions = {
            one.version: one
            for one in versions_of(connection, article_id, since=min(row.version for row in rows))
        }
        newest = versions[max(versions)]
        differences = {
            number: compare(_words(versions[number]), _words(newest))
            for number in {row.version for row in rows}
        }
        for row in rows:
            own = {"channel": row.channel_id, "own": article_id}
            dropped.append(own)
            before, difference = versions[row.version], differences[row.version]
            if difference is not None and difference.told:
                change = _change(article_id, before, newest, difference)
                kept.append(_to_row(row.channel_id, change) | {"untold_since": change.at, "told_at": None})
            elif newest.from_page and not before.from_page:
                # The readers were told the feed's words before the page was read. From now on its text is what they know.
                same.append(own | {"same": newest.version})
    for statement, values in ((_DROP, dropped), (_keep(connection.dialect.name), kept), (_SAME, same)):
        if values:
            connection.execute(statement, values)


def changed(
    connection: Connection, channel_id: str, initiatives: Sequence[str], since: datetime, until: datetime
) -> tuple[MatchedArticle, ...]:
    """What the channel's readers were told and are to be told anew; by time of change, then article, then initiative.

    An article that meets an initiative no more changed nevertheless where it was told.
    """
    told = and_(told_stories.c.story_id == A.story_id, told_stories.c.channel_id == channel_id)
    rows = connection.execute(
        select(
            article_changes.c.article_id.label("changed_id"),
            *(column for column in C if column.name not in {"article_id", "told_at"}),
            matches,
            WATCHLIST_SINCE,
            *COLUMNS,
            A.story_id,
            A.text_length,
            A.text_state,
            A.version,
            func.coalesce(told_stories.c.first_told_at, T.told_at).label("first_told_at"),
        )
        .select_from(
            with_version(matches.join(articles, A.id == M.article_id))
            .join(sources, S.id == A.source_id)
            .join(article_changes, C.article_id == A.id)
            .join(told_versions, and_(T.channel_id == C.channel_id, T.article_id == C.article_id))
            .outerjoin(told_stories, told)
        )
        .where(_waits(channel_id, initiatives, since, until))
        .order_by(C.at, M.article_id, M.initiative_id)
    ).all()
    before = told_before(connection, channel_id, (row.story_id for row in rows))
    return tuple(
        MatchedArticle(
            match=to_match(row),
            telling=to_telling(row),
            story_id=row.story_id,
            duplicate_of=row.duplicate_of,
            told_at=row.first_told_at,
            told_in=before[row.story_id].first_in,
            earlier=before[row.story_id].tellings,
            text_length=row.text_length,
            text_state=row.text_state,
            version=row.version,
            changes=(_to_change(row),),
        )
        for row in rows
    )


def number(
    connection: Connection, channel_id: str, initiatives: Sequence[str], since: datetime, until: datetime
) -> int:
    """How many `changed` would find."""
    counted = select(func.count()).select_from(
        article_changes.join(matches, M.article_id == C.article_id).join(
            told_versions, and_(T.channel_id == C.channel_id, T.article_id == C.article_id)
        )
    )
    return connection.execute(counted.where(_waits(channel_id, initiatives, since, until))).scalar_one()


def _waits(
    channel_id: str, initiatives: Sequence[str], since: datetime, until: datetime
) -> ColumnElement[bool]:
    """Changes that the channel's readers are to be told, with matches under which they may have been told the article."""
    return and_(
        C.channel_id == channel_id,
        C.untold_since > since - LATE,
        C.untold_since <= until,
        M.initiative_id.in_(initiatives),
        M.told_at.is_not(None),
        meant(M.article_id, M.initiative_id),
    )


def tell(connection: Connection, one: Outgoing, now: datetime) -> tuple[str, ...]:
    """Remember which versions and changes the readers of some channels are told; ids of the articles that are there."""
    dialect = connection.dialect.name
    again = {change.article_id: change.after for change in one.changes}
    news = {article_id: max(version, again.get(article_id, 0)) for article_id, version in one.versions}
    told = {**again, **news}
    here = _held(connection, told)
    changes = [change for change in one.changes if change.article_id in here]
    for channel_id in one.channels if here else ():
        connection.execute(_DROP, [{"channel": channel_id, "own": article_id} for article_id in here])
        if changes:
            rows = [
                _to_row(channel_id, change) | {"untold_since": None, "told_at": now} for change in changes
            ]
            connection.execute(_keep(dialect), rows)
        for statement, versions in ((_tell_again(dialect), again), (_tell(dialect), news)):
            rows = [
                {"channel_id": channel_id, "article_id": one_id, "version": version, "told_at": now}
                for one_id, version in versions.items()
                if one_id in here
            ]
            if rows:
                connection.execute(statement, rows)
    # Versions that came into force while the digest was composed.
    review(connection, (one_id for one_id, in_force in here.items() if in_force != told[one_id]))
    return tuple(here)


def told_changes(connection: Connection, article_id: str) -> tuple[tuple[str, datetime, Change], ...]:
    """Channel, time and change of what readers were told of an article's changes; by time, then channel."""
    rows = connection.execute(
        select(article_changes.c.article_id.label("changed_id"), article_changes)
        .where(C.article_id == article_id, C.told_at.is_not(None))
        .order_by(C.told_at, C.channel_id)
    )
    return tuple((row.channel_id, row.told_at, _to_change(row)) for row in rows)


def changes_between(article_id: str, versions: Sequence[TextVersion]) -> tuple[Change, ...]:
    """What each of the versions, which are in their order, says otherwise than the one before it."""
    found = []
    for before, after in pairwise(versions):
        difference = compare(_words(before), _words(after))
        if difference is not None:
            found.append(_change(article_id, before, after, difference))
    return tuple(found)


def _held(connection: Connection, article_ids: Iterable[str]) -> dict[str, int]:
    """The numbers of the versions in force of those that are still there, by id.

    Until this transaction ends no other puts a version of them into force: it would not see what is told here, nor
    would its version be seen.
    """
    found: dict[str, int] = {}
    for some in chunks(sorted(article_ids)):
        these = select(A.id, A.version).where(A.id.in_(some)).order_by(A.id)
        rows = connection.execute(these.with_for_update(read=True, key_share=True))
        found |= {row.id: row.version for row in rows}
    return found


def _words(version: TextVersion) -> Words:
    return Words(
        title=version.title,
        summary=version.summary,
        text=None if version.purged else version.text,
        from_page=version.from_page,
        live=bool(version.posts),
    )


def _change(article_id: str, before: TextVersion, after: TextVersion, difference: Difference) -> Change:
    return Change(
        article_id=article_id,
        before=before.version,
        after=after.version,
        at=after.made_at,
        kinds=difference.kinds,
        said=difference.said,
        old=difference.old,
        new=difference.new,
    )


def _to_row(channel_id: str, change: Change) -> dict[str, Any]:
    return {
        "channel_id": channel_id,
        "article_id": change.article_id,
        "before": change.before,
        "after": change.after,
        "at": change.at,
        "kinds": [str(kind) for kind in change.kinds],
        "said": change.said,
        "old": change.old,
        "new": change.new,
    }


def _to_change(row: AnyRow) -> Change:
    return Change(
        article_id=row.changed_id,
        before=row.before,
        after=row.after,
        at=row.at,
        kinds=tuple(ChangeKind(kind) for kind in row.kinds),
        said=row.said,
        old=row.old,
        new=row.new,
    )
