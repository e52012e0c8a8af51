"""Alerts on commitments: all that is due for a channel is one message, frozen once. Over ports."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.alert_desk import AlertDesk, stamped
from alerts.alert_memory import Memory
from alerts.alert_records import CommitmentTold
from alerts.alert_times import Times
from alerts.commitment_alerts import KIND, Due, Verdict, judge, subject_of
from alerts.commitment_words import REPORTS, commitments_alert
from alerts.messages import Message
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.records import Commitment, Initiative, Telling
from crawler.ports import Clock

EVERY = timedelta(minutes=15)


class Evidence(Protocol):
    """What is asked of the archive."""

    async def filed(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[tuple[Telling, ...], int]:
        """The newest reports filed under a commitment, newest first, and how many there are in all."""

    async def watched_since(self) -> datetime | None:
        """When anything was collected first; None: never."""


@dataclass(frozen=True, slots=True)
class _Promise:
    initiative: Initiative
    commitment: Commitment
    plan: AlertPlan

    @property
    def subject(self) -> str:
        return subject_of(self.initiative.id, self.commitment.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When a channel is told of a commitment next."""

    channel_id: str
    initiative_id: str
    commitment_id: str
    at: datetime


class CommitmentAlerts:
    """Tells each stage of each commitment once to each channel that wants it."""

    def __init__(
        self,
        *,
        evidence: Evidence,
        desk: AlertDesk,
        plans: Iterable[AlertPlan],
        digests: Iterable[DigestPlan],
        initiatives: Mapping[str, Initiative],
        clock: Clock,
    ) -> None:
        self._evidence = evidence
        self._desk = desk
        self._digests = tuple(digests)
        self._wanted = _wanted(plans, initiatives)
        self._clock = clock
        self._asked_at: datetime | None = None
        self._wake: datetime | None = None

    async def tell_due(self) -> tuple[Message, ...]:
        """One message to each channel for which something is due; what was told by any process is left."""
        now = self._clock.now()
        if not self._is_time(now):
            return ()
        memories = await self._desk.remembered(KIND)
        told = []
        waits: list[datetime] = []
        for channel_id, promises in self._wanted.items():
            mine = {one.subject: one for one in memories.values() if one.channel_id == channel_id}
            verdicts = await asyncio.to_thread(_judged, channel_id, promises, mine, self._digests, now)
            waits += [one.waits_for for one in verdicts.values() if one.waits_for is not None]
            message = await self._told(channel_id, promises, mine, verdicts, now)
            if message is not None:
                told.append(message)
        await self._forget(memories.values())
        self._asked_at, self._wake = now, min(waits, default=None)
        return tuple(told)

    def _is_time(self, now: datetime) -> bool:
        if self._asked_at is None or not self._asked_at <= now < self._asked_at + EVERY:
            return True
        return self._wake is not None and self._wake <= now

    async def _told(
        self,
        channel_id: str,
        promises: Iterable[_Promise],
        mine: Mapping[str, Memory],
        verdicts: Mapping[str, Verdict],
        now: datetime,
    ) -> Message | None:
        due = {subject: verdict.due for subject, verdict in verdicts.items() if verdict.due is not None}
        before = [mine[subject] for subject in verdicts if subject in mine]
        after = [
            kept
            for subject, verdict in verdicts.items()
            if (kept := due[subject].after if subject in due else verdict.after) is not None
        ]
        if not due:
            await self._desk.remember(before, after)
            return None
        chosen = [one for one in promises if one.subject in due]
        zone = Times(plan=chosen[0].plan, channel_id=channel_id, digests=self._digests).zone
        since = await self._evidence.watched_since()
        told = [await self._of(one, due[one.subject], now, zone, since) for one in chosen]
        return await self._desk.tell(
            commitments_alert(told, zone),
            key=stamped(f"commitments/{channel_id}", now, after),
            channel_id=channel_id,
            now=now,
            before=before,
            after=after,
            owed_since=max(one.slot for one in due.values()),
        )

    async def _of(
        self, one: _Promise, due: Due, now: datetime, zone: str, since: datetime | None
    ) -> CommitmentTold:
        reports, number = await self._evidence.filed(one.initiative.id, one.commitment.id, REPORTS)
        day = one.commitment.due
        return CommitmentTold(
            initiative_id=one.initiative.id,
            initiative=one.initiative.name,
            commitment=one.commitment,
            days=None if day is None else (day - now.astimezone(ZoneInfo(zone)).date()).days,
            evidence=reports,
            reports=number,
            watched_since=since,
            meant_for=due.meant_for,
            merged=due.merged,
            before=tuple(span.days for span in one.plan.before),
        )

    async def _forget(self, memories: Iterable[Memory]) -> None:
        """What is no more in any watchlist, or no more wanted by its channel."""
        wanted = {
            (channel_id, one.subject) for channel_id, promises in self._wanted.items() for one in promises
        }
        gone = [one for one in memories if (one.channel_id, one.subject) not in wanted]
        await self._desk.remember(gone, ())


def upcoming(
    plans: Iterable[AlertPlan],
    digests: Iterable[DigestPlan],
    initiatives: Mapping[str, Initiative],
    memories: Iterable[Memory],
    now: datetime,
) -> tuple[Next, ...]:
    """What each channel is told next of each commitment, by time; what is due now is told at `now`."""
    found: list[Next] = []
    every, known = tuple(digests), tuple(memories)
    for channel_id, promises in _wanted(plans, initiatives).items():
        mine = {one.subject: one for one in known if one.channel_id == channel_id}
        verdicts = _judged(channel_id, promises, mine, every, now)
        for one in promises:
            verdict = verdicts.get(one.subject)
            at = None if verdict is None else now if verdict.due is not None else verdict.waits_for
            if at is not None:
                found.append(
                    Next(
                        channel_id=channel_id,
                        initiative_id=one.initiative.id,
                        commitment_id=one.commitment.id,
                        at=at,
                    )
                )
    return tuple(sorted(found, key=lambda one: (one.at, one.channel_id, one.commitment_id)))


def _judged(
    channel_id: str,
    promises: Iterable[_Promise],
    mine: Mapping[str, Memory],
    digests: tuple[DigestPlan, ...],
    now: datetime,
) -> dict[str, Verdict]:
    """By subject; those of paused initiatives are left out."""
    return {
        one.subject: judge(
            one.commitment,
            mine.get(one.subject),
            Times(plan=one.plan, channel_id=channel_id, digests=digests),
            one.plan.before,
            now,
            subject=one.subject,
        )
        for one in promises
        if not one.initiative.paused
    }


def _wanted(
    plans: Iterable[AlertPlan], initiatives: Mapping[str, Initiative]
) -> dict[str, tuple[_Promise, ...]]:
    """The commitments of each channel, each once: by the first alert that wants it, before its day as all want it."""
    found: dict[str, dict[str, _Promise]] = defaultdict(dict)
    for plan in plans:
        if plan.on is not AlertKind.COMMITMENT:
            continue
        for channel_id in plan.to:
            for initiative in (initiatives[name] for name in plan.initiatives if name in initiatives):
                for commitment in initiative.commitments:
                    new = _Promise(initiative, commitment, plan)
                    first = found[channel_id].setdefault(new.subject, new)
                    both = tuple(sorted({*first.plan.before, *plan.before}, reverse=True))
                    found[channel_id][new.subject] = replace(first, plan=replace(first.plan, before=both))
    return {channel_id: tuple(promises.values()) for channel_id, promises in found.items()}
