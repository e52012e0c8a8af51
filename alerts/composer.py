"""Composing: which digest is due, what its readers are told, and its freezing before anything is sent. Over ports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts import digest as digests
from alerts import slots
from alerts.addressing import deliveries_for
from alerts.commitments import SHOWN
from alerts.delivery_ids import delivery_id as delivery_id
from alerts.errors import TemplateFault
from alerts.messages import Delivery, Message
from alerts.notice import test_message as test_message
from alerts.plans import DigestPlan, WhenEmpty
from alerts.ports import Channel, DigestStore
from alerts.records import Digest, DigestSlot, Flood, Initiative, MatchedArticle, Telling, Window
from alerts.render import Renderer
from crawler.ports import Clock

AGAIN = timedelta(days=1)  # "also now in" of a plan told immediately: once a day at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One digest, composed; an empty one may be not sent."""

    slot: DigestSlot
    digest: Digest
    rendered: Message
    message: Message | None  # `rendered`, when it is to be sent
    deliveries: tuple[Delivery, ...] = ()
    problem: str | None = None  # the user's template failed, the bundled one was used


class Composer:
    """Composes digests; slots, messages and deliveries are in the stores.

    Args:
        window: held while a window is read and frozen, and by whoever writes matches, so that a match is never
            written with a time inside a window that is being composed.
    """

    def __init__(
        self,
        *,
        digests: DigestStore,
        channels: Mapping[str, Channel],
        renderer: Renderer,
        clock: Clock,
        plans: Iterable[DigestPlan],
        initiatives: Mapping[str, Initiative],
        window: asyncio.Lock,
    ) -> None:
        self._digests = digests
        self._channels = channels
        self._renderer = renderer
        self._clock = clock
        self._plans = {plan.id: plan for plan in plans}
        self._initiatives = initiatives
        self._window = window

    async def begin(self) -> None:
        """Open the first window of digests never seen before, so that it holds what is matched from now on."""
        for plan in self._plans.values():
            await self._digests.start(plan.id, self._clock.now())

    async def compose_due(self) -> tuple[Composed, ...]:
        """Compose and freeze each digest whose slot has passed; nothing is sent yet.

        The store keeps one digest for each slot, so that a second call, or another process, adds none.
        """
        done = []
        for plan in self._plans.values():
            if not plan.paused:
                async with self._window:
                    composed = await self._compose(plan)
                if composed is not None:
                    done.append(composed)
        return tuple(done)

    async def preview(self, plan: DigestPlan, at: datetime | None = None) -> Message:
        """The message as it would be at `at` (now when None), due or not; nothing is sent or frozen."""
        now = at if at is not None else self._clock.now()
        since = min(await self._since(plan, self._clock.now()), now)
        passed = slots.passed(plan, since, now) or slots.upcoming(plan, now, 1) or (_out_of_turn(plan, now),)
        _, matched = await self._found(plan, since, now)
        return (await self._told(plan, passed, since, matched, now)).rendered

    async def compose_now(self, plan: DigestPlan) -> Composed:
        """Compose and freeze a digest out of turn, keyed by the present moment, paused or not.

        It ends the window: the next slot tells what is matched from now on. An empty one is not sent
        and does not count.
        """
        async with self._window:
            now = self._clock.now()
            since = await self._since(plan, now)
            window, matched = await self._found(plan, since, now)
            composed = await self._told(plan, (_out_of_turn(plan, now),), since, matched, now)
            if digests.is_empty(composed.digest):
                return replace(composed, message=None, deliveries=())
            frozen = await self._frozen(plan, composed, _told_of(window, composed.digest, matched), now)
            return frozen or replace(composed, message=None, deliveries=())

    async def _compose(self, plan: DigestPlan) -> Composed | None:
        now = self._clock.now()
        since = await self._since(plan, now)
        passed = () if plan.immediately else slots.passed(plan, since, now)
        if not passed and not plan.immediately:
            return None
        window, matched = await self._found(plan, since, now)
        if plan.immediately:
            due = self._immediate(plan, matched, await self._held(plan, since, now))
            passed = (due,) if due is not None and due.due <= now else ()
        if not passed:
            return None
        composed = await self._told(plan, passed, since, matched, now)
        return await self._frozen(plan, composed, _told_of(window, composed.digest, matched), now)

    async def _frozen(
        self, plan: DigestPlan, composed: Composed, window: Window, now: datetime
    ) -> Composed | None:
        """Store slot, message and deliveries in one step; None when another process was there before."""
        if digests.is_empty(composed.digest) and plan.when_empty is WhenEmpty.SKIP:
            composed = replace(composed, message=None, deliveries=())
        new = await self._digests.freeze(
            composed.slot,
            until=composed.digest.until,
            message=composed.message,
            deliveries=composed.deliveries,
            story_ids=digests.told(composed.digest),
            now=now,
            window=window,
        )
        return composed if new else None

    async def _told(
        self,
        plan: DigestPlan,
        passed: Sequence[DigestSlot],
        since: datetime,
        matched: Sequence[MatchedArticle],
        now: datetime,
    ) -> Composed:
        digest = digests.compose(
            plan,
            passed,
            since,
            matched,
            self._initiatives,
            await self._evidence(plan),
            await self._digests.coverage(since, now),
            now,
            await self._held(plan, since, now),
        )
        key = f"{plan.id}/{passed[-1].key}"
        problem = None
        try:
            message = await self._render(digest, now, key=key, template=plan.template)
        except TemplateFault as fault:
            problem = str(fault)
            digest = replace(
                digest, notes=(*digest.notes, f"Your template failed, this is the bundled one: {fault}")
            )
            message = await self._render(digest, now, key=key, bundled=True)
        return Composed(
            slot=passed[-1],
            digest=digest,
            message=message,
            rendered=message,
            deliveries=tuple(self._addressed(message, plan.to, now)),
            problem=problem,
        )

    async def _render(self, digest: Digest, now: datetime, **how: Any) -> Message:
        """In a thread: a digest of a thousand stories takes seconds, and mail and polls go on meanwhile."""
        return await asyncio.to_thread(self._renderer.render, digest, now, **how)

    async def _since(self, plan: DigestPlan, now: datetime) -> datetime:
        start = await self._digests.start(plan.id, now)
        return await self._digests.last_until(plan.id) or start

    async def _found(
        self, plan: DigestPlan, since: datetime, now: datetime
    ) -> tuple[Window, tuple[MatchedArticle, ...]]:
        """The window as it stands now, and what there is to tell in it: what matched, and what changed since it was told."""
        found = await self._digests.matched(plan, since, now)
        changed = await self._digests.changed(plan, since, now)
        window = Window(initiatives=plan.initiatives, since=since, matches=len(found))
        return window, self._for(plan, (*found, *changed))

    def _for(self, plan: DigestPlan, matched: Sequence[MatchedArticle]) -> tuple[MatchedArticle, ...]:
        """What there is to tell, less what a plan told immediately leaves to a timed digest."""
        left = self._left_to_timed(plan) if plan.immediately else frozenset()
        return tuple(one for one in matched if one.told_at is None or one.match.initiative_id not in left)

    def _left_to_timed(self, plan: DigestPlan) -> frozenset[str]:
        """Initiatives whose later outlets reach the same channels by a timed digest."""
        return frozenset(
            initiative
            for other in self._plans.values()
            if not other.immediately and not other.paused and set(plan.to) <= set(other.to)
            for initiative in other.initiatives
        )

    async def _held(self, plan: DigestPlan, since: datetime, now: datetime) -> tuple[Flood, ...]:
        """Floods of which something matched an initiative that is told."""
        live = (self._initiatives.get(one) for one in plan.initiatives)
        told = tuple(one.id for one in live if one is not None and not one.paused)
        return await self._digests.floods(replace(plan, initiatives=told), since, now)

    def _immediate(
        self, plan: DigestPlan, matched: Sequence[MatchedArticle], held: Sequence[Flood]
    ) -> DigestSlot | None:
        """When a plan told immediately speaks: `gather` after a new story or flood, or a day after a told one grew
        or changed."""
        live = [
            (moment, one.told_at is None)
            for one in matched
            if (moment := _news_since(one)) is not None
            and (initiative := self._initiatives.get(one.match.initiative_id)) is not None
            and not initiative.paused
        ]
        new = [*(moment for moment, is_new in live if is_new), *(flood.since for flood in held)]
        if new:
            return slots.immediate(plan, min(new))
        grown = [moment for moment, _ in live]
        return slots.immediate(plan, min(grown) + AGAIN - plan.gather) if grown else None

    async def _evidence(self, plan: DigestPlan) -> Mapping[tuple[str, str], tuple[Telling, ...]]:
        found = {}
        for initiative in (self._initiatives.get(name) for name in plan.initiatives):
            if initiative is not None and not initiative.paused:
                for one in initiative.commitments:
                    found[initiative.id, one.id] = await self._digests.commitment_evidence(
                        initiative.id, one.id, SHOWN
                    )
        return found

    def _addressed(self, message: Message, to: Sequence[str], now: datetime) -> Iterable[Delivery]:
        for channel_id in to:
            yield from deliveries_for(message, channel_id, self._channels.get(channel_id), now)


def _news_since(one: MatchedArticle) -> datetime | None:
    """When it changed, or else matched."""
    return max((change.at for change in one.changes), default=one.match.matched_at)


def _told_of(window: Window, digest: Digest, matched: Sequence[MatchedArticle]) -> Window:
    """`window` with what the digest tells: all that is in it of the initiatives that have a section."""
    told = tuple(part.initiative_id for part in digest.sections)
    shown = [one for one in matched if one.match.initiative_id in told]
    return replace(
        window,
        told=told,
        versions=tuple({one.telling.article_id: one.version for one in shown}.items()),
        changes=tuple(dict.fromkeys(change for one in shown for change in one.changes)),
    )


def _out_of_turn(plan: DigestPlan, now: datetime) -> DigestSlot:
    return replace(slots.immediate(plan, now - plan.gather), due=now)
