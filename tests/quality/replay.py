"""`python -m tests.quality.replay`: aggregator headlines by the time they were first seen, folded, and told in digests.

`stories` folds a whole file in memory and prints how many stories it makes, the largest, and thirty at random to be
judged by a person. `digests` plays days of the U.S. headlines through the whole program, database and all, with a
watchlist on India and tariffs, and leaves each evening's mail in a folder. `--days mon` tells a whole week at once;
`--everything` adds an initiative that every headline matches, and with `--days` makes digests of 500 stories and more.
Of each digest it prints the stories, the sizes of its parts, and how many stories lack a title in the text and in the HTML.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import gzip
import html
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from crawler.folds import Fold
from crawler.records import Article, Poll, PollState, Sighting, SourceState, TextState
from crawler.shelf import fold_all
from tests.fakes.clock import FixedClock
from tests.quality.corpora import NoCorpus
from tidings.app import App, open_app
from tidings.settings import load
from tidings.tasks import Compose, Settle

NEWS = Path(__file__).parents[3] / "shared" / "corpus" / "news"
HOUR = timedelta(hours=1)
SHOWN, SAMPLED, NAMED = 5, 30, 6

WATCHLIST = """\
watchlist: trade
title: Trade
initiatives:
  - id: india-tariffs
    name: India and tariffs
    any: ["(India OR Indian OR Modi OR Delhi) AND (tariff OR tariffs OR duties OR trade OR oil)"]
digests:
  - {id: evening, to: [outbox], at: '18:00', zone: UTC, days: DAYS}
"""
EVERYTHING = """\
  - id: everything
    name: All headlines
    any: ['/[a-z]+/']
"""
SETTINGS = "channels: {outbox: {type: file, dir: outbox}}\n"


@dataclass(frozen=True, slots=True)
class Seen:
    """One headline."""

    number: int
    title: str
    publisher: str
    at: datetime

    @property
    def source(self) -> str:
        """The publisher as an id."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.publisher.lower()).strip("-")[:40]
        return f"{plain or 'p'}-{sha256(self.publisher.encode()).hexdigest()[:4]}"

    def article(self) -> Article:
        """As a feed with headlines only would bring it."""
        url = f"https://{self.source}.example/{self.number}"
        return Article(
            id=sha256(url.encode()).hexdigest()[:16],
            source_id=self.source,
            url=url,
            canonical_url=url,
            title=self.title,
            published_at=self.at,
            first_seen_at=self.at,
            text_state=TextState.FEED,
        )


def headlines(name: str, first: str = "", last: str = "~") -> Iterator[Seen]:
    """The headlines of a file by time, first seen from `first` to before `last` (ISO 8601, UTC)."""
    path = NEWS / f"{name}.jsonl.gz"
    if not path.exists():
        raise NoCorpus(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            row = json.loads(line)
            if first <= row["first_seen"] < last:
                at = datetime.fromisoformat(row["first_seen"]).astimezone(UTC)
                yield Seen(number, row["title"], row["publisher"], at)


# -- stories ---------------------------------------------------------------------------------------


def stories(name: str, seed: int) -> None:
    articles = [one.article() for one in headlines(name)]
    start = time.perf_counter()
    folds = dict(fold_all(articles))
    took = time.perf_counter() - start
    told: dict[str, list[Article]] = defaultdict(list)
    for one in articles:
        told[folds[one.id].story_id].append(one)
    several = [held for held in told.values() if len(held) > 1]
    print(
        f"{len(articles):,} headlines, {len(told):,} stories, {len(several):,} of more than one headline"
        f" with {sum(map(len, several)):,}; {took:.0f} s, {took / len(articles) * 1000:.2f} ms each"
    )
    print("the largest:")
    for held in sorted(several, key=len, reverse=True)[:SHOWN]:
        _show(held, folds)
    print(f"{SAMPLED} at random:")
    for held in random.Random(seed).sample(several, min(SAMPLED, len(several))):
        _show(held, folds)


def _show(held: Sequence[Article], folds: dict[str, Fold]) -> None:
    print(f"- {len(held)} headlines, {held[0].first_seen_at:%d %b %Y} to {held[-1].first_seen_at:%d %b}")
    for one in held[:NAMED]:
        print(f"    {one.title[:100]}  [{folds[one.id].why}]")


# -- digests ---------------------------------------------------------------------------------------


async def digests(
    first: str, last: str, out: Path, *, days: str, everything: bool, name: str = "headlines-us"
) -> None:
    seen = list(headlines(name, first, last))
    config = out / "config"
    (config / "watchlists").mkdir(parents=True)
    (config / "tidings.yaml").write_text(SETTINGS)
    watchlist = WATCHLIST.replace("DAYS", days)
    if everything:
        watchlist = watchlist.replace("digests:\n", f"{EVERYTHING}digests:\n")
    (config / "watchlists" / "trade.yaml").write_text(watchlist)
    names = {one.source: one.publisher for one in seen}
    lines = [
        f"  - {{id: {name}, name: {json.dumps(shown)}, feed: https://{name}.example/feed, full_text: never}}\n"
        for name, shown in names.items()
    ]
    (config / "sources.yaml").write_text("sources:\n" + "".join(lines))
    settings = load(config, state_dir=out / "state", environ={})
    clock = FixedClock(seen[0].at.replace(minute=0) - HOUR)
    start = time.perf_counter()
    async with open_app(settings, clock=clock) as app:
        await app.runner.submit(Compose())
        await app.runner.drain()
        for hour, some in _by_hour(seen):
            clock.set(hour)
            await _tell(app, some, names if hour.hour % 4 == 0 else (), hour)
    print(f"{len(seen):,} headlines of {len(names):,} publishers in {time.perf_counter() - start:.0f} s")
    for mail in sorted((out / "state" / "outbox").glob("*.eml")):
        print(_measured(mail))


def _measured(mail: Path) -> str:
    """What is in a mail of the folder, by its mail and its JSON."""
    data = json.loads(mail.with_suffix(".json").read_bytes())["data"]
    stories = {
        one["id"]: {_squeezed(each["title"]) for each in (one, *one["earlier"])}  # or as its readers know it
        for part in data["initiatives"]
        for one in part["stories"]
    }
    raw = mail.read_bytes()
    parts = {
        one.get_content_type(): str(one.get_content())
        for one in email.message_from_bytes(raw, policy=email.policy.default).walk()
        if one.get_content_maintype() == "text"
    }
    page, text = parts["text/html"], parts["text/plain"]
    in_text, in_page = _squeezed(text), _squeezed(html.unescape(re.sub(r"<[^>]+>", "", page)))
    lost = [
        sum(not any(title in there for title in titles) for titles in stories.values())
        for there in (in_text, in_page)
    ]
    return (
        f"{mail.stem}: {len(stories):,} stories; HTML {len(page.encode()):,} bytes, text {len(text.encode()):,},"
        f" mail {len(raw):,}; without a title in the text {lost[0]}, in the HTML {lost[1]}"
    )


def _squeezed(text: str) -> str:
    """Without spaces, since lines are broken anywhere between words."""
    return re.sub(r"\s+", "", text)


async def _tell(app: App, some: Sequence[Seen], quiet: Iterable[str], now: datetime) -> None:
    """What one hour brought, folded and matched, nothing from the `quiet` ones; a digest when its slot has passed."""
    by_source: dict[str, list[Article]] = {name: [] for name in quiet}
    for one in some:
        by_source.setdefault(one.source, []).append(one.article())
    for source, articles in by_source.items():
        state = PollState(
            source_id=source, state=SourceState.OK, last_polled_at=now, last_success_at=now, next_poll_at=now
        )
        keys = tuple((one.id, (f"url:{one.url}",)) for one in articles)
        seen = tuple(
            Sighting(article_id=one.id, source_id=source, url=one.url, title=one.title, seen_at=now)
            for one in articles
        )
        await app.stores.articles.record_poll(
            Poll(state=state, articles=tuple(articles), keys=keys, sightings=seen)
        )
    for task in (Settle(), Compose()):
        await app.runner.submit(task)
        await app.runner.drain()
    while await app.services.notifier.deliver_due(50):
        pass


def _by_hour(seen: Sequence[Seen]) -> Iterator[tuple[datetime, Sequence[Seen]]]:
    """Each hour from the first headline on, with what it brought; the moment is its end."""
    hour, place = seen[0].at.replace(minute=0), 0
    while place < len(seen):
        hour += HOUR
        start = place
        while place < len(seen) and seen[place].at < hour:
            place += 1
        yield hour, seen[start:place]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.replay", description=__doc__)
    ways = parser.add_subparsers(dest="way", required=True)
    fold = ways.add_parser("stories")
    fold.add_argument("name", nargs="?", default="headlines-topics-sv-en")
    fold.add_argument("--seed", type=int, default=1)
    mail = ways.add_parser("digests")
    mail.add_argument("out", type=Path, help="an empty folder")
    mail.add_argument("--first", default="2025-07-30")
    mail.add_argument("--last", default="2025-08-29")
    mail.add_argument("--days", default="daily", help="of the week, as in a watchlist: weekdays, [mon, thu]")
    mail.add_argument("--headlines", default="headlines-us", help="the file of the corpus")
    mail.add_argument("--everything", action="store_true", help="follow every headline as well")
    asked = parser.parse_args()
    if asked.way == "stories":
        stories(asked.name, asked.seed)
    else:
        asyncio.run(
            digests(
                asked.first,
                asked.last,
                asked.out,
                days=asked.days,
                everything=asked.everything,
                name=asked.headlines,
            )
        )


if __name__ == "__main__":
    main()
