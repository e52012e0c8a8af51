"""The fast way and feedparser give the same record, on all feeds at hand and on feeds that were tampered with."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from crawler.errors import CrawlError
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.fast import read_plain
from crawler.feeds.parse import MOST_ENTRIES, parse
from crawler.records import Feed
from tests.fakes.feeds import CORPUS, corpus, rebuilt

HOST = "https://feeds.example/news/feed.xml"
REBUILT = int(os.environ.get("REBUILT_FEEDS", "1500"))

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")


def goes_fast(body: bytes) -> bool:
    text = decode(unpack(body)[0], None).text.lstrip("\ufeff")
    return read_plain(text, HOST, MOST_ENTRIES) is not None


def record(body: bytes, *, fast: bool) -> Feed | str:
    try:
        return parse(body, url=HOST, content_type=None, fast=fast)
    except CrawlError as error:
        return str(error)


def test_both_ways_give_equal_records_on_every_corpus() -> None:
    """All fields of all entries; and most real feeds are plain enough to go fast."""
    went_fast: Counter[str] = Counter()
    total: Counter[str] = Counter()
    differing = []
    for name, body in corpus():
        kind = name.partition("/")[0]
        total[kind] += 1
        went_fast[kind] += goes_fast(body)
        if record(body, fast=True) != record(body, fast=False):
            differing.append(name)

    assert differing == []
    assert total["real"] == 101
    assert went_fast["real"] >= 93
    assert went_fast["feedparser-cases"] >= 900


def test_both_ways_give_equal_records_on_feeds_that_were_tampered_with() -> None:
    """Elements moved, doubled, renamed or added in `REBUILT_FEEDS` feeds (1,500), the same ones each time."""
    small = [(name, body) for name, body in corpus() if len(body) < 8_000]
    chance = random.Random(20261125)
    tried, differing = 0, []
    while tried < REBUILT:
        name, body = chance.choice(small)
        mutant = rebuilt(body, chance)
        if mutant is None or not goes_fast(mutant):
            continue
        tried += 1
        slow = record(mutant, fast=False)
        if isinstance(slow, str) and "too disordered" in slow:
            continue  # feedparser stumbles; the fast way need not
        if record(mutant, fast=True) != slow:
            differing.append((name, mutant))

    assert differing == []
