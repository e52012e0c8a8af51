"""Reading the real feeds, against feedparser, fastfeedparser and lxml's bare tree."""

from __future__ import annotations

from collections.abc import Callable

import feedparser
from lxml import etree

from crawler.errors import NotAFeedError
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.fast import read_plain
from crawler.feeds.parse import MOST_ENTRIES, parse
from crawler.records import Feed
from tests.benchmarks import data
from tests.benchmarks.race import race, show

HOST = "http://feeds.example/feed"


def bench() -> None:
    bodies = data.feeds()

    def ours(*, fast: bool = True) -> int:
        found = 0
        for body in bodies:
            try:
                found += len(parse(body, url=HOST, content_type=None, fast=fast).entries)
            except NotAFeedError:
                continue
        return found

    def by_feedparser() -> int:
        return sum(len(feedparser.parse(body).entries) for body in bodies)

    def bare_tree() -> int:
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
        found = 0
        for body in bodies:
            root = etree.fromstring(body, parser) if body.lstrip()[:1] == b"<" else None
            if root is not None:
                found += sum(1 for _ in root.iter("{*}item", "{*}entry"))
        return found

    def record(body: bytes, *, fast: bool) -> Feed | str:
        try:
            return parse(body, url=HOST, content_type=None, fast=fast)
        except NotAFeedError as error:
            return str(error)

    def plain(body: bytes) -> bool:
        text = decode(unpack(body)[0], None).text.lstrip("\ufeff")
        return read_plain(text, HOST, MOST_ENTRIES) is not None

    candidates: dict[str, Callable[[], int]] = {
        "tidings": ours,
        "tidings, all through feedparser": lambda: ours(fast=False),
        "feedparser": by_feedparser,
        "lxml, tree only": bare_tree,
    }
    if peer := _fastfeedparser(bodies):
        candidates["fastfeedparser"] = peer
    print("\nentries found: " + ", ".join(f"{name} {run()}" for name, run in candidates.items()))
    print(f"plain enough for the fast way as they are: {sum(map(plain, bodies))} of {len(bodies)}")
    equal = sum(record(body, fast=True) == record(body, fast=False) for body in bodies)
    print(f"records equal whichever way they are read: {equal} of {len(bodies)}")
    results = race(candidates, rounds=3)
    show(f"Parsing {len(bodies)} real feeds", results, base="feedparser", unit="feeds", amount=len(bodies))


def _fastfeedparser(bodies: list[bytes]) -> Callable[[], int] | None:
    """fastfeedparser as it comes; None where the extra `bench` is not installed."""
    try:
        import fastfeedparser
    except ImportError:
        print("\nfastfeedparser is left out: it is not installed (extra `bench`)")
        return None

    def run() -> int:
        found = 0
        for body in bodies:
            try:
                found += len(fastfeedparser.parse(body).entries)
            except ValueError:
                continue
        return found

    return run
