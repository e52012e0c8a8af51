"""A second look at the archive: what it is asked for, and what it changed. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.records import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """A second look at the archive by the rules of some initiatives."""

    found: Found
    initiatives: frozenset[str]  # whose rules judge
    tell_since: datetime | None  # first seen from then on: a new match is told; None: all are filed
    tell_filed: bool = False  # what was filed before is told too, where its article is as young


@dataclass(frozen=True, slots=True, kw_only=True)
class Refound:
    """What a second look at some articles changed."""

    told: int = 0  # matches that the next digest tells
    filed: int = 0
    gone: int = 0  # never told, and no longer holding

    def __add__(self, other: Refound) -> Refound:
        return Refound(
            told=self.told + other.told, filed=self.filed + other.filed, gone=self.gone + other.gone
        )
