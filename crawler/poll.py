"""One poll of one source, end to end, over ports. Trouble with a source is an outcome, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler import floods, gaps, identity, intake, poll_state, schedule, seen
from crawler.asking import Answer, Asker
from crawler.errors import (
    CrawlError,
    HostHeld,
    TemporaryFetchError,
    Unchanged,
)
from crawler.identity import Item
from crawler.ports import (
    ArticleStore,
    ChildCrashed,
    Clock,
    Fetcher,
    Isolation,
    Lister,
    SourceStore,
)
from crawler.records import (
    Article,
    Feed,
    Fetched,
    GapCause,
    Poll,
    PollOutcome,
    PollResult,
    PollState,
    Source,
    SourceGap,
    SourceKind,
    SourceState,
)
from crawler.schedule import PollPolicy
from crawler.seen import SeenList

__all__ = ["PollPolicy", "Poller"]

LARGE_DOCUMENT = 256 << 10  # bytes from which a document is parsed in a child process
GAP_MATTERS = timedelta(days=30)  # for which a sitemap may still fill a gap


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What is known of the items of a list, as `identity.judge` wants it."""

    known: Mapping[str, str]  # identity key → article id
    articles: Mapping[str, Article]  # by id, those that were not purged


class Poller:
    """Polls sources. Everything it needs is handed in; it keeps nothing between two polls.

    Args:
        sources: the configured sources by id, or a function that gives them.
        isolation: where documents over 256 KiB are parsed; None: in a thread like the others.
    """

    def __init__(
        self,
        *,
        sources: Mapping[str, Source] | Callable[[], Mapping[str, Source]],
        states: SourceStore,
        articles: ArticleStore,
        fetcher: Fetcher,
        lister: Lister,
        isolation: Isolation | None,
        clock: Clock,
        policy: PollPolicy,
    ) -> None:
        self._sources = sources
        self._states = states
        self._articles = articles
        self._asker = Asker(fetcher=fetcher, lister=lister, isolation=isolation)
        self._clock = clock
        self._policy = policy

    async def poll(self, source_id: str, *, asked: bool = False) -> PollOutcome:
        """Ask the source once, store what it brought, plan the next poll; the caller holds its claim.

        Entries, identity keys and the new validators are stored in one transaction, which also gives the claim
        back. Whatever is wrong with the source is in the outcome and in its state; only the stores' own faults
        are raised.

        Args:
            asked: by a person, so that hours and days in which the feed wants no poll do not count.
        """
        sources = self._sources() if callable(self._sources) else self._sources
        source = sources.get(source_id)
        state = await self._states.state(source_id)
        reason = (
            "it is not configured"
            if source is None
            else poll_state.why_not_now(source, state, self._clock.now())
        )
        if source is None or reason:
            await self._states.release(source_id)
            return PollOutcome(source_id=source_id, result=PollResult.SKIPPED, problem=reason)
        if not asked and (later := poll_state.postponed(state, self._clock.now())):
            after = replace(state, next_poll_at=later)
            await self._articles.record_poll(Poll(state=after, url=source.url))
            problem = f"its feed wants no poll before {later:%d %b %H:%M} UTC"
            return PollOutcome(source_id=source_id, result=PollResult.SKIPPED, problem=problem)
        try:
            state, answer = await self._asker.ask(source, state, lambda: self._seen(source, state))
            answer, memory = await self._recalled(source, answer)
        except Unchanged as unchanged:
            return await self._unchanged(source, state, unchanged)
        except HostHeld as held:
            return await self._not_asked(source, state, held)
        except CrawlError as error:
            return await self._failed(source, state, error)
        except ChildCrashed as error:
            return await self._failed(source, state, CrawlError(f"its document could not be read: {error}"))
        if answer.feed is None:
            return await self._same_bytes(source, state, answer)
        return await self._listed(source, state, answer, answer.feed, memory, sources)

    async def broke(self, source_id: str, fault: Exception) -> PollOutcome:
        """A fault of our own ended a poll: as with any other failure, the source says so and is asked again later."""
        sources = self._sources() if callable(self._sources) else self._sources
        source = sources.get(source_id)
        if source is None:
            await self._states.release(source_id)
            return PollOutcome(source_id=source_id, result=PollResult.SKIPPED, problem="it is not configured")
        told = f"a fault of tidings itself, {type(fault).__name__}: its list could not be taken in; the log has more"
        return await self._failed(source, await self._states.state(source_id), CrawlError(told))

    # -- what came of it -----------------------------------------------------------------------------

    async def _listed(
        self,
        source: Source,
        state: PollState,
        answer: Answer,
        feed: Feed,
        memory: _Memory,
        sources: Mapping[str, Source],
    ) -> PollOutcome:
        now = self._clock.now()
        items = answer.items
        listed = seen.whole(
            items,
            feed.entries,
            frame=answer.frame,
            prints=answer.prints,
            fresh=answer.fresh,
            before=answer.before,
            day=now.date(),
        )
        known, by_id = memory.known, memory.articles
        kept = identity.judge(items, source.id, known, by_id, unchanged=len(listed.known))

        new = [one for one in kept if one.new]
        first = intake.is_first(state)
        known_only = intake.too_old([one.item.entry for one in new], source, state, now) if first else ()
        held = frozenset[int]() if first else await self._held(source, state, new, now)
        edits = (
            identity.edit_of(one.item, by_id[one.article_id], source.id)
            for one in kept
            if not one.new and one.article_id in by_id and identity.is_edit(one, by_id[one.article_id])
        )
        again = [one.item.entry.published_at for one in kept if intake.was_listed(one, known)]
        joined = bool(held) or answer.partly or answer.unfinished is not None
        gap = None if joined else gaps.noticed(state, listed.dates, known=(*listed.known, *again), now=now)
        open_gap = gap is not None and gap.filled_at is None
        after = replace(
            self._after_list(
                source, state, answer, feed, listed.dates, len(new), now, flood=len(held), gap=gap
            ),
            scrolled=gaps.scrolled(state, gap, known=len(listed.known) + len(again)),
        )
        if answer.unfinished is not None:
            after = self._soon_again(source, state, after, answer.unfinished, now, new=len(new))
        poll = Poll(
            url=source.url,
            state=after,
            articles=intake.articles(new, source, now, known=known_only, held=held),
            keys=tuple((one.article_id, one.keys) for one in kept if one.keys),
            sightings=tuple(intake.sighting(one, source, now) for one in kept if one.changed),
            edits=tuple(edit for edit in edits if edit is not None),
            gap=gap,
            hasten=gaps.sitemaps_beside(source, feed.site_url, sources.values()) if open_gap else (),
            filled=await self._filled(source, listed.dates, sources, now),
            seen=listed.stored if source.kind is SourceKind.FEED else None,
        )
        stored_ids = await self._articles.record_poll(poll)
        result = PollResult.NEW if stored_ids else PollResult.NOTHING_NEW
        return PollOutcome(
            source_id=source.id,
            result=PollResult.FAILED if answer.unfinished is not None else result,
            listed=len(listed.dates),
            new=len(stored_ids),
            problem=poll.state.problem,
            warning=None if answer.unfinished else poll_state.noticed(state, poll.state, gap, now),
            problems=feed.problems + _refused_move(answer.fetched),
            status=answer.fetched.status if answer.fetched else None,
        )

    async def _recalled(self, source: Source, answer: Answer) -> tuple[Answer, _Memory]:
        """What is known of the answer's items; one read in part is read whole where that could tell another story."""
        memory = await self._memory(answer.items)
        if answer.before is None or not memory.known:
            return answer, memory
        beside = await self._articles.known(tuple(seen.unread(answer.prints, answer.before)))
        if seen.may_be_elsewhere(answer.items, memory.known, memory.articles, frozenset(beside.values())):
            answer = await self._asker.reread(source, answer)
            memory = await self._memory(answer.items)
        return answer, memory

    async def _memory(self, items: Sequence[Item]) -> _Memory:
        known = await self._articles.known(identity.lookups(items)) if items else {}
        stored = await self._articles.by_ids(tuple(dict.fromkeys(known.values()))) if known else ()
        return _Memory(known=known, articles={article.id: article for article in stored})

    async def _seen(self, source: Source, state: PollState) -> SeenList | None:
        """The list before, where it was read whole today and at this address."""
        if intake.is_first(state):
            return None
        return seen.unpack(await self._articles.seen(source.id), self._clock.now().date())

    async def _held(
        self, source: Source, state: PollState, new: Sequence[identity.Kept], now: datetime
    ) -> frozenset[int]:
        """Places of the new entries that are held for review."""
        if not floods.possible(len(new), now=now, last_success_at=state.last_success_at):
            return frozenset()
        entries = [one.item.entry for one in new]
        known = await self._articles.titles(source.id, tuple({entry.title for entry in entries}))
        return floods.held(
            [entry.published_at for entry in entries],
            [entry.title if entry.title in known else None for entry in entries],
            now=now,
            last_success_at=state.last_success_at,
            learned=state.interval,
        )

    async def _filled(
        self,
        source: Source,
        dates: Sequence[datetime | None],
        sources: Mapping[str, Source],
        now: datetime,
    ) -> tuple[SourceGap, ...]:
        """Gaps of feeds of the same site that this sitemap closes."""
        if source.kind is not SourceKind.SITEMAP:
            return ()
        recent = await self._states.gaps(now - GAP_MATTERS)
        return gaps.filled_by(source, dates, recent, sources.values())

    async def _same_bytes(self, source: Source, state: PollState, answer: Answer) -> PollOutcome:
        """The same body again: nothing to read, but the newest validators count (an old one is never latched)."""
        now = self._clock.now()
        fetched = answer.fetched
        assert fetched is not None
        after = replace(
            poll_state.good(state, now),
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            moved_to=poll_state.accepted(source, answer.moved_to),
        )
        after = self._planned(
            source, poll_state.labelled(after, now, renewed=False), now, fresh_for=answer.fresh_for
        )
        await self._articles.record_poll(Poll(state=after, url=source.url))
        return _unchanged_outcome(state, after, now, fetched.status)

    async def _unchanged(self, source: Source, state: PollState, answer: Unchanged) -> PollOutcome:
        now = self._clock.now()
        after = replace(
            poll_state.good(state, now),
            etag=answer.etag or state.etag,
            last_modified=answer.last_modified or state.last_modified,
            moved_to=poll_state.accepted(source, answer.moved_to or state.moved_to),
        )
        fresh_for = poll_state.freshness(state, answer.fresh_for)
        after = self._planned(
            source, poll_state.labelled(after, now, renewed=False), now, fresh_for=fresh_for
        )
        await self._articles.record_poll(Poll(state=after, url=source.url))
        return _unchanged_outcome(state, after, now, answer.status)

    async def _not_asked(self, source: Source, state: PollState, held: HostHeld) -> PollOutcome:
        """Its host wants no request, as it told another source: no failure of this one, which waits as long."""
        now = self._clock.now()
        plan = schedule.plan(
            timedelta(),
            now=now,
            skip_hours=state.skip_hours,
            skip_days=state.skip_days,
            retry_at=held.retry_at,
            fraction=0.0,
        )
        later = plan.next_poll_at + self._policy.jitter() * schedule.JITTER * self._policy.floor
        after = replace(state, next_poll_at=later, not_before=plan.not_before)
        await self._articles.record_poll(Poll(state=after, url=source.url))
        return PollOutcome(source_id=source.id, result=PollResult.SKIPPED, problem=str(held))

    async def _failed(self, source: Source, state: PollState, error: CrawlError) -> PollOutcome:
        now = self._clock.now()
        after = poll_state.failure(state, error, now)
        if after.state is not SourceState.GONE:
            base = self._interval(source, after, now)
            doublings = after.failures
            if isinstance(error, TemporaryFetchError) and error.status is None:
                # Nobody answered: it may be our own network, and asking again troubles no one.
                base, doublings = min(base, self._policy.every), after.failures - 1
            wait = schedule.back_off(base, doublings, poll_state.failing_for(state, now))
            plan = schedule.plan(
                wait,
                now=now,
                ttl=after.ttl,
                skip_hours=after.skip_hours,
                skip_days=after.skip_days,
                retry_at=error.retry_at,
                fraction=self._policy.jitter(),
            )
            after = replace(after, next_poll_at=plan.next_poll_at, not_before=plan.not_before)
        await self._articles.record_poll(Poll(state=after, url=source.url))
        return PollOutcome(
            source_id=source.id, result=PollResult.FAILED, problem=str(error), status=error.status
        )

    def _soon_again(
        self,
        source: Source,
        state: PollState,
        after: PollState,
        error: CrawlError,
        now: datetime,
        *,
        new: int,
    ) -> PollState:
        """After a visit that ended early: the rest is looked for after a floor, then ever later while nothing comes."""
        ended = poll_state.unfinished(state, after, error, now, new=new)
        long = timedelta() if new else poll_state.failing_for(state, now)
        plan = schedule.plan(
            schedule.back_off(self._policy.floor, ended.failures - 1, long),
            now=now,
            retry_at=error.retry_at,
            fraction=self._policy.jitter(),
        )
        return replace(ended, next_poll_at=plan.next_poll_at, not_before=plan.not_before)

    # -- the next state ------------------------------------------------------------------------------

    def _after_list(
        self,
        source: Source,
        state: PollState,
        answer: Answer,
        feed: Feed,
        dates: Sequence[datetime | None],
        new: int,
        now: datetime,
        *,
        flood: int,
        gap: SourceGap | None,
    ) -> PollState:
        published = [moment for moment in dates if moment is not None]
        learned = schedule.rhythm(state.interval, published, now=now, new=new, last_new_at=state.last_new_at)
        if gap is not None and gap.cause is GapCause.SCROLLED:
            wanted = gaps.rhythm_for(published, now=now, last=gap.start)
            learned = min(learned or wanted, wanted)
        after = replace(
            poll_state.good(state, now),
            etag=answer.etag,
            last_modified=answer.last_modified,
            body_hash=answer.body_hash,
            moved_to=poll_state.accepted(source, answer.moved_to),
            # A first list counts, though all of it may be known from other sources: silence is measured from it.
            last_new_at=now if new or state.last_success_at is None else state.last_new_at,
            interval=learned,
            title=feed.title or state.title,
            ttl=feed.ttl,
            skip_hours=feed.skip_hours,
            skip_days=feed.skip_days,
            listed=state.listed if answer.partly else len(dates),
        )
        newest = max((moment for moment in published if moment <= now), default=after.last_new_at)
        after = poll_state.labelled(after, now, flood=flood, newest=newest, lacks=feed.lacks)
        return self._planned(source, after, now, fresh_for=answer.fresh_for)

    def _planned(
        self, source: Source, state: PollState, now: datetime, *, fresh_for: timedelta | None
    ) -> PollState:
        """With the next poll planned, and remembering for how long the answer is fresh."""
        plan = schedule.plan(
            self._interval(source, state, now),
            now=now,
            fresh_for=fresh_for,
            ttl=state.ttl,
            skip_hours=state.skip_hours,
            skip_days=state.skip_days,
            fraction=self._policy.jitter(),
        )
        return replace(state, next_poll_at=plan.next_poll_at, not_before=plan.not_before, fresh_for=fresh_for)

    def _interval(self, source: Source, state: PollState, now: datetime) -> timedelta:
        spoke = state.last_new_at or now
        return schedule.interval(
            self._policy,
            every=source.every,
            learned=state.interval,
            silence=max(now - spoke, timedelta()),
            validators=bool(state.etag or state.last_modified),
        )


# -- decisions -------------------------------------------------------------------------------------


def _refused_move(fetched: Fetched | None) -> tuple[str, ...]:
    if fetched is None or fetched.move_refused is None:
        return ()
    return ("a permanent move is not followed from now on, since it would give up https",)


def _unchanged_outcome(before: PollState, after: PollState, now: datetime, status: int | None) -> PollOutcome:
    return PollOutcome(
        source_id=after.source_id,
        result=PollResult.UNCHANGED,
        problem=after.problem,
        warning=poll_state.noticed(before, after, None, now),
        status=status,
    )
