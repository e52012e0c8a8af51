"""Joining stories and parting them: what was told stays told, and a name that was given out finds its story."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, select, update

from crawler.folds import founder_of
from tidings.storage.article_rows import A, chunks, hold
from tidings.storage.constraints import forget_constraints, move_constraints
from tidings.storage.dialect import AnyRow, insert
from tidings.storage.outbox_tables import (
    deliveries,
    message_articles,
    message_stories,
    messages,
    told_stories,
    told_versions,
)
from tidings.storage.tables import articles, stories, story_aliases

S = stories.c
L = story_aliases.c
T = told_stories.c
B = message_stories.c
N = message_articles.c
W = told_versions.c
G = deliveries.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArticle:
    """That a message told an article."""

    article_id: str
    digest_id: str
    message_key: str
    at: datetime  # when it was composed
    channels: tuple[str, ...]  # to which it goes, in order


# -- names -----------------------------------------------------------------------------------------


def live(connection: Connection, story_id: str) -> str:
    """The name under which a story is known now; a story that was never joined to another has but one."""
    found = connection.execute(select(L.story_id).where(L.alias == story_id)).scalar_one_or_none()
    return story_id if found is None else str(found)


def hold_names(connection: Connection, story_ids: Iterable[str]) -> tuple[str, ...]:
    """The names under which stories are known now, each once; until this transaction ends they keep them.

    For whoever decided on stories in another transaction, and writes by their names now.
    """
    names = tuple(dict.fromkeys(story_ids))
    while True:
        there: set[str] = set()
        now: dict[str, str] = {}
        for some in chunks(names):
            query = select(S.id).where(S.id.in_(some)).order_by(S.id)
            there.update(connection.execute(query.with_for_update(read=True, key_share=True)).scalars())
            known = select(L.alias, L.story_id).where(L.alias.in_([one for one in some if one not in there]))
            now |= {row.alias: row.story_id for row in connection.execute(known)}
        if not now:
            return names
        names = tuple(dict.fromkeys(now.get(one, one) for one in names))


def aliases(connection: Connection, story_id: str) -> tuple[str, ...]:
    """Names of stories that were joined to this one, in order."""
    return tuple(
        connection.execute(select(L.alias).where(L.story_id == story_id).order_by(L.alias)).scalars()
    )


# -- joining ---------------------------------------------------------------------------------------


def join(connection: Connection, younger: str, older: str) -> None:
    """Put all articles of one story into another: they were one, and what was told of either was told of both.

    The name of the first stays known as another name of the second, and what the operator said of it holds on.
    Needs the lock "fold". Stories that are one already stay as they are.

    Raises:
        LookupError: there is no such story to join them in.
    """
    younger, older = live(connection, younger), live(connection, older)
    if younger == older:
        return
    rows = hold_stories(connection, (younger, older))
    if older not in {row.id for row in rows}:
        raise LookupError(f"there is no story {older}")
    members = select(A.id).where(A.story_id == younger)
    hold(connection, connection.execute(members).scalars(), lightly=True)
    began = case(
        (A.id == founder_of(younger), f"began {younger}, which is part of this story"), else_=A.fold_reason
    )
    connection.execute(
        update(articles).where(A.story_id == younger).values(story_id=older, fold_reason=began)
    )
    _keep_time(connection, older, min(row.opened_at for row in rows), max(row.last_at for row in rows))
    _move_told(connection, younger, older)
    move_constraints(connection, younger, older)
    connection.execute(update(story_aliases).where(L.story_id == younger).values(story_id=older))
    connection.execute(story_aliases.insert().values(alias=younger, story_id=older))
    connection.execute(delete(stories).where(S.id == younger))


def _move_told(connection: Connection, younger: str, older: str) -> None:
    told = [
        {**row._mapping, "story_id": older}
        for row in connection.execute(select(told_stories).where(T.story_id == younger))
    ]
    carried = [
        {**row._mapping, "story_id": older}
        for row in connection.execute(select(message_stories).where(B.story_id == younger))
    ]
    connection.execute(delete(told_stories).where(T.story_id == younger))
    connection.execute(delete(message_stories).where(B.story_id == younger))
    _tell(connection, told, carried)


def _tell(connection: Connection, told: Sequence[dict[str, Any]], carried: Sequence[dict[str, Any]]) -> None:
    """Add that stories were told; the earlier time counts."""
    if told:
        statement = insert(connection, told_stories)
        earlier = statement.on_conflict_do_update(
            index_elements=[T.channel_id, T.story_id],
            set_={"first_told_at": statement.excluded.first_told_at},
            where=T.first_told_at > statement.excluded.first_told_at,
        )
        connection.execute(earlier, told)
    if carried:
        connection.execute(insert(connection, message_stories).on_conflict_do_nothing(), carried)


# -- parting ---------------------------------------------------------------------------------------


def part(connection: Connection, article_ids: Collection[str], from_story: str) -> str:
    """Put some articles of a story into one of their own; returns its name.

    The others keep the name that readers know, as another name if the article it was made of leaves. Each part
    was told where one of its articles was; a reprint whose original is in the other part follows the earliest
    reprint in its own. Needs the lock "fold".

    Raises:
        LookupError: one of the articles is not in that story.
        ValueError: none of its articles is to leave, or all of them.
    """
    from_story = live(connection, from_story)
    hold_stories(connection, (from_story,))
    hold(connection, connection.execute(select(A.id).where(A.story_id == from_story)).scalars())
    members = connection.execute(
        select(A.id, A.first_seen_at, A.duplicate_of)
        .where(A.story_id == from_story)
        .order_by(A.first_seen_at, A.id)
    ).all()
    moved = [row for row in members if row.id in article_ids]
    rest = [row for row in members if row.id not in article_ids]
    if strangers := sorted(set(article_ids) - {row.id for row in moved}):
        raise LookupError(f"{strangers[0]} is not in {from_story}")
    if not moved or not rest:
        raise ValueError(f"{len(moved)} of the {len(members)} articles of {from_story} are to leave it")
    told = told_in(connection, from_story)

    old, leaving = from_story, {row.id for row in moved}
    if founder_of(old) in leaving:
        from_story = _new_name(connection, rest[0].id, old)
        _open(connection, from_story, rest)
        join(connection, old, from_story)
    new = _new_name(connection, moved[0].id, from_story, but=old)
    _open(connection, new, moved)
    for some in chunks(leaving):
        connection.execute(update(articles).where(A.id.in_(some)).values(story_id=new))
    _keep_time(connection, from_story, rest[0].first_seen_at, rest[-1].first_seen_at)
    for own, others in ((moved, rest), (rest, moved)):
        _find_originals(connection, own, {row.id for row in others})
    by_hand = {"fold_reason": "put into this story by hand", "similarity": None}
    for some in chunks(leaving):
        own_words = (A.id.in_(some), A.duplicate_of.is_(None))
        connection.execute(update(articles).where(*own_words).values(by_hand))
    _share_told(connection, told, leaving, from_story, new)
    _share_names(connection, leaving, from_story, new, but=old)
    return new


def _new_name(connection: Connection, article_id: str, parting: str, *, but: str = "") -> str:
    """A name after this article that no story bears, or that was joined to the one that is parted now."""
    number = 1
    while True:
        name = f"s{article_id}" if number == 1 else f"s{article_id}~{number}"
        taken = connection.execute(select(S.id).where(S.id == name)).first() is not None
        if name != but and not taken and live(connection, name) in (name, parting):
            connection.execute(delete(story_aliases).where(L.alias == name))
            return name
        number += 1


def _open(connection: Connection, story_id: str, members: Sequence[AnyRow]) -> None:
    connection.execute(
        stories.insert().values(
            id=story_id, opened_at=members[0].first_seen_at, last_at=members[-1].first_seen_at
        )
    )


def _find_originals(connection: Connection, members: Sequence[AnyRow], others: Collection[str]) -> None:
    """Reprints of an article in the other part follow the earliest of them; how alike they are is not known."""
    firsts: dict[str, str] = {}
    found = []
    for row in members:  # by time
        if row.duplicate_of in others:
            first = firsts.setdefault(row.duplicate_of, row.id)
            reason = f"a reprint of {row.duplicate_of}, which was put into another story"
            found.append({"own": row.id, "first": None if first == row.id else first, "why": reason})
    if found:
        connection.execute(_FOLLOW, found)


_FOLLOW = (
    update(articles)
    .where(A.id == bindparam("own"))
    .values(
        duplicate_of=bindparam("first", type_=A.duplicate_of.type),
        similarity=None,
        fold_reason=bindparam("why", type_=A.fold_reason.type),
    )
)


def _share_names(
    connection: Connection, leaving: Collection[str], from_story: str, new: str, *, but: str
) -> None:
    """Names of stories that were joined go with the article that they are named after."""
    follow = [one for one in aliases(connection, from_story) if founder_of(one) in leaving and one != but]
    for some in chunks(follow):
        connection.execute(update(story_aliases).where(L.alias.in_(some)).values(story_id=new))


# -- what was told ---------------------------------------------------------------------------------


def told_in(connection: Connection, story_id: str) -> tuple[ToldArticle, ...]:
    """Which articles of a story were told in which messages, by time."""
    rows = connection.execute(
        select(N.article_id, messages.c.key, messages.c.digest_id, messages.c.created_at)
        .select_from(
            articles.join(message_articles, N.article_id == A.id).join(
                messages, messages.c.key == N.message_key
            )
        )
        .where(A.story_id == story_id)
        .order_by(messages.c.created_at, messages.c.key, N.article_id)
    ).all()
    went = _went_to(connection, {row.key for row in rows})
    return tuple(
        ToldArticle(
            article_id=row.article_id,
            digest_id=row.digest_id,
            message_key=row.key,
            at=row.created_at,
            channels=went.get(row.key, ()),
        )
        for row in rows
    )


def _went_to(connection: Connection, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The channels of messages, by their keys."""
    found: dict[str, tuple[str, ...]] = {}
    for some in chunks(sorted(keys)):
        for row in connection.execute(
            select(G.message_key, G.channel_id)
            .where(G.message_key.in_(some))
            .distinct()
            .order_by(G.message_key, G.channel_id)
        ):
            found[row.message_key] = (*found.get(row.message_key, ()), row.channel_id)
    return found


def _share_told(
    connection: Connection, told: Sequence[ToldArticle], leaving: Collection[str], from_story: str, new: str
) -> None:
    """Each part was told in the messages, and to the readers, that were told one of its articles."""
    theirs = {one.message_key for one in told if one.article_id in leaving}
    kept = {one.message_key for one in told if one.article_id not in leaving}
    first = _first_told(connection, told, new)
    _tell(
        connection,
        [
            {"channel_id": channel_id, "story_id": new, "first_told_at": at}
            for channel_id, at in first.items()
        ],
        [{"story_id": new, "message_key": one} for one in sorted(theirs)],
    )
    for some in chunks(sorted(theirs - kept)):
        connection.execute(delete(message_stories).where(B.story_id == from_story, B.message_key.in_(some)))
    left = _first_told(connection, told, from_story)
    for channel_id in first:
        this = (T.story_id == from_story, T.channel_id == channel_id)
        if channel_id in left:
            connection.execute(update(told_stories).where(*this).values(first_told_at=left[channel_id]))
        else:
            connection.execute(delete(told_stories).where(*this))


def _first_told(connection: Connection, told: Iterable[ToldArticle], story_id: str) -> dict[str, datetime]:
    """By channel, when its readers were told first an article that is in this story now."""
    rows = connection.execute(
        select(A.id, W.channel_id, W.told_at)
        .select_from(articles.join(told_versions, W.article_id == A.id))
        .where(A.story_id == story_id)
    ).all()
    moments = [(row.channel_id, row.told_at) for row in rows]
    here = {(row.id, row.channel_id) for row in rows}
    moments += [
        (channel_id, one.at)
        for one in told
        for channel_id in one.channels
        if (one.article_id, channel_id) in here
    ]
    first: dict[str, datetime] = {}
    for channel_id, at in moments:
        first[channel_id] = min(at, first.get(channel_id, at))
    return dict(sorted(first.items()))


# -- rows ------------------------------------------------------------------------------------------


def hold_stories(connection: Connection, story_ids: Sequence[str]) -> Sequence[AnyRow]:
    """The rows of stories, which nobody else tells or changes until the end of this transaction.

    To be called before articles in them are held, for all stories that the transaction changes.
    """
    query = select(stories).where(S.id.in_(story_ids)).order_by(S.id).with_for_update()
    return connection.execute(query).all()


def _keep_time(connection: Connection, story_id: str, opened_at: datetime, last_at: datetime) -> None:
    connection.execute(update(stories).where(S.id == story_id).values(opened_at=opened_at, last_at=last_at))


def forget_stories(connection: Connection, story_ids: Sequence[str]) -> None:
    """The last article of these stories is gone: forget that they were told, their names, and what was said."""
    for some in chunks(story_ids):
        connection.execute(delete(told_stories).where(T.story_id.in_(some)))
        connection.execute(delete(story_aliases).where(L.story_id.in_(some)))
        connection.execute(delete(stories).where(S.id.in_(some)))
    forget_constraints(connection, story_ids)
