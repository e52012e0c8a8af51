"""`tidings impact`: 36,195 headlines of seven months replayed into an archive, and an edit that adds `minerals`."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

from sqlalchemy import insert

from alerts.difference import State
from alerts.impact import Measure
from alerts.meaning import prints
from crawler.records import Article, Source, SourceKind, TextState
from tests.benchmarks import data
from tidings.opening import open_stores
from tidings.settings import Settings, load
from tidings.storage import tables
from tidings.storage.article_rows import new_row, version_row
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

CONFIG = Path(__file__).parents[2] / "config"
INITIATIVE, TERM = "mineral-security-partnership", "minerals"
GOAL = 5.0  # seconds, the whole command
SINCE = "400d"  # all of them
RUNS = 5


def bench() -> None:
    with TemporaryDirectory() as place:
        asyncio.run(_bench(Path(place)))


async def _bench(place: Path) -> None:
    config, state = place / "config", place / "state"
    shutil.copytree(CONFIG, config)
    settings = load(config, state_dir=state, environ={})
    now = datetime.now(UTC)
    articles = headlines(now)
    await fill(settings, articles, now)
    edited = _edit(settings)
    print(
        f"\nAn edit that adds {TERM!r} to {INITIATIVE}, over {len(articles):,} headlines "
        f"({sum(len(one.title) for one in articles) / 1e6:.1f} MB)\n"
    )
    runs = [_run(config, state) for _ in range(RUNS)]
    print("\n".join(f"  | {line}" for line in runs[0].said.splitlines()[:30]))
    wall, cpu = (sorted(times) for times in zip(*((one.wall, one.cpu) for one in runs), strict=True))
    print(
        f"\n  whole command, median of {RUNS}: {wall[RUNS // 2]:.1f} s by the clock ({wall[0]:.1f} to {wall[-1]:.1f}; "
        f"goal < {GOAL:.0f} s on an idle machine), {cpu[RUNS // 2]:.1f} s of CPU"
    )
    await _parts(settings, edited)


def headlines(now: datetime) -> list[Article]:
    """The corpus as articles: the newest seen now, each as long before it as it was; equal titles are one story.

    Raises:
        NoCorpus: it is not here.
    """
    path = data.CORPUS / "news" / "headlines-us.jsonl.gz"
    if not path.exists():
        raise data.NoCorpus("../shared/corpus/news/headlines-us.jsonl.gz is not beside the repository")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    times = [datetime.fromisoformat(row["first_seen"]) for row in rows]
    later = now - max(times)
    stories: dict[str, str] = {}
    return [
        Article(
            id=f"{number:016x}",
            source_id="wire",
            url=f"https://wire.example/{number}",
            canonical_url=f"https://wire.example/{number}",
            title=row["title"],
            published_at=at + later,
            first_seen_at=at + later,
            text_state=TextState.FEED,
            story_id=stories.setdefault(row["title"], f"s{number:016x}"),
        )
        for number, (row, at) in enumerate(zip(rows, times, strict=True))
    ]


async def fill(settings: Settings, articles: list[Article], now: datetime) -> None:
    """An installation that has polled `articles`, with the rules of `settings` in force."""
    wire = Source(id="wire", kind=SourceKind.FEED, url="https://wire.example/feed")
    opened = {one.story_id: one.first_seen_at for one in articles}
    stories = [{"id": name, "opened_at": at, "last_at": at} for name, at in opened.items()]
    done = {"unfolded_since": None, "matched_version": 1}
    rows = [new_row(one) | {"story_id": one.story_id} | done for one in articles]
    versions = [version_row(one, made_at=one.first_seen_at, origin="feed") for one in articles]
    settings.state_dir.mkdir()
    database = Database.open(settings.database, state_dir=settings.state_dir)
    try:
        stores = Stores(database)
        await stores.sources.sync([wire], now)
        for table, values in (
            (tables.stories, stories),
            (tables.articles, rows),
            (tables.article_versions, versions),
        ):
            await database.write(lambda connection, t=table, v=values: connection.execute(insert(t), v))
        await stores.edits.put_in_force(settings.watchlists, prints(settings.watchlists, settings.tags), now)
    finally:
        database.close()


def _edit(settings: Settings) -> Settings:
    """The configuration after the edit."""
    (watchlist,) = (one for one in settings.watchlists if INITIATIVE in {each.id for each in one.initiatives})
    rule = re.compile(rf"(^  - id: {INITIATIVE}$.*?^    any:\n)( +- )", re.MULTILINE | re.DOTALL)
    text, number = rule.subn(rf"\g<1>\g<2>{TERM}\n\g<2>", watchlist.text, count=1)
    assert number == 1, f"{watchlist.path} has no list `any` in {INITIATIVE}"
    Path(watchlist.path).write_text(text, encoding="utf-8")
    return load(settings.config_dir, state_dir=settings.state_dir, environ={})


@dataclass(frozen=True)
class _Run:
    """The command once, seconds."""

    wall: float
    cpu: float
    said: str


def _run(config: Path, state: Path) -> _Run:
    env = {**os.environ, "TIDINGS_CONFIG": str(config), "TIDINGS_STATE": str(state)}
    began, before = time.perf_counter(), _cpu()
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "impact", "--since", SINCE],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return _Run(time.perf_counter() - began, _cpu() - before, done.stdout)


def _cpu() -> float:
    """Seconds that ended child processes have taken so far."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _parts(settings: Settings, edited: Settings) -> None:
    """Where the time goes, in this process."""
    before, after = (
        State(watchlists=one.watchlists, digests=one.digests, tags=one.tags) for one in (settings, edited)
    )
    async with open_stores(settings) as stores:
        until = datetime.now(UTC)
        began = time.process_time()
        batches = [some async for some in stores.archive.walk(until - timedelta(days=400), until)]
        read = time.process_time()
        measure = Measure(before, after)
        for some in batches:
            measure.take(some)
        measured = time.process_time()
    number = sum(map(len, batches))
    print(f"  of it, CPU: reading {number:,} articles {read - began:.1f} s, judging {measured - read:.1f} s")
