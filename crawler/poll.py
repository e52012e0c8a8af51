"""One poll of one source, end to end, over ports. Trouble with a source is an outcome, never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from crawler import floods, gaps, identity, intake, poll_state, schedule
from crawler.errors import (
    BlockedError,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    NotAFeedError,
    TemporaryFetchError,
    TooLarge,
    Unchanged,
)
from crawler.feeds.parse import parse_job
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
    Feed,
    Fetched,
    GapCause,
    Poll,
    PollOutcome,
    PollResult,
    PollState,
    Purpose,
    Request,
    Source,
    SourceGap,
    SourceKind,
    SourceState,
)
from crawler.schedule import PollPolicy

__all__ = ["PollPolicy", "Poller"]

LARGE_DOCUMENT = 256 << 10  # bytes from which a document is parsed in a child process
GAP_MATTERS = timedelta(days=30)  # for which a sitemap may still fill a gap


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the source answered: a list, of a feed with its HTTP answer; `feed` None: the same bytes."""

    feed: Feed | None
    fetched: Fetched | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None


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
        self._fetcher = fetcher
        self._lister = lister
        self._isolation = isolation
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
            await self._articles.record_poll(Poll(state=replace(state, next_poll_at=later)))
            problem = f"its feed wants no poll before {later:%d %b %H:%M} UTC"
            return PollOutcome(source_id=source_id, result=PollResult.SKIPPED, problem=problem)
        try:
            state, reading = await self._read(source, state)
        except Unchanged as answer:
            return await self._unchanged(source, state, answer)
        except CrawlError as error:
            return await self._failed(source, state, error)
        except ChildCrashed as error:
            return await self._failed(source, state, CrawlError(f"its document could not be read: {error}"))
        if reading.feed is None:
            return await self._same_bytes(source, state, reading)
        return await self._listed(source, state, reading, reading.feed, sources)

    # -- asking --------------------------------------------------------------------------------------

    async def _read(self, source: Source, state: PollState) -> tuple[PollState, _Reading]:
        """The answer, and the state it belongs to: without the adopted address when that has failed.

        An adopted address that is gone, blocked or no feed any more makes the configured one be asked at
        once; one that only fails is given up after three failures in a row (see `_failure`).
        """
        if source.kind is not SourceKind.FEED:
            listed = await self._lister.list(source, etag=state.etag, last_modified=state.last_modified)
            return state, _Reading(
                feed=listed.feed,
                etag=listed.etag,
                last_modified=listed.last_modified,
                fresh_for=listed.fresh_for,
            )
        if state.moved_to is None:
            return state, await self._ask(source, state, source.url)
        try:
            return state, await self._ask(source, state, state.moved_to)
        except (GoneError, BlockedError, NotAFeedError, ForbiddenAddress, TooLarge):
            state = replace(state, moved_to=None, etag=None, last_modified=None, body_hash=None)
            return state, await self._ask(source, state, source.url)

    async def _ask(self, source: Source, state: PollState, url: str) -> _Reading:
        own = _origin(url) == _origin(source.url)  # credentials stay with the host they were given for
        fetched = await self._fetcher.get(
            Request(
                url=url,
                purpose=Purpose.FEED,
                etag=state.etag,
                last_modified=state.last_modified,
                headers=source.headers if own else (),
                auth=source.auth if own else None,
            )
        )
        digest = sha256(fetched.body).hexdigest()
        moved = fetched.moved_to or (url if url != source.url else None)
        return _Reading(
            feed=None if digest == state.body_hash else await self._parse(source, fetched),
            fetched=fetched,
            body_hash=digest,
            moved_to=moved,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            fresh_for=fetched.fresh_for,
        )

    async def _parse(self, source: Source, fetched: Fetched) -> Feed:
        job = (fetched.body, fetched.url, fetched.content_type, source.zone, source.language)
        try:
            if self._isolation is not None and len(fetched.body) > LARGE_DOCUMENT:
                return await self._isolation.run(parse_job, *job)
            return await asyncio.to_thread(parse_job, *job)
        except (CrawlError, ChildCrashed):
            raise
        except Exception as error:  # a document that upsets a parser is trouble with its source, not with us
            raise CrawlError(f"its document could not be read: {type(error).__name__}: {error}") from error

    # -- what came of it -----------------------------------------------------------------------------

    async def _listed(
        self,
        source: Source,
        state: PollState,
        reading: _Reading,
        feed: Feed,
        sources: Mapping[str, Source],
    ) -> PollOutcome:
        now = self._clock.now()
        items = identity.read(feed.entries, source.id)
        known = await self._articles.known(identity.lookups(items)) if items else {}
        stored = await self._articles.by_ids(tuple(dict.fromkeys(known.values()))) if known else ()
        by_id = {article.id: article for article in stored}
        kept = identity.judge(items, source.id, known, by_id)

        new = [one for one in kept if one.new]
        first = intake.is_first(state)
        known_only = intake.too_old([one.item.entry for one in new], source, state, now) if first else ()
        held = frozenset[int]() if first else await self._held(source, state, new, now)
        edits = (
            identity.edit_of(one.item, by_id[one.article_id], source.id)
            for one in kept
            if not one.new and one.changed and one.article_id in by_id
        )
        dates = [entry.published_at for entry in feed.entries]
        gap = None if held else gaps.noticed(state, dates, known=len(kept) - len(new), now=now)
        open_gap = gap is not None and gap.filled_at is None
        poll = Poll(
            state=self._after_list(source, state, reading, feed, len(new), now, flood=len(held), gap=gap),
            articles=intake.articles(new, source, now, known=known_only, held=held),
            keys=tuple((one.article_id, one.keys) for one in kept if one.keys),
            sightings=tuple(intake.sighting(one, source, now) for one in kept if one.changed),
            edits=tuple(edit for edit in edits if edit is not None),
            gap=gap,
            hasten=gaps.sitemaps_beside(source, feed.site_url, sources.values()) if open_gap else (),
            filled=await self._filled(source, dates, sources, now),
        )
        stored_ids = await self._articles.record_poll(poll)
        return PollOutcome(
            source_id=source.id,
            result=PollResult.NEW if stored_ids else PollResult.NOTHING_NEW,
            listed=len(feed.entries),
            new=len(stored_ids),
            problem=poll.state.problem,
            warning=poll_state.noticed(state, poll.state, gap, now),
            problems=feed.problems + _refused_move(reading.fetched),
            status=reading.fetched.status if reading.fetched else None,
        )

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
            [entry.title in known for entry in entries],
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

    async def _same_bytes(self, source: Source, state: PollState, reading: _Reading) -> PollOutcome:
        """The same body again: nothing to read, but the newest validators count (an old one is never latched)."""
        now = self._clock.now()
        fetched = reading.fetched
        assert fetched is not None
        after = replace(
            poll_state.good(state, now),
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            moved_to=poll_state.accepted(source, reading.moved_to),
        )
        after = self._planned(source, poll_state.labelled(after, now), now, fresh_for=fetched.fresh_for)
        await self._articles.record_poll(Poll(state=after))
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
        after = self._planned(source, poll_state.labelled(after, now), now, fresh_for=fresh_for)
        await self._articles.record_poll(Poll(state=after))
        return _unchanged_outcome(state, after, now, answer.status)

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
            retry_at = error.retry_at if isinstance(error, TemporaryFetchError) else None
            plan = schedule.plan(
                wait,
                now=now,
                ttl=after.ttl,
                skip_hours=after.skip_hours,
                skip_days=after.skip_days,
                retry_at=retry_at,
                fraction=self._policy.jitter(),
            )
            after = replace(after, next_poll_at=plan.next_poll_at, not_before=plan.not_before)
        await self._articles.record_poll(Poll(state=after))
        return PollOutcome(
            source_id=source.id, result=PollResult.FAILED, problem=str(error), status=error.status
        )

    # -- the next state ------------------------------------------------------------------------------

    def _after_list(
        self,
        source: Source,
        state: PollState,
        reading: _Reading,
        feed: Feed,
        new: int,
        now: datetime,
        *,
        flood: int,
        gap: SourceGap | None,
    ) -> PollState:
        published = [one.published_at for one in feed.entries if one.published_at is not None]
        learned = schedule.rhythm(state.interval, published, now=now, new=new, last_new_at=state.last_new_at)
        if gap is not None and gap.cause is GapCause.SCROLLED:
            wanted = gaps.rhythm_for(published, now=now, last=gap.start)
            learned = min(learned or wanted, wanted)
        after = replace(
            poll_state.good(state, now),
            etag=reading.etag,
            last_modified=reading.last_modified,
            body_hash=reading.body_hash,
            moved_to=poll_state.accepted(source, reading.moved_to),
            # A first list counts, though all of it may be known from other sources: silence is measured from it.
            last_new_at=now if new or state.last_success_at is None else state.last_new_at,
            interval=learned,
            title=feed.title or state.title,
            ttl=feed.ttl,
            skip_hours=feed.skip_hours,
            skip_days=feed.skip_days,
            listed=len(feed.entries),
        )
        newest = max((moment for moment in published if moment <= now), default=after.last_new_at)
        after = poll_state.labelled(after, now, flood=flood, newest=newest)
        return self._planned(source, after, now, fresh_for=reading.fresh_for)

    def _planned(
        self, source: Source, state: PollState, now: datetime, *, fresh_for: timedelta | None
    ) -> PollState:
        plan = schedule.plan(
            self._interval(source, state, now),
            now=now,
            fresh_for=fresh_for,
            ttl=state.ttl,
            skip_hours=state.skip_hours,
            skip_days=state.skip_days,
            fraction=self._policy.jitter(),
        )
        return replace(state, next_poll_at=plan.next_poll_at, not_before=plan.not_before)

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


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; a move from http to https at one host keeps the credentials."""
    parts = urlsplit(url)
    port = parts.port if parts.port not in (80, 443) else None
    return ("https" if parts.scheme == "http" and port is None else parts.scheme, parts.hostname, port)
