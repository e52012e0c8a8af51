"""What can go wrong with the database."""

from __future__ import annotations


class StorageError(Exception):
    """The database cannot be used, or refused: `str()` says why and what to do, without secrets."""
