"""All tables together: what migrations make, and what tests compare with them."""

from __future__ import annotations

from tidings.storage import installation_tables, outbox_tables, tables, worker_tables
from tidings.storage.base import metadata

__all__ = ["installation_tables", "metadata", "outbox_tables", "tables", "worker_tables"]
