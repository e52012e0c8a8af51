"""Work is shared: workers, turns with hosts, and who holds a claim; so far nobody does. Hosts of sources are noted.

The hosts are filled in when sources are next synced, not here: the table would be locked for as long as it takes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only: a process of the version before goes on beside it."""
    op.create_table(
        "workers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", Words(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("since", AwareTime(), nullable=False),
        sa.Column("seen_at", AwareTime(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("doing", sa.Integer(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("memory", sa.BigInteger()),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("slow", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "host_turns",
        sa.Column("host", Words(), nullable=False),
        sa.Column("next_at", AwareTime(), nullable=False),
        sa.Column("first_until", AwareTime()),
        sa.Column("second_until", AwareTime()),
        sa.Column("wanted_at", AwareTime()),
        sa.PrimaryKeyConstraint("host", name="pk_host_turns"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE host_turns SET UNLOGGED")
    op.create_index("ix_sources_next_poll_at_id", "sources", ["next_poll_at", "id"])
    op.drop_index("ix_sources_next_poll_at", "sources")  # which the new one does the work of
    op.create_index("ix_sources_last_polled_at", "sources", ["last_polled_at"])
    waits = sa.text("claimed_until IS NOT NULL")
    op.create_index(
        "ix_sources_claimed_until", "sources", ["claimed_until"], sqlite_where=waits, postgresql_where=waits
    )
    op.add_column("sources", sa.Column("host", Words()))
    for table in ("sources", "articles", "deliveries"):
        op.add_column(table, sa.Column("claimed_by", sa.String()))
