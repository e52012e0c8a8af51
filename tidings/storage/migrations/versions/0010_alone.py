"""Left alone: who works on the database, what is known of the installation, and changes to tell by channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part in a function of its own."""
    _installation()
    _changes()


def _installation() -> None:
    """Nobody has worked on it yet that is known of, and it is no backup."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", Words(), nullable=False),
        sa.Column("host", Words(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("seen_at", AwareTime(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
    )
    op.create_table(
        "counted_from",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_counted_from_article_id_articles", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_counted_from"),
    )


def _changes() -> None:
    """What a channel is still to be told is found without reading what others wait for."""
    op.drop_index("ix_article_changes_untold_since", "article_changes")
    waiting = sa.text("untold_since IS NOT NULL")
    op.create_index(
        "ix_article_changes_channel_id_untold_since",
        "article_changes",
        ["channel_id", "untold_since"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
