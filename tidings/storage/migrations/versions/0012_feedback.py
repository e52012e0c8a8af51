"""What people say of matches; so far nobody has said anything."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No foreign keys: a judgement outlives its article."""
    op.create_table(
        "judgements",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("initiative_id", Words(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("watchlist_version", sa.String(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "initiative_id", name="pk_judgements"),
    )
