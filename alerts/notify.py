"""The alerts' orchestrator: match new articles, compose due digests, hand over due deliveries. Over ports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alerts.composer import Composer
from alerts.courier import Courier
from alerts.plans import DigestPlan
from alerts.ports import Channel, DeliveryStore, DigestStore, MatchStore
from alerts.records import Initiative, Match
from alerts.render import Renderer
from alerts.rerun import Refound, Rerun
from crawler.failpoints import reach
from crawler.ports import Clock
from crawler.records import Article
from crawler.shares import Share


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
        self._clock = clock
        self._window = asyncio.Lock()
        self._composer = Composer(
            digests=digests,
            channels=channels,
            renderer=renderer,
            clock=clock,
            plans=plans,
            initiatives={one.id: one for one in every},
            window=self._window,
        )
        self._courier = Courier(deliveries=deliveries, channels=channels, clock=clock, fraction=fraction)
        self.begin = self._composer.begin
        self.compose_due = self._composer.compose_due
        self.compose_now = self._composer.compose_now
        self.preview = self._composer.preview
        self.previewed = self._composer.previewed
        self.deliver_due = self._courier.deliver_due

    # -- matching ----------------------------------------------------------------------------------

    async def match_new(self, limit: int, *, share: Share | None = None, most: int | None = None) -> Matched:
        """Judge all articles that wait, `limit` to a transaction; one that breaks the matcher stops no other.

        Args:
            share: only those of this share.
            most: end when so many are judged, or some more; None: when nothing waits.
        """
        done = found = 0
        failed: dict[str, None] = {}
        while (most is None or done < most) and (
            articles := await self._matches.unmatched(limit, skip=failed, share=share)
        ):
            reach("match_begin")
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
