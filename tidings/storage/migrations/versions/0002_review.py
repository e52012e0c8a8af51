"""Floods held for review, times that may have been missed, causes of failures, days without polls, lists as last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Duration, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the first schema has no place for; nothing is held and no time missed in what is there."""
    op.add_column("sources", sa.Column("skip_days", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("sources", sa.Column("listed", sa.Integer(), nullable=True))
    op.add_column("sources", sa.Column("scrolled", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("cause", sa.String(), nullable=True))
    op.add_column("sources", sa.Column("fresh_for", Duration(), nullable=True))
    op.execute(
        "UPDATE sources SET listed = 0 WHERE last_success_at IS NOT NULL"
    )  # their next list is not a first one
    op.add_column("articles", sa.Column("held_since", AwareTime(), nullable=True))
    op.add_column("articles", sa.Column("held_ended", AwareTime(), nullable=True))
    op.create_index(
        "ix_articles_held_since",
        "articles",
        ["held_since"],
        sqlite_where=sa.text("held_since IS NOT NULL"),
        postgresql_where=sa.text("held_since IS NOT NULL"),
    )
    op.create_table(
        "source_gaps",
        sa.Column("source_id", Words(), nullable=False),
        sa.Column("start", AwareTime(), nullable=False),
        sa.Column("end", AwareTime(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("noticed_at", AwareTime(), nullable=False),
        sa.Column("filled_at", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_gaps_source_id"),
        sa.PrimaryKeyConstraint("source_id", "start", name="pk_source_gaps"),
    )
    op.create_index("ix_source_gaps_noticed_at", "source_gaps", ["noticed_at"])
    op.create_table(
        "source_lists",
        sa.Column("source_id", Words(), nullable=False),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_lists_source_id"),
        sa.PrimaryKeyConstraint("source_id", name="pk_source_lists"),
    )
