"""Which watchlists and rules are in force, how a match was found, and whether it was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tidings.storage.types import AwareTime, Words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NEWS = "SELECT id FROM articles WHERE NOT backfilled AND (held_since IS NULL OR held_ended IS NOT NULL)"
_LAST = "SELECT max(until) FROM digest_slots WHERE message_key IS NOT NULL"


def upgrade() -> None:
    """Nothing was filed before; what is older than the last digest that was sent counts as told."""
    op.create_table(
        "watchlist_versions",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("watchlist_id", Words(), nullable=False),
        sa.Column("path", Words(), nullable=False),
        sa.Column("first_since", AwareTime(), nullable=False),
        sa.Column("in_force_since", AwareTime(), nullable=False),
        sa.Column("in_force_until", AwareTime(), nullable=True),
        sa.Column("text", Words(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_watchlist_versions"),
    )
    op.create_table(
        "initiative_rules",
        sa.Column("initiative_id", Words(), nullable=False),
        sa.Column("print", sa.String(), nullable=False),
        sa.Column("in_force_since", AwareTime(), nullable=False),
        sa.Column("removed_at", AwareTime(), nullable=True),
        sa.Column("pending_since", AwareTime(), nullable=True),
        sa.Column("cursor_at", AwareTime(), nullable=True),
        sa.Column("cursor_id", sa.String(), nullable=True),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("filed", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("initiative_id", name="pk_initiative_rules"),
    )
    op.add_column("matches", sa.Column("found_by", sa.String(), nullable=True))
    op.add_column("matches", sa.Column("found_at", AwareTime(), nullable=True))
    op.add_column("matches", sa.Column("filed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("matches", sa.Column("told_at", AwareTime(), nullable=True))
    op.execute(
        "UPDATE matches SET told_at = matched_at WHERE gone_at IS NULL"  # noqa: S608  # constants
        f" AND matched_at <= ({_LAST}) AND article_id IN ({_NEWS})"
    )
