"""What people say of matches, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.evidence import shown
from alerts.judgements import Judgement, Question, Verdict, Way
from tests.fakes.digests import MemoryDigests


class MemoryJudgements:
    """What `tidings.storage.judgements.SqlJudgements` is on a database, as far as digests and pages ask."""

    def __init__(self, digests: MemoryDigests) -> None:
        self.digests = digests
        self.matches = digests.matches

    async def judge(
        self, article_id: str, initiative_id: str, verdict: Verdict, *, way: Way, now: datetime
    ) -> Judgement | None:
        place = (article_id, initiative_id)
        kept, match = self.matches.judgements.get(place), self.matches.kept.get(place)
        if kept is not None and kept.verdict is verdict:
            return kept
        if match is not None:
            terms = tuple(dict.fromkeys(one.term for one in match.evidence))
            version = match.watchlist_version
        elif kept is not None:
            terms, version = kept.terms, kept.watchlist_version
        else:
            return None
        said = Judgement(
            article_id=article_id,
            initiative_id=initiative_id,
            verdict=verdict,
            terms=terms,
            watchlist_version=version,
            at=now,
            way=way,
        )
        self.matches.judgements[place] = said
        self._tell_after_all(kept, now)
        return said

    async def forget(self, article_id: str, initiative_id: str, *, now: datetime) -> bool:
        kept = self.matches.judgements.pop((article_id, initiative_id), None)
        self._tell_after_all(kept, now)
        return kept is not None

    async def question(self, article_id: str, initiative_id: str) -> Question | None:
        match = self.matches.kept.get((article_id, initiative_id))
        if match is None or article_id not in self.matches.articles.kept:
            return None
        article = self.matches.articles.kept[article_id].article
        return Question(
            article_id=article_id,
            initiative_id=initiative_id,
            title=article.title,
            source=self.matches.articles.sources.kept[article.source_id].outlet,
            url=article.url,
            matched=tuple(dict.fromkeys(shown(one) for one in match.evidence)),
            judgement=self.matches.judgements.get((article_id, initiative_id)),
        )

    async def list(self, initiative_id: str | None = None) -> tuple[Judgement, ...]:
        found = [
            one
            for one in self.matches.judgements.values()
            if initiative_id is None or one.initiative_id == initiative_id
        ]
        return tuple(sorted(found, key=lambda one: (-one.at.timestamp(), one.article_id, one.initiative_id)))

    def _tell_after_all(self, kept: Judgement | None, now: datetime) -> None:
        if kept is None or kept.verdict is not Verdict.NOT_ABOUT or self.matches.windows_end is None:
            return
        told_then = [
            until for place, until in self.digests.slots.items() if self.digests.composed[place][1] <= kept.at
        ]
        for place, match in self.matches.kept.items():
            at = match.matched_at
            if match.initiative_id != kept.initiative_id or at is None or at > self.matches.windows_end:
                continue
            if not self.matches.same_text(match.article_id, kept.article_id):
                continue
            if match.gone_at or match.told_at or match.filed or any(until >= at for until in told_then):
                continue
            self.matches.kept[place] = replace(match, matched_at=self.matches.in_no_window(now))
