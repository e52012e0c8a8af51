"""What the demo should show of each article: what it must match, what it must not, what folds with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tidings.demo.outlets import OUTLETS
from tidings.demo.script import pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One article, as the heads in `articles/*.md` state it."""

    slug: str
    outlet: str
    initiatives: frozenset[str]  # exactly these
    commitments: frozenset[str]  # filed under at least these
    reprints: str | None  # slug of the piece with which it must be one story, as its reprint
    event: str | None  # pieces of one event may be one story; pieces of different events must not
    trap: frozenset[str]  # initiatives whose words it uses in another sense
    seen: bool  # False: its outlet never answers
    told: bool  # False: known and matched, and older than the backfill


def _expected() -> Mapping[str, Expected]:
    silent = {outlet.id for outlet in OUTLETS if outlet.trouble}
    return MappingProxyType(
        {
            piece.slug: Expected(
                slug=piece.slug,
                outlet=piece.outlet,
                initiatives=piece.about,
                commitments=piece.commitments,
                reprints=piece.reprints,
                event=piece.event,
                trap=piece.trap,
                seen=piece.outlet not in silent,
                told=piece.told and piece.outlet not in silent,
            )
            for piece in pieces()
        }
    )


EXPECTED: Mapping[str, Expected] = _expected()
