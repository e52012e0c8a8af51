"""What a digest is about to tell, and to whom: handed over to be frozen in one piece. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.messages import Delivery, Message
from crawler.folds import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much a channel's readers were still to be told when it was looked up.

    Another process may tell some of it meanwhile, so it is counted again when the digest is frozen.
    """

    channel_id: str
    matches: int = 0  # in the window, of articles that they were not told
    told_before: int = 0  # of these, of stories that they were told
    changes: int = 0  # in what they were told


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a digest was composed from. Another process may change it meanwhile, so it is looked at again."""

    initiatives: tuple[str, ...]
    since: datetime  # end of the window before it, or the start of the digest
    standings: tuple[Standing, ...] = ()  # of each channel of the digest
    live: tuple[str, ...] = ()  # those of `initiatives` that are told: in force, and not paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message of a slot: the channels whose readers it tells, and what they are told by it."""

    message: Message
    channels: tuple[str, ...]
    deliveries: tuple[Delivery, ...] = ()
    story_ids: tuple[str, ...] = ()
    versions: tuple[tuple[str, int], ...] = ()  # (article id, version) of what is told as news
    changes: tuple[Change, ...] = ()  # that are told of what was told before
