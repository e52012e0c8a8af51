"""What the readers of a digest were told of some stories before: in which message first, and by which tellings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.plans import DigestPlan
from alerts.records import Telling, ToldIn
from tidings.storage.article_rows import A, chunks
from tidings.storage.match_rows import M
from tidings.storage.outbox_tables import message_stories, messages
from tidings.storage.sources import S
from tidings.storage.tables import articles, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of one story."""

    first_in: ToldIn | None = None  # None: the message is not kept any more
    tellings: tuple[Telling, ...] = ()  # by the time they were found


def told_before(
    connection: Connection, plan: DigestPlan, story_ids: Iterable[str], since: datetime
) -> dict[str, Told]:
    """By story, what the digest's messages told before the window that begins at `since`.

    A story that took in another one was told where either was.
    """
    wanted = tuple(dict.fromkeys(story_ids))
    first_in: dict[str, ToldIn] = {}
    tellings: dict[str, dict[str, Telling]] = {}
    for some in chunks(wanted):
        for row in connection.execute(
            select(message_stories.c.story_id, messages.c.key, messages.c.subject, messages.c.created_at)
            .select_from(message_stories.join(messages))
            .where(message_stories.c.story_id.in_(some), messages.c.digest_id == plan.id)
            .order_by(messages.c.created_at, messages.c.key)
        ):
            first_in.setdefault(row.story_id, ToldIn(key=row.key, subject=row.subject, at=row.created_at))
        for told in connection.execute(
            select(*COLUMNS, A.story_id)
            .select_from(matches.join(articles, A.id == M.article_id).join(sources, S.id == A.source_id))
            .where(
                A.story_id.in_(some),
                M.initiative_id.in_(plan.initiatives),
                M.matched_at <= since,
                M.told_at.is_not(None),
            )
            .order_by(A.first_seen_at, A.id)
        ):
            tellings.setdefault(told.story_id, {})[told.telling_id] = to_telling(told)
    return {
        one: Told(first_in=first_in.get(one), tellings=tuple(tellings.get(one, {}).values()))
        for one in wanted
    }
