"""What all tables share: the naming of constraints, and indexes on the rows that wait."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def waiting(name: str, *columns: Column[Any]) -> Index:
    """An index that holds only the rows whose last column is set."""
    rows = text(f"{columns[-1].name} IS NOT NULL")
    return Index(name, *columns, sqlite_where=rows, postgresql_where=rows)
