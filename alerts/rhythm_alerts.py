"""Alerts on surge and silence: judged every quarter of an hour, frozen once each, sent from the outbox. Over ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts import slots
from alerts.addressing import deliveries_for
from alerts.bringers import Bringer, cause
from alerts.messages import Message
from alerts.notice import notice
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.ports import Channel, DeliveryStore
from alerts.records import Initiative
from alerts.rhythm import DAY, PAST, Past, Silence, Surge, silence, surge
from alerts.rhythm_words import Words, silence_words, surge_words
from crawler.ports import Clock
from crawler.records import require_aware

EVERY = timedelta(minutes=15)
REACH = timedelta(
    days=2 * PAST
)  # how far back stories are counted: a silence of half a year has half a year before it
BEHIND = timedelta(hours=1)  # sources that have waited so long for a poll say nothing yet


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
        counts: dict[date, int] = {}
        for moment in self.stories:
            day = moment.astimezone(zone).date()
            counts[day] = counts.get(day, 0) + 1
        return Past(
            since=self.watched_since.astimezone(zone).date() + DAY,
            stories=counts,
            last_report=None if self.last_report is None else self.last_report.astimezone(zone).date(),
        )


class RhythmStore(Protocol):
    """What is asked of the archive for alerts on surge and silence."""

    async def moments(self, initiative_id: str, since: datetime) -> Moments:
        """Stories whose first report came at `since` or later, and the last report of all.

        A report counts when it came, also where it was found in the archive later. What was backfilled, or held
        for review, does not count as a story.
        """

    async def bringers(self, initiative_id: str, since: datetime, until: datetime) -> tuple[Bringer, ...]:
        """The sources of the reports that came with since <= moment < until."""

    async def unready(self, now: datetime, behind: timedelta) -> tuple[bool, frozenset[str]]:
        """Whether half of the sources have waited for their poll for longer than `behind`, as after a
        standstill, and the initiatives by whose rules the archive is still to be judged."""

    async def told(self, prefix: str) -> tuple[str, ...]:
        """Keys of messages that begin with `prefix`."""


class RhythmAlerts:
    """Tells each surge, and each stage of a silence, once to each channel that wants it."""

    def __init__(
        self,
        *,
        store: RhythmStore,
        deliveries: DeliveryStore,
        channels: Mapping[str, Channel],
        plans: Iterable[AlertPlan],
        digests: Iterable[DigestPlan],
        initiatives: Iterable[Initiative],
        clock: Clock,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._channels = channels
        self._plans = tuple(plan for plan in plans if plan.on in (AlertKind.SURGE, AlertKind.SILENCE))
        self._digests = tuple(digests)
        self._initiatives = {one.id: one for one in initiatives if not one.paused}
        self._clock = clock
        self._judged_at: datetime | None = None

    async def tell_due(self) -> tuple[Message, ...]:
        """Judge, and freeze what is new with its deliveries; what was frozen before, by any process, is left."""
        now, before = self._clock.now(), self._judged_at
        if not self._plans or (before is not None and before <= now < before + EVERY):
            return ()
        standstill, unread = await self._store.unready(now, BEHIND)
        if standstill:
            return ()
        told = []
        wanted = dict.fromkeys(name for plan in self._plans for name in plan.initiatives)
        for initiative in (self._initiatives[name] for name in wanted if name in self._initiatives):
            if initiative.id not in unread:
                moments = await self._store.moments(initiative.id, now - REACH)
                for plan in self._plans:
                    if initiative.id in plan.initiatives:
                        told += await self._judge(plan, initiative, moments, now, before or now - DAY)
        self._judged_at = now
        return tuple(told)

    async def _judge(
        self, plan: AlertPlan, initiative: Initiative, moments: Moments, now: datetime, before: datetime
    ) -> list[Message]:
        zone = ZoneInfo(plan.zone)
        past = moments.past(zone)
        if past is None:
            return []
        if plan.on is AlertKind.SURGE:
            return await self._surge(plan, initiative, past, now.astimezone(zone))
        if past.last_report is None or moments.last_report is None:
            return []
        whole = (
            now - moments.last_report
        ) // DAY  # 24 hours each, so that an evening is not a day at midnight
        return await self._silence(plan, initiative, past, past.last_report + whole * DAY, now, before)

    # -- surge -------------------------------------------------------------------------------------

    async def _surge(
        self, plan: AlertPlan, initiative: Initiative, past: Past, now: datetime
    ) -> list[Message]:
        """Frozen when it is noticed, sent with the next slot. Yesterday is judged too, for its last minutes."""
        told = []
        today = now.date()
        for day, until in ((today - DAY, None), (today, now.time())):
            verdict = surge(past, day)
            if not isinstance(verdict, Surge):
                continue
            for channel in plan.to:
                kept = f"surge/{channel}/{initiative.id}/"
                days = {date.fromisoformat(key.removeprefix(kept)) for key in await self._store.told(kept)}
                if any(verdict.start <= one <= day for one in days):
                    continue
                due = self._next(plan, channel, now).astimezone(UTC)
                read_on = due.astimezone(ZoneInfo(plan.zone)).date()
                words = surge_words(initiative.name, verdict, read_on, until)
                told += await self._freeze(f"{kept}{verdict.start}", channel, words, now.astimezone(UTC), due)
        return told

    def _next(self, plan: AlertPlan, channel: str, now: datetime) -> datetime:
        """The alert's own next time, else that of the next digest to the channel, else now."""
        upcoming = [
            slot.due for timed in self._timed(plan, channel) for slot in slots.upcoming(timed, now, 1)
        ]
        at_once = [] if plan.at else [self._at_once(digest, now) for digest in self._to(channel)]
        return min([*upcoming, *(moment for moment in at_once if moment is not None)], default=now)

    def _at_once(self, digest: DigestPlan, now: datetime) -> datetime | None:
        """When a digest that is told immediately may speak: now, or after its quiet hours."""
        return slots.immediate(digest, now - digest.gather).due if digest.immediately else None

    # -- silence -----------------------------------------------------------------------------------

    async def _silence(
        self,
        plan: AlertPlan,
        initiative: Initiative,
        past: Past,
        day: date,
        now: datetime,
        before: datetime,
    ) -> list[Message]:
        """Frozen when its slot has passed, because a report may end it before."""
        verdict = silence(past, day)
        if not isinstance(verdict, Silence):
            return []
        told = []
        for channel in plan.to:
            kept = f"silence/{channel}/{initiative.id}/{verdict.last_report}/"
            stages = {int(key.removeprefix(kept)) for key in await self._store.told(kept)}
            if any(verdict.number <= stage for stage in stages) or not self._passed(
                plan, channel, before, now
            ):
                continue
            zone = ZoneInfo(plan.zone)
            last = datetime.combine(verdict.last_report + DAY, datetime.min.time(), zone)
            bringers = await self._store.bringers(initiative.id, last - PAST * DAY, last)
            words = silence_words(initiative.name, verdict, cause(bringers, verdict.last_report, plan.zone))
            told += await self._freeze(f"{kept}{verdict.number}", channel, words, now, now)
        return told

    def _passed(self, plan: AlertPlan, channel: str, before: datetime, now: datetime) -> bool:
        """Whether a time of the alert, or else of a digest to the channel, has passed since `before`."""
        passed = any(slots.passed(timed, before, now) for timed in self._timed(plan, channel))
        return passed or self._next(plan, channel, now) <= now

    # -- both --------------------------------------------------------------------------------------

    def _timed(self, plan: AlertPlan, channel: str) -> Iterator[DigestPlan]:
        """What has slots: the alert itself, or the digests to the channel."""
        if plan.at:
            yield DigestPlan(id="alert", to=plan.to, initiatives=(), at=plan.at, zone=plan.zone)
        else:
            yield from (digest for digest in self._to(channel) if not digest.immediately)

    def _to(self, channel: str) -> Iterator[DigestPlan]:
        yield from (one for one in self._digests if channel in one.to and not one.paused)

    async def _freeze(
        self, key: str, channel: str, words: Words, now: datetime, due: datetime
    ) -> list[Message]:
        message = notice(key=key, subject=words.subject, paragraphs=words.paragraphs, created_at=now)
        deliveries = [
            replace(one, next_attempt_at=due)
            for one in deliveries_for(message, channel, self._channels.get(channel), now)
        ]
        return [message] if await self._deliveries.add(message, deliveries) else []
