"""What the tests of digests, mail and hooks share: invented news on the TRUST initiative, and a store of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from alerts.messages import Delivery, Message
from alerts.outgoing import Outgoing, Window
from alerts.plans import DigestPlan
from alerts.recent import Recent
from alerts.records import (
    Commitment,
    Coverage,
    DigestSlot,
    Evidence,
    FailingSource,
    Field,
    Flood,
    Gap,
    Initiative,
    Match,
    MatchedArticle,
    Strength,
    Telling,
    ToldIn,
)
from alerts.rerun import Refound, Rerun
from crawler.folds import Change
from crawler.records import Article
from crawler.shares import Share, holds
from tests.fakes.deliveries import MemoryDeliveries

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)

TRUST = Initiative(
    id="trust",
    name="U.S.–India TRUST initiative",
    watchlist_id="us-india",
    commitments=(
        Commitment(
            id="ai-roadmap",
            text="U.S.–India roadmap for accelerating AI infrastructure",
            due=date(2025, 12, 31),
        ),
        Commitment(
            id="indus-x",
            text="INDUS Innovation bridge for joint industry and academia",
            due=date(2026, 12, 9),
        ),
        Commitment(id="review", text="Yearly review by both security advisers", due=date(2027, 9, 1)),
    ),
)
COMPACT = Initiative(id="compact", name="COMPACT for the 21st century", watchlist_id="us-india")
INITIATIVES = {one.id: one for one in (TRUST, COMPACT)}


def plan(**changes: object) -> DigestPlan:
    """A digest at 07:30 in New York, with `changes`."""
    values: dict[str, object] = {
        "id": "morning",
        "title": "Morning digest: U.S.–India technology",
        "to": ("desk",),
        "initiatives": ("trust", "compact"),
        "zone": "America/New_York",
    }
    if not {"every", "immediately"} & changes.keys():
        values["at"] = (time(7, 30),)
    return DigestPlan(**(values | changes))  # type: ignore[arg-type]  # keyword table of a test


def slot(key: str = "2026-11-25T07:30", due: datetime = NOW, digest_id: str = "morning") -> DigestSlot:
    return DigestSlot(digest_id=digest_id, key=key, due=due)


_numbers = count(1)


def found(
    title: str,
    *,
    source: str = "The Meridian Post",
    story: str | None = None,
    initiative: str = "trust",
    url: str | None = None,
    snippet: str = "… officials said the TRUST initiative would open a first call for chip projects …",
    term: str = "TRUST initiative",
    field: Field = Field.TEXT,
    hours: float = 3,
    published: datetime | str | None = "before",
    matched_at: datetime | None = None,
    duplicate_of: str | None = None,
    told_at: datetime | None = None,
    paywalled: bool = False,
    text_length: int = 2400,
    commitments: tuple[str, ...] = (),
    language: str | None = "en",
    article_id: str | None = None,
    credit: str | None = None,
    told_in: ToldIn | None = None,
    earlier: tuple[Telling, ...] = (),
    changes: tuple[Change, ...] = (),
) -> MatchedArticle:
    """One matched article, found `hours` before NOW and published half an hour earlier."""
    number = next(_numbers)
    key = article_id or f"a{number:015x}"
    seen = NOW - timedelta(hours=hours)
    when = seen - timedelta(minutes=30) if published == "before" else published
    host = "".join(letter for letter in source.lower() if letter.isascii() and letter.isalnum()) or "news"
    return MatchedArticle(
        match=Match(
            article_id=key,
            initiative_id=initiative,
            commitments=commitments,
            evidence=(
                Evidence(
                    term=term, field=field, start=210, end=226, snippet=snippet, strength=Strength.STRONG
                ),
            ),
            matched_at=matched_at or seen,
        ),
        telling=Telling(
            article_id=key,
            title=title,
            url=url if url is not None else f"https://www.{host}.example/2026/11/{number}",
            source=source,
            source_id=host,
            published=when if not isinstance(when, str) else None,
            found=seen,
            reprint=duplicate_of is not None,
            paywalled=paywalled,
            language=language,
            credit=credit,
        ),
        story_id=story or f"s-{key}",
        duplicate_of=duplicate_of,
        told_at=told_at,
        text_length=text_length,
        told_in=told_in,
        earlier=earlier,
        changes=changes,
    )


COVERAGE = Coverage(
    checked=214,
    failing=(
        FailingSource(
            source="Eastern Ledger",
            since=NOW - timedelta(days=2, hours=5),
            reason="the server answers 503 since Monday; tried again hourly",
        ),
    ),
    quiet=("Deccan Courier", "Ministry of External Affairs, press releases"),
    gaps=(Gap(source="all sources", start=NOW - timedelta(hours=9), end=NOW - timedelta(hours=7)),),
    unread=3,
)


class GivenDigests:
    """A `DigestStore` over given matches; it remembers slots, told stories and what was frozen."""

    def __init__(
        self, matched: Sequence[MatchedArticle] = (), deliveries: MemoryDeliveries | None = None
    ) -> None:
        self.articles = list(matched)
        self.starts: dict[str, datetime] = {}
        self.slots: dict[tuple[str, str], datetime] = {}
        self.told: dict[tuple[str, str], datetime] = {}  # channel and story → first
        self.known: dict[tuple[str, str], datetime] = {}  # channel and article → last
        self.outbox: list[tuple[DigestSlot, Message | None, tuple[Delivery, ...]]] = []
        self.changes: list[MatchedArticle] = []
        self.held: list[Flood] = []
        self.held_for = "trust"
        self.evidence: dict[tuple[str, str], tuple[Telling, ...]] = {}
        self.deliveries = deliveries

    async def last_until(self, digest_id: str) -> datetime | None:
        return max((until for (one, _), until in self.slots.items() if one == digest_id), default=None)

    async def start(self, digest_id: str, now: datetime) -> datetime:
        return self.starts.setdefault(digest_id, now)

    async def begin(self, plans: Sequence[DigestPlan], now: datetime) -> None:
        for one in plans:
            await self.start(one.id, now)

    async def first(self, plan: DigestPlan, plans: Sequence[DigestPlan], now: datetime) -> datetime:
        return self.starts.get(plan.id, now)

    async def frozen(self, digest_id: str, keys: Sequence[str]) -> Mapping[str, timedelta]:
        return {key: timedelta() for key in keys if (digest_id, key) in self.slots}

    async def set_back(self, now: datetime) -> bool:
        return False

    async def recent(self, initiative_ids: Sequence[str], now: datetime, zone: str) -> Mapping[str, Recent]:
        return {}

    async def matched(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        return tuple(
            replace(one, told_at=one.told_at or self.told.get((channel_id, one.story_id)))
            for one in self.articles
            if one.match.initiative_id in plan.initiatives
            and one.match.matched_at is not None
            and since < one.match.matched_at <= until
            and one.match.matched_at > self.known.get((channel_id, one.telling.article_id), since)
        )

    async def changed(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        return tuple(
            one
            for one in self.changes
            if one.match.initiative_id in plan.initiatives and since < one.changes[-1].at <= until
        )

    async def floods(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[Flood, ...]:
        return tuple(
            one for one in self.held if since < one.since <= until and self.held_for in plan.initiatives
        )

    async def left_out(self, plan: DigestPlan, since: datetime, until: datetime) -> Mapping[str, int]:
        return {}

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        return self.evidence.get((initiative_id, commitment_id), ())[:limit]

    async def coverage(self, since: datetime, until: datetime) -> Coverage:
        return COVERAGE

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
        self.slots[slot.digest_id, slot.key] = until
        for one in tellings:
            for channel_id in one.channels:
                for story_id in one.story_ids:
                    self.told.setdefault((channel_id, story_id), now)
                for article_id, _ in one.versions:
                    self.known[channel_id, article_id] = now
            self.outbox.append((slot, one.message, one.deliveries))
            if self.deliveries is not None:
                self.deliveries.store(one.message, one.deliveries)
        if not tellings:
            self.outbox.append((slot, None, ()))
        return True


class WaitingArticles:
    """A `MatchStore` over a list of articles that wait to be judged."""

    def __init__(self, articles: Sequence[Article] = ()) -> None:
        self.waiting = list(articles)
        self.matches: dict[str, tuple[Match, ...]] = {}

    async def unmatched(
        self, limit: int, *, skip: Collection[str] = (), share: Share | None = None
    ) -> tuple[Article, ...]:
        return tuple(one for one in self.waiting if one.id not in skip and holds(share, one.id))[:limit]

    async def record_matches(self, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
        for article, matches in judged:
            self.matches[article.id] = tuple(replace(one, matched_at=now) for one in matches)
            self.waiting.remove(article)

    async def record_rerun(
        self, judged: Sequence[tuple[Article, Sequence[Match]]], rerun: Rerun, now: datetime
    ) -> Refound:
        return Refound()  # what waits is judged as it comes

    async def matches_of(self, article_id: str) -> tuple[Match, ...]:
        return self.matches.get(article_id, ())
