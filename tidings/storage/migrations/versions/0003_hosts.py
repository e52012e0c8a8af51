"""What hosts said of how they want to be asked: waits, and robots.txt files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; they fill by themselves."""
    op.create_table(
        "host_holds",
        sa.Column("host", Words(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_holds"),
    )
    op.create_table(
        "robots_files",
        sa.Column("origin", Words(), nullable=False),
        sa.Column("fetched_at", AwareTime(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.Column("problem", Words(), nullable=True),
        sa.Column("text", Words(), nullable=True),
        sa.PrimaryKeyConstraint("origin", name="pk_robots_files"),
    )
