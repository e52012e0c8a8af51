"""Folding and matching on PostgreSQL by one, two and four processes at once, and under one lock for all of them.

`TIDINGS_BENCH_STORIES=1000` sets how many articles each run has; the server is the machine's own, without syncing, and
works on the same cores.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy

from alerts.match import Matcher
from alerts.records import Initiative, Term, Watchlist
from crawler.folder import StoryFolder
from crawler.identity import article_id
from crawler.records import Article, Poll, PollState, SourceState
from crawler.shares import Share
from crawler.vocabulary import vocabulary_of
from tests.benchmarks import data
from tests.benchmarks.polling.processes import Talker
from tests.benchmarks.stories import BATCH, OUTLETS, START, WINDOW, a_wire_story, outlets
from tests.fakes import postgres
from tidings.storage import folding, matches
from tidings.storage.dialect import lock
from tidings.storage.engine import Database
from tidings.storage.match_rows import WINDOWS
from tidings.storage.stores import Stores

NUMBER = 1_500
PROCESSES = (1, 2, 4)
WAYS = ("one lock", "side by side")
STEPS = ("fold", "match")
WORDS = ("oil", "bank", "trade", "share", "wheat", "dollar", "government", "profit", "talks", "shipping")


def bench() -> None:
    number = int(os.environ.get("TIDINGS_BENCH_STORIES", NUMBER))
    print(
        f"\nfolding: {number:,} wire stories of {OUTLETS} outlets on PostgreSQL, articles a second by the clock"
    )
    print(f"  {os.cpu_count()} cores for the processes and the server together")
    rates: dict[tuple[str, str, int], float] = {}
    with postgres.server() as url, postgres.database(url) as filled:
        until = asyncio.run(_fill(filled, number))
        for processes in PROCESSES:
            for way in WAYS:
                with postgres.database(url, like=filled) as copy:
                    for step, rate in _run(copy, way, processes, until, number).items():
                        rates[step, way, processes] = rate
        for step in STEPS:
            _show(step, rates)


def _show(step: str, rates: dict[tuple[str, str, int], float]) -> None:
    for way in WAYS:
        one = rates[step, way, 1]
        shown = "  ".join(
            f"{n}: {rates[step, way, n]:5.0f} ({rates[step, way, n] / one:.2f}x one,"
            f" {rates[step, way, n] / rates[step, WAYS[0], n]:.2f}x {WAYS[0]})"
            for n in PROCESSES
        )
        print(f"  {step:5} {way:12} {shown}")


def _run(url: str, way: str, processes: int, until: datetime, number: int) -> dict[str, float]:
    """Articles a second of each step, by so many processes at once."""
    command = [sys.executable, "-m", "tests.benchmarks.folding", url, way, until.isoformat()]
    talkers = [Talker([*command, str(place), str(processes)]) for place in range(processes)]
    for one in talkers:
        one.ask("")
    found = {}
    for step in STEPS:
        start = time.perf_counter()
        for one in talkers:
            one.say(step)
        done = sum(int(one.ask("")) for one in talkers)
        assert done == number
        found[step] = number / (time.perf_counter() - start)
    for one in talkers:
        one.end()
    return found


# -- the archive -----------------------------------------------------------------------------------


async def _fill(url: str, number: int) -> datetime:
    """Articles that wait for folding, and the vocabulary; the moment after the last of them."""
    told = [_article(place, title, body) for place, (title, body) in enumerate(data.texts(number))]
    with closing(Database.open(url, state_dir=Path())) as database:
        stores = Stores(database)
        await stores.sources.sync(outlets(), START)
        for first in range(0, number, BATCH):
            some = tuple(told[first : first + BATCH])
            state = PollState(
                source_id="outlet0", state=SourceState.OK, last_polled_at=some[-1].first_seen_at
            )
            keys = tuple((one.id, (f"url:{one.url}",)) for one in some)
            await stores.articles.record_poll(Poll(state=state, articles=some, keys=keys))
        until = told[-1].first_seen_at + timedelta(seconds=1)
        await stores.articles.word_counts(until)
    return until


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
    while articles := await store.unmatched(BATCH, share=share):
        judged = [(one, matcher.judge(one).matches) for one in articles]
        if way == "one lock":
            await database.write(partial(_record_alone, judged, until))
        else:
            await store.record_matches(judged, until)
        done += len(articles)
    return done


def _record_alone(judged: object, until: datetime, connection: sqlalchemy.Connection) -> None:
    lock(connection, WINDOWS)
    matches.record(connection, judged, until)  # type: ignore[arg-type]  # as it was handed over


def _matcher() -> Matcher:
    initiatives = tuple(
        Initiative(id=word, name=word, watchlist_id="bench", any=(Term(text=word),)) for word in WORDS
    )
    return Matcher((Watchlist(id="bench", title="bench", initiatives=initiatives),))


if __name__ == "__main__":
    address, way, until, place, number = sys.argv[1:]
    asyncio.run(_work(address, way, datetime.fromisoformat(until), (int(place), int(number))))
