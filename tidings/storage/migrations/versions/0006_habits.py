"""What recurs over the articles of a host, and the host of each article's page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """It is learnt from the next articles on; pages that wait already count as those of one host."""
    op.create_table(
        "host_habits",
        sa.Column("host", Words(), nullable=False),
        sa.Column("kept_at", AwareTime(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_habits"),
    )
    op.add_column("articles", sa.Column("page_host", sa.String(), nullable=True))
