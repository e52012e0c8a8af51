"""Stories: bands by day, profiles, constraints of the operator, versions as differences, changes."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each part in a function of its own."""
