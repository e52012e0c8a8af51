"""The real time of day."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """`Clock` of a running installation."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)
