"""What the alerts need from outside, named by what it means to us."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from alerts.messages import Delivery, Message
from alerts.plans import DigestPlan
from alerts.records import Coverage, DigestSlot, Flood, Match, MatchedArticle, Telling, Window
from alerts.rerun import Refound, Rerun
from crawler.records import Article


class Channel(Protocol):
    """A way out of the house: takes one rendered message and hands it over."""

    async def send(self, message: Message, delivery: Delivery) -> str:
        """Hand over `message`; a second call with the same `delivery.id` must do no harm.

        Returns what the other side said.

        Raises:
            TryLater: the other side is busy; `retry_after` holds its wish, or None.
            Refused: it will never take this message; sending again is pointless.
        """

    def recipients(self) -> tuple[str, ...]:
        """One delivery each; `("",)` where the channel has a single receiver."""


class MatchStore(Protocol):
    """Articles to be matched, and what was found."""

    async def unmatched(self, limit: int, *, skip: Collection[str] = ()) -> tuple[Article, ...]:
        """Folded articles whose text version in force has not been matched yet, oldest first.

        `skip`: ids to pass over, such as those that could not be judged this time.
        """

    async def record_matches(self, judged: Sequence[tuple[Article, Sequence[Match]]], now: datetime) -> None:
        """Store matches with evidence and mark the versions matched, in one transaction for all articles.

        A match of the same article and initiative that is there already keeps its `matched_at`. A new one gets
        `now`, or the first moment after the end of the last frozen window when that is later, so that
        no digest of any process has passed it by.
        """

    async def record_rerun(
        self, judged: Sequence[tuple[Article, Sequence[Match]]], rerun: Rerun, now: datetime
    ) -> Refound:
        """Store what a second look at articles of the archive found and lost, in one transaction for all of them.

        Only matches of `rerun.initiatives` are touched, and only of articles that wait neither for folding nor
        for matching: those are judged as they come. A match that is there and holds keeps its time, its fate,
        and the evidence and watchlist that found it; it is filed under the commitments that it meets now. Only if
        it came as news and no digest told it at its time is it told in the next one, where it is young enough.
        A new one is told in the next digest where its article is young enough, held articles when they are
        released, backfilled ones never; the others are filed. One that was told before it ended holds again and
        is not told again. One that does not hold any more is marked gone if it was never told; one that was told
        stays, as evidence of no commitment.
        """

    async def matches_of(self, article_id: str) -> tuple[Match, ...]: ...


class DigestStore(Protocol):
    """What was composed, and what there is to compose."""

    async def last_until(self, digest_id: str) -> datetime | None:
        """End of the window of the last composed slot; None: never composed."""

    async def start(self, digest_id: str, now: datetime) -> datetime:
        """First time this digest was seen, remembered from then on: the first window begins there."""

    async def matched(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[MatchedArticle, ...]:
        """Matches with since < matched_at <= until of the plan's initiatives, told or not.

        Of backfilled articles, and of those held for review, nothing is told, nor what is filed only.

        `told_at` is set where the story was told before under this digest.
        """

    async def changed(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[MatchedArticle, ...]:
        """Articles that this digest told and whose text in force, up to `until`, says something else in substance.

        Each with the one change since the version that was told last, and once for each initiative of the plan under
        which it was told, though it may not meet it any more; by time of change, then article, then initiative.
        Changes from long before `since`, when the window began, are not told any more.
        """

    async def floods(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[Flood, ...]:
        """What is held for review now and matched the plan's initiatives with since < matched_at <= until."""

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        """Newest first, over the whole archive."""

    async def coverage(self, since: datetime, until: datetime) -> Coverage: ...

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
        """Record slot, message, deliveries and told stories in one transaction; False: it was there already.

        With `window` also False when another window of the digest was frozen since, or its matches are not
        as many any more: what is there to tell is composed anew the next time. When there is a message, the
        matches of `window.told` in it are marked told, as are `window.versions` and `window.changes`. What came into
        force after such a version is compared with it at once.

        `message` None: an empty digest that is skipped; the slot still counts as composed.
        """


class DeliveryStore(Protocol):
    """The outbox."""

    async def add(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        """A message outside a digest (test, notice); False when its key is known."""

    async def claim_due(
        self, now: datetime, limit: int, lease: timedelta
    ) -> tuple[tuple[Delivery, Message], ...]:
        """Pending ones whose time has come, leased; the attempt is counted before it is made."""

    async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None: ...

    async def later(self, delivery_id: str, *, at: datetime, error: str) -> None: ...

    async def park(self, delivery_id: str, *, now: datetime, error: str) -> None: ...

    async def get(self, delivery_id: str) -> tuple[Delivery, Message] | None: ...

    async def list(self, *, limit: int = 100) -> tuple[Delivery, ...]:
        """Newest first."""

    async def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a parked or pending one due now; False when there is none such."""

    async def cancel(self, delivery_id: str) -> bool:
        """Give up a pending or parked one; False when there is none such."""
