"""Pages that crashed their reader."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of crashes before this nothing was kept."""
    op.create_table(
        "page_crashes",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("crashed_at", AwareTime(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("content_type", Words(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name="pk_page_crashes"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_page_crashes_article_id_articles", ondelete="CASCADE"
        ),
    )
