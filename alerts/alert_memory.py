"""What channels were told of things that last, so that each stage is told once; and the port that keeps it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.messages import Delivery, Message
from crawler.records import require_aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one channel knows of one thing, such as a silence or a failing source."""

    channel_id: str
    kind: str  # surge, silence, commitment, or a kind of trouble
    subject: str  # of that kind: an initiative or a source, say
    since: datetime  # of the thing itself; another `since` is another thing
    noticed_at: datetime
    told_at: datetime | None = None  # when it was told first; None: not yet, or its end was told
    last_told_at: datetime | None = None
    stage: int = 0  # the last that was told; what it counts depends on the kind
    over_at: datetime | None = None  # when it was seen to be over, or told to be
    reason: str = ""

    @property
    def id(self) -> tuple[str, str, str]:
        """Of what it is the memory; one each."""
        return self.channel_id, self.kind, self.subject

    def __post_init__(self) -> None:
        require_aware(
            since=self.since,
            noticed_at=self.noticed_at,
            told_at=self.told_at,
            last_told_at=self.last_told_at,
            over_at=self.over_at,
        )


class AlertStore(Protocol):
    """Keeps it beside the outbox."""

    async def remembered(self, kinds: Collection[str]) -> tuple[Memory, ...]:
        """All of these kinds; by channel, kind and subject."""

    async def tell(
        self,
        *,
        before: Sequence[Memory],
        after: Sequence[Memory],
        message: Message | None = None,
        deliveries: Sequence[Delivery] = (),
        owed_since: datetime | None = None,
    ) -> bool:
        """Put `after` in the place of `before`, and freeze the message with its deliveries, in one transaction.

        False when nothing is told: when something else is remembered of these things by now, because another process
        was there before, nothing is changed; and a message whose key is known was told before memories were kept,
        so that only the memory is put down. Without a message, True says that the memory was put down.

        Args:
            owed_since: when it was to be told; None: when the things of which it tells began. What was owed before a
                restore of just now counts as told.
        """
