"""Reading the real feeds, against feedparser alone."""

from __future__ import annotations

import feedparser

from crawler.errors import NotAFeedError
from crawler.feeds.parse import parse
from tests.benchmarks import data
from tests.benchmarks.race import race, show


def bench() -> None:
    bodies = [body for body in data.feeds() if len(body) < 300_000]

    def ours() -> int:
        found = 0
        for body in bodies:
            try:
                found += len(parse(body, url="http://feeds.example/feed", content_type=None).entries)
            except NotAFeedError:
                continue
        return found

    def peer() -> int:
        return sum(len(feedparser.parse(body).entries) for body in bodies)

    print(f"\nentries found: tidings {ours()}, feedparser {peer()}")
    results = race({"tidings": ours, "feedparser": peer}, rounds=3)
    show(f"Parsing {len(bodies)} real feeds", results, base="feedparser", unit="feeds", amount=len(bodies))
