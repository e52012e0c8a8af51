"""`DigestStore` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.messages import DeliveryState, Message
from alerts.moments import Moments
from alerts.outgoing import Outgoing, Window
from alerts.plans import DigestPlan
from alerts.recent import Recent, recent
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
from tidings.storage.clock_back import AHEAD
from tidings.storage.digest_starts import REPLACED

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
        self.composed: dict[tuple[str, str], tuple[datetime, datetime]] = {}  # → when it was due, and frozen
        self.plans: dict[str, DigestPlan] = {}  # as they were when they were in force last
        self.ended: dict[str, datetime] = {}
        self.told: dict[tuple[str, str], datetime] = {}  # channel and story → first told
        self.carried: list[tuple[str, Message]] = []  # stories and the messages that told them
        self.versions: dict[
            tuple[str, str], tuple[int, datetime]
        ] = {}  # channel and article → told, and when

    async def last_until(self, digest_id: str) -> datetime | None:
        return max((until for place, until in self.slots.items() if place[0] == digest_id), default=None)

    async def begin(self, plans: Sequence[DigestPlan], now: datetime) -> None:
        firsts = {plan.id: await self.first(plan, plans, now) for plan in plans}
        for plan in plans:
            await self.start(plan.id, firsts[plan.id])
            self.plans[plan.id] = plan
            self.ended.pop(plan.id, None)
        for gone in self.started.keys() - {plan.id for plan in plans}:
            self.ended.setdefault(gone, now)

    async def first(self, plan: DigestPlan, plans: Sequence[DigestPlan], now: datetime) -> datetime:
        if plan.id in self.started:
            return self.started[plan.id]
        ends = [now]
        for name in self.started.keys() - {one.id for one in plans}:
            known = self.plans.get(name)
            lately = self.ended.get(name, now) > now - REPLACED
            if known is None or not lately:
                continue
            if set(known.to) & set(plan.to) and set(known.initiatives) & set(plan.initiatives):
                ends.append(await self.last_until(name) or self.started[name])
        return min(ends)

    async def frozen(self, digest_id: str, keys: Sequence[str]) -> Mapping[str, timedelta]:
        known = {key: self.composed[digest_id, key] for key in keys if (digest_id, key) in self.composed}
        return {key: max(due - at, timedelta()) for key, (due, at) in known.items()}

    async def set_back(self, now: datetime) -> bool:
        dates = [*self.slots.values(), *self.started.values()]
        dates += [one.matched_at for one in self.matches.kept.values() if one.matched_at is not None]
        if all(one <= now + AHEAD for one in dates) and not self.deliveries.wait_for_ever(now):
            return False
        after = now + timedelta(microseconds=1)
        self.slots = {place: min(until, now) for place, until in self.slots.items()}
        self.composed = {place: (due, min(at, now)) for place, (due, at) in self.composed.items()}
        self.started = {name: min(at, now) for name, at in self.started.items()}
        self.told = {place: min(at, now) for place, at in self.told.items()}
        self.versions = {place: (one, min(at, after)) for place, (one, at) in self.versions.items()}
        self.matches.set_back(now)
        self.deliveries.let_go(now)
        return True

    async def start(self, digest_id: str, now: datetime) -> datetime:
        self._edge(self.started.setdefault(digest_id, now))
        return self.started[digest_id]

    async def matched(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        found = []
        for match in self._window(since, until):
            article = self._article(match.article_id)
            if match.initiative_id not in plan.initiatives or article.story_id is None:
                continue
            if not self._knows(channel_id, match):
                told_at = self._told(channel_id, article.story_id)
                found.append(self._matched(channel_id, match, article, told_at, ()))
        return tuple(found)

    async def changed(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        found = []
        for match in self.matches.kept.values():
            told = self.versions.get((channel_id, match.article_id))
            if told is None or match.told_at is None or match.initiative_id not in plan.initiatives:
                continue
            if not self.matches.is_meant(match):
                continue
            article, change = self._article(match.article_id), self._change(match.article_id, told[0])
            if change is not None and since - LATE < change.at <= until and article.story_id is not None:
                told_at = self._told(channel_id, article.story_id) or told[1]
                found.append(self._matched(channel_id, match, article, told_at, (change,)))
        found.sort(key=lambda one: (one.changes[0].at, one.match.article_id, one.match.initiative_id))
        return tuple(found)

    def _matched(
        self,
        channel_id: str,
        match: Match,
        article: Article,
        told_at: datetime | None,
        changes: tuple[Change, ...],
    ) -> MatchedArticle:
        story_id = article.story_id or ""
        known = told_at is not None
        return MatchedArticle(
            match=match,
            telling=self._telling(article),
            story_id=story_id,
            duplicate_of=article.duplicate_of,
            told_at=told_at,
            told_in=self._told_in(channel_id, story_id) if known else None,
            earlier=self._earlier(channel_id, story_id) if known else (),
            text_length=len(article.text),
            text_state=str(article.text_state),
            version=article.version,
            changes=changes,
        )

    def _knows(self, channel_id: str, match: Match) -> bool:
        """Whether the channel's readers were told its article since it matched."""
        told = self.versions.get((channel_id, match.article_id))
        return told is not None and match.matched_at is not None and match.matched_at <= told[1]

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

    async def left_out(self, plan: DigestPlan, since: datetime, until: datetime) -> Mapping[str, int]:
        found = [
            match.initiative_id
            for match in self._window(since, until, not_meant=True)
            if match.initiative_id in plan.initiatives and match.told_at is None
        ]
        return dict(Counter(sorted(found)))

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        filed = [
            self._article(match.article_id)
            for match in self.matches.holding()
            if match.initiative_id == initiative_id
            and commitment_id in match.commitments
            and not is_held(self._article(match.article_id))
            and self.matches.is_meant(match)
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
            match.article_id
            for match in self._window(since, until, not_meant=None)
            if self._why_unread(match.article_id)
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
                    state=one.state.state,
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

    async def recent(self, initiative_ids: Sequence[str], now: datetime, zone: str) -> Mapping[str, Recent]:
        return {name: recent(self._moments(name), now, zone) for name in initiative_ids}

    def _moments(self, initiative_id: str) -> Moments:
        """As `tidings.storage.rhythms` has them, for articles that no flood brought."""
        came: dict[str, datetime] = {}
        reports = []
        for match in self.matches.holding():
            article = self._article(match.article_id)
            if match.initiative_id != initiative_id or article.backfilled or is_held(article):
                continue
            if not self.matches.is_meant(match):
                continue
            at = match.matched_at if match.found is None and match.matched_at else article.first_seen_at
            reports.append(at)
            story = article.story_id or article.id
            came[story] = min(at, came.get(story, at))
        seen = [one.article.first_seen_at for one in self.matches.articles.kept.values()]
        return Moments(
            watched_since=min(seen, default=None),
            stories=tuple(came.values()),
            last_report=max(reports, default=None),
        )

    async def freeze(
        self,
        slot: DigestSlot,
        *,
        until: datetime,
        tellings: Sequence[Outgoing],
        now: datetime,
        window: Window | None = None,
    ) -> bool:
        if (slot.digest_id, slot.key) in self.slots:
            return False
        if window is not None and await self._has_changed(slot.digest_id, window, until):
            return False
        for one in tellings:
            self._tell(one, now)
        if window is not None:
            channels = [one.channel_id for one in window.standings]
            told = [
                match
                for match in self._window(window.since, until)
                if match.initiative_id in window.live
                and any((channel_id, match.article_id) in self.versions for channel_id in channels)
            ]
            self.matches.mark_told(told, now)
        self.slots[slot.digest_id, slot.key] = until
        self.composed[slot.digest_id, slot.key] = (slot.due, now)
        self._edge(until)
        return True

    def _tell(self, one: Outgoing, now: datetime) -> None:
        for channel_id in one.channels:
            for change in one.changes:
                place = (channel_id, change.article_id)
                self.versions[place] = (change.after, self.versions.get(place, (0, now))[1])
            for article_id, version in one.versions:
                self.versions[channel_id, article_id] = (version, now)
            for story_id in one.story_ids:
                self.told.setdefault((channel_id, story_id), now)
        self.deliveries.store(one.message, one.deliveries)
        self.carried += [(story_id, one.message) for story_id in one.story_ids]

    def _missed(self, sources: Sequence[Kept], since: datetime, until: datetime) -> Iterator[Gap]:
        outlets = {one.state.source_id: one.outlet for one in sources}
        for gap in sorted(self.matches.articles.sources.missed, key=lambda one: (one.source_id, one.start)):
            if gap.source_id in outlets and since < gap.noticed_at <= until:
                caught_up = gap.filled_at is not None
                yield Gap(source=outlets[gap.source_id], start=gap.start, end=gap.end, caught_up=caught_up)

    async def _has_changed(self, digest_id: str, window: Window, until: datetime) -> bool:
        last = max((end for place, end in self.slots.items() if place[0] == digest_id), default=window.since)
        plan = DigestPlan(id=digest_id, to=(), initiatives=window.initiatives)
        for one in window.standings:
            found = await self.matched(one.channel_id, plan, window.since, until)
            changed = await self.changed(one.channel_id, plan, window.since, until)
            told_before = sum(told.told_at is not None for told in found)
            if (one.matches, one.told_before, one.changes) != (len(found), told_before, len(changed)):
                return True
        return last > window.since

    def _edge(self, at: datetime) -> None:
        self.matches.windows_end = max(at, self.matches.windows_end or at)

    def _told(self, channel_id: str, story_id: str) -> datetime | None:
        """When a story was told first, or one that ended in it."""
        heirs = self.matches.articles.heirs
        return min(
            (
                at
                for (channel, told), at in self.told.items()
                if channel == channel_id and story_id in {told, heirs.get(told)}
            ),
            default=None,
        )

    def _told_in(self, channel_id: str, story_id: str) -> ToldIn | None:
        heirs = self.matches.articles.heirs
        went = {
            one.message_key
            for one in self.deliveries.kept.values()
            if one.channel_id == channel_id and one.state is not DeliveryState.CANCELLED
        }
        first = min(
            (
                message
                for carried, message in self.carried
                if message.key in went and story_id in {carried, heirs.get(carried)}
            ),
            key=lambda one: (one.created_at, one.key),
            default=None,
        )
        return None if first is None else ToldIn(key=first.key, subject=first.subject, at=first.created_at)

    def _earlier(self, channel_id: str, story_id: str) -> tuple[Telling, ...]:
        told = [self._article(article_id) for channel, article_id in self.versions if channel == channel_id]
        mine = [one for one in told if one.story_id == story_id]
        return tuple(self._telling(one) for one in sorted(mine, key=lambda one: (one.first_seen_at, one.id)))

    def _window(self, since: datetime, until: datetime, *, not_meant: bool | None = False) -> list[Match]:
        """Without the matches that people said are not meant; with these alone, or all when None."""
        return [
            match
            for match in self.matches.holding()
            if match.matched_at is not None
            and since < match.matched_at <= until
            and not match.filed
            and (not_meant is None or self.matches.is_meant(match) is not not_meant)
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
