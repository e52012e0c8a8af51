"""Folding into stories, database and all: what an article costs while the archive fills with wire stories."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.folder import StoryFolder
from crawler.records import Article, Poll, PollState, Sighting, Source, SourceKind, SourceState, TextState
from crawler.shelf import fold_all
from crawler.vocabulary import vocabulary_of
from tests.benchmarks import data
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

NUMBER = 6_000
BLOCK = 1_000  # articles of one line
BATCH = 50
OUTLETS = 40
EVERY = timedelta(minutes=3)
START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = timedelta(days=30)


def bench() -> None:
    number = int(os.environ.get("TIDINGS_BENCH_STORIES", NUMBER))
    told = [a_wire_story(place, title, body) for place, (title, body) in enumerate(data.texts(number))]
    print(f"\nstories: {len(told):,} wire stories of {OUTLETS} outlets, folded as they come")
    start = time.process_time()
    found = {fold.story_id for _, fold in fold_all(told)}
    each = (time.process_time() - start) / len(told) * 1000
    print(f"  deciding alone, in memory: {each:.2f} ms an article; {len(found):,} stories")
    with tempfile.TemporaryDirectory(prefix="tidings-bench-") as folder:
        asyncio.run(_through_the_database(told, Path(folder)))


async def _through_the_database(told: list[Article], folder: Path) -> None:
    with closing(Database.open("sqlite", state_dir=folder)) as database:
        stores = Stores(database)
        await stores.sources.sync(outlets(), START)
        for first in range(0, len(told), BLOCK):
            block = told[first : first + BLOCK]
            taken = [
                await _fold(stores, block[start : start + BATCH]) for start in range(0, len(block), BATCH)
            ]
            median = statistics.median(taken) * 1000
            print(f"  through SQLite, {first + len(block):,} stored: {median:.2f} ms an article", flush=True)


async def _fold(stores: Stores, batch: list[Article]) -> float:
    """Store some articles and fold them; CPU seconds of folding, for each."""
    now = batch[-1].first_seen_at
    for article in batch:
        state = PollState(source_id=article.source_id, state=SourceState.OK, last_polled_at=now)
        seen = Sighting(
            article_id=article.id,
            source_id=article.source_id,
            url=article.url,
            title=article.title,
            seen_at=now,
        )
        keys = ((article.id, (f"url:{article.url}",)),)
        await stores.articles.record_poll(
            Poll(state=state, articles=(article,), keys=keys, sightings=(seen,))
        )
    start = time.process_time()
    words = vocabulary_of(await stores.articles.word_counts(now))
    done = await stores.articles.fold([one.id for one in batch], StoryFolder(words), since=now - WINDOW)
    taken = time.process_time() - start
    assert len(done.folds) == len(batch)
    return taken / len(batch)


def outlets() -> list[Source]:
    """The sources that tell the stories."""
    return [
        Source(id=f"outlet{number}", kind=SourceKind.FEED, url=f"https://outlet{number}.example/feed")
        for number in range(OUTLETS)
    ]


def a_wire_story(place: int, title: str, body: str) -> Article:
    """The one at this place, by the next outlet in turn."""
    outlet = f"outlet{place % OUTLETS}"
    url = f"https://{outlet}.example/{place}"
    at = START + place * EVERY
    return Article(
        id=f"{place:016x}",
        source_id=outlet,
        url=url,
        canonical_url=url,
        title=title,
        text=body,
        published_at=at,
        first_seen_at=at,
        text_state=TextState.FEED,
    )
