"""What folding, matching, the index of words, digests, deliveries and retention cost, on whole articles of the news."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.composer import Composed
from alerts.courier import Outcome
from alerts.notify import Notifier
from crawler.folder import StoryFolder
from crawler.records import Article, Poll, PollState, Sighting, Source, SourceKind, SourceState, TextState
from crawler.vocabulary import count_words, vocabulary_of
from tests.acceptance.world import Wound
from tests.benchmarks import data
from tests.benchmarks.costs.meter import Meter
from tests.benchmarks.matching import names_of
from tests.benchmarks.polling.processes import Talker
from tests.fakes import postgres
from tidings.app import notifier
from tidings.demo.hooksink import new_secret
from tidings.settings import Settings, load
from tidings.storage.engine import Database
from tidings.storage.parallel_folds import _places
from tidings.storage.stores import Stores
from tidings.tasks import BANDS_FOR, SETTLE_BATCH

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY = timedelta(seconds=30)
OUTLETS = 40
BEFORE = 400  # articles that are there before anything is measured
INITIATIVES = 200
DIGESTS = 10  # of each kind, each about its part of the initiatives
WAYS = {"mail": "desk", "hook": "hook"}
PAIRS = 200_000
PARTS = 3  # in which the archive is thrown away
ROOT = Path(__file__).parents[3]


async def measure(folder: Path, server: str) -> Meter:
    """Measure on a database of its own; the medians are in what is returned."""
    secret = new_secret()
    sinks = Talker([sys.executable, "-m", "tests.benchmarks.costs.sinks", secret])
    try:
        port, hook = sinks.ask("").split()
        with postgres.database(server) as url:
            meter, clock = Meter(url, aside=(sinks.pid,)), Wound(START)
            made = _configured(folder, url, port, hook, secret)
            database = Database.open(url, state_dir=folder)
            try:
                await _tell(made, Stores(database), clock, meter)
            finally:
                database.close()
            meter.close()
    finally:
        sinks.end()
    return meter


async def _tell(made: dict[str, Settings], stores: Stores, clock: Wound, meter: Meter) -> None:
    told = _articles()
    await stores.sources.sync(_sources(), START)
    notifiers = {name: notifier(one, stores, clock) for name, one in made.items()}
    for name in WAYS:
        await notifiers[name].begin()
    matchers = itertools.cycle(("shipped", *WAYS))
    for first in range(0, len(told), SETTLE_BATCH):
        batch = told[first : first + SETTLE_BATCH]
        clock.time = batch[-1].first_seen_at
        for article in batch:
            await stores.articles.record_poll(_poll_of(article, clock.now()))
        measured = meter if first >= BEFORE else None
        await _step(measured, "fold", len(batch), lambda: _fold(stores, clock.now()))
        name = next(matchers)
        what = "match, shipped watchlist" if name == "shipped" else f"match, {INITIATIVES} initiatives"
        await _step(measured, what, len(batch), lambda name=name: notifiers[name].match_new(SETTLE_BATCH))  # type: ignore[misc]  # called at once
        await _step(measured, "index of words", len(batch), lambda: _index(stores))
    for turn, way in enumerate(WAYS, 1):
        clock.time = START + timedelta(days=turn)
        await _send(notifiers[way], way, meter)
    await _retain(stores, made["mail"], meter, len(told))


async def _step(meter: Meter | None, name: str, units: int, work: Callable[[], Awaitable[object]]) -> None:
    if meter is None:
        await work()
        return
    async with meter.run(name, units):
        await work()


async def _fold(stores: Stores, now: datetime) -> None:
    ids = await stores.articles.unfolded(now, timedelta(), SETTLE_BATCH)
    folder = StoryFolder(vocabulary_of(await stores.articles.word_counts(now)))
    done = await stores.articles.fold(ids, folder, since=now - BANDS_FOR)
    if len(done.folds) != len(ids) or not ids:
        raise AssertionError(f"{len(done.folds)} of {len(ids)} articles were folded")


async def _index(stores: Stores) -> None:
    while await stores.search.index_some():
        pass


def meeting() -> float:
    """Of pairs of articles, how many share a lock when they are folded, so that one waits for the other."""
    told = _articles()
    folder = StoryFolder(vocabulary_of(count_words(told)))
    locks = [frozenset(_places(one, tuple(folder.keys(one)), folder.about(one))) for one in told]
    dice = random.Random(1)
    pairs = [dice.sample(locks, 2) for _ in range(PAIRS)]
    return sum(not one.isdisjoint(two) for one, two in pairs) / PAIRS


async def _send(teller: Notifier, way: str, meter: Meter) -> None:
    composed: list[Composed] = []
    async with meter.run("digest composed", composed):
        composed += [one for one in await teller.compose_due() if one.message is not None]
    left = len(composed)
    while left:
        sent: list[Outcome] = []
        async with meter.run(f"delivery by {way}", sent):
            sent += await teller.deliver_due(5)
        if failed := [one.error for one in sent if one.result != "sent"]:
            raise AssertionError(failed)
        left -= len(sent)


async def _retain(stores: Stores, made: Settings, meter: Meter, number: int) -> None:
    """What matches nothing goes by its age, and a part of it at a time."""
    keep = timedelta(days=365)
    each = number // PARTS * EVERY
    for part in range(1, PARTS + 1):
        gone: list[int] = []
        async with meter.run("retention", gone):
            done = await stores.retention.purge(
                START + keep + part * each, unmatched=keep, text=None, matched=keep
            )
            gone += range(done.articles)


def _configured(folder: Path, url: str, port: str, hook: str, secret: str) -> dict[str, Settings]:
    """Settings with the shipped watchlist, and with many initiatives whose digests go by mail or to the hook."""
    names = names_of(data.other_news())
    found = {}
    for name in ("shipped", *WAYS):
        place = folder / name
        lists = place / "watchlists"
        lists.mkdir(parents=True)
        key = place / "hook-secret"
        key.touch(mode=0o600)
        key.write_text(secret + "\n")
        (place / "sources.yaml").write_text("sources: []\n")
        (place / "tidings.yaml").write_text(
            f"channels:\n"
            f'  desk: {{type: email, from: "Tidings <t@news.example>", to: [desk@policy.example], smtp: {{host: 127.0.0.1, port: {port}, tls: off}}}}\n'
            f'  hook: {{type: webhook, url: "{hook}", secret_file: hook-secret, allow_private: [127.0.0.0/8]}}\n'
            f'  outbox: {{type: file, dir: outbox}}\ndatabase: "{url}"\n'
        )
        if name == "shipped":
            shipped = ROOT / "config" / "watchlists" / "us-india-technology.yaml"
            (lists / shipped.name).write_text(shipped.read_text())
        else:
            for part in range(DIGESTS):
                (lists / f"part{part}.yaml").write_text(_watchlist(part, names, name))
        found[name] = load(place, state_dir=folder / "state", environ={})
    return found


def _watchlist(part: int, names: Sequence[str], way: str) -> str:
    """Each initiative looks for ten names, as one may that follows people, ministries and firms."""
    some = INITIATIVES // DIGESTS
    lines = [f"watchlist: part{part}", f"title: Part {part}", "initiatives:"]
    for number in range(part * some, (part + 1) * some):
        lines.append(f"  - {{id: i{number}, name: Number {number}, any: {json.dumps(names[number * 10 : number * 10 + 10])}}}")  # fmt: skip
    return "\n".join(
        (*lines, f'digests:\n  - {{id: {way}{part}, to: [{WAYS[way]}], at: "07:00", zone: UTC}}', "")
    )


def _articles() -> list[Article]:
    """Whole articles of one broadcaster, as of many outlets."""
    with gzip.open(data.folder("news") / "bbc-2004.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [_article(place, row["title"] or "", row.get("body") or "") for place, row in enumerate(rows)]


def _article(place: int, title: str, body: str) -> Article:
    outlet, at = f"outlet{place % OUTLETS}", START + place * EVERY
    url = f"https://{outlet}.example/{place}"
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


def _poll_of(article: Article, now: datetime) -> Poll:
    seen = Sighting(
        article_id=article.id,
        source_id=article.source_id,
        url=article.url,
        title=article.title,
        seen_at=now,
    )
    return Poll(
        state=PollState(source_id=article.source_id, state=SourceState.OK, last_polled_at=now),
        articles=(article,),
        keys=((article.id, (f"url:{article.url}",)),),
        sightings=(seen,),
    )


def _sources() -> list[Source]:
    return [
        Source(id=f"outlet{number}", kind=SourceKind.FEED, url=f"https://outlet{number}.example/feed")
        for number in range(OUTLETS)
    ]
