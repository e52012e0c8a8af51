"""Rows of sources: a new one, and which are in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_

from crawler.records import SourceState
from tidings.storage.article_rows import page_host
from tidings.storage.tables import sources

S = sources.c


def active() -> ColumnElement[bool]:
    """Configured, and paused by nobody."""
    return and_(S.configured, ~S.paused, ~S.operator_paused)


def new_row(source_id: str, kind: str, url: str, now: datetime) -> dict[str, Any]:
    """The row of a source that is not configured and was never polled."""
    return {
        "id": source_id,
        "kind": kind,
        "url": url,
        "host": page_host(url),
        "configured": False,
        "paused": False,
        "operator_paused": False,
        "added_at": now,
        "state": str(SourceState.NEW),
        "failures": 0,
        "scrolled": 0,
        "skip_hours": [],
        "skip_days": [],
    }
