"""`DigestStore` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from alerts.messages import Delivery, Message
from alerts.plans import DigestPlan
from alerts.records import (
    Coverage,
    DigestSlot,
    FailingSource,
    Flood,
    Gap,
    Match,
    MatchedArticle,
    Telling,
    ToldIn,
    Unread,
    Window,
)
from crawler.changes import Words, compare
from crawler.floods import HELD_FOR
from crawler.folds import Change
from crawler.provenance import elsewhere
from crawler.records import Article, SourceState, TextState
from tests.fakes.articles import is_held
from tests.fakes.deliveries import MemoryDeliveries
from tests.fakes.matches import MemoryMatches
from tests.fakes.sources import Kept
from tidings.storage.changes import LATE

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
        self.carried: list[tuple[str, Message]] = []  # stories and the messages that told them
        self.versions: dict[tuple[str, str], tuple[int, datetime]] = {}  # digest and article → told, and when

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
                        told_in=self._told_in(plan.id, article.story_id),
                        earlier=self._earlier(plan, article.story_id, since),
                        text_length=len(article.text),
                        text_state=str(article.text_state),
                        version=article.version,
                    )
                )
        return tuple(found)

    async def changed(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[MatchedArticle, ...]:
        found = []
        for match in self.matches.kept.values():
            told = self.versions.get((plan.id, match.article_id))
            if told is None or match.told_at is None or match.initiative_id not in plan.initiatives:
                continue
            article, change = self._article(match.article_id), self._change(match.article_id, told[0])
            if change is not None and since - LATE < change.at <= until and article.story_id is not None:
                found.append(
                    MatchedArticle(
                        match=match,
                        telling=self._telling(article),
                        story_id=article.story_id,
                        duplicate_of=article.duplicate_of,
                        told_at=self._told(plan.id, article.story_id) or told[1],
                        told_in=self._told_in(plan.id, article.story_id),
                        earlier=self._earlier(plan, article.story_id, since),
                        text_length=len(article.text),
                        text_state=str(article.text_state),
                        version=article.version,
                        changes=(change,),
                    )
                )
        found.sort(key=lambda one: (one.changes[0].at, one.match.article_id, one.match.initiative_id))
        return tuple(found)

    def _change(self, article_id: str, told: int) -> Change | None:
        """What the version in force says otherwise than the one that was told."""
        one = self.matches.articles.kept[article_id]
        change = None
        for number in range(told + 1, len(one.versions) + 1):
            at, from_page = one.made[number - 1]
            before, after = one.versions[told - 1], one.versions[number - 1]
            difference = compare(_words(before, one.made[told - 1][1]), _words(after, from_page))
            change = None
            if difference is not None and difference.told:
                facts = {name: getattr(difference, name) for name in ("kinds", "said", "old", "new")}
                change = Change(article_id=article_id, before=told, after=number, at=at, **facts)
            elif from_page and not one.made[told - 1][1]:
                told = number
        return change

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
            versions = dict(window.versions) | {one.article_id: one.after for one in window.changes}
            for article_id, version in versions.items():
                self.versions[slot.digest_id, article_id] = (version, now)
        self.slots[slot.digest_id, slot.key] = until
        self._edge(until)
        if message is not None:
            self.deliveries.store(message, deliveries)
            for story_id in story_ids:
                self.told.setdefault((slot.digest_id, story_id), now)
                self.carried.append((story_id, message))
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

    def _told_in(self, digest_id: str, story_id: str) -> ToldIn | None:
        heirs = self.matches.articles.heirs
        first = min(
            (
                message
                for carried, message in self.carried
                if message.digest_id == digest_id
                and story_id in {carried, heirs.get(carried)}
                and self._told(digest_id, story_id) is not None
            ),
            key=lambda one: (one.created_at, one.key),
            default=None,
        )
        return first and ToldIn(key=first.key, subject=first.subject, at=first.created_at)

    def _earlier(self, plan: DigestPlan, story_id: str, since: datetime) -> tuple[Telling, ...]:
        if self._told(plan.id, story_id) is None:
            return ()
        told = {
            match.article_id: self._article(match.article_id)
            for match in self.matches.kept.values()
            if match.initiative_id in plan.initiatives
            and match.told_at is not None
            and match.matched_at is not None
            and match.matched_at <= since
            and self._article(match.article_id).story_id == story_id
        }
        in_order = sorted(told.values(), key=lambda one: (one.first_seen_at, one.id))
        return tuple(self._telling(one) for one in in_order)

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
            credit=self.matches.articles.kept[article.id].credit,
            copy_of=article.duplicate_of,
            elsewhere=elsewhere(article.url, article.canonical_url),
        )


def _words(article: Article, from_page: bool) -> Words:
    return Words(title=article.title, summary=article.summary, text=article.text, from_page=from_page)


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
