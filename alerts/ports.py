"""What the alerts need from outside, named by what it means to us."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from alerts.messages import Delivery, DeliveryState, Message
from alerts.obstacles import Ban, Obstacles, Parking
from alerts.outgoing import Outgoing, Window
from alerts.plans import DigestPlan
from alerts.recent import Recent
from alerts.records import Coverage, DigestSlot, Flood, Match, MatchedArticle, Telling
from alerts.rerun import Refound, Rerun
from crawler.records import Article
from crawler.shares import Share


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

    def target(self) -> str:
        """A print of the address it goes to, without secrets: another one after the address was corrected."""

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        """What `send` hands over, byte for byte but for secrets and what is made at each attempt.

        Raises:
            Refused: nothing would be handed over.
        """


class MatchStore(Protocol):
    """Articles to be matched, and what was found."""

    async def unmatched(
        self, limit: int, *, skip: Collection[str] = (), share: Share | None = None
    ) -> tuple[Article, ...]:
        """Folded articles whose text version in force has not been matched yet, oldest first.

        Args:
            skip: ids to pass over, such as those that could not be judged this time.
            share: no article of another one; None: any.
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
    """What was composed, and what there is to compose. Readers are known by their channel, whatever digest told them."""

    async def begin(self, plans: Sequence[DigestPlan], now: datetime) -> None:
        """These digests are in force from now on: remember where the first window of each begins, see `first`."""

    async def first(self, plan: DigestPlan, plans: Sequence[DigestPlan], now: datetime) -> datetime:
        """Where the first window of a digest begins: when it was seen first. Nothing is remembered.

        One that was never seen takes the place of a digest that is not in force any more, and was a day ago, if
        they have a channel and an initiative in common: then it begins where the last window of that one ended.
        """

    async def last_until(self, digest_id: str) -> datetime | None:
        """End of the window of the last composed slot; None: never composed."""

    async def start(self, digest_id: str, now: datetime) -> datetime:
        """First time this digest was seen, remembered from then on: the first window begins there."""

    async def frozen(self, digest_id: str, keys: Sequence[str]) -> Mapping[str, timedelta]:
        """Those of the keys under which a slot of the digest was composed, and how long before it was due.

        Longer than nothing only where the clock was ahead then.
        """

    async def set_back(self, now: datetime) -> bool:
        """Whether the clock was ahead before, by minutes at least.

        Then what was dated later than `now` counts as of now: windows, matches and what was told, and messages
        that were composed meanwhile are due. Else nothing would be told until the clock is there again.
        """

    async def matched(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        """Matches with since < matched_at <= until of the plan's initiatives that the channel's readers were not told.

        They were told one when its article was told to them, by whatever digest and under whatever initiative, after
        it had matched. Of backfilled articles, and of those held for review, nothing is told, nor what is filed only,
        nor what somebody judged not to be about the initiative, see `left_out`.

        `told_at` is set where the story was told to them before.
        """

    async def changed(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        """Articles that the channel's readers were told and whose text in force, up to `until`, says something else
        in substance.

        Each with the one change since the version that was told last, and once for each initiative of the plan under
        which it was told, though it may not meet it any more; by time of change, then article, then initiative.
        Changes from long before `since`, when the window began, are not told any more.
        """

    async def floods(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[Flood, ...]:
        """What is held for review now and matched the plan's initiatives with since < matched_at <= until."""

    async def left_out(self, plan: DigestPlan, since: datetime, until: datetime) -> Mapping[str, int]:
        """By initiative, how many matches of the window were told to nobody because they, or articles of which they
        are reprints, were judged not to be about it; initiatives without any are not there."""

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        """Newest first, over the whole archive."""

    async def coverage(self, since: datetime, until: datetime) -> Coverage: ...

    async def recent(self, initiative_ids: Sequence[str], now: datetime, zone: str) -> Mapping[str, Recent]:
        """The last 30 days of these initiatives by the calendar of `zone` (IANA)."""

    async def freeze(
        self,
        slot: DigestSlot,
        *,
        until: datetime,
        tellings: Sequence[Outgoing],
        now: datetime,
        window: Window | None = None,
    ) -> bool:
        """Record the slot, its messages with their deliveries, and to whom what was told, in one transaction.

        False: the slot was there already, or, with `window`, another window of the digest was frozen since or what its
        channels are still to be told is not the same any more. Then nothing is recorded, and it is composed anew.

        What came into force after a version that is told is compared with it at once. Matches in the window of its
        live initiatives of which the article was told to one of its channels, now or before, are marked told.

        No tellings: an empty digest that is skipped; the slot still counts as composed.
        """


class DeliveryStore(Protocol):
    """The outbox."""

    async def add(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        """A message outside a digest (test, notice); False when its key is known."""

    async def waiting(self, now: datetime) -> tuple[str, ...]:
        """Channels for which `claim_due` would find something, the longest due first."""

    async def claim_due(
        self, now: datetime, limit: int, lease: timedelta, *, channel: str | None = None
    ) -> tuple[tuple[Delivery, Message], ...]:
        """Pending ones whose time has come, leased; the attempt is counted before it is made.

        Of a channel that is on hold only those that a person asked for. `channel`: of this one alone.
        """

    async def release(self, delivery_id: str) -> None:
        """Give back a claim before its lease ends: the attempt was cut off."""

    async def sent(self, delivery_id: str, *, now: datetime, answer: str) -> None:
        """Handed over; its recipient is no longer suspended.

        What was `held_up` by its channel is due now, if nothing was handed over there for `obstacles.LONG`.
        """

    async def later(self, delivery_id: str, *, at: datetime, error: str, held_up: bool = False) -> None:
        """Tried again then. `held_up`: because of its channel, which would fail any message just now."""

    async def park(
        self, delivery_id: str, *, now: datetime, error: str, why: Parking = Parking.GIVEN_UP
    ) -> None:
        """Until a person acts. One that is `UNTRIED` has used up no attempt; see `obstacles` for `NO_RECIPIENT`."""

    async def get(self, delivery_id: str) -> tuple[Delivery, Message] | None: ...

    async def list(
        self,
        *,
        limit: int = 100,
        state: DeliveryState | None = None,
        channel: str | None = None,
        message: str = "",
        since: datetime | None = None,
    ) -> tuple[Delivery, ...]:
        """Newest first. `message`: how the keys of their messages begin; `since`: made at that time or later."""

    async def named(self, prefix: str) -> tuple[str, ...]:
        """Ids that begin so, in order; a few of them where there are many."""

    async def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a parked or pending one due now, whatever stands in the way; False when there is none such."""

    async def again(self, message_key: str, now: datetime) -> int:
        """Make all deliveries of a message due anew under their ids, those already handed over too; how many.

        One that is under way just now is left alone, and a reader who has unsubscribed gets nothing.
        """

    async def cancel(self, delivery_id: str) -> bool:
        """Give up a pending or parked one; False when there is none such."""

    async def ban(self, channel_id: str, target: str, now: datetime, reason: str) -> None:
        """The receiver at `target` is gone; a ban that is there for this target stays."""

    async def unban(self, channel_id: str) -> None: ...

    async def bans(self) -> Mapping[str, Ban]:
        """By channel."""

    async def hold(self, channel_id: str, now: datetime, until: datetime, reason: str) -> None:
        """Hand out nothing more to a channel before `until`; a longer hold that is there stays."""

    async def obstacles(self, now: datetime) -> Obstacles:
        """All that stands in the way.

        A recipient is suspended by `SUSPEND_AFTER` messages in a row that were parked for `NO_RECIPIENT`;
        the same one counts once, and one handed over ends the row.
        """

    async def resume(self, channel_id: str, recipient: str | None = None) -> int:
        """Lift everything from a channel, or the suspension of one recipient; how much was lifted."""
