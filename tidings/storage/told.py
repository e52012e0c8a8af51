"""What the readers of a channel were told of some stories before: in which message first, and by which tellings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, select

from alerts.messages import DeliveryState
from alerts.records import Telling, ToldIn
from tidings.storage.article_rows import A, chunks
from tidings.storage.outbox_tables import deliveries, message_stories, messages, told_versions
from tidings.storage.sources import S
from tidings.storage.tables import articles, sources
from tidings.storage.tellings import COLUMNS, to_telling

D = deliveries.c
T = told_versions.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of one story."""

    first_in: ToldIn | None = None  # None: the message is not kept any more, or never went there
    tellings: tuple[Telling, ...] = ()  # by the time they were found


def told_before(connection: Connection, channel_id: str, story_ids: Iterable[str]) -> dict[str, Told]:
    """By story, what the channel's readers were told of it.

    A story that took in another one was told where either was. A message is named only if it went to this channel
    and was not cancelled there.
    """
    wanted = tuple(dict.fromkeys(story_ids))
    went = exists().where(
        and_(
            D.message_key == messages.c.key,
            D.channel_id == channel_id,
            D.state != str(DeliveryState.CANCELLED),
        )
    )
    first_in: dict[str, ToldIn] = {}
    tellings: dict[str, list[Telling]] = {}
    for some in chunks(wanted):
        for row in connection.execute(
            select(message_stories.c.story_id, messages.c.key, messages.c.subject, messages.c.created_at)
            .select_from(message_stories.join(messages))
            .where(message_stories.c.story_id.in_(some), went)
            .order_by(messages.c.created_at, messages.c.key)
        ):
            first_in.setdefault(row.story_id, ToldIn(key=row.key, subject=row.subject, at=row.created_at))
        for told in connection.execute(
            select(*COLUMNS, A.story_id)
            .select_from(
                articles.join(told_versions, T.article_id == A.id).join(sources, S.id == A.source_id)
            )
            .where(A.story_id.in_(some), T.channel_id == channel_id)
            .order_by(A.first_seen_at, A.id)
        ):
            tellings.setdefault(told.story_id, []).append(to_telling(told))
    return {one: Told(first_in=first_in.get(one), tellings=tuple(tellings.get(one, ()))) for one in wanted}
