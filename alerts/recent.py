"""The last 30 days of an initiative, as digests show them: stories a day, and whether it has fallen silent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alerts.moments import Moments
from alerts.rhythm import DAY, Silence

SHOWN = 30  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """Independent stories on each of the last days, by the calendar of one zone."""

    days: tuple[int, ...]  # 30 numbers, the oldest day first
    last_day: date  # of the last number; it may not be over
    silent_for: int | None = None  # whole days since the last report, where that is a silence
    usual: int | None = None  # days: nineteen of twenty of its pauses were no longer; set with `silent_for`
    since: date | None = None  # the first day of these of which something is known; None: all of them are

    @property
    def known(self) -> tuple[int, ...]:
        """The numbers of the days of which something is known."""
        return self.days if self.since is None else self.days[-((self.last_day - self.since).days + 1) :]


def recent(moments: Moments, now: datetime, zone: str) -> Recent:
    """What came in the 30 days up to that of `now` in `zone` (IANA), and the silence that lasts at `now`."""
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    counts = moments.stories_a_day(local)
    verdict = moments.silence(local, now)
    silent = verdict if isinstance(verdict, Silence) else None
    days = [today - back * DAY for back in reversed(range(SHOWN))]
    start = None if moments.watched_since is None else moments.watched_since.astimezone(local).date()
    begun = min([today if start is None else start, *(day for day in days if counts.get(day))])
    return Recent(
        days=tuple(counts.get(day, 0) for day in days),
        last_day=today,
        since=begun if begun > days[0] else None,
        silent_for=None if silent is None else silent.days,
        usual=None if silent is None else silent.usual,
    )
