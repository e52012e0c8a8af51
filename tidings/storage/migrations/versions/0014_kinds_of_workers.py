"""Workers may perform some kinds of jobs only, and tell which configuration they go by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds only: a worker of the version before goes on beside it, and takes all."""
    op.add_column("workers", sa.Column("takes", sa.JSON()))
    op.add_column("workers", sa.Column("configuration", sa.String()))
