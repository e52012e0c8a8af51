"""The tables of what is told: digests, messages, what was told to whom, deliveries and what stands in their way."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from tidings.storage.base import metadata, waiting
from tidings.storage.types import AwareTime, Words

digests = Table(
    "digests",
    metadata,
    Column("id", Words, primary_key=True),
    Column("started_at", AwareTime, nullable=False),
    # As they were when it was in force last, for a digest that takes its place; NULL: not known
    Column("channels", JSON(none_as_null=True)),
    Column("initiatives", JSON(none_as_null=True)),
    Column("ended_at", AwareTime),  # first seen to be gone from the configuration
)

messages = Table(
    "messages",
    metadata,
    Column("key", Words, primary_key=True),
    Column("subject", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("html", Words, nullable=False),
    Column("data", Words, nullable=False),
    Column("created_at", AwareTime, nullable=False),
    Column("digest_id", Words, nullable=False),
    Column("kind", String, nullable=False),
    Column("refers_to", JSON(none_as_null=True)),  # keys of messages that told its follow-ups; NULL: none
    Column("threads", JSON(none_as_null=True)),
    Column("pictures", JSON(none_as_null=True)),  # [[name, base64 of the PNG], …]
)
Index("ix_messages_created_at", messages.c.created_at)

digest_slots = Table(
    "digest_slots",
    metadata,
    Column("digest_id", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("due", AwareTime, nullable=False),
    Column("until", AwareTime, nullable=False),  # end of the window
    Column("message_key", Words),  # NULL: empty and skipped; no foreign key: slots outlive messages
    Column("frozen_at", AwareTime, nullable=False),
)
Index("ix_digest_slots_digest_id_until", digest_slots.c.digest_id, digest_slots.c.until)

told_stories = Table(
    "told_stories",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("story_id", String, primary_key=True),
    Column("first_told_at", AwareTime, nullable=False),
)
Index("ix_told_stories_story_id", told_stories.c.story_id)

told_versions = Table(
    "told_versions",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),  # the last that readers were told, or that says the same
    Column("told_at", AwareTime, nullable=False),  # as news, last
    sqlite_with_rowid=False,
)
Index("ix_told_versions_article_id", told_versions.c.article_id)

article_changes = Table(
    "article_changes",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("before", Integer, primary_key=True, autoincrement=False),  # the version that was told
    Column("after", Integer, nullable=False),
    Column("at", AwareTime, nullable=False),  # `after` came into force
    Column("kinds", JSON, nullable=False),
    Column("said", Words, nullable=False),
    Column("old", Words, nullable=False),  # headlines, "" where that makes the same claim
    Column("new", Words, nullable=False),
    Column("untold_since", AwareTime),  # `at` until it is told
    Column("told_at", AwareTime),
)
waiting(
    "ix_article_changes_channel_id_untold_since", article_changes.c.channel_id, article_changes.c.untold_since
)
Index("ix_article_changes_article_id", article_changes.c.article_id)

message_stories = Table(
    "message_stories",
    metadata,
    Column("story_id", String, primary_key=True),
    Column("message_key", Words, ForeignKey("messages.key", ondelete="CASCADE"), primary_key=True),
)
Index("ix_message_stories_message_key", message_stories.c.message_key)

message_articles = Table(
    "message_articles",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("message_key", Words, ForeignKey("messages.key", ondelete="CASCADE"), primary_key=True),
    sqlite_with_rowid=False,
)
Index("ix_message_articles_message_key", message_articles.c.message_key)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Words, primary_key=True),
    Column("message_key", Words, ForeignKey("messages.key", ondelete="CASCADE"), nullable=False),
    Column("channel_id", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", AwareTime, nullable=False),
    Column("next_attempt_at", AwareTime),
    Column("sent_at", AwareTime),
    Column("last_error", Words),
    Column("answer", Words),
    Column("refused", Boolean, nullable=False),  # parked because the other side will never take it
    Column("asked", Boolean, nullable=False),  # a person wants it tried, whatever stands in the way
    Column("held_up", Boolean, nullable=False),  # put off because of its channel, not of itself
    Column("claimed_until", AwareTime),
    Column("claimed_by", String),
    Column("due_at", AwareTime),  # set while it is pending
)
waiting("ix_deliveries_due_at", deliveries.c.due_at)
Index("ix_deliveries_created_at", deliveries.c.created_at)
Index("ix_deliveries_message_key", deliveries.c.message_key)

channel_bans = Table(
    "channel_bans",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column(
        "target", String, nullable=False
    ),  # print of the address that said so; another address is no longer banned
    Column("since", AwareTime, nullable=False),
    Column("reason", Words, nullable=False),
)

channel_holds = Table(
    "channel_holds",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("since", AwareTime, nullable=False),  # nothing was handed over there since the trouble began
    Column("until", AwareTime, nullable=False),  # nothing more is sent there before
    Column("reason", Words, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("recipient", Words, primary_key=True),
    Column("messages", Integer, nullable=False),  # refused in a row; three of them suspend the recipient
    Column("since", AwareTime, nullable=False),  # the first of them
    Column("reason", Words, nullable=False),  # what was said of the last
)

unsubscribed = Table(
    "unsubscribed",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("reader", Words, primary_key=True),  # the address alone, see alerts.threads.reader
    Column("thread", Words, primary_key=True),  # "digest-morning", "initiative-trust"
    Column("at", AwareTime, nullable=False),
)

told_alerts = Table(
    "told_alerts",  # see alerts.alert_memory
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("kind", String, primary_key=True),  # surge, silence, commitment, source, channel …
    Column("subject", Words, primary_key=True),  # of that kind: a source id, say
    Column("since", AwareTime, nullable=False),
    Column("noticed_at", AwareTime, nullable=False),
    Column("told_at", AwareTime),
    Column("last_told_at", AwareTime),
    Column("stage", Integer, nullable=False),
    Column("over_at", AwareTime),
    Column("reason", Words, nullable=False),
)

noticed_troubles = Table(
    "noticed_troubles",  # of which nothing else in the database speaks, as long as they last
    metadata,
    Column("kind", String, primary_key=True),  # configuration, template
    Column("subject", Words, primary_key=True),
    Column("since", AwareTime, nullable=False),
    Column("reason", Words, nullable=False),
)
