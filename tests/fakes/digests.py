"""`DigestStore` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from alerts.plans import DigestPlan
from alerts.records import (
    Coverage,
    Delivery,
    DigestSlot,
    FailingSource,
    Flood,
    Gap,
    Match,
    MatchedArticle,
    Message,
    Telling,
    Unread,
    Window,
)
from crawler.floods import HELD_FOR
from crawler.records import Article, SourceState, TextState
from tests.fakes.articles import is_held
from tests.fakes.deliveries import MemoryDeliveries
from tests.fakes.matches import MemoryMatches
from tests.fakes.sources import Kept

BROKEN = {SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED}
UNREAD = {
    TextState.SKIPPED: Unread.BUDGET,
    TextState.REFUSED: Unread.REFUSED,
    TextState.FAILED: Unread.UNREACHABLE,
    TextState.QUARANTINED: Unread.CRASHED,
    TextState.PENDING: Unread.WAITING,
}


class MemoryDigests:
    """See `alerts.ports.DigestStore`."""

    def __init__(
        self, matches: MemoryMatches | None = None, deliveries: MemoryDeliveries | None = None
    ) -> None:
        self.matches = matches or MemoryMatches()
        self.deliveries = deliveries or MemoryDeliveries()
        self.started: dict[str, datetime] = {}
        self.slots: dict[tuple[str, str], datetime] = {}  # → end of the window
        self.told: dict[tuple[str, str], datetime] = {}  # digest and story → first told

    async def last_until(self, digest_id: str) -> datetime | None:
        return max((until for place, until in self.slots.items() if place[0] == digest_id), default=None)

    async def start(self, digest_id: str, now: datetime) -> datetime:
        self._edge(self.started.setdefault(digest_id, now))
        return self.started[digest_id]

    async def matched(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[MatchedArticle, ...]:
        found = []
        for match in self._window(since, until):
            article = self._article(match.article_id)
            if match.initiative_id in plan.initiatives and article.story_id is not None:
                found.append(
                    MatchedArticle(
                        match=match,
                        telling=self._telling(article),
                        story_id=article.story_id,
                        duplicate_of=article.duplicate_of,
                        told_at=self._told(plan.id, article.story_id),
                        text_length=len(article.text),
                        text_state=str(article.text_state),
                    )
                )
        return tuple(found)

    async def floods(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[Flood, ...]:
        held: dict[tuple[str, datetime], dict[str, Article]] = {}
        shown = set()
        for match in self.matches.holding():
            article, at = self._article(match.article_id), match.matched_at
            if at is None or at > until or match.initiative_id not in plan.initiatives:
                continue
            if is_held(article) and article.held_since is not None:
                flood = (article.source_id, article.held_since)
                held.setdefault(flood, {})[article.id] = article
                if at <= since:
                    shown.add(flood)
        held = {flood: found for flood, found in held.items() if flood not in shown}
        sizes = {(one.source_id, one.since): one.articles for one in await self.matches.articles.held()}
        return tuple(
            Flood(
                source=self.matches.articles.sources.kept[source_id].outlet,
                source_id=source_id,
                since=at,
                until=at + HELD_FOR,
                articles=sizes[source_id, at],
                matching=tuple(self._telling(one) for one in sorted(found.values(), key=_newest_first)),
            )
            for (source_id, at), found in sorted(held.items())
        )

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        filed = [
            self._article(match.article_id)
            for match in self.matches.holding()
            if match.initiative_id == initiative_id
            and commitment_id in match.commitments
            and not is_held(self._article(match.article_id))
        ]
        filed.sort(key=lambda article: article.published_at or article.first_seen_at, reverse=True)
        return tuple(self._telling(article) for article in filed[:limit])

    def _why_unread(self, article_id: str) -> Unread | None:
        one = self.matches.articles.kept[article_id]
        if one.from_page:
            return None
        why = UNREAD.get(one.article.text_state)
        return Unread.PAYWALL if why is Unread.REFUSED and one.article.paywalled else why

    async def coverage(self, since: datetime, until: datetime) -> Coverage:
        kept = self.matches.articles.sources.kept
        sources = [kept[name] for name in sorted(kept) if kept[name].active and kept[name].added_at <= until]
        silent = [one for one in sources if (one.state.last_success_at or since) <= since]
        unread = {
            match.article_id for match in self._window(since, until) if self._why_unread(match.article_id)
        }
        judged = [
            one.article.id
            for one in self.matches.articles.kept.values()
            if one.judged_at is not None and since < one.judged_at <= until
            if not one.article.backfilled and not is_held(one.article)
        ]
        why = Counter(self._why_unread(article_id) for article_id in judged)
        return Coverage(
            checked=len(sources) - len(silent),
            failing=tuple(
                FailingSource(
                    source=one.outlet,
                    since=one.state.since,
                    reason=one.state.problem or str(one.state.state),
                )
                for one in sources
                if one.state.state in BROKEN
            ),
            quiet=tuple(one.outlet for one in sources if one.state.state is SourceState.QUIET),
            gaps=(
                *self._missed(sources, since, until),
                *(gap for one in sources if (gap := gap_of(one, since, until)) is not None),
            ),
            held=sum(one.articles for one in await self.matches.articles.held()),
            unread=len(unread),
            judged=len(judged),
            without_page=tuple((one, why[one]) for one in Unread if why[one]),
        )

    async def freeze(
        self,
        slot: DigestSlot,
        *,
        until: datetime,
        message: Message | None,
        deliveries: Sequence[Delivery],
        story_ids: Sequence[str],
        now: datetime,
        window: Window | None = None,
    ) -> bool:
        if (slot.digest_id, slot.key) in self.slots:
            return False
        if window is not None and self._has_changed(slot.digest_id, window, until):
            return False
        if window is not None and message is not None:
            told = [one for one in self._window(window.since, until) if one.initiative_id in window.told]
            self.matches.mark_told(told, now)
        self.slots[slot.digest_id, slot.key] = until
        self._edge(until)
        if message is not None:
            self.deliveries.store(message, deliveries)
            for story_id in story_ids:
                self.told.setdefault((slot.digest_id, story_id), now)
        return True

    def _missed(self, sources: Sequence[Kept], since: datetime, until: datetime) -> Iterator[Gap]:
        outlets = {one.state.source_id: one.outlet for one in sources}
        for gap in sorted(self.matches.articles.sources.missed, key=lambda one: (one.source_id, one.start)):
            if gap.source_id in outlets and since < gap.noticed_at <= until:
                caught_up = gap.filled_at is not None
                yield Gap(source=outlets[gap.source_id], start=gap.start, end=gap.end, caught_up=caught_up)

    def _has_changed(self, digest_id: str, window: Window, until: datetime) -> bool:
        last = max((end for place, end in self.slots.items() if place[0] == digest_id), default=window.since)
        there = [one for one in self._window(window.since, until) if one.initiative_id in window.initiatives]
        return last > window.since or len(there) != window.matches

    def _edge(self, at: datetime) -> None:
        self.matches.windows_end = max(at, self.matches.windows_end or at)

    def _told(self, digest_id: str, story_id: str) -> datetime | None:
        """When a story was told first, or one that ended in it."""
        heirs = self.matches.articles.heirs
        return min(
            (
                at
                for (digest, told), at in self.told.items()
                if digest == digest_id and story_id in {told, heirs.get(told)}
            ),
            default=None,
        )

    def _window(self, since: datetime, until: datetime) -> list[Match]:
        return [
            match
            for match in self.matches.holding()
            if match.matched_at is not None
            and since < match.matched_at <= until
            and not match.filed
            and not self._article(match.article_id).backfilled
            and not is_held(self._article(match.article_id))
        ]

    def _article(self, article_id: str) -> Article:
        return self.matches.articles.kept[article_id].article

    def _telling(self, article: Article) -> Telling:
        return Telling(
            article_id=article.id,
            title=article.title,
            url=article.url,
            source=self.matches.articles.sources.kept[article.source_id].outlet,
            source_id=article.source_id,
            published=article.published_at,
            found=article.first_seen_at,
            reprint=article.duplicate_of is not None,
            paywalled=article.paywalled,
            language=article.language,
        )


def _newest_first(article: Article) -> tuple[float, str]:
    return (-(article.published_at or article.first_seen_at).timestamp(), article.id)


def gap_of(one: Kept, since: datetime, until: datetime) -> Gap | None:
    """The time of the window that a source does not cover."""
    state = one.state
    if state.state is SourceState.GONE:
        return None
    if state.last_success_at is not None and state.last_success_at > since:
        return Gap(source=one.outlet, start=state.last_success_at, end=until) if state.failures else None
    was_due = state.failures > 0 or state.next_poll_at is None or state.next_poll_at <= until
    return Gap(source=one.outlet, start=max(since, one.added_at), end=until) if was_due else None
