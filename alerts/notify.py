"""The alerts' orchestrator: match new articles, compose due digests, hand over due deliveries. Over ports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from alerts import digest as digests
from alerts import retry, slots
from alerts.commitments import SHOWN
from alerts.delivery_ids import delivery_id as delivery_id
from alerts.errors import Refused, TemplateFault, TryLater
from alerts.notice import test_message as test_message
from alerts.plans import DigestPlan, WhenEmpty
from alerts.ports import Channel, DeliveryStore, DigestStore, MatchStore
from alerts.records import (
    Delivery,
    Digest,
    DigestSlot,
    Flood,
    Initiative,
    Match,
    MatchedArticle,
    Message,
    Telling,
    Window,
)
from alerts.render import Renderer
from alerts.rerun import Refound, Rerun
from crawler.ports import Clock
from crawler.records import Article

AT_ONCE = 4  # deliveries under way together
LIMIT = timedelta(minutes=5)  # one attempt, however slowly the other side talks
LEASE = timedelta(minutes=15)  # a claim on a delivery, longer than any attempt
AGAIN = timedelta(days=1)  # "also now in" of a plan told immediately: once a day at most


class Judgement(Protocol):
    """What the matcher says of one article."""

    @property
    def matches(self) -> Sequence[Match]: ...


class Judge(Protocol):
    """Reads one article against every watchlist."""

    def judge(self, article: Article) -> Judgement: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What one round of matching did."""

    articles: int = 0  # judged and marked
    matches: int = 0
    failed: tuple[str, ...] = ()  # ids of articles on which the matcher broke; they stay unmatched


@dataclass(frozen=True, slots=True, kw_only=True)
class Relooked:
    """What a second look at some articles did."""

    changed: Refound
    failed: tuple[str, ...] = ()  # ids of articles on which the matcher broke; what is kept of them stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One digest, composed; an empty one may be not sent."""

    slot: DigestSlot
    digest: Digest
    rendered: Message
    message: Message | None  # `rendered`, when it is to be sent
    deliveries: tuple[Delivery, ...] = ()
    problem: str | None = None  # the user's template failed, the bundled one was used


class Result(StrEnum):
    SENT = "sent"
    LATER = "later"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt at a delivery."""

    delivery: Delivery  # as claimed
    result: Result
    answer: str | None = None  # what the other side said on success
    error: str | None = None
    next_attempt_at: datetime | None = None
    channel_gone: bool = False  # 410: nothing more will get through there


class Notifier:
    """Everything between a stored article and a handed-over message; what was done is in the stores.

    Args:
        fraction: 0 <= fraction < 1 for the jitter of retries.
    """

    def __init__(
        self,
        *,
        matcher: Judge,
        matches: MatchStore,
        digests: DigestStore,
        deliveries: DeliveryStore,
        channels: Mapping[str, Channel],
        renderer: Renderer,
        clock: Clock,
        plans: Iterable[DigestPlan],
        initiatives: Iterable[Initiative] | Mapping[str, Initiative],
        fraction: Callable[[], float] = random.random,
    ) -> None:
        every = initiatives.values() if isinstance(initiatives, Mapping) else initiatives
        self._judge = matcher.judge
        self._matches = matches
        self._digests = digests
        self._deliveries = deliveries
        self._channels = channels
        self._renderer = renderer
        self._clock = clock
        self._plans = {plan.id: plan for plan in plans}
        self._initiatives = {one.id: one for one in every}
        self._fraction = fraction
        self._gone: set[str] = set()  # channels that answered 410 since these settings came into force
        # A match is never written with a time inside a window that is being composed.
        self._window = asyncio.Lock()

    # -- matching ----------------------------------------------------------------------------------

    async def match_new(self, limit: int) -> Matched:
        """Judge all articles that wait, `limit` to a transaction; one that breaks the matcher stops no other."""
        done = found = 0
        failed: dict[str, None] = {}
        while articles := await self._matches.unmatched(limit, skip=failed):
            judged, broken = await _judged(articles, self._judge)
            failed.update(dict.fromkeys(broken))  # counted, and tried again next time
            async with self._window:
                await self._matches.record_matches(judged, self._clock.now())
            done, found = done + len(judged), found + sum(len(matches) for _, matches in judged)
        return Matched(articles=done, matches=found, failed=tuple(failed))

    async def look_again(self, articles: Sequence[Article], judge: Judge, rerun: Rerun) -> Relooked:
        """Judge articles of the archive by the rules of some initiatives, and keep what that changes."""
        judged, failed = await _judged(articles, judge.judge)
        async with self._window:
            changed = await self._matches.record_rerun(judged, rerun, self._clock.now())
        return Relooked(changed=changed, failed=failed)

    # -- composing ---------------------------------------------------------------------------------

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

    # -- delivering --------------------------------------------------------------------------------

    async def deliver_due(self, limit: int) -> tuple[Outcome, ...]:
        """Make one attempt at each due delivery, at most `limit` of them, a few at a time."""
        outcomes: list[Outcome] = []
        while len(outcomes) < limit:
            some = min(AT_ONCE, limit - len(outcomes))
            claimed = await self._deliveries.claim_due(self._clock.now(), some, LEASE)
            if not claimed:
                break
            outcomes += await asyncio.gather(*(self._attempt(*one) for one in claimed))
        return tuple(outcomes)

    async def _attempt(self, delivery: Delivery, message: Message) -> Outcome:
        """One try and its record; every end but our own cancellation is an outcome."""
        channel = self._channels.get(delivery.channel_id)
        if channel is None:
            return await self._parked(delivery, "there is no such channel in tidings.yaml any more")
        if delivery.channel_id in self._gone and delivery.attempts <= 1:  # an operator's retry is tried
            return await self._parked(delivery, "not tried: this channel is gone, it answered 410", gone=True)
        try:
            async with asyncio.timeout(LIMIT.total_seconds()):
                answer = await channel.send(message, delivery)
        except Refused as error:
            if error.disable:
                self._gone.add(delivery.channel_id)
            return await self._parked(delivery, str(error), gone=error.disable)
        except TryLater as error:
            return await self._later(delivery, str(error), error.retry_after)
        except TimeoutError:
            return await self._later(delivery, f"no end within {LIMIT.total_seconds():.0f} seconds")
        except Exception as error:  # a fault of ours or of a library; its words may hold secrets
            return await self._later(delivery, f"unexpected {type(error).__name__} in the channel")
        self._gone.discard(delivery.channel_id)
        await self._deliveries.sent(delivery.id, now=self._clock.now(), answer=answer)
        return Outcome(delivery=delivery, result=Result.SENT, answer=answer)

    async def _parked(self, delivery: Delivery, error: str, *, gone: bool = False) -> Outcome:
        await self._deliveries.park(delivery.id, now=self._clock.now(), error=error)
        return Outcome(delivery=delivery, result=Result.PARKED, error=error, channel_gone=gone)

    async def _later(self, delivery: Delivery, error: str, wish: timedelta | None = None) -> Outcome:
        at = retry.next_attempt(delivery, now=self._clock.now(), fraction=self._fraction(), retry_after=wish)
        if at is None:
            return await self._parked(delivery, f"given up after {delivery.attempts} attempts: {error}")
        await self._deliveries.later(delivery.id, at=at, error=error)
        return Outcome(delivery=delivery, result=Result.LATER, error=error, next_attempt_at=at)


async def _judged(
    articles: Sequence[Article], judge: Callable[[Article], Judgement]
) -> tuple[list[tuple[Article, tuple[Match, ...]]], tuple[str, ...]]:
    """What was found in each, and the ids of those on which the matcher broke: a hostile text stops no other."""
    judged: list[tuple[Article, tuple[Match, ...]]] = []
    failed: list[str] = []
    for article in articles:
        try:
            judged.append((article, tuple(judge(article).matches)))
        except Exception:
            failed.append(article.id)
        await asyncio.sleep(0)  # polls and pages go on meanwhile
    return judged, tuple(failed)


def deliveries_for(
    message: Message, channel_id: str, channel: Channel | None, now: datetime
) -> tuple[Delivery, ...]:
    """One delivery for each recipient, due at once; of an unknown channel one, to be parked with its reason."""
    return tuple(
        Delivery(
            id=delivery_id(message.key, channel_id, recipient),
            message_key=message.key,
            channel_id=channel_id,
            recipient=recipient,
            created_at=now,
            next_attempt_at=now,
        )
        for recipient in (channel.recipients() if channel is not None else ("",))
    )


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
