"""Tells channels of trouble: one message for all there is, at its begin, while it lasts, at its end. Over ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from alerts import troubles
from alerts.alert_desk import AlertDesk, stamped
from alerts.alert_times import Times
from alerts.messages import Message
from alerts.plans import AlertKind, AlertPlan, DigestPlan
from alerts.trouble_words import trouble_alert
from alerts.troubles import Look, TroubleKind
from crawler.ports import Clock

EVERY = timedelta(minutes=5)
OPERATOR = ""  # in the place of a channel: what the operator was told, by whichever channel
SOURCES = (TroubleKind.SOURCE, TroubleKind.NETWORK)


class Watch(Protocol):
    """Sees all trouble there is."""

    async def look(self, now: datetime) -> Look:
        """All of it."""

    async def gone(self) -> frozenset[str]:
        """Channels whose receiver is gone; a quick look."""

    async def works(self, channel_id: str) -> bool:
        """Whether messages get through there, as far as it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who is told of which kinds of trouble, and when."""

    listener: str  # as memories name it: a channel, or OPERATOR
    channels: tuple[str, ...]  # the first that works is taken
    kinds: tuple[TroubleKind, ...]
    slot: Callable[[datetime], datetime] = lambda moment: moment
    zone: str = "UTC"


def routes(
    *,
    plans: Iterable[AlertPlan],
    digests: Iterable[DigestPlan],
    operator: str | None,
    channels: Sequence[str],
) -> tuple[Route, ...]:
    """One for each channel with an alert on source-trouble, and one for the operator.

    The operator is told of sources too where no alert is. When the operator's channel is gone, another one of
    `channels` takes its place.
    """
    wanted = [plan for plan in plans if plan.on is AlertKind.SOURCE_TROUBLE]
    every = tuple(digests)
    found: dict[str, Route] = {}
    for plan in wanted:
        for channel_id in plan.to:
            times = Times(plan=plan, channel_id=channel_id, digests=every)
            route = Route(
                listener=channel_id, channels=(channel_id,), kinds=SOURCES, slot=times.first, zone=plan.zone
            )
            found.setdefault(channel_id, route)
    if operator is not None:
        others = (one for one in channels if one != operator)
        kinds = tuple(kind for kind in TroubleKind if kind not in SOURCES or not wanted)
        found[OPERATOR] = Route(listener=OPERATOR, channels=(operator, *others), kinds=kinds)
    return tuple(found.values())


class TroubleAlerts:
    """Looks every five minutes, and at once when a channel is gone."""

    def __init__(self, *, watch: Watch, desk: AlertDesk, routes: Iterable[Route], clock: Clock) -> None:
        self._watch = watch
        self._desk = desk
        self._routes = tuple(routes)
        self._clock = clock
        self._looked_at: datetime | None = None
        self._gone: frozenset[str] = frozenset()

    async def tell_due(self) -> tuple[Message, ...]:
        """At most one message to each listener; what was told by any process is left."""
        now = self._clock.now()
        if not self._routes:
            return ()
        gone, before = await self._watch.gone(), self._looked_at
        if before is not None and before <= now < before + EVERY and gone == self._gone:
            return ()
        look = await self._watch.look(now)
        told = [await self._tell(route, look, now) for route in self._routes]
        self._looked_at, self._gone = now, gone
        return tuple(one for one in told if one is not None)

    async def _tell(self, route: Route, look: Look, now: datetime) -> Message | None:
        kinds = [str(kind) for kind in route.kinds]
        memories = await self._desk.remembered(*kinds)
        before = [one for one in memories.values() if one.channel_id == route.listener]
        mine = replace(look, troubles=tuple(one for one in look.troubles if one.kind in route.kinds))
        found = troubles.report(mine, before, now, channel_id=route.listener, slot=route.slot)
        channel_id = await self._channel(route) if found.speaks else None
        if channel_id is None:
            if not found.speaks:
                await self._desk.remember(before, found.after)
            return None
        for_operator = route.listener == OPERATOR
        notes = (
            []
            if channel_id == route.channels[0]
            else [
                f"This comes by {channel_id}, because nothing gets through to {route.channels[0]}, the operator's channel."
            ]
        )
        what = "operator" if for_operator else f"source-trouble/{channel_id}"
        return await self._desk.tell(
            trouble_alert(found, now, for_operator=for_operator, zone=route.zone, notes=notes),
            key=stamped(what, now, found.after),
            channel_id=channel_id,
            now=now,
            before=before,
            after=found.after,
        )

    async def _channel(self, route: Route) -> str | None:
        """The first that works; of a listener with one channel that one, whatever is known of it."""
        if len(route.channels) == 1:
            return route.channels[0]
        for channel_id in route.channels:
            if await self._watch.works(channel_id):
                return channel_id
        return None
