"""Trouble that somebody should be told of, and when to tell it: begun, lasting, over, and never as a storm. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.alert_memory import Memory
from crawler.records import require_aware

BATCH = timedelta(minutes=15)  # that the first of several troubles waits for the others
AT_LEAST = timedelta(minutes=15)  # between two messages to one channel; what is urgent does not wait for it
DAILY = timedelta(days=3)  # for which a trouble that lasts is told of every day, then every week
DAY, WEEK = timedelta(days=1), timedelta(days=7)
RELAPSE = timedelta(hours=6)  # after its end was told, before a trouble that comes back is told again


class TroubleKind(StrEnum):
    """What is in trouble. The order is that of a message."""

    CHANNEL = "channel"  # it is gone
    WAITING = "waiting"  # messages for a channel that has long taken nothing
    DELIVERY = "delivery"  # messages were given up
    CONFIGURATION = "configuration"  # an edit is refused
    TEMPLATE = "template"
    WORK = "work"  # of our own that breaks at each try
    STORAGE = "storage"  # the database or its disk
    NETWORK = "network"  # of this machine
    SOURCE = "source"
    PAGE = "page"  # in quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that needs somebody, as it stands now."""

    kind: TroubleKind
    subject: str  # of that kind: a source id, say
    name: str  # for people
    state: str  # in a word or two: failing, blocked, gone
    since: datetime | None
    reason: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    count: int = 1  # things that are in it: sources, messages

    def __post_init__(self) -> None:
        require_aware(since=self.since)

    @property
    def id(self) -> tuple[str, str]:
        return str(self.kind), self.subject

    @property
    def rests(self) -> bool:
        """Whether it waits for a hand and gets no worse by itself: told of again when more comes to it."""
        return self.kind in (TroubleKind.DELIVERY, TroubleKind.PAGE)

    @property
    def urgent(self) -> bool:
        """Whether it is told at once."""
        return self.kind is TroubleKind.CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All trouble there is at a moment."""

    troubles: tuple[Trouble, ...]
    unsure: frozenset[tuple[str, str]] = frozenset()  # of which nothing can be said now: no begin, no end
    watched: Mapping[TroubleKind, frozenset[str]] = field(
        default_factory=dict
    )  # all subjects there are of a kind

    def dismisses(self, one: Memory) -> bool:
        """Whether it was taken away or paused, so that its trouble ends without a word."""
        subjects = self.watched.get(TroubleKind(one.kind))
        return subjects is not None and one.subject not in subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a channel is told now, and what is remembered of it then."""

    begun: tuple[Trouble, ...] = ()
    lasting: tuple[Trouble, ...] = ()
    over: tuple[Memory, ...] = ()
    after: tuple[Memory, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.begun or self.lasting or self.over)


def report(
    look: Look,
    before: Sequence[Memory],
    now: datetime,
    *,
    channel_id: str,
    slot: Callable[[datetime], datetime] = lambda moment: moment,
) -> Report:
    """What to tell a channel at `now`, given what it was told.

    A trouble is told when it has lasted for `BATCH` since the first that is still untold was noticed, with all
    others there are; then every day for three days, then weekly; and when it is over, as long after. One message
    tells all. What ended before it was told is not told. One that comes back soon after its end waits `RELAPSE`.

    Args:
        before: all that is remembered for the channel of the kinds in question.
        slot: the time at which what is ripe from a moment on may be told, such as that of the next digest; of a later
            moment it is no earlier.
    """
    here = {one.id: one for one in look.troubles}
    known = {(one.kind, one.subject): one for one in before if not look.dismisses(one)}
    held = {
        **{key: _noticed(one, known.get(key), channel_id, now) for key, one in here.items()},
        **{key: _held_back(one) for key, one in known.items() if key in look.unsure and key not in here},
        **_ending(known, here.keys() | look.unsure, now),
    }
    told = [one.last_told_at for one in held.values() if one.last_told_at is not None]
    free = max(told, default=None)
    untold = [key for key, one in held.items() if key in here and one.told_at is None and one.over_at is None]
    urgent = any(here[key].urgent for key in untold)
    may_speak = free is None or now >= free + AT_LEAST or urgent
    ripe = [_ripe(key, one, here) for key, one in held.items() if _waits(key, one, here)]
    if not may_speak or not ripe or slot(min(ripe)) > now:
        return Report(after=tuple(held.values()))
    return _spoken(held, here, now)


def _noticed(one: Trouble, known: Memory | None, channel_id: str, now: datetime) -> Memory:
    """The memory of a trouble that is there: a new one, or that of before; an end that was not told is taken back.

    One that was told to be over and has come back is not told for a while.
    """
    relapsed = known is not None and known.told_at is None and known.over_at is not None
    waited = known is not None and known.over_at is not None and now >= known.over_at + RELAPSE
    if known is None or (relapsed and (waited or one.urgent)):
        return Memory(
            channel_id=channel_id,
            kind=str(one.kind),
            subject=one.subject,
            since=one.since or now,
            noticed_at=now,
            reason=one.name,
        )
    return known if relapsed else replace(known, over_at=None, reason=one.name)


def _held_back(one: Memory) -> Memory:
    """As before; an end that was not told is doubtful now."""
    return one if one.told_at is None else replace(one, over_at=None)


def _ending(
    known: Mapping[tuple[str, str], Memory], here: Collection[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], Memory]:
    """Of what is not there any more: what was told is over from now on; what was told to be over is kept a while."""
    ended = {}
    for key, one in known.items():
        if key in here:
            continue
        if one.told_at is not None:
            ended[key] = one if one.over_at is not None else replace(one, over_at=now)
        elif one.over_at is not None and now < one.over_at + RELAPSE:
            ended[key] = one
    return ended


def _waits(key: tuple[str, str], one: Memory, here: Mapping[tuple[str, str], Trouble]) -> bool:
    """Whether there is something of it to tell, now or later."""
    return (key in here and one.over_at is None) or (one.told_at is not None and one.over_at is not None)


def _ripe(key: tuple[str, str], one: Memory, here: Mapping[tuple[str, str], Trouble]) -> datetime:
    """When its next word is due: its beginning, its next reminder, or its end."""
    if one.over_at is not None:
        return one.over_at + BATCH
    if one.told_at is None or one.last_told_at is None:
        return one.noticed_at if here[key].urgent else one.noticed_at + BATCH
    often = here[key].count > one.stage if here[key].rests else one.last_told_at < one.told_at + DAILY
    return one.last_told_at + (DAY if often else WEEK)


def _spoken(
    held: Mapping[tuple[str, str], Memory], here: Mapping[tuple[str, str], Trouble], now: datetime
) -> Report:
    """One message with all there is; a relapse that still waits is left out."""
    begun: list[Trouble] = []
    lasting: list[Trouble] = []
    over: list[Memory] = []
    after: list[Memory] = []
    for key, one in held.items():
        if key not in here:
            if one.over_at is not None and one.told_at is not None:
                over.append(one)
                after.append(replace(one, told_at=None, last_told_at=now, over_at=now))
            else:
                after.append(one)
        elif one.over_at is not None:
            after.append(one)
        else:
            (begun if one.told_at is None else lasting).append(here[key])
            after.append(replace(one, told_at=one.told_at or now, last_told_at=now, stage=here[key].count))
    return Report(begun=_in_order(begun), lasting=_in_order(lasting), over=tuple(over), after=tuple(after))


def _in_order(troubles: Sequence[Trouble]) -> tuple[Trouble, ...]:
    ranks = {kind: number for number, kind in enumerate(TroubleKind)}
    return tuple(sorted(troubles, key=lambda one: (ranks[one.kind], one.subject)))
