"""When an alert may speak to a channel: at its own times, else with the next digest to that channel, else at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import slots
from alerts.plans import AlertPlan, DigestPlan

UTC = "UTC"  # what an alert has that names no zone
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The slots of an alert on the way to one channel."""

    plan: AlertPlan
    channel_id: str
    digests: tuple[DigestPlan, ...]  # all there are

    @property
    def zone(self) -> str:
        """Whose days count: that of the alert where it has times or a zone of its own, else that of the digest with
        which it goes."""
        if self.plan.at or self.plan.zone != UTC:
            return self.plan.zone
        return next((digest.zone for digest in self._to()), self.plan.zone)

    def first(self, moment: datetime) -> datetime:
        """The first time from `moment` on."""
        ahead = [
            slot.due for timed in self._timed() for slot in slots.upcoming(timed, moment - _JUST_BEFORE, 1)
        ]
        if not self.plan.at:
            ahead += [slots.immediate(one, moment - one.gather).due for one in self._to() if one.immediately]
        return min(ahead, default=moment)

    def _timed(self) -> Iterator[DigestPlan]:
        """What has slots: the alert itself, or the digests to the channel."""
        if self.plan.at:
            yield DigestPlan(
                id="alert", to=self.plan.to, initiatives=(), at=self.plan.at, zone=self.plan.zone
            )
        else:
            yield from (digest for digest in self._to() if not digest.immediately)

    def _to(self) -> Iterable[DigestPlan]:
        return (one for one in self.digests if self.channel_id in one.to and not one.paused)
