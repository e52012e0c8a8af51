"""Composing: which digest is due, what its readers are told, and its freezing before anything is sent. Over ports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts import digest as digests
from alerts import slots
from alerts.addressing import deliveries_for
from alerts.commitments import SHOWN
from alerts.errors import TemplateFault
from alerts.messages import Delivery, Message
from alerts.outgoing import Outgoing, Standing, Window
from alerts.plans import DigestPlan, WhenEmpty
from alerts.ports import Channel, DigestStore
from alerts.readers import Readers, left_to_timed, live, speaks_at, to_tell, together
from alerts.recent import Recent
from alerts.records import Coverage, Digest, DigestSlot, Flood, Initiative, Telling
from alerts.render import Renderer
from crawler.failpoints import reach
from crawler.ports import Clock

EARLY = timedelta(days=2)  # a slot that was composed so long before it was due was not told at its time
IDLE = timedelta(days=1)  # then the window of a plan told immediately moves on, also with nothing to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What the readers of some channels are told in one slot."""

    slot: DigestSlot
    channels: tuple[str, ...]
    digest: Digest
    message: Message | None = None  # None: it is empty, and not sent
    deliveries: tuple[Delivery, ...] = ()
    problem: str | None = None  # the user's template failed, the bundled one was used


class Uncomposed(ExceptionGroup[Exception]):
    """Some digests that were due could not be composed; they stay due.

    `done` were composed all the same; `faults` are by digest.
    """

    done: tuple[Composed, ...]
    faults: Mapping[str, Exception]

    def __new__(cls, done: tuple[Composed, ...], faults: Mapping[str, Exception]) -> Uncomposed:
        self = super().__new__(cls, f"not composed: {', '.join(faults)}", tuple(faults.values()))
        self.done, self.faults = done, faults
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What there is to tell at one moment, to each group of channels."""

    plan: DigestPlan
    now: datetime
    window: Window
    groups: tuple[Readers, ...]
    held: tuple[Flood, ...]
    left_out: Mapping[str, int]  # by initiative, matches that were judged not to be about it

    @property
    def is_empty(self) -> bool:
        return not self.held and not any(group.matched for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What a digest says beside its stories, to all readers alike."""

    evidence: Mapping[tuple[str, str], tuple[Telling, ...]]
    coverage: Coverage
    recent: Mapping[str, Recent]


class Composer:
    """Composes digests; slots, messages and deliveries are in the stores.

    What was told is known of each channel, whatever digest told it. Channels of one digest that are to be told the
    same get one message; as a rule these are all of them.

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
        self._begun = False

    async def begin(self) -> None:
        """Open the first window of digests never seen before, so that it holds what is matched from now on."""
        await self._digests.begin(tuple(self._plans.values()), self._clock.now())
        self._begun = True

    async def compose_due(self) -> tuple[Composed, ...]:
        """Compose and freeze each digest whose slot has passed, in the order of the configuration; nothing is sent yet.

        The store keeps one digest for each slot, so that a second call, or another process, adds none. Of digests
        that are due together the first tells what they have in common.

        Raises:
            Uncomposed: some could not be composed; it holds those that were.
        """
        done: list[Composed] = []
        faults: dict[str, Exception] = {}
        if not self._begun:
            await self.begin()
        async with self._window:
            await self._digests.set_back(self._clock.now())
        for plan in self._plans.values():
            if not plan.paused:
                try:
                    async with self._window:
                        done += await self._compose(plan)
                except Exception as fault:  # one that breaks keeps no other from its readers
                    faults[plan.id] = fault
        if faults:
            raise Uncomposed(tuple(done), faults)
        return tuple(done)

    async def preview(self, plan: DigestPlan, at: datetime | None = None) -> tuple[Message, ...]:
        """The messages as they would be at `at` (now when None), due or not; nothing is sent or remembered.

        Several where the plan's channels were told different things before; one also when there is nothing to tell.
        """
        composed = await self.previewed(plan, at)
        return tuple(one.message for one in composed if one.message is not None)

    async def previewed(self, plan: DigestPlan, at: datetime | None = None) -> tuple[Composed, ...]:
        """See `preview`; with the channels of each, and what went wrong with the user's template."""
        present = self._clock.now()
        now = at if at is not None else present
        since = await self._digests.last_until(plan.id)
        if since is None:
            since = await self._digests.first(plan, tuple(self._plans.values()), present)
        since = min(since, now)
        passed = slots.passed(plan, since, now) or slots.upcoming(plan, now, 1) or (_out_of_turn(plan, now),)
        found = await self._found(plan, since, now)
        composed = await self._told(found, passed)
        if not any(one.message for one in composed):
            composed = [await self._rendered(plan, composed[0], now, first=True)]
        return tuple(one for one in composed if one.message is not None)

    async def compose_now(self, plan: DigestPlan) -> tuple[Composed, ...]:
        """Compose and freeze a digest out of turn, keyed by the present moment, paused or not.

        It ends the window: the next slot tells what is matched from now on. Readers to whom there is nothing to tell
        get none; when that is all of them, nothing is frozen, and it does not count.
        """
        if not self._begun:
            await self.begin()
        async with self._window:
            now = self._clock.now()
            found = await self._found(plan, await self._since(plan, now), now)
            if found.is_empty:
                return ()
            slot = await self._free(_out_of_turn(plan, now))
            composed = await self._told(
                replace(found, plan=replace(plan, when_empty=WhenEmpty.SKIP)), (slot,)
            )
            return await self._frozen(found, composed)

    async def _compose(self, plan: DigestPlan) -> tuple[Composed, ...]:
        now = self._clock.now()
        since = await self._since(plan, now)
        passed = () if plan.immediately else await self._open(plan, slots.passed(plan, since, now))
        if not passed and not plan.immediately:
            return ()
        found = await self._found(plan, since, now)
        if plan.immediately:
            due = speaks_at(plan, found.groups, found.held)
            if due is None:
                await self._move_on(found)
            if due is None or due.due > now:
                return ()
            passed = (await self._free(due),)
        return await self._frozen(found, await self._told(found, passed))

    async def _frozen(self, found: _Found, composed: Sequence[Composed]) -> tuple[Composed, ...]:
        """Store the slot with its messages and deliveries in one step; nothing when another process was there before."""
        reach("digest_commit")
        new = await self._digests.freeze(
            composed[0].slot,
            until=found.now,
            tellings=tuple(_outgoing(found.groups, composed)),
            now=found.now,
            window=found.window,
        )
        return tuple(composed) if new else ()

    async def _move_on(self, found: _Found) -> None:
        """End the window of a plan told immediately that has long had nothing to tell: it would be read on and on."""
        if found.now - found.window.since > IDLE:
            slot = await self._free(_out_of_turn(found.plan, found.now))
            await self._digests.freeze(slot, until=found.now, tellings=(), now=found.now, window=found.window)

    # -- what there is to tell -----------------------------------------------------------------------

    async def _since(self, plan: DigestPlan, now: datetime) -> datetime:
        last = await self._digests.last_until(plan.id)
        return last if last is not None else await self._digests.start(plan.id, now)

    async def _found(self, plan: DigestPlan, since: datetime, now: datetime) -> _Found:
        """The window as it stands now, and what there is to tell in it: what matched, and what changed since it was told."""
        told = live(plan, self._initiatives)
        standings, every = [], {}
        for channel_id in dict.fromkeys(plan.to):
            matched = await self._digests.matched(channel_id, plan, since, now)
            changed = await self._digests.changed(channel_id, plan, since, now)
            standings.append(
                Standing(
                    channel_id=channel_id,
                    matches=len(matched),
                    told_before=sum(one.told_at is not None for one in matched),
                    changes=len(changed),
                )
            )
            left = left_to_timed(plan, channel_id, self._plans.values())
            every[channel_id] = to_tell((*matched, *changed), told, left)
        window = Window(initiatives=plan.initiatives, since=since, standings=tuple(standings), live=told)
        spoken = replace(plan, initiatives=told)
        return _Found(
            plan=plan,
            now=now,
            window=window,
            groups=together(every),
            held=await self._digests.floods(spoken, since, now),
            left_out=await self._digests.left_out(spoken, since, now),
        )

    async def _told(self, found: _Found, passed: Sequence[DigestSlot]) -> list[Composed]:
        """What each group is told: rendered, where it is to be sent."""
        plan, now, since = found.plan, found.now, found.window.since
        around = await self._around(found, since)
        composed: list[Composed] = []
        for group in found.groups:
            digest = digests.compose(
                plan,
                passed,
                since,
                group.matched,
                self._initiatives,
                around.evidence,
                around.coverage,
                now,
                found.held,
                recent=around.recent,
                left_out=found.left_out,
            )
            one = Composed(slot=passed[-1], channels=group.channels, digest=digest)
            if plan.when_empty is WhenEmpty.SEND or not digests.is_empty(digest):
                first = all(other.message is None for other in composed)
                one = await self._rendered(plan, one, now, first=first)
            composed.append(one)
        return composed

    async def _around(self, found: _Found, since: datetime) -> _Around:
        return _Around(
            evidence=await self._evidence(found.window.live),
            coverage=await self._digests.coverage(since, found.now),
            recent=await self._digests.recent(found.window.live, found.now, found.plan.zone),
        )

    async def _evidence(self, initiative_ids: Iterable[str]) -> Mapping[tuple[str, str], tuple[Telling, ...]]:
        return {
            (name, one.id): await self._digests.commitment_evidence(name, one.id, SHOWN)
            for name in initiative_ids
            for one in self._initiatives[name].commitments
        }

    # -- slots -----------------------------------------------------------------------------------------

    async def _open(self, plan: DigestPlan, passed: Sequence[DigestSlot]) -> tuple[DigestSlot, ...]:
        """Those of the slots that were not composed yet: where the clock was set back some were.

        One that was composed long before its time is told again when that comes, under a key of its own.
        """
        done = await self._digests.frozen(plan.id, [one.key for one in passed]) if passed else {}
        still = [one for one in passed if done.get(one.key, EARLY) >= EARLY]
        return tuple([await self._free(one) if one.key in done else one for one in still])

    async def _free(self, slot: DigestSlot) -> DigestSlot:
        """The slot under a key of its own: one keyed by its moment may have been there before the clock was set back."""
        number, key = 1, slot.key
        while await self._digests.frozen(slot.digest_id, [key]):
            number += 1
            key = f"{slot.key}~{number}"
        return replace(slot, key=key)

    # -- messages --------------------------------------------------------------------------------------

    async def _rendered(
        self, plan: DigestPlan, composed: Composed, now: datetime, *, first: bool
    ) -> Composed:
        """With its message: under the key of the slot, which those after the `first` end with a channel of theirs."""
        digest, problem = composed.digest, None
        key = f"{plan.id}/{composed.slot.key}" + ("" if first else f"/{composed.channels[0]}")
        try:
            message = await self._render(digest, now, key=key, template=plan.template)
        except TemplateFault as fault:
            problem = str(fault)
            digest = replace(
                digest, notes=(*digest.notes, f"Your template failed, this is the bundled one: {fault}")
            )
            message = await self._render(digest, now, key=key, bundled=True)
        return replace(
            composed,
            digest=digest,
            message=message,
            deliveries=tuple(self._addressed(message, composed.channels, now)),
            problem=problem,
        )

    async def _render(self, digest: Digest, now: datetime, **how: Any) -> Message:
        """In a thread: a digest of a thousand stories takes seconds, and mail and polls go on meanwhile."""
        reach("digest_render")
        return await asyncio.to_thread(self._renderer.render, digest, now, **how)

    def _addressed(self, message: Message, to: Sequence[str], now: datetime) -> Iterable[Delivery]:
        for channel_id in to:
            yield from deliveries_for(message, channel_id, self._channels.get(channel_id), now)


def _outgoing(groups: Sequence[Readers], composed: Sequence[Composed]) -> Iterator[Outgoing]:
    """What is sent, with all that is told by it."""
    for group, one in zip(groups, composed, strict=True):
        if one.message is not None:
            news = {told.telling.article_id: told.version for told in group.matched if not told.changes}
            yield Outgoing(
                message=one.message,
                channels=one.channels,
                deliveries=one.deliveries,
                story_ids=digests.told(one.digest),
                versions=tuple(news.items()),
                changes=tuple(dict.fromkeys(change for told in group.matched for change in told.changes)),
            )


def _out_of_turn(plan: DigestPlan, now: datetime) -> DigestSlot:
    return replace(slots.immediate(plan, now - plan.gather), due=now)
