"""`MatchStore` in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.judgements import Judgement, Verdict
from alerts.records import Match
from alerts.rerun import Refound, Rerun
from crawler.records import Article
from crawler.shares import Share, holds
from tests.fakes.articles import MemoryArticles, is_held

NEVER = datetime.min.replace(tzinfo=UTC)


class MemoryMatches:
    """See `alerts.ports.MatchStore`."""

    def __init__(self, articles: MemoryArticles | None = None) -> None:
        self.articles = articles or MemoryArticles()
        self.articles.released = self._released
        self.kept: dict[tuple[str, str], Match] = {}
        self.judgements: dict[tuple[str, str], Judgement] = {}
        self.windows_end: datetime | None = (
            None  # of the last one that is frozen; start of the last first one
        )

    async def unmatched(
        self, limit: int, *, skip: Collection[str] = (), share: Share | None = None
    ) -> tuple[Article, ...]:
        waiting = [
            one
            for one in self.articles.kept.values()
            if one.unmatched_since is not None
            and one.unfolded_since is None
            and one.article.id not in skip
            and holds(share, one.article.id)
        ]
        waiting.sort(
            key=lambda one: (one.unmatched_since or NEVER, one.article.first_seen_at, one.article.id)
        )
        return tuple(one.article for one in waiting[:limit])

    async def record_matches(self, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
        now = self.in_no_window(now)
        for article, found in judged:
            self._record(article, found, now)

    async def record_rerun(
        self, judged: Sequence[tuple[Article, Sequence[Match]]], rerun: Rerun, now: datetime
    ) -> Refound:
        now = self.in_no_window(now)
        changed = Refound()
        for article, matches in judged:
            one = self.articles.kept.get(article.id)
            if one is None or one.unfolded_since or one.unmatched_since:
                continue
            found = {match.initiative_id: match for match in matches}
            for initiative in rerun.initiatives:
                changed += self._rerun(one.article, initiative, found.get(initiative), rerun, now)
        return changed

    def mark_told(self, found: Sequence[Match], now: datetime) -> None:
        """A digest tells these."""
        for match in found:
            place = (match.article_id, match.initiative_id)
            self.kept[place] = replace(match, told_at=match.told_at or now)

    def set_back(self, now: datetime) -> None:
        """The clock was ahead: what is dated later counts as of now."""
        after = now + timedelta(microseconds=1)
        for place, match in self.kept.items():
            self.kept[place] = replace(
                match,
                matched_at=match.matched_at and (after if match.matched_at > now else match.matched_at),
                told_at=match.told_at and (after if match.told_at > now else match.told_at),
            )
        self.windows_end = self.windows_end and min(self.windows_end, now)

    def _rerun(
        self, article: Article, initiative: str, match: Match | None, rerun: Rerun, now: datetime
    ) -> Refound:
        place = (article.id, initiative)
        kept = self.kept.get(place)
        young = rerun.tell_since is not None and article.first_seen_at >= rerun.tell_since
        tell = young and not article.backfilled and not is_held(article)
        if match is None:
            if kept is None or kept.gone_at is not None:
                return Refound()
            if kept.told_at is not None:
                self.kept[place] = replace(kept, commitments=())
                return Refound()
            self.kept[place] = replace(kept, gone_at=now)
            return Refound(gone=1)
        if kept is not None and kept.gone_at is None:
            past = kept.told_at is None and self.windows_end and (kept.matched_at or now) <= self.windows_end
            told = tell and (rerun.tell_filed if kept.filed else bool(past))
            if told:
                found = rerun.found if kept.filed else kept.found
                kept = replace(kept, filed=False, matched_at=now, found=found)
            self.kept[place] = replace(kept, commitments=match.commitments)
            return Refound(told=int(told))
        if kept is not None and kept.told_at is not None:
            self.kept[place] = _again(match, kept)
            return Refound()
        filed = not tell and not is_held(article)
        self.kept[place] = replace(
            match, article_id=article.id, matched_at=now, found=rerun.found, filed=filed
        )
        return Refound(told=int(tell), filed=int(not tell))

    def in_no_window(self, now: datetime) -> datetime:
        return now if self.windows_end is None else max(now, self.windows_end + timedelta(microseconds=1))

    def _released(self, article_id: str, now: datetime) -> None:
        for place, match in self.kept.items():
            if place[0] == article_id and match.gone_at is None:
                self.kept[place] = replace(match, matched_at=self.in_no_window(now))

    def _record(self, article: Article, matches: Sequence[Match], now: datetime) -> None:
        one = self.articles.kept.get(article.id)
        if one is None:
            return
        found = {(article.id, match.initiative_id): match for match in matches}
        for place, match in found.items():
            kept = self.kept.get(place)
            again = kept is not None and (kept.gone_at is None or kept.told_at is not None)
            if kept is not None and again:
                self.kept[place] = _again(match, kept)
            else:
                self.kept[place] = replace(match, article_id=article.id, matched_at=now)
        for place, match in self.kept.items():
            if place[0] == article.id and place not in found and match.gone_at is None:
                self.kept[place] = replace(match, gone_at=now)
        one.judged_at = one.judged_at or now
        one.matched_version = max(one.matched_version, article.version)
        if one.matched_version >= one.article.version:
            one.unmatched_since = None

    async def matches_of(self, article_id: str) -> tuple[Match, ...]:
        found = [match for match in self.kept.values() if match.article_id == article_id]
        return tuple(sorted(found, key=lambda match: (match.matched_at or NEVER, match.initiative_id)))

    def is_meant(self, match: Match) -> bool:
        """Nobody said that its article, or a reprint of the same without a judgement, is not about its initiative."""
        own = self.judgements.get((match.article_id, match.initiative_id))
        if own is not None:
            return own.verdict is Verdict.ABOUT
        return not any(
            one.verdict is Verdict.NOT_ABOUT
            and one.initiative_id == match.initiative_id
            and self.same_text(match.article_id, one.article_id)
            for one in self.judgements.values()
        )

    def same_text(self, one: str, other: str) -> bool:
        """Whether one is the other, a reprint of it, or a reprint of the same."""
        first, second = (self.articles.kept.get(name) for name in (one, other))
        if one == other or first is None or second is None or first.article.story_id is None:
            return one == other
        originals = {kept.article.duplicate_of or kept.article.id for kept in (first, second)}
        return len(originals) == 1 and first.article.story_id == second.article.story_id

    def holding(self) -> list[Match]:
        """Matches that hold now, by time, article, initiative."""
        found = [match for match in self.kept.values() if match.gone_at is None]
        return sorted(found, key=lambda one: (one.matched_at or NEVER, one.article_id, one.initiative_id))


def _again(match: Match, kept: Match) -> Match:
    """`match` with the time and fate of the one that is there."""
    return replace(
        match,
        article_id=kept.article_id,
        matched_at=kept.matched_at,
        found=kept.found,
        filed=kept.filed,
        told_at=kept.told_at,
    )
