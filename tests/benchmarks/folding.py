"""Folding and matching on PostgreSQL by one, two and four processes at once, and under one lock for all of them.

`TIDINGS_BENCH_STORIES=400` sets how many articles each run has; the server is the machine's own, without syncing, and
works on the same cores. Where the processes and the server want more than the cores have, no way is faster than another
by the clock: then read the CPU, and how many waited.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path

import sqlalchemy

from alerts.match import Matcher
from alerts.records import Initiative, Match, Term, Watchlist
from crawler.folder import StoryFolder
from crawler.identity import article_id
from crawler.records import Article, Poll, PollState, Source, SourceKind, SourceState
from crawler.shares import Share
from crawler.vocabulary import vocabulary_of
from tests.benchmarks import data
from tests.benchmarks.polling.processes import Talker, cpu_of
from tests.benchmarks.stories import BATCH, OUTLETS, START, WINDOW, a_wire_story, outlets
from tests.fakes import postgres
from tests.quality import stories as quality
from tidings.storage import folding, matches
from tidings.storage.dialect import lock
from tidings.storage.engine import Database
from tidings.storage.match_rows import WINDOWS
from tidings.storage.stores import Stores
from tidings.storage.tables import articles

NUMBER = 600
JITTER = 16  # places by which one worker's order is disturbed, as four disturb it
PROCESSES = (1, 2, 4)
WAYS = ("one lock", "side by side")
STEPS = ("fold", "match")
WORDS = ("oil", "bank", "trade", "share", "wheat", "dollar", "government", "profit", "talks", "shipping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What some processes did at once, by step."""

    rates: dict[str, float]  # articles a second, by the clock
    cpu: dict[str, float]  # milliseconds that an article took of the processes, without the server
    waiting: dict[str, float]  # processes that waited for a lock, on average


def bench() -> None:
    number = int(os.environ.get("TIDINGS_BENCH_STORIES", NUMBER))
    with postgres.server() as url, postgres.database(url) as filled:
        until = asyncio.run(_fill(filled, number))
        print(
            f"\nfolding: {number:,} wire stories of {OUTLETS} outlets on PostgreSQL, articles a second by the clock;"
        )
        print(f"  {os.cpu_count()} cores for the processes and the server together")
        _compare(url, filled, until, number)
        print("  280 articles on labelled events, folded by")
        for workers, jitter in ((1, 0), (1, JITTER), (4, 0), (4, 0)):
            shuffled = f", shuffled within {jitter} places" if jitter else ""
            print(f"    {workers}{shuffled}: {asyncio.run(_events(url, workers, jitter))}")


def _compare(url: str, filled: str, until: datetime, number: int) -> None:
    """Print, for each step and way, how fast so many processes are, in times of one and in times of one lock."""
    runs: dict[tuple[str, int], Run] = {}
    for processes in PROCESSES:
        for way in WAYS:
            with postgres.database(url, like=filled) as copy:
                runs[way, processes] = _run(copy, way, processes, until, number)
    for step, way in product(STEPS, WAYS):
        print(f"  {step:5} {way}")
        for processes in PROCESSES:
            run = runs[way, processes]
            by_one, by_lock = (
                run.rates[step] / base.rates[step] for base in (runs[way, 1], runs[WAYS[0], processes])
            )
            print(
                f"    by {processes}: {run.rates[step]:6,.0f}  {by_one:.2f}x by one  {by_lock:.2f}x one lock"
                f"  {run.cpu[step]:4.1f} ms CPU  {run.waiting[step]:.1f} waiting"
            )


def _run(url: str, way: str, processes: int, until: datetime, number: int) -> Run:
    command = [sys.executable, "-m", "tests.benchmarks.folding", url, way, until.isoformat()]
    run = Run(rates={}, cpu={}, waiting={})
    with ExitStack() as stack:
        talkers = []
        for place in range(processes):
            talkers.append(Talker([*command, str(place), str(processes)]))
            stack.callback(talkers[-1].end)
        for one in talkers:
            one.ask("")
        for step in STEPS:
            with _watching(url) as waiting:
                start, before = time.perf_counter(), sum(cpu_of(one.pid) for one in talkers)
                for one in talkers:
                    one.say(step)
                done = sum(int(one.ask("")) for one in talkers)
                run.rates[step] = number / (time.perf_counter() - start)
            run.cpu[step] = (sum(cpu_of(one.pid) for one in talkers) - before) / number * 1000
            run.waiting[step] = statistics.fmean(waiting or [0])
            if done != number:
                raise AssertionError(f"{step}: {done} of {number} articles")
    return run


@contextmanager
def _watching(url: str) -> Iterator[list[int]]:
    """How many sessions wait for a lock, again and again until the end of the block."""
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    ended, seen = threading.Event(), list[int]()
    waits = sqlalchemy.text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")

    def watch() -> None:
        with engine.connect() as connection:
            while not ended.wait(0.05):
                seen.append(connection.execute(waits).scalar_one())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
        engine.dispose()


# -- articles on labelled events -------------------------------------------------------------------


async def _events(url: str, workers: int, jitter: int) -> str:
    """How well stories agree with events when so many workers fold their shares at once."""
    given = [
        (
            replace(article, id=article_id([article.id]), first_seen_at=START + place * timedelta(seconds=1)),
            event,
        )
        for place, (article, event) in enumerate(
            sorted(quality.events(), key=lambda one: (one[0].first_seen_at, one[0].id))
        )
    ]
    told = [article for article, _ in given]
    order = random.Random(7)
    in_order = sorted(range(len(told)), key=lambda place: place + order.uniform(0, jitter))
    with postgres.database(url) as empty, ExitStack() as stack:
        databases = [
            stack.enter_context(closing(Database.open(empty, state_dir=Path()))) for _ in range(workers)
        ]
        names = sorted({one.source_id for one in told})
        await _store(databases[0], [_source(name, place) for place, name in enumerate(names)], told)
        until = told[-1].first_seen_at + timedelta(seconds=1)
        if jitter:
            store = Stores(databases[0]).articles
            folder = StoryFolder(vocabulary_of(await store.word_counts(until)))
            await store.fold([told[place].id for place in in_order], folder, since=until - WINDOW)
        await asyncio.gather(
            *(_fold(one, WAYS[1], until, (place, workers)) for place, one in enumerate(databases))
        )
        named = sqlalchemy.select(articles.c.id, articles.c.story_id)
        rows = await databases[0].read(lambda connection: connection.execute(named).all())
    stories = {row.id: row.story_id for row in rows}
    found = quality.agreement([stories[one.id] for one in told], [event for _, event in given])
    return f"{len(set(stories.values()))} stories, F1 {found.f1:.3f}, B-cubed {found.b_cubed:.3f}"


def _source(name: str, place: int) -> Source:
    return Source(id=name, kind=SourceKind.FEED, url=f"https://{place}.example/feed")


# -- the archive -----------------------------------------------------------------------------------


async def _fill(url: str, number: int) -> datetime:
    """Articles that wait for folding, and the vocabulary; the moment after the last of them."""
    told = [_article(place, title, body) for place, (title, body) in enumerate(data.texts(number))]
    with closing(Database.open(url, state_dir=Path())) as database:
        await _store(database, outlets(), told)
        until = told[-1].first_seen_at + timedelta(seconds=1)
        await Stores(database).articles.word_counts(until)
    return until


async def _store(database: Database, sources: Sequence[Source], told: Sequence[Article]) -> None:
    stores = Stores(database)
    await stores.sources.sync(sources, START)
    for first in range(0, len(told), BATCH):
        some = tuple(told[first : first + BATCH])
        state = PollState(
            source_id=some[0].source_id, state=SourceState.OK, last_polled_at=some[-1].first_seen_at
        )
        keys = tuple((one.id, (f"url:{one.id}",)) for one in some)
        await stores.articles.record_poll(Poll(state=state, articles=some, keys=keys))


def _article(place: int, title: str, body: str) -> Article:
    made = a_wire_story(place, title, body)
    return replace(made, id=article_id([f"url:{made.url}"]))  # as they are: evenly spread over the shares


# -- a process -------------------------------------------------------------------------------------


async def _work(url: str, way: str, until: datetime, share: Share) -> None:
    """Do each step that a line asks for, to the end, and say of how many articles."""
    with closing(Database.open(url, state_dir=Path())) as database:
        steps = {"fold": partial(_fold, database), "match": partial(_match, database)}
        await Stores(database).articles.word_counts(until)
        print("READY", flush=True)
        for line in sys.stdin:
            print(await steps[line.strip()](way, until, share), flush=True)


async def _fold(database: Database, way: str, until: datetime, share: Share) -> int:
    store, done = Stores(database).articles, 0
    while ids := await store.unfolded(until, timedelta(), BATCH, share=share):
        folder = StoryFolder(vocabulary_of(await store.word_counts(until)))
        since = until - WINDOW
        if way == "one lock":
            made = await database.write(lambda c: folding.fold(c, ids, folder, since=since))  # noqa: B023  # awaited
        else:
            made = await store.fold(ids, folder, since=since)
        done += len(made.folds)
    return done


async def _match(database: Database, way: str, until: datetime, share: Share) -> int:
    store, matcher, done = Stores(database).matches, _matcher(), 0
    while waiting := await store.unmatched(BATCH, share=share):
        judged = [(one, matcher.judge(one).matches) for one in waiting]
        if way == "one lock":
            await database.write(partial(_record_alone, judged, until))
        else:
            await store.record_matches(judged, until)
        done += len(waiting)
    return done


def _record_alone(
    judged: Sequence[tuple[Article, Sequence[Match]]], until: datetime, connection: sqlalchemy.Connection
) -> None:
    lock(connection, WINDOWS)
    matches.record(connection, judged, until)


def _matcher() -> Matcher:
    initiatives = tuple(
        Initiative(id=word, name=word, watchlist_id="bench", any=(Term(text=word),)) for word in WORDS
    )
    return Matcher((Watchlist(id="bench", title="bench", initiatives=initiatives),))


if __name__ == "__main__":
    address, way, until, place, number = sys.argv[1:]
    asyncio.run(_work(address, way, datetime.fromisoformat(until), (int(place), int(number))))
