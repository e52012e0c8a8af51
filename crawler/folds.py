"""What folding decides: records of stories, reprints and changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Which story an article belongs to, and whether it is a reprint. Made by `stories.decide`."""

    story_id: str
    duplicate_of: str | None = None
    similarity: float | None = None
    why: str = ""  # "same text", "0.93 of its word shingles", "new"
    credit: str | None = None  # the agency whose text it says it is: "Reuters"; None: it names none
    joins: tuple[str, ...] = ()  # younger stories that turn out to be this one; their articles move into it


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What became of articles that were folded together, each in the order given."""

    folds: tuple[tuple[str, Fold], ...] = ()  # (article id, decision)
    failed: tuple[tuple[str, str], ...] = ()  # (article id, why there is no decision); they wait as before
