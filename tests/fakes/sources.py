"""`SourceStore` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from crawler.ports import Shares
from crawler.records import Poll, PollState, Source, SourceGap, SourceState
from tidings.storage.article_rows import page_host
from tidings.storage.clock_back import AHEAD
from tidings.storage.sources import NOT_TWICE_WITHIN

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Kept:
    """One source, configured or not any more."""

    source: Source | None  # None: polled without being configured
    state: PollState
    configured: bool
    added_at: datetime
    claimed_until: datetime | None = None

    @property
    def active(self) -> bool:
        paused = self.source is not None and self.source.paused
        return self.configured and not paused and not self.state.operator_paused

    @property
    def outlet(self) -> str:
        name = self.source.name if self.source is not None else None
        return name or self.state.title or self.state.source_id


def _host(one: Kept) -> str:
    return page_host(one.state.moved_to or (one.source.url if one.source is not None else ""))


class MemorySources:
    """See `crawler.ports.SourceStore`."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.missed: list[SourceGap] = []

    async def sync(self, sources: Sequence[Source], now: datetime) -> None:
        wanted = {source.id for source in sources}
        for source_id, one in self.kept.items():
            if one.configured and source_id not in wanted:
                one.configured, one.claimed_until = False, None
        for source in sources:
            known = self.kept.get(source.id)
            if known is None:
                self.kept[source.id] = Kept(source, PollState(source_id=source.id), True, now)
                continue
            if known.source is None or known.source.url != source.url:
                known.state = at_a_new_address(known.state)
            known.source, known.configured = source, True

    async def claim_due(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        *,
        everything: bool = False,
        shares: Shares | None = None,
    ) -> tuple[str, ...]:
        due = [one for one in self.kept.values() if is_due(one, now, everything=everything)]
        due.sort(key=lambda one: (one.state.next_poll_at or NEVER, one.state.source_id))
        if shares is not None:
            due = self._fair(due, now, shares)
        for one in due[:limit]:
            one.claimed_until = now + lease
        return tuple(one.state.source_id for one in due[:limit])

    def _fair(self, due: list[Kept], now: datetime, shares: Shares) -> list[Kept]:
        def is_troubled(one: Kept) -> bool:
            return one.state.failures > 0 or one.state.source_id in shares.slow

        under_way = [one for one in self.kept.values() if one.claimed_until and one.claimed_until > now]
        hosts, room = Counter(map(_host, under_way)), shares.troubled - sum(map(is_troubled, under_way))
        chosen = []
        for one in due:
            troubled = is_troubled(one)
            if hosts[_host(one)] < shares.per_host and (room > 0 or not troubled):
                hosts[_host(one)] += 1
                room -= troubled
                chosen.append(one)
        return chosen

    async def state(self, source_id: str) -> PollState:
        known = self.kept.get(source_id)
        return PollState(source_id=source_id) if known is None else known.state

    async def states(self) -> tuple[PollState, ...]:
        return tuple(self.kept[name].state for name in sorted(self.kept) if self.kept[name].configured)

    async def release(self, *source_ids: str) -> None:
        for one in (self.kept[source_id] for source_id in source_ids if source_id in self.kept):
            one.claimed_until = None

    async def gaps(self, noticed_after: datetime) -> tuple[SourceGap, ...]:
        found = [
            gap
            for gap in self.missed
            if gap.noticed_at > noticed_after
            and gap.source_id in self.kept
            and self.kept[gap.source_id].configured
        ]
        found.sort(key=lambda gap: (gap.source_id, gap.start))
        return tuple(sorted(found, key=lambda gap: gap.noticed_at, reverse=True))

    async def set_paused(self, source_id: str, paused: bool) -> None:
        if source_id in self.kept:
            one = self.kept[source_id]
            one.state = replace(one.state, operator_paused=paused)
            if not paused and one.state.state is SourceState.GONE:
                one.state = replace(
                    one.state, state=SourceState.NEW, since=None, problem=None, cause=None, next_poll_at=None
                )

    def polled(self, state: PollState, now: datetime, url: str | None = None) -> bool:
        """What a poll learned, and whether it is kept: not where another address was configured meanwhile.

        The operator's pause stays as it is.
        """
        known = self.kept.get(state.source_id)
        if known is None:
            known = self.kept[state.source_id] = Kept(None, state, False, now)
        if url is not None and known.source is not None and known.source.url != url:
            return False
        known.state = replace(state, operator_paused=known.state.operator_paused)
        known.claimed_until = None
        return True

    def also(self, poll: Poll, now: datetime) -> None:
        """What a poll says of time that was missed, here or in other sources."""
        starts = {(gap.source_id, gap.start) for gap in self.missed}
        if poll.gap is not None and (poll.gap.source_id, poll.gap.start) not in starts:
            self.missed.append(poll.gap)
        filled = {(gap.source_id, gap.start) for gap in poll.filled}
        self.missed = [
            replace(gap, filled_at=now)
            if (gap.source_id, gap.start) in filled and gap.filled_at is None
            else gap
            for gap in self.missed
        ]
        for one in (self.kept[name] for name in poll.hasten if name in self.kept):
            last = one.state.last_polled_at
            soon = now if last is None else max(now, last + NOT_TWICE_WITHIN)
            if one.state.next_poll_at is not None and one.state.next_poll_at > soon:
                one.state = replace(one.state, next_poll_at=soon)


def is_due(one: Kept, now: datetime, *, everything: bool) -> bool:
    if not one.active or one.state.state is SourceState.GONE:
        return False
    polled = one.state.last_polled_at
    ahead = polled is not None and polled > now + AHEAD
    if one.state.not_before is not None and one.state.not_before > now and not ahead:
        return False
    if one.claimed_until is not None and one.claimed_until > now:
        return False
    return everything or ahead or one.state.next_poll_at is None or one.state.next_poll_at <= now


def at_a_new_address(state: PollState) -> PollState:
    """What was learned of the source, less what belonged to its old address."""
    return PollState(
        source_id=state.source_id,
        last_polled_at=state.last_polled_at,
        last_success_at=state.last_success_at,
        last_new_at=state.last_new_at,
        interval=state.interval,
        title=state.title,
        operator_paused=state.operator_paused,
    )
