"""How all configured sources are: what the stores remember of them, judged for a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from crawler.care import RECENT, Care, Habits, judge
from crawler.records import PollState, Source
from tidings.settings import Polling, Settings
from tidings.storage.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Cared:
    """One configured source with what is remembered of it and what to make of that."""

    source: Source
    state: PollState
    care: Care


async def look(settings: Settings, stores: Stores, now: datetime) -> tuple[Cared, ...]:
    """All configured sources, in the order of the configuration."""
    await stores.sources.sync(settings.sources, now)
    states = {one.source_id: one for one in await stores.sources.states()}
    held: Counter[str] = Counter()
    for flood in await stores.articles.held():
        held[flood.source_id] += flood.articles
    gaps = await stores.sources.gaps(now - RECENT)
    mine = habits(settings.polling)
    return tuple(
        Cared(
            source=source,
            state=states[source.id],
            care=judge(source, states[source.id], mine, now=now, held=held[source.id], gaps=gaps),
        )
        for source in settings.sources
    )


def habits(polling: Polling) -> Habits:
    """What a remedy needs to know of tidings.yaml."""
    return Habits(floor=polling.floor, timeout=polling.timeout, contact=polling.contact is not None)
