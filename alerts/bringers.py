"""Which sources used to bring an initiative's reports, and whether a silence is theirs: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from crawler.records import SourceState, require_aware

BROKEN = frozenset({SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED})


class Standing(StrEnum):
    """What a source does now, as far as a silence is concerned."""

    FAILS = "fails"
    PAUSED = "is paused"
    REMOVED = "was removed"
    STILL = "answers, and lists nothing new"
    NEWS = "answers, and lists other news"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringer:
    """A source, and what it brought before a silence."""

    source: str  # the outlet's name
    reports: int  # matching articles in the half year before the last one
    state: SourceState
    paused: bool = False
    configured: bool = True
    problem: str | None = None
    since: datetime | None = None  # of its state
    last_new_at: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(since=self.since, last_new_at=self.last_new_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why nothing is reported: each source with its standing, those that brought most first."""

    standings: tuple[tuple[Bringer, Standing], ...]

    def of(self, *wanted: Standing) -> tuple[Bringer, ...]:
        """The sources that stand so."""
        return tuple(one for one, standing in self.standings if standing in wanted)

    @property
    def out(self) -> tuple[Bringer, ...]:
        """Sources that can bring nothing now."""
        return self.of(Standing.FAILS, Standing.PAUSED, Standing.REMOVED)

    @property
    def is_ours(self) -> bool:
        """Whether those that are out brought half of the reports or more: the silence proves nothing then."""
        lost = sum(one.reports for one in self.out)
        return bool(lost) and 2 * lost >= sum(one.reports for one, _ in self.standings)


def cause(bringers: Iterable[Bringer], last_report: date, zone: str) -> Cause:
    """What the sources did since the day of the last report."""
    ranked = sorted(bringers, key=lambda one: (-one.reports, one.source))
    return Cause(standings=tuple((one, _standing(one, last_report, ZoneInfo(zone))) for one in ranked))


def _standing(one: Bringer, last_report: date, zone: ZoneInfo) -> Standing:
    if not one.configured:
        return Standing.REMOVED
    if one.paused:
        return Standing.PAUSED
    if one.state in BROKEN:
        return Standing.FAILS
    newer = one.last_new_at is not None and one.last_new_at.astimezone(zone).date() > last_report
    return Standing.NEWS if newer else Standing.STILL
