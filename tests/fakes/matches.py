"""`MatchStore` in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.records import Match
from crawler.records import Article
from tests.fakes.articles import MemoryArticles

NEVER = datetime.min.replace(tzinfo=UTC)


class MemoryMatches:
    """See `alerts.ports.MatchStore`."""

    def __init__(self, articles: MemoryArticles | None = None) -> None:
        self.articles = articles or MemoryArticles()
        self.articles.released = self._released
        self.kept: dict[tuple[str, str], Match] = {}
        self.gone: set[tuple[str, str]] = set()  # those that no longer hold
        self.windows_end: datetime | None = (
            None  # of the last one that is frozen; start of the last first one
        )

    async def unmatched(self, limit: int, *, skip: Collection[str] = ()) -> tuple[Article, ...]:
        waiting = [
            one
            for one in self.articles.kept.values()
            if one.unmatched_since is not None and one.unfolded_since is None and one.article.id not in skip
        ]
        waiting.sort(
            key=lambda one: (one.unmatched_since or NEVER, one.article.first_seen_at, one.article.id)
        )
        return tuple(one.article for one in waiting[:limit])

    async def record_matches(self, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
        now = self._in_no_window(now)
        for article, found in judged:
            self._record(article, found, now)

    def _in_no_window(self, now: datetime) -> datetime:
        return now if self.windows_end is None else max(now, self.windows_end + timedelta(microseconds=1))

    def _released(self, article_id: str, now: datetime) -> None:
        for place, match in self.kept.items():
            if place[0] == article_id and place not in self.gone:
                self.kept[place] = replace(match, matched_at=self._in_no_window(now))

    def _record(self, article: Article, matches: Sequence[Match], now: datetime) -> None:
        one = self.articles.kept.get(article.id)
        if one is None:
            return
        found = {(article.id, match.initiative_id): match for match in matches}
        for place, match in found.items():
            holds = place in self.kept and place not in self.gone
            at = self.kept[place].matched_at if holds else now
            self.kept[place] = replace(match, article_id=article.id, matched_at=at)
        self.gone -= found.keys()
        self.gone |= {place for place in self.kept if place[0] == article.id and place not in found}
        one.judged_at = one.judged_at or now
        one.matched_version = max(one.matched_version, article.version)
        if one.matched_version >= one.article.version:
            one.unmatched_since = None

    async def matches_of(self, article_id: str) -> tuple[Match, ...]:
        found = [match for match in self.kept.values() if match.article_id == article_id]
        return tuple(sorted(found, key=lambda match: (match.matched_at or NEVER, match.initiative_id)))

    def holding(self) -> list[Match]:
        """Matches that hold now, by time, article, initiative."""
        found = [match for place, match in self.kept.items() if place not in self.gone]
        return sorted(found, key=lambda one: (one.matched_at or NEVER, one.article_id, one.initiative_id))
