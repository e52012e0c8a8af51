"""Alerts on surge, silence and its end: judged every quarter of an hour, told once each at their time. Over ports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.alert_desk import AlertDesk
from alerts.alert_memory import Memory
from alerts.alert_records import Alert, SilenceOver, ToldStory
from alerts.alert_times import Times
from alerts.bringers import Bringer, cause
from alerts.messages import Message
from alerts.moments import REACH, Moments
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.records import Initiative
from alerts.rhythm import DAY, PAST, Past, Silence, Surge, surge
from alerts.rhythm_words import over_alert, silence_alert, surge_alert
from crawler.ports import Clock

EVERY = timedelta(minutes=15)
BEHIND = timedelta(hours=1)  # sources that have waited so long for a poll say nothing yet
NAMED = 5  # stories of a surge, or since a silence


class RhythmStore(Protocol):
    """What is asked of the archive for alerts on surge and silence."""

    async def moments(self, initiative_id: str, since: datetime) -> Moments:
        """Stories whose first report came at `since` or later, and the last report of all.

        A report counts when it came, also where it was found in the archive later. What was backfilled, or held
        for review, does not count as a story.
        """

    async def began(self, initiative_id: str, since: datetime, until: datetime) -> tuple[ToldStory, ...]:
        """Stories whose first report came with since <= moment < until, those in most outlets first."""

    async def reported(self, initiative_id: str, after: datetime) -> tuple[ToldStory, ...]:
        """Stories of which a report came after a moment, by the first such report."""

    async def bringers(self, initiative_id: str, since: datetime, until: datetime) -> tuple[Bringer, ...]:
        """The sources of the reports that came with since <= moment < until."""

    async def unready(self, now: datetime, behind: timedelta) -> tuple[bool, frozenset[str]]:
        """Whether half of the sources have waited for their poll for longer than `behind`, as after a
        standstill, and the initiatives by whose rules the archive is still to be judged."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One initiative on the way to one channel, at one moment."""

    plan: AlertPlan
    channel_id: str
    initiative: Initiative
    times: Times
    known: Memory | None
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.times.zone)

    @property
    def before(self) -> tuple[Memory, ...]:
        return () if self.known is None else (self.known,)

    def noticed(self, since: datetime) -> Memory:
        """A memory of what is new."""
        return Memory(
            channel_id=self.channel_id,
            kind=str(self.plan.on),
            subject=self.initiative.id,
            since=since,
            noticed_at=self.now,
        )

    def told(self, one: Memory, stage: int) -> Memory:
        """The same, told now."""
        return replace(one, told_at=one.told_at or self.now, last_told_at=self.now, stage=stage)


class RhythmAlerts:
    """Tells each surge, each stage of a silence and its end once to each channel that wants it."""

    def __init__(
        self,
        *,
        store: RhythmStore,
        desk: AlertDesk,
        plans: Iterable[AlertPlan],
        digests: Iterable[DigestPlan],
        initiatives: Iterable[Initiative],
        clock: Clock,
    ) -> None:
        self._store = store
        self._desk = desk
        self._plans = tuple(plan for plan in plans if plan.on in (AlertKind.SURGE, AlertKind.SILENCE))
        self._digests = tuple(digests)
        self._initiatives = {one.id: one for one in initiatives if not one.paused}
        self._clock = clock
        self._judged_at: datetime | None = None
        self._wake: datetime | None = None  # the next slot of something that waits for it

    async def tell_due(self) -> tuple[Message, ...]:
        """Judge, and freeze what is due with its deliveries; what was frozen before, by any process, is left."""
        now = self._clock.now()
        if not self._is_time(now):
            return ()
        memories = await self._desk.remembered(str(AlertKind.SURGE), str(AlertKind.SILENCE))
        await self._forget(memories.values())
        if not self._plans:
            self._judged_at = now
            return ()
        standstill, unread = await self._store.unready(now, BEHIND)
        if standstill:
            return ()
        self._wake = None
        told: list[Message | None] = []
        moments: dict[str, Moments] = {}
        done: set[tuple[str, str, str]] = set()
        for plan in self._plans:
            for name in plan.initiatives:
                initiative = self._initiatives.get(name)
                if initiative is None or name in unread:
                    continue
                if name not in moments:
                    moments[name] = await self._store.moments(name, now - REACH)
                for channel_id in plan.to:
                    thing = (channel_id, str(plan.on), name)
                    if thing not in done:  # another alert tells this channel the same
                        done.add(thing)
                        times = Times(plan=plan, channel_id=channel_id, digests=self._digests)
                        case = _Case(plan, channel_id, initiative, times, memories.get(thing), now)
                        told.append(await self._judge(case, moments[name]))
        self._judged_at = now
        return tuple(one for one in told if one is not None)

    async def _forget(self, memories: Iterable[Memory]) -> None:
        """What no channel is to be told of any more: where that changes, it begins anew."""
        wanted = {
            (channel_id, str(plan.on), name)
            for plan in self._plans
            for name in plan.initiatives
            if name in self._initiatives
            for channel_id in plan.to
        }
        await self._desk.remember([one for one in memories if one.id not in wanted], ())

    def _is_time(self, now: datetime) -> bool:
        before = self._judged_at
        if before is None or not before <= now < before + EVERY:
            return True
        return self._wake is not None and self._wake <= now

    async def _judge(self, case: _Case, moments: Moments) -> Message | None:
        past = moments.past(case.zone)
        if past is None:
            return None
        if case.plan.on is AlertKind.SURGE:
            return await self._surge(case, past)
        verdict = moments.silence(case.zone, case.now)
        if isinstance(verdict, Silence) and moments.last_report is not None:
            return await self._silence(case, verdict, moments.last_report)
        return await self._no_silence(case, moments.last_report)

    def _may(self, case: _Case, moment: datetime) -> bool:
        """Whether what is ripe since a moment may be told; if not, its slot is waited for."""
        due = case.times.first(moment)
        if due > case.now:
            self._wake = due if self._wake is None else min(self._wake, due)
        return due <= case.now

    # -- surge -------------------------------------------------------------------------------------

    async def _surge(self, case: _Case, past: Past) -> Message | None:
        """Noticed on its day, or on the next for the last minutes of it; told at the next slot, with the numbers of
        its fullest day until then."""
        today = case.now.astimezone(case.zone).date()
        known = case.known
        latest = next(
            (found for back in (0, 1) if isinstance(found := surge(past, today - back * DAY), Surge)), None
        )
        if latest is not None and (known is None or not latest.start <= known.since.date() <= latest.day):
            known = case.noticed(datetime.combine(latest.start, time(), UTC))
        if known is None or known.told_at is not None:
            return None
        if not self._may(case, known.noticed_at):
            await self._desk.remember(case.before, (known,))
            return None
        fullest = _fullest(past, known.since.date(), today)
        if fullest is None:  # its stories turned out to be one
            await self._desk.remember(case.before, ())
            return None
        return await self._desk.tell(
            await self._surge_alert(case, fullest, today),
            key=f"surge/{case.channel_id}/{case.initiative.id}/{known.since.date()}",
            channel_id=case.channel_id,
            now=case.now,
            before=case.before,
            after=(case.told(known, fullest.stories),),
        )

    async def _surge_alert(self, case: _Case, found: Surge, today: date) -> Alert:
        begin, end = (datetime.combine(day, time(), case.zone) for day in (found.day, found.day + DAY))
        stories = await self._store.began(case.initiative.id, begin, end)
        return surge_alert(
            case.initiative,
            found,
            stories[:NAMED],
            read_on=today,
            until=case.now.astimezone(case.zone).time() if found.day == today else None,
            zone=case.times.zone,
        )

    # -- silence -----------------------------------------------------------------------------------

    async def _silence(self, case: _Case, verdict: Silence, last: datetime) -> Message | None:
        """Judged when its slot has passed, because a report may end it before."""
        known = case.known
        if known is None or last > known.since:
            known = case.noticed(last)
        stage = verdict.number + 1
        if stage <= known.stage:
            return None
        began = (
            last + verdict.begins * 2**known.stage * DAY
        )  # the first that is untold; a later one stands for all
        if not self._may(case, max(began, known.noticed_at)):
            await self._desk.remember(case.before, (known,))
            return None
        day = datetime.combine(verdict.last_report + DAY, time(), case.zone)
        bringers = await self._store.bringers(case.initiative.id, day - PAST * DAY, day)
        found = cause(bringers, verdict.last_report, case.times.zone)
        return await self._desk.tell(
            silence_alert(case.initiative, verdict, found, case.times.zone),
            key=_silence_key(case, verdict.last_report, stage),
            channel_id=case.channel_id,
            now=case.now,
            before=case.before,
            after=(case.told(known, stage),),
            refers_to=(_silence_key(case, verdict.last_report, known.stage),) if known.stage else (),
        )

    async def _no_silence(self, case: _Case, last: datetime | None) -> Message | None:
        """Its end, for a channel that was told of it; one that was only noticed is forgotten."""
        known = case.known
        if known is None or last is None or last <= known.since:
            return None
        if known.told_at is None:
            await self._desk.remember(case.before, ())
            return None
        stories = await self._store.reported(case.initiative.id, known.since)
        if not stories or not self._may(case, stories[0].came):
            return None
        day = known.since.astimezone(case.zone).date()
        return await self._desk.tell(
            over_alert(case.initiative, _over(stories, known.since, case.zone), case.times.zone),
            key=f"silence-over/{case.channel_id}/{case.initiative.id}/{day}",
            channel_id=case.channel_id,
            now=case.now,
            before=case.before,
            after=(),
            refers_to=(_silence_key(case, day, known.stage),),
        )


def _silence_key(case: _Case, last_report: date, stage: int) -> str:
    """The key of the message on a stage of a silence; stages count from 1."""
    return f"silence/{case.channel_id}/{case.initiative.id}/{last_report}/{stage - 1}"


def _fullest(past: Past, first: date, last: date) -> Surge | None:
    """Of the days of a surge that one with most stories, the latest of several."""
    days = [first + number * DAY for number in range((last - first).days + 1)]
    found = [verdict for day in days if isinstance(verdict := surge(past, day), Surge)]
    return max(found, key=lambda one: (one.stories, one.day), default=None)


def _over(stories: Sequence[ToldStory], last: datetime, zone: ZoneInfo) -> SilenceOver:
    return SilenceOver(
        last_report=last.astimezone(zone).date(),
        days=(stories[0].came - last) // DAY,
        stories=tuple(stories[:NAMED]),
        more=len(stories) - len(stories[:NAMED]),
    )
