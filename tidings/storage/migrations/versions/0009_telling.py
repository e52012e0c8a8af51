"""Telling: kinds, threads and pictures of messages, channels that are gone, who unsubscribed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part in a function of its own."""
    _messages()
    _in_the_way()


def _messages() -> None:
    """Of messages of before it is known whether they were digests or tests; the others were alerts."""
    with op.batch_alter_table("messages") as table:
        table.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="digest"))
        table.add_column(sa.Column("threads", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("pictures", sa.JSON(none_as_null=True), nullable=True))
    op.execute(
        "UPDATE messages SET kind = CASE WHEN test THEN 'test' WHEN digest_id = '' THEN 'alert' ELSE 'digest' END"
    )
    with op.batch_alter_table("messages") as table:
        table.alter_column("kind", existing_type=sa.String(), existing_nullable=False, server_default=None)
        table.drop_column("test")
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("deliveries") as table:
        table.alter_column(
            "refused", existing_type=sa.Boolean(), existing_nullable=False, server_default=None
        )


def _in_the_way() -> None:
    """Channels that are gone, readers who want no more, and the troubles that somebody was told of: none yet."""
    op.create_table(
        "channel_bans",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_channel_bans"),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("recipient", Words(), nullable=False),
        sa.Column("digest_id", Words(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "recipient", "digest_id", name="pk_unsubscribed"),
    )
    op.create_table(
        "told_troubles",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("first_told_at", AwareTime(), nullable=False),
        sa.Column("last_told_at", AwareTime(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "kind", "subject", name="pk_told_troubles"),
    )
