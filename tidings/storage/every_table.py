"""All tables together: what migrations make, and what tests compare with them."""

from __future__ import annotations

from tidings.storage import outbox_tables, tables
from tidings.storage.base import metadata

__all__ = ["metadata", "outbox_tables", "tables"]
