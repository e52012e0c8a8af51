"""Pages asked for by host and hour, when a page was asked for last, when an article was judged, entries of live blogs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them empty: of what is there, nobody knows any more when it was judged."""
    op.create_table(
        "host_pages",
        sa.Column("host", Words(), nullable=False),
        sa.Column("hour", AwareTime(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host", "hour", name="pk_host_pages"),
    )
    op.add_column("articles", sa.Column("page_at", AwareTime(), nullable=True))
    op.add_column("articles", sa.Column("page_tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("articles", sa.Column("judged_at", AwareTime(), nullable=True))
    op.create_index(
        "ix_articles_judged_at",
        "articles",
        ["judged_at"],
        sqlite_where=sa.text("judged_at IS NOT NULL"),
        postgresql_where=sa.text("judged_at IS NOT NULL"),
    )
    op.add_column("article_versions", sa.Column("posts", sa.JSON(), nullable=True))
