"""The demo's time: a clock that moves when told, and the script's hours laid out on a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crawler.records import require_aware

DAWN = datetime(2026, 11, 17, 11, 0, tzinfo=UTC)  # a Tuesday, 06:00 in New York
SCRIPT_LENGTH = timedelta(hours=50)  # two days, and the morning after


class SimulatedClock:
    """`Clock` that stands still until it is advanced."""

    def __init__(self, start: datetime = DAWN) -> None:
        require_aware(start=start)
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The simulated moment, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new moment.

        Raises:
            ValueError: `by` is negative; time runs one way.
        """
        if by < timedelta(0):
            raise ValueError(f"a clock cannot be advanced by {by}")
        self._now += by
        return self._now


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Where the hours of the script lie on a clock.

    `scale` below 1 presses the script's hours together: 0.01 plays 50 hours in half an hour. What lies
    before the start is not pressed together, so that old news stays old.
    """

    start: datetime = DAWN
    scale: float = 1.0

    def __post_init__(self) -> None:
        require_aware(start=self.start)
        if self.scale <= 0:
            raise ValueError(f"scale must be above 0, not {self.scale}")

    def when(self, offset: timedelta) -> datetime:
        """The moment of a script offset, to the second."""
        moved = offset if offset < timedelta(0) else offset * self.scale
        return (self.start + moved).replace(microsecond=0)

    def seconds(self, script_seconds: int) -> int:
        """A span of the script on this clock, in whole seconds, rounded down."""
        return int(script_seconds * self.scale)
