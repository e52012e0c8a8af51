"""How all configured sources are: what the stores remember of them, judged for a person."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.care import RECENT, Care, Habits, Need, judge
from crawler.errors import HERE
from crawler.records import PollState, Source, SourceGap, SourceState
from tidings.settings import Polling, Settings
from tidings.storage.stores import Stores

FEWEST = 3  # sources that cannot be reached, at least, to be an outage of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Cared:
    """One configured source with what is remembered of it and what to make of that."""

    source: Source
    state: PollState
    care: Care


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Sources that cannot be reached, so many that this machine's own network is the likely cause."""

    unreached: tuple[Care, ...]
    every: int  # configured sources
    since: datetime | None  # the first of them
    is_told: bool  # False: it may pass by itself


def outage(sources: Sequence[Cared]) -> Outage | None:
    """Whether half of all sources, and at least three, cannot be reached for reasons that may as well be here."""
    unreached = tuple(
        one.care for one in sources if one.care.state is SourceState.FAILING and one.care.cause in HERE
    )
    if len(unreached) < FEWEST or 2 * len(unreached) < len(sources):
        return None
    return Outage(
        unreached=unreached,
        every=len(sources),
        since=min((one.since for one in unreached if one.since), default=None),
        is_told=any(one.need is Need.NOW for one in unreached),
    )


async def look(settings: Settings, stores: Stores, now: datetime) -> tuple[Cared, ...]:
    """All configured sources, in the order of the configuration, also those that were never polled."""
    await stores.sources.sync(settings.sources, now)
    return await cared(settings, stores, now)


async def cared(settings: Settings, stores: Stores, now: datetime) -> tuple[Cared, ...]:
    """All configured sources that the store knows, in the order of the configuration."""
    states = {one.source_id: one for one in await stores.sources.states()}
    held: Counter[str] = Counter()
    for flood in await stores.articles.held():
        held[flood.source_id] += flood.articles
    gaps: defaultdict[str, list[SourceGap]] = defaultdict(list)
    for gap in await stores.sources.gaps(now - RECENT):
        gaps[gap.source_id].append(gap)
    mine = habits(settings.polling)

    def judged() -> tuple[Cared, ...]:
        return tuple(
            Cared(
                source=source,
                state=state,
                care=judge(source, state, mine, now=now, held=held[source.id], gaps=gaps.get(source.id, ())),
            )
            for source in settings.sources
            if (state := states.get(source.id)) is not None
        )

    return await asyncio.to_thread(judged)  # of many sources it takes seconds, in which the loop goes on


def habits(polling: Polling) -> Habits:
    """What a remedy needs to know of tidings.yaml."""
    return Habits(floor=polling.floor, timeout=polling.timeout, contact=polling.contact is not None)
