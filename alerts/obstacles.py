"""What stands between a delivery and its channel: bans, holds and suspended recipients, and what is said of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.errors import GONE
from alerts.messages import Delivery

SUSPEND_AFTER = 3  # messages in a row that were refused for one recipient
LONG = timedelta(
    minutes=15
)  # a trouble that lasted so long was an outage; after it nothing waits for its own time


class Parking(StrEnum):
    """Why a delivery is parked."""

    GIVEN_UP = "given up"  # tried for as long as its schedule goes
    REFUSED = "refused"  # the other side will not take this message, or nothing of ours
    NO_RECIPIENT = "no recipient"  # refused because of whom it is for
    UNTRIED = "untried"  # something stands in the way that holds for others too


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A channel whose receiver said that it is gone for good; another address of it is no longer banned."""

    channel_id: str
    target: str  # print of the address, see `Channel.target`
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A channel that is left alone for a while."""

    channel_id: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """A recipient for whom `SUSPEND_AFTER` messages in a row were refused, or more."""

    channel_id: str
    recipient: str
    messages: int  # in a row, none handed over between
    since: datetime  # the first of them
    reason: str  # what was said of the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacles:
    """All that stands in the way at one moment."""

    bans: Mapping[str, Ban] = field(default_factory=dict)  # by channel
    holds: Mapping[str, Hold] = field(default_factory=dict)  # by channel; those that are over are left out
    suspensions: tuple[Suspension, ...] = ()  # by channel, then recipient

    def ban_on(self, channel_id: str, target: str) -> Ban | None:
        """The ban of a channel that goes to `target`."""
        ban = self.bans.get(channel_id)
        return ban if ban is not None and ban.target == target else None

    def on(self, targets: Mapping[str, str]) -> Obstacles:
        """What stands in the way of channels with these targets: who was gone at another address is not gone."""
        bans = {one: ban for one, ban in self.bans.items() if targets.get(one) == ban.target}
        return replace(self, bans=bans)

    def suspension_of(self, delivery: Delivery) -> Suspension | None:
        """That of the recipient of a delivery."""
        return next(
            (
                one
                for one in self.suspensions
                if (one.channel_id, one.recipient) == (delivery.channel_id, delivery.recipient)
            ),
            None,
        )


def banned_words(ban: Ban) -> str:
    """Why a delivery was parked untried, and what to do."""
    return (
        f"not tried: since {ban.since:%Y-%m-%d %H:%M}Z this channel is gone, its receiver answered 410 ({GONE}); "
        "correct its url or remove it; `tidings deliveries retry` asks once more"
    )


def suspended_words(one: Suspension) -> str:
    """Why a delivery was parked untried, and what to do."""
    return f"not tried: {one.recipient} is suspended, as {one.messages} messages in a row were refused; {remedy(one)}"


def remedy(one: Suspension) -> str:
    """What lifts a suspension."""
    return (
        f"correct or remove the address, or `tidings channels resume {one.channel_id} {one.recipient}`, "
        "then `tidings deliveries retry`"
    )
