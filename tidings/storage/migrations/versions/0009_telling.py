"""Telling: what each channel's readers were told, kinds, threads and pictures of messages, channels that are gone, who unsubscribed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


# To which channels the messages of each digest went.
_WENT_TO = (
    "(SELECT DISTINCT messages.digest_id AS digest_id, deliveries.channel_id AS channel_id"
    " FROM messages JOIN deliveries ON deliveries.message_key = messages.key WHERE messages.digest_id <> '') AS went"
)


def upgrade() -> None:
    """Each part in a function of its own."""
    _messages()
    _digests()
    _told_articles()
    _told_stories()
    _told_versions()
    _changes()
    _in_the_way()


def _messages() -> None:
    """Of messages of before it is known whether they were digests or tests; the others were alerts.

    Nothing is written anew as a whole: SQLite would drop the old table, and with a message go its deliveries.
    """
    op.add_column("messages", sa.Column("kind", sa.String(), nullable=False, server_default="digest"))
    op.add_column("messages", sa.Column("threads", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("messages", sa.Column("pictures", sa.JSON(none_as_null=True), nullable=True))
    op.execute(
        "UPDATE messages SET kind = CASE WHEN test THEN 'test' WHEN digest_id = '' THEN 'alert' ELSE 'digest' END"
    )
    op.drop_column("messages", "test")
    for name in ("refused", "asked", "held_up"):
        op.add_column("deliveries", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "sqlite":
        return  # it keeps the defaults, and needs none of them
    for table, column in (
        ("messages", "kind"),
        ("deliveries", "refused"),
        ("deliveries", "asked"),
        ("deliveries", "held_up"),
    ):
        op.alter_column(table, column, server_default=None)


def _digests() -> None:
    """Their channels and initiatives are written down when the program starts."""
    op.add_column("digests", sa.Column("channels", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("digests", sa.Column("initiatives", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("digests", sa.Column("ended_at", AwareTime(), nullable=True))


def _told_articles() -> None:
    """Which articles a message told: a digest told a match in the first of its windows that ended after it."""
    op.create_table(
        "message_articles",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("message_key", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_message_articles_article_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_key"], ["messages.key"], name="fk_message_articles_message_key", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "message_key", name="pk_message_articles"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_message_articles_message_key", "message_articles", ["message_key"])
    op.execute(
        "INSERT INTO message_articles (article_id, message_key)"
        " SELECT DISTINCT articles.id, slots.message_key"
        " FROM matches JOIN articles ON articles.id = matches.article_id"
        " JOIN message_stories AS carried ON carried.story_id = articles.story_id"
        " JOIN digest_slots AS slots ON slots.message_key = carried.message_key"
        " LEFT JOIN digests ON digests.id = slots.digest_id"
        " WHERE matches.told_at IS NOT NULL"
        " AND (digests.started_at IS NULL OR digests.started_at < matches.matched_at)"
        " AND slots.until = (SELECT min(one.until) FROM digest_slots AS one"
        " WHERE one.digest_id = slots.digest_id AND one.until >= matches.matched_at)"
    )


def _told_stories() -> None:
    """Told to the channels of the messages that carried them; where none of these is kept, to all of the digest."""
    op.rename_table("told_stories", "told_stories_old")
    op.drop_index("ix_told_stories_story_id", "told_stories_old")
    op.create_table(
        "told_stories",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("first_told_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "story_id", name="pk_told_stories_by_channel"),
    )
    op.execute(
        "INSERT INTO told_stories (channel_id, story_id, first_told_at)"
        " SELECT deliveries.channel_id, carried.story_id, min(messages.created_at)"
        " FROM message_stories AS carried JOIN messages ON messages.key = carried.message_key"
        " JOIN deliveries ON deliveries.message_key = messages.key"
        " JOIN told_stories_old AS old"
        " ON old.digest_id = messages.digest_id AND old.story_id = carried.story_id"
        " GROUP BY deliveries.channel_id, carried.story_id"
    )
    op.execute(
        "INSERT INTO told_stories (channel_id, story_id, first_told_at)"  # noqa: S608  # constants
        f" SELECT went.channel_id, old.story_id, min(old.first_told_at) FROM told_stories_old AS old JOIN {_WENT_TO}"
        " ON went.digest_id = old.digest_id"
        " WHERE NOT EXISTS (SELECT 1 FROM message_stories AS carried"
        " JOIN messages ON messages.key = carried.message_key"
        " WHERE messages.digest_id = old.digest_id AND carried.story_id = old.story_id)"
        " GROUP BY went.channel_id, old.story_id ON CONFLICT DO NOTHING"
    )
    op.drop_table("told_stories_old")
    op.create_index("ix_told_stories_story_id", "told_stories", ["story_id"])


def _told_versions() -> None:
    """The newest that any digest told a channel, in the same way."""
    op.rename_table("told_versions", "told_versions_old")
    op.drop_index("ix_told_versions_article_id", "told_versions_old")
    op.create_table(
        "told_versions",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told_at", AwareTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_told_versions_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "article_id", name="pk_told_versions_by_channel"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO told_versions (channel_id, article_id, version, told_at)"
        " SELECT deliveries.channel_id, old.article_id, max(old.version), max(old.told_at)"
        " FROM told_versions_old AS old"
        " JOIN message_articles AS carried ON carried.article_id = old.article_id"
        " JOIN messages ON messages.key = carried.message_key AND messages.digest_id = old.digest_id"
        " JOIN deliveries ON deliveries.message_key = messages.key"
        " GROUP BY deliveries.channel_id, old.article_id"
    )
    op.execute(
        "INSERT INTO told_versions (channel_id, article_id, version, told_at)"  # noqa: S608  # constants
        " SELECT went.channel_id, old.article_id, max(old.version), max(old.told_at)"
        f" FROM told_versions_old AS old JOIN {_WENT_TO} ON went.digest_id = old.digest_id"
        " WHERE NOT EXISTS (SELECT 1 FROM message_articles AS carried"
        " JOIN messages ON messages.key = carried.message_key"
        " WHERE messages.digest_id = old.digest_id AND carried.article_id = old.article_id)"
        " GROUP BY went.channel_id, old.article_id ON CONFLICT DO NOTHING"
    )
    op.drop_table("told_versions_old")
    op.create_index("ix_told_versions_article_id", "told_versions", ["article_id"])


def _changes() -> None:
    """What was told stays, for `explain`; what waits to be told only where the channel knows the version before it."""
    op.rename_table("article_changes", "article_changes_old")
    op.drop_index("ix_article_changes_untold_since", "article_changes_old")
    op.drop_index("ix_article_changes_article_id", "article_changes_old")
    op.create_table(
        "article_changes",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("before", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("said", Words(), nullable=False),
        sa.Column("old", Words(), nullable=False),
        sa.Column("new", Words(), nullable=False),
        sa.Column("untold_since", AwareTime(), nullable=True),
        sa.Column("told_at", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_article_changes_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "article_id", "before", name="pk_article_changes_by_channel"),
    )
    names = ("article_id", "before", "after", "at", "kinds", "said", "old", "new", "untold_since", "told_at")
    columns = ", ".join(f'"{name}"' for name in names)
    given = ", ".join(f'past."{name}"' for name in names)
    op.execute(
        f"INSERT INTO article_changes (channel_id, {columns})"  # noqa: S608  # constants
        f" SELECT known.channel_id, {given} FROM article_changes_old AS past"
        f" JOIN {_WENT_TO} ON went.digest_id = past.digest_id"
        " JOIN told_versions AS known"
        " ON known.article_id = past.article_id AND known.channel_id = went.channel_id"
        ' WHERE past.told_at IS NOT NULL OR past."before" = known.version'
        " ORDER BY past.told_at, past.digest_id ON CONFLICT DO NOTHING"
    )
    op.drop_table("article_changes_old")
    waiting = sa.text("untold_since IS NOT NULL")
    op.create_index(
        "ix_article_changes_untold_since",
        "article_changes",
        ["untold_since"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_article_changes_article_id", "article_changes", ["article_id"])


def _in_the_way() -> None:
    """Channels that are gone or on hold, refusals in a row, readers who want no more, and the troubles that somebody was told of: none yet."""
    op.create_table(
        "channel_bans",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_channel_bans"),
    )
    op.create_table(
        "channel_holds",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_channel_holds"),
    )
    op.create_table(
        "refusals",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("recipient", Words(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "recipient", name="pk_refusals"),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("reader", Words(), nullable=False),
        sa.Column("thread", Words(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "reader", "thread", name="pk_unsubscribed"),
    )
    op.create_table(
        "told_alerts",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("noticed_at", AwareTime(), nullable=False),
        sa.Column("told_at", AwareTime(), nullable=True),
        sa.Column("last_told_at", AwareTime(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("over_at", AwareTime(), nullable=True),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "kind", "subject", name="pk_told_alerts"),
    )
    op.create_table(
        "noticed_troubles",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_noticed_troubles"),
    )
