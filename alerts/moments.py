"""When the reports of an initiative came, by the clock and by the days of a zone: plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.rhythm import DAY, PAST, NotYet, Past, Silence, silence
from crawler.records import require_aware

REACH = timedelta(
    days=2 * PAST
)  # how far back stories are counted: a silence of half a year has half a year before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When the reports of an initiative came."""

    watched_since: datetime | None  # None: nothing was ever collected
    stories: tuple[datetime, ...]  # the first report of each story
    last_report: datetime | None

    def __post_init__(self) -> None:
        require_aware(watched_since=self.watched_since, last_report=self.last_report)

    def past(self, zone: ZoneInfo) -> Past | None:
        """The same by the days of a zone; None: nothing was ever collected."""
        if self.watched_since is None:
            return None
        return Past(
            since=self.watched_since.astimezone(zone).date() + DAY,
            stories=self.stories_a_day(zone),
            last_report=None if self.last_report is None else self.last_report.astimezone(zone).date(),
        )

    def stories_a_day(self, zone: ZoneInfo) -> dict[date, int]:
        """Stories by the day of their first report; days without one are left out."""
        counts: dict[date, int] = {}
        for moment in self.stories:
            day = moment.astimezone(zone).date()
            counts[day] = counts.get(day, 0) + 1
        return counts

    def silence(self, zone: ZoneInfo, now: datetime) -> Silence | NotYet | None:
        """Whether they have stopped for longer than usual; days are 24 hours each, so that an evening is not a day
        at midnight."""
        past = self.past(zone)
        if past is None or past.last_report is None or self.last_report is None:
            return NotYet(why="no report yet")
        return silence(past, past.last_report + (now - self.last_report) // DAY * DAY)
