"""An archive of tens of thousands of headlines, as months of polling leave it: folded, matched, told once a day."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from crawler.records import Article, Poll, PollState, Sighting, SourceState
from tests.fakes.clock import FixedClock
from tests.quality.replay import EVERYTHING, SETTINGS, WATCHLIST, Seen, headlines
from tidings.app import App, open_app
from tidings.settings import load
from tidings.tasks import Compose, Settle

AT_ONCE = 400  # articles between two rounds of folding and matching


async def fill(out: Path, name: str) -> str:
    """Make `OUT/config` and `OUT/state` of a file of headlines; what there is, in a line."""
    seen = list(headlines(name))
    config = out / "config"
    (config / "watchlists").mkdir(parents=True)
    (config / "tidings.yaml").write_text(SETTINGS)
    watchlist = WATCHLIST.replace("DAYS", "daily").replace("digests:\n", f"{EVERYTHING}digests:\n")
    (config / "watchlists" / "trade.yaml").write_text(watchlist)
    outlets = {one.source: one.publisher for one in seen}
    (config / "sources.yaml").write_text(
        "sources:\n"
        + "".join(
            f"  - {{id: {name}, name: {json.dumps(shown)}, feed: https://{name}.example/feed, full_text: never}}\n"
            for name, shown in outlets.items()
        )
    )
    settings = load(config, state_dir=out / "state", environ={})
    clock = FixedClock(seen[0].at - timedelta(hours=1))
    began = time.perf_counter()
    async with open_app(settings, clock=clock) as app:
        await app.runner.submit(Compose())
        await app.runner.drain()
        for some in _in_days(seen):
            clock.set(some[-1].at + timedelta(minutes=1))
            await _come(app, some)
    took = time.perf_counter() - began
    return f"{len(seen):,} headlines of {len(outlets):,} outlets in {took:.0f} s"


def _in_days(seen: list[Seen]) -> Iterator[list[Seen]]:
    for _, day in groupby(seen, key=lambda one: one.at.date()):
        every = list(day)
        yield from (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))


async def _come(app: App, some: list[Seen]) -> None:
    by_source: dict[str, list[Article]] = defaultdict(list)
    for one in some:
        by_source[one.source].append(one.article())
    now = app.clock.now()
    for source, articles in by_source.items():
        state = PollState(
            source_id=source, state=SourceState.OK, last_polled_at=now, last_success_at=now, last_new_at=now,
            next_poll_at=now + timedelta(hours=1),
        )  # fmt: skip
        seen = tuple(
            Sighting(
                article_id=one.id, source_id=source, url=one.url, title=one.title, seen_at=one.first_seen_at
            )
            for one in articles
        )
        keys = tuple((one.id, (f"url:{one.url}",)) for one in articles)
        await app.stores.articles.record_poll(
            Poll(state=state, articles=tuple(articles), keys=keys, sightings=seen)
        )
    for task in (Settle(), Compose()):
        await app.runner.submit(task)
        await app.runner.drain()
    while await app.services.notifier.deliver_due(50):
        pass
